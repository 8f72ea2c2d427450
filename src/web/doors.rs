//! At the doors: who tries too often is told how long to wait, before any password is hashed.

use std::borrow::Cow;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};

use super::error::Error;
use super::{App, trust};
use crate::accounts::{KNOWN_FOR, knock};
use crate::domain::{SessionId, UserId};
use crate::guards::cookie_values;
use crate::throttle::{Pass, Wait, Who};

/// Somebody wants to sign in under this name.
pub(super) async fn sign_in(app: &App, req: &HttpRequest, username: &str) -> Result<Result<Pass, Wait>, Error> {
    let (accounts, username, devices) = (app.accounts.clone(), username.to_owned(), devices(app, req));
    let (ip, now) = (trust::address(app, req), app.now());
    let answer = app.read(move |conn| knock(&accounts, conn, &username, &devices, ip, now)).await?;
    if answer.is_err() {
        tracing::info!(event = "throttled", door = "sign_in", %ip);
    }
    Ok(answer)
}

/// Somebody who is signed in gives the password once more.
pub(super) fn session(app: &App, req: &HttpRequest, sid: SessionId) -> Result<Pass, Wait> {
    attempt(app, req, Who::Session(sid), "confirm")
}

/// Somebody opens or uses a one-time link.
pub(super) fn link(app: &App, req: &HttpRequest) -> Result<Pass, Wait> {
    attempt(app, req, Who::Link, "link")
}

fn attempt(app: &App, req: &HttpRequest, who: Who, door: &str) -> Result<Pass, Wait> {
    let ip = trust::address(app, req);
    let answer = app.accounts.throttle.attempt(ip, who, app.now());
    if answer.is_err() {
        tracing::info!(event = "throttled", door, %ip);
    }
    answer
}

/// Says in the header, too, how long to wait.
pub(super) fn with_retry_after(mut res: HttpResponse, Wait(seconds): Wait) -> HttpResponse {
    res.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    res
}

/// From now on the account knows this browser.
pub(super) fn remember_device(app: &App, req: &HttpRequest, res: &mut HttpResponse, user: UserId) -> Result<(), Error> {
    let says = app.accounts.device_cookie(user, &devices(app, req), app.now());
    let cookie = Cookie::build(cookie_name(app), says)
        .path("/")
        .http_only(true)
        .secure(app.config.jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(KNOWN_FOR))
        .finish();
    res.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))
}

/// All that could be it: a neighbour on the same domain may have set one of that name too.
fn devices(app: &App, req: &HttpRequest) -> Vec<String> {
    cookie_values(req.headers(), &cookie_name(app)).map(Cow::into_owned).collect()
}

pub(super) fn cookie_name(app: &App) -> String {
    format!("{}portero_device", app.config.cookie_prefix())
}
