//! What was revoked: ended sessions and single tokens, newest first, for an admin.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::App;
use super::error::Error;
use super::face::Face;
use super::list_query::{ListQuery, ON_A_PAGE, find_user, place_of};
use super::page::{Page, Time, html};
use super::session_view;
use super::signed_in::Admin;
use crate::domain::{Reason, TokenType, UnixTime, UserId, Username};
use crate::store::session_lists::{self, Filter};
use crate::store::{Conn, token_blocklist, users};

const PATH: &str = "/admin/revoked";

#[derive(Template)]
#[template(path = "revoked.html")]
struct RevokedPage {
    page: Page,
    query: ListQuery,
    rows: Vec<RevokedRow>,
    reasons: Vec<Choice>,
    states: Vec<Choice>,
    next_page: Option<String>,
    first_page: Option<String>,
    user_unknown: bool,
}

struct RevokedRow {
    user: String,
    what: String,
    id: String,
    /// A session's story; tokens have none.
    story: Option<String>,
    when: Time,
    reason: String,
    is_danger: bool,
    by: String,
    until: Option<Time>,
    in_force: bool,
}

struct Choice {
    value: &'static str,
    label: String,
    selected: bool,
}

/// A whole session or a single token.
struct Revoked {
    /// `None`: the whole session.
    token_type: Option<TokenType>,
    id: String,
    user_id: UserId,
    user: Username,
    at: UnixTime,
    reason: Reason,
    by: Option<UserId>,
    /// `None`: for ever.
    until: Option<UnixTime>,
    receipt: Option<String>,
}

struct Found {
    rows: Vec<Revoked>,
    names: HashMap<UserId, String>,
    user_unknown: bool,
}

/// Which of the two lists, or both as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Both,
    Sessions,
    Tokens,
}

impl State {
    const ALL: [(&'static str, Self); 3] = [("", Self::Both), ("session", Self::Sessions), ("token", Self::Tokens)];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, state)| state)
    }
}

pub(super) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let query = query.into_inner();
    let filter = query.filter(&app.config.time_zone)?;
    let query = query.with_moments_of(&filter, &app.config.time_zone);
    let state = State::parse(&query.state)
        .ok_or_else(|| Error::BadInput("`state` is session, token, or empty for both".into()))?;
    let name = query.user.clone();
    let mut found = app.read(move |conn| find(conn, &name, filter, state)).await?;
    let more = found.rows.len() > ON_A_PAGE;
    found.rows.truncate(ON_A_PAGE);
    let next = found.rows.last().filter(|_| more).map(|last| place_of(last.at, &last.id));
    if Face::of(&req, &app) == Face::Program {
        return Ok(as_json(&found, next));
    }
    let page = Page::of(&app, &req, Some(&caller));
    let reason = |value: &'static str, key: &str| Choice { value, label: page.t(key), selected: query.reason == value };
    let reasons = Reason::ALL.map(|one| reason(one.as_str(), &format!("reason-{}", one.as_str())));
    let states = [("", "what-any"), ("session", "what-session"), ("token", "what-token")];
    let view = RevokedPage {
        rows: found.rows.iter().map(|row| as_row(&app, &page, row, &found.names)).collect(),
        reasons: std::iter::once(reason("", "reason-any")).chain(reasons).collect(),
        states: states
            .map(|(value, key)| Choice { value, label: page.t(key), selected: query.state == value })
            .into_iter()
            .collect(),
        next_page: next.map(|next| query.link(PATH, Some(&next))),
        first_page: (!query.before.is_empty()).then(|| query.link(PATH, None)),
        user_unknown: found.user_unknown,
        query,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn find(conn: &mut Conn, name: &str, mut filter: Filter, state: State) -> Result<Found, crate::store::Error> {
    if !find_user(conn, name, &mut filter)? {
        return Ok(Found { rows: Vec::new(), names: HashMap::new(), user_unknown: true });
    }
    let mut rows: Vec<Revoked> = Vec::new();
    if state != State::Tokens {
        rows.extend(session_lists::ended(conn, &filter)?.into_iter().filter_map(|one| {
            let end = one.session.end?;
            Some(Revoked {
                token_type: None,
                id: one.session.sid.to_string(),
                user_id: one.session.user,
                user: one.user,
                at: end.at,
                reason: end.reason,
                by: end.by,
                until: Some(one.session.expires_at.max(one.session.access_until)),
                receipt: one.session.receipt,
            })
        }));
    }
    // Tokens have no address of their own.
    if state != State::Sessions && filter.ip.is_none() {
        rows.extend(token_blocklist::revoked(conn, &filter)?.into_iter().map(|one| Revoked {
            token_type: Some(one.token_type),
            id: one.jti,
            user_id: one.user_id,
            user: one.user,
            at: one.revoked_at,
            reason: one.reason,
            by: one.by,
            until: one.until,
            receipt: None,
        }));
    }
    // Two lists, each in order and each by its index: merged they are the one list.
    rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    rows.truncate(ON_A_PAGE + 1);
    let mut names = HashMap::new();
    for by in rows.iter().filter_map(|row| row.by) {
        if let std::collections::hash_map::Entry::Vacant(entry) = names.entry(by) {
            entry.insert(users::name_of(conn, by)?.unwrap_or_default());
        }
    }
    Ok(Found { rows, names, user_unknown: false })
}

fn as_row(app: &App, page: &Page, row: &Revoked, names: &HashMap<UserId, String>) -> RevokedRow {
    RevokedRow {
        user: row.user.to_string(),
        what: match row.token_type {
            None => page.t("what-session"),
            Some(TokenType::Access) => page.t("what-access"),
            Some(TokenType::Refresh) => page.t("what-refresh"),
        },
        id: row.id.chars().take(8).collect(),
        story: row.token_type.is_none().then(|| format!("/admin/sessions/{}", row.id)),
        when: page.time(row.at),
        reason: session_view::reason(page, row.reason),
        is_danger: row.reason.is_danger(),
        by: session_view::by(page, row.by, row.user_id, row.reason, |by| names.get(&by).cloned().unwrap_or_default()),
        until: row.until.map(|moment| page.time(moment)),
        in_force: row.until.is_none_or(|until| until.plus(app.accounts.engine.options().decode_leeway) > app.now()),
    }
}

fn as_json(found: &Found, next: Option<String>) -> HttpResponse {
    let rows: Vec<_> = found
        .rows
        .iter()
        .map(|row| {
            json!({
                "what": row.token_type.map_or("session", TokenType::as_str),
                "id": row.id,
                "user": row.user,
                "revoked_at": row.at,
                "reason": row.reason,
                "by": row.by.and_then(|by| found.names.get(&by)),
                "until": row.until,
                "receipt": row.receipt,
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({ "revoked": rows, "next": next }))
}
