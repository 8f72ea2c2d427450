//! Where an admin begins: who is in, what wants attention, and what has happened lately.

use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::SecondFactorPolicy;
use crate::domain::{Role, UnixTime};
use crate::store::audit::event::What;
use crate::store::audit::list;
use crate::store::hourly_counts::{Counted, HourCount, hour_of};
use crate::store::node_list;
use crate::store::overview::{Asked, FactorsOf, MOST_ODD, MOST_WITHOUT_FACTOR, Overview, look};
use crate::store::trouble::little_room;
use crate::throttle::Slowed;
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::activity_counts::{self, DAYS, Kind, Slot};
use crate::web::pages::activity_view::{Span, ends_of, grouped, span};
use crate::web::pages::audit_view::{EventRow, Events, Reader};
use crate::web::pages::list_query::link_to;
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view;
use crate::web::pages::times::Time;

const AN_HOUR: i64 = 60 * 60;
const A_DAY: i64 = 24 * AN_HOUR;
/// A session that was used in the last quarter of an hour is active.
const ACTIVE_FOR: i64 = 15 * 60;
/// A backup that is older than this wants attention, and so does what a new installation still lacks after this time.
const A_WEEK: i64 = 7 * A_DAY;
/// From so long before a second factor is asked for on, the overview says who has none.
const FACTOR_SOON: i64 = 30 * A_DAY;
/// A signing key that signs for longer than this wants to be replaced.
const A_YEAR: i64 = 365 * A_DAY;
/// How many slowed networks are named.
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    page: Page,
    open_sessions: String,
    people: String,
    active: Option<String>,
    steps: Vec<Step>,
    notices: Vec<Notice>,
    spans: Vec<Span>,
    ends: Vec<EndRow>,
    /// From before this moment only a part was counted.
    counted_since: Option<Time>,
    acts: Vec<EventRow>,
}

/// Something that a new installation still lacks.
struct Step {
    text: String,
    href: Option<&'static str>,
    command: Option<&'static str>,
}

/// Something that wants attention.
struct Notice {
    /// What it is, for programs.
    kind: &'static str,
    is_danger: bool,
    text: String,
    /// What to do about it.
    advice: String,
    href: Option<String>,
}

struct EndRow {
    reason: String,
    is_danger: bool,
    day: String,
    month: String,
}

/// What was found out, of the database and of this process.
struct Found {
    overview: Overview,
    acts: Events,
    slowed: Slowed,
    little_room: Option<u64>,
    /// How many nodes answer nothing, though nobody has stopped them.
    missing_nodes: usize,
    now: UnixTime,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
) -> Result<HttpResponse, Error> {
    let now = app.now();
    let asked = Asked {
        now,
        since: hour_of(now.plus(-(DAYS + 1) * A_DAY)),
        active_since: now.plus(-ACTIVE_FOR),
        factors_of: factors_of(app.config().second_factor, now),
    };
    let (database, accounts) = (app.config().database.clone(), app.accounts.clone());
    let found = app
        .read(move |conn| {
            let mut overview = look(conn, asked)?;
            let rows = std::mem::take(&mut overview.acts);
            let names = list::names(conn, &rows)?;
            Ok(Found {
                overview,
                acts: Events { rows, names, ..Events::default() },
                slowed: accounts.throttle.slowed(now),
                little_room: database.file().and_then(little_room),
                missing_nodes: node_list::list(conn, now)?.missing(),
                now,
            })
        })
        .await?;
    let page = Page::new(&app, &req, Some(&caller));
    let notices = notices(&app, &page, &found);
    if audience(&req, &app) == Audience::Program {
        return Ok(as_json(&app, &found, &notices));
    }
    let zone = &app.config().time_zone;
    let Overview { counts, .. } = &found.overview;
    let (hours, days) = (activity_counts::hours(counts, now), activity_counts::days(counts, now, zone));
    let view = OverviewPage {
        open_sessions: grouped(found.overview.open_sessions),
        people: grouped(people(&app, &found.overview)),
        active: found.overview.details.as_ref().map(|details| grouped(number(details.active))),
        steps: steps(&app, &page, &found),
        notices,
        ends: ends(&page, counts, &hours, &days),
        counted_since: found.overview.all_counted_since.filter(|at| *at > asked.since).map(|at| page.time(at)),
        acts: found.acts.view(&page, Reader::Admin),
        spans: vec![
            span(&page, "day", counts, &hours, |slot| page.clock(slot.from).1),
            span(&page, "month", counts, &days, |slot| page.clock(slot.from).0),
        ],
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// Whose second factors matter: policy asks them for one, or will within days.
fn factors_of(policy: SecondFactorPolicy, now: UnixTime) -> Option<FactorsOf> {
    let soon = now.plus(FACTOR_SOON);
    match (policy.asks(Role::User, soon), policy.asks(Role::Admin, soon)) {
        (true, _) => Some(FactorsOf::Everyone),
        (false, true) => Some(FactorsOf::Admins),
        (false, false) => None,
    }
}

/// How many users are signed in.
fn people(app: &App, overview: &Overview) -> i64 {
    // Of many, memory knows the number without looking at each session.
    number(overview.details.as_ref().map_or_else(|| app.accounts.blocklist.users(), |details| details.people))
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What a new installation still lacks. After a week it is something that wants attention, except that nobody needs other people.
fn steps(app: &App, page: &Page, found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    if !found.overview.has_others {
        steps.push(Step { text: page.t("overview-step-people"), href: Some("/admin/users/add"), command: None });
    }
    if is_new(found) {
        if app.config().public_url.is_none() {
            let command = Some("public_url = \"https://…\"");
            steps.push(Step { text: page.t("overview-step-url"), href: None, command });
        }
        if found.overview.last_backup.is_none() {
            let command = Some("portero backup FILE");
            steps.push(Step { text: page.t("overview-step-backup"), href: None, command });
        }
    }
    steps
}

fn is_new(found: &Found) -> bool {
    found.overview.begun.is_none_or(|begun| found.now.since(begun) < A_WEEK)
}

/// What wants attention, the most important first.
fn notices(app: &App, page: &Page, found: &Found) -> Vec<Notice> {
    let notices = [dangers(app, page, found), cautions(app, page, found)];
    notices.into_iter().flatten().flatten().collect()
}

fn events(what: What, from: UnixTime) -> String {
    link_to("/admin/audit", &[("what", what.as_str()), ("from", &from.0.to_string())])
}

/// A danger, with the texts `overview-…` and `overview-…-advice` of its kind.
fn danger(page: &Page, kind: &'static str, count: i64, href: Option<String>) -> Notice {
    Notice {
        kind,
        is_danger: true,
        text: page.tn(&format!("overview-{kind}"), count),
        advice: page.t(&format!("overview-{kind}-advice")),
        href,
    }
}

fn caution(page: &Page, kind: &'static str, count: i64, href: Option<String>) -> Notice {
    Notice { is_danger: false, ..danger(page, kind, count, href) }
}

fn dangers(app: &App, page: &Page, found: &Found) -> Vec<Option<Notice>> {
    let Found { overview, now, .. } = found;
    let month_ago = now.plus(-DAYS * A_DAY);
    let ended = |reason| activity_counts::total(&overview.counts, Counted::Ended(reason), month_ago);
    let thefts = ended(crate::domain::Reason::Reuse);
    let guessing = ended(crate::domain::Reason::Guessing);
    let failures = activity_counts::sudden_failures(&overview.counts, *now);
    let is_broken = app.accounts.db.trouble().is_some() || app.database_check.fault().is_some();
    let clock_is_wrong = app.accounts.clock_doubted.load(Ordering::Relaxed)
        || crate::accounts::upkeep::memory::has_gaps(&app.accounts, *now);
    let revoked = |reason: &str| link_to("/admin/revoked", &[("reason", reason), ("from", &month_ago.0.to_string())]);
    vec![
        is_broken.then(|| danger(page, "database", 1, None)),
        found.little_room.map(|room| danger(page, "disk", i64::try_from(room / 1_000_000).unwrap_or(i64::MAX), None)),
        (overview.audit_faults > 0)
            .then(|| danger(page, "audit-fault", overview.audit_faults, Some(events(What::AuditDidNotFit, month_ago)))),
        failures.map(|count| {
            danger(page, "failures", count, Some(events(What::SignInFailed, hour_of(*now).plus(-AN_HOUR))))
        }),
        (thefts > 0).then(|| danger(page, "theft", thefts, Some(events(What::RefreshReused, month_ago)))),
        (guessing > 0).then(|| danger(page, "guessing", guessing, Some(revoked("guessing")))),
        clock_is_wrong.then(|| danger(page, "clock", 1, None)),
    ]
}

fn cautions(app: &App, page: &Page, found: &Found) -> Vec<Option<Notice>> {
    let Found { overview, slowed, now, .. } = found;
    let about = || Some("/admin/about".to_owned());
    let key_age = overview.key_since.map(|since| now.since(since));
    let backup_age = overview.last_backup.map(|at| now.since(at));
    let slowed_count = slowed.networks.len().max(slowed.accounts);
    let missing_nodes = found.missing_nodes;
    vec![
        (missing_nodes > 0).then(|| caution(page, "nodes", number(missing_nodes), Some("/admin/nodes".into()))),
        (slowed_count > 0).then(|| slowed_notice(page, slowed, *now)),
        (overview.odd > 0).then(|| {
            let notice = caution(page, "odd", number(overview.odd), Some("/admin/sessions?state=odd".into()));
            if overview.odd < MOST_ODD {
                notice
            } else {
                Notice { text: page.tn("overview-many-odd", overview.odd), ..notice }
            }
        }),
        (overview.without_factor > 0).then(|| without_factor_notice(app, page, overview.without_factor, *now)),
        app.warned_of_unreadable_address.load(Ordering::Relaxed).then(|| caution(page, "unreadable", 1, about())),
        app.warned_of_forwarded.load(Ordering::Relaxed).then(|| caution(page, "forwarded", 1, about())),
        match backup_age {
            Some(age) => (age > A_WEEK).then(|| caution(page, "backup", age / A_DAY, None)),
            None => (!is_new(found))
                .then(|| Notice { text: page.t("overview-no-backup"), ..caution(page, "backup", 0, None) }),
        },
        (app.config().public_url.is_none() && !is_new(found)).then(|| caution(page, "public-url", 1, about())),
        // While there is one user, others are the next step.
        (overview.admins < 2 && overview.has_others)
            .then(|| caution(page, "one-admin", overview.admins, Some("/admin/users".into()))),
        key_age.filter(|age| *age > A_YEAR).map(|age| caution(page, "key-age", age / A_DAY, None)),
    ]
}

/// Of how many users a second factor is asked, now or soon, who have none.
fn without_factor_notice(app: &App, page: &Page, count: usize, now: UnixTime) -> Notice {
    let policy = app.config().second_factor;
    let who = [("factor", "no"), ("state", "enabled"), ("role", "admin")];
    let who = if policy.asks(Role::User, now.plus(FACTOR_SOON)) { &who[..2] } else { &who[..] };
    let notice = caution(page, "without-factor", number(count), Some(link_to("/admin/users", who)));
    let notice = if i64::try_from(count).is_ok_and(|count| count < MOST_WITHOUT_FACTOR) {
        notice
    } else {
        Notice { text: page.tn("overview-many-without-factor", count), ..notice }
    };
    match policy.from.filter(|from| *from > now) {
        Some(from) => {
            Notice { advice: page.t1("overview-without-factor-soon", "when", &page.time(from).text), ..notice }
        }
        None => notice,
    }
}

/// Who is slowed down, with the first networks by name.
fn slowed_notice(page: &Page, slowed: &Slowed, now: UnixTime) -> Notice {
    let mut named: Vec<String> = slowed.networks.iter().take(NAMED).cloned().collect();
    let others = slowed.networks.len().saturating_sub(NAMED);
    if others > 0 {
        named.push(page.tn("overview-slowed-others", others));
    }
    let accounts = (slowed.accounts > 0).then(|| page.tn("overview-slowed-accounts", slowed.accounts));
    let networks = (!named.is_empty())
        .then(|| format!("{} ({})", page.tn("overview-slowed-networks", slowed.networks.len()), named.join(", ")));
    let who = [accounts, networks].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Notice {
        text: page.t1("overview-slowed", "who", &who),
        ..caution(page, "slowed", 1, Some(events(What::SignInFailed, now.plus(-A_DAY))))
    }
}

fn ends(page: &Page, counts: &[HourCount], hours: &[Slot], days: &[Slot]) -> Vec<EndRow> {
    let (since, today) = (ends_of(days).0, ends_of(hours).0);
    let of_month = activity_counts::ends(counts, since).into_iter();
    let rows = of_month.map(|(reason, count)| EndRow {
        reason: session_view::reason(page, reason),
        is_danger: reason.is_danger(),
        day: grouped(activity_counts::total(counts, Counted::Ended(reason), today)),
        month: grouped(count),
    });
    rows.collect()
}

/// What goes on, and what wants attention.
#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
pub(in crate::web) struct OverviewShown {
    open_sessions: i64,
    /// How many people have one.
    people: i64,
    /// How many were used in the last quarter of an hour. Null: there are too many to look at each.
    active_sessions: Option<usize>,
    /// In the last 24 hours.
    day: Totals,
    /// In the last 30 days.
    month: Totals,
    attention: Vec<Attention>,
}

/// What was counted.
#[derive(Serialize, ToSchema)]
struct Totals {
    sign_ins: i64,
    failed_sign_ins: i64,
    renewals: i64,
    ended_sessions: i64,
}

/// Something that wants attention.
#[derive(Serialize, ToSchema)]
struct Attention {
    kind: &'static str,
    danger: bool,
}

fn as_json(app: &App, found: &Found, notices: &[Notice]) -> HttpResponse {
    let Found { overview, now, .. } = found;
    let zone = &app.config().time_zone;
    let totals = |slots: &[Slot]| {
        let total = |kind| slots.iter().map(|slot| slot.count(kind).all).sum::<i64>();
        Totals {
            sign_ins: total(Kind::SignedIn),
            failed_sign_ins: total(Kind::Failed),
            renewals: total(Kind::Renewed),
            ended_sessions: total(Kind::Ended),
        }
    };
    let attention = notices.iter().map(|notice| Attention { kind: notice.kind, danger: notice.is_danger });
    HttpResponse::Ok().json(OverviewShown {
        open_sessions: overview.open_sessions,
        people: people(app, overview),
        active_sessions: overview.details.as_ref().map(|details| details.active),
        day: totals(&activity_counts::hours(&overview.counts, *now)),
        month: totals(&activity_counts::days(&overview.counts, *now, zone)),
        attention: attention.collect(),
    })
}
