//! What programs look for by themselves: password managers look for the page to change a password (W3C, "A Well-Known URL for
//! Changing Passwords"), search engines for what they may list.

use actix_web::HttpResponse;
use actix_web::web::ThinData;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::replies::see_other;

/// Nothing here is for search engines. (RFC 9309)
pub(in crate::web) async fn robots() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("User-agent: *\nDisallow: /\n")
}

pub(in crate::web) async fn change_password() -> HttpResponse {
    see_other("/change-password")
}

/// The addresses of two pages.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PasskeyEndpoints {
    enroll: String,
    manage: String,
}

/// Where password managers lead somebody who wants to add a passkey or look at theirs. (W3C, "A Well-Known URL for Relying Party Passkey
/// Endpoints")
pub(in crate::web) async fn passkey_endpoints(ThinData(app): ThinData<App>) -> Result<HttpResponse, Error> {
    let here = app.passkeys.as_ref().map_err(|_| Error::NotFound)?;
    let page = |path: &str| format!("{}{path}", here.origin());
    Ok(HttpResponse::Ok()
        .json(PasskeyEndpoints { enroll: page("/account/factors/passkey"), manage: page("/account/factors") }))
}
