//! The columns of each list's export, and its rows. Their names and meaning stay as they are: programs read them. (docs/export.md)

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::accounts::context::Accounts;
use crate::domain::{GroupName, UnixTime, UserId, joined};
use crate::passwords::spelled_for_others;
use crate::store::audit::list::AuditEvent;
use crate::store::revoked::Revoked;
use crate::store::session_lists::ListedSession;
use crate::store::user_lists::ListedUser;

pub(super) const AUDIT: [&str; 8] = ["n", "at", "what", "user", "by", "session", "ip", "details"];

/// `names`: of the users whom the event speaks of.
pub(super) fn audit(event: &AuditEvent, names: &HashMap<UserId, String>) -> [Value; 8] {
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id));
    [
        json!(event.n),
        moment(event.at),
        json!(event.spelled),
        json!(name(event.user)),
        json!(name(event.by)),
        json!(event.sid),
        json!(event.ip),
        event.details.clone(),
    ]
}

pub(super) const SESSIONS: [&str; 11] = [
    "sid",
    "user",
    "transport",
    "ip",
    "user_agent",
    "signed_in_at",
    "auth_time",
    "last_seen_at",
    "expires_at",
    "renewals",
    "odd",
];

pub(super) fn session(accounts: &Accounts, listed: &ListedSession) -> [Value; 11] {
    let session = &listed.session;
    [
        json!(session.sid),
        json!(listed.user),
        json!(session.transport),
        json!(session.ip),
        json!(session.user_agent),
        moment(session.created_at),
        moment(session.auth_time),
        moment(accounts.last_seen.newest(session)),
        moment(session.expires_at),
        json!(session.generation),
        json!(session.odd),
    ]
}

pub(super) const REVOKED: [&str; 8] = ["what", "id", "user", "revoked_at", "reason", "by", "until", "receipt"];

pub(super) fn revoked(row: &Revoked) -> [Value; 8] {
    [
        json!(row.what()),
        json!(row.id),
        json!(row.user),
        moment(row.at),
        json!(row.reason),
        json!(row.by_name),
        moment_or_null(row.until),
        json!(row.receipt),
    ]
}

pub(super) const USERS: [&str; 15] = [
    "id",
    "uid",
    "username",
    "display_name",
    "mail",
    "mail_verified_at",
    "role",
    "state",
    "created_at",
    "last_login_at",
    "disable_at",
    "deleted_at",
    "open_sessions",
    "factors",
    "groups",
];

/// `groups`: those of the users who are in any.
pub(super) fn user(listed: &ListedUser, groups: &HashMap<UserId, Vec<GroupName>>, now: UnixTime) -> [Value; 15] {
    let user = &listed.user;
    [
        json!(user.id.0),
        json!(user.uid),
        json!(user.username),
        json!(user.display_name),
        json!(user.mail),
        moment_or_null(user.mail_verified_at),
        json!(user.role),
        json!(user.state(now)),
        moment(user.created_at),
        moment_or_null(user.last_login_at),
        moment_or_null(user.disable_at),
        moment_or_null(user.deleted_at),
        json!(listed.open_sessions),
        json!(user.factors),
        json!(groups.get(&user.id).map(|names| joined(names))),
    ]
}

pub(super) const USERS_WITH_HASHES: [&str; 16] = with_last(USERS, "password_hash");

/// The same with the hash of the password, as an import reads it.
pub(super) fn user_with_hash(
    listed: &ListedUser,
    groups: &HashMap<UserId, Vec<GroupName>>,
    now: UnixTime,
) -> [Value; 16] {
    let hash = listed.user.password_hash.as_deref().map(spelled_for_others);
    let mut values = user(listed, groups, now).into_iter();
    std::array::from_fn(|_| values.next().unwrap_or_else(|| json!(hash)))
}

const fn with_last(columns: [&'static str; 15], last: &'static str) -> [&'static str; 16] {
    let mut all = [last; 16];
    let mut at = 0;
    while at < columns.len() {
        all[at] = columns[at];
        at += 1;
    }
    all
}

/// ISO 8601, in UTC. A number that is no moment of the calendar stays one.
fn moment(moment: UnixTime) -> Value {
    Timestamp::from_second(moment.0).map_or_else(|_| json!(moment), |timestamp| json!(timestamp.to_string()))
}

fn moment_or_null(at: Option<UnixTime>) -> Value {
    at.map_or(Value::Null, moment)
}
