//! The second step of a sign-in, for whoever has a second factor: a code of their authenticator app, or a recovery code.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::passkey::{Asked, Place, Shown};
use crate::accounts::proof::sign_in_limits::name_key;
use crate::accounts::sessions::second_step::{
    ByPasskey, Outcome, PasskeyStep, SecondStep, second_step, second_step_by_passkey,
};
use crate::domain::CodeKind;
use crate::store::{passkeys, second_factors};
use crate::web::app::{App, counted};
use crate::web::browser::browser_session::{self, BrowserSession, Flash, WaitingAttempt};
use crate::web::browser::passkey_answers::{self, Refused};
use crate::web::browser::{device_cookie, sign_in_here, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::passkeys_here::passkeys_here;
use crate::web::http::replies::{message, see_other, tokens, with_retry_after};
use crate::web::pages::factor_code::{self, CodeRefusal};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage {
    page: Page,
    username: String,
    /// Whether a recovery code is asked for, in the place of anything else.
    asks_recovery: bool,
    /// For how long the browser can stand in for it, in words. `None`: the settings let none.
    trusted_for: Option<String>,
    trust: bool,
    /// Whether a code of an authenticator app is asked for.
    asks_totp: bool,
    /// `None`: the account has none that works here.
    passkey: Option<Asked>,
    /// Why the account's passkeys can't be used here, if it has some.
    elsewhere: Option<String>,
    /// Whether there is anything but recovery codes.
    has_other_ways: bool,
    errors: Vec<FieldError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Way {
    method: CodeKind,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    asked: Option<Query<Way>>,
) -> Result<HttpResponse, Error> {
    let Some(waiting) = browser_session::attempt(&browser) else { return Ok(over(&browser)) };
    let Some(attempt) = Attempt::open(&app.accounts, &waiting.sealed, app.now()) else { return Ok(over(&browser)) };
    let method = asked.map(|Query(asked)| asked.method).unwrap_or_default();
    Screen { app: &app, req: &req, attempt: &attempt, username: waiting.username, method, trust: false }
        .show(Page::new(&app, &req, None), StatusCode::OK, Vec::new())
        .await
}

/// What this page is made of, whatever it says.
struct Screen<'a> {
    app: &'a App,
    req: &'a HttpRequest,
    attempt: &'a Attempt,
    username: String,
    method: CodeKind,
    /// Whether the browser is to be trusted, as far as has been said.
    trust: bool,
}

impl Screen<'_> {
    async fn show(self, page: Page, status: StatusCode, errors: Vec<FieldError>) -> Result<HttpResponse, Error> {
        let Self { app, req, attempt, username, method, trust } = self;
        let user = attempt.user();
        let (ways, passkeys) =
            app.read(move |conn| Ok((second_factors::ways(conn, user)?, passkeys::of_user(conn, user)?))).await?;
        let asks_recovery = method == CodeKind::RecoveryCode || !(ways.totp || ways.passkey);
        let mut view = SecondStepPage {
            username,
            asks_recovery,
            asks_totp: ways.totp && !asks_recovery,
            passkey: None,
            elsewhere: None,
            has_other_ways: ways.totp || ways.passkey,
            trusted_for: trusted_for(app, &page),
            trust,
            page,
            errors,
        };
        if ways.passkey && !asks_recovery {
            match passkeys_here(app, req) {
                Ok(_) => {
                    let ids: Vec<_> = passkeys.into_iter().map(|passkey| passkey.credential_id).collect();
                    view.passkey = passkey_answers::ask_for(app, req, Place::SecondStep(attempt.id()), &ids);
                }
                Err(elsewhere) => view.elsewhere = Some(view.page.passkeys_elsewhere(&elsewhere)),
            }
        }
        Ok(html(status, &view))
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
    /// The browser's answer, if somebody chose a passkey.
    passkey: String,
    passkey_challenge: String,
}

/// A code for an attempt to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondStep)]
pub(in crate::web) struct SecondStepJson {
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
    let mut page = Page::new(&app, &req, None);
    let screen =
        || Screen { app: &app, req: &req, attempt: &attempt, username: waiting.username.clone(), method, trust };
    if !browser_session::form_is_ours(&browser, &form.csrf_token, now) {
        let error = page.error("", "error-form-expired");
        return screen().show(page, StatusCode::BAD_REQUEST, vec![error]).await;
    }
    if !form.passkey.is_empty() {
        return by_passkey(&app, &req, &browser, &waiting, &attempt, form).await;
    }
    let code = match factor_code::read(method, &form.code) {
        Ok(code) => code,
        Err(key) => {
            let error = page.error("code", key);
            return screen().show(page, StatusCode::BAD_REQUEST, vec![error]).await;
        }
    };
    let begun = match tries::second_step(&app, &req, &attempt) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let errors = vec![page.throttled(wait)];
            let res = screen().show(page, StatusCode::TOO_MANY_REQUESTS, errors).await?;
            return Ok(with_retry_after(res, wait));
        }
        Err(error) => return Err(error),
    };
    let asked = SecondStep {
        attempt: attempt.clone(),
        code,
        trust,
        replaces: token_cookies::session_to_replace(&app, &req, now),
        own_typos: browser_session::typos(&browser, name_key(&app.accounts, &waiting.username)),
        devices: device_cookie::values(&app, &req),
        visitor: client_address::visitor(&app, &req),
    };
    let tried = second_step(&app.accounts, asked).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, tried)?;
    let refusal = match outcome {
        Outcome::SignedIn(done) => {
            begun.succeeded();
            if method == CodeKind::RecoveryCode && HOMES.contains(&waiting.next.as_str()) {
                let res = sign_in_here::finish(&app, &req, &browser, "/account/factors", *done)?;
                browser_session::set_flash(&browser, &Flash::plain("flash-recovery-code-used"));
                return Ok(res);
            }
            return sign_in_here::finish(&app, &req, &browser, &waiting.next, *done);
        }
        Outcome::Over => return Ok(over(&browser)),
        Outcome::WrongCode(_) => CodeRefusal::Wrong,
        Outcome::UsedCode => {
            begun.succeeded();
            CodeRefusal::Used
        }
        Outcome::TooManyWrong => CodeRefusal::TooManyWrong,
    };
    let error = page.error("code", refusal.key());
    screen().show(page, StatusCode::UNAUTHORIZED, vec![error]).await
}

async fn by_passkey(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    waiting: &WaitingAttempt,
    attempt: &Attempt,
    form: SecondStepForm,
) -> Result<HttpResponse, Error> {
    let trust = form.trust == "on";
    let again = async |error: FieldError, page, status| {
        let screen = Screen { app, req, attempt, username: waiting.username.clone(), method: CodeKind::Totp, trust };
        screen.show(page, status, vec![error]).await
    };
    let begun = match tries::second_step(app, req, attempt) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let mut page = Page::new(app, req, None);
            let error = page.throttled(wait);
            return Ok(with_retry_after(again(error, page, StatusCode::TOO_MANY_REQUESTS).await?, wait));
        }
        Err(error) => return Err(error),
    };
    let refused = async |refused: Refused| {
        let page = Page::new(app, req, None);
        again(page.error("", refused.key()), page, StatusCode::UNAUTHORIZED).await
    };
    let shown = Shown { challenge: form.passkey_challenge, answer: form.passkey };
    let (place, visitor) = (Place::SecondStep(attempt.id()), client_address::visitor(app, req));
    let (given, begun) = match passkey_answers::check(app, begun, place, shown, visitor.clone()).await? {
        Ok(good) => good,
        Err(why) => return refused(why).await,
    };
    let asked = PasskeyStep {
        attempt: attempt.clone(),
        given: *given,
        trust,
        replaces: token_cookies::session_to_replace(app, req, app.now()),
        own_typos: browser_session::typos(browser, name_key(&app.accounts, &waiting.username)),
        devices: device_cookie::values(app, req),
        visitor,
    };
    let done = second_step_by_passkey(&app.accounts, asked).everywhere().await.map_err(Error::from);
    let (outcome, begun) = counted(begun, done)?;
    match outcome {
        ByPasskey::SignedIn(done) => {
            begun.succeeded();
            sign_in_here::finish(app, req, browser, &waiting.next, *done)
        }
        ByPasskey::CountWentBack => refused(Refused::Copied).await,
        ByPasskey::Over => Ok(over(browser)),
    }
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
        devices: Vec::new(),
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
