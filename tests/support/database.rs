//! The database of a test: an SQLite file in its folder or, if `PORTERO_TEST_POSTGRES` names a server, a database of that. `tests/run`
//! starts such a server. What tests do to the database behind Portero's back is here, too.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use portero::domain::DatabaseUrl;
use portero::store::Db;
use tempfile::TempDir;

#[cfg(feature = "postgres")]
#[path = "database/on_postgres.rs"]
pub mod on_postgres;
#[cfg(not(feature = "postgres"))]
pub mod on_postgres {
    //! Without PostgreSQL, nothing is on it.

    use super::{Behind, DatabaseUrl, Path};

    pub fn is_on() -> bool {
        false
    }

    pub fn database(_: &Path) -> Option<DatabaseUrl> {
        None
    }

    pub fn database_in_another_collation(_: &Path) -> Option<DatabaseUrl> {
        None
    }

    pub fn remove(_: &Path) {}

    pub fn behind(_: &Path) -> Option<Behind> {
        None
    }
}

/// The database that belongs to this folder. On PostgreSQL it is made by the first call.
pub fn database(folder: &Path) -> DatabaseUrl {
    on_postgres::database(folder).unwrap_or_else(|| DatabaseUrl::Sqlite(file(folder)))
}

/// The same, and on PostgreSQL texts are in the order of a language where nothing else is asked for, as on many servers.
pub fn database_in_another_collation(folder: &Path) -> DatabaseUrl {
    on_postgres::database_in_another_collation(folder).unwrap_or_else(|| DatabaseUrl::Sqlite(file(folder)))
}

/// Puts a database without a row into an empty folder, as a server that has stopped leaves it: for a test that shows nothing of how the
/// tables are made. On PostgreSQL, [`database`] does so.
pub fn put_empty(folder: &Path) {
    if !on_postgres::is_on() {
        let path = folder.join("portero.db");
        fs::copy(empty(), &path).unwrap();
        // A lock file with nothing in it says that the stop was a clean one.
        fs::write(folder.join("portero.db.lock"), "").unwrap();
    }
}

/// A file that is made once in a run of all tests, which nextest has in a process each.
fn empty() -> &'static Path {
    const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");
    static EMPTY: OnceLock<PathBuf> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string());
        let path = Path::new(FOLDER).join(format!("empty-{run}.db"));
        if !path.exists() {
            remove_those_of_earlier_runs(&path);
            let folder = TempDir::new_in(FOLDER).unwrap();
            let file = folder.path().join("portero.db");
            OpenOptions::new().create_new(true).write(true).mode(0o600).open(&file).unwrap();
            Db::open(&DatabaseUrl::Sqlite(file.clone())).unwrap().close();
            // Of several tests that begin at once, each makes the same.
            fs::rename(file, &path).unwrap();
        }
        path
    })
}

/// `this`: that of this run, which another test may have made meanwhile.
fn remove_those_of_earlier_runs(this: &Path) {
    for entry in fs::read_dir(this.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path != this && name.starts_with("empty-") && name.ends_with(".db") {
            // Another test of this run may have been faster.
            drop(fs::remove_file(&path));
        }
    }
}

/// The same as the setting `database_url` has it.
pub fn database_url(folder: &Path) -> String {
    match database(folder) {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.to_string(),
    }
}

/// Lets go of the database, if it is not in the folder.
pub fn remove(folder: &Path) {
    on_postgres::remove(folder);
}

/// In the folder itself, or where a server that runs as a process of its own has its data.
fn file(folder: &Path) -> std::path::PathBuf {
    let of_process = folder.join("data/portero.db");
    if of_process.exists() { of_process } else { folder.join("portero.db") }
}

/// A connection beside Portero's own.
pub enum Behind {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

impl Behind {
    pub fn of(folder: &Path) -> Self {
        on_postgres::behind(folder).unwrap_or_else(|| {
            let mut conn = SqliteConnection::establish(file(folder).to_str().unwrap()).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
            Self::Sqlite(conn)
        })
    }

    /// Changes the database, as noticeably as any other process does.
    pub fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(sql).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => {
                let sql = sql.trim().trim_end_matches(';');
                conn.batch_execute(&format!("BEGIN; UPDATE feed_head SET seq = seq + 1; {sql}; COMMIT")).unwrap();
            }
        }
    }

    /// What a query finds whose one column is a text with the name `row`.
    pub fn rows(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Row> = match self {
            Self::Sqlite(conn) => sql_query(sql).load(conn).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => sql_query(sql).load(conn).unwrap(),
        };
        rows.into_iter().map(|row| row.row).collect()
    }

    /// Adds so many open sessions like each that there is.
    pub fn copy_sessions(&mut self, copies: usize) {
        const COPIED: &str = "user_id, transport, remembered, created_at, auth_time, last_seen_at, expires_at, access_until, ip, \
                              user_agent, gen, issue_count, previous_issue, rotated_at, seen, csrf_seed, steps, odd, settled, \
                              recovered, made_ip, made_agent, confirmations, wrong_passwords, amr";
        self.execute(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies}) \
             INSERT INTO sessions (sid, {COPIED}) \
             SELECT CAST(10000000 + n AS TEXT) || SUBSTR(sid, 9), {COPIED} FROM sessions, numbers"
        ));
    }

    /// Lets rows refer to rows that are not there, and triggers rest.
    pub fn without_references(mut self) -> Self {
        match &mut self {
            Self::Sqlite(conn) => conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.batch_execute("SET session_replication_role = replica").unwrap(),
        }
        self
    }

    /// Keeps everybody else from writing until [`let_go`](Self::let_go).
    pub fn lock(&mut self) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute("BEGIN IMMEDIATE").unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => {
                conn.batch_execute(
                    "BEGIN; SELECT seq FROM feed_head FOR UPDATE; LOCK TABLE sessions IN EXCLUSIVE MODE",
                )
                .unwrap();
            }
        }
    }

    /// Keeps acts waiting, but not what PostgreSQL does beside their queue.
    pub fn lock_queue(&mut self) {
        match self {
            Self::Sqlite(_) => self.lock(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.batch_execute("BEGIN; SELECT seq FROM feed_head FOR UPDATE").unwrap(),
        }
    }

    /// Keeps everybody else from changing any session, as an act or a renewal does with one.
    pub fn lock_sessions(&mut self) {
        match self {
            Self::Sqlite(_) => self.lock(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.batch_execute("BEGIN; SELECT FROM sessions FOR NO KEY UPDATE").unwrap(),
        }
    }

    /// Runs a statement in a transaction that stays open until [`let_go`](Self::let_go).
    pub fn execute_in_transaction(&mut self, sql: &str) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(&format!("BEGIN IMMEDIATE; {sql}")).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.batch_execute(&format!("BEGIN; {sql}")).unwrap(),
        }
    }

    pub fn let_go(&mut self) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute("ROLLBACK").unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.batch_execute("ROLLBACK").unwrap(),
        }
    }

    /// Bytes, given in hexadecimal, as SQL writes them.
    pub fn bytes(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => format!(r"'\x{hex}'::bytea"),
        }
    }
}

pub fn execute(folder: &Path, sql: &str) {
    Behind::of(folder).execute(sql);
}
