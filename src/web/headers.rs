//! What every answer carries: the security headers, and the id of its request.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;

/// Names a request in the log and on the page that tells of its failure. No secret.
#[derive(Clone, Copy)]
pub(super) struct RequestId(Uuid);

impl RequestId {
    /// The request gets it when it is first asked for.
    pub(super) fn of(req: &HttpRequest) -> String {
        let known = req.extensions().get::<Self>().copied();
        let id = known.unwrap_or_else(|| {
            let new = Self::random();
            req.extensions_mut().insert(new);
            new
        });
        id.0.simple().to_string()
    }

    fn random() -> Self {
        Self(uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid())
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost middleware, also around what no route answers.
pub async fn around<B: MessageBody + 'static>(
    is_https: bool,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut res = next.call(req).await?;
    // Hardly any request is asked for it before.
    let RequestId(id) = res.request().extensions().get().copied().unwrap_or_else(RequestId::random);
    let headers = res.headers_mut();
    add_to(headers, is_https);
    if let Ok(id) = HeaderValue::from_str(id.simple().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert(REQUEST_ID, id);
    }
    Ok(res)
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
    // These, the five below at most, and no growing in between.
    headers.reserve(FIXED.len() + 5);
    for (name, value) in &FIXED {
        headers.insert(name.clone(), value.clone());
    }
    // A page whose address is a secret has its own word on referrers. Ours is not `no-referrer`: browsers would send
    // `Origin: null` with forms, and on plain http every one of them would fail.
    if !headers.contains_key(header::REFERRER_POLICY) {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
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
    use super::*;

    #[test]
    fn a_link_loses_its_token_in_the_log() {
        assert_eq!(redacted("/setup/abc"), "/setup/(hidden)");
        assert_eq!(redacted("/link/abc"), "/link/(hidden)");
        assert_eq!(redacted("/account"), "/account");
    }
}
