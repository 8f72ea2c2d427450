//! `/`: to the account, or to the login.

use actix_web::HttpResponse;

use super::page::see_other;
use crate::guards::AccessToken;

pub(super) async fn show(caller: Result<AccessToken, actix_web::Error>) -> HttpResponse {
    see_other(if caller.is_ok() { "/account" } else { "/login" })
}
