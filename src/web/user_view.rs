//! A user as admins and their programs are told of it.

use serde_json::{Value, json};

use super::page::{Page, Time};
use crate::domain::{Role, UnixTime};
use crate::store::user_lists::Listed;

pub(super) struct UserView {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) state: String,
    /// Not as most are: told by more than its words.
    pub(super) stands_out: bool,
    pub(super) disable_at: Option<Time>,
    pub(super) created_at: Time,
    pub(super) last_login_at: Option<Time>,
    pub(super) open_sessions: i64,
}

/// In a word of the catalogue and of JSON.
fn state(listed: &Listed, now: UnixTime) -> &'static str {
    if listed.user.is_out(now) {
        "disabled"
    } else if listed.user.password_hash.is_none() {
        "invited"
    } else {
        "enabled"
    }
}

pub(super) fn of(page: &Page, listed: &Listed, now: UnixTime) -> UserView {
    let user = &listed.user;
    let state = state(listed, now);
    UserView {
        id: user.id.0,
        name: user.username.to_string(),
        role: role(page, user.role),
        state: page.t(&format!("user-state-{state}")),
        stands_out: state != "enabled",
        disable_at: user.disable_at.filter(|_| !user.is_out(now)).map(|date| page.time(date)),
        created_at: page.time(user.created_at),
        last_login_at: user.last_login_at.map(|moment| page.time(moment)),
        open_sessions: listed.open_sessions,
    }
}

pub(super) fn role(page: &Page, role: Role) -> String {
    page.t(match role {
        Role::User => "role-user",
        Role::Admin => "role-admin",
    })
}

/// Moments are seconds since the epoch.
pub(super) fn json(listed: &Listed, now: UnixTime) -> Value {
    let user = &listed.user;
    json!({
        "id": user.id.0,
        "username": user.username,
        "role": user.role,
        "state": state(listed, now),
        "disable_at": user.disable_at,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
        "open_sessions": listed.open_sessions,
    })
}
