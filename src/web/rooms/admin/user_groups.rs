//! The groups that a user is in: a box to tick for each group. A program names all that the user is to be in.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::people::groups::{Changed, set_groups};
use crate::domain::{GroupId, GroupName};
use crate::store::groups::{self, Group, ListedGroup};
use crate::store::user_lists::ListedUser;
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession, Flash};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::input::Input;
use crate::web::http::replies::{WasChanged, see_other};
use crate::web::http::signed_in::{AdminMandate, FreshAdmin};
use crate::web::pages::forms::FieldError;
use crate::web::pages::page::{Page, html};
use crate::web::pages::user_view;

#[derive(Template)]
#[template(path = "user_groups.html")]
struct GroupsPage {
    page: Page,
    id: i64,
    name: String,
    /// The user's page.
    cancel: String,
    /// The groups that the user was in when the form was shown.
    seen: String,
    boxes: Vec<TickBox>,
    errors: Vec<FieldError>,
}

/// The name of its field, whether it is ticked, and the group.
struct TickBox {
    field: String,
    ticked: bool,
    group: String,
}

pub(in crate::web) async fn form(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    FreshAdmin(caller): FreshAdmin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let listed = user_view::find(&app, &id).await?;
    let (all, present) = read(&app, &listed).await?;
    let page = Page::new(&app, &req, Some(&caller));
    let errors: Vec<_> = user_view::deleted(&page, &listed.user).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(show(page, status, &listed, &all, (&present, &present), errors))
}

/// All groups, and those that the user is in.
async fn read(app: &App, listed: &ListedUser) -> Result<(Vec<Group>, BTreeSet<GroupId>), Error> {
    let user = listed.user.id;
    app.read(move |conn| {
        let all = groups::all(conn)?.into_iter().map(|ListedGroup { group, .. }| group).collect();
        Ok((all, groups::of_user(conn, user)?.into_iter().map(|group| group.id).collect()))
    })
    .await
}

/// `ticked`: what the admin chose; `seen`: what is there.
fn show(
    page: Page,
    status: StatusCode,
    listed: &ListedUser,
    all: &[Group],
    (ticked, seen): (&BTreeSet<GroupId>, &BTreeSet<GroupId>),
    errors: Vec<FieldError>,
) -> HttpResponse {
    let (id, name) = (listed.user.id.0, listed.user.username.to_string());
    let boxes = all.iter().map(|group| TickBox {
        field: format!("{BOX}{}", group.id),
        ticked: ticked.contains(&group.id),
        group: group.name.to_string(),
    });
    let seen = seen.iter().map(GroupId::to_string).collect::<Vec<_>>().join(",");
    let (boxes, cancel) = (boxes.collect(), format!("/admin/users/{id}"));
    html(status, &GroupsPage { page, id, name, cancel, seen, boxes, errors })
}

/// What the fields' names begin with.
const BOX: &str = "group-";

/// The names of all groups that the user is to be in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = UserGroups)]
pub(in crate::web) struct GroupsJson {
    groups: Vec<String>,
}

pub(in crate::web) async fn submit(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AdminMandate(caller, mandate): AdminMandate,
    id: Path<String>,
    input: Input,
) -> Result<HttpResponse, Error> {
    let listed = user_view::find(&app, &id).await?;
    let (all, present) = read(&app, &listed).await?;
    let (wanted, seen) = match input {
        Input::Form(fields) => {
            let fields: BTreeMap<String, String> = Input::form(fields)?;
            let numbers = |texts: &mut dyn Iterator<Item = &str>| -> BTreeSet<GroupId> {
                texts.filter_map(|text| text.parse().ok().map(GroupId)).collect()
            };
            let wanted = numbers(&mut fields.keys().filter_map(|name| name.strip_prefix(BOX)));
            let seen = fields.get("seen").map_or("", String::as_str);
            (wanted, numbers(&mut seen.split(',')))
        }
        Input::Json(members) => {
            let GroupsJson { groups } = Input::json(members)?;
            (named(&all, &groups)?, present.clone())
        }
    };
    let page = Page::new(&app, &req, Some(&caller));
    let refused = |page: Page, present: &BTreeSet<GroupId>, error: FieldError| {
        if audience(&req, &app) == Audience::Program {
            return Err(Error::BadInput(error.text));
        }
        Ok(show(page, StatusCode::CONFLICT, &listed, &all, (&wanted, present), vec![error]))
    };
    if let Some(error) = user_view::deleted(&page, &listed.user) {
        return refused(page, &present, error);
    }
    let changed = match set_groups(&app.accounts, mandate, listed.user.id, wanted.clone(), seen).everywhere().await? {
        Changed::Done(changed) => changed,
        Changed::NoSuchUser | Changed::NoSuchGroup => return Err(Error::NotFound),
        Changed::TooMany => {
            let error = page.error("", "error-groups-too-long");
            return refused(page, &present, error);
        }
        Changed::Outdated => {
            let (_, now) = read(&app, &listed).await?;
            let error = page.error("", "error-user-groups-outdated");
            return refused(page, &now, error);
        }
    };
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(WasChanged { changed: changed > 0 }));
    }
    let key = if changed > 0 { "user-groups-done" } else { "flash-user-no-change" };
    browser_session::set_flash(&browser, &Flash::plain(key).about(&listed.user.username));
    Ok(see_other(&format!("/admin/users/{}", listed.user.id)))
}

fn named(all: &[Group], names: &[String]) -> Result<BTreeSet<GroupId>, Error> {
    let find = |text: &String| {
        let name = GroupName::parse(text).ok().map(|name| name.canonical());
        let found = name.and_then(|name| all.iter().find(|group| group.name.is(&name)));
        found.map(|group| group.id).ok_or_else(|| Error::BadInput(format!("There is no group {text}")))
    };
    names.iter().map(find).collect()
}
