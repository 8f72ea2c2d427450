//! The users for an admin's list, by name, paged by place: every page costs the same.

use diesel::dsl::count_star;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::schema::{sessions, users};
use super::users::{self as people, User};
use super::{Conn, Error};
use crate::domain::{UnixTime, UserId};

#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How the canonical name begins; empty: all.
    pub prefix: String,
    /// The canonical name of the last row of the page before.
    pub after: Option<String>,
    pub limit: i64,
}

/// A user, and how many sessions they have open.
#[derive(Clone, Debug)]
pub struct Listed {
    pub user: User,
    pub open_sessions: i64,
}

pub fn page(conn: &mut Conn, filter: &Filter, now: UnixTime) -> Result<Vec<Listed>, Error> {
    let mut query = users::table.filter(users::deleted_at.is_null()).into_boxed();
    if !filter.prefix.is_empty() {
        // Whatever begins so stands between the prefix and the prefix with the last of all characters behind it.
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
            listed.push(Listed { open_sessions: open_sessions(conn, id, now)?, user });
        }
    }
    Ok(listed)
}

pub fn open_sessions(conn: &mut Conn, user: UserId, now: UnixTime) -> Result<i64, Error> {
    let open = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.0));
    Ok(open.select(count_star()).get_result(conn)?)
}
