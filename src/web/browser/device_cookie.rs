//! The device cookie of a browser in which a user has signed in: by it that account knows the browser, and strangers can't shut it out.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::accounts::proof::sign_in_limits::{self, Account};
use crate::guards::cookie_values;
use crate::web::app::App;
use crate::web::http::error::Error;

/// Sets the device cookie: from now on the account knows this browser. `id`: the browser's, if the sign-in has given it one.
pub(in crate::web) fn set(
    app: &App,
    req: &HttpRequest,
    res: &mut HttpResponse,
    account: Account,
    id: Option<Uuid>,
) -> Result<(), Error> {
    let says = sign_in_limits::device_cookie(&app.accounts, account, id, &values(app, req), app.now());
    let cookie = Cookie::build(cookie_name(app), says)
        .path("/")
        .http_only(true)
        .secure(app.config().jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(sign_in_limits::KNOWN_FOR))
        .finish();
    res.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))
}

/// All values that could be the device cookie's: a neighbour on the same domain may have set a cookie of that name too.
pub(in crate::web) fn values(app: &App, req: &HttpRequest) -> Vec<String> {
    cookie_values(req.headers(), &cookie_name(app)).map(str::to_owned).collect()
}

pub(in crate::web) fn cookie_name(app: &App) -> String {
    format!("{}portero_device", app.config().cookie_prefix())
}
