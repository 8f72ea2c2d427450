//! How the log names a request: by its id, and by its route.

use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;

/// The id of a request in the log, in its `X-Request-Id` header and on the page that tells of its failure. Not a secret.
#[derive(Clone, Copy)]
pub(in crate::web) struct RequestId(pub(in crate::web) Uuid);

impl RequestId {
    /// Returns the request's id, which is made when it is first asked for.
    pub(in crate::web) fn of_request(req: &HttpRequest) -> String {
        let known = req.extensions().get::<Self>().copied();
        let id = known.unwrap_or_else(|| {
            let new = Self::random();
            req.extensions_mut().insert(new);
            new
        });
        id.0.simple().to_string()
    }

    pub(in crate::web) fn random() -> Self {
        Self(uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid())
    }
}

/// How the log shows the path: by the pattern of the route, such as `/link/{token}`. What a request has in that place may be a secret,
/// and there are many ways to write it.
pub(in crate::web) fn route(req: &HttpRequest) -> String {
    req.match_pattern().unwrap_or_else(|| "(none)".into())
}
