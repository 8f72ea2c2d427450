//! What the two databases do each in its own way: how they are opened, how a transaction begins, and how it is noticed that others have
//! changed something. `sqlite.rs` and `postgres.rs` have the ways themselves.

use std::sync::Arc;
use std::time::Duration;

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::migration::{self, MigrationSource, MigrationVersion};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use uuid::Uuid;

use super::connection::{Conn, ConnectFault, Error, OpenError, either, of_sqlite};
#[cfg(feature = "postgres")]
use super::postgres;
use super::sqlite;
use super::sqlite_file::checkpoint;
use super::stand_still::Watched;
use crate::domain::{DatabaseUrl, SessionId};

/// Opens a connection that may write.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has no server"))]
pub(super) fn connect(database: &DatabaseUrl, watched: &Arc<Watched>) -> Result<Conn, ConnectFault> {
    match database {
        DatabaseUrl::Sqlite(path) => sqlite::connect(path).map(of_sqlite),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => postgres::connect(url, watched).map(Conn::Postgres),
        #[cfg(not(feature = "postgres"))]
        DatabaseUrl::Postgres(_) => Err(ConnectFault::NotBuiltIn),
    }
}

/// Opens a connection that can't change anything.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has no server"))]
pub(super) fn connect_reader(database: &DatabaseUrl, watched: &Arc<Watched>) -> Result<Conn, ConnectFault> {
    match database {
        DatabaseUrl::Sqlite(path) => sqlite::connect_reader(path).map(of_sqlite),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => postgres::connect_reader(url, watched).map(Conn::Postgres),
        #[cfg(not(feature = "postgres"))]
        DatabaseUrl::Postgres(_) => Err(ConnectFault::NotBuiltIn),
    }
}

/// Opens a connection that may write and keeps nothing locked between its transactions.
pub(super) fn connect_lane(database: &DatabaseUrl, watched: &Arc<Watched>) -> Result<Conn, ConnectFault> {
    match database {
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => postgres::connect_lane(url, watched).map(Conn::Postgres),
        DatabaseUrl::Sqlite(_) => connect(database, watched),
        #[cfg(not(feature = "postgres"))]
        DatabaseUrl::Postgres(_) => Err(ConnectFault::NotBuiltIn),
    }
}

/// Whether there is a database that Portero has used, or, of SQLite, a file.
pub(super) fn exists(database: &DatabaseUrl) -> Result<bool, ConnectFault> {
    match database {
        DatabaseUrl::Sqlite(path) => Ok(path.exists()),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            postgres::exists(&mut postgres::connect(url, &Arc::default())?).map_err(ConnectFault::Prepare)
        }
        #[cfg(not(feature = "postgres"))]
        DatabaseUrl::Postgres(_) => Err(ConnectFault::NotBuiltIn),
    }
}

/// Whether the server does not answer on this connection. SQLite has no server.
pub(super) fn is_lost(conn: &mut Conn) -> bool {
    either!(conn, sqlite(_conn) => false, postgres(conn) => postgres::version(conn).is_err())
}

/// Begins a transaction that only one connection at a time can be in. Returns the version that the database has in it, if the commit
/// makes it the next one; `None`: a connection's own commits don't change what it sees as the version.
pub(super) fn begin(conn: &mut Conn) -> QueryResult<Option<i64>> {
    either!(conn,
        sqlite(conn) => sqlite::BEGIN.execute(conn).map(|_| None),
        postgres(conn) => postgres::begin(conn).map(Some),
    )
}

/// Commits what [`begin`] began.
pub(super) fn commit(conn: &mut Conn) -> QueryResult<()> {
    either!(conn,
        sqlite(conn) => sqlite::COMMIT.execute(conn).map(drop),
        postgres(conn) => postgres::commit(conn),
    )
}

/// Begins a transaction in which nobody else changes this session.
pub(super) fn begin_holding(conn: &mut Conn, session: Option<SessionId>) -> QueryResult<()> {
    either!(conn,
        sqlite(conn) => { let _all = session; sqlite::BEGIN.execute(conn).map(drop) },
        postgres(conn) => postgres::begin_holding(conn, session),
    )
}

/// Keeps everybody else from changing this session until the transaction's end. To be asked for before the session is read, by whoever
/// changes it by what they read. (On SQLite, nobody else changes anything.)
pub fn hold(conn: &mut Conn, session: SessionId) -> Result<(), Error> {
    let held: QueryResult<()> = either!(conn,
        sqlite(_conn) => { let _all = session; Ok(()) },
        postgres(conn) => postgres::hold(conn, session),
    );
    Ok(held?)
}

/// A connection that has locked the database to serve it.
#[cfg(feature = "postgres")]
pub(super) type Serving = postgres::Session;
#[cfg(not(feature = "postgres"))]
pub(super) type Serving = ();

/// Makes this connection the one of the server that serves the database. `None`: another one is. `former`: the one that did so before and
/// was lost. `is_shared`: others that share it may serve the database, too. (On SQLite, a file beside the database is locked.)
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has no server"))]
pub(super) fn lock_to_serve(
    conn: &mut Conn,
    former: Option<&Serving>,
    is_shared: bool,
) -> QueryResult<Option<Serving>> {
    either!(conn, sqlite(_conn) => Ok(None), postgres(conn) => postgres::lock_to_serve(conn, former, is_shared))
}

/// Has this connection told of what is committed elsewhere. `false`: it hears nothing, because of a pooler.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has one node"))]
pub(super) fn listen(conn: &mut Conn, within: Duration) -> QueryResult<bool> {
    either!(conn, sqlite(_conn) => Ok(false), postgres(conn) => postgres::listen(conn, within))
}

/// Whether somebody has told of something since this was asked last.
pub(super) fn has_heard(conn: &mut Conn) -> QueryResult<bool> {
    either!(conn, sqlite(_conn) => Ok(false), postgres(conn) => postgres::has_heard(conn))
}

/// Tells all who listen that something was committed.
pub(super) fn tell(conn: &mut Conn) -> QueryResult<()> {
    either!(conn, sqlite(_conn) => Ok(()), postgres(conn) => postgres::tell(conn))
}

/// Notes how far a node follows, and tells all who listen.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has one node"))]
pub(super) fn report(conn: &mut Conn, node: Uuid, number: i64) -> QueryResult<()> {
    either!(conn, sqlite(_conn) => Ok(()), postgres(conn) => postgres::report(conn, node, number))
}

/// Moves a node's row to those of the past: because it leaves or, with the beat that it had when it fell silent, because it is struck off,
/// unless it has beaten since. `false`: the row was not there, or has beaten.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has one node"))]
pub(super) fn take_node_away(conn: &mut Conn, node: Uuid, silent_since: Option<i64>) -> QueryResult<bool> {
    either!(conn, sqlite(_conn) => Ok(false), postgres(conn) => postgres::take_node_away(conn, node, silent_since))
}

/// Notes that nodes accept nothing any more that the commits up to this one ended.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite has one node"))]
pub(super) fn confirm_receipts(conn: &mut Conn, up_to: i64) -> QueryResult<()> {
    either!(conn, sqlite(_conn) => Ok(()), postgres(conn) => postgres::confirm_receipts(conn, up_to))
}

/// Whether a connection is that of a server.
pub(super) fn is_served(conn: &mut Conn) -> QueryResult<bool> {
    either!(conn, sqlite(_conn) => Ok(false), postgres(conn) => postgres::is_served(conn))
}

/// The size of a database that is on a server, in bytes.
pub(super) fn size(conn: &mut Conn) -> QueryResult<Option<u64>> {
    either!(conn, sqlite(_conn) => Ok(None), postgres(conn) => postgres::size(conn))
}

/// A number that changes when somebody else has committed.
pub(super) fn version(conn: &mut Conn) -> QueryResult<i64> {
    either!(conn, sqlite(conn) => sqlite::version(conn), postgres(conn) => postgres::version(conn))
}

/// A number that stays the same only if nobody else has committed, by whatever program. `None`: the database has none; of PostgreSQL,
/// [`version`] counts those who count themselves.
pub(super) fn version_of_all(conn: &mut Conn) -> QueryResult<Option<i64>> {
    either!(conn, sqlite(conn) => sqlite::version(conn).map(Some), postgres(_conn) => Ok(None))
}

/// The database's own clock, in seconds since the epoch. Only on PostgreSQL.
pub(super) fn clock() -> SqlLiteral<BigInt> {
    ago(0)
}

/// The clock of this connection's database, in seconds since the epoch. Only for what asks on both about nodes, of which SQLite has none.
pub(super) fn clock_of(conn: &mut Conn) -> SqlLiteral<BigInt> {
    either!(conn, sqlite(_conn) => sql("CAST(strftime('%s', 'now') AS INTEGER)"), postgres(_conn) => clock())
}

/// So many seconds before that.
pub(super) fn ago(seconds: i64) -> SqlLiteral<BigInt> {
    sql(&format!("CAST(extract(epoch FROM clock_timestamp()) AS BIGINT) - {seconds}"))
}

pub(super) fn set_lock_timeout(conn: &mut Conn, timeout: Duration) -> QueryResult<()> {
    either!(conn,
        sqlite(conn) => sqlite::set_lock_timeout(conn, timeout),
        postgres(conn) => postgres::set_lock_timeout(conn, timeout),
    )
}

/// Leaves out the next million of users' ids: some of them may have been given to users who are not in this database.
pub fn skip_ids(conn: &mut Conn) -> Result<(), Error> {
    Ok(either!(conn, sqlite(conn) => sqlite::skip_ids(conn), postgres(conn) => postgres::skip_ids(conn))?)
}

/// Leaves the database as whole as a clean stop should. `false`: others use it.
pub(super) fn close(conn: &mut Conn) -> Result<bool, Error> {
    either!(conn, sqlite(conn) => checkpoint(conn), postgres(_conn) => Ok(true))
}

/// Brings the database to this version's tables. Fails, changing nothing, if it has a change that this version does not know.
pub(super) fn migrate(conn: &mut Conn, database: &DatabaseUrl) -> Result<(), OpenError> {
    either!(conn,
        sqlite(conn) => run_migrations(conn, sqlite::MIGRATIONS, database, sqlite::migrate_at_once),
        postgres(conn) => {
            let failed = |error: diesel::result::Error| OpenError::Migrate { database: database.clone(), reason: error.to_string() };
            let each = |conn: &mut diesel::PgConnection| conn.run_pending_migrations(postgres::MIGRATIONS).map(drop);
            postgres::alone(conn, |conn| run_migrations(conn, postgres::MIGRATIONS, database, each)).map_err(failed)?
        },
    )
}

/// `run`: makes the changes that the database lacks. It is not called if there are none.
fn run_migrations<DB: Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    known: EmbeddedMigrations,
    database: &DatabaseUrl,
    run: impl FnOnce(&mut C) -> migration::Result<()>,
) -> Result<(), OpenError> {
    let failed = |reason: String| OpenError::Migrate { database: database.clone(), reason };
    let names = MigrationSource::<DB>::migrations(&known).map_err(|error| failed(error.to_string()))?;
    let applied = conn.applied_migrations().map_err(|error| failed(error.to_string()))?;
    let is_known =
        |version: &MigrationVersion<'_>| names.iter().any(|migration| migration.name().version() == *version);
    let is_complete = names.iter().all(|migration| applied.contains(&migration.name().version()));
    if let Some(newer) = applied.into_iter().find(|version| !is_known(version)) {
        return Err(OpenError::Newer { database: database.clone(), newest: newer.to_string() });
    }
    if is_complete {
        return Ok(());
    }
    run(conn).map_err(|error| failed(error.to_string()))
}
