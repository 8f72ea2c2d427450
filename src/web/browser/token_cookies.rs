//! The cookies of a session, and the marker cookie, which remembers that there was a session.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ResponseHead;
use actix_web::http::header::{HeaderValue, SET_COOKIE};

use crate::accounts::sessions::begin::HeldSession;
use crate::accounts::sessions::tokens::{Pair, SignedToken};
use crate::blocklist::Verdict;
use crate::domain::{TokenType, UnixTime};
use crate::guards::cookies::PerCall;
use crate::guards::{NewCookies, TokenCookie};
use crate::guards::{cookie_claims_allow_expired, cookies};
use crate::tokens::Claims;
use crate::web::app::App;

/// The marker cookie outlives the tokens: whoever comes back reads "your session has ended" instead of nothing.
const MARKER_LIFE: Duration = Duration::days(365);

pub(in crate::web) fn from_pair(pair: Pair) -> NewCookies {
    NewCookies {
        access: from_token(pair.access, pair.csrf.clone()),
        refresh: Some(from_token(pair.refresh, pair.csrf)),
        kept: pair.remembered,
    }
}

pub(in crate::web) fn from_token(token: SignedToken, csrf: String) -> TokenCookie {
    TokenCookie { text: token.text, expires_at: token.expires_at, csrf }
}

pub(in crate::web) fn set(app: &App, head: &mut ResponseHead, new: &NewCookies, now: UnixTime) {
    cookies::set(app.accounts.engine.options(), head, new, now);
    add(app, head, "1", MARKER_LIFE);
}

pub(in crate::web) fn remove(app: &App, head: &mut ResponseHead) {
    cookies::unset_jwt_cookies(&app.accounts.engine, head, &PerCall::default());
    add(app, head, "", Duration::ZERO);
}

pub(in crate::web) fn was_here(app: &App, req: &HttpRequest) -> bool {
    req.cookie(&was_here_cookie_name(app)).is_some()
}

/// The claims of the session that this browser holds, by whichever of its tokens can still be read. The session may have ended or
/// expired. `None`: it holds none of Portero's.
pub(in crate::web) fn held_session(app: &App, req: &HttpRequest, now: UnixTime) -> Option<Arc<Claims>> {
    let engine = &app.accounts.engine;
    [TokenType::Access, TokenType::Refresh].into_iter().find_map(|token| {
        cookie_claims_allow_expired(engine, req, token, now).filter(|claims| claims.session.is_some())
    })
}

/// The session that a sign-in in this browser replaces.
pub(in crate::web) fn session_to_replace(app: &App, req: &HttpRequest, now: UnixTime) -> Option<HeldSession> {
    // After a quarter of an hour the access token has expired, but the browser holds its session by the refresh token, and whoever
    // signs in there must not leave the last person signed in.
    let mut expired = None;
    for token in [TokenType::Access, TokenType::Refresh] {
        let claims = cookie_claims_allow_expired(&app.accounts.engine, req, token, now);
        let Some((claims, sid)) = claims.and_then(|claims| claims.sid().map(|sid| (claims, sid))) else { continue };
        if claims.expires_at.is_none_or(|end| end > now) {
            return Some(HeldSession { sid, is_current: true });
        }
        expired = expired.or(Some(HeldSession { sid, is_current: false }));
    }
    expired
}

/// Whether the refresh cookie could still renew: the session has not ended, whatever became of the access token.
pub(in crate::web) fn session_lives(app: &App, req: &HttpRequest) -> bool {
    let claims = cookie_claims_allow_expired(&app.accounts.engine, req, TokenType::Refresh, app.now());
    claims.is_some_and(|claims| {
        claims.session.is_some()
            && claims.expires_at.is_some_and(|end| end > app.now())
            && matches!(app.accounts.judge(&claims, app.now()), Verdict::Good { .. })
    })
}

pub(in crate::web) fn was_here_cookie_name(app: &App) -> String {
    format!("{}portero_was_here", app.config().cookie_prefix())
}

fn add(app: &App, head: &mut ResponseHead, value: &str, max_age: Duration) {
    let cookie = Cookie::build(was_here_cookie_name(app), value)
        .path("/")
        .http_only(true)
        .secure(app.config().jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(max_age)
        .finish();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        head.headers_mut().append(SET_COOKIE, value);
    }
}
