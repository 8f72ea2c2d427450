//! What answers the making of a one-time link: a program gets the link, and a browser is led to the page that shows it, so that loading
//! that page again makes nothing anew.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::people::links::MadeLink;
use crate::domain::{UnixTime, UserId, Username};
use crate::guards::Caller;
use crate::store::links::Purpose;
use crate::web::app::App;
use crate::web::browser::browser_session::BrowserSession;
use crate::web::browser::kept_links::{self, KeptLink};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::replies::see_other;

/// A one-time link, which is told this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeLink)]
pub(in crate::web) struct LinkShown<'a> {
    username: &'a Username,
    link: String,
    expires_at: UnixTime,
}

/// `purpose`: what the link is for.
pub(in crate::web) fn answer(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    caller: &Caller,
    (user, name): (UserId, &Username),
    link: MadeLink,
    purpose: Purpose,
) -> HttpResponse {
    if audience(req, app) == Audience::Program {
        let url = link.url(app.public_url.as_ref());
        let body = LinkShown { username: name, link: url, expires_at: link.expires_at };
        return HttpResponse::Created().json(body);
    }
    kept_links::keep(browser, caller.claims.sid(), user, KeptLink { link, purpose }, app.now());
    see_other(&format!("/admin/users/{user}/made-link"))
}
