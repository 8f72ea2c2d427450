//! Changing one's password: needs a recent proof of identity, and the current password as well.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::browser_session::{self, Flash};
use super::error::{Error, message};
use super::input::Input;
use super::page::{FieldError, Page, html, see_other};
use super::signed_in::signed_in;
use super::{App, confirm, doors, end_session, token_cookies, trust};
use crate::accounts::{self, ChangePassword, Changed, Pair};
use crate::domain::{NewPassword, Password, PasswordFault, Username};
use crate::guards::{Caller, FreshToken};
use crate::throttle::Pass;
use crate::tokens::Fault;
use crate::tokens::options::Location;

/// A form must not go stale while it is being filled in: with less than this left, the proof comes first.
const ENOUGH_TO_TYPE: i64 = 60;

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage {
    page: Page,
    username: String,
    min_length: usize,
    other_sessions: i64,
    end_others: bool,
    errors: Vec<FieldError>,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshToken(caller): FreshToken,
) -> Result<HttpResponse, Error> {
    let fresh_for = app.accounts.rules.fresh_for;
    // Where the settings give little time at all, half of it has to do.
    if caller.claims.freshness_left(fresh_for, app.now()) < ENOUGH_TO_TYPE.min(fresh_for / 2) {
        return Err(Fault::NotFresh { max_age: fresh_for }.into());
    }
    let page = Page::of(&app, &req, Some(&caller));
    show(&app, &req, &caller, page, StatusCode::OK, true, Vec::new()).await
}

async fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    page: Page,
    status: StatusCode,
    end_others: bool,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let view = ChangePasswordPage {
        page,
        username: signed_in(req)?.username.to_string(),
        min_length: app.accounts.rules.min_password_length,
        other_sessions: end_session::count_others(app, req, caller).await?,
        end_others,
        errors,
    };
    Ok(html(status, &view))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ChangeForm {
    current_password: String,
    new_password: String,
    new_password_again: String,
    end_others: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeJson {
    current_password: String,
    new_password: String,
    #[serde(default = "yes")]
    end_others: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    session: Session,
    FreshToken(caller): FreshToken,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => by_form(app, req, session, caller, Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, caller, Input::json(members)?).await,
    }
}

async fn by_form(
    app: App,
    req: HttpRequest,
    session: Session,
    caller: Caller,
    form: ChangeForm,
) -> Result<HttpResponse, Error> {
    let page = Page::of(&app, &req, Some(&caller));
    let end_others = form.end_others == "on";
    let username = signed_in(&req)?.username.clone();
    let mut errors = Vec::new();
    if form.current_password.is_empty() {
        errors.push(page.error("current_password", "error-current-password-required"));
    }
    let new = match new_password(&app, &page, &form.new_password, &form.new_password_again, Some(&username)) {
        Ok(new) if form.new_password != form.current_password => Some(new),
        Ok(_) => {
            errors.push(page.error("new_password", "error-password-same"));
            None
        }
        Err(faults) => {
            errors.extend(faults);
            None
        }
    };
    let (Some(new), true) = (new, errors.is_empty()) else {
        return show(&app, &req, &caller, page, StatusCode::BAD_REQUEST, end_others, errors).await;
    };
    let pass = match confirm::pass(&app, &req, &caller).await? {
        Ok(pass) => pass,
        Err(wait) => {
            let errors = vec![page.throttled(wait)];
            let res = show(&app, &req, &caller, page, StatusCode::TOO_MANY_REQUESTS, end_others, errors).await?;
            return Ok(doors::with_retry_after(res, wait));
        }
    };
    match changed(&app, &req, &caller, pass, form.current_password, new, end_others).await? {
        None => {
            let errors = vec![page.error("current_password", "error-password-incorrect")];
            show(&app, &req, &caller, page, StatusCode::UNAUTHORIZED, end_others, errors).await
        }
        Some((pair, ended)) => {
            let flash = match end_others {
                true => Flash::counted("flash-password-changed", i64::try_from(ended).unwrap_or(i64::MAX)),
                false => Flash::plain("flash-password-changed-kept"),
            };
            browser_session::set_flash(&session, &flash);
            let mut res = see_other("/account");
            token_cookies::set(&app, res.head_mut(), &token_cookies::of_pair(pair), app.now());
            Ok(res)
        }
    }
}

async fn by_json(app: App, req: HttpRequest, caller: Caller, asked: ChangeJson) -> Result<HttpResponse, Error> {
    let username = signed_in(&req)?.username.clone();
    if asked.new_password == asked.current_password {
        return Err(Error::BadInput("The new password is the current one".into()));
    }
    let rules = app.accounts.rules.password_rules();
    let new = NewPassword::parse(asked.new_password, Some(&username), rules)
        .map_err(|fault| Error::BadInput(fault.to_string()))?;
    let pass = confirm::pass(&app, &req, &caller).await??;
    Ok(match changed(&app, &req, &caller, pass, asked.current_password, new, asked.end_others).await? {
        None => message(&app, StatusCode::UNAUTHORIZED, "Bad password"),
        // A cookie session's tokens stay where scripts can't read them, and where they are good.
        Some((pair, ended)) if caller.location == Location::Cookies => {
            let mut res = HttpResponse::Ok().json(json!({ "msg": "password changed", "sessions_ended": ended }));
            token_cookies::set(&app, res.head_mut(), &token_cookies::of_pair(pair), app.now());
            res
        }
        Some((pair, ended)) => HttpResponse::Ok().json(json!({
            "access_token": pair.access.text,
            "refresh_token": pair.refresh.text,
            "sessions_ended": ended,
        })),
    })
}

/// The new session's tokens and how many other sessions ended. `None`: the current password is wrong.
async fn changed(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    pass: Pass,
    current: String,
    new: NewPassword,
    end_others: bool,
) -> Result<Option<(Pair, usize)>, Error> {
    let now = app.now();
    let Ok(current) = Password::parse(current) else { return Ok(None) };
    let asked = ChangePassword {
        user: signed_in(req)?.user,
        claims: caller.claims.as_ref().clone(),
        current,
        new,
        end_others,
        client: trust::client(app, req),
    };
    let (found, pass) = app.try_password(pass, move |at| accounts::change_password(at, asked, now)).await?;
    match found {
        Changed::WrongPassword => {
            accounts::note_stranger(&app.accounts, &pass, now);
            Ok(None)
        }
        Changed::Over => Err(Fault::Revoked.into()),
        Changed::Done { pair, others_ended } => {
            pass.succeeded();
            Ok(Some((pair, others_ended)))
        }
    }
}

/// A password typed twice, or what is wrong with it.
pub(super) fn new_password(
    app: &App,
    page: &Page,
    typed: &str,
    again: &str,
    username: Option<&Username>,
) -> Result<NewPassword, Vec<FieldError>> {
    let rules = app.accounts.rules.password_rules();
    let fault = match NewPassword::parse(typed.to_owned(), username, rules) {
        Ok(_) if typed != again => return Err(vec![page.error("new_password_again", "error-passwords-differ")]),
        Ok(password) => return Ok(password),
        Err(fault) => fault,
    };
    let text = match fault {
        PasswordFault::TooShort(_) if typed.is_empty() => page.t("error-new-password-required"),
        PasswordFault::TooShort(least) => page.tn("error-password-too-short", least),
        PasswordFault::TooLong => page.tn("error-password-too-long", NewPassword::MAX_CHARS),
        PasswordFault::Guessable => page.t("error-password-guessable"),
    };
    Err(vec![FieldError { field: "new_password", text }])
}
