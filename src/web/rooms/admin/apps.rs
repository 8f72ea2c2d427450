//! All apps, by name, for an admin.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::apps::exactness::{Exactness, exactness};
use crate::domain::{
    Allowed, App as RegisteredApp, AppName, AppOrigin, DrillOutcome, Level, LogoutUri, OpenPath, UnixTime,
};
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
        let drill = |app: &RegisteredApp| drills.iter().find(|(id, _)| *id == app.id).map(|(_, drill)| drill);
        let all = all.iter().map(|one| shown(&app, one, drill(one))).collect();
        return Ok(HttpResponse::Ok().json(Apps { apps: all }));
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

/// All apps.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Apps<'a> {
    apps: Vec<AppShown<'a>>,
}

/// An app, and how it is set up.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
struct AppShown<'a> {
    id: i64,
    client_id: &'a str,
    name: &'a AppName,
    added_at: UnixTime,
    /// Where people reach it, if it stands behind the gate.
    origins: &'a [AppOrigin],
    /// Whether everybody may enter. If not, those may who are listed.
    everyone: bool,
    /// What people must have proved.
    level: Level,
    /// In the last so many seconds. Null: at any time in their session.
    max_age: Option<i64>,
    /// Whether it is told who is there.
    identity: bool,
    open_paths: &'a [OpenPath],
    /// Whether everybody is let through, and only noted who would not be.
    observe: bool,
    /// Whether preflights pass.
    preflight: bool,
    /// Whether programs may show an access token of a session of theirs.
    bearer: bool,
    /// Whether it may ask about tokens of Portero's own sessions, and revoke them.
    introspect: bool,
    backchannel_logout_uri: Option<&'a LogoutUri>,
    /// Null: nobody gets in anywhere.
    exactness: Option<Exactness>,
    last_drill: Option<DrillShown>,
}

/// What came of the last drill.
#[derive(Serialize, ToSchema)]
#[schema(as = Drill)]
struct DrillShown {
    at: UnixTime,
    outcome: DrillOutcome,
    /// For how many milliseconds after the end the app let the session in.
    lasted_ms: i64,
    /// How often it let it in after the end.
    let_in: i64,
    /// Whether the app said that it has taken note of the sign-out.
    acknowledged: bool,
}

fn shown<'a>(server: &App, app: &'a RegisteredApp, drill: Option<&Drill>) -> AppShown<'a> {
    let rules = &app.rules;
    AppShown {
        id: app.id.0,
        client_id: &app.client_id,
        name: &app.name,
        added_at: app.created_at,
        origins: &rules.origins,
        everyone: rules.allowed == Allowed::Everyone,
        level: rules.level,
        max_age: rules.max_age,
        identity: rules.sends_identity,
        open_paths: &rules.open_paths,
        observe: rules.observes,
        preflight: rules.passes_preflights,
        bearer: rules.takes_tokens,
        introspect: rules.introspects,
        backchannel_logout_uri: rules.backchannel_logout.as_ref(),
        exactness: exactness(&server.accounts, app),
        last_drill: drill.map(|drill| DrillShown {
            at: drill.at,
            outcome: drill.outcome,
            lasted_ms: drill.lasted_ms,
            let_in: drill.let_in,
            acknowledged: drill.acknowledged,
        }),
    }
}
