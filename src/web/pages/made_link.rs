//! The page that shows a one-time link, the one time that it is shown.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::page::{Page, html};
use super::times::Time;
use crate::accounts::people::links::MadeLink;
use crate::domain::Username;
use crate::guards::Caller;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};

#[derive(Template)]
#[template(path = "made_link.html")]
struct MadeLinkPage {
    page: Page,
    name: String,
    /// Only its path if `lacks_base`.
    url: String,
    /// Nobody has told Portero where people reach it.
    lacks_base: bool,
    expires_at: Time,
    /// `false`: it is an invitation.
    is_new_password: bool,
}

pub(in crate::web) fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    user: &Username,
    link: &MadeLink,
    is_new_password: bool,
) -> HttpResponse {
    let url = link.url(app.public_url.as_ref());
    if audience(req, app) == Audience::Program {
        let body = json!({ "username": user, "link": url, "expires_at": link.expires_at });
        return HttpResponse::Created().json(body);
    }
    let page = Page::new(app, req, Some(caller));
    let expires_at = page.time(link.expires_at);
    let lacks_base = app.public_url.is_none();
    let view = MadeLinkPage { page, name: user.to_string(), url, lacks_base, expires_at, is_new_password };
    html(StatusCode::OK, &view)
}
