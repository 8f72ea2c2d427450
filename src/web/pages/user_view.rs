//! A user as an admin sees one: in the words of pages, and as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::forms::FieldError;
use super::list_query::link_to;
use super::page::Page;
use super::times::Time;
use crate::domain::{DisplayName, Mail, Role, UnixTime, UserId, UserState, Username};
use crate::store::user_lists::{self, ListedUser};
use crate::store::users::{self, User};
use crate::web::app::App;
use crate::web::http::error::Error;

pub(in crate::web) struct UserView {
    pub(in crate::web) id: i64,
    pub(in crate::web) uid: String,
    pub(in crate::web) name: String,
    pub(in crate::web) display_name: Option<String>,
    pub(in crate::web) mail: Option<String>,
    pub(in crate::web) mail_verified_at: Option<Time>,
    pub(in crate::web) role: String,
    /// How many second factors they have, in words.
    pub(in crate::web) factors: String,
    pub(in crate::web) has_factor: bool,
    pub(in crate::web) state: String,
    /// The class of the mark that the state has, because it is not the usual one.
    pub(in crate::web) mark: Option<&'static str>,
    pub(in crate::web) disable_at: Option<Time>,
    pub(in crate::web) deleted_at: Option<Time>,
    pub(in crate::web) created_at: Time,
    pub(in crate::web) last_login_at: Option<Time>,
    pub(in crate::web) open_sessions: i64,
    /// The lists of the user's open sessions, and of all events about them. A list finds no deleted user by name.
    pub(in crate::web) sessions_path: String,
    pub(in crate::web) audit_path: String,
}

pub(in crate::web) fn view(page: &Page, listed: &ListedUser, now: UnixTime) -> UserView {
    let user = &listed.user;
    let state = user.state(now);
    let about = |path: &str| link_to(path, &[("user", user.username.as_str())]);
    UserView {
        id: user.id.0,
        uid: user.uid.clone(),
        name: user.username.to_string(),
        display_name: user.display_name.as_ref().map(|name| name.as_str().to_owned()),
        mail: user.mail.as_ref().map(|mail| mail.as_str().to_owned()),
        mail_verified_at: user.mail_verified_at.map(|moment| page.time(moment)),
        role: role(page, user.role),
        factors: factors(page, user),
        has_factor: user.factors > 0,
        state: page.t(&format!("user-state-{}", state.as_str())),
        mark: match state {
            UserState::Enabled => None,
            UserState::Invited => Some("caution"),
            UserState::Disabled => Some("danger"),
            UserState::Deleted => Some("gone"),
        },
        disable_at: user.disable_at.filter(|_| !user.is_shut_out(now)).map(|date| page.time(date)),
        deleted_at: user.deleted_at.map(|moment| page.time(moment)),
        created_at: page.time(user.created_at),
        last_login_at: user.last_login_at.map(|moment| page.ago(moment)),
        open_sessions: listed.open_sessions,
        sessions_path: about("/admin/sessions"),
        audit_path: about("/admin/audit"),
    }
}

pub(in crate::web) fn role(page: &Page, role: Role) -> String {
    page.t(match role {
        Role::User => "role-user",
        Role::Admin => "role-admin",
    })
}

/// How many second factors the user has.
pub(in crate::web) fn factors(page: &Page, user: &User) -> String {
    match user.factors {
        0 if user.enrol_by_link => page.t("account-factor-by-link"),
        0 => page.t("account-factor-none"),
        count => page.tn("account-factor-count", count),
    }
}

/// What to say of a deleted user, about whom nothing can be done but to restore them. `None`: they are not deleted.
pub(in crate::web) fn deleted(page: &Page, user: &User) -> Option<FieldError> {
    let when = page.time(user.deleted_at?).text;
    Some(FieldError { field: "", text: page.t1("error-user-deleted", "when", &when) })
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(in crate::web) struct UserShown<'a> {
    id: i64,
    /// For whoever has to know the user outside of Portero. Never given out twice.
    #[schema(format = "uuid")]
    uid: &'a str,
    username: &'a Username,
    display_name: Option<&'a DisplayName>,
    mail: Option<&'a Mail>,
    /// Since when the address is known to be the user's.
    mail_verified_at: Option<UnixTime>,
    role: Role,
    /// How many second factors they have, recovery codes not counted.
    factors: i64,
    state: UserState,
    /// From when on they are shut out, if an admin has set a date.
    disable_at: Option<UnixTime>,
    deleted_at: Option<UnixTime>,
    created_at: UnixTime,
    last_login_at: Option<UnixTime>,
    open_sessions: i64,
}

pub(in crate::web) fn shown(listed: &ListedUser, now: UnixTime) -> UserShown<'_> {
    let user = &listed.user;
    UserShown {
        id: user.id.0,
        uid: &user.uid,
        username: &user.username,
        display_name: user.display_name.as_ref(),
        mail: user.mail.as_ref(),
        mail_verified_at: user.mail_verified_at,
        role: user.role,
        factors: user.factors,
        state: user.state(now),
        disable_at: user.disable_at,
        deleted_at: user.deleted_at,
        created_at: user.created_at,
        last_login_at: user.last_login_at,
        open_sessions: listed.open_sessions,
    }
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
