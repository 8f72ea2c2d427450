//! Requests at an app's own host, which its proxy sends on to Portero: which app it is, and the cookies that Portero keeps there. Each is
//! one that only this very host gets.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, LOCATION, ORIGIN};

use super::client_address::comes_through_proxy;
use super::error::Error;
use crate::blocklist::gate::Place;
use crate::guards::cookie_values;
use crate::web::app::App;

/// What lets a browser enter.
pub(in crate::web) const PASS: &str = "__Host-portero_pass";
/// Known to a browser that is on its way to a pass.
pub(in crate::web) const NONCE: &str = "__Host-portero_pass_try";
/// Where that way is to end, if the address is too long to be sent along.
pub(in crate::web) const LONG_PATH: &str = "__Host-portero_pass_to";

/// The app at whose host the request arrived. Only a trusted proxy sends such requests.
pub(in crate::web) fn place(app: &App, req: &HttpRequest) -> Result<Arc<Place>, Error> {
    if !comes_through_proxy(app, req) {
        return Err(Error::NotFound);
    }
    let mut hosts = req.headers().get_all(HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Error::NotFound) };
    let host = host.to_str().map_err(|_| Error::NotFound)?.to_ascii_lowercase();
    app.accounts.blocklist.app_at(host.trim_end_matches(":443")).ok_or(Error::NotFound)
}

/// Whether a form of this very host sent the request. Browsers say so, one way or the other.
pub(in crate::web) fn is_from_here(req: &HttpRequest, place: &Place) -> bool {
    if let Some(site) = req.headers().get("sec-fetch-site") {
        return site.as_bytes() == b"same-origin";
    }
    req.headers().get(ORIGIN).is_some_and(|origin| origin.as_bytes() == place.origin.as_str().as_bytes())
}

/// The cookie of this name.
pub(in crate::web) fn cookie<'a>(req: &'a HttpRequest, name: &'a str) -> Option<&'a str> {
    cookie_values(req.headers(), name).next()
}

/// `life`: in seconds; `None`: until the browser is closed.
pub(in crate::web) fn new_cookie(name: &'static str, value: String, life: Option<i64>) -> Cookie<'static> {
    let cookie = Cookie::build(name, value).path("/").secure(true).http_only(true).same_site(SameSite::Lax);
    match life {
        Some(seconds) => cookie.max_age(Duration::seconds(seconds)).finish(),
        None => cookie.finish(),
    }
}

pub(in crate::web) fn removal(name: &'static str) -> Cookie<'static> {
    new_cookie(name, String::new(), Some(0))
}

/// 303 to a whole address, which the next page does not learn of.
pub(in crate::web) fn lead_to(address: &str, cookies: Vec<Cookie<'static>>) -> HttpResponse {
    let mut res = HttpResponse::SeeOther();
    res.insert_header((LOCATION, address));
    for cookie in cookies {
        res.cookie(cookie);
    }
    super::headers::without_referrer(res.finish())
}
