//! The token cookies that a request carries, read without letting anybody in by them.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::cookies;
use super::request_headers::cookie_values;
use crate::domain::{TokenType, UnixTime};
use crate::tokens::{Claims, Engine};

/// Returns the claims of the token of this type that a cookie carries, whether or not it has expired. It lets nobody in: it
/// serves acts like signing out, which must work even when nothing else does. `None`: there is no such cookie, or none with a
/// good token.
pub fn cookie_claims_allow_expired(
    engine: &Engine,
    req: &HttpRequest,
    token: TokenType,
    now: UnixTime,
) -> Option<Arc<Claims>> {
    let name = cookies::names(engine.options(), token).token;
    cookie_values(req.headers(), name).find_map(|cookie| {
        let checked = engine.decode_allow_expired(cookie, None, now).ok()?;
        checked.claims.require_type(token).ok()?;
        Some(checked.claims)
    })
}

/// Whether the request carries a cookie for this type of token at all, good or bad.
pub fn has_cookie(engine: &Engine, req: &HttpRequest, token: TokenType) -> bool {
    cookie_values(req.headers(), cookies::names(engine.options(), token).token).next().is_some()
}
