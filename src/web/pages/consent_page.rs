//! Asks whether an app may know who somebody is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::page::{Page, html};
use crate::domain::{Scopes, form_target};
use crate::web::app::App;
use crate::web::http::headers::without_referrer;
use crate::web::http::local_path::LocalPath;
use crate::web::http::openid::kept::Kept;
use crate::web::http::openid::request::Request;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    page: Page,
    app: String,
    user: String,
    intro: String,
    /// Where the answer goes: names can look alike, addresses are one's own.
    address: String,
    kept: String,
    /// Where to sign out, so that somebody else can sign in and go on with the request.
    sign_out: String,
    /// What the app is told, in words.
    told: Vec<String>,
}

pub(in crate::web) fn consent_page(app: &App, req: &HttpRequest, request: &Request, kept: &Kept) -> HttpResponse {
    let page = Page::new(app, req, crate::guards::found(req).as_ref());
    let (name, user) = (request.app.name.to_string(), page.user.clone().unwrap_or_default());
    let view = ConsentPage {
        intro: page.t2("consent-intro", ("app", &name), ("user", &user)),
        app: name,
        user,
        address: form_target(&request.reply.redirect_uri).unwrap_or_default(),
        kept: kept.id.clone(),
        sign_out: format!("/logout?next={}", LocalPath::of_request(req).encoded()),
        told: told(&page, request.wanted.scopes),
        page,
    };
    without_referrer(html(StatusCode::OK, &view))
}

/// What somebody agrees to, in words.
pub(in crate::web) fn told(page: &Page, scopes: Scopes) -> Vec<String> {
    scopes.words().map(|scope| page.t(&format!("scope-{}", scope.replace('_', "-")))).collect()
}
