//! How a browser signs out: whether its own form asked for it, and the answer, after which it holds nothing of its session any more.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::error_page::answer_to;
use crate::accounts::OwnToken;
use crate::tokens::Claims;
use crate::web::app::App;
use crate::web::browser::browser_session::BrowserSession;
use crate::web::browser::token_cookies;
use crate::web::http::client_address;
use crate::web::http::error::Error;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Whether the CSRF value that was shown is that of the session which the browser holds. The session may have expired.
pub(in crate::web) fn is_asked_by_its_own_form(held: &Claims, shown: &str) -> bool {
    let own = held.csrf.as_deref().unwrap_or_default();
    !own.is_empty() && aws_lc_rs::constant_time::verify_slices_are_equal(own.as_bytes(), shown.as_bytes()).is_ok()
}

/// The right of a token to end its own session.
pub(in crate::web) fn own_token(app: &App, req: &HttpRequest, claims: Arc<Claims>) -> OwnToken {
    OwnToken { claims, ip: client_address::address(app, req).to_string() }
}

/// The answer to a browser that has signed out.
pub(in crate::web) fn leave(app: &App, browser: &BrowserSession, answer: HttpResponse) -> HttpResponse {
    browser.clear();
    without_session(app, answer)
}

/// The answer where the sign-out could not be stored. Whoever signs out may be about to leave a computer that others use: this browser
/// forgets the session all the same.
pub(in crate::web) fn forget(app: &App, req: &HttpRequest, browser: &BrowserSession, cause: String) -> HttpResponse {
    browser.clear();
    without_session(app, answer_to(req, &Error::StillOpen(cause)))
}

/// Takes from the browser what it holds of its session.
fn without_session(app: &App, mut answer: HttpResponse) -> HttpResponse {
    token_cookies::remove(app, answer.head_mut());
    // Not "cookies": that would reach every app on the registrable domain.
    answer.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    answer
}
