//! A user as an admin sees one: in the words of pages, and as JSON.

use serde_json::{Value, json};

use super::forms::FieldError;
use super::page::Page;
use super::times::Time;
use crate::domain::UserId;
use crate::domain::{Role, UnixTime};
use crate::store::user_lists::{self, ListedUser};
use crate::store::users::{self, User};
use crate::web::app::App;
use crate::web::http::error::Error;

pub(in crate::web) struct UserView {
    pub(in crate::web) id: i64,
    pub(in crate::web) uid: String,
    pub(in crate::web) name: String,
    pub(in crate::web) role: String,
    pub(in crate::web) state: String,
    /// Whether the state is marked by more than its word, because it is not the usual one.
    pub(in crate::web) stands_out: bool,
    pub(in crate::web) disable_at: Option<Time>,
    pub(in crate::web) deleted_at: Option<Time>,
    pub(in crate::web) created_at: Time,
    pub(in crate::web) last_login_at: Option<Time>,
    pub(in crate::web) open_sessions: i64,
}

/// The user's state, as a word in JSON and in the catalogue's keys.
fn state(listed: &ListedUser, now: UnixTime) -> &'static str {
    if listed.user.deleted_at.is_some() {
        "deleted"
    } else if listed.user.is_shut_out(now) {
        "disabled"
    } else if listed.user.password_hash.is_none() {
        "invited"
    } else {
        "enabled"
    }
}

pub(in crate::web) fn view(page: &Page, listed: &ListedUser, now: UnixTime) -> UserView {
    let user = &listed.user;
    let state = state(listed, now);
    UserView {
        id: user.id.0,
        uid: user.uid.clone(),
        name: user.username.to_string(),
        role: role(page, user.role),
        state: page.t(&format!("user-state-{state}")),
        stands_out: state != "enabled",
        disable_at: user.disable_at.filter(|_| !user.is_shut_out(now)).map(|date| page.time(date)),
        deleted_at: user.deleted_at.map(|moment| page.time(moment)),
        created_at: page.time(user.created_at),
        last_login_at: user.last_login_at.map(|moment| page.time(moment)),
        open_sessions: listed.open_sessions,
    }
}

pub(in crate::web) fn role(page: &Page, role: Role) -> String {
    page.t(match role {
        Role::User => "role-user",
        Role::Admin => "role-admin",
    })
}

/// What to say of a deleted user, about whom nothing can be done but to restore them. `None`: they are not deleted.
pub(in crate::web) fn deleted(page: &Page, user: &User) -> Option<FieldError> {
    let when = page.time(user.deleted_at?).text;
    Some(FieldError { field: "", text: page.t1("error-user-deleted", "when", &when) })
}

/// The user as JSON. Moments are seconds since the epoch.
pub(in crate::web) fn json(listed: &ListedUser, now: UnixTime) -> Value {
    let user = &listed.user;
    json!({
        "id": user.id.0,
        "uid": user.uid,
        "username": user.username,
        "role": user.role,
        "state": state(listed, now),
        "disable_at": user.disable_at,
        "deleted_at": user.deleted_at,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
        "open_sessions": listed.open_sessions,
    })
}

/// Finds a user, deleted or not, by the number in the path. [`Error::NotFound`] if there is none.
pub(in crate::web) async fn find(app: &App, id: &str) -> Result<ListedUser, Error> {
    let id = UserId(id.parse().map_err(|_| Error::NotFound)?);
    let now = app.now();
    let found = app.read(move |conn| {
        let Some(user) = users::find(conn, id)? else { return Ok(None) };
        Ok(Some(ListedUser { open_sessions: user_lists::open_sessions(conn, id, now)?, user }))
    });
    found.await?.ok_or(Error::NotFound)
}
