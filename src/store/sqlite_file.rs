//! What a database needs because it is a file, which SQLite alone is.

use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::connection::{Conn, Error};

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    busy: i32,
}

/// Moves all changes from the file `-wal` into the database's own file, and empties `-wal`. `false`: another connection is using the
/// database, so some may have stayed.
pub(super) fn checkpoint(conn: &mut Conn) -> Result<bool, Error> {
    Ok(sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpoint>(conn)?.busy == 0)
}
