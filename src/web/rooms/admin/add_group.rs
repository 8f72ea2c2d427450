//! Adding a group of people.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::people::groups::add;
use crate::domain::GroupName;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};

const FIELD: &str = "name";

#[derive(Template)]
#[template(path = "add_group.html")]
struct AddPage {
    page: Page,
    name: String,
    errors: Vec<FieldError>,
}

/// What a group is to be called.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = AddGroup)]
pub(in crate::web) struct Asked {
    name: String,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
) -> HttpResponse {
    let page = Page::new(&app, &req, Some(&caller));
    html(StatusCode::OK, &AddPage { page, name: String::new(), errors: Vec::new() })
}

/// A group that was added.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct AddedGroup<'a> {
    id: i64,
    name: &'a GroupName,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    input: Input,
) -> Result<HttpResponse, Error> {
    let Asked { name } = match input {
        Input::Form(fields) => Input::form(fields)?,
        Input::Json(members) => Input::json(Input::only(members, &[FIELD])?)?,
    };
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, status, key, name: &str| {
        let error = page.error(FIELD, key);
        if audience(&req, &app) == Audience::Program {
            return Err(Error::BadInput(error.text));
        }
        Ok(html(status, &AddPage { page, name: name.to_owned(), errors: vec![error] }))
    };
    let Ok(parsed) = GroupName::parse(&name) else {
        return refused(page, StatusCode::BAD_REQUEST, "error-group-name", &name);
    };
    let Some(id) = add(&app.accounts, mandate, parsed.clone()).everywhere().await? else {
        return refused(page, StatusCode::CONFLICT, "error-group-name-taken", &name);
    };
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Created().json(AddedGroup { id: id.0, name: &parsed }));
    }
    browser_session::set_flash(&browser, &Flash::plain("group-added"));
    Ok(see_other(&format!("/admin/groups/{id}")))
}
