//! What was revoked: ended sessions and single tokens, newest first, for an admin.

use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::export::selection::Selection;
use crate::accounts::json;
use crate::domain::{Reason, TokenType, UserId};
use crate::store::Conn;
use crate::store::list_filter::ListFilter;
use crate::store::revoked::{self, Kinds, Revoked};
use crate::web::app::App;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::export::{self, As};
use crate::web::http::replies::see_other;
use crate::web::http::signed_in::{Admin, ExportMandate};
use crate::web::pages::audit_view::Link;
use crate::web::pages::find_session;
use crate::web::pages::list_query::{
    self, Choice, ExportLinks, ListQuery, Nothing, Pager, cut_to_page, export_links, find_user, link_to, total,
    with_user,
};
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;
use crate::web::pages::whose::Whose;

const PATH: &str = "/admin/revoked";
const LIST: list_query::List = list_query::List { path: PATH, name: "revoked", nothing_yet: "revoked-empty" };

#[derive(Template)]
#[template(path = "revoked.html")]
struct RevokedPage {
    page: Page,
    query: ListQuery,
    rows: Vec<RevokedRow>,
    /// How many entries there are on all pages of the list.
    total: String,
    nothing: Nothing,
    reasons: Vec<Choice>,
    states: Vec<Choice>,
    exports: ExportLinks,
    pager: Pager,
}

struct RevokedRow {
    user: Link,
    /// The session that ended. `None`: a single token.
    session: Option<SessionView>,
    /// What kind of token it is; empty for a session.
    what: String,
    /// The first digits of the token's id.
    id: String,
    /// The token's session, by its first digits. Peers' tokens have none.
    of_session: Option<Link>,
    when: Time,
    /// The reason, with the place in the session's story that tells of it.
    reason: Link,
    is_danger: bool,
    by: Link,
    until: Option<Time>,
    in_force: bool,
}

const KINDS: [(&str, &str, Kinds); 3] = [
    ("", "what-any", Kinds::Both),
    ("session", "what-session", Kinds::Sessions),
    ("token", "what-token", Kinds::Tokens),
];

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    if let Some(path) = find_session::typed(&app, &query.q).await? {
        return Ok(see_other(&path));
    }
    let query = query.into_inner().sorted();
    let filter = query.filter(&app.config().time_zone)?;
    let query = query.with_moments(filter.from, filter.until, &app.config().time_zone);
    let kinds = kinds(&query)?;
    let name = query.user.clone();
    let is_page = audience(&req, &app) == Audience::Browser;
    let (mut rows, count, user_known) = app.read(move |conn| find(conn, &name, filter, kinds, is_page)).await?;
    let next = cut_to_page(&mut rows, |row| (row.at, row.id.clone()));
    if !is_page {
        query.check(user_known)?;
        return Ok(as_json(&rows, next));
    }
    let (page, status) = (Page::new(&app, &req, Some(&caller)), query.status(user_known));
    let reason = |value: &'static str, key: &str| Choice { value, label: page.t(key), selected: query.reason == value };
    // Where Portero sends no mail, nothing speaks of it.
    let there = |one: &&Reason| **one != Reason::ReportedByMail || page.sends_mail();
    let reasons = Reason::ALL.iter().filter(there).map(|one| reason(one.as_str(), &format!("reason-{}", one.as_str())));
    let view = RevokedPage {
        rows: rows.iter().map(|row| as_row(&app, &page, row)).collect(),
        total: total(&page, "revoked-total", count),
        nothing: query.nothing(&app, &page, &LIST, user_known),
        reasons: std::iter::once(reason("", "reason-any")).chain(reasons).collect(),
        states: KINDS
            .map(|(value, key, _)| Choice { value, label: page.t(key), selected: query.state == value })
            .into_iter()
            .collect(),
        exports: export_links(&query.link(PATH)),
        pager: query.pager(PATH, next.as_deref()),
        query,
        page,
    };
    Ok(html(status, &view))
}

fn kinds(query: &ListQuery) -> Result<Kinds, Error> {
    let found = KINDS.into_iter().find(|(state, ..)| *state == query.state);
    let (.., kinds) = found.ok_or_else(|| Error::BadInput("`state` is session, token, or empty for both".into()))?;
    Ok(kinds)
}

pub(in crate::web) async fn export(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    ExportMandate(mandate): ExportMandate,
    query: Query<ListQuery>,
    asked: Query<As>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner().sorted();
    let (filter, kinds) = (query.filter(&app.config().time_zone)?, kinds(&query)?);
    let filter = with_user(&app, &query.user, filter).await?;
    export::answer(app, &req, mandate, Selection::Revoked(filter, kinds), &asked).await
}

/// Returns the rows of the page, how many the list has on all pages (counted only if `is_page`), and whether somebody bears the name.
fn find(
    conn: &mut Conn,
    name: &str,
    mut filter: ListFilter,
    kinds: Kinds,
    is_page: bool,
) -> Result<(Vec<Revoked>, usize, bool), crate::store::Error> {
    if !find_user(conn, name, &mut filter)? {
        return Ok((Vec::new(), 0, false));
    }
    let count = if is_page { revoked::count(conn, &filter, kinds)? } else { 0 };
    Ok((revoked::page(conn, &filter, kinds)?, count, true))
}

fn as_row(app: &App, page: &Page, row: &Revoked) -> RevokedRow {
    let user_page = |user: UserId| Some(format!("/admin/users/{user}"));
    let story = row.session.map(|sid| Whose::Anybodys.path(sid));
    let told_at = match (row.step, row.token_type) {
        (Some(step), _) => format!("#step-{step}"),
        (None, None) => "#end".to_owned(),
        (None, Some(_)) => String::new(),
    };
    RevokedRow {
        user: Link { text: row.user.to_string(), href: user_page(row.user_id) },
        session: row.ended.as_ref().map(|session| SessionView {
            ip_path: Some(link_to(PATH, &[("ip", &session.ip)])),
            ..session_view::view(app, page, session)
        }),
        what: match row.token_type {
            None => String::new(),
            Some(TokenType::Access) => page.t("what-access"),
            Some(TokenType::Refresh) => page.t("what-refresh"),
        },
        id: row.id.chars().take(8).collect(),
        of_session: row.session.map(|sid| Link { text: sid.short(), href: story.clone() }),
        when: page.ago(row.at),
        reason: Link {
            text: session_view::reason(page, row.reason),
            href: story.as_ref().map(|story| format!("{story}{told_at}")),
        },
        is_danger: row.reason.is_danger(),
        by: Link {
            text: session_view::by(page, row.by, row.by_name.as_deref(), row.user_id, row.reason),
            href: row.by.and_then(user_page),
        },
        until: row.until.map(|moment| page.time(moment)),
        in_force: row.until.is_none_or(|until| until.plus(app.accounts.engine.options().decode_leeway) > app.now()),
    }
}

/// What is refused, the newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct RevokedList<'a> {
    revoked: Vec<json::RevokedShown<'a>>,
    /// The `before` of the next page. Null: this is the last one.
    next: Option<String>,
}

fn as_json(rows: &[Revoked], next: Option<String>) -> HttpResponse {
    HttpResponse::Ok().json(RevokedList { revoked: rows.iter().map(json::revoked).collect(), next })
}
