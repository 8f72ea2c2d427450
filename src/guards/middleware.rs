//! The guard as a middleware for a route, a scope or a whole app.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use futures_util::TryFutureExt;
use futures_util::future::{Either, MapOk};

use super::caller::{Caller, Finding};
use super::extractors::{app_mistake, refused};
use super::guard::Guard;
use super::hooks::{LocalBoxFuture, SharedHooks};
use super::{check, cookies};
use crate::domain::TokenType;

impl<S, B> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Transform = GuardService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GuardService { guard: Rc::new(self.clone()), service: Rc::new(service) }))
    }
}

type LeftBody<B> = fn(ServiceResponse<B>) -> ServiceResponse<EitherBody<B>>;

/// A service behind a [`Guard`].
pub struct GuardService<S> {
    guard: Rc<Guard>,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for GuardService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    /// On the left: for nearly every request all is known at once, and nothing has to be kept in a box while something is awaited.
    type Future = Either<
        MapOk<S::Future, LeftBody<B>>,
        LocalBoxFuture<'static, Result<ServiceResponse<EitherBody<B>>, Self::Error>>,
    >;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        if let Some(caller) = at_once(&self.guard, &req) {
            req.extensions_mut().insert(Finding { result: Ok(()), caller: Some(caller) });
            return Either::Left(self.service.call(req).map_ok(ServiceResponse::map_into_left_body));
        }
        let (guard, service) = (Rc::clone(&self.guard), Rc::clone(&self.service));
        Either::Right(Box::pin(async move {
            // As in the library, OPTIONS needs no token, and none is looked for.
            if req.method() == Method::OPTIONS {
                return Ok(service.call(req).await?.map_into_left_body());
            }
            let Some(hooks) = req.app_data::<SharedHooks>().cloned() else {
                return Err(app_mistake(req.request(), "a guard has no hooks: App::app_data(shared(…)) is missing"));
            };
            let guard = hooks.guard(req.request(), Guard::clone(&guard));
            let check::Outcome { finding, renewed } = check::check(hooks.as_ref(), &guard, &mut req).await;
            if let Err(refusal) = &finding.result
                && !guard.lets_pass(refusal)
            {
                let error = refused(req.request(), refusal.clone(), finding.caller.as_ref());
                return Ok(req.error_response(error).map_into_right_body());
            }
            req.extensions_mut().insert(finding);
            let mut res = service.call(req).await?.map_into_left_body();
            if let Some(new) = renewed
                && hooks.still_sets_renewed(res.request())
            {
                let options = hooks.engine().options();
                // A handler that set or removed a cookie itself has the last word on it, and one that did so with the refresh
                // cookie has it on both. But one that only set an access token of its own, as a confirmation does, must not cost
                // the browser its new refresh token, because the old one is spent.
                let refresh_touched = cookies::touched(options, res.response(), TokenType::Refresh);
                let access_touched = cookies::touched(options, res.response(), TokenType::Access);
                let head = res.response_mut().head_mut();
                if !refresh_touched {
                    cookies::set_refresh(options, head, &new, hooks.now());
                }
                if !refresh_touched && !access_touched {
                    cookies::set_access(options, head, &new, hooks.now());
                }
            }
            Ok(res)
        }))
    }
}

fn at_once(guard: &Guard, req: &ServiceRequest) -> Option<Caller> {
    let hooks = req.app_data::<SharedHooks>().filter(|_| req.method() != Method::OPTIONS)?;
    check::at_once(hooks.as_ref(), &hooks.guard(req.request(), Guard::clone(guard)), req)
}
