//! The cookie that remembers a language chosen by hand.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::web::app::App;

const LIFE: Duration = Duration::days(365);

/// The tag of the language chosen by hand in this browser, as its cookie has it. `None`: none was chosen.
pub(in crate::web) fn by_hand(app: &App, req: &HttpRequest) -> Option<String> {
    req.cookie(&cookie_name(app)).map(|cookie| cookie.value().to_owned())
}

/// Makes the cookie. `tag`: the language that was chosen.
pub(in crate::web) fn cookie(app: &App, tag: &str) -> Cookie<'static> {
    Cookie::build(cookie_name(app), tag.to_owned())
        .path("/")
        .http_only(true)
        .secure(app.config().jwt.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(LIFE)
        .finish()
}

pub(in crate::web) fn cookie_name(app: &App) -> String {
    format!("{}portero_language", app.config().cookie_prefix())
}
