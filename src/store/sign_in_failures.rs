//! How many strangers gave a wrong password for an account, in a day. Of names that nobody bears too, so that they are treated alike.

use diesel::upsert::excluded;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::schema::sign_in_failures;
use super::{Conn, Error};
use crate::domain::UnixTime;
use crate::throttle::NameKey;

/// For so long they count.
const A_DAY: i64 = 24 * 60 * 60;
/// More rows than these are an attack by names that nobody bears; the oldest go.
const MOST: i64 = 100_000;

pub fn count(conn: &mut Conn, name: NameKey, now: UnixTime) -> Result<i64, Error> {
    let recent = sign_in_failures::table.find(text(name)).filter(sign_in_failures::since.gt(now.0 - A_DAY));
    Ok(recent.select(sign_in_failures::failures).get_result(conn).optional()?.unwrap_or(0))
}

/// One more.
pub fn add(conn: &mut Conn, name: NameKey, now: UnixTime) -> Result<(), Error> {
    let over = sign_in_failures::table.find(text(name)).filter(sign_in_failures::since.le(now.0 - A_DAY));
    diesel::delete(over).execute(conn)?;
    diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::name.eq(text(name)),
            sign_in_failures::failures.eq(1),
            sign_in_failures::since.eq(now.0),
        ))
        .on_conflict(sign_in_failures::name)
        .do_update()
        .set(sign_in_failures::failures.eq(sign_in_failures::failures + excluded(sign_in_failures::failures)))
        .execute(conn)?;
    Ok(())
}

/// Lets go of what no longer counts, and of the oldest of too many. Returns how many.
pub fn prune(conn: &mut Conn, now: UnixTime) -> Result<usize, Error> {
    let old =
        diesel::delete(sign_in_failures::table.filter(sign_in_failures::since.le(now.0 - A_DAY))).execute(conn)?;
    let oldest_kept: Option<i64> = sign_in_failures::table
        .order(sign_in_failures::since.desc())
        .offset(MOST)
        .select(sign_in_failures::since)
        .get_result(conn)
        .optional()?;
    let Some(oldest) = oldest_kept else { return Ok(old) };
    Ok(old + diesel::delete(sign_in_failures::table.filter(sign_in_failures::since.le(oldest))).execute(conn)?)
}

fn text(name: NameKey) -> String {
    format!("{:032x}", name.0)
}
