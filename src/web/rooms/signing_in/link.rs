//! A one-time link: an invitation, a new password for a person who forgot theirs, or to set up a second factor again. GET only shows the
//! form, and only POST does something with the link: chat programs fetch links to preview them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::accounts::Accounts;
use crate::accounts::people::use_link::{Used, use_link};
use crate::accounts::proof::one_time_link;
use crate::store::links::Purpose;
use crate::store::users::User;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash, WaitingAttempt};
use crate::web::browser::sign_in_here::sign_in_here;
use crate::web::browser::{device_cookie, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::input::Input;
use crate::web::http::local_path::home;
use crate::web::http::replies::{see_other, with_retry_after};
use crate::web::http::signed_in;
use crate::web::pages::forms::FieldError;
use crate::web::pages::new_password;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    page: Page,
    token: String,
    username: String,
    is_invitation: bool,
    min_length: usize,
    errors: Vec<FieldError>,
}

/// A link to set up a second factor does so only for whoever signs in with the password.
#[derive(Template)]
#[template(path = "enrolment_link.html")]
struct EnrolmentLinkPage {
    page: Page,
    token: String,
    username: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    let (purpose, user) = tries::open_link(&app, &req, &token, one_time_link::find).await?;
    let page = Page::new(&app, &req, None);
    Ok(show(&app, page, StatusCode::OK, token.into_inner(), purpose, &user, Vec::new()))
}

fn show(
    app: &App,
    page: Page,
    status: StatusCode,
    token: String,
    purpose: Purpose,
    user: &User,
    errors: Vec<FieldError>,
) -> HttpResponse {
    if purpose == Purpose::Enrolment {
        let view = EnrolmentLinkPage { token, username: user.username.to_string(), errors, page };
        return without_referrer(html(status, &view));
    }
    let view = LinkPage {
        token,
        username: user.username.to_string(),
        is_invitation: purpose == Purpose::Invitation,
        min_length: app.config().password.min_length,
        errors,
        page,
    };
    without_referrer(html(status, &view))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkForm {
    csrf_token: String,
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
    let form: LinkForm = input.only_form()?;
    let (token, now) = (token.into_inner(), app.now());
    let (purpose, user) = tries::open_link(&app, &req, &token, one_time_link::find).await?;
    let mut page = Page::new(&app, &req, None);
    let again = |page, error| Ok(show(&app, page, StatusCode::BAD_REQUEST, token.clone(), purpose, &user, vec![error]));
    if !browser_session::form_is_ours(&browser, &form.csrf_token, now) {
        let error = page.error("", "error-form-expired");
        return again(page, error);
    }
    if purpose == Purpose::Enrolment {
        return to_enrolment(&req, &browser, &token, &user);
    }
    if let Some(fault) = new_password::check_typed(&app, &page, &form.new_password, &form.new_password_again) {
        return again(page, fault);
    }
    let begun = match tries::choose_by_link(&app, &req, &token) {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => {
            let errors = vec![page.throttled(wait)];
            let res = show(&app, page, StatusCode::TOO_MANY_REQUESTS, token, purpose, &user, errors);
            return Ok(with_retry_after(res, wait));
        }
        Err(error) => return Err(error),
    };
    let named = Some(user.username.clone());
    let (password, begun) = match new_password::judge(&app, &page, begun, form.new_password, named).await? {
        Ok(judged) => judged,
        Err(fault) => return again(page, fault),
    };
    let visitor = client_address::visitor(&app, &req);
    let replaces = token_cookies::session_to_replace(&app, &req, now);
    let (link, devices) = (token.clone(), device_cookie::values(&app, &req));
    let act = move |accounts: &Arc<Accounts>| use_link(accounts, &link, &password, replaces, &devices, visitor);
    let (used, begun) = app.try_password(begun, act).await?;
    match used {
        Used::DeadLink => Err(Error::Gone),
        Used::Done { account, pair, role, sessions_ended } => {
            begun.succeeded();
            let res = sign_in_here(&app, &req, &browser, home(role), account, None, pair)?;
            browser_session::set_flash(&browser, &done(purpose, sessions_ended));
            Ok(without_referrer(res))
        }
        Used::SecondFactorNeeded { attempt, sessions_ended } => {
            begun.succeeded();
            let username = user.username.to_string();
            browser_session::set_attempt(&browser, &WaitingAttempt { sealed: attempt, username, next: String::new() })?;
            browser_session::set_flash(&browser, &done(purpose, sessions_ended));
            Ok(without_referrer(see_other("/login/factor")))
        }
    }
}

/// Where a second factor is set up. The link is used up there, beside the password.
const ENROLMENT: &str = "/account/factors/totp";

/// Keeps the link in this browser, and leads to where it is used, by the sign-in if nobody is signed in.
fn to_enrolment(req: &HttpRequest, browser: &BrowserSession, token: &str, user: &User) -> Result<HttpResponse, Error> {
    let answer = match signed_in::found(req) {
        Some(standing) if standing.user != user.id => {
            browser_session::set_flash(browser, &Flash::plain("flash-link-of-another").about(&standing.username));
            see_other("/logout")
        }
        Some(_) => {
            browser_session::set_enrolment_link(browser, token)?;
            see_other(ENROLMENT)
        }
        None => {
            browser_session::set_enrolment_link(browser, token)?;
            see_other(&format!("/login?next={ENROLMENT}"))
        }
    };
    Ok(without_referrer(answer))
}

fn done(purpose: Purpose, sessions_ended: usize) -> Flash {
    match purpose {
        Purpose::Invitation | Purpose::Setup | Purpose::Enrolment | Purpose::ConfirmAddress => {
            Flash::plain("flash-invited")
        }
        Purpose::NewPassword | Purpose::ForgottenPassword => {
            Flash::counted("flash-new-password", i64::try_from(sessions_ended).unwrap_or(i64::MAX))
        }
    }
}
