//! `GET /whoami`: the tutorial's optional endpoint.

use actix_web::HttpResponse;

use super::protected::LoggedInAs;
use crate::guards::OptionalToken;

pub(super) async fn show(OptionalToken(caller): OptionalToken) -> HttpResponse {
    let identity = caller.as_ref().map_or("anonymous user", |caller| &caller.claims.identity);
    HttpResponse::Ok().json(LoggedInAs { logged_in_as: identity })
}
