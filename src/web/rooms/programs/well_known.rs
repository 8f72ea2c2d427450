//! What programs look for by themselves: password managers look for the page to change a password (W3C, "A Well-Known URL for
//! Changing Passwords"), search engines for what they may list.

use actix_web::HttpResponse;

use crate::web::http::replies::see_other;

/// Nothing here is for search engines. (RFC 9309)
pub(in crate::web) async fn robots() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("User-agent: *\nDisallow: /\n")
}

pub(in crate::web) async fn change_password() -> HttpResponse {
    see_other("/change-password")
}
