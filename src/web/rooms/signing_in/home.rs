//! `/`: leads to the account, or to the login.

use actix_web::HttpResponse;

use crate::guards::AccessToken;
use crate::web::http::replies::see_other;

pub(in crate::web) async fn show(caller: Result<AccessToken, actix_web::Error>) -> HttpResponse {
    see_other(if caller.is_ok() { "/account" } else { "/login" })
}
