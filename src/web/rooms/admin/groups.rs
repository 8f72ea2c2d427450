//! All groups of people, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

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
        let all: Vec<_> = all.iter().map(told).collect();
        return Ok(HttpResponse::Ok().json(json!({ "groups": all })));
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

fn told(listed: &ListedGroup) -> serde_json::Value {
    let group = &listed.group;
    json!({ "id": group.id.0, "name": group.name, "people": listed.members, "added_at": group.created_at })
}
