//! `GET /protected`: the tutorial's protected endpoint.

use actix_web::HttpResponse;

use crate::guards::AccessToken;
use crate::web::http::replies::logged_in_as;

pub(in crate::web) async fn show(AccessToken(caller): AccessToken) -> HttpResponse {
    logged_in_as(&caller.claims.identity)
}
