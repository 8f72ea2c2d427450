//! The receipt: proof of what one act ended, since when it is refused here, and until when it may be accepted elsewhere.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::sessions::mass_end::are_told;
use crate::domain::{Reason, Role, SessionId, UnixTime, Username, can_be_key};
use crate::guards::AccessToken;
use crate::store::logout_deliveries::Told;
use crate::store::mass_ends::{self, MassEnd};
use crate::store::receipt_commits::{self, OnNodes};
use crate::store::session_lists::{self, ListedSession};
use crate::store::sessions::End;
use crate::store::{Conn, apps, logout_deliveries, users};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::audit_view::Link;
use crate::web::pages::on_nodes::{self, NodesShown, OnNodesShown};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;
use crate::web::pages::told_apps::{self, AppTold, AppToldShown, Entered, Verdict};
use crate::web::pages::whose::Whose;

/// The most sessions that a receipt lists; it only counts those beyond.
const MAX_ROWS: i64 = 200;

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    page: Page,
    id: String,
    path: String,
    at: Time,
    reason: String,
    /// On which nodes they are refused. `None`: there was one.
    on_nodes: Option<OnNodesShown>,
    /// Who ended them. `None`: the user, or Portero, as the reason says.
    by: Option<String>,
    /// Whose sessions they are. `None`: several users'.
    user: Option<Link>,
    count: i64,
    /// Until when apps that check tokens on their own may accept one of these. `None`: nothing can be accepted any more.
    accepted_elsewhere_until: Option<Time>,
    made_at: Time,
    rows: Vec<Row>,
    more: i64,
    /// How many are refused already and do not say so in their rows yet.
    unmarked: i64,
    /// Whether nobody was told by mail, though Portero sends mail: there were too many.
    nobody_was_told: bool,
    /// Whether the page is read under the list of everybody's sessions.
    is_admins: bool,
    /// The apps that were entered in the sessions, and what they know. Empty: none was.
    apps: Vec<told_apps::Row>,
    verdict: Option<Verdict>,
}

struct Row {
    /// Leads to the user's page, for admins.
    user: Link,
    session: SessionView,
    /// The path of its story.
    story: String,
    access_until: Time,
    access_is_over: bool,
    refresh_until: Time,
    /// Whether the session is refused, looked up while this page was made.
    refused: bool,
}

struct Found {
    listed: Vec<ListedSession>,
    /// Those that are not marked yet included.
    count: i64,
    /// Of an act on everybody's sessions.
    unmarked: i64,
    access_until: UnixTime,
    end: End,
    by: Option<String>,
    entered: Vec<Entered>,
    told: Vec<Told>,
    /// `None`: there was one node.
    on_nodes: Option<OnNodes>,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let standing = signed_in(&req)?;
    let (id, now) = (id.into_inner(), app.now());
    if !can_be_key(&id) {
        return Err(Error::NotFound);
    }
    let receipt = id.clone();
    let mut found = app.read(move |conn| find(conn, &receipt, now)).await?.ok_or(Error::NotFound)?;
    let is_others = found.unmarked > 0 || found.listed.iter().any(|one| one.session.user != standing.user);
    // Other users' receipts are as good as none: nobody learns that they are there.
    if standing.role != Role::Admin && is_others {
        return Err(Error::NotFound);
    }
    let until = found.access_until.plus(app.accounts.engine.options().decode_leeway);
    let leeway = app.accounts.engine.options().decode_leeway;
    let entered = std::mem::take(&mut found.entered);
    let apps = told_apps::summed(entered, &found.told, leeway, until);
    if audience(&req, &app) == Audience::Program {
        return Ok(as_json(&app, &id, &found, &apps, until, now));
    }
    let page = Page::new(&app, &req, Some(&caller));
    let owner = found.listed.first().map_or(standing.user, |one| one.session.user);
    let whose = match standing.role {
        Role::Admin => Whose::Anybodys,
        Role::User => Whose::Own(standing.user),
    };
    let by = || session_view::by(&page, found.end.by, found.by.as_deref(), owner, found.end.reason);
    let view = ReceiptPage {
        at: page.exact(found.end.at),
        reason: session_view::reason(&page, found.end.reason),
        on_nodes: found.on_nodes.as_ref().map(|found| OnNodesShown::new(&page, found, now)),
        by: (found.end.by != Some(owner) && found.end.reason != Reason::Reuse).then(by),
        user: found.listed.first().filter(|_| !is_of_several(&found)).map(|first| user(first, whose)),
        count: found.count,
        accepted_elsewhere_until: (until > now).then(|| page.exact(until)),
        made_at: page.exact(now),
        is_admins: is_others || (found.end.reason == Reason::EndedByAdmin && standing.role == Role::Admin),
        more: found.count - found.unmarked - i64::try_from(found.listed.len()).unwrap_or(i64::MAX),
        unmarked: found.unmarked,
        nobody_was_told: app.config().mail.is_some()
            && found.end.reason == Reason::EndedByAdmin
            && is_of_several(&found)
            && !are_told(found.count),
        rows: found.listed.iter().map(|one| row(&app, &page, one, whose, now)).collect(),
        verdict: told_apps::verdict(&apps, now),
        apps: apps.iter().map(|one| one.row(&page, now)).collect(),
        path: format!("/receipts/{id}"),
        id,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn find(conn: &mut Conn, receipt: &str, now: UnixTime) -> Result<Option<Found>, crate::store::Error> {
    let under_way = mass_ends::find(conn, receipt)?;
    let listed = session_lists::of_receipt(conn, receipt, MAX_ROWS)?;
    let by_row = listed.first().and_then(|one| one.session.end);
    let Some(end) = by_row.or_else(|| under_way.as_ref().map(MassEnd::end)) else { return Ok(None) };
    let (marked, marked_until) = session_lists::sum_of_receipt(conn, receipt)?;
    let (unmarked, unmarked_until) = match &under_way {
        Some(act) => act.sum_of_unmarked(conn, now)?,
        None => (0, None),
    };
    let by = match end.by {
        Some(by) => users::name_of(conn, by)?,
        None => None,
    };
    let access_until = marked_until.max(unmarked_until).unwrap_or(end.at);
    let told = logout_deliveries::of_receipt(conn, receipt)?;
    let entered = entered(conn, receipt)?;
    let on_nodes = receipt_commits::find(conn, receipt)?;
    Ok(Some(Found { listed, count: marked + unmarked, unmarked, access_until, end, by, entered, told, on_nodes }))
}

fn entered(conn: &mut Conn, receipt: &str) -> Result<Vec<Entered>, crate::store::Error> {
    let found = logout_deliveries::entered(conn, receipt)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let all = apps::all(conn)?;
    let asks = |id| all.iter().any(|app| app.id == id && !app.rules.origins.is_empty());
    let entered = found.into_iter().map(|(app, name, sessions)| Entered { app, name, sessions, asks: asks(app) });
    Ok(entered.collect())
}

/// Whether the sessions are several users', as far as they are listed.
fn is_of_several(found: &Found) -> bool {
    found.listed.windows(2).any(|two| two[0].session.user != two[1].session.user)
}

fn user(one: &ListedSession, whose: Whose) -> Link {
    Link { text: one.user.to_string(), href: whose.user_path(one.session.user) }
}

fn row(app: &App, page: &Page, one: &ListedSession, whose: Whose, now: UnixTime) -> Row {
    Row {
        user: user(one, whose),
        session: session_view::view(app, page, &one.session),
        story: whose.path(one.session.sid),
        access_until: page.exact(one.session.access_until),
        access_is_over: one.session.access_until <= now,
        refresh_until: page.exact(one.session.expires_at),
        refused: is_refused(app, one),
    }
}

/// Whether the session is refused, by the very list that every request is checked against. What is no longer on it has run out.
fn is_refused(app: &App, one: &ListedSession) -> bool {
    let session = &one.session;
    app.accounts.blocklist.refuses_session(session.sid) || session.shown_until() <= app.now()
}

/// What an act ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(in crate::web) struct ReceiptShown<'a> {
    receipt: &'a str,
    refused_since: UnixTime,
    reason: Reason,
    /// Who did it, if a user did.
    by: Option<&'a str>,
    /// How many sessions it ended.
    count: i64,
    /// How many of them are refused, but not listed yet.
    still_being_listed: i64,
    sessions: Vec<EndedSession<'a>>,
    /// What the apps that were entered know of it.
    apps: Vec<AppToldShown<'a>>,
    /// Until when apps that do not ask Portero may still accept a token. Null: none may.
    accepted_elsewhere_until: Option<UnixTime>,
    made_at: UnixTime,
    /// Only where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nodes: Option<NodesShown<'a>>,
}

/// A session that an act ended.
#[derive(Serialize, ToSchema)]
struct EndedSession<'a> {
    sid: SessionId,
    user: &'a Username,
    ip: &'a str,
    user_agent: &'a str,
    signed_in_at: UnixTime,
    access_until: UnixTime,
    refresh_until: UnixTime,
    /// Whether it is refused, by the list that every request is checked against.
    refused: bool,
}

fn as_json(app: &App, id: &str, found: &Found, apps: &[AppTold], until: UnixTime, now: UnixTime) -> HttpResponse {
    let sessions = found.listed.iter().map(|one| EndedSession {
        sid: one.session.sid,
        user: &one.user,
        ip: &one.session.ip,
        user_agent: &one.session.user_agent,
        signed_in_at: one.session.created_at,
        access_until: one.session.access_until,
        refresh_until: one.session.expires_at,
        refused: is_refused(app, one),
    });
    HttpResponse::Ok().json(ReceiptShown {
        receipt: id,
        refused_since: found.end.at,
        reason: found.end.reason,
        by: found.by.as_deref(),
        count: found.count,
        still_being_listed: found.unmarked,
        sessions: sessions.collect(),
        apps: apps.iter().map(|one| one.shown(now)).collect(),
        accepted_elsewhere_until: (until > now).then_some(until),
        made_at: now,
        nodes: found.on_nodes.as_ref().map(|found| on_nodes::shown(found, now)),
    })
}
