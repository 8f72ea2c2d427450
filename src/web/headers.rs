//! What every answer carries, and what happens around every request: its id, its span in the log, and a net for panics.
//! Actix forbids holding a copy of a request before it is routed, which is why not all of it is in one place.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use super::App;
use super::error::Error;

/// Names a request in the log and on the page that tells of its failure.
#[derive(Clone)]
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn of(req: &HttpRequest) -> String {
        req.extensions().get::<Self>().map_or_else(String::new, |id| id.0.clone())
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost middleware: every request has an id and its span in the log.
pub async fn around<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let id = Uuid::new_v4().simple().to_string();
    let span = tracing::info_span!("request", id = %id, method = %req.method(), path = redacted(req.path()));
    let value = HeaderValue::from_str(&id);
    req.extensions_mut().insert(RequestId(id));
    let mut res = next.call(req).instrument(span).await?;
    if let Ok(value) = value {
        res.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(res)
}

/// Around each resource: a panic becomes an answer, where Actix would drop the connection without a word.
pub(super) async fn catch_panics<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let request = req.request().clone();
    match AssertUnwindSafe(next.call(req)).catch_unwind().await {
        Ok(res) => Ok(res?.map_into_boxed_body()),
        Err(_) => Ok(ServiceResponse::from_err(Error::Internal("a handler panicked".into()), request)),
    }
}

/// Adds the security headers to any answer.
pub async fn with_security_headers<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let is_https = req.app_data::<ThinData<App>>().is_some_and(|app| app.0.public_url.scheme() == "https");
    let mut res = next.call(req).await?;
    add_to(res.headers_mut(), is_https);
    Ok(res)
}

const FIXED: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: browsers would send `Origin: null` with forms, and on plain http every one of them would fail.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

fn add_to(headers: &mut HeaderMap, is_https: bool) {
    for (name, value) in FIXED {
        // A page whose address is a secret has its own word on referrers.
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    // Not `includeSubDomains`: what runs beneath this host is not ours to decide.
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // What says nothing of its own about caching depends on who asks, and how.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language, Authorization, Content-Type, Cookie"),
        );
    }
}

/// A path as it may stand in a log: one-time links lose their token.
pub(super) fn redacted(path: &str) -> &str {
    if path.starts_with("/setup/") {
        "/setup/(hidden)"
    } else if path.starts_with("/link/") {
        "/link/(hidden)"
    } else {
        path
    }
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
            .service(web::resource("/panics").to(panics).wrap(from_fn(catch_panics)))
            .service(web::resource("/fine").to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        assert_eq!(call_service(&app, TestRequest::get().uri("/panics").to_request()).await.status(), 500);
        assert_eq!(call_service(&app, TestRequest::get().uri("/fine").to_request()).await.status(), 200);
    }

    #[test]
    fn a_link_loses_its_token_in_the_log() {
        assert_eq!(redacted("/setup/abc"), "/setup/(hidden)");
        assert_eq!(redacted("/link/abc"), "/link/(hidden)");
        assert_eq!(redacted("/account"), "/account");
    }
}
