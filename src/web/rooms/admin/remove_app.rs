//! Removing an app. GET names what comes of it; POST does it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::apps::manage::remove;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::error::Error;
use crate::web::http::in_path::registered_app;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "remove_app.html")]
struct RemovePage {
    page: Page,
    id: i64,
    name: String,
    asks: bool,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let found = registered_app(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let view = RemovePage { page, id: found.id.0, name: found.name.to_string(), asks: found.rules.introspects };
    Ok(html(StatusCode::OK, &view))
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    browser: BrowserSession,
    AdminMandate(_, mandate): AdminMandate,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let found = registered_app(&app, &id).await?;
    if !remove(&app.accounts, mandate, found.id).everywhere().await? {
        return Err(Error::NotFound);
    }
    browser_session::set_flash(&browser, &Flash::plain("app-removed"));
    Ok(see_other("/admin/apps"))
}
