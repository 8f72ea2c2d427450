//! Renaming a user. GET asks for the new name, the first POST shows what comes of it, and the second does it: nobody is renamed by a
//! slip. A program names the new name once.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::people::rename::{Renamed, rename};
use crate::domain::{UserId, Username};
use crate::store::names;
use crate::store::user_lists::ListedUser;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{UserChanged, see_other};
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::{FieldError, username_fault};
use crate::web::pages::page::{Count, Page, html};
use crate::web::pages::{name_taken, user_view};

const FIELD: &str = "new_name";

#[derive(Template)]
#[template(path = "rename_user.html")]
struct RenamePage {
    page: Page,
    id: UserId,
    name: String,
    title: String,
    intro: String,
    new_name: String,
    /// Whether the new name is a good one, and what is left is to confirm it.
    asks_to_confirm: bool,
    open_sessions: i64,
    path: String,
    cancel: String,
    errors: Vec<FieldError>,
}

impl RenamePage {
    fn new(page: Page, listed: &ListedUser, new_name: String) -> Self {
        let cancel = format!("/admin/users/{}", listed.user.id);
        let name = listed.user.username.as_str();
        Self {
            title: page.t1("user-rename-title", "user", name),
            intro: page.t1("user-rename-intro", "user", name),
            page,
            id: listed.user.id,
            name: name.to_owned(),
            new_name,
            asks_to_confirm: false,
            open_sessions: listed.open_sessions,
            path: format!("{cancel}/rename"),
            cancel,
            errors: Vec::new(),
        }
    }

    /// The page that asks whether the new name is meant.
    fn confirming(self, listed: &ListedUser) -> Self {
        let (user, new) = (("user", listed.user.username.as_str()), ("new", self.new_name.as_str()));
        Self {
            title: self.page.t2("user-rename-confirm", user, new),
            intro: self.page.t2("user-rename-confirm-intro", user, new),
            asks_to_confirm: true,
            ..self
        }
    }

    fn refused(self, status: StatusCode, error: FieldError) -> HttpResponse {
        html(status, &Self { errors: vec![error], ..self })
    }
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let deleted = user_view::deleted(&page, &listed.user);
    let view = RenamePage::new(page, &listed, String::new());
    Ok(match deleted {
        Some(error) => view.refused(StatusCode::CONFLICT, error),
        None => html(StatusCode::OK, &view),
    })
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = RenameUser)]
pub(in crate::web) struct Asked {
    new_name: String,
    /// The new name as the page that asks for a confirmation showed it.
    confirmed: String,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let (asked, needs_confirmation): (Asked, bool) = match input {
        Input::Form(fields) => (Input::form(fields)?, true),
        Input::Json(members) => (Input::json(Input::only(members, &[FIELD])?)?, false),
    };
    let listed = user_view::find(&app, &id).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, status, error: FieldError| {
        if audience(&req, &app) == Audience::Program {
            return Err(Error::BadInput(error.text));
        }
        Ok(RenamePage::new(page, &listed, asked.new_name.clone()).refused(status, error))
    };
    if let Some(error) = user_view::deleted(&page, &listed.user) {
        return refused(page, StatusCode::CONFLICT, error);
    }
    let to = match Username::parse(&asked.new_name) {
        Ok(to) => to,
        Err(fault) => {
            let error = page.error(FIELD, username_fault(fault, &asked.new_name));
            return refused(page, StatusCode::BAD_REQUEST, error);
        }
    };
    let user = listed.user.id;
    if needs_confirmation && asked.confirmed != to.as_str() {
        let wanted = to.clone();
        if let Some(taken) = app.read(move |conn| names::taken(conn, &wanted, Some(user))).await? {
            let error = name_taken::error(&page, FIELD, &taken);
            return refused(page, StatusCode::CONFLICT, error);
        }
        return Ok(html(StatusCode::OK, &RenamePage::new(page, &listed, to.to_string()).confirming(&listed)));
    }
    let (changed, sessions_ended, receipt) = match rename(&app.accounts, mandate, user, to.clone()).everywhere().await?
    {
        Renamed::Done { sessions_ended, receipt } => (true, sessions_ended, receipt),
        Renamed::NoChange => (false, 0, None),
        Renamed::NoSuchUser => return Err(Error::NotFound),
        Renamed::Taken(taken) => {
            let error = name_taken::error(&page, FIELD, &taken);
            return refused(page, StatusCode::CONFLICT, error);
        }
    };
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(UserChanged { changed, sessions_ended }));
    }
    let flash = match changed {
        true => Flash::counted("user-rename-done", sessions_ended.count()).with_receipt(receipt),
        false => Flash::plain("flash-user-no-change"),
    };
    browser_session::set_flash(&browser, &flash.about(&to));
    Ok(see_other(&format!("/admin/users/{user}")))
}
