//! New recovery codes in the place of the old ones. GET asks, POST shows them, this once.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::factors::recovery::new_recovery_codes;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::FactorMandate;
use crate::web::pages::page::{Page, html};
use crate::web::pages::recovery_codes;

#[derive(Template)]
#[template(path = "new_recovery_codes.html")]
struct NewRecoveryCodesPage {
    page: Page,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, _): FactorMandate,
) -> HttpResponse {
    html(StatusCode::OK, &NewRecoveryCodesPage { page: Page::new(&app, &req, Some(&caller)) })
}

/// Ten new codes, each good once.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NewRecoveryCodes {
    recovery_codes: Vec<String>,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FactorMandate(caller, mandate): FactorMandate,
) -> Result<HttpResponse, Error> {
    let made = new_recovery_codes(&app.accounts, mandate).everywhere().await?;
    let codes = made.ok_or(Error::NotFound)?;
    Ok(match audience(&req, &app) {
        Audience::Program => HttpResponse::Ok().json(NewRecoveryCodes { recovery_codes: codes }),
        Audience::Browser => recovery_codes::show(Page::new(&app, &req, Some(&caller)), codes, None),
    })
}
