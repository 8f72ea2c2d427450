//! What a sign-in leaves in the browser.

use actix_web::{HttpRequest, HttpResponse};

use super::browser_session::BrowserSession;
use super::{device_cookie, token_cookies};
use crate::accounts::proof::sign_in_limits::Account;
use crate::accounts::sessions::tokens::Pair;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;

/// Answers a sign-in to this account: leads on to `next`, and gives the browser the session's cookies and its device cookie.
pub(in crate::web) fn sign_in_here(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    next: &str,
    account: Account,
    pair: Pair,
) -> Result<HttpResponse, Error> {
    // What was planted or left in the browser before the sign-in has no say after it.
    browser.clear();
    let mut res = see_other(next);
    token_cookies::set(app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
    device_cookie::set(app, req, &mut res, account)?;
    Ok(res)
}
