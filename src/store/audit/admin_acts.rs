//! What admins and operators did lately: found in an index of its own, however many events there are of everybody else.

use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::list::AuditEvent;
use super::seal::Row;
use crate::store::connection::{Conn, Error};
use crate::store::schema::audit_events;

/// Somebody did it to somebody else, or it was done at the command line. Only admins act on others, except that whoever signs in ends
/// the session that the browser held. The index in the migration `overview` has the same words.
const BY_ADMINS: &str = "((by_user <> user_id OR (by_user IS NOT NULL AND user_id IS NULL) OR details LIKE '%\"operator\":%') \
                         AND coalesce(details, '') NOT LIKE '%\"reason\":\"replaced\"%')";

/// The newest events, newest first. At most `limit`.
pub fn latest(conn: &mut Conn, limit: i64) -> Result<Vec<AuditEvent>, Error> {
    let rows: Vec<Row> = audit_events::table
        .filter(sql::<Bool>(BY_ADMINS))
        .order((audit_events::at.desc(), audit_events::n.desc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}
