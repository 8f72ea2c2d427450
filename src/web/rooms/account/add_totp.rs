//! Adding an authenticator app: GET asks what to call it, POST makes the secret; the next page shows that, and takes the first code.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::factors::enrolment_link::may_enrol;
use crate::accounts::factors::totp::{Enrolled, NewTotp, Started, confirm_totp, start_totp, waiting};
use crate::accounts::sessions::confirm::FreshAccess;
use crate::domain::{FactorCode, FactorId, FactorKind, FactorName};
use crate::guards::NewCookies;
use crate::store::{Conn, users};
use crate::tokens::options::Location;
use crate::web::app::{App, counted};
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::{device_cookie, token_cookies, tries};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{message, see_other, with_retry_after};
use crate::web::http::signed_in::{FactorMandate, signed_in};
use crate::web::pages::ended;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::qr_code;
use crate::web::pages::recovery_codes;

#[derive(Template)]
#[template(path = "add_totp.html")]
struct AddTotpPage {
    page: Page,
    name: String,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "confirm_totp.html")]
struct ConfirmTotpPage {
    page: Page,
    action: String,
    /// The secret in groups of four characters.
    secret: String,
    otpauth: String,
    /// SVG.
    qr_code: String,
    errors: Vec<FieldError>,
}

/// To a program whose person needs a link for that, which they open in a browser.
const LINK_NEEDED: &str = "An enrolment link is needed";

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, _): FactorMandate,
) -> Result<HttpResponse, Error> {
    let (user, accounts, now) = (signed_in(&req)?.user, app.accounts.clone(), app.now());
    let link = browser_session::enrolment_link(&browser);
    let look = move |conn: &mut Conn| match users::find(conn, user)? {
        Some(user) => may_enrol(&accounts, conn, &user, link.as_deref(), now),
        None => Ok(false),
    };
    if !app.read(look).await? {
        return Ok(see_other("/account/factors"));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let name = page.t("factor-name-default");
    Ok(html(StatusCode::OK, &AddTotpPage { page, name, errors: Vec::new() }))
}

/// What the authenticator app is to be called.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct AddTotp {
    name: Option<String>,
}

/// An authenticator app that does not count yet.
#[derive(Serialize, ToSchema)]
#[schema(as = NewTotp)]
pub(in crate::web) struct NewTotpShown {
    id: i64,
    /// In base 32, for typing.
    secret: String,
    /// The same as an address, for a QR code.
    otpauth: String,
}

/// An authenticator app counts.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AddedTotp {
    /// Empty: the user has some already.
    recovery_codes: Vec<String>,
    /// At the level of two factors, in the place of the one that was sent. Not there if that came in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "jwt")]
    access_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AddTotpForm {
    name: String,
}

pub(in crate::web) async fn start(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    input: Result<Input, Error>,
) -> Result<HttpResponse, Error> {
    let page = Page::new(&app, &req, Some(&caller));
    let (typed, is_form) = match input {
        Ok(Input::Form(fields)) => (Input::form::<AddTotpForm>(fields)?.name, true),
        Ok(Input::Json(members)) => {
            let asked: AddTotp = Input::json(members)?;
            (asked.name.unwrap_or_else(|| page.t("factor-name-default")), false)
        }
        // A program that does not care for the name sends no body.
        Err(Error::UnsupportedMediaType(_)) => (page.t("factor-name-default"), false),
        Err(error) => return Err(error),
    };
    let Some(name) = FactorName::parse(&typed) else {
        let error = page.error("name", "error-factor-name");
        if !is_form {
            return Err(Error::BadInput(error.text));
        }
        return Ok(html(StatusCode::BAD_REQUEST, &AddTotpPage { page, name: typed, errors: vec![error] }));
    };
    let refused = |key: &str| {
        if is_form {
            browser_session::set_flash(&browser, &Flash::plain(key));
            return Ok(see_other("/account/factors"));
        }
        Ok(message(&app, StatusCode::CONFLICT, &page.t(key)))
    };
    let link = browser_session::enrolment_link(&browser);
    match start_totp(&app.accounts, mandate, name, link).everywhere().await? {
        // The page says so.
        Started::LinkNeeded if is_form => Ok(see_other("/account/factors")),
        Started::LinkNeeded => Ok(message(&app, StatusCode::FORBIDDEN, LINK_NEEDED)),
        Started::Off => refused("notice-factors-off"),
        Started::TooMany => refused("notice-factors-too-many"),
        Started::Waiting(new) if is_form => Ok(see_other(&format!("/account/factors/totp/{}/confirm", new.id))),
        Started::Waiting(NewTotp { id, secret, otpauth }) => {
            Ok(HttpResponse::Ok().json(NewTotpShown { id: id.0, secret, otpauth }))
        }
    }
}

pub(in crate::web) async fn confirm_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, mandate): FactorMandate,
    id: Path<i64>,
) -> Result<HttpResponse, Error> {
    let found = waiting(&app.accounts, mandate, FactorId(*id)).everywhere().await?;
    let new = found.ok_or(Error::NotFound)?;
    show(Page::new(&app, &req, Some(&caller)), StatusCode::OK, &new, Vec::new())
}

fn show(page: Page, status: StatusCode, new: &NewTotp, errors: Vec<FieldError>) -> Result<HttpResponse, Error> {
    let groups: Vec<_> = new.secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let view = ConfirmTotpPage {
        action: format!("/account/factors/totp/{}/confirm", new.id),
        secret: groups.join(" "),
        qr_code: qr_code::svg(&new.otpauth)?,
        otpauth: new.otpauth.clone(),
        page,
        errors,
    };
    Ok(html(status, &view))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CodeForm {
    code: String,
}

/// The code that an authenticator app shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotpCode)]
pub(in crate::web) struct CodeJson {
    code: String,
}

pub(in crate::web) async fn confirm(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    id: Path<i64>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let id = FactorId(*id);
    let (typed, is_form) = match input {
        Input::Form(fields) => (Input::form::<CodeForm>(fields)?.code, true),
        Input::Json(members) => (Input::json::<CodeJson>(members)?.code, false),
    };
    let again = async |status, key: &str, wait| {
        if !is_form {
            return match wait {
                Some(wait) => Err(Error::Throttled(wait)),
                None => Ok(message(&app, status, "Bad code")),
            };
        }
        let found = waiting(&app.accounts, mandate.clone(), id).everywhere().await?;
        let mut page = Page::new(&app, &req, Some(&caller));
        let error = match wait {
            Some(wait) => page.throttled(wait),
            None => page.error("code", key),
        };
        let res = show(page, status, &found.ok_or(Error::NotFound)?, vec![error])?;
        Ok(match wait {
            Some(wait) => with_retry_after(res, wait),
            None => res,
        })
    };
    let Some(FactorCode::Totp(digits)) = FactorCode::totp(&typed) else {
        let key = if typed.trim().is_empty() { "error-code-required" } else { "error-code-form" };
        let status = if is_form { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED };
        return again(status, key, None).await;
    };
    let begun = match tries::confirm(&app, &req, &caller).await {
        Ok(begun) => begun,
        Err(Error::Throttled(wait)) => return again(StatusCode::TOO_MANY_REQUESTS, "", Some(wait)).await,
        Err(error) => return Err(error),
    };
    let visitor = client_address::visitor(&app, &req);
    let link = browser_session::enrolment_link(&browser);
    let tried = confirm_totp(&app.accounts, mandate.clone(), id, digits, link, visitor).everywhere().await;
    let (enrolled, begun) = counted(begun, tried.map_err(Error::from))?;
    match enrolled {
        Enrolled::WrongCode => again(StatusCode::UNAUTHORIZED, "error-code-wrong", None).await,
        Enrolled::LinkNeeded => {
            begun.succeeded();
            if is_form {
                return Ok(see_other("/account/factors"));
            }
            Ok(message(&app, StatusCode::FORBIDDEN, LINK_NEEDED))
        }
        Enrolled::NotWaiting => {
            begun.succeeded();
            Err(Error::NotFound)
        }
        Enrolled::Done(done) => {
            begun.succeeded();
            browser_session::forget_enrolment_link(&browser);
            let FreshAccess { access, csrf, remembered } = done.fresh;
            let by_header = caller.location != Location::Cookies;
            let text = access.text.clone();
            let new = NewCookies { access: token_cookies::from_token(access, csrf), refresh: None, kept: remembered };
            let mut res = match is_form {
                true => {
                    let page = Page::new(&app, &req, Some(&caller));
                    let others = ended::count_others(&app, &req, &caller).await?;
                    recovery_codes::show(page, done.recovery_codes, Some((FactorKind::Totp, others)))
                }
                // A token of a cookie session stays in its cookie, where scripts can't read it.
                false if by_header => {
                    HttpResponse::Ok().json(AddedTotp { recovery_codes: done.recovery_codes, access_token: Some(text) })
                }
                false => HttpResponse::Ok().json(AddedTotp { recovery_codes: done.recovery_codes, access_token: None }),
            };
            if !by_header {
                token_cookies::set(&app, res.head_mut(), &new, app.now());
                device_cookie::set(&app, &req, &mut res, done.account, None)?;
            }
            Ok(res)
        }
    }
}
