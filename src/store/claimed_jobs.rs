//! What one of several nodes does for all: who has claimed it, and until when.

use std::time::Duration;

use diesel::upsert::excluded;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};
use uuid::Uuid;

use super::connection::{Conn, Error, on};
use super::dialect;
use super::schema::claimed_jobs;

/// Pruning, retention, keys that sign for apps, telling apps: all that is done from time to time.
pub(super) const UPKEEP: &str = "upkeep";
/// The database counts in whole seconds: nobody else may take a claim before whoever has it counts it as over.
const ROUNDED_BY: i64 = 2;

/// Claims a job for this node, or renews its claim, for so long from now on. `false`: another node has it.
pub(super) fn claim(conn: &mut Conn, job: &str, node: Uuid, length: Duration) -> Result<bool, Error> {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX).saturating_add(ROUNDED_BY);
    let row = (
        claimed_jobs::job.eq(job),
        claimed_jobs::node.eq(node.to_string()),
        claimed_jobs::until.eq(dialect::ago(-seconds)),
    );
    let is_free = claimed_jobs::node.eq(node.to_string()).or(claimed_jobs::until.lt(dialect::clock()));
    let claim = diesel::insert_into(claimed_jobs::table).values(row).on_conflict(claimed_jobs::job);
    let claim = claim.do_update().set((
        claimed_jobs::node.eq(excluded(claimed_jobs::node)),
        claimed_jobs::until.eq(excluded(claimed_jobs::until)),
    ));
    Ok(on!(conn, c => diesel::query_dsl::methods::FilterDsl::filter(claim, is_free).execute(c))? == 1)
}

/// Lets go of all that this node has claimed.
pub(super) fn release(conn: &mut Conn, node: Uuid) -> Result<(), Error> {
    diesel::delete(claimed_jobs::table.filter(claimed_jobs::node.eq(node.to_string()))).execute(conn)?;
    Ok(())
}
