//! `GET /whoami`: the tutorial's optional endpoint.

use actix_web::HttpResponse;

use crate::guards::OptionalToken;
use crate::web::http::replies::logged_in_as;

pub(in crate::web) async fn show(OptionalToken(caller): OptionalToken) -> HttpResponse {
    let identity = caller.as_ref().map_or("anonymous user", |caller| &caller.claims.identity);
    logged_in_as(identity)
}
