//! The middleware around routes: lets nobody in during the start, refuses forms from other sites, turns errors and panics into
//! answers, and counts these. It runs outside the guard and the handler, which can fail, and on pages inside the browser's session, which
//! an error page needs too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use futures_util::FutureExt;

use crate::web::app::App;
use crate::web::http::answer_counts::{NoteAnswer, RouteAnswers};
use crate::web::http::error::Error;
use crate::web::http::openid::kept;
use crate::web::http::{host, origin};
use crate::web::pages::error_page::answer_to;

/// The middleware around a route, for `wrap_fn`, which boxes no futures; `answers` notes what it answers. One for all five tasks, because
/// each further one would cost every request its share.
pub(in crate::web) fn around_route<S, B, N>(
    app: &App,
    answers: N,
    req: ServiceRequest,
    route: &S,
) -> impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>> + use<S, B, N>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
    N: NoteAnswer,
{
    around(if_started(app).and_then(|()| if_from_here(&req)), answers, req, route)
}

/// The same around a route at the hosts of apps, which looks itself where its forms come from.
pub(in crate::web) fn around_route_at_apps<S, B, N>(
    app: &App,
    answers: N,
    req: ServiceRequest,
    route: &S,
) -> impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>> + use<S, B, N>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
    N: NoteAnswer,
{
    around(if_started(app), answers, req, route)
}

/// The same around a route that answers during the start, too: nothing that it says depends on what is revoked.
pub(in crate::web) fn around_route_from_the_start<S, B>(
    answers: &'static RouteAnswers,
    req: ServiceRequest,
    route: &S,
) -> impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    around(if_from_here(&req), answers, req, route)
}

fn if_started(app: &App) -> Result<(), Error> {
    if app.is_starting() { Err(Error::Starting) } else { Ok(()) }
}

fn if_from_here(req: &ServiceRequest) -> Result<(), Error> {
    if origin::comes_from_elsewhere(req.request()) { Err(Error::ForeignOrigin) } else { Ok(()) }
}

/// `may_begin`: what was found out of the request before its route is asked.
fn around<S, B, N>(
    may_begin: Result<(), Error>,
    answers: N,
    req: ServiceRequest,
    route: &S,
) -> impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>> + use<S, B, N>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
    N: NoteAnswer,
{
    let began = answers.begin();
    let request = req.request().clone();
    let begun = may_begin.and_then(|()| {
        // A panic becomes an answer; Actix would drop the connection without a word.
        catch_unwind(AssertUnwindSafe(|| route.call(req))).map_err(|_| panicked())
    });
    async move {
        let answered_by_route = match begun {
            Ok(answer) => AssertUnwindSafe(answer).catch_unwind().await.map_err(|_| panicked()),
            Err(error) => Err(error),
        };
        let res = match answered_by_route {
            Ok(Ok(res)) => answered(res),
            Ok(Err(error)) => {
                answers.note(began, error.as_response_error().status_code());
                return Err(error);
            }
            Err(error) => {
                let answer = answer_to(&request, &error);
                ServiceResponse::new(request, answer)
            }
        };
        answers.note(began, res.status());
        Ok(res)
    }
}

fn panicked() -> Error {
    Error::Internal("a handler panicked".into())
}

/// The middleware around all pages: refuses a request for another host, and answers an error from outside every route, such as an unknown
/// path. What programs and monitoring ask for stands outside it: nothing there is done for somebody who shows neither token nor secret.
pub(in crate::web) async fn outside_routes<B: MessageBody + 'static>(
    answers: &'static RouteAnswers,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(ours) = host::ours_instead(req.request()) {
        return Ok(refused(answers, &req, &Error::ForeignHost(ours.to_string())));
    }
    if req.app_data::<ThinData<App>>().is_none_or(|ThinData(app)| app.is_starting()) {
        return Ok(refused(answers, &req, &Error::Starting));
    }
    let policy = match req.app_data::<ThinData<App>>() {
        Some(ThinData(app)) => kept::policy(app, req.request()),
        None => None,
    };
    let mut res = answered(next.call(req).await?);
    kept::set_policy(res.headers_mut(), policy);
    Ok(res)
}

fn refused(answers: &RouteAnswers, req: &ServiceRequest, error: &Error) -> ServiceResponse<BoxBody> {
    let request = req.request().clone();
    let answer = answer_to(&request, error);
    answers.note(answer.status());
    ServiceResponse::new(request, answer)
}

/// Returns the response or, if it carries an error, the answer to that.
fn answered<B: MessageBody + 'static>(res: ServiceResponse<B>) -> ServiceResponse<BoxBody> {
    let Some(error) = res.response().error() else { return res.map_into_boxed_body() };
    let answer = answer_to(res.request(), &Error::read(error, res.status()));
    res.into_response(answer)
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App as ActixApp, HttpResponse, web};

    use super::*;
    use crate::web::http::answer_counts::AnswerCounts;

    #[actix_web::test]
    async fn a_panic_is_answered_and_the_next_request_too() {
        let panics = || async {
            assert!(std::env::args().count() == 0, "on purpose");
            HttpResponse::Ok().finish()
        };
        let (counts, one) = (AnswerCounts::default(), "/panics");
        let answers = counts.of_route(one);
        let app = ActixApp::new()
            .service(
                web::resource(one)
                    .to(panics)
                    .wrap_fn(move |req, route| around_route_from_the_start(answers, req, route)),
            )
            .service(web::resource("/fine").to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        assert_eq!(call_service(&app, TestRequest::get().uri("/panics").to_request()).await.status(), 500);
        assert_eq!(call_service(&app, TestRequest::get().uri("/fine").to_request()).await.status(), 200);
        assert_eq!(counts.by_route()[one].map(|(_, count)| count), [0, 0, 0, 1]);
    }
}
