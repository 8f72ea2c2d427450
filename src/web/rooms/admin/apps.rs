//! All apps, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use crate::accounts::apps::exactness::exactness;
use crate::domain::{Allowed, App as RegisteredApp, AppOrigin};
use crate::store::app_drills::{self, Drill};
use crate::store::apps;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::page::{Page, html};
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    name: String,
    origins: Vec<String>,
    allowed: String,
    asks: bool,
    observes: bool,
    added: Time,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let (all, drills) = app.read(|conn| Ok((apps::all(conn)?, app_drills::all(conn)?))).await?;
    if audience(&req, &app) == Audience::Program {
        let all: Vec<_> = all
            .iter()
            .map(|one| told(&app, one, drills.iter().find(|(id, _)| *id == one.id).map(|(_, drill)| drill)))
            .collect();
        return Ok(HttpResponse::Ok().json(json!({ "apps": all })));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let rows = all.iter().map(|app| row(&page, app)).collect();
    Ok(html(StatusCode::OK, &AppsPage { page, rows }))
}

fn row(page: &Page, app: &RegisteredApp) -> Row {
    let key = match &app.rules.allowed {
        _ if app.rules.origins.is_empty() => "apps-allowed-nobody-yet",
        Allowed::Listed(entrants) if entrants.is_empty() => "apps-allowed-nobody",
        Allowed::Everyone => "apps-allowed-everyone",
        Allowed::Listed(_) => "apps-allowed-listed",
    };
    Row {
        id: app.id.0,
        name: app.name.to_string(),
        origins: app.rules.origins.iter().map(AppOrigin::to_string).collect(),
        allowed: page.t(key),
        asks: app.rules.introspects,
        observes: app.rules.observes,
        added: page.time(app.created_at),
    }
}

fn told(server: &App, app: &RegisteredApp, drill: Option<&Drill>) -> serde_json::Value {
    let rules = &app.rules;
    json!({
        "id": app.id.0,
        "client_id": app.client_id,
        "name": app.name,
        "added_at": app.created_at,
        "origins": rules.origins,
        "everyone": rules.allowed == Allowed::Everyone,
        "level": rules.level,
        "max_age": rules.max_age,
        "identity": rules.sends_identity,
        "open_paths": rules.open_paths,
        "observe": rules.observes,
        "preflight": rules.passes_preflights,
        "bearer": rules.takes_tokens,
        "introspect": rules.introspects,
        "backchannel_logout_uri": rules.backchannel_logout,
        "exactness": exactness(&server.accounts, app),
        "last_drill": drill.map(|drill| json!({
            "at": drill.at,
            "outcome": drill.outcome.as_str(),
            "lasted_ms": drill.lasted_ms,
            "let_in": drill.let_in,
            "acknowledged": drill.acknowledged,
        })),
    })
}
