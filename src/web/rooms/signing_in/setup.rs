//! The first run: whoever holds the one-time link creates the first admin and is signed in.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::Accounts;
use crate::accounts::people::set_up::{SetUp, set_up};
use crate::accounts::proof::setup_link;
use crate::domain::{Role, Username};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::sign_in_here::sign_in_here;
use crate::web::browser::tries;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::input::Input;
use crate::web::http::local_path::home;
use crate::web::http::replies::with_retry_after;
use crate::web::pages::forms::{FieldError, username_fault};
use crate::web::pages::new_password;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    page: Page,
    token: String,
    username: String,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// Only shows the form: chat programs fetch links to preview them.
pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    refuse_dead(&app, &req, &token).await?;
    let page = Page::new(&app, &req, None);
    Ok(show(&app, page, StatusCode::OK, token.into_inner(), String::new(), Vec::new()))
}

async fn refuse_dead(app: &App, req: &HttpRequest, token: &str) -> Result<(), Error> {
    tries::open_link(app, req, token, |conn, token, now| Ok(setup_link::is_good(conn, token, now)?.then_some(()))).await
}

fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    token: String,
    username: String,
    errors: Vec<FieldError>,
) -> HttpResponse {
    let min_length = app.config().password.min_length;
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

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    token: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: SetupForm = input.only_form()?;
    let (token, now) = (token.into_inner(), app.now());
    refuse_dead(&app, &req, &token).await?;
    let mut page = Page::new(&app, &req, None);
    let show = |page, status, errors| show(&app, page, status, token.clone(), form.username.clone(), errors);
    if !browser_session::form_is_ours(&browser, &form.csrf_token, now) {
        let errors = vec![page.error("", "error-form-expired")];
        return Ok(show(page, StatusCode::BAD_REQUEST, errors));
    }
    let username =
        Username::parse(&form.username).map_err(|fault| page.error("username", username_fault(fault, &form.username)));
    let typed = new_password::check_typed(&app, &page, &form.new_password, &form.new_password_again);
    if let Some(fault) = typed {
        let errors = username.err().into_iter().chain([fault]).collect();
        return Ok(show(page, StatusCode::BAD_REQUEST, errors));
    }
    let begun = match tries::choose_by_link(&app, &req, &token) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let errors = vec![page.throttled(wait)];
            return Ok(with_retry_after(show(page, StatusCode::TOO_MANY_REQUESTS, errors), wait));
        }
        Err(error) => return Err(error),
    };
    // The password is measured against the name too, if that is good, so that everything that is wrong is said at once.
    let named = username.as_ref().ok().cloned();
    let password = new_password::judge(&app, &page, begun, form.new_password.clone(), named).await?;
    let (username, (password, begun)) = match (username, password) {
        (Ok(username), Ok(judged)) => (username, judged),
        (username, password) => {
            let errors = username.err().into_iter().chain(password.err()).collect();
            return Ok(show(page, StatusCode::BAD_REQUEST, errors));
        }
    };
    let visitor = client_address::visitor(&app, &req);
    let link = token.clone();
    let act = move |accounts: &Arc<Accounts>| set_up(accounts, &link, username, &password, visitor);
    let (done, begun) = app.try_password(begun, act).await?;
    match done {
        SetUp::DeadLink => Err(Error::Gone),
        SetUp::Done { account, pair } => {
            begun.succeeded();
            let res = sign_in_here(&app, &req, &browser, home(Role::Admin), account, None, pair)?;
            browser_session::set_flash(&browser, &Flash::plain("flash-welcome"));
            Ok(res)
        }
    }
}
