//! Changing one's password: needs a recent proof of identity, and the current password as well.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use crate::accounts::Mandate;
use crate::accounts::people::change_password::{ChangePassword, Changed, change_password};
use crate::accounts::proof::sign_in_limits::note_stranger;
use crate::accounts::sessions::tokens::Pair;
use crate::domain::{NewPassword, Password, PasswordFault};
use crate::guards::{Caller, FreshToken};
use crate::throttle::Try;
use crate::tokens::Fault;
use crate::tokens::options::Location;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::{token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{message, see_other, with_retry_after};
use crate::web::http::signed_in::{FreshMandate, signed_in};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::{ended, new_password};

/// Seconds of freshness that the form needs, so that it does not go stale while it is being filled in: with less left,
/// the proof comes first.
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

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshToken(caller): FreshToken,
) -> Result<HttpResponse, Error> {
    let fresh_for = app.config().session.fresh_for;
    // If the settings give little time at all, half of it has to do.
    if caller.claims.freshness_left(fresh_for, app.now()) < ENOUGH_TO_TYPE.min(fresh_for / 2) {
        return Err(Fault::NotFresh { max_age: fresh_for }.into());
    }
    let page = Page::new(&app, &req, Some(&caller));
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
        min_length: app.config().password.min_length,
        other_sessions: ended::count_others(app, req, caller).await?,
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

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FreshMandate(caller, mandate): FreshMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => by_form(app, req, browser, caller, mandate, Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, caller, mandate, Input::json(members)?).await,
    }
}

async fn by_form(
    app: App,
    req: HttpRequest,
    browser: BrowserSession,
    caller: Caller,
    mandate: Mandate,
    form: ChangeForm,
) -> Result<HttpResponse, Error> {
    let page = Page::new(&app, &req, Some(&caller));
    let end_others = form.end_others == "on";
    let username = signed_in(&req)?.username.clone();
    let mut errors = Vec::new();
    if form.current_password.is_empty() {
        errors.push(page.error("current_password", "error-current-password-required"));
    }
    match new_password::check_typed(&app, &page, &form.new_password, &form.new_password_again) {
        Some(fault) => errors.push(fault),
        None if form.new_password == form.current_password => {
            errors.push(page.error("new_password", "error-password-same"));
        }
        None => {}
    }
    if !errors.is_empty() {
        return show(&app, &req, &caller, page, StatusCode::BAD_REQUEST, end_others, errors).await;
    }
    let begun = match tries::confirm(&app, &req, &caller).await {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let errors = vec![page.throttled(wait)];
            let res = show(&app, &req, &caller, page, StatusCode::TOO_MANY_REQUESTS, end_others, errors).await?;
            return Ok(with_retry_after(res, wait));
        }
        Err(error) => return Err(error),
    };
    let (new, begun) = match new_password::judge(&app, &page, begun, form.new_password, Some(username)).await? {
        Ok(judged) => judged,
        Err(fault) => {
            return show(&app, &req, &caller, page, StatusCode::BAD_REQUEST, end_others, vec![fault]).await;
        }
    };
    match changed(&app, &req, mandate, begun, form.current_password, new, end_others).await? {
        None => {
            let errors = vec![page.error("current_password", "error-password-incorrect")];
            show(&app, &req, &caller, page, StatusCode::UNAUTHORIZED, end_others, errors).await
        }
        Some((pair, ended)) => {
            let flash = match end_others {
                true => Flash::counted("flash-password-changed", i64::try_from(ended).unwrap_or(i64::MAX)),
                false => Flash::plain("flash-password-changed-kept"),
            };
            browser_session::set_flash(&browser, &flash);
            let mut res = see_other("/account");
            token_cookies::set(&app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
            Ok(res)
        }
    }
}

async fn by_json(
    app: App,
    req: HttpRequest,
    caller: Caller,
    mandate: Mandate,
    asked: ChangeJson,
) -> Result<HttpResponse, Error> {
    let username = signed_in(&req)?.username.clone();
    if asked.new_password == asked.current_password {
        return Err(Error::BadInput("The new password is the current one".into()));
    }
    let refused = |fault: PasswordFault| Error::BadInput(fault.to_string());
    app.config().password_rules().check_length(&asked.new_password).map_err(refused)?;
    let begun = tries::confirm(&app, &req, &caller).await?;
    let (judged, begun) = app.judge(begun, asked.new_password, Some(username)).await?;
    let new = judged.map_err(refused)?;
    Ok(match changed(&app, &req, mandate, begun, asked.current_password, new, asked.end_others).await? {
        None => message(&app, StatusCode::UNAUTHORIZED, "Bad password"),
        // A cookie session's tokens stay in cookies, where scripts can't read them; shown another way they would be refused.
        Some((pair, ended)) if caller.location == Location::Cookies => {
            let mut res = HttpResponse::Ok().json(json!({ "msg": "password changed", "sessions_ended": ended }));
            token_cookies::set(&app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
            res
        }
        Some((pair, ended)) => HttpResponse::Ok().json(json!({
            "access_token": pair.access.text,
            "refresh_token": pair.refresh.text,
            "sessions_ended": ended,
        })),
    })
}

/// Changes the password. Returns the new session's tokens and how many other sessions ended. `None`: the current password is wrong.
async fn changed(
    app: &App,
    req: &HttpRequest,
    mandate: Mandate,
    begun: Try,
    current: String,
    new: NewPassword,
    end_others: bool,
) -> Result<Option<(Pair, usize)>, Error> {
    let Ok(current) = Password::parse(current) else { return Ok(None) };
    let asked = ChangePassword { current, new, end_others, visitor: client_address::visitor(app, req) };
    let (outcome, begun) = app.try_password(begun, move |accounts| change_password(accounts, mandate, asked)).await?;
    match outcome {
        Changed::WrongPassword => {
            note_stranger(&app.accounts, &begun);
            Ok(None)
        }
        Changed::Done { pair, others_ended } => {
            begun.succeeded();
            Ok(Some((pair, others_ended)))
        }
    }
}
