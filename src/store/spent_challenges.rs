//! Challenges for passkeys whose answer has led to something. They are remembered until they would be too old anyway.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, on};
use super::schema::spent_challenges;
use crate::domain::UnixTime;

/// Uses a challenge up. `false`: it was before, perhaps a moment ago.
pub fn spend(conn: &mut Conn, id: &str, expires_at: UnixTime) -> Result<bool, Error> {
    let row = (spent_challenges::id.eq(id), spent_challenges::expires_at.eq(expires_at.0));
    let insert = diesel::insert_into(spent_challenges::table).values(row);
    Ok(on!(conn, c => insert.on_conflict_do_nothing().execute(c))? == 1)
}

/// Deletes those that had expired before `before`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(spent_challenges::table.filter(spent_challenges::expires_at.lt(before.0))).execute(conn)?)
}
