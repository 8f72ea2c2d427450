//! The second step of a sign-in, for whoever has a second factor: a code of their authenticator app, or a recovery code.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::sign_in_limits::name_key;
use crate::accounts::sessions::second_step::{Outcome, SecondStep, second_step};
use crate::domain::CodeKind;
use crate::web::app::{App, counted};
use crate::web::browser::browser_session::{self, BrowserSession, Flash, WaitingAttempt};
use crate::web::browser::{sign_in_here, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{message, see_other, tokens, with_retry_after};
use crate::web::pages::factor_code::{self, CodeRefusal};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage {
    page: Page,
    username: String,
    /// Whether a recovery code is asked for, in the place of a code of an authenticator app.
    asks_recovery: bool,
    /// For how long the browser can stand in for it, in words. `None`: the settings let none.
    trusted_for: Option<String>,
    trust: bool,
    errors: Vec<FieldError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    method: CodeKind,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    asked: Option<Query<Asked>>,
) -> HttpResponse {
    let waiting = browser_session::attempt(&browser);
    let Some(waiting) = waiting.filter(|one| Attempt::open(&app.accounts, &one.sealed, app.now()).is_some()) else {
        return over(&browser);
    };
    let method = asked.map(|Query(asked)| asked.method).unwrap_or_default();
    Shown { app: &app, page: Page::new(&app, &req, None), waiting, method, trust: false }
        .html(StatusCode::OK, Vec::new())
}

/// The page, as it is shown and shown again.
struct Shown<'a> {
    app: &'a App,
    page: Page,
    waiting: WaitingAttempt,
    method: CodeKind,
    /// Whether the browser is to be trusted, as far as has been said.
    trust: bool,
}

impl Shown<'_> {
    fn html(self, status: StatusCode, errors: Vec<FieldError>) -> HttpResponse {
        let Self { app, page, waiting, method, trust } = self;
        let view = SecondStepPage {
            username: waiting.username,
            asks_recovery: method == CodeKind::RecoveryCode,
            trusted_for: trusted_for(app, &page),
            trust,
            errors,
            page,
        };
        html(status, &view)
    }
}

fn trusted_for(app: &App, page: &Page) -> Option<String> {
    match app.config().second_factor_remember {
        0 => None,
        seconds if seconds % DAY == 0 => Some(page.tn("second-step-trust-days", seconds / DAY)),
        seconds => Some(page.tn("second-step-trust-hours", (seconds + HOUR - 1) / HOUR)),
    }
}

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// Without an attempt that can be gone on with, the sign-in begins again.
fn over(browser: &BrowserSession) -> HttpResponse {
    browser_session::forget_attempt(browser);
    browser_session::set_flash(browser, &Flash::plain("notice-attempt-over"));
    see_other("/login")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SecondStepForm {
    csrf_token: String,
    method: CodeKind,
    code: String,
    trust: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecondStepJson {
    attempt: String,
    method: CodeKind,
    code: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => by_form(app, req, browser, Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, Input::json(members)?).await,
    }
}

/// Where somebody is led who has asked for no page in particular. After a recovery code they have more to do than look at these.
const HOMES: [&str; 3] = ["", "/account", "/admin"];

async fn by_form(
    app: App,
    req: HttpRequest,
    browser: BrowserSession,
    form: SecondStepForm,
) -> Result<HttpResponse, Error> {
    let (now, method) = (app.now(), form.method);
    let Some(waiting) = browser_session::attempt(&browser) else { return Ok(over(&browser)) };
    let Some(attempt) = Attempt::open(&app.accounts, &waiting.sealed, now) else { return Ok(over(&browser)) };
    let trust = form.trust == "on";
    let mut shown = Shown { app: &app, page: Page::new(&app, &req, None), waiting, method, trust };
    if !browser_session::form_is_ours(&browser, &form.csrf_token, now) {
        let error = shown.page.error("", "error-form-expired");
        return Ok(shown.html(StatusCode::BAD_REQUEST, vec![error]));
    }
    let code = match factor_code::read(method, &form.code) {
        Ok(code) => code,
        Err(key) => {
            let error = shown.page.error("code", key);
            return Ok(shown.html(StatusCode::BAD_REQUEST, vec![error]));
        }
    };
    let begun = match tries::second_step(&app, &req, &attempt) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let errors = vec![shown.page.throttled(wait)];
            return Ok(with_retry_after(shown.html(StatusCode::TOO_MANY_REQUESTS, errors), wait));
        }
        Err(error) => return Err(error),
    };
    let asked = SecondStep {
        attempt,
        code,
        trust,
        replaces: token_cookies::session_to_replace(&app, &req, now),
        own_typos: browser_session::typos(&browser, name_key(&app.accounts, &shown.waiting.username)),
        visitor: client_address::visitor(&app, &req),
    };
    let tried = second_step(&app.accounts, asked).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, tried)?;
    let refusal = match outcome {
        Outcome::SignedIn(done) => {
            begun.succeeded();
            if method == CodeKind::RecoveryCode && HOMES.contains(&shown.waiting.next.as_str()) {
                let res = sign_in_here::finish(&app, &req, &browser, "/account/factors", *done)?;
                browser_session::set_flash(&browser, &Flash::plain("flash-recovery-code-used"));
                return Ok(res);
            }
            return sign_in_here::finish(&app, &req, &browser, &shown.waiting.next, *done);
        }
        Outcome::Over => return Ok(over(&browser)),
        Outcome::WrongCode(_) => CodeRefusal::Wrong,
        Outcome::UsedCode => {
            begun.succeeded();
            CodeRefusal::Used
        }
        Outcome::TooManyWrong => CodeRefusal::TooManyWrong,
    };
    let error = shown.page.error("code", refusal.key());
    Ok(shown.html(StatusCode::UNAUTHORIZED, vec![error]))
}

async fn by_json(app: App, req: HttpRequest, given: SecondStepJson) -> Result<HttpResponse, Error> {
    let refused = |text| message(&app, StatusCode::UNAUTHORIZED, text);
    let Some(attempt) = Attempt::open(&app.accounts, &given.attempt, app.now()).filter(Attempt::is_by_program) else {
        return Ok(refused("Attempt has expired"));
    };
    let Some(code) = given.method.read(&given.code) else { return Ok(refused(CodeRefusal::Wrong.msg())) };
    let begun = tries::second_step(&app, &req, &attempt)?;
    let asked = SecondStep {
        attempt,
        code,
        trust: false,
        replaces: None,
        own_typos: Vec::new(),
        visitor: client_address::visitor(&app, &req),
    };
    let tried = second_step(&app.accounts, asked).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, tried)?;
    Ok(match outcome {
        Outcome::SignedIn(done) => {
            begun.succeeded();
            tokens(&done.pair)
        }
        Outcome::WrongCode(_) => refused(CodeRefusal::Wrong.msg()),
        Outcome::UsedCode => {
            begun.succeeded();
            refused(CodeRefusal::Used.msg())
        }
        Outcome::TooManyWrong => refused(CodeRefusal::TooManyWrong.msg()),
        Outcome::Over => refused("Attempt has expired"),
    })
}
