//! Adding a user: the admin gets a link to hand over, never a password.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::people::links::{Invited, invite};
use crate::domain::{DetailFault, Mail, Role, Username};
use crate::store::links::Purpose;
use crate::web::app::App;
use crate::web::browser::browser_session::BrowserSession;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::{FieldError, username_fault};
use crate::web::pages::page::{Page, html};
use crate::web::pages::{made_link, name_taken};

#[derive(Template)]
#[template(path = "add_user.html")]
struct AddUserPage {
    page: Page,
    username: String,
    is_admin: bool,
    /// The address as it was typed. `None`: Portero sends no mail, so it is not asked for.
    mail: Option<String>,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
) -> HttpResponse {
    let page = Page::new(&app, &req, Some(&caller));
    let mail = app.config().mail.is_some().then(String::new);
    html(StatusCode::OK, &AddUserPage { page, username: String::new(), is_admin: false, mail, errors: Vec::new() })
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = AddUser)]
pub(in crate::web) struct Asked {
    username: String,
    /// `user` or `admin`; empty: user.
    role: String,
    /// Where Portero sends mail; empty: none.
    mail: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    let sends_mail = app.config().mail.is_some();
    let asked: Asked = match input {
        Input::Form(fields) => Input::form(fields)?,
        Input::Json(members) if sends_mail => Input::json(Input::only(members, &["username", "role", "mail"])?)?,
        Input::Json(members) => Input::json(Input::only(members, &["username", "role"])?)?,
    };
    let role = match asked.role.as_str() {
        "" => Role::User,
        role => Role::parse(role).ok_or_else(|| Error::BadInput("`role` is user or admin".into()))?,
    };
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, status, error: FieldError| {
        let errors = vec![error];
        if audience(&req, &app) == Audience::Program {
            let text = errors.into_iter().map(|error| error.text).collect();
            return Err(Error::BadInput(text));
        }
        let is_admin = role == Role::Admin;
        let mail = sends_mail.then(|| asked.mail.clone());
        Ok(html(status, &AddUserPage { page, username: asked.username.clone(), is_admin, mail, errors }))
    };
    let username = match Username::parse(&asked.username) {
        Ok(username) => username,
        Err(fault) => {
            let error = page.error("username", username_fault(fault, &asked.username));
            return refused(page, StatusCode::BAD_REQUEST, error);
        }
    };
    let typed = if sends_mail { asked.mail.as_str() } else { "" };
    let mail = match Mail::parse(typed) {
        Ok(mail) => mail,
        Err(fault) => {
            let what = match fault {
                DetailFault::Length => "error-mail-length",
                DetailFault::Form => "error-mail-form",
            };
            let error = page.error("mail", what);
            return refused(page, StatusCode::BAD_REQUEST, error);
        }
    };
    match invite(&app.accounts, mandate, username.clone(), role, mail).everywhere().await? {
        Invited::MailTaken(other) => {
            let error = FieldError { field: "mail", text: page.t1("error-mail-taken", "user", other.as_str()) };
            refused(page, StatusCode::CONFLICT, error)
        }
        Invited::NameTaken(taken) => {
            let error = name_taken::error(&page, "username", &taken);
            refused(page, StatusCode::CONFLICT, error)
        }
        Invited::Invited { user, link } => {
            Ok(made_link::answer(&app, &req, &browser, &caller, (user, &username), link, Purpose::Invitation))
        }
    }
}
