//! Signing out: ends the session, both tokens with it. Asks on GET, works when everything has expired, and twice.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::browser_session::{self, Flash};
use super::error::{Error, message};
use super::face::Face;
use super::input::Input;
use super::page::{Page, html, see_other};
use super::{App, signed_in, token_cookies};
use crate::accounts;
use crate::guards::{AnyToken, Caller};
use crate::tokens::options::Location;

const SIGNED_OUT: &str = "logout successful";
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage {
    page: Page,
    signed_in: bool,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    caller: Result<AnyToken, actix_web::Error>,
) -> HttpResponse {
    let caller = caller.ok().map(|AnyToken(caller)| caller);
    let mut page = Page::of(&app, &req, caller.as_ref());
    // The form must end what this browser holds, even if that has expired.
    let held = token_cookies::held_session(&app, &req, app.now());
    if let Some(csrf) = held.and_then(|claims| claims.csrf) {
        page.csrf = csrf;
    }
    html(StatusCode::OK, &LogoutPage { signed_in: caller.is_some(), page })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogoutForm {
    csrf_token: String,
}

/// From a page, or from a script that shows a token in a header.
pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    caller: Result<AnyToken, actix_web::Error>,
    input: Result<Input, Error>,
) -> Result<HttpResponse, actix_web::Error> {
    if let Ok(AnyToken(caller)) = &caller
        && caller.location != Location::Cookies
    {
        return Ok(end(&app, &req, caller).await?);
    }
    let now = app.now();
    if let Some(held) = token_cookies::held_session(&app, &req, now) {
        let by_header = req.headers().get(app.config.jwt.access_csrf_header_name.as_str());
        let by_header = by_header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let shown = match (by_header, input) {
            (Some(shown), _) => shown,
            (None, Ok(Input::Form(fields))) => Input::form::<LogoutForm>(fields)?.csrf_token,
            (None, Ok(Input::Json(_)) | Err(_)) => String::new(),
        };
        if !is_same(held.csrf.as_deref().unwrap_or_default(), &shown) {
            return Err(Error::Csrf.into());
        }
        accounts::log_out(&app.accounts, held, None, now).answer().await.map_err(Error::from)?;
    } else if Face::of(&req, &app) == Face::Program {
        // A program that shows no token, or a bad one, is told so.
        caller?;
    }
    session.clear();
    let mut res = match Face::of(&req, &app) {
        Face::Program => message(&app, StatusCode::OK, SIGNED_OUT),
        Face::Page => {
            browser_session::set_flash(&session, &Flash::plain("flash-signed-out"));
            see_other("/login")
        }
    };
    token_cookies::remove(&app, res.head_mut());
    // Not "cookies": that would reach every app on the registrable domain.
    res.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(res)
}

fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// `DELETE /logout`, as in the tutorial: either token ends both.
pub(super) async fn by_token(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AnyToken(caller): AnyToken,
) -> Result<HttpResponse, Error> {
    let mut res = end(&app, &req, &caller).await?;
    if caller.location == Location::Cookies {
        token_cookies::remove(&app, res.head_mut());
    }
    Ok(res)
}

async fn end(app: &App, req: &HttpRequest, caller: &Caller) -> Result<HttpResponse, Error> {
    let user = signed_in::found(req).map(|standing| standing.user);
    accounts::log_out(&app.accounts, caller.claims.as_ref().clone(), user, app.now()).answer().await?;
    Ok(message(app, StatusCode::OK, SIGNED_OUT))
}
