//! `GET /protected`: the tutorial's protected endpoint.

use actix_web::HttpResponse;

use crate::guards::AccessToken;
use crate::web::http::replies::LoggedInAs;

pub(in crate::web) async fn show(AccessToken(caller): AccessToken) -> HttpResponse {
    HttpResponse::Ok().json(LoggedInAs { logged_in_as: &caller.claims.identity })
}
