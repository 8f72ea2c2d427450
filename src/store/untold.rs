//! What a user is told at their next sign-in: wrong passwords, sessions that were ended for danger, and changes of their second factors.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known, on};
use super::prepared::update;
use super::schema::users;
use crate::domain::{FactorChange, UnixTime, UserId};

/// Forgets wrong passwords and sessions that were ended for danger, because the person is being told of them.
pub fn note_told(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    let none = None::<i64>;
    let told = (users::failed_attempts.eq(0), users::untold_reuse_at.eq(none), users::untold_guessing_at.eq(none));
    on!(conn, c => update!(users::table, told, users::id.eq(id.0)).execute(c))?;
    Ok(())
}

/// A change of a user's second factors of which they have not been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldFactorChange {
    pub what: FactorChange,
    pub at: UnixTime,
    /// Where the act came from; empty: from the command line.
    pub ip: String,
}

/// Notes one, in the place of an earlier one.
pub fn note_factor_change(conn: &mut Conn, id: UserId, change: &UntoldFactorChange) -> Result<(), Error> {
    let set = (
        users::untold_factor_change.eq(change.what.as_str()),
        users::untold_factor_change_at.eq(change.at.0),
        users::untold_factor_change_ip.eq(&change.ip),
    );
    diesel::update(users::table.find(id.0)).set(set).execute(conn)?;
    Ok(())
}

/// Returns the one that there is, and forgets it, unless it is only looked at (`tell`).
pub fn untold_factor_change(conn: &mut Conn, id: UserId, tell: bool) -> Result<Option<UntoldFactorChange>, Error> {
    type Columns = (Option<String>, Option<i64>, Option<String>);
    let columns = (users::untold_factor_change, users::untold_factor_change_at, users::untold_factor_change_ip);
    let (what, at, ip): Columns = users::table.find(id.0).select(columns).get_result(conn)?;
    let (Some(what), Some(at), Some(ip)) = (what, at, ip) else { return Ok(None) };
    if tell {
        let none = users::untold_factor_change.eq(None::<String>);
        diesel::update(users::table.find(id.0)).set(none).execute(conn)?;
    }
    let what = known(FactorChange::parse(&what), "change of factors", &what)?;
    Ok(Some(UntoldFactorChange { what, at: UnixTime(at), ip }))
}

pub fn note_reuse(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::untold_reuse_at.eq(now.0)).execute(conn)?;
    Ok(())
}

pub fn note_guessing(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::untold_guessing_at.eq(now.0)).execute(conn)?;
    Ok(())
}

pub fn note_failure(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::failed_attempts.eq(users::failed_attempts + 1)).execute(conn)?;
    Ok(())
}
