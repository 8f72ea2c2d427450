//! The connection that all queries take, and what can go wrong with it.

use std::time::Duration;

#[cfg(feature = "postgres")]
use diesel::PgConnection;
use diesel::result::DatabaseErrorKind;
use diesel::{Connection, SqliteConnection};

use super::trouble::{is_fault, is_full, named, named_in};
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;

/// The connection that all queries take.
///
/// A query that finds one row by its key should use `get_result`, not `first`: `first` binds a LIMIT, and SQLite then compiles the
/// statement again each time, unless it was built as `.cargo/config.toml` asks for.
#[cfg(feature = "postgres")]
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// The same in a program that knows SQLite only.
#[cfg(not(feature = "postgres"))]
pub type Conn = SqliteConnection;

/// SQLite's own connection as one of either kind.
#[cfg(feature = "postgres")]
pub(super) fn of_sqlite(conn: SqliteConnection) -> Conn {
    Conn::Sqlite(conn)
}

#[cfg(not(feature = "postgres"))]
pub(super) fn of_sqlite(conn: SqliteConnection) -> Conn {
    conn
}

/// Runs one query on either database's own connection: `on!(conn, c => query.execute(c))`. Without it, Diesel puts the statement's text
/// together anew each time, which doubles the processor's time and more. For what every sign-in, renewal, use, question of an app or page of
/// one's own needs, and for `ON CONFLICT`, which Diesel offers only so.
#[cfg(feature = "postgres")]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::connection::Conn::Sqlite($c) => $query,
            $crate::store::connection::Conn::Postgres($c) => $query,
        }
    };
}

#[cfg(not(feature = "postgres"))]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {{
        let $c = &mut *$conn;
        $query
    }};
}

/// What each of the two databases does in its own way.
#[cfg(feature = "postgres")]
macro_rules! either {
    ($conn:expr, sqlite($s:ident) => $of_sqlite:expr, postgres($p:ident) => $of_postgres:expr $(,)?) => {
        match $conn {
            $crate::store::connection::Conn::Sqlite($s) => $of_sqlite,
            $crate::store::connection::Conn::Postgres($p) => $of_postgres,
        }
    };
}

#[cfg(not(feature = "postgres"))]
macro_rules! either {
    ($conn:expr, sqlite($s:ident) => $of_sqlite:expr, postgres($p:ident) => $of_postgres:expr $(,)?) => {{
        let $s = &mut *$conn;
        $of_sqlite
    }};
}

pub(super) use {either, on};

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
    #[error(
        "the node {node} serves this database with other settings ({settings}): give all nodes the same, or stop that one first"
    )]
    OtherSettings { node: String, settings: String },
    #[error("an audit event was to be recorded without the keys that seal it")]
    NoSeal,
    #[error("a job panicked")]
    Panicked,
    /// Never an answer: the job goes to the queue.
    #[error("a job beside the queue has come to what only the queue may do")]
    Misplaced,
    #[error("the database holds something this version does not know: {0}")]
    Unknown(String),
}

impl Error {
    /// Whether trying again in a moment may help: the database is locked, full or too busy. Every other error is a fault in
    /// Portero.
    pub fn is_temporary(&self) -> bool {
        match self {
            // Diesel reports a lock that is not given, a full or a failing disk and a server that stops as `Unknown`.
            Self::Database(diesel::result::Error::DatabaseError(DatabaseErrorKind::Unknown, about)) => {
                !is_fault(&**about)
            }
            // Those that are not named are constraints that Portero's statements should have respected.
            Self::Database(diesel::result::Error::DatabaseError(kind, _)) => matches!(
                kind,
                DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::ReadOnlyTransaction
                    | DatabaseErrorKind::SerializationFailure
                    | DatabaseErrorKind::UnableToSendCommand
            ),
            // The connection was lost earlier in the transaction.
            Self::Database(diesel::result::Error::BrokenTransactionManager) => true,
            Self::Database(_)
            | Self::NoSeal
            | Self::Panicked
            | Self::Misplaced
            | Self::Unknown(_)
            | Self::NotFollowed(_)
            | Self::OtherSettings { .. } => false,
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
    #[error("could not open the database {database}{}", named(.source))]
    Connect { database: DatabaseUrl, source: diesel::ConnectionError },
    #[error("could not prepare the database {database}{}", named_at(.source, .database))]
    Prepare { database: DatabaseUrl, source: diesel::result::Error },
    #[error("could not bring the database {database} to this version's shape{}: {reason}", named_in(.reason))]
    Migrate { database: DatabaseUrl, reason: String },
    #[error(
        "the database {database} was made by a newer version of Portero (it has the change {newest:?}, which this one does not know); \
         nothing was touched. Run the newer version, or restore a backup made before the update"
    )]
    Newer { database: DatabaseUrl, newest: String },
    #[error("SQLite {found} has a known loss of data in WAL mode; 3.51.3 or newer is needed")]
    OldSqlite { found: String },
    /// The server's settings or version don't keep what Portero promises.
    #[error("the database {database} can't be used: {why}")]
    Unfit { database: DatabaseUrl, why: String },
    #[error("this program was built without PostgreSQL: build it with `cargo build --release --features postgres`")]
    NotBuiltIn,
    #[error("could not keep connections to the database {database}{}", named(.source))]
    Pool { database: DatabaseUrl, source: diesel::r2d2::PoolError },
    #[error("could not start the thread that writes")]
    Thread(#[from] std::io::Error),
}

/// What is wrong, as the end of a sentence. On a full disk SQLite says no more than that it could not write.
fn named_at(error: &dyn std::error::Error, database: &DatabaseUrl) -> String {
    if database.file().is_some_and(is_full) { ": the disk is full".into() } else { named(error) }
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

/// How long a statement waits for another process's lock before it gives up.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_millis(2500);

#[derive(Debug)]
pub(super) enum ConnectFault {
    Connect(diesel::ConnectionError),
    Prepare(diesel::result::Error),
    OldSqlite(String),
    #[cfg(feature = "postgres")]
    Unfit(String),
    #[cfg(not(feature = "postgres"))]
    NotBuiltIn,
}

impl ConnectFault {
    pub(super) fn at(self, database: &DatabaseUrl) -> OpenError {
        let database = database.clone();
        match self {
            Self::Connect(source) => OpenError::Connect { database, source },
            Self::Prepare(source) => OpenError::Prepare { database, source },
            Self::OldSqlite(found) => OpenError::OldSqlite { found },
            #[cfg(feature = "postgres")]
            Self::Unfit(why) => OpenError::Unfit { database, why },
            #[cfg(not(feature = "postgres"))]
            Self::NotBuiltIn => OpenError::NotBuiltIn,
        }
    }
}

/// Runs several look-ups at one moment: they see the same state, and the file is locked once, not for each.
pub fn at_one_moment<T>(conn: &mut Conn, look: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    conn.transaction(look)
}

/// Unwraps a word from the database after parsing; [`Error::Unknown`] if this version does not know it.
pub(super) fn known<T>(parsed: Option<T>, what: &str, text: &str) -> Result<T, Error> {
    parsed.ok_or_else(|| Error::Unknown(format!("{what} {text:?}")))
}
