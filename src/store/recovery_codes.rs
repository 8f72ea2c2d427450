//! The recovery codes of users. Only a keyed hash of each is kept.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::recovery_codes;
use crate::domain::{UnixTime, UserId};

/// Stores new codes by their hashes, in the place of all that the user had.
pub fn replace(conn: &mut Conn, user: UserId, hashes: &[String], now: UnixTime) -> Result<(), Error> {
    remove_all(conn, user)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::user_id.eq(user.0),
                recovery_codes::hash.eq(hash),
                recovery_codes::created_at.eq(now.0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// What came of using a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Done,
    /// It was used before, perhaps a moment ago.
    Again,
    NoSuchCode,
}

/// Uses the code with this hash up.
pub fn spend(conn: &mut Conn, user: UserId, hash: &str, now: UnixTime) -> Result<Use, Error> {
    let code = recovery_codes::table.find((user.0, hash.to_owned()));
    let unused = code.clone().filter(recovery_codes::used_at.is_null());
    if diesel::update(unused).set(recovery_codes::used_at.eq(now.0)).execute(conn)? == 1 {
        return Ok(Use::Done);
    }
    let is_there: i64 = code.count().get_result(conn)?;
    Ok(if is_there > 0 { Use::Again } else { Use::NoSuchCode })
}

/// How many the user has not used yet.
pub fn left(conn: &mut Conn, user: UserId) -> Result<i64, Error> {
    let own = recovery_codes::table.filter(recovery_codes::user_id.eq(user.0));
    Ok(own.filter(recovery_codes::used_at.is_null()).count().get_result(conn)?)
}

pub fn remove_all(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0))).execute(conn)?;
    Ok(())
}
