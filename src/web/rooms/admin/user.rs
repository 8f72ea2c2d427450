//! One user, for an admin: their account, and what can be done about it.

use actix_web::http::StatusCode;
use actix_web::web::{Path, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{FactorKind, GroupName, UnixTime};
use crate::store::audit::list::AuditFilter;
use crate::store::factors::{self, Factor};
use crate::store::groups::{self, Group};
use crate::store::list_filter::ListFilter;
use crate::store::session_lists::{self, List};
use crate::store::user_lists::ListedUser;
use crate::store::{names, recovery_codes, trusted_browsers, user_details};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::Admin;
use crate::web::pages::audit_view::{EventRow, Events, Reader};
use crate::web::pages::list_query::link_to;
use crate::web::pages::page::{Count, Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;
use crate::web::pages::user_acts::Act;
use crate::web::pages::user_view::{self, UserView};

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    path: String,
    user: UserView,
    acts: Vec<ActLink>,
    /// The acts that take something away for good or at once.
    dangers: Vec<ActLink>,
    /// The names that the user had before.
    past_names: Vec<String>,
    notes: Option<String>,
    groups: Vec<Group>,
    /// The second factors that count.
    factors: Vec<FactorRow>,
    codes_left: i64,
    /// How many browsers stand in for them.
    trusted: usize,
    sessions: Vec<Row>,
    /// Whether the user has more of them.
    has_more_sessions: bool,
    latest: Vec<EventRow>,
}

/// The path of an act, and the words that lead there.
struct ActLink {
    href: String,
    text: String,
}

struct Row {
    session: SessionView,
    is_this: bool,
}

struct FactorRow {
    name: String,
    kind: String,
    added: Time,
    last_used: Option<Time>,
}

/// How many of the latest events and of the newest open sessions the page shows.
const LATEST: usize = 5;

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    id: Path<String>,
) -> Result<HttpResponse, Error> {
    let (listed, now) = (user_view::find(&app, &id).await?, app.now());
    let user = listed.user.id;
    let (past_names, notes, groups) = app
        .read(move |conn| {
            Ok((names::past(conn, user)?, user_details::notes(conn, user)?, groups::of_user(conn, user)?))
        })
        .await?;
    let (theirs, remember) = (listed.user.clone(), app.config().second_factor_remember);
    let (mut factors, codes_left, trusted) = app
        .read(move |conn| {
            Ok((
                factors::of_user(conn, user)?,
                recovery_codes::left(conn, user)?,
                trusted_browsers::of_user(conn, &theirs, now.plus(-remember), now)?.len(),
            ))
        })
        .await?;
    factors.retain(|factor| factor.active_since.is_some());
    if audience(&req, &app) == Audience::Program {
        return Ok(HttpResponse::Ok().json(UserDetails {
            user: user_view::shown(&listed, now),
            past_names,
            notes,
            groups: groups.iter().map(|group| &group.name).collect(),
            second_factors: factors.iter().map(factor_shown).collect(),
            recovery_codes_left: codes_left,
            trusted_browsers: trusted,
        }));
    }
    let seal = app.accounts.db.seal().cloned();
    let (sessions, latest) = app
        .read(move |conn| {
            let newest = ListFilter { user: Some(user), limit: LATEST.count(), ..ListFilter::default() };
            let about_user = AuditFilter { user: Some(user), limit: LATEST, ..AuditFilter::default() };
            Ok((
                session_lists::page(conn, List::Open(now), &newest)?,
                Events::read(conn, seal.as_deref(), &about_user)?.with_browsers(conn)?,
            ))
        })
        .await?;
    let own = caller.claims.sid();
    let page = Page::new(&app, &req, Some(&caller));
    let (acts, dangers) = acts(&page, &listed, trusted, now);
    let view = UserPage {
        path: format!("/admin/users/{user}"),
        acts,
        dangers,
        past_names,
        notes,
        groups,
        factors: factors.iter().map(|factor| factor_row(&page, factor)).collect(),
        codes_left,
        trusted,
        sessions: sessions
            .iter()
            .map(|one| Row {
                session: session_view::view(&app, &page, &one.session),
                is_this: own == Some(one.session.sid),
            })
            .collect(),
        has_more_sessions: listed.open_sessions > LATEST.count(),
        latest: latest.view(&page, Reader::Admin),
        user: user_view::view(&page, &listed, now),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn factor_row(page: &Page, factor: &Factor) -> FactorRow {
    FactorRow {
        name: factor.name.clone(),
        kind: page.t(&format!("factor-kind-{}", factor.kind.as_str())),
        added: page.ago(factor.active_since.unwrap_or(factor.created_at)),
        last_used: factor.last_used.as_ref().map(|used| page.ago(used.at)),
    }
}

/// A user, with what only their own page has.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct UserDetails<'a> {
    #[serde(flatten)]
    user: user_view::UserShown<'a>,
    past_names: Vec<String>,
    notes: Option<String>,
    groups: Vec<&'a GroupName>,
    second_factors: Vec<UsersFactor<'a>>,
    recovery_codes_left: i64,
    /// How many browsers are remembered.
    trusted_browsers: usize,
}

/// A second factor of a user.
#[derive(Serialize, ToSchema)]
struct UsersFactor<'a> {
    kind: FactorKind,
    name: &'a str,
    created_at: UnixTime,
    last_used_at: Option<UnixTime>,
}

fn factor_shown(factor: &Factor) -> UsersFactor<'_> {
    UsersFactor {
        kind: factor.kind,
        name: &factor.name,
        created_at: factor.active_since.unwrap_or(factor.created_at),
        last_used_at: factor.last_used.as_ref().map(|used| used.at),
    }
}

/// What can be done about the user, and what of it is a danger. `trusted`: how many of their browsers are remembered.
fn acts(page: &Page, listed: &ListedUser, trusted: usize, now: UnixTime) -> (Vec<ActLink>, Vec<ActLink>) {
    let user = &listed.user;
    let mut open = Act::open_to(user, now);
    open.retain(|act| *act != Act::ForgetBrowsers || trusted > 0);
    let links = |is_danger: bool| {
        let chosen = open.iter().filter(move |act| act.is_danger() == is_danger);
        chosen.map(|act| ActLink { href: act.path(user.id), text: page.t(&act.key("link")) }).collect::<Vec<_>>()
    };
    let (mut acts, mut dangers) = (links(false), links(true));
    if user.deleted_at.is_none() {
        for (path, key) in
            [("details", "user-details-link"), ("rename", "user-rename-link"), ("groups", "user-groups-link")]
        {
            acts.push(ActLink { href: format!("/admin/users/{}/{path}", user.id), text: page.t(key) });
        }
    }
    if listed.open_sessions > 0 {
        let href = link_to("/admin/sessions/end", &[("user", user.username.as_str())]);
        dangers.insert(0, ActLink { href, text: page.t("user-end-sessions-link") });
    }
    (acts, dangers)
}
