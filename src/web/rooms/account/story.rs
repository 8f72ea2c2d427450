//! A session's story: sign-in, renewals, confirmations, end; as a picture and, with the same facts, as a table.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::json;
use crate::domain::{AppId, Reason, SessionId, StepKind, UnixTime, Username};
use crate::guards::{AccessToken, Caller};
use crate::store::audit::event::What;
use crate::store::audit::list::AuditFilter;
use crate::store::logout_deliveries::Told;
use crate::store::passes::{self, Entry};
use crate::store::sessions::Session;
use crate::store::steps::{self, Step};
use crate::store::{Conn, apps, logout_deliveries, users};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::{Admin, signed_in};
use crate::web::pages::audit_view::{EventRow, Events, Link};
use crate::web::pages::find_session::{self, Led};
use crate::web::pages::list_query::link_to;
use crate::web::pages::page::{MessageLink, Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::timeline::{self, Clock, Strip, Words};
use crate::web::pages::times::Time;
use crate::web::pages::told_apps::{self, AppTold, AppToldShown, Entered};
use crate::web::pages::whose::{self, Named, Whose};

#[derive(Template)]
#[template(path = "story.html")]
struct StoryPage {
    page: Page,
    /// Whose session it is, and its first digits.
    title: String,
    path: String,
    /// Whose it is, with their page for admins. Nobody needs a link to their own name.
    user: Link,
    session: SessionView,
    is_this: bool,
    is_open: bool,
    /// The page that ends it.
    end_path: String,
    /// The path of the receipt, if an act ended the session.
    receipt: Option<String>,
    /// Empty: there is too little to draw.
    picture: Vec<Strip>,
    steps: Vec<StepRow>,
    end: Option<EndRow>,
    /// Those behind the gate that were entered in the session.
    apps: Vec<AppRow>,
    /// What they know of the end of the session. Empty: it has not ended, or none was entered.
    told: Vec<told_apps::Row>,
    /// The sentence about the theft that ended the session.
    alarm: Option<Alarm>,
    /// What the audit log says of the session. Empty: nothing that the steps don't say.
    events: Vec<EventRow>,
    /// The list of all that it says.
    events_path: String,
}

/// What happened, and where to do something about it.
struct Alarm {
    text: String,
    link: MessageLink,
}

/// How many of the latest events the page shows.
const LATEST: usize = 20;

struct StepRow {
    number: usize,
    /// By which others link to it.
    anchor: String,
    what: String,
    at: Time,
    until: Option<Time>,
    ip: String,
    browser: String,
    odd: bool,
}

struct AppRow {
    name: String,
    times: String,
    first: Time,
    last: Time,
}

struct EndRow {
    reason: String,
    by: String,
    at: Time,
    is_danger: bool,
}

/// A session with its user's name and what its story needs.
struct Whole {
    session: Session,
    user: Username,
    steps: Vec<Step>,
    ended_by: Option<String>,
    apps: Vec<Entry>,
    told: Vec<Told>,
    /// The apps that stand behind the gate.
    asking: Vec<AppId>,
}

fn whole(conn: &mut Conn, sid: &str, whose: Whose) -> Result<Option<Whole>, crate::store::Error> {
    let Some(Named { session, user }) = whose::find(conn, sid, whose)? else { return Ok(None) };
    let ended_by = match session.end.and_then(|end| end.by) {
        Some(by) => users::name_of(conn, by)?,
        None => None,
    };
    let apps: Vec<_> = passes::entries(conn, &[session.sid])?.into_iter().map(|(_, entry)| entry).collect();
    let (mut told, mut asking) = (Vec::new(), Vec::new());
    if session.end.is_some() && !apps.is_empty() {
        told = logout_deliveries::of_session(conn, session.sid)?;
        let all = apps::all(conn)?.into_iter();
        asking = all.filter(|app| !app.rules.origins.is_empty()).map(|app| app.id).collect();
    }
    Ok(Some(Whole { steps: steps::of_session(conn, session.sid)?, session, user, ended_by, apps, told, asking }))
}

pub(in crate::web) async fn own(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let whose = Whose::Own(signed_in(&req)?.user);
    show(&app, &req, &caller, sid.into_inner(), whose).await
}

pub(in crate::web) async fn anybodys(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    sid: Path<String>,
) -> Result<HttpResponse, Error> {
    let sid = match find_session::follow(&app, &req, &caller, sid.into_inner()).await? {
        Led::ToOne(sid) => sid,
        Led::ToNone(answer) => return Ok(answer),
    };
    match show(&app, &req, &caller, sid.clone(), Whose::Anybodys).await {
        Err(Error::NotFound) => find_session::none(&app, &req, &caller, sid),
        answer => answer,
    }
}

async fn show(app: &App, req: &HttpRequest, caller: &Caller, sid: String, whose: Whose) -> Result<HttpResponse, Error> {
    let found = app.read(move |conn| whole(conn, &sid, whose)).await?.ok_or(Error::NotFound)?;
    let own = caller.claims.sid();
    if audience(req, app) == Audience::Program {
        return Ok(as_json(app, &found, own));
    }
    let of_session = AuditFilter { session: Some(found.session.sid), limit: LATEST, ..AuditFilter::default() };
    let events = Events::find(app, of_session).await?;
    let page = Page::new(app, req, Some(caller));
    let session = &found.session;
    let is_open = session.end.is_none() && session.expires_at > app.now();
    let view = StoryPage {
        title: page.t2("story-title-of", ("user", found.user.as_str()), ("session", &session.sid.short())),
        path: whose.path(session.sid),
        session: session_view::view(app, &page, session),
        is_this: own == Some(session.sid),
        is_open,
        end_path: whose.end_path(session.sid),
        receipt: session.receipt.as_ref().map(|receipt| format!("/receipts/{receipt}")),
        alarm: alarm(&page, &found, whose),
        events: match events.rows.iter().all(|event| is_told_by_steps(event.what)) {
            true => Vec::new(),
            false => events.view(&page, whose.reader()),
        },
        events_path: link_to(whose.events(), &[("session", &session.sid.to_string())]),
        user: Link { text: found.user.to_string(), href: whose.user_path(session.user) },
        picture: picture(&page, &found.steps, session.end.map(|end| end.at)),
        steps: found.steps.iter().enumerate().map(|(nth, step)| step_row(&page, nth, step)).collect(),
        end: session.end.map(|end| EndRow {
            reason: session_view::reason(&page, end.reason),
            by: session_view::by(&page, end.by, found.ended_by.as_deref(), session.user, end.reason),
            at: page.exact(end.at),
            is_danger: end.reason.is_danger(),
        }),
        apps: found.apps.iter().map(|entry| app_row(&page, entry)).collect(),
        told: told(app, &found).iter().map(|one| one.row(&page, app.now())).collect(),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// What the apps know of the end of the session.
fn told(app: &App, found: &Whole) -> Vec<AppTold> {
    if found.session.end.is_none() {
        return Vec::new();
    }
    let leeway = app.accounts.engine.options().decode_leeway;
    let entered = found.apps.iter().map(|entry| Entered {
        app: entry.app_id,
        name: entry.app.clone(),
        sessions: 1,
        asks: found.asking.contains(&entry.app_id),
    });
    told_apps::summed(entered.collect(), &found.told, leeway, found.session.access_until.plus(leeway))
}

fn app_row(page: &Page, entry: &Entry) -> AppRow {
    AppRow {
        name: entry.app.clone(),
        times: page.tn("story-app-times", entry.times),
        first: page.exact(entry.first_at),
        last: page.exact(entry.last_at),
    }
}

/// Whether the session's steps and its end tell of such an event too.
fn is_told_by_steps(what: Option<What>) -> bool {
    matches!(
        what,
        Some(What::SignedIn | What::Confirmed | What::SessionRecovered | What::SessionEnded | What::RefreshReused)
    )
}

/// What to say first of a session that ended because a spent token was shown.
fn alarm(page: &Page, found: &Whole, whose: Whose) -> Option<Alarm> {
    found.session.end.filter(|end| end.reason == Reason::Reuse)?;
    let reuse = found.steps.iter().rfind(|step| step.kind == StepKind::Reused)?;
    let browser = session_view::browser(page, &reuse.user_agent);
    let ip = session_view::address(page, &reuse.ip);
    let link = match whose.user_path(found.session.user) {
        None => page.link("account-change-password", "/change-password".into()),
        Some(href) => MessageLink { text: page.t1("story-theft-user", "user", found.user.as_str()), href },
    };
    Some(Alarm { text: page.t2("story-theft", ("browser", &browser), ("ip", &ip)), link })
}

fn picture(page: &Page, steps: &[Step], ended: Option<UnixTime>) -> Vec<Strip> {
    // A single step is told by its row.
    if steps.len() < 2 {
        return Vec::new();
    }
    let clock = |moment| {
        let (date, time) = page.clock(moment);
        Clock { date, time }
    };
    let words = Words {
        lane: &|step| {
            let browser = session_view::browser(page, &step.user_agent);
            format!("{browser}, {}", session_view::address(page, &step.ip))
        },
        clock: &clock,
        gap: &|seconds| match seconds / 3600 {
            hours @ ..48 => page.tn("about-hours", hours),
            hours => page.tn("about-days", hours / 24),
        },
    };
    timeline::picture(steps, ended, &words)
}

fn step_row(page: &Page, nth: usize, step: &Step) -> StepRow {
    StepRow {
        number: nth + 1,
        anchor: format!("step-{}", nth + 1),
        what: match step.kind {
            // The usual text speaks of a second tab, and another browser is none.
            StepKind::Repeated if step.odd => page.t("step-repeated-odd"),
            kind => page.tn(&format!("step-{}", kind.as_str().replace('_', "-")), step.times),
        },
        at: page.exact(step.at),
        until: (step.times > 1).then(|| page.exact(step.until)),
        ip: session_view::address(page, &step.ip),
        browser: session_view::browser(page, &step.user_agent),
        odd: step.odd,
    }
}

/// The history of a session.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Story<'a> {
    session: json::SessionShown<'a>,
    steps: Vec<StepShown<'a>>,
    /// Who ended it, if a user did.
    ended_by: Option<&'a str>,
    /// The apps that were entered in it.
    apps: Vec<EnteredShown<'a>>,
    /// What these know of its end.
    told: Vec<AppToldShown<'a>>,
}

/// A step of a session's history.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
struct StepShown<'a> {
    what: StepKind,
    at: UnixTime,
    /// When it happened last, of those that are alike.
    until: UnixTime,
    times: i64,
    ip: &'a str,
    user_agent: &'a str,
    odd: bool,
}

/// An app that was entered.
#[derive(Serialize, ToSchema)]
#[schema(as = EnteredApp)]
struct EnteredShown<'a> {
    app: &'a str,
    first_at: UnixTime,
    last_at: UnixTime,
    times: i64,
}

fn as_json(app: &App, found: &Whole, own: Option<SessionId>) -> HttpResponse {
    let steps = found.steps.iter().map(|step| StepShown {
        what: step.kind,
        at: step.at,
        until: step.until,
        times: step.times,
        ip: &step.ip,
        user_agent: &step.user_agent,
        odd: step.odd,
    });
    let apps = found.apps.iter().map(|entry| EnteredShown {
        app: &entry.app,
        first_at: entry.first_at,
        last_at: entry.last_at,
        times: entry.times,
    });
    let told = told(app, found);
    HttpResponse::Ok().json(Story {
        session: json::session(&app.accounts, &found.session, Some(&found.user), own),
        steps: steps.collect(),
        ended_by: found.ended_by.as_deref(),
        apps: apps.collect(),
        told: told.iter().map(|one| one.shown(app.now())).collect(),
    })
}
