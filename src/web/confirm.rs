//! "Confirm it's you": the password once more before something that matters.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::error::{Error, message};
use super::input::Input;
use super::local_path::LocalPath;
use super::page::{FieldError, Page, html, see_other};
use super::signed_in::signed_in;
use super::{App, doors, token_cookies, trust};
use crate::accounts::{self, Confirmed};
use crate::domain::Password;
use crate::guards::cookies::NewCookies;
use crate::guards::{AccessToken, Caller};
use crate::throttle::{Pass, Wait};
use crate::tokens::Fault;
use crate::tokens::options::Location;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    page: Page,
    username: String,
    purpose: String,
    next: String,
    cancel: String,
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

pub(super) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    next: Option<Query<Next>>,
) -> HttpResponse {
    let next = LocalPath::or_account(next.as_ref().map_or("", |query| &query.next));
    show(&app, &req, &caller, StatusCode::OK, &next, &[])
}

fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    next: &LocalPath,
    errors: &[(&'static str, &str)],
) -> HttpResponse {
    let page = Page::of(app, req, Some(caller));
    let errors = errors.iter().map(|(field, key)| page.error(field, key)).collect();
    show_with(page, status, next, errors)
}

fn show_with(page: Page, status: StatusCode, next: &LocalPath, errors: Vec<FieldError>) -> HttpResponse {
    let purpose = match next.as_str().split('?').next().unwrap_or_default() {
        "/change-password" => page.t("purpose-change-password"),
        "/logout" => page.t("purpose-end-sessions"),
        path if path.ends_with("/end") => page.t("purpose-end-sessions"),
        _ => page.t("purpose-continue"),
    };
    let view = ConfirmPage {
        username: page.user.clone().unwrap_or_default(),
        purpose,
        next: next.to_string(),
        cancel: "/account".into(),
        errors,
        page,
    };
    html(status, &view)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfirmForm {
    password: String,
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmJson {
    password: String,
}

pub(super) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    input: Input,
) -> Result<HttpResponse, Error> {
    match input {
        Input::Form(fields) => {
            let form: ConfirmForm = Input::form(fields)?;
            let next = LocalPath::or_account(&form.next);
            if form.password.is_empty() {
                let error = [("password", "error-password-required")];
                return Ok(show(&app, &req, &caller, StatusCode::BAD_REQUEST, &next, &error));
            }
            let pass = match pass(&app, &req, &caller).await? {
                Ok(pass) => pass,
                Err(wait) => {
                    let page = Page::of(&app, &req, Some(&caller));
                    let errors = vec![page.throttled(wait)];
                    let res = show_with(page, StatusCode::TOO_MANY_REQUESTS, &next, errors);
                    return Ok(doors::with_retry_after(res, wait));
                }
            };
            match confirmed(&app, &req, &caller, pass, form.password).await? {
                Some(new) => {
                    let mut res = see_other(next.as_str());
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    Ok(res)
                }
                None => {
                    let error = [("password", "error-password-incorrect")];
                    Ok(show(&app, &req, &caller, StatusCode::UNAUTHORIZED, &next, &error))
                }
            }
        }
        Input::Json(members) => {
            let ConfirmJson { password } = Input::json(members)?;
            let pass = pass(&app, &req, &caller).await??;
            Ok(match confirmed(&app, &req, &caller, pass, password).await? {
                // A cookie session's tokens stay where scripts can't read them, and where they are good.
                Some(new) if caller.location == Location::Cookies => {
                    let mut res = message(&app, StatusCode::OK, "confirmed");
                    token_cookies::set(&app, res.head_mut(), &new, app.now());
                    res
                }
                Some(new) => HttpResponse::Ok().json(json!({ "access_token": new.access.text })),
                None => message(&app, StatusCode::UNAUTHORIZED, "Bad password"),
            })
        }
    }
}

/// May the password be tried once more? By a peer's token, which has no session, as by anybody who signs in.
pub(super) async fn pass(app: &App, req: &HttpRequest, caller: &Caller) -> Result<Result<Pass, Wait>, Error> {
    match caller.claims.sid() {
        Some(sid) => Ok(doors::session(app, req, sid)),
        None => doors::sign_in(app, req, signed_in(req)?.username.as_str()).await,
    }
}

/// The new access token, as cookies. `None`: wrong password.
async fn confirmed(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    pass: Pass,
    password: String,
) -> Result<Option<NewCookies>, Error> {
    let now = app.now();
    let Ok(password) = Password::parse(password) else { return Ok(None) };
    let user = signed_in(req)?.user;
    let claims = caller.claims.as_ref().clone();
    let client = trust::client(app, req);
    let (found, pass) =
        app.try_password(pass, move |at| accounts::confirm(at, user, claims, &password, client, now)).await?;
    match found {
        Confirmed::WrongPassword => {
            accounts::note_stranger(&app.accounts, &pass, now);
            Ok(None)
        }
        Confirmed::Over => Err(Fault::Revoked.into()),
        Confirmed::Fresh { access, csrf, remembered } => {
            pass.succeeded();
            Ok(Some(NewCookies { access: token_cookies::of_token(access), refresh: None, csrf, kept: remembered }))
        }
    }
}
