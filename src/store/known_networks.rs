//! The networks from which accounts were signed in to lately.

use diesel::dsl::exists;
use diesel::upsert::excluded;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, select};

use super::connection::{Conn, Error, on};
use super::schema::known_networks;
use crate::domain::{UnixTime, UserId};

/// For how many seconds a network is known after a sign-in from there.
const KNOWN_FOR: i64 = 30 * 24 * 60 * 60;

/// Notes that the user has signed in from this network now, with this version of the password.
pub fn note(conn: &mut Conn, user: UserId, network: &str, password_version: i64, now: UnixTime) -> Result<(), Error> {
    let insert = diesel::insert_into(known_networks::table)
        .values((
            known_networks::user_id.eq(user.0),
            known_networks::network.eq(network),
            known_networks::password_version.eq(password_version),
            known_networks::signed_in_at.eq(now.0),
        ))
        .on_conflict((known_networks::user_id, known_networks::network))
        .do_update()
        .set((
            known_networks::password_version.eq(excluded(known_networks::password_version)),
            known_networks::signed_in_at.eq(excluded(known_networks::signed_in_at)),
        ));
    on!(conn, c => insert.execute(c))?;
    Ok(())
}

/// Whether the user has signed in from this network lately, with this version of the password.
pub fn is_known(
    conn: &mut Conn,
    user: UserId,
    network: &str,
    password_version: i64,
    now: UnixTime,
) -> Result<bool, Error> {
    let row = known_networks::table
        .find((user.0, network))
        .filter(known_networks::password_version.eq(password_version))
        .filter(known_networks::signed_in_at.gt(now.0 - KNOWN_FOR));
    Ok(select(exists(row.select(known_networks::user_id))).get_result(conn)?)
}

/// Deletes what is no longer known. Not many more rows than `limit`, those of one second together, so that other writes get their turn.
/// Returns how many.
pub fn prune(conn: &mut Conn, now: UnixTime, limit: i64) -> Result<usize, Error> {
    let last = now.0 - KNOWN_FOR;
    let next: Option<i64> = known_networks::table
        .filter(known_networks::signed_in_at.le(last))
        .order(known_networks::signed_in_at)
        .offset(limit)
        .select(known_networks::signed_in_at)
        .get_result(conn)
        .optional()?;
    let old = known_networks::table.filter(known_networks::signed_in_at.le(next.unwrap_or(last)));
    Ok(diesel::delete(old).execute(conn)?)
}
