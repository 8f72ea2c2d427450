//! What users are found by. Whatever changes a name stores its parts anew.

use std::collections::BTreeSet;

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

/// What the user is found by.
pub fn of(conn: &mut Conn, user: UserId) -> Result<BTreeSet<String>, Error> {
    let parts = name_parts::table.filter(name_parts::user_id.eq(user.0)).select(name_parts::part);
    Ok(parts.load(conn)?.into_iter().collect())
}
