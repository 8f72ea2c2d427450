//! The only SQL. One file per table; `read(job)` and `write(job)` of [`Db`] are the only doors.

pub mod audit;
pub mod clients;
pub mod instance;
pub mod links;
mod prepared;
pub mod revoked;
mod schema;
pub mod session_ends;
pub mod session_lists;
pub mod sessions;
pub mod sign_in_failures;
pub mod signing_keys;
pub mod steps;
pub mod token_blocklist;
pub mod user_lists;
pub mod users;
mod writer;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationVersion;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::result::DatabaseErrorKind;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use writer::Writer;
pub(crate) use writer::chain;
pub use writer::{Memory, Pending, Tx};

/// The connection that all queries take. A second database will make this an enum with `#[derive(MultiConnection)]`; the
/// queries keep to what that derive can do.
///
/// Where a key finds one row they say `get_result`, not `first`: that one binds a LIMIT, for which SQLite, unless compiled as
/// `.cargo/config.toml` asks for, compiles the statement anew each time.
pub type Conn = SqliteConnection;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How long a statement waits for another process's lock before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_millis(2500);
/// Of the database's pages each connection may keep so many kilobytes, four times what SQLite would by itself: the pages of some
/// thousand sessions, which it else reads from the system again and again.
const CACHE: u32 = 8192;
/// Connections that read.
pub const READERS: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database could not answer")]
    Database(#[from] diesel::result::Error),
    #[error("the database did not open")]
    Connect(#[from] diesel::ConnectionError),
    #[error("no database connection was free")]
    Pool(#[from] diesel::r2d2::PoolError),
    #[error("the change was not taken: too many are waiting, or the database could not be locked")]
    NotTaken,
    #[error("the database did not open again: {0}")]
    Reopen(String),
    #[error("the transaction could not be committed")]
    NotCommitted(String),
    #[error("memory could not follow the database: {0}")]
    NotFollowed(String),
    #[error("a job panicked")]
    Panicked,
    #[error("the database holds something this version does not know: {0}")]
    Unknown(String),
}

impl Error {
    /// Whether asking again in a moment may help: locked, full, too busy. Everything else is a fault of ours.
    pub fn is_temporary(&self) -> bool {
        match self {
            // Locked, full, a failing disk: SQLite's own words for these are all `Unknown` to Diesel. The other kinds are
            // constraints that a statement of ours should have respected.
            Self::Database(diesel::result::Error::DatabaseError(kind, _)) => matches!(kind, DatabaseErrorKind::Unknown),
            Self::Database(_) | Self::Panicked | Self::Unknown(_) | Self::NotFollowed(_) => false,
            Self::Connect(_) | Self::Pool(_) | Self::NotTaken | Self::Reopen(_) | Self::NotCommitted(_) => true,
        }
    }
}

/// Why a database was not opened. Shown to the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("could not open the database {path}")]
    Connect { path: PathBuf, source: diesel::ConnectionError },
    #[error("could not prepare the database {path}")]
    Prepare { path: PathBuf, source: diesel::result::Error },
    #[error("could not bring the database {path} to this version's shape: {reason}")]
    Migrate { path: PathBuf, reason: String },
    #[error(
        "the database {path} was made by a newer version of Portero (it has the change {newest:?}, which this one does not know); \
         nothing was touched. Run the newer version, or restore a backup made before the update"
    )]
    Newer { path: PathBuf, newest: String },
    #[error("SQLite {found} has a known loss of data in WAL mode; 3.51.3 or newer is needed")]
    OldSqlite { found: String },
    #[error("could not keep connections to the database {path}")]
    Pool { path: PathBuf, source: diesel::r2d2::PoolError },
    #[error("could not start the thread that writes")]
    Thread(#[from] std::io::Error),
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<ConnectionManager<Conn>>,
    writer: Writer,
}

impl Db {
    /// Opens the file, makes it if need be, and brings it to this version's shape.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let mut conn = connect(path).map_err(|fault| fault.at(path))?;
        migrate(&mut conn, path)?;
        let manager = ConnectionManager::new(path.to_string_lossy());
        let readers = Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            // No server is at the other end that could have gone away.
            .test_on_check_out(false)
            .connection_timeout(BUSY_TIMEOUT)
            .connection_customizer(Box::new(Reader))
            .build(manager)
            .map_err(|source| OpenError::Pool { path: path.to_owned(), source })?;
        Ok(Self { readers, writer: Writer::start(conn, path.to_owned())? })
    }

    /// Looks something up, on a connection that can't change anything. Blocks.
    pub fn read<T, E: From<Error>>(&self, job: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.readers.get().map_err(Error::Pool)?;
        job(&mut conn)
    }

    /// Changes something: all of it or nothing. Blocks until the change is durable and what the job left to do in memory is
    /// done.
    pub fn write<T, E>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(job).wait()
    }

    /// As [`write`](Self::write), without waiting: the job runs to its end even if nobody waits for the answer.
    pub fn submit<T, E>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.submit(job)
    }

    /// Loads what is kept in memory, and from now on has it follow the database also where another process changes it, or where
    /// it is unknown whether a commit of ours got through. Runs on the writer's side, between transactions, so that nothing
    /// changes meanwhile.
    pub fn keep_in_step(&self, memory: Memory) -> Result<(), Error> {
        self.writer.keep_in_step(memory)
    }
}

#[derive(Debug)]
enum ConnectFault {
    Connect(diesel::ConnectionError),
    Prepare(diesel::result::Error),
    OldSqlite(String),
}

impl ConnectFault {
    fn at(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Connect(source) => OpenError::Connect { path, source },
            Self::Prepare(source) => OpenError::Prepare { path, source },
            Self::OldSqlite(found) => OpenError::OldSqlite { found },
        }
    }
}

/// A connection that may write. Where another one is just opening or closing the file, for which SQLite knows no waiting, it is
/// tried again for as long as a lock is waited for otherwise.
fn connect(path: &Path) -> Result<Conn, ConnectFault> {
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

/// FULL: an acknowledged commit survives a power cut, which NORMAL in WAL mode does not promise.
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

#[derive(Debug)]
struct Reader;

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA query_only = ON; PRAGMA cache_size = -{CACHE};",
            BUSY_TIMEOUT.as_millis()
        ))
        .map_err(diesel::r2d2::Error::QueryError)
    }
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

/// Runs the embedded migrations, but never on a database that is ahead of us.
fn migrate(conn: &mut Conn, path: &Path) -> Result<(), OpenError> {
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

/// A word from the database that must be one of ours.
fn known<T>(parsed: Option<T>, what: &str, text: &str) -> Result<T, Error> {
    parsed.ok_or_else(|| Error::Unknown(format!("{what} {text:?}")))
}
