//! What happens around every route: forms from elsewhere go no further, and errors and panics become answers.
//! Inside the browser's session, outside everything that can fail.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::csrf;
use super::error::{Error, answer_to};

/// The middleware. One for all three: each one more would cost every request two boxed futures.
pub(super) async fn edge<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let request = req.request().clone();
    if csrf::comes_from_elsewhere(&request) {
        return Ok(ServiceResponse::new(request.clone(), answer_to(&request, &Error::ForeignOrigin)));
    }
    // A panic becomes an answer, where Actix would drop the connection without a word.
    let Ok(res) = AssertUnwindSafe(next.call(req)).catch_unwind().await else {
        let answer = answer_to(&request, &Error::Internal("a handler panicked".into()));
        return Ok(ServiceResponse::new(request, answer));
    };
    Ok(answered(res?))
}

/// The middleware for what stands outside the routes.
pub(super) async fn answers<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    Ok(answered(next.call(req).await?))
}

/// The answer, or in an error's place what is said to it.
fn answered<B: MessageBody + 'static>(res: ServiceResponse<B>) -> ServiceResponse<BoxBody> {
    let Some(error) = res.response().error() else { return res.map_into_boxed_body() };
    let answer = answer_to(res.request(), &Error::read(error, res.status()));
    res.into_response(answer)
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App as ActixApp, HttpResponse, web};

    use super::*;

    #[actix_web::test]
    async fn a_panic_is_answered_and_the_next_request_too() {
        let panics = || async {
            assert!(std::env::args().count() == 0, "on purpose");
            HttpResponse::Ok().finish()
        };
        let app = ActixApp::new()
            .service(web::resource("/panics").to(panics).wrap(from_fn(edge)))
            .service(web::resource("/fine").to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        assert_eq!(call_service(&app, TestRequest::get().uri("/panics").to_request()).await.status(), 500);
        assert_eq!(call_service(&app, TestRequest::get().uri("/fine").to_request()).await.status(), 200);
    }
}
