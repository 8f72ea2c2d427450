//! What every answer carries: security headers, and the id of its request.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpResponse};
use uuid::Uuid;

use super::request_id::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts them on an answer. The outermost middleware calls this: answers that no route gave pass through it too.
pub fn put_headers<B>(res: &mut ServiceResponse<B>, is_https: bool) {
    // Hardly any request needed its id before this.
    let RequestId(id) = res.request().extensions().get().copied().unwrap_or_else(RequestId::random);
    let headers = res.headers_mut();
    add_to(headers, is_https);
    if let Ok(id) = HeaderValue::from_str(id.simple().encode_lower(&mut Uuid::encode_buffer())) {
        headers.append(REQUEST_ID, id);
    }
}

static FIXED: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

fn add_to(headers: &mut HeaderMap, is_https: bool) {
    // Room for these, the four below and the request id, so that the map does not grow in between.
    headers.reserve(FIXED.len() + 5);
    for (name, value) in &FIXED {
        // Pages that lead on to an app, and what scripts of other origins may read. (`openid/kept.rs`, `openid/cors.rs`)
        if may_be_set(name) && headers.contains_key(name) {
            continue;
        }
        // Nothing else sets the others, so they need not replace anything: `insert` would cost half as much again.
        debug_assert!(!headers.contains_key(name), "{name} is set in one place only");
        headers.append(name.clone(), value.clone());
    }
    // A page whose address is a secret sets its own policy. The usual one is not `no-referrer`: with that, browsers would send
    // `Origin: null` with forms, and on plain http every one of them would fail.
    if !headers.contains_key(header::REFERRER_POLICY) {
        headers.append(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    // Not `includeSubDomains`: what runs beneath this host is not for Portero to decide.
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // An answer that says nothing about caching depends on who asks, and how.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.append(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language, Authorization, Content-Type, Cookie"),
        );
    }
}

fn may_be_set(name: &HeaderName) -> bool {
    *name == header::CONTENT_SECURITY_POLICY || name.as_str() == "cross-origin-resource-policy"
}

/// Keeps the page's address from everybody, even from the next page here: the address is a secret.
pub(in crate::web) fn without_referrer(mut res: HttpResponse) -> HttpResponse {
    res.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    res
}
