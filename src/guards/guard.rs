//! What a route demands of a token, as a middleware for a route, a scope or a whole app.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;

use super::extractors::refused;
use super::{LocalBoxFuture, Refusal, SharedHooks, check, cookies};
use crate::domain::TokenType;
use crate::tokens::Fault;
use crate::tokens::options::Location;

/// What a route demands of a token: `.wrap(Guard::access().fresh())`. A request without it is refused before any handler runs.
/// (`jwt_required`, `verify_jwt_in_request`)
#[derive(Clone, Debug)]
pub struct Guard {
    /// Which token: decides the cookie, the CSRF header and field, the JSON member and the type that is demanded.
    pub(super) token: TokenType,
    pub(super) verifies_type: bool,
    pub(super) wants_fresh: bool,
    pub(super) is_optional: bool,
    pub(super) checks_revocation: bool,
    /// `None`: as configured.
    pub(super) locations: Option<Vec<Location>>,
    pub(super) csrf: CsrfCheck,
    pub(super) leaves_to_handlers: bool,
}

/// Whether a token from a cookie has to be accompanied by its CSRF value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsrfCheck {
    /// As the options say.
    Configured,
    /// For every method that changes something, in the header or the form, whatever the options say.
    Always,
    /// Not here: the route sees to it.
    Never,
}

impl Guard {
    /// A good access token. (`jwt_required()`)
    pub fn access() -> Self {
        Self {
            token: TokenType::Access,
            verifies_type: true,
            wants_fresh: false,
            is_optional: false,
            checks_revocation: true,
            locations: None,
            csrf: CsrfCheck::Configured,
            leaves_to_handlers: false,
        }
    }

    /// A good refresh token. (`refresh=True`)
    pub fn refresh() -> Self {
        Self { token: TokenType::Refresh, ..Self::access() }
    }

    /// Either type; cookies and JSON are read under the access token's names. (`verify_type=False`)
    pub fn any_type() -> Self {
        Self { verifies_type: false, ..Self::access() }
    }

    /// A good access token or none at all; a bad one is refused. (`optional=True`)
    pub fn optional() -> Self {
        Self { is_optional: true, ..Self::access() }
    }

    /// And it has to be fresh. (`fresh=True`)
    #[must_use]
    pub fn fresh(self) -> Self {
        Self { wants_fresh: true, ..self }
    }

    /// Whether it was revoked does not matter here. (`skip_revocation_check=True`)
    #[must_use]
    pub fn skip_revocation_check(self) -> Self {
        Self { checks_revocation: false, ..self }
    }

    /// Looked for only here, in this order. (`locations`)
    #[must_use]
    pub fn locations(self, locations: impl Into<Vec<Location>>) -> Self {
        Self { locations: Some(locations.into()), ..self }
    }

    /// When a token from a cookie needs its CSRF value.
    #[must_use]
    pub fn csrf(self, csrf: CsrfCheck) -> Self {
        Self { csrf, ..self }
    }

    /// What [`csrf`](Self::csrf) was set to.
    pub fn csrf_check(&self) -> CsrfCheck {
        self.csrf
    }

    /// Refuses nobody by itself: every handler's extractors do, each as it needs. A handler without one lets everybody in.
    #[must_use]
    pub fn leave_to_handlers(self) -> Self {
        Self { leaves_to_handlers: true, ..self }
    }

    fn forgives(&self, refusal: &Refusal) -> bool {
        self.leaves_to_handlers || (self.is_optional && matches!(refusal, Refusal::Fault(Fault::Missing(_))))
    }
}

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
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        let (guard, service) = (Rc::clone(&self.guard), Rc::clone(&self.service));
        Box::pin(async move {
            if req.method() == Method::OPTIONS {
                return Ok(service.call(req).await?.map_into_left_body());
            }
            let Some(hooks) = req.app_data::<SharedHooks>().cloned() else {
                tracing::error!("a guard has no hooks: App::app_data(shared(…)) is missing");
                return Err(actix_web::error::ErrorInternalServerError(""));
            };
            let guard = hooks.guard(req.request(), Guard::clone(&guard));
            let check::Outcome { finding, renewed } = check::check(hooks.as_ref(), &guard, &mut req).await;
            if let Err(refusal) = &finding.result
                && !guard.forgives(refusal)
            {
                let error = refused(req.request(), refusal.clone(), finding.caller.as_ref());
                return Ok(req.error_response(error).map_into_right_body());
            }
            req.extensions_mut().insert(finding);
            let mut res = service.call(req).await?.map_into_left_body();
            if let Some(new) = renewed {
                let options = hooks.engine().options();
                // A handler that set or removed a cookie itself has the last word on that one. One that gave an access token of
                // its own, as a confirmation does, must not cost the browser its new refresh token: the old one is spent.
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
        })
    }
}
