//! Removing a group of people. GET names what comes of it; POST does it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::people::groups::{Removed, remove};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::in_path;
use crate::web::http::replies::{WasChanged, see_other};
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "remove_group.html")]
struct RemovePage {
    page: Page,
    id: i64,
    name: String,
    errors: Vec<FieldError>,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (group, apps) = in_path::group(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let errors: Vec<_> = needed_by(&page, &apps).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(html(status, &RemovePage { page, id: group.id.0, name: group.name.to_string(), errors }))
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (group, _) = in_path::group(&app, &id).await?;
    match remove(&app.accounts, mandate, group.id).everywhere().await? {
        Removed::Done if audience(&req, &app) == Audience::Program => {
            Ok(HttpResponse::Ok().json(WasChanged { changed: true }))
        }
        Removed::Done => {
            browser_session::set_flash(&browser, &Flash::plain("group-removed"));
            Ok(see_other("/admin/groups"))
        }
        Removed::NoSuchGroup => Err(Error::NotFound),
        Removed::LetInBy(apps) => {
            let page = Page::new(&app, &req, Some(&caller));
            let errors: Vec<_> = needed_by(&page, &apps).into_iter().collect();
            if audience(&req, &app) == Audience::Program {
                return Err(Error::BadInput(errors.into_iter().map(|error| error.text).collect()));
            }
            let (id, name) = (group.id.0, group.name.to_string());
            Ok(html(StatusCode::CONFLICT, &RemovePage { page, id, name, errors }))
        }
    }
}

/// Why the group stays: these apps let it in. `None`: none does.
fn needed_by(page: &Page, apps: &[String]) -> Option<FieldError> {
    let text = || page.t1("error-group-let-in", "apps", &apps.join(", "));
    (!apps.is_empty()).then(|| FieldError { field: "", text: text() })
}
