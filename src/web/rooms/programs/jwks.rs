//! `GET /.well-known/jwks.json`: the public keys, for apps that check Portero's tokens. Empty while the keys are
//! shared secrets. (RFC 7517)

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::ThinData;

use crate::web::app::App;

/// How long apps may keep the answer. Between `portero key new` and `portero key rotate` the operator waits at least as long.
const CACHING: &str = "public, max-age=300";

pub(in crate::web) async fn show(ThinData(app): ThinData<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, CACHING))
        .body(app.accounts.engine.keys().jwks().to_string())
}
