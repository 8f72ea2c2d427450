//! How an app's request ends: the browser is led on to the app, or a page says why not.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::page::{Page, html};
use super::static_files;
use crate::domain::form_target;
use crate::web::app::App;
use crate::web::http::headers::without_referrer;
use crate::web::http::openid::kept;
use crate::web::http::openid::reply::{Reply, ResponseMode};
use crate::web::http::openid::request::Request;

/// Sends the answer by itself where there are scripts, and by a button where there are none.
#[derive(Template)]
#[template(path = "openid_send.html")]
struct SendPage {
    page: Page,
    address: String,
    fields: Vec<(&'static str, String)>,
    script_url: String,
}

#[derive(Template)]
#[template(path = "openid_stop.html")]
struct StopPage {
    page: Page,
    title: String,
    text: String,
    /// Where to go from here, and what the link says.
    onward: Option<(String, String)>,
}

/// Leads on to the app, with these fields.
pub(in crate::web) fn answer(
    app: &App,
    req: &HttpRequest,
    reply: &Reply,
    fields: &[(&'static str, String)],
) -> HttpResponse {
    match reply.mode {
        ResponseMode::Query => reply.redirect(fields),
        ResponseMode::FormPost => {
            let view = SendPage {
                page: Page::new(app, req, None),
                address: reply.redirect_uri.clone(),
                fields: fields.to_vec(),
                script_url: static_files::url("send.js"),
            };
            let mut res = without_referrer(html(StatusCode::OK, &view));
            kept::set_policy(res.headers_mut(), kept::policy_for(form_target(&reply.redirect_uri).into_iter()));
            res
        }
    }
}

/// Says what is wrong with a request that can't be answered to the app. `key`: of the catalogue, with `-title` and `-text`.
pub(in crate::web) fn here(app: &App, req: &HttpRequest, key: &str) -> HttpResponse {
    let page = Page::new(app, req, crate::guards::found(req).as_ref());
    let (title, text) = (page.t(&format!("{key}-title")), page.t(&format!("{key}-text")));
    html(StatusCode::BAD_REQUEST, &StopPage { page, title, text, onward: None })
}

/// Says what is wrong with an app's request to sign somebody out. `key`: as above. `is_signed_in`: whether there is a session here that they
/// can end without the app.
pub(in crate::web) fn not_signed_out(app: &App, req: &HttpRequest, key: &str, is_signed_in: bool) -> HttpResponse {
    let page = Page::new(app, req, crate::guards::found(req).as_ref());
    let (title, text) = (page.t(&format!("{key}-title")), page.t(&format!("{key}-text")));
    let onward = is_signed_in.then(|| ("/logout".to_owned(), page.t("openid-sign-out-here")));
    without_referrer(html(StatusCode::BAD_REQUEST, &StopPage { page, title, text, onward }))
}

/// Says that this person may not enter the app, and leads back to it with that answer.
pub(in crate::web) fn denied(app: &App, req: &HttpRequest, request: &Request) -> HttpResponse {
    let page = Page::new(app, req, crate::guards::found(req).as_ref());
    let (name, user) = (request.app.name.to_string(), page.user.clone().unwrap_or_default());
    let title = page.t1("gate-denied-title", "app", &name);
    let text = page.t2("gate-denied-user", ("app", &name), ("user", &user));
    let reply = &request.reply;
    let onward = match reply.mode {
        ResponseMode::Query => Some(reply.address(&reply.error("access_denied", "this person may not enter the app"))),
        ResponseMode::FormPost => reply.home(),
    };
    let onward = onward.map(|address| (address, page.t1("openid-back", "app", &name)));
    without_referrer(html(StatusCode::FORBIDDEN, &StopPage { page, title, text, onward }))
}
