//! Signing in: the page, and the JSON call of the tutorial.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::browser_session::Flash;
use super::error::{Error, message};
use super::input::Input;
use super::local_path::LocalPath;
use super::page::{FieldError, Page, html, see_other};
use super::{App, browser_session, doors, language, token_cookies, trust};
use crate::accounts::{self, Credentials, LogIn, LogInOutcome, News, Pair};
use crate::domain::{Password, Transport, UserId};
use crate::guards::AccessToken;
use crate::throttle::Pass;

const BAD_CREDENTIALS: &str = "Bad username or password";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    username: String,
    remember: bool,
    next: String,
    errors: Vec<FieldError>,
    notice: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    next: Option<Query<Next>>,
    // The one place where a bad token is as good as none: as an error it would lead to this very page for ever.
    caller: Result<AccessToken, actix_web::Error>,
) -> HttpResponse {
    let next = LocalPath::or_account(next.as_ref().map_or("", |query| &query.next));
    if caller.is_ok() {
        return see_other(next.as_str());
    }
    let form = LoginForm { next: next.to_string(), ..LoginForm::default() };
    show(&app, &req, StatusCode::OK, form, &[])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoginForm {
    csrf_token: String,
    username: String,
    password: String,
    remember: String,
    next: String,
}

/// The page; each error is a field and a key of the catalogue.
fn show(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    form: LoginForm,
    errors: &[(&'static str, &str)],
) -> HttpResponse {
    let page = Page::of(app, req, None);
    let errors = errors.iter().map(|(field, key)| page.error(field, key)).collect();
    show_with(page, status, form, errors)
}

fn show_with(mut page: Page, status: StatusCode, form: LoginForm, errors: Vec<FieldError>) -> HttpResponse {
    // On this page the message says why it is shown.
    let notice = page.flash.take().map(|message| message.text);
    let remember = form.remember == "on";
    html(status, &LoginPage { page, username: form.username, remember, next: form.next, errors, notice })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginJson {
    username: String,
    password: String,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => by_form(app, req, session, Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, members).await,
    }
}

async fn by_form(app: App, req: HttpRequest, session: Session, form: LoginForm) -> Result<HttpResponse, Error> {
    let now = app.now();
    if !browser_session::form_is_ours(&session, &form.csrf_token, now) {
        return Ok(show(&app, &req, StatusCode::BAD_REQUEST, form, &[("", "error-form-expired")]));
    }
    let mut missing = Vec::new();
    if form.username.is_empty() {
        missing.push(("username", "error-username-required"));
    }
    if form.password.is_empty() {
        missing.push(("password", "error-password-required"));
    }
    if !missing.is_empty() {
        return Ok(show(&app, &req, StatusCode::BAD_REQUEST, form, &missing));
    }
    let bad = |form| show(&app, &req, StatusCode::UNAUTHORIZED, form, &[("username", "error-bad-credentials")]);
    let pass = match doors::sign_in(&app, &req, &form.username).await? {
        Ok(pass) => pass,
        Err(wait) => {
            let page = Page::of(&app, &req, None);
            let errors = vec![page.throttled(wait)];
            return Ok(doors::with_retry_after(show_with(page, StatusCode::TOO_MANY_REQUESTS, form, errors), wait));
        }
    };
    let Ok(password) = Password::parse(form.password.clone()) else { return Ok(bad(form)) };
    let asked = LogIn {
        credentials: Credentials { username: form.username.clone(), password },
        transport: Transport::Cookie,
        remembered: form.remember == "on",
        replaces: token_cookies::held_session(&app, &req, now).and_then(|claims| claims.session).map(|held| held.sid),
        client: trust::client(&app, &req),
    };
    match log_in(&app, pass, asked).await? {
        LogInOutcome::BadCredentials => Ok(bad(form)),
        LogInOutcome::Disabled => Ok(show(&app, &req, StatusCode::FORBIDDEN, form, &[("username", "error-disabled")])),
        LogInOutcome::SignedIn { user, pair, locale, news } => {
            let next = LocalPath::or_account(&form.next);
            let mut res = sign_in_here(&app, &req, &session, next.as_str(), user, pair)?;
            tell(&session, news);
            let by_hand = language::by_hand(&app, &req);
            if let (None, Some(locale)) = (by_hand, locale) {
                let cookie = language::cookie(&app, &locale);
                res.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))?;
            }
            Ok(res)
        }
    }
}

/// The way on to `next`, for a browser in which this user has just signed in.
pub(super) fn sign_in_here(
    app: &App,
    req: &HttpRequest,
    session: &Session,
    next: &str,
    user: UserId,
    pair: Pair,
) -> Result<HttpResponse, Error> {
    // What was planted or left in the browser before the sign-in has no say after it.
    session.clear();
    let mut res = see_other(next);
    token_cookies::set(app, res.head_mut(), &token_cookies::of_pair(pair), app.now());
    doors::remember_device(app, req, &mut res, user)?;
    Ok(res)
}

/// The act, and what came of it told to the throttle.
async fn log_in(app: &App, pass: Pass, asked: LogIn) -> Result<LogInOutcome, Error> {
    let now = app.now();
    let (outcome, pass) = app.try_password(pass, move |at| accounts::log_in(at, asked, now)).await?;
    match outcome {
        LogInOutcome::BadCredentials => accounts::note_stranger(&app.accounts, &pass, now),
        // The password was right.
        LogInOutcome::Disabled | LogInOutcome::SignedIn { .. } => pass.succeeded(),
    }
    Ok(outcome)
}

/// What somebody who has just signed in should hear of, the worse thing first.
fn tell(session: &Session, news: News) {
    if news.reuse {
        browser_session::set_flash(session, &Flash::plain("notice-reuse"));
    } else if news.failed_attempts > 0 {
        browser_session::set_flash(session, &Flash::counted("notice-failed-attempts", news.failed_attempts));
    }
}

async fn by_json(app: App, req: HttpRequest, members: Vec<(String, Value)>) -> Result<HttpResponse, Error> {
    let LoginJson { username, password } = Input::json(members)?;
    let bad = || message(&app, StatusCode::UNAUTHORIZED, BAD_CREDENTIALS);
    let pass = doors::sign_in(&app, &req, &username).await??;
    let Ok(password) = Password::parse(password) else { return Ok(bad()) };
    let asked = LogIn {
        credentials: Credentials { username, password },
        transport: Transport::Bearer,
        remembered: true,
        replaces: None,
        client: trust::client(&app, &req),
    };
    match log_in(&app, pass, asked).await? {
        // A program is not told that the account is disabled: its user may not be the one who reads it.
        LogInOutcome::BadCredentials | LogInOutcome::Disabled => Ok(bad()),
        LogInOutcome::SignedIn { pair, .. } => {
            Ok(HttpResponse::Ok().json(json!({ "access_token": pair.access.text, "refresh_token": pair.refresh.text })))
        }
    }
}
