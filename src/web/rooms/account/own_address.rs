//! Changing one's own email address: asking for a link to the new one, and using it. Only where Portero sends mail.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::people::own_address::{Asked, Confirmed, ask, confirm, find};
use crate::domain::{DetailFault, Mail};
use crate::guards::Caller;
use crate::store::users;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::tries;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::headers::without_referrer;
use crate::web::http::input::Input;
use crate::web::http::replies::{message, see_other};
use crate::web::http::signed_in::{FactorMandate, OwnMandate, signed_in};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "own_address.html")]
struct OwnAddressPage {
    page: Page,
    mail: String,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "confirm_address.html")]
struct ConfirmAddressPage {
    page: Page,
    action: String,
    intro: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, _): FactorMandate,
) -> Result<HttpResponse, Error> {
    has_mail(&app)?;
    let id = signed_in(&req)?.user;
    let user = app.read(move |conn| users::find(conn, id)).await?.ok_or(Error::NotFound)?;
    let mail = user.mail.map(|mail| mail.as_str().to_owned()).unwrap_or_default();
    let page = Page::new(&app, &req, Some(&caller));
    Ok(html(StatusCode::OK, &OwnAddressPage { mail, errors: Vec::new(), page }))
}

/// Without a mail server, no link could be sent.
fn has_mail(app: &App) -> Result<(), Error> {
    app.config().mail.as_ref().map(|_| ()).ok_or(Error::NotFound)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AddressForm {
    mail: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct AddressJson {
    mail: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    has_mail(&app)?;
    let (typed, is_form) = match input {
        Input::Form(fields) => (Input::form::<AddressForm>(fields)?.mail, true),
        Input::Json(members) => (Input::json::<AddressJson>(members)?.mail, false),
    };
    let again = |status: StatusCode, key: &str| {
        let page = Page::new(&app, &req, Some(&caller));
        let error = page.error("mail", key);
        if is_form {
            html(status, &OwnAddressPage { mail: typed.clone(), errors: vec![error], page })
        } else {
            message(&app, status, &error.text)
        }
    };
    let mail = match Mail::parse(&typed) {
        Ok(Some(mail)) => mail,
        Ok(None) | Err(DetailFault::Form) => return Ok(again(StatusCode::BAD_REQUEST, "error-mail-form")),
        Err(DetailFault::Length) => return Ok(again(StatusCode::BAD_REQUEST, "error-mail-length")),
    };
    match ask(&app.accounts, mandate, mail).everywhere().await? {
        Asked::TooOften => Ok(again(StatusCode::TOO_MANY_REQUESTS, "error-own-address-too-often")),
        Asked::Sent if is_form => {
            browser_session::set_flash(&browser, &Flash::plain("flash-own-address-sent"));
            Ok(see_other("/account"))
        }
        Asked::NoChange if is_form => {
            browser_session::set_flash(&browser, &Flash::plain("flash-own-address-same"));
            Ok(see_other("/account"))
        }
        Asked::Sent => Ok(message(&app, StatusCode::ACCEPTED, "A link was sent to the address")),
        Asked::NoChange => Ok(message(&app, StatusCode::OK, "This is your address already")),
    }
}

pub(in crate::web) async fn confirm_form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    OwnMandate(caller, _): OwnMandate,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    show_confirmation(&app, &req, &caller, StatusCode::OK, &token, &[]).await
}

async fn show_confirmation(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    token: &str,
    errors: &[&str],
) -> Result<HttpResponse, Error> {
    let user = signed_in(req)?.user;
    let mail = tries::open_link(app, req, token, move |conn, token, now| find(conn, user, token, now)).await?;
    let page = Page::new(app, req, Some(caller));
    let view = ConfirmAddressPage {
        action: format!("/account/mail/{token}"),
        intro: page.t1("confirm-address-intro", "address", mail.as_str()),
        errors: errors.iter().map(|key| page.error("", key)).collect(),
        page,
    };
    Ok(without_referrer(html(status, &view)))
}

pub(in crate::web) async fn confirm_submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    OwnMandate(caller, mandate): OwnMandate,
    token: Path<String>,
) -> Result<HttpResponse, Error> {
    let is_form = audience(&req, &app) != Audience::Program;
    // A dead link is a guess, as on its page.
    let user = signed_in(&req)?.user;
    tries::open_link(&app, &req, &token, move |conn, token, now| find(conn, user, token, now)).await?;
    match confirm(&app.accounts, mandate, token.to_string()).everywhere().await? {
        Confirmed::DeadLink => Err(Error::Gone),
        Confirmed::MailTaken if is_form => {
            show_confirmation(&app, &req, &caller, StatusCode::CONFLICT, &token, &["error-own-address-taken"]).await
        }
        Confirmed::MailTaken => Ok(message(&app, StatusCode::CONFLICT, "Somebody else has this address")),
        Confirmed::Done if is_form => {
            browser_session::set_flash(&browser, &Flash::plain("flash-own-address-changed"));
            Ok(see_other("/account"))
        }
        Confirmed::Done => Ok(message(&app, StatusCode::OK, "Address changed")),
    }
}
