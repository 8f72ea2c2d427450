//! Changing one's password: needs a recent proof of identity and the current password, but asks nobody twice for it. Who has just given
//! it finds no field; a form that has become too old and holds it is itself the proof.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::Mandate;
use crate::accounts::people::change_password::{ChangePassword, Changed, change_password};
use crate::accounts::proof::sign_in_limits::note_wrong;
use crate::accounts::proof::still_asked::{StillAsked, VOUCHES_FOR, still_asked};
use crate::domain::{NewPassword, Password, PasswordFault};
use crate::guards::{Caller, FreshToken};
use crate::throttle::Try;
use crate::tokens::Fault;
use crate::tokens::options::Location;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::{device_cookie, token_cookies, tries};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{Tokens, message, see_other, with_retry_after};
use crate::web::http::signed_in::{OwnMandate, fresh_mandate, recent_mandate, require_account_level, signed_in};
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
    asks_current: bool,
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
    require_account_level(&app, &req, &caller)?;
    let fresh_for = app.config().session.fresh_for;
    // If the settings give little time at all, half of it has to do.
    if caller.claims.freshness_left(fresh_for, app.now()) < ENOUGH_TO_TYPE.min(fresh_for / 2) {
        return Err(Fault::NotFresh { max_age: fresh_for }.into());
    }
    let asked = asked_of(&app, &req, &caller).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let shown = Shown { asked, end_others: true, errors: Vec::new() };
    show(&app, &req, &caller, page, StatusCode::OK, shown).await
}

/// What the form still asks of the caller besides the new password.
async fn asked_of(app: &App, req: &HttpRequest, caller: &Caller) -> Result<StillAsked, Error> {
    let (claims, visitor, now) = (Arc::clone(&caller.claims), client_address::visitor(app, req), app.now());
    app.read(move |conn| still_asked(conn, &claims, &visitor, now)).await
}

/// What differs from one time to the next that the form is shown.
struct Shown {
    asked: StillAsked,
    end_others: bool,
    errors: Vec<FieldError>,
}

async fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    page: Page,
    status: StatusCode,
    shown: Shown,
) -> Result<HttpResponse, Error> {
    let Shown { asked, end_others, errors } = shown;
    let view = ChangePasswordPage {
        page,
        username: signed_in(req)?.username.to_string(),
        // Also if it was wrong on a form that need not have had it.
        asks_current: asked == StillAsked::Password || errors.iter().any(|error| error.field == "current_password"),
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
    /// `None`: the form had no field for it.
    current_password: Option<String>,
    new_password: String,
    new_password_again: String,
    end_others: String,
}

/// The tokens of a new session, in the place of all others or of the caller's own.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PasswordChangedTokens<'a> {
    #[serde(flatten)]
    tokens: Tokens<'a>,
    sessions_ended: usize,
}

/// The same for a script on a page: its tokens are in its cookies.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PasswordChanged {
    msg: &'static str,
    sessions_ended: usize,
}

/// The password, and what is to be in its place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword)]
pub(in crate::web) struct ChangeJson {
    current_password: String,
    new_password: String,
    /// Whether all other sessions end. Left out: they do.
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
    OwnMandate(caller, mandate): OwnMandate,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    require_account_level(&app, &req, &caller)?;
    // A person's form proves by what it holds. A program has to bring a fresh token, and so does whoever shows a token of a peer.
    let is_persons = audience(&req, &app) == Audience::Browser && caller.claims.session.is_some();
    let (mandate, asked) = if is_persons {
        (mandate, asked_of(&app, &req, &caller).await?)
    } else {
        (fresh_mandate(&app, &req, &caller)?, StillAsked::Password)
    };
    match input? {
        Input::Form(fields) => by_form(app, req, browser, caller, (mandate, asked), Input::form(fields)?).await,
        Input::Json(members) => by_json(app, req, caller, mandate, Input::json(members)?).await,
    }
}

async fn by_form(
    app: App,
    req: HttpRequest,
    browser: BrowserSession,
    caller: Caller,
    (mandate, asked): (Mandate, StillAsked),
    form: ChangeForm,
) -> Result<HttpResponse, Error> {
    let mut page = Page::new(&app, &req, Some(&caller));
    let end_others = form.end_others == "on";
    let again = |asked, errors| Shown { asked, end_others, errors };
    let had_field = form.current_password.is_some();
    let current = form.current_password.filter(|typed| !typed.is_empty());
    let mut errors = Vec::new();
    if current.is_none() && asked == StillAsked::Password {
        errors.push(current_missing(&page, had_field));
    }
    match new_password::check_typed(&app, &page, &form.new_password, &form.new_password_again) {
        Some(fault) => errors.push(fault),
        None if current.as_ref() == Some(&form.new_password) => errors.push(same_password(&page)),
        None => {}
    }
    if !errors.is_empty() {
        return show(&app, &req, &caller, page, StatusCode::BAD_REQUEST, again(asked, errors)).await;
    }
    let begun = match tries::confirm(&app, &req, &caller).await {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let shown = again(asked, vec![page.throttled(wait)]);
            let res = show(&app, &req, &caller, page, StatusCode::TOO_MANY_REQUESTS, shown).await?;
            return Ok(with_retry_after(res, wait));
        }
        Err(error) => return Err(error),
    };
    let username = signed_in(&req)?.username.clone();
    let (new, begun) = match new_password::judge(&app, &page, begun, form.new_password, Some(username)).await? {
        Ok(judged) => judged,
        Err(fault) => {
            return show(&app, &req, &caller, page, StatusCode::BAD_REQUEST, again(asked, vec![fault])).await;
        }
    };
    let is_given = current.is_some();
    // Without the password, its place is taken by a proof that is recent at the moment of the change as well.
    let mandate = if is_given { Ok(mandate) } else { recent_mandate(&app, &req, &caller, VOUCHES_FOR) };
    let outcome = match mandate {
        Ok(mandate) => changed(&app, &req, mandate, begun, current, new, end_others).await,
        Err(error) => Err(error),
    };
    let (status, error) = match outcome {
        Ok(Changed::Done { account, pair, others_ended }) => {
            let flash = match end_others {
                true => Flash::counted("flash-password-changed", i64::try_from(others_ended).unwrap_or(i64::MAX)),
                false => Flash::plain("flash-password-changed-kept"),
            };
            browser_session::set_flash(&browser, &flash);
            let mut res = see_other("/account");
            token_cookies::set(&app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
            device_cookie::set(&app, &req, &mut res, account, None)?;
            return Ok(res);
        }
        Ok(Changed::WrongPassword) => {
            (StatusCode::UNAUTHORIZED, page.error("current_password", "error-password-incorrect"))
        }
        Ok(Changed::SamePassword) => (StatusCode::BAD_REQUEST, same_password(&page)),
        // It was recent when the form came.
        Err(Error::Fault(Fault::NotFresh { .. })) if !is_given => {
            (StatusCode::BAD_REQUEST, current_missing(&page, had_field))
        }
        Err(error) => return Err(error),
    };
    show(&app, &req, &caller, page, status, again(asked, vec![error])).await
}

/// `had_field`: whether the form had a field for the current password.
fn current_missing(page: &Page, had_field: bool) -> FieldError {
    let key = if had_field { "error-current-password-required" } else { "error-current-password-too" };
    page.error("current_password", key)
}

fn same_password(page: &Page) -> FieldError {
    page.error("new_password", "error-password-same")
}

async fn by_json(
    app: App,
    req: HttpRequest,
    caller: Caller,
    mandate: Mandate,
    asked: ChangeJson,
) -> Result<HttpResponse, Error> {
    let username = signed_in(&req)?.username.clone();
    let same = || Error::BadInput("The new password is the current one".into());
    if asked.new_password == asked.current_password {
        return Err(same());
    }
    let refused = |fault: PasswordFault| Error::BadInput(fault.to_string());
    app.config().password_rules().check_length(&asked.new_password).map_err(refused)?;
    let begun = tries::confirm(&app, &req, &caller).await?;
    let (judged, begun) = app.judge(begun, asked.new_password, Some(username)).await?;
    let new = judged.map_err(refused)?;
    let outcome = changed(&app, &req, mandate, begun, Some(asked.current_password), new, asked.end_others).await?;
    Ok(match outcome {
        Changed::WrongPassword => message(&app, StatusCode::UNAUTHORIZED, "Bad password"),
        Changed::SamePassword => return Err(same()),
        // A cookie session's tokens stay in cookies, where scripts can't read them; shown another way they would be refused.
        Changed::Done { account, pair, others_ended } if caller.location == Location::Cookies => {
            let mut res =
                HttpResponse::Ok().json(PasswordChanged { msg: "password changed", sessions_ended: others_ended });
            token_cookies::set(&app, res.head_mut(), &token_cookies::from_pair(pair), app.now());
            device_cookie::set(&app, &req, &mut res, account, None)?;
            res
        }
        Changed::Done { pair, others_ended, .. } => {
            HttpResponse::Ok().json(PasswordChangedTokens { tokens: Tokens::of(&pair), sessions_ended: others_ended })
        }
    })
}

/// Changes the password, and tells the throttle how the try ended. `current`: `None` if it was given a moment ago.
async fn changed(
    app: &App,
    req: &HttpRequest,
    mandate: Mandate,
    begun: Try,
    current: Option<String>,
    new: NewPassword,
    end_others: bool,
) -> Result<Changed, Error> {
    let Ok(current) = current.map(Password::parse).transpose() else { return Ok(Changed::WrongPassword) };
    let asked = ChangePassword { current, new, end_others, visitor: client_address::visitor(app, req) };
    let (outcome, begun) = app.try_password(begun, move |accounts| change_password(accounts, mandate, asked)).await?;
    match outcome {
        Changed::WrongPassword => note_wrong(&app.accounts, &begun),
        // Counts as a wrong try, because it cost a hash.
        Changed::SamePassword => {}
        Changed::Done { .. } => begun.succeeded(),
    }
    Ok(outcome)
}
