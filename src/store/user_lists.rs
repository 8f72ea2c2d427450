//! The admin's list of users, ordered by name. A page starts after the last name of the one before, so every page costs the same.

use diesel::dsl::count_star;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::{sessions, users};
use super::sessions::is_open;
use super::users::{self as people, User};
use crate::domain::{UnixTime, UserId};

#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// What the canonical name begins with; empty: all users.
    pub prefix: String,
    /// The canonical name in the last row of the previous page; `None`: the first page.
    pub after: Option<String>,
    /// Deleted users, and nobody else.
    pub deleted: bool,
    pub limit: i64,
}

/// A user, and how many open sessions they have.
#[derive(Clone, Debug)]
pub struct ListedUser {
    pub user: User,
    pub open_sessions: i64,
}

pub fn page(conn: &mut Conn, filter: &UserFilter, now: UnixTime) -> Result<Vec<ListedUser>, Error> {
    let mut query = users::table.into_boxed();
    query = if filter.deleted {
        query.filter(users::deleted_at.is_not_null())
    } else {
        query.filter(users::deleted_at.is_null())
    };
    if !filter.prefix.is_empty() {
        // Names with this prefix sort between the prefix and the prefix followed by the last of all characters.
        let end = format!("{}\u{10FFFF}", filter.prefix);
        query = query.filter(users::canonical.ge(&filter.prefix)).filter(users::canonical.lt(end));
    }
    if let Some(after) = &filter.after {
        query = query.filter(users::canonical.gt(after));
    }
    let ids: Vec<i64> = query.order(users::canonical).limit(filter.limit).select(users::id).load(conn)?;
    let mut listed = Vec::with_capacity(ids.len());
    for id in ids.into_iter().map(UserId) {
        if let Some(user) = people::find(conn, id)? {
            listed.push(ListedUser { open_sessions: open_sessions(conn, id, now)?, user });
        }
    }
    Ok(listed)
}

pub fn open_sessions(conn: &mut Conn, user: UserId, now: UnixTime) -> Result<i64, Error> {
    let open = sessions::table.filter(sessions::user_id.eq(user.0)).filter(is_open(now.0));
    Ok(open.select(count_star()).get_result(conn)?)
}
