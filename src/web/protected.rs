//! `GET /protected`: the tutorial's protected endpoint.

use actix_web::HttpResponse;
use serde::Serialize;

use crate::guards::AccessToken;

#[derive(Serialize)]
pub(super) struct LoggedInAs<'a> {
    pub(super) logged_in_as: &'a str,
}

pub(super) async fn show(AccessToken(caller): AccessToken) -> HttpResponse {
    HttpResponse::Ok().json(LoggedInAs { logged_in_as: &caller.claims.identity })
}
