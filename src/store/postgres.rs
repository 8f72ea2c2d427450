//! How PostgreSQL is reached, locked and watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use uuid::Uuid;

use super::connection::{ConnectFault, LOCK_TIMEOUT};
use super::prepared::Plain;
use super::stand_still::{Purpose, Watched};
use crate::domain::{PostgresUrl, SessionId};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// As `server_version_num` counts.
const OLDEST: i64 = 140_000;
/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the network may leave unanswered what was sent, on both sides, in milliseconds. Without a bound, a connection that was cut off
/// would be waited for until TCP gives up, after a quarter of an hour.
const UNANSWERED: u32 = 2000;
/// Each connection has another number of milliseconds, so that its socket can be told from the others.
const MOST_CONNECTIONS: u32 = 500;

/// Numbers that stand for what is locked. (PostgreSQL, advisory locks)
const LOCK_TO_MIGRATE: i64 = 0x506f_7274_6572_6f01;
const LOCK_TO_SERVE: i64 = 0x506f_7274_6572_6f02;

/// Opens a connection that may write.
pub(super) fn connect(url: &PostgresUrl, watched: &Arc<Watched>) -> Result<PgConnection, ConnectFault> {
    let mut conn = establish(url, watched, Purpose::Write)?;
    examine(&mut conn)?;
    set_up(&mut conn, "off").map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

/// Opens a connection that may write. It may rest for long: it holds nothing between its transactions. What it asks for was examined
/// when the first connection was made.
pub(super) fn connect_lane(url: &PostgresUrl, watched: &Arc<Watched>) -> Result<PgConnection, ConnectFault> {
    let mut conn = establish(url, watched, Purpose::Write)?;
    set_up(&mut conn, "off").map_err(ConnectFault::Prepare)?;
    conn.batch_execute("SET idle_session_timeout = 0").map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

/// Opens a connection that can't change anything.
pub(super) fn connect_reader(url: &PostgresUrl, watched: &Arc<Watched>) -> Result<PgConnection, ConnectFault> {
    let mut conn = establish(url, watched, Purpose::Read)?;
    set_up(&mut conn, "on").map_err(ConnectFault::Prepare)?;
    Ok(conn)
}

fn establish(url: &PostgresUrl, watched: &Arc<Watched>, purpose: Purpose) -> Result<PgConnection, ConnectFault> {
    // Of the process, as its sockets are.
    static CONNECTIONS: AtomicU32 = AtomicU32::new(0);
    let unanswered = UNANSWERED + CONNECTIONS.fetch_add(1, Ordering::Relaxed) % MOST_CONNECTIONS;
    let mut conn = PgConnection::establish(&conninfo(url, unanswered)).map_err(ConnectFault::Connect)?;
    if let Some(watch) = watched.watch(unanswered, purpose) {
        conn.set_instrumentation(watch);
    }
    Ok(conn)
}

/// What libpq is told. (PostgreSQL, "Connection Strings")
fn conninfo(url: &PostgresUrl, unanswered: u32) -> String {
    let seconds = CONNECT_TIMEOUT.as_secs().to_string();
    let (port, unanswered) = (url.port.map(|port| port.to_string()), unanswered.to_string());
    let roots = url.root_certificates.as_ref().map(|path| path.to_string_lossy().into_owned());
    let words = [
        ("host", url.host.as_deref()),
        ("port", port.as_deref()),
        ("user", url.user.as_deref()),
        ("password", url.password.as_deref()),
        ("dbname", Some(url.database.as_str())),
        ("sslmode", roots.as_ref().map(|_| "verify-full")),
        ("sslrootcert", roots.as_deref()),
        ("application_name", Some("portero")),
        ("connect_timeout", Some(seconds.as_str())),
        ("tcp_user_timeout", Some(unanswered.as_str())),
        ("keepalives_idle", Some("2")),
        ("keepalives_interval", Some("1")),
        ("keepalives_count", Some("2")),
        ("client_encoding", Some("UTF8")),
    ];
    let quoted = |value: &str| value.replace('\\', r"\\").replace('\'', r"\'");
    let words = words.into_iter().filter_map(|(name, value)| Some(format!("{name}='{}'", quoted(value?))));
    words.collect::<Vec<_>>().join(" ")
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    setting: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Refuses a server that would not keep what Portero promises: that what it has acknowledged is stored.
fn examine(conn: &mut PgConnection) -> Result<(), ConnectFault> {
    let settings: Vec<Setting> = sql_query(
        "SELECT name, setting FROM pg_settings WHERE name IN \
         ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'server_encoding', 'in_hot_standby', \
         'default_transaction_read_only')",
    )
    .load(conn)
    .map_err(ConnectFault::Prepare)?;
    let value = |name: &str| settings.iter().find(|one| one.name == name).map_or("", |one| one.setting.as_str());
    let unfit = |why: String| Err(ConnectFault::Unfit(why));
    if value("server_version_num").parse::<i64>().unwrap_or_default() < OLDEST {
        return unfit(format!("PostgreSQL {} is too old; 14 or newer is needed", value("server_version")));
    }
    if value("in_hot_standby") == "on" {
        return unfit("its server is a replica, which takes no changes: name the primary in database_url".into());
    }
    if value("default_transaction_read_only") == "on" {
        return unfit("its server is set to take no changes: set default_transaction_read_only to off".into());
    }
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        if value(name) == "off" {
            return unfit(format!(
                "{name} is off there, so what was stored can be lost when the server stops: set it to on"
            ));
        }
    }
    if let Some(when) = loses_at_failover(value("synchronous_commit"), value("synchronous_standby_names")) {
        return unfit(format!(
            "synchronous_commit is {} there, so what was stored can be lost when a replica takes over{when}: set it to on",
            value("synchronous_commit")
        ));
    }
    if value("server_encoding") != "UTF8" {
        return unfit(format!("its encoding is {}: make one with the encoding UTF8", value("server_encoding")));
    }
    Ok(())
}

/// Which replica that takes over may lack what was acknowledged. `None`: none that the server waits for.
fn loses_at_failover(synchronous_commit: &str, synchronous_standby_names: &str) -> Option<&'static str> {
    match synchronous_commit {
        "local" => Some(""),
        // Without a replica to wait for, that is `on`.
        "remote_write" if !synchronous_standby_names.trim().is_empty() => Some(" that stopped before it had stored it"),
        _ => None,
    }
}

/// `idle_in_transaction_session_timeout`: a process that stands still in a transaction, which nobody else can begin meanwhile, loses it;
/// whoever only reads keeps nobody waiting.
/// `idle_session_timeout`: whoever is gone without a word no longer holds what it had locked; the writer looks ten times a second.
fn set_up(conn: &mut PgConnection, read_only: &str) -> QueryResult<()> {
    // Look-ups in one transaction see one state.
    let (idle, in_transaction, isolation) =
        if read_only == "on" { ("0", "0", "repeatable read") } else { ("5s", "2s", "read committed") };
    conn.batch_execute(&format!(
        "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = '{in_transaction}'; SET idle_session_timeout = '{idle}'; \
         SET default_transaction_isolation = '{isolation}'; SET default_transaction_read_only = {read_only}; \
         SET tcp_user_timeout = {UNANSWERED}; SET client_min_messages = warning",
        LOCK_TIMEOUT.as_millis()
    ))
}

/// Runs `job` while no other process is running one so, on any machine.
pub(super) fn alone<T>(conn: &mut PgConnection, job: impl FnOnce(&mut PgConnection) -> T) -> QueryResult<T> {
    // A migration of a large table may take longer than anybody waits for anything else.
    conn.batch_execute("SET lock_timeout = 0; SET idle_session_timeout = 0")?;
    sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK_TO_MIGRATE).execute(conn)?;
    let done = job(conn);
    // If that fails, the connection is lost and the lock with it, and what the job met says more.
    let given_back = sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(LOCK_TO_MIGRATE).execute(conn);
    drop(given_back.and_then(|_| set_up(conn, "off")));
    Ok(done)
}

/// A connection as the server knows it: its process, and when that began, because numbers of processes come again.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Session {
    #[diesel(sql_type = BigInt)]
    pid: i64,
    #[diesel(sql_type = Text)]
    began: String,
    #[diesel(sql_type = Bool)]
    is_locked: bool,
}

/// Makes this connection the one of the server that serves the database. `None`: another one is. `former`: the connection that was lost
/// before this one. The server may not have noticed, and would leave the database to it for seconds.
/// `is_shared`: it may be one of several.
pub(super) fn lock_to_serve(
    conn: &mut PgConnection,
    former: Option<&Session>,
    is_shared: bool,
) -> QueryResult<Option<Session>> {
    if let Some(former) = former {
        let end = "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2";
        sql_query(end).bind::<BigInt, _>(former.pid).bind::<Text, _>(&former.began).get_result::<Number>(conn)?;
    }
    let lock = if is_shared { "pg_try_advisory_lock_shared" } else { "pg_try_advisory_lock" };
    let lock = format!(
        "SELECT pid::bigint AS pid, backend_start::text AS began, {lock}($1) AS is_locked FROM pg_stat_activity \
         WHERE pid = pg_backend_pid()"
    );
    let session: Session = sql_query(lock).bind::<BigInt, _>(LOCK_TO_SERVE).get_result(conn)?;
    Ok(session.is_locked.then_some(session))
}

/// Whether a server serves the database.
pub(super) fn is_served(conn: &mut PgConnection) -> QueryResult<bool> {
    let holders = sql_query(
        "SELECT count(*) AS number FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (classid::bigint << 32) + objid::bigint = $1",
    );
    Ok(holders.bind::<BigInt, _>(LOCK_TO_SERVE).get_result::<Number>(conn)?.number > 0)
}

/// Has this connection told of what is committed elsewhere, and tries that out. `false`: it hears nothing.
pub(super) fn listen(conn: &mut PgConnection, within: Duration) -> QueryResult<bool> {
    conn.batch_execute("LISTEN portero; NOTIFY portero")?;
    let begin = Instant::now();
    while begin.elapsed() < within {
        if has_heard(conn)? {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(false)
}

/// Whether somebody has told of something. Asks the server nothing.
pub(super) fn has_heard(conn: &mut PgConnection) -> QueryResult<bool> {
    let mut has_heard = false;
    for notification in conn.notifications_iter() {
        notification?;
        has_heard = true;
    }
    Ok(has_heard)
}

/// In a transaction of its own, for which nobody waits at the disk: those that tell of something follow each other.
pub(super) fn tell(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY portero; COMMIT")
}

/// It is so whatever becomes of the row, so nobody waits at the disk.
pub(super) fn report(conn: &mut PgConnection, node: Uuid, number: i64) -> QueryResult<()> {
    conn.batch_execute(&format!(
        "BEGIN; SET LOCAL synchronous_commit = off; UPDATE nodes SET follows = {number} WHERE node = '{node}'; NOTIFY portero; COMMIT"
    ))
}

/// Nobody waits at the disk: if it is lost, it is found out again.
pub(super) fn confirm_receipts(conn: &mut PgConnection, up_to: i64) -> QueryResult<()> {
    conn.batch_execute(&format!(
        "BEGIN; SET LOCAL synchronous_commit = off; \
         UPDATE receipt_commits SET everywhere_at = CAST(ceil(extract(epoch FROM clock_timestamp())) AS BIGINT) \
         WHERE everywhere_at IS NULL AND number <= {up_to}; COMMIT"
    ))
}

/// In one statement, so that no row is lost between the two tables.
pub(super) fn take_node_away(conn: &mut PgConnection, node: Uuid, silent_since: Option<i64>) -> QueryResult<bool> {
    let moved = sql_query(
        "WITH gone AS (DELETE FROM nodes WHERE node = $1 AND beat = coalesce($2, beat) RETURNING *) \
         INSERT INTO past_nodes \
         (node, name, version, lease, follows, beat_at, joined_after, gone_at, gone_after, struck_off) \
         SELECT node, name, version, lease, follows, beat_at, joined_after, \
         CAST(extract(epoch FROM clock_timestamp()) AS BIGINT), (SELECT seq FROM feed_head), $2 IS NOT NULL FROM gone",
    );
    let moved = moved.bind::<Text, _>(node.to_string()).bind::<Nullable<BigInt>, _>(silent_since);
    Ok(moved.execute(conn)? == 1)
}

const BEGIN: Plain = Plain("BEGIN");
const ROLLBACK: Plain = Plain("ROLLBACK");

/// Every transaction that writes begins with the same row, so they follow each other, on whichever machine: what a job has read stays so
/// until its commit.
pub(super) fn begin(conn: &mut PgConnection) -> QueryResult<i64> {
    BEGIN.execute(conn)?;
    match sql_query("SELECT seq AS number FROM feed_head FOR UPDATE").get_result::<Number>(conn) {
        Ok(head) => Ok(head.number),
        Err(error) => {
            // Nobody can use this transaction any more. If the connection is lost, so is the transaction.
            drop(ROLLBACK.execute(conn));
            Err(error)
        }
    }
}

pub(super) fn commit(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("UPDATE feed_head SET seq = seq + 1; COMMIT")
}

/// Begins a transaction and locks a session's row in it, in one round trip. What is read afterwards was committed before.
pub(super) fn begin_holding(conn: &mut PgConnection, session: Option<SessionId>) -> QueryResult<()> {
    let begun = conn.batch_execute(&match session {
        Some(sid) => format!("BEGIN; SELECT FROM sessions WHERE sid = '{sid}' FOR NO KEY UPDATE"),
        None => "BEGIN".into(),
    });
    if begun.is_err() {
        drop(ROLLBACK.execute(conn));
    }
    begun
}

/// Locks a session's row until the transaction's end.
pub(super) fn hold(conn: &mut PgConnection, session: SessionId) -> QueryResult<()> {
    let row = sql_query("SELECT FROM sessions WHERE sid = $1 FOR NO KEY UPDATE");
    row.bind::<Text, _>(session.to_string()).execute(conn).map(drop)
}

/// How many transactions have written, those beside the queue aside.
pub(super) fn version(conn: &mut PgConnection) -> QueryResult<i64> {
    Ok(sql_query("SELECT seq AS number FROM feed_head").get_result::<Number>(conn)?.number)
}

pub(super) fn set_lock_timeout(conn: &mut PgConnection, timeout: Duration) -> QueryResult<()> {
    conn.batch_execute(&format!("SET lock_timeout = {}", timeout.as_millis()))
}

/// In bytes.
pub(super) fn size(conn: &mut PgConnection) -> QueryResult<Option<u64>> {
    let size = sql_query("SELECT pg_database_size(current_database()) AS number").get_result::<Number>(conn)?;
    Ok(u64::try_from(size.number).ok())
}

/// Whether a Portero has begun to use the database.
pub(super) fn exists(conn: &mut PgConnection) -> QueryResult<bool> {
    let tables = sql_query("SELECT count(*) AS number FROM pg_class WHERE oid = to_regclass('instance')");
    if tables.get_result::<Number>(conn)?.number == 0 {
        return Ok(false);
    }
    Ok(sql_query("SELECT count(*) AS number FROM instance").get_result::<Number>(conn)?.number > 0)
}

/// Leaves out the next million of users' ids.
pub(super) fn skip_ids(conn: &mut PgConnection) -> QueryResult<()> {
    let users = "pg_get_serial_sequence('users', 'id')";
    // `nextval` takes the first of them.
    let skip = sql_query(format!("SELECT setval({users}, nextval({users}) + 999999) AS number"));
    skip.get_result::<Number>(conn).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_no_replica_has_stored_is_enough_only_where_there_is_no_replica_to_wait_for() {
        let names = "ANY 1 (a, b)";
        for (setting, without, with) in [
            ("on", None, None),
            ("remote_apply", None, None),
            ("local", Some(""), Some("")),
            ("remote_write", None, Some(" that stopped before it had stored it")),
        ] {
            assert_eq!(
                (loses_at_failover(setting, " "), loses_at_failover(setting, names)),
                (without, with),
                "{setting}"
            );
        }
    }
}
