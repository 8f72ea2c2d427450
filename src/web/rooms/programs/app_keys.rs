//! `GET /.well-known/portero/apps.jwks.json`: the public keys of what Portero signs for apps, such as `X-Portero-Assertion`. Empty until an
//! app needs one. None of them signs a token of a session. (RFC 7517)

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::ThinData;

use crate::web::app::App;
use crate::web::http::openid::cors;

/// How long apps may keep the answer. A key can be read two days before it signs.
const CACHING: &str = "public, max-age=300";

pub(in crate::web) async fn show(ThinData(app): ThinData<App>) -> HttpResponse {
    let res = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, CACHING))
        .body(app.accounts.app_keys.jwks().to_string());
    cors::for_all(res)
}
