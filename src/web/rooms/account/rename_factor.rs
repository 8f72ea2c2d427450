//! Calling a second factor of one's own by another name.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::factors::rename::rename_factor;
use crate::domain::{FactorId, FactorName};
use crate::store::factors;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{message, see_other};
use crate::web::http::signed_in::{FactorMandate, signed_in};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "rename_factor.html")]
struct RenameFactorPage {
    page: Page,
    action: String,
    name: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, _): FactorMandate,
    id: Path<i64>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (FactorId(*id), signed_in(&req)?.user);
    let found = app.read(move |conn| factors::find(conn, user, id)).await?;
    let factor = found.filter(|factor| factor.active_since.is_some()).ok_or(Error::NotFound)?;
    let page = Page::new(&app, &req, Some(&caller));
    let view = RenameFactorPage { action: action(id), name: factor.name, errors: Vec::new(), page };
    Ok(html(StatusCode::OK, &view))
}

fn action(id: FactorId) -> String {
    format!("/account/factors/{id}/rename")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RenameForm {
    name: String,
}

/// What a second factor is called from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FactorName)]
pub(in crate::web) struct RenameJson {
    name: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    FactorMandate(caller, mandate): FactorMandate,
    id: Path<i64>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let id = FactorId(*id);
    let (typed, is_form) = match input {
        Input::Form(fields) => (Input::form::<RenameForm>(fields)?.name, true),
        Input::Json(members) => (Input::json::<RenameJson>(members)?.name, false),
    };
    let Some(name) = FactorName::parse(&typed) else {
        let page = Page::new(&app, &req, Some(&caller));
        let error = page.error("name", "error-factor-name");
        if !is_form {
            return Err(Error::BadInput(error.text));
        }
        let errors = vec![error];
        return Ok(html(StatusCode::BAD_REQUEST, &RenameFactorPage { action: action(id), name: typed, errors, page }));
    };
    if !rename_factor(&app.accounts, mandate, id, name).everywhere().await? {
        return Err(Error::NotFound);
    }
    if !is_form {
        return Ok(message(&app, StatusCode::OK, "Second factor renamed"));
    }
    browser_session::set_flash(&browser, &Flash::plain("flash-factor-renamed"));
    Ok(see_other("/account/factors"))
}
