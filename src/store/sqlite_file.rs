//! What a database needs because it is a file, which SQLite alone is.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::connection::{Conn, Error, LOCK_TIMEOUT, damage, of_sqlite};

#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    busy: i32,
}

/// Moves all changes from the file `-wal` into the database's own file, and empties `-wal`. `false`: another connection is using the
/// database, so some may have stayed.
pub(super) fn checkpoint(conn: &mut SqliteConnection) -> Result<bool, Error> {
    Ok(sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpoint>(conn)?.busy == 0)
}

#[derive(QueryableByName)]
struct QuickCheck {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

/// Checks the whole file, with its `-wal`, and changes neither. `None`: there is no damage. (SQLite, `PRAGMA quick_check`)
pub fn find_damage(path: &Path) -> Result<Option<String>, Error> {
    let checked = connect_read_only(path)
        .and_then(|mut conn| Ok(sql_query("PRAGMA quick_check(1)").get_result::<QuickCheck>(&mut conn)?.quick_check));
    match checked {
        Ok(found) if found == "ok" => Ok(None),
        Ok(found) => Ok(Some(found)),
        // If the damage is where SQLite has to begin, it finds no words of its own.
        Err(error) => damage(&error).map(Some).ok_or(error),
    }
}

/// A connection that leaves the files as they are, also when it closes: any other that is the last one writes `-wal` into the database.
fn connect_read_only(path: &Path) -> Result<SqliteConnection, Error> {
    let path = path.to_string_lossy();
    // In a URI these have a meaning. (https://sqlite.org/uri.html)
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let mut conn = SqliteConnection::establish(&format!("file:{path}?mode=ro"))?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", LOCK_TIMEOUT.as_millis()))?;
    Ok(conn)
}

/// The size of the file in bytes, with what waits in its journal. `None`: it can't be looked at.
pub(super) fn file_size(database: &Path) -> Option<u64> {
    let size = |path: &Path| std::fs::metadata(path).ok().map(|data| data.len());
    let journal = database.with_file_name(format!("{}-wal", database.file_name()?.to_string_lossy()));
    Some(size(database)? + size(&journal).unwrap_or(0))
}

/// Writes the database, as it is at this moment, into `to`, which is empty. Others can go on writing. (SQLite, `VACUUM INTO`)
pub fn copy_database(from: &Path, to: &Path) -> Result<(), Error> {
    let copy = sql_query("VACUUM INTO ?").bind::<Text, _>(to.to_string_lossy());
    copy.execute(&mut connect_read_only(from)?)?;
    Ok(())
}

/// Runs `job` on a database that no server uses, and leaves it as it is.
pub fn read_file<T>(path: &Path, job: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    job(&mut of_sqlite(connect_read_only(path)?))
}
