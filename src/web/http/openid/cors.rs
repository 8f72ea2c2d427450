//! Which scripts of other origins may read an answer: what anybody may know, everybody's; tokens and what they open, those of apps that are
//! scripts themselves. No cookie is ever read for them. (Fetch standard, CORS)

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue, ORIGIN, VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use crate::web::app::App;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// For how many seconds a browser need not ask again.
const MAX_AGE: &str = "600";

/// Anybody's script may read this.
pub(in crate::web) fn for_all(mut res: HttpResponse) -> HttpResponse {
    let headers = res.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    res
}

/// A script may read this if it is from the origin of a public app's redirect URI.
pub(in crate::web) fn for_public_apps(app: &App, req: &HttpRequest, mut res: HttpResponse) -> HttpResponse {
    let headers = res.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = req.headers().get(ORIGIN).filter(|origin| is_public_apps(app, origin)) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    res
}

/// What a browser is answered that asks whether a script may. (preflight)
pub(in crate::web) fn preflight(app: &App, req: &HttpRequest, methods: &'static str) -> HttpResponse {
    let mut res = for_public_apps(app, req, HttpResponse::NoContent().finish());
    let headers = res.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
    res
}

fn is_public_apps(app: &App, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| app.accounts.blocklist.is_origin_of_public_app(origin))
}
