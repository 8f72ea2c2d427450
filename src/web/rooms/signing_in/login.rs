//! Signing in: the page, and the tutorial's JSON call.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::accounts::proof::passkey::{Asked, Place, Shown};
use crate::accounts::proof::sign_in_limits::{name_key, note_wrong};
use crate::accounts::sessions::passkey_sign_in::{self, PasskeySignIn, sign_in_by_passkey};
use crate::accounts::sessions::sign_in::{Credentials, Outcome, SignIn, sign_in};
use crate::domain::{Password, Transport, Username};
use crate::guards::AccessToken;
use crate::throttle::{Try, Wait};
use crate::web::app::{App, counted};
use crate::web::browser::browser_session::{self, BrowserSession, WaitingAttempt};
use crate::web::browser::passkey_answers::{self, Refused};
use crate::web::browser::{device_cookie, sign_in_here, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::local_path::{LocalPath, Next};
use crate::web::http::openid::kept;
use crate::web::http::replies::{self, Message, message, see_other, with_retry_after};
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
    /// `None`: no passkey works at this address.
    passkey: Option<Asked>,
    /// What the browser's password manager is told. JSON.
    signal: Option<String>,
}

impl LoginPage {
    /// What the browser offers in the field for the name. By the last word it offers passkeys, too.
    fn name_autofill(&self) -> &'static str {
        if self.passkey.is_some() { "username webauthn" } else { "username" }
    }
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
    let username = kept::login_hint(&app, &req, &next).unwrap_or_default();
    let form = LoginForm { next, username, ..LoginForm::default() };
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
    /// The browser's answer, if somebody chose a passkey.
    passkey: String,
    passkey_challenge: String,
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
    show_with(page, status, form, errors, (passkey_answers::ask(app, req, Place::SignIn), None))
}

fn show_with(
    mut page: Page,
    status: StatusCode,
    form: LoginForm,
    errors: Vec<FieldError>,
    (passkey, signal): (Option<Asked>, Option<String>),
) -> HttpResponse {
    // On this page the message says why the page is shown.
    let notice = page.flash.take().map(|message| message.text);
    let remember = form.remember == "on";
    let LoginForm { username, next, .. } = form;
    html(status, &LoginPage { page, username, remember, next, errors, notice, passkey, signal })
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub(in crate::web) struct LoginJson {
    username: String,
    #[schema(format = Password)]
    password: String,
}

/// The password was right, and the user has a second factor.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SecondFactorNeeded<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    /// To be sent on with a code, within 5 minutes. It gives no right.
    attempt: &'a str,
    /// By which the user can go on: `totp`, `recovery_code`, `passkey`.
    methods: Vec<&'static str>,
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
    if !form.passkey.is_empty() {
        return by_passkey(app, req, browser, form).await;
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
        Err(Error::Throttled(wait)) => return Ok(too_many(&app, &req, form, wait)),
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
        Outcome::SecondFactorNeeded(needed) => {
            let attempt = WaitingAttempt { sealed: needed.attempt, username: form.username, next: form.next };
            browser_session::set_attempt(&browser, &attempt)?;
            Ok(see_other("/login/factor"))
        }
    }
}

fn too_many(app: &App, req: &HttpRequest, form: LoginForm, wait: Wait) -> HttpResponse {
    let mut page = Page::new(app, req, None);
    let errors = vec![page.throttled(wait)];
    let asked = passkey_answers::ask(app, req, Place::SignIn);
    with_retry_after(show_with(page, StatusCode::TOO_MANY_REQUESTS, form, errors, (asked, None)), wait)
}

async fn by_passkey(
    app: App,
    req: HttpRequest,
    browser: BrowserSession,
    form: LoginForm,
) -> Result<HttpResponse, Error> {
    let begun = match tries::passkey(&app, &req) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => return Ok(too_many(&app, &req, form, wait)),
        Err(error) => return Err(error),
    };
    let refused = |form, refused: Refused| {
        let status = if refused == Refused::Disabled { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let page = Page::new(&app, &req, None);
        let errors = vec![page.error("", refused.key())];
        let asked = passkey_answers::ask(&app, &req, Place::SignIn);
        Ok(show_with(page, status, form, errors, (asked, refused.signal(&app))))
    };
    let shown = Shown { challenge: form.passkey_challenge.clone(), answer: form.passkey.clone() };
    let visitor = client_address::visitor(&app, &req);
    let (given, begun) = match passkey_answers::check(&app, begun, Place::SignIn, shown, visitor.clone()).await? {
        Ok(good) => good,
        Err(why) => return refused(form, why),
    };
    let asked = PasskeySignIn {
        own_typos: browser_session::typos(&browser, name_key(&app.accounts, given.username().as_str())),
        given: *given,
        remembered: form.remember == "on",
        replaces: token_cookies::session_to_replace(&app, &req, app.now()),
        devices: device_cookie::values(&app, &req),
        visitor,
    };
    let done = sign_in_by_passkey(&app.accounts, asked).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, done)?;
    match outcome {
        passkey_sign_in::Outcome::SignedIn(done) => {
            begun.succeeded();
            sign_in_here::finish(&app, &req, &browser, &form.next, *done)
        }
        passkey_sign_in::Outcome::CountWentBack => refused(form, Refused::Copied),
        passkey_sign_in::Outcome::Over => refused(form, Refused::Lapsed),
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
        Outcome::SecondFactorNeeded(needed) => {
            let message = Message::new(&app, "Second factor required");
            let body = SecondFactorNeeded { message, attempt: &needed.attempt, methods: needed.ways.names() };
            Ok(HttpResponse::Unauthorized().json(body))
        }
    }
}
