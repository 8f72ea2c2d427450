//! Where password managers look for the page to change a password. (W3C, "A Well-Known URL for Changing Passwords")

use actix_web::HttpResponse;

use super::page::see_other;

pub(super) async fn change_password() -> HttpResponse {
    see_other("/change-password")
}
