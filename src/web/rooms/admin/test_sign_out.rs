//! Sending an app a test sign-out, to see whether it can be told.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Path, ThinData};
use serde::Deserialize;

use crate::accounts::apps::sign_outs::send_test;
use crate::domain::AppId;
use crate::store::logout_deliveries::last_test;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::AdminMandate;

/// How often it is looked whether the app has answered, and at most how many times: the page is to show it if the app is quick.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 15;

/// The form has a button and nothing else.
#[derive(Deserialize)]
struct Nothing {}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    browser: BrowserSession,
    AdminMandate(_, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let Nothing {} = input.only_form()?;
    let id = AppId(id.parse().map_err(|_| Error::NotFound)?);
    if !send_test(&app.accounts, mandate, id).everywhere().await? {
        return Err(Error::NotFound);
    }
    for _ in 0..LOOKS {
        actix_web::rt::time::sleep(LOOK_EVERY).await;
        let last = app.read(move |conn| last_test(conn, id)).await?;
        if last.is_none_or(|test| test.outcome.is_some()) {
            break;
        }
    }
    browser_session::set_flash(&browser, &Flash::plain("app-test-sent"));
    Ok(see_other(&format!("/admin/apps/{}#sign-outs", id.0)))
}
