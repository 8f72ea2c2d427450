//! The first run: whoever holds the one-time link creates the first admin and is signed in.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::browser_session::Flash;
use super::change_password::new_password;
use super::error::Error;
use super::input::Input;
use super::link::without_referrer;
use super::login::sign_in_here;
use super::page::{FieldError, Page, html};
use super::{App, browser_session, doors, trust};
use crate::accounts::{self, SetUp};
use crate::domain::{Username, UsernameFault};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    page: Page,
    token: String,
    username: String,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// The catalogue's key for what is wrong with a name as it was typed.
pub(super) fn username_fault(fault: UsernameFault, typed: &str) -> &'static str {
    match fault {
        UsernameFault::Length if typed.is_empty() => "error-username-required",
        UsernameFault::Length => "error-username-length",
        UsernameFault::Characters => "error-username-characters",
    }
}

/// Only shows: chat programs fetch links to preview them.
pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    refuse_dead(&app, &req, &token).await?;
    let page = Page::of(&app, &req, None);
    Ok(show(&app, page, StatusCode::OK, token.into_inner(), String::new(), Vec::new()))
}

/// A dead link counts as a guess.
async fn refuse_dead(app: &App, req: &HttpRequest, token: &str) -> Result<(), Error> {
    let pass = doors::link(app, req)?;
    let (token, now) = (token.to_owned(), app.now());
    if app.read(move |conn| accounts::setup_link_is_good(conn, &token, now)).await? {
        pass.succeeded();
        Ok(())
    } else {
        Err(Error::Gone)
    }
}

fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    token: String,
    username: String,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let min_length = app.accounts.rules.min_password_length;
    without_referrer(html(status, &SetupPage { page, token, username, min_length, errors }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SetupForm {
    csrf_token: String,
    username: String,
    new_password: String,
    new_password_again: String,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    token: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: SetupForm = input.only_form()?;
    let (token, now) = (token.into_inner(), app.now());
    refuse_dead(&app, &req, &token).await?;
    let page = Page::of(&app, &req, None);
    let again =
        |page: Page, errors| show(&app, page, StatusCode::BAD_REQUEST, token.clone(), form.username.clone(), errors);
    if !browser_session::form_is_ours(&session, &form.csrf_token, now) {
        let errors = vec![page.error("", "error-form-expired")];
        return Ok(again(page, errors));
    }
    let username = Username::parse(&form.username)
        .map_err(|fault| vec![page.error("username", username_fault(fault, &form.username))]);
    // Measured against the name where there is one, so that everything that is wrong is said at once.
    let named = username.as_ref().ok();
    let password = new_password(&app, &page, &form.new_password, &form.new_password_again, named);
    let (username, password) = match (username, password) {
        (Ok(username), Ok(password)) => (username, password),
        (username, password) => {
            let errors = username.err().into_iter().chain(password.err()).flatten().collect();
            return Ok(again(page, errors));
        }
    };
    let client = trust::client(&app, &req);
    let link = token.clone();
    match app.hash(move |at| accounts::set_up(at, &link, username, &password, client, now)).await? {
        SetUp::DeadLink => Err(Error::Gone),
        SetUp::Done { user, pair } => {
            let res = sign_in_here(&app, &req, &session, "/account", user, pair)?;
            browser_session::set_flash(&session, &Flash::plain("flash-welcome"));
            Ok(res)
        }
    }
}
