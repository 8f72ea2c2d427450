//! Adding a passkey: GET asks what to call it and what the browser needs to make one; POST takes the browser's answer.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use uuid::{Uuid, uuid};

use crate::accounts::Mandate;
use crate::accounts::factors::passkey::{Outcome, Read, Started, add_passkey, read, start_passkey};
use crate::accounts::proof::passkey::{Asked, Shown};
use crate::accounts::sessions::confirm::FreshAccess;
use crate::domain::{FactorKind, FactorName};
use crate::guards::{Caller, NewCookies};
use crate::tokens::Fault;
use crate::tokens::options::Location;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::browser::{device_cookie, token_cookies};
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::passkeys_here::passkeys_here;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::FactorMandate;
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::{ended, recovery_codes, session_view};

#[derive(Template)]
#[template(path = "add_passkey.html")]
struct AddPasskeyPage {
    page: Page,
    name: String,
    /// `None`: no passkey can be made at this address.
    passkey: Option<Asked>,
    /// Why not.
    elsewhere: Option<String>,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
) -> Result<HttpResponse, Error> {
    let page = Page::new(&app, &req, Some(&caller));
    let name = default_name(&app, &req, &page);
    show(&app, &req, &browser, (&caller, mandate), page, StatusCode::OK, name, None).await
}

/// The browser and the system, unless that is too long for a name.
fn default_name(app: &App, req: &HttpRequest, page: &Page) -> String {
    let name = session_view::browser(page, &client_address::visitor(app, req).user_agent);
    FactorName::parse(&name).map_or_else(|| page.t("factor-kind-passkey"), |name| name.as_str().to_owned())
}

#[allow(clippy::too_many_arguments, reason = "what the page says, and who asks for it")]
async fn show(
    app: &App,
    req: &HttpRequest,
    browser: &BrowserSession,
    (caller, mandate): (&Caller, Mandate),
    page: Page,
    status: StatusCode,
    name: String,
    error: Option<(&'static str, &str)>,
) -> Result<HttpResponse, Error> {
    let errors = error.map(|(field, key)| page.error(field, key)).into_iter().collect();
    let sid = caller.claims.sid().ok_or(Fault::Revoked)?;
    let link = browser_session::enrolment_link(browser);
    let (passkey, elsewhere) = match passkeys_here(app, req) {
        Err(why) => (None, Some(page.passkeys_elsewhere(&why))),
        Ok(here) => match start_passkey(&app.accounts, mandate, here, sid, link).everywhere().await? {
            // The page says so.
            Started::LinkNeeded => return Ok(see_other("/account/factors")),
            Started::Asked(asked) => (Some(asked), None),
            Started::Off => return Ok(back(browser, "notice-factors-off")),
            Started::TooMany => return Ok(back(browser, "notice-passkeys-too-many")),
        },
    };
    Ok(html(status, &AddPasskeyPage { page, name, passkey, elsewhere, errors }))
}

fn back(browser: &BrowserSession, notice: &str) -> HttpResponse {
    browser_session::set_flash(browser, &Flash::plain(notice));
    see_other("/account/factors")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AddPasskeyForm {
    name: String,
    passkey: String,
    passkey_challenge: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    let form: AddPasskeyForm = input.only_form()?;
    let page = Page::new(&app, &req, Some(&caller));
    let standard_name = default_name(&app, &req, &page);
    let typed = form.name.clone();
    let again = async |page, status, error| {
        show(&app, &req, &browser, (&caller, mandate.clone()), page, status, typed, Some(error)).await
    };
    let Some(name) = FactorName::parse(&form.name) else {
        return again(page, StatusCode::BAD_REQUEST, ("name", "error-factor-name")).await;
    };
    let Ok(here) = &app.passkeys else { return Err(Error::NotFound) };
    let sid = caller.claims.sid().ok_or(Fault::Revoked)?;
    let shown = Shown { challenge: form.passkey_challenge, answer: form.passkey };
    let (accounts, passkeys) = (Arc::clone(&app.accounts), Arc::clone(here));
    // It takes the processor's time, not the database's.
    let registered = match app.read(move |_| Ok(read(&accounts, &passkeys, sid, &shown))).await? {
        Read::Good(registered) => *registered,
        Read::Lapsed => return again(page, StatusCode::UNAUTHORIZED, ("", "error-passkey-lapsed")).await,
        Read::Refused(refusal) => {
            let visitor = client_address::visitor(&app, &req);
            tracing::info!(event = "passkey_refused", ip = visitor.ip, reason = %refusal);
            return again(page, StatusCode::BAD_REQUEST, ("", "error-passkey-not-made")).await;
        }
    };
    let name = match model_name(registered.new.model).and_then(FactorName::parse) {
        Some(model) if name.as_str() == standard_name => model,
        _ => name,
    };
    let visitor = client_address::visitor(&app, &req);
    let host = here.host();
    let link = browser_session::enrolment_link(&browser);
    match add_passkey(&app.accounts, mandate.clone(), host, registered, name, link, visitor).everywhere().await? {
        Outcome::LinkNeeded => Ok(see_other("/account/factors")),
        Outcome::Lapsed => again(page, StatusCode::UNAUTHORIZED, ("", "error-passkey-lapsed")).await,
        Outcome::Known => again(page, StatusCode::CONFLICT, ("", "error-passkey-known")).await,
        Outcome::TooMany => Ok(back(&browser, "notice-passkeys-too-many")),
        Outcome::Done(done) => {
            let FreshAccess { access, csrf, remembered } = done.fresh;
            let new = NewCookies { access: token_cookies::from_token(access, csrf), refresh: None, kept: remembered };
            browser_session::forget_enrolment_link(&browser);
            let others = ended::count_others(&app, &req, &caller).await?;
            let mut res = recovery_codes::show(page, done.recovery_codes, Some((FactorKind::Passkey, others)));
            if caller.location == Location::Cookies {
                token_cookies::set(&app, res.head_mut(), &new, app.now());
                device_cookie::set(&app, &req, &mut res, done.account, None)?;
            }
            Ok(res)
        }
    }
}

/// What keeps the passkeys of a model, as people know it. `None`: it does not say, or is not well known.
fn model_name(model: Uuid) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == model).map(|(_, name)| *name)
}

/// The ones that most people have. (The list of passkeydeveloper/passkey-authenticator-aaguids)
const MODELS: [(Uuid, &str); 14] = [
    (uuid!("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"), "Google Password Manager"),
    (uuid!("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"), "Apple Passwords"),
    (uuid!("dd4ec289-e01d-41c9-bb89-70fa845d4bf2"), "Apple Passwords"),
    (uuid!("adce0002-35bc-c60a-648b-0b25f1f05503"), "Chrome on Mac"),
    (uuid!("08987058-cadc-4b81-b6e1-30de50dcbe96"), "Windows Hello"),
    (uuid!("9ddd1817-af5a-4672-a2b9-3e3dd95000a9"), "Windows Hello"),
    (uuid!("6028b017-b1d4-4c02-b4b3-afcdafc96bb2"), "Windows Hello"),
    (uuid!("bada5566-a7aa-401f-bd96-45619a55120d"), "1Password"),
    (uuid!("d548826e-79b4-db40-a3d8-11116f7e8349"), "Bitwarden"),
    (uuid!("531126d6-e717-415c-9320-3d9aa6981239"), "Dashlane"),
    (uuid!("50726f74-6f6e-5061-7373-50726f746f6e"), "Proton Pass"),
    (uuid!("fdb141b2-5d84-443e-8a35-4698c205a502"), "KeePassXC"),
    (uuid!("53414d53-554e-4700-0000-000000000000"), "Samsung Pass"),
    (uuid!("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6"), "Keeper"),
];
