//! How the log names a request: by its id, and by its path without secrets.

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

/// The path as the log may show it: one-time links lose their token.
pub(in crate::web) fn redacted(path: &str) -> &str {
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
