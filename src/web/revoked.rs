//! What was revoked: ended sessions and single tokens, newest first, for an admin.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::error::Error;
use super::face::Face;
use super::page::{Page, Time, html};
use super::signed_in::Admin;
use crate::domain::{Reason, TokenType, UnixTime, UserId, Username};
use crate::store::{Conn, sessions, token_blocklist, users};

const ON_A_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "revoked.html")]
struct RevokedPage {
    page: Page,
    rows: Vec<RevokedRow>,
    user: String,
    reasons: Vec<ReasonChoice>,
    next_page: Option<String>,
    first_page: Option<String>,
    user_unknown: bool,
}

struct RevokedRow {
    user: String,
    what: String,
    id: String,
    when: Time,
    reason: String,
    by: String,
    until: Option<Time>,
    in_force: bool,
}

struct ReasonChoice {
    value: &'static str,
    label: String,
    selected: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    user: String,
    reason: String,
    /// Where the page begins: the moment and id of the last row of the one before, `1795374306.5116c888-…`.
    before: String,
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
}

struct Found {
    rows: Vec<Revoked>,
    names: HashMap<UserId, String>,
    user_unknown: bool,
}

pub(super) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    Admin(caller): Admin,
    filter: Query<Filter>,
) -> Result<HttpResponse, Error> {
    let filter = filter.into_inner();
    let reason = match filter.reason.as_str() {
        "" => None,
        text => Some(Reason::parse(text).ok_or_else(|| Error::BadInput("There is no such reason".into()))?),
    };
    let before = match filter.before.as_str() {
        "" => None,
        text => Some(place(text).ok_or_else(|| Error::BadInput("`before` is no place in the list".into()))?),
    };
    let name = filter.user.trim().to_owned();
    let mut found = app.read(move |conn| find(conn, &name, reason, before)).await?;
    let more = found.rows.len() > ON_A_PAGE;
    found.rows.truncate(ON_A_PAGE);
    let next = found.rows.last().filter(|_| more).map(|last| format!("{}.{}", last.at.0, last.id));
    if Face::of(&req, &app) == Face::Program {
        return Ok(as_json(&found, next));
    }
    let page = Page::of(&app, &req, Some(&caller));
    let link = |before: Option<&str>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("user", &filter.user).append_pair("reason", &filter.reason);
        if let Some(before) = before {
            query.append_pair("before", before);
        }
        format!("/admin/revoked?{}", query.finish())
    };
    let choice = |value: &'static str, label: String| ReasonChoice { value, label, selected: filter.reason == value };
    let reasons = Reason::ALL.map(|one| choice(one.as_str(), page.t(&format!("reason-{}", one.as_str()))));
    let view = RevokedPage {
        rows: found.rows.iter().map(|row| as_row(&app, &page, row, &found.names)).collect(),
        reasons: std::iter::once(choice("", page.t("reason-any"))).chain(reasons).collect(),
        next_page: next.map(|next| link(Some(&next))),
        first_page: (!filter.before.is_empty()).then(|| link(None)),
        user_unknown: found.user_unknown,
        user: filter.user,
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn place(text: &str) -> Option<(UnixTime, String)> {
    let (moment, id) = text.split_once('.')?;
    Some((UnixTime(moment.parse().ok()?), id.to_owned()))
}

/// One row more than a page holds, to know whether there is another page.
fn find(
    conn: &mut Conn,
    name: &str,
    reason: Option<Reason>,
    before: Option<(UnixTime, String)>,
) -> Result<Found, crate::store::Error> {
    let user = match Username::parse(name) {
        Ok(username) => users::find_by_name(conn, &username)?.map(|user| user.id),
        Err(_) => None,
    };
    if !name.is_empty() && user.is_none() {
        return Ok(Found { rows: Vec::new(), names: HashMap::new(), user_unknown: true });
    }
    let limit = i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX) + 1;
    let before = before.as_ref().map(|(moment, id)| (*moment, id.as_str()));
    let ended = sessions::ended(conn, user, reason, before, limit)?.into_iter().map(|one| Revoked {
        token_type: None,
        id: one.sid.to_string(),
        user_id: one.user_id,
        user: one.user,
        at: one.ended_at,
        reason: one.reason,
        by: one.by,
        until: Some(one.until),
    });
    let tokens = token_blocklist::revoked(conn, user, reason, before, limit)?.into_iter().map(|one| Revoked {
        token_type: Some(one.token_type),
        id: one.jti,
        user_id: one.user_id,
        user: one.user,
        at: one.revoked_at,
        reason: one.reason,
        by: one.by,
        until: one.until,
    });
    // Two lists, each in order and each by its index: merged they are the one list.
    let mut rows: Vec<Revoked> = ended.chain(tokens).collect();
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
        when: page.time(row.at),
        reason: page.t(&format!("reason-{}", row.reason.as_str())),
        by: match row.by {
            Some(by) if by == row.user_id => page.t("by-user"),
            Some(by) => names.get(&by).cloned().unwrap_or_default(),
            None if matches!(row.reason, Reason::Reuse | Reason::Lost) => page.t("by-system"),
            None => page.t("by-operator"),
        },
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
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({ "revoked": rows, "next": next }))
}
