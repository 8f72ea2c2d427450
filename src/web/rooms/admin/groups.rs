//! All groups of people, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{GroupName, UnixTime};
use crate::store::groups::{self, ListedGroup};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "groups.html")]
struct GroupsPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    name: String,
    people: i64,
    added: Time,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let all = app.read(groups::all).await?;
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(Groups { groups: all.iter().map(shown).collect() }));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let row = |listed: &ListedGroup| Row {
        id: listed.group.id.0,
        name: listed.group.name.to_string(),
        people: listed.members,
        added: page.time(listed.group.created_at),
    };
    let rows = all.iter().map(row).collect();
    Ok(html(StatusCode::OK, &GroupsPage { page, rows }))
}

/// All groups of people.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Groups<'a> {
    groups: Vec<GroupShown<'a>>,
}

/// A group of people.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
struct GroupShown<'a> {
    id: i64,
    name: &'a GroupName,
    /// How many are in it.
    people: i64,
    added_at: UnixTime,
}

fn shown(listed: &ListedGroup) -> GroupShown<'_> {
    let group = &listed.group;
    GroupShown { id: group.id.0, name: &group.name, people: listed.members, added_at: group.created_at }
}
