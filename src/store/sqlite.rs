//! How SQLite is opened, locked and watched.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::migration;
use diesel::{Connection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{ConnectFault, LOCK_TIMEOUT};
use super::prepared::{Plain, PlainNumber};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// IMMEDIATE, because a transaction that reads before it writes would fail at once if another process wrote in between.
pub(super) const BEGIN: Plain = Plain("BEGIN IMMEDIATE");
pub(super) const COMMIT: Plain = Plain("COMMIT");

/// Page cache per connection in KiB, four times SQLite's default: it holds the pages of a few thousand sessions that would
/// otherwise be read from the system again and again.
const CACHE: u32 = 8192;

/// Opens a connection that may write. While another process opens or closes the file, SQLite fails at once instead of waiting, so
/// this tries again for as long as a statement would wait for a lock.
pub(super) fn connect(path: &Path) -> Result<SqliteConnection, ConnectFault> {
    let begin = Instant::now();
    loop {
        match connect_once(path) {
            Err(ConnectFault::Prepare(error)) if is_locked(&error) && begin.elapsed() < LOCK_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, what) if what.message().contains("locked"))
}

/// `synchronous = FULL`: an acknowledged commit survives a power cut, which NORMAL in WAL mode does not promise.
fn connect_once(path: &Path) -> Result<SqliteConnection, ConnectFault> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(ConnectFault::Connect)?;
    let found = sqlite_version(&mut conn).map_err(ConnectFault::Prepare)?;
    if version_numbers(&found) < [3, 51, 3] {
        return Err(ConnectFault::OldSqlite(found));
    }
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA secure_delete = ON; PRAGMA cache_size = -{CACHE};",
        LOCK_TIMEOUT.as_millis()
    ))
    .map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

/// Opens a connection that can't change anything.
pub(super) fn connect_reader(path: &Path) -> Result<SqliteConnection, ConnectFault> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(ConnectFault::Connect)?;
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA query_only = ON; PRAGMA cache_size = -{CACHE};",
        LOCK_TIMEOUT.as_millis()
    ))
    .map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn sqlite_version(conn: &mut SqliteConnection) -> QueryResult<String> {
    sql_query("SELECT sqlite_version() AS value").get_result::<TextRow>(conn).map(|row| row.value)
}

fn version_numbers(text: &str) -> [u32; 3] {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

/// Makes the changes that the database lacks, all of them or none. In one commit, because each waits for the disk: a first start did so for
/// every migration there has been.
pub(super) fn migrate_at_once(conn: &mut SqliteConnection) -> migration::Result<()> {
    conn.immediate_transaction(|conn| conn.run_pending_migrations(MIGRATIONS).map(drop))
}

/// For how long a statement waits for another process's lock.
pub(super) fn set_lock_timeout(conn: &mut SqliteConnection, timeout: Duration) -> QueryResult<()> {
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", timeout.as_millis()))
}

const DATA_VERSION: PlainNumber = PlainNumber("PRAGMA data_version");

/// A number that changes when another connection has committed. (SQLite, `PRAGMA data_version`)
pub(super) fn version(conn: &mut SqliteConnection) -> QueryResult<i64> {
    DATA_VERSION.get_result(conn)
}

/// Leaves out the next million of users' ids.
pub(super) fn skip_ids(conn: &mut SqliteConnection) -> QueryResult<()> {
    // Before the first user there is no row.
    sql_query(
        "INSERT INTO sqlite_sequence (name, seq) \
         SELECT 'users', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')",
    )
    .execute(conn)?;
    sql_query("UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'users'").execute(conn).map(drop)
}
