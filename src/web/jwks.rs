//! `GET /.well-known/jwks.json`: the public keys, for whoever checks our tokens. Empty while keys are shared. (RFC 7517)

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::ThinData;

use super::App;

/// How long others may go on with what they have read. A new key waits, pending, for at least as long.
const FRESH_FOR: &str = "public, max-age=300";

pub(super) async fn show(ThinData(app): ThinData<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((CACHE_CONTROL, FRESH_FOR))
        .body(app.accounts.engine.keys().jwks().to_string())
}
