//! What others look for by itself: password managers the page to change a password (W3C, "A Well-Known URL for Changing Passwords"),
//! search engines what they may list.

use actix_web::HttpResponse;

use super::page::see_other;

/// Nothing here is for search engines. (RFC 9309)
pub(super) async fn robots() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("User-agent: *\nDisallow: /\n")
}

pub(super) async fn change_password() -> HttpResponse {
    see_other("/change-password")
}
