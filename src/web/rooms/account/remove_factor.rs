//! Removing a second factor of one's own. GET names it; POST, or a program's DELETE, removes it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::Mandate;
use crate::accounts::factors::remove::{Removed, remove_factor};
use crate::domain::{FactorId, FactorKind};
use crate::guards::Caller;
use crate::store::factors;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::replies::{message, see_other};
use crate::web::http::signed_in::{FactorMandate, signed_in};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "remove_factor.html")]
struct RemoveFactorPage {
    page: Page,
    action: String,
    name: String,
    is_passkey: bool,
    /// Whether it is the last one, with which the recovery codes go.
    is_last: bool,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, _): FactorMandate,
    id: Path<i64>,
) -> Result<HttpResponse, Error> {
    show(&app, &req, &caller, StatusCode::OK, FactorId(*id), &[]).await
}

async fn show(
    app: &App,
    req: &HttpRequest,
    caller: &Caller,
    status: StatusCode,
    id: FactorId,
    errors: &[&str],
) -> Result<HttpResponse, Error> {
    let user = signed_in(req)?.user;
    let all = app.read(move |conn| factors::of_user(conn, user)).await?;
    let count = all.iter().filter(|factor| factor.active_since.is_some()).count();
    let factor = all.into_iter().find(|factor| factor.id == id).ok_or(Error::NotFound)?;
    let page = Page::new(app, req, Some(caller));
    let view = RemoveFactorPage {
        action: format!("/account/factors/{id}/remove"),
        is_last: factor.active_since.is_some() && count == 1,
        is_passkey: factor.kind == FactorKind::Passkey,
        name: factor.name,
        errors: errors.iter().map(|key| page.error("", key)).collect(),
        page,
    };
    Ok(html(status, &view))
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    id: Path<i64>,
) -> Result<HttpResponse, Error> {
    match remove(&app, mandate, FactorId(*id)).await? {
        Removed::NoSuchFactor => Err(Error::NotFound),
        Removed::Needed => {
            show(&app, &req, &caller, StatusCode::CONFLICT, FactorId(*id), &["error-factor-needed"]).await
        }
        Removed::Done => {
            browser_session::set_flash(&browser, &Flash::plain("flash-factor-removed"));
            Ok(see_other("/account/factors"))
        }
    }
}

pub(in crate::web) async fn by_program(
    ThinData(app): ThinData<App>,
    FactorMandate(_, mandate): FactorMandate,
    id: Path<i64>,
) -> Result<HttpResponse, Error> {
    match remove(&app, mandate, FactorId(*id)).await? {
        Removed::NoSuchFactor => Err(Error::NotFound),
        Removed::Needed => Ok(message(&app, StatusCode::CONFLICT, "The last second factor can't be removed here")),
        Removed::Done => Ok(message(&app, StatusCode::OK, "Second factor removed")),
    }
}

async fn remove(app: &App, mandate: Mandate, id: FactorId) -> Result<Removed, Error> {
    Ok(remove_factor(&app.accounts, mandate, id).everywhere().await?)
}
