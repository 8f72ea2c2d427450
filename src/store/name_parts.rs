//! What users are found by. Whatever changes a name stores its parts anew.

use std::collections::{BTreeSet, HashMap};

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::name_parts;
use crate::domain::UserId;

/// The mark of a user whose parts are not worked out yet.
const NOT_YET: &str = "";

/// Replaces the user's parts.
pub fn set(conn: &mut Conn, user: UserId, parts: &BTreeSet<String>) -> Result<(), Error> {
    diesel::delete(name_parts::table.filter(name_parts::user_id.eq(user.0))).execute(conn)?;
    for part in parts {
        let row = (name_parts::part.eq(part), name_parts::user_id.eq(user.0));
        diesel::insert_into(name_parts::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Some users whose parts are not worked out yet; all are if there are none.
pub fn without(conn: &mut Conn, limit: i64) -> Result<Vec<UserId>, Error> {
    let marked = name_parts::table.filter(name_parts::part.eq(NOT_YET)).select(name_parts::user_id);
    Ok(marked.limit(limit).load(conn)?.into_iter().map(UserId).collect())
}

/// What these users are found by. One query for all: a page of the list may look at a thousand users.
pub(super) fn of(
    conn: &mut Conn,
    users: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, BTreeSet<String>>, Error> {
    let ids: Vec<i64> = users.map(|user| user.0).collect();
    let mut found = HashMap::<UserId, BTreeSet<String>>::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let rows = name_parts::table.filter(name_parts::user_id.eq_any(&ids));
    for (user, part) in rows.select((name_parts::user_id, name_parts::part)).load(conn)? {
        found.entry(UserId(user)).or_default().insert(part);
    }
    Ok(found)
}
