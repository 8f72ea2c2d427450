//! Adding a user: the admin gets a link to hand over, never a password.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::error::Error;
use super::face::Face;
use super::input::Input;
use super::link::link_url;
use super::page::{FieldError, Page, Time, html};
use super::setup::username_fault;
use super::signed_in::{FreshAdmin, signed_in};
use crate::accounts::{self, Invited, MadeLink};
use crate::domain::{Role, Username};
use crate::guards::Caller;

#[derive(Template)]
#[template(path = "add_user.html")]
struct AddUserPage {
    page: Page,
    username: String,
    is_admin: bool,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "made_link.html")]
struct MadeLinkPage {
    page: Page,
    name: String,
    url: String,
    expires_at: Time,
    /// Else it is an invitation.
    is_new_password: bool,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
) -> HttpResponse {
    let page = Page::of(&app, &req, Some(&caller));
    html(StatusCode::OK, &AddUserPage { page, username: String::new(), is_admin: false, errors: Vec::new() })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    username: String,
    /// `user` or `admin`; empty: user.
    role: String,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    input: Input,
) -> Result<HttpResponse, Error> {
    let asked: Asked = match input {
        Input::Form(fields) => Input::form(fields)?,
        Input::Json(members) => Input::json(Input::only(members, &["username", "role"])?)?,
    };
    let role = match asked.role.as_str() {
        "" => Role::User,
        role => Role::parse(role).ok_or_else(|| Error::BadInput("`role` is user or admin".into()))?,
    };
    let page = Page::of(&app, &req, Some(&caller));
    let refused = |page: Page, status, key: &str| {
        let errors = vec![page.error("username", key)];
        if Face::of(&req, &app) == Face::Program {
            let text = errors.into_iter().map(|error| error.text).collect();
            return Err(Error::BadInput(text));
        }
        let is_admin = role == Role::Admin;
        Ok(html(status, &AddUserPage { page, username: asked.username.clone(), is_admin, errors }))
    };
    let username = match Username::parse(&asked.username) {
        Ok(username) => username,
        Err(fault) => return refused(page, StatusCode::BAD_REQUEST, username_fault(fault, &asked.username)),
    };
    let (by, now, name) = (Some(signed_in(&req)?.user), app.now(), username.clone());
    match app.act(move |at| accounts::invite(at, name, role, by, now)).await? {
        Invited::NameTaken => refused(page, StatusCode::CONFLICT, "error-name-taken"),
        Invited::Invited { link, .. } => Ok(show_link(&app, &req, &caller, &username, &link, false)),
    }
}

/// The one time that a link is shown.
pub(super) fn show_link(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    user: &Username,
    link: &MadeLink,
    is_new_password: bool,
) -> HttpResponse {
    let url = link_url(&app.public_url, "link", &link.token);
    if Face::of(req, app) == Face::Program {
        let body = json!({ "username": user, "link": url, "expires_at": link.expires_at });
        return HttpResponse::Created().json(body);
    }
    let page = Page::of(app, req, Some(caller));
    let expires_at = page.time(link.expires_at);
    let view = MadeLinkPage { page, name: user.to_string(), url, expires_at, is_new_password };
    html(StatusCode::OK, &view)
}
