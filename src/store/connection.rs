//! A connection to the database: how it is opened and set up, and what can go wrong with it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationVersion;
use diesel::r2d2::CustomizeConnection;
use diesel::result::DatabaseErrorKind;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::trouble::{named, named_at, named_in};
use crate::error_chain::chain;

/// The connection that all queries take.
///
/// A query that finds one row by its key should use `get_result`, not `first`: `first` binds a LIMIT, and SQLite then compiles the
/// statement again each time, unless it was built as `.cargo/config.toml` asks for.
pub type Conn = SqliteConnection;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How long a statement waits for another process's lock before it gives up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_millis(2500);
/// Page cache per connection in KiB, four times SQLite's default: it holds the pages of a few thousand sessions that would
/// otherwise be read from the system again and again.
const CACHE: u32 = 8192;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database could not answer{}", named(.0))]
    Database(#[from] diesel::result::Error),
    #[error("the database did not open{}", named(.0))]
    Connect(#[from] diesel::ConnectionError),
    #[error("no database connection was free{}", named(.0))]
    Pool(#[from] diesel::r2d2::PoolError),
    #[error("the change was not taken: too many are waiting")]
    NotTaken,
    #[error("the change was not begun: {0}")]
    NotBegun(String),
    #[error("the database did not open again: {0}")]
    Reopen(String),
    #[error("the change could not be stored: {0}")]
    NotCommitted(String),
    #[error("memory could not follow the database: {0}")]
    NotFollowed(String),
    /// A probe found it.
    #[error("the database does not work: {0}")]
    Unwell(String),
    #[error("an audit event was to be recorded without the keys that seal it")]
    NoSeal,
    #[error("a job panicked")]
    Panicked,
    #[error("the database holds something this version does not know: {0}")]
    Unknown(String),
}

impl Error {
    /// Whether trying again in a moment may help: the database is locked, full or too busy. Every other error is a fault in
    /// Portero.
    pub fn is_temporary(&self) -> bool {
        match self {
            // Diesel reports SQLite's errors for a lock, a full or a failing disk as `Unknown`. The other kinds are constraints
            // that Portero's statements should have respected.
            Self::Database(diesel::result::Error::DatabaseError(kind, _)) => matches!(kind, DatabaseErrorKind::Unknown),
            Self::Database(_) | Self::NoSeal | Self::Panicked | Self::Unknown(_) | Self::NotFollowed(_) => false,
            Self::Connect(_)
            | Self::Pool(_)
            | Self::NotTaken
            | Self::NotBegun(_)
            | Self::Reopen(_)
            | Self::NotCommitted(_)
            | Self::Unwell(_) => true,
        }
    }
}

/// Why the database was not opened; shown to the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("could not open the database {path}{}", named(.source))]
    Connect { path: PathBuf, source: diesel::ConnectionError },
    #[error("could not prepare the database {path}{}", named_at(.source, .path))]
    Prepare { path: PathBuf, source: diesel::result::Error },
    #[error("could not bring the database {path} to this version's shape{}: {reason}", named_in(.reason))]
    Migrate { path: PathBuf, reason: String },
    #[error(
        "the database {path} was made by a newer version of Portero (it has the change {newest:?}, which this one does not know); \
         nothing was touched. Run the newer version, or restore a backup made before the update"
    )]
    Newer { path: PathBuf, newest: String },
    #[error("SQLite {found} has a known loss of data in WAL mode; 3.51.3 or newer is needed")]
    OldSqlite { found: String },
    #[error("could not keep connections to the database {path}{}", named(.source))]
    Pool { path: PathBuf, source: diesel::r2d2::PoolError },
    #[error("could not start the thread that writes")]
    Thread(#[from] std::io::Error),
}

impl OpenError {
    /// What is wrong with the file, if it can't be read as a database.
    pub fn damage(&self) -> Option<String> {
        damage(self)
    }
}

/// The error's text if SQLite can't read the file as a database; `None`: the reason is another. Diesel passes on no more than SQLite's
/// words.
pub(super) fn damage(error: &dyn std::error::Error) -> Option<String> {
    let text = chain(error);
    ["malformed", "not a database"].iter().any(|words| text.contains(words)).then_some(text)
}

#[derive(Debug)]
pub(super) enum ConnectFault {
    Connect(diesel::ConnectionError),
    Prepare(diesel::result::Error),
    OldSqlite(String),
}

impl ConnectFault {
    pub(super) fn at(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Connect(source) => OpenError::Connect { path, source },
            Self::Prepare(source) => OpenError::Prepare { path, source },
            Self::OldSqlite(found) => OpenError::OldSqlite { found },
        }
    }
}

/// Opens a connection that may write. While another process opens or closes the file, SQLite fails at once instead of waiting, so
/// this tries again for as long as a statement would wait for a lock.
pub(super) fn connect(path: &Path) -> Result<Conn, ConnectFault> {
    let begin = Instant::now();
    loop {
        match connect_once(path) {
            Err(ConnectFault::Prepare(error)) if is_locked(&error) && begin.elapsed() < BUSY_TIMEOUT => {
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
fn connect_once(path: &Path) -> Result<Conn, ConnectFault> {
    let mut conn = Conn::establish(&path.to_string_lossy()).map_err(ConnectFault::Connect)?;
    let found = sqlite_version(&mut conn).map_err(ConnectFault::Prepare)?;
    if version_numbers(&found) < [3, 51, 3] {
        return Err(ConnectFault::OldSqlite(found));
    }
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA secure_delete = ON; PRAGMA cache_size = -{CACHE};",
        BUSY_TIMEOUT.as_millis()
    ))
    .map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

/// Makes each connection of the pool read-only.
#[derive(Debug)]
pub(super) struct Reader;

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        set_up_reader(conn).map_err(diesel::r2d2::Error::QueryError)
    }
}

pub(super) fn set_up_reader(conn: &mut Conn) -> diesel::QueryResult<()> {
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA query_only = ON; PRAGMA cache_size = -{CACHE};",
        BUSY_TIMEOUT.as_millis()
    ))
}

#[derive(diesel::QueryableByName)]
struct TextRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn sqlite_version(conn: &mut Conn) -> diesel::QueryResult<String> {
    diesel::sql_query("SELECT sqlite_version() AS value").get_result::<TextRow>(conn).map(|row| row.value)
}

fn version_numbers(text: &str) -> [u32; 3] {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

/// Runs the embedded migrations. Fails, changing nothing, if the database has one that this version does not know.
pub(super) fn migrate(conn: &mut Conn, path: &Path) -> Result<(), OpenError> {
    let failed = |reason: String| OpenError::Migrate { path: path.to_owned(), reason };
    let known = diesel::migration::MigrationSource::<diesel::sqlite::Sqlite>::migrations(&MIGRATIONS)
        .map_err(|error| failed(error.to_string()))?;
    let applied = conn.applied_migrations().map_err(|error| failed(error.to_string()))?;
    let is_known =
        |version: &MigrationVersion<'_>| known.iter().any(|migration| migration.name().version() == *version);
    if let Some(newer) = applied.into_iter().find(|version| !is_known(version)) {
        return Err(OpenError::Newer { path: path.to_owned(), newest: newer.to_string() });
    }
    conn.run_pending_migrations(MIGRATIONS).map_err(|error| failed(error.to_string()))?;
    Ok(())
}

/// Runs several look-ups at one moment: they see the same state, and the file is locked once, not for each.
pub fn at_one_moment<T>(conn: &mut Conn, look: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    conn.transaction(look)
}

/// Unwraps a word from the database after parsing; [`Error::Unknown`] if this version does not know it.
pub(super) fn known<T>(parsed: Option<T>, what: &str, text: &str) -> Result<T, Error> {
    parsed.ok_or_else(|| Error::Unknown(format!("{what} {text:?}")))
}
