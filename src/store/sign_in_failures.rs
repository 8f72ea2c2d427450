//! How many wrong passwords were given for an account within a day: by strangers, and by known browsers. Names without an account are
//! counted too, so that both are treated alike.

use diesel::upsert::excluded;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, on};
use super::schema::sign_in_failures;
use crate::domain::{NameKey, UnixTime};

/// Seconds for which an account's failures count, from the first of them on.
const A_DAY: i64 = 24 * 60 * 60;
/// How many rows are kept. More than these are an attack with names that have no account; the oldest are deleted.
const MAX_ROWS: i64 = 100_000;

/// How many failures count for this name now.
pub fn count(conn: &mut Conn, name: NameKey, now: UnixTime) -> Result<i64, Error> {
    let recent = sign_in_failures::table.find(text(name)).filter(sign_in_failures::since.gt(now.0 - A_DAY));
    let failures = recent.select(sign_in_failures::failures);
    Ok(on!(conn, c => failures.get_result(c)).optional()?.unwrap_or(0))
}

/// Counts one more failure. If the first is over a day old, counting starts again at one.
pub fn add(conn: &mut Conn, name: NameKey, now: UnixTime) -> Result<(), Error> {
    let over = sign_in_failures::table.find(text(name)).filter(sign_in_failures::since.le(now.0 - A_DAY));
    diesel::delete(over).execute(conn)?;
    let insert = diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::name.eq(text(name)),
            sign_in_failures::failures.eq(1),
            sign_in_failures::since.eq(now.0),
        ))
        .on_conflict(sign_in_failures::name)
        .do_update()
        .set(sign_in_failures::failures.eq(sign_in_failures::failures + excluded(sign_in_failures::failures)));
    on!(conn, c => insert.execute(c))?;
    Ok(())
}

/// Deletes rows that no longer count and, beyond `MAX_ROWS`, the oldest ones. Not many more than `limit`, those of one second together, so
/// that other writes get their turn. Returns how many.
pub fn prune(conn: &mut Conn, now: UnixTime, limit: i64) -> Result<usize, Error> {
    let beyond: Option<i64> = sign_in_failures::table
        .order(sign_in_failures::since.desc())
        .offset(MAX_ROWS)
        .select(sign_in_failures::since)
        .get_result(conn)
        .optional()?;
    let last = beyond.unwrap_or(i64::MIN).max(now.0 - A_DAY);
    let next: Option<i64> = sign_in_failures::table
        .filter(sign_in_failures::since.le(last))
        .order(sign_in_failures::since)
        .offset(limit)
        .select(sign_in_failures::since)
        .get_result(conn)
        .optional()?;
    let old = sign_in_failures::table.filter(sign_in_failures::since.le(next.unwrap_or(last)));
    Ok(diesel::delete(old).execute(conn)?)
}

fn text(name: NameKey) -> String {
    format!("{:032x}", name.0)
}
