//! Signing in: the page, and the tutorial's JSON call.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::accounts::proof::sign_in_limits::{name_key, note_wrong};
use crate::accounts::sessions::sign_in::{Credentials, Outcome, SignIn, sign_in};
use crate::domain::{Password, Transport, Username};
use crate::guards::AccessToken;
use crate::throttle::Try;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, WaitingAttempt};
use crate::web::browser::{device_cookie, sign_in_here, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::{LocalPath, Next};
use crate::web::http::replies::{self, message, see_other, with_retry_after};
use crate::web::http::signed_in;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

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

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    next: Option<Query<Next>>,
    // Here a bad token is as good as none: as an error it would lead to this very page for ever.
    caller: Result<AccessToken, actix_web::Error>,
) -> HttpResponse {
    let next = next.map(|Query(query)| query.next).unwrap_or_default();
    if caller.is_ok()
        && let Some(user) = signed_in::found(&req)
    {
        return see_other(LocalPath::or_home(&next, user.role).as_str());
    }
    // Empty: where a sign-in leads then depends on who it is.
    let next = LocalPath::parse(&next).map_or_else(String::new, |next| next.to_string());
    let form = LoginForm { next, ..LoginForm::default() };
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

/// The page. Each error is a field and a key of the catalogue.
fn show(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    form: LoginForm,
    errors: &[(&'static str, &str)],
) -> HttpResponse {
    let page = Page::new(app, req, None);
    let errors = errors.iter().map(|(field, key)| page.error(field, key)).collect();
    show_with(page, status, form, errors)
}

fn show_with(mut page: Page, status: StatusCode, form: LoginForm, errors: Vec<FieldError>) -> HttpResponse {
    // On this page the message says why the page is shown.
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

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => by_form(app, req, browser, Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, members).await,
    }
}

async fn by_form(app: App, req: HttpRequest, browser: BrowserSession, form: LoginForm) -> Result<HttpResponse, Error> {
    let now = app.now();
    if !browser_session::form_is_ours(&browser, &form.csrf_token, now) {
        // The form of a second tab, where this person has signed in by the first one meanwhile: what they want is there.
        if let (Ok(typed), Some(user)) = (Username::parse(&form.username), signed_in::found(&req))
            && user.username.canonical() == typed.canonical()
        {
            return Ok(see_other(LocalPath::or_home(&form.next, user.role).as_str()));
        }
        return Ok(show(&app, &req, StatusCode::BAD_REQUEST, form, &[("", "error-form-expired")]));
    }
    let mut missing = Vec::new();
    if form.username.trim().is_empty() {
        missing.push(("username", "error-username-required"));
    }
    if form.password.is_empty() {
        missing.push(("password", "error-password-required"));
    }
    if !missing.is_empty() {
        return Ok(show(&app, &req, StatusCode::BAD_REQUEST, form, &missing));
    }
    let bad = |form| show(&app, &req, StatusCode::UNAUTHORIZED, form, &[("password", "error-bad-credentials")]);
    let begun = match tries::sign_in(&app, &req, &form.username).await {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let mut page = Page::new(&app, &req, None);
            let errors = vec![page.throttled(wait)];
            return Ok(with_retry_after(show_with(page, StatusCode::TOO_MANY_REQUESTS, form, errors), wait));
        }
        Err(error) => return Err(error),
    };
    let Ok(password) = Password::parse(form.password.clone()) else { return Ok(bad(form)) };
    let name = name_key(&app.accounts, &form.username);
    let asked = SignIn {
        credentials: Credentials { username: form.username.clone(), password },
        transport: Transport::Cookie,
        remembered: form.remember == "on",
        replaces: token_cookies::session_to_replace(&app, &req, now),
        own_typos: browser_session::typos(&browser, name),
        devices: device_cookie::values(&app, &req),
        visitor: client_address::visitor(&app, &req),
    };
    match tried(&app, begun, asked).await? {
        Outcome::BadCredentials => {
            browser_session::note_typo(&browser, name, now);
            Ok(bad(form))
        }
        Outcome::Disabled => Ok(show(&app, &req, StatusCode::FORBIDDEN, form, &[("", "error-disabled")])),
        Outcome::SignedIn(done) => sign_in_here::finish(&app, &req, &browser, &form.next, *done),
        Outcome::SecondFactorNeeded(sealed) => {
            let attempt = WaitingAttempt { sealed, username: form.username, next: form.next };
            browser_session::set_attempt(&browser, &attempt)?;
            Ok(see_other("/login/factor"))
        }
    }
}

/// Tries to sign in, and tells the throttle how the try ended.
async fn tried(app: &App, begun: Try, asked: SignIn) -> Result<Outcome, Error> {
    let (outcome, begun) = app.try_password(begun, move |accounts| sign_in(accounts, asked)).await?;
    match outcome {
        Outcome::BadCredentials => note_wrong(&app.accounts, &begun),
        // The password was right.
        Outcome::Disabled | Outcome::SignedIn(_) | Outcome::SecondFactorNeeded(_) => begun.succeeded(),
    }
    Ok(outcome)
}

async fn by_json(app: App, req: HttpRequest, members: Vec<(String, Value)>) -> Result<HttpResponse, Error> {
    let LoginJson { username, password } = Input::json(members)?;
    let bad = || message(&app, StatusCode::UNAUTHORIZED, BAD_CREDENTIALS);
    let begun = tries::sign_in(&app, &req, &username).await?;
    let Ok(password) = Password::parse(password) else { return Ok(bad()) };
    let asked = SignIn {
        credentials: Credentials { username, password },
        transport: Transport::Bearer,
        remembered: true,
        replaces: None,
        own_typos: Vec::new(),
        devices: Vec::new(),
        visitor: client_address::visitor(&app, &req),
    };
    match tried(&app, begun, asked).await? {
        // A program is not told that the account is disabled: whoever reads the answer may not be the user.
        Outcome::BadCredentials | Outcome::Disabled => Ok(bad()),
        Outcome::SignedIn(done) => Ok(replies::tokens(&done.pair)),
        Outcome::SecondFactorNeeded(attempt) => {
            let msg = &app.accounts.engine.options().error_message_key;
            let body = json!({
                msg: "Second factor required", "attempt": attempt, "methods": ["totp", "recovery_code"],
            });
            Ok(HttpResponse::Unauthorized().json(body))
        }
    }
}
