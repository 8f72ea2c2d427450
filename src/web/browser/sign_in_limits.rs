//! Limits on tries of a password or a one-time link: whoever tries too often is told how long to wait, before anything is hashed. A
//! browser in which a user has signed in carries a device cookie, by which that account knows it.

use std::borrow::Cow;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::proof::sign_in_limits::{KNOWN_FOR, device_cookie, who_tries};
use crate::domain::UserId;
use crate::guards::{Caller, cookie_values};
use crate::throttle::{Try, Who};
use crate::web::app::App;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;

/// Begins a try to sign in under this name. [`Error::Throttled`] after too many.
pub(in crate::web) async fn sign_in(app: &App, req: &HttpRequest, username: &str) -> Result<Try, Error> {
    let (accounts, username, devices) = (app.accounts.clone(), username.to_owned(), devices(app, req));
    let now = app.now();
    let who = app.read(move |conn| who_tries(&accounts, conn, &username, &devices, now)).await?;
    begin_try(app, req, who, "sign_in")
}

/// Begins a try of a signed-in person's password. By a peer's token, which has no session, it counts as a try to sign in.
/// [`Error::Throttled`] after too many.
pub(in crate::web) async fn confirm(app: &App, req: &HttpRequest, caller: &Caller) -> Result<Try, Error> {
    match caller.claims.sid() {
        Some(sid) => begin_try(app, req, Who::Session(sid), "confirm"),
        None => sign_in(app, req, signed_in(req)?.username.as_str()).await,
    }
}

/// Begins a try to open or use a one-time link. [`Error::Throttled`] after too many.
pub(in crate::web) fn link(app: &App, req: &HttpRequest) -> Result<Try, Error> {
    begin_try(app, req, Who::Link, "link")
}

fn begin_try(app: &App, req: &HttpRequest, who: Who, limit: &str) -> Result<Try, Error> {
    let ip = client_address::address(app, req);
    app.accounts.throttle.begin_try(ip, who, app.now()).map_err(|wait| {
        tracing::info!(event = "throttled", limit, %ip);
        Error::Throttled(wait)
    })
}

/// Sets the device cookie: from now on the account knows this browser.
pub(in crate::web) fn remember_device(
    app: &App,
    req: &HttpRequest,
    res: &mut HttpResponse,
    user: UserId,
) -> Result<(), Error> {
    let says = device_cookie(&app.accounts, user, &devices(app, req), app.now());
    let cookie = Cookie::build(cookie_name(app), says)
        .path("/")
        .http_only(true)
        .secure(app.config().jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(KNOWN_FOR))
        .finish();
    res.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))
}

/// All values that could be the device cookie's: a neighbour on the same domain may have set a cookie of that name too.
fn devices(app: &App, req: &HttpRequest) -> Vec<String> {
    cookie_values(req.headers(), &cookie_name(app)).map(Cow::into_owned).collect()
}

pub(in crate::web) fn cookie_name(app: &App) -> String {
    format!("{}portero_device", app.config().cookie_prefix())
}
