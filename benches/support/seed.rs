//! Fills the database of a Portero that is not running with hundreds of thousands of rows, which SQLite itself makes.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use portero::domain::UnixTime;

use super::Failure;

/// SQL for a random UUID in its text form.
const UUID: &str = "lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) \
                    || '-a' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)))";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// SQL for the name of the `i`th user.
const NAME: &str = "CASE i % 7 WHEN 0 THEN 'jordi' WHEN 1 THEN 'ana' WHEN 2 THEN 'peter' ELSE 'maria' || i % 7 END || '-' || \
                    CASE i % 50 WHEN 0 THEN 'puig' ELSE 'perez' || i % 50 || 'x' END || i";
const DAY: i64 = 86_400;

/// A database that is being filled, in one transaction. It has one user so far, number 1, whose password all others get.
pub(crate) struct Seeding {
    conn: SqliteConnection,
    pub(crate) now: UnixTime,
    users: i64,
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    now: i64,
}

impl Seeding {
    pub(crate) fn begin(database: &Path) -> Result<Self, Failure> {
        let mut conn = SqliteConnection::establish(database.to_str().ok_or("the path is not Unicode")?)?;
        let now = "SELECT CAST(strftime('%s', 'now') AS INTEGER) AS now";
        let now = UnixTime(diesel::sql_query(now).get_result::<Now>(&mut conn)?.now);
        conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN")?;
        Ok(Self { conn, now, users: 0 })
    }

    /// Adds `user1`, `user2` and so on, with the numbers from 2 on.
    pub(crate) fn users(&mut self, count: i64) -> Result<(), Failure> {
        let now = self.now.0;
        self.users = count;
        self.insert(
            count,
            &format!(
                "users (uid, username, canonical, password_hash, password_version, role, tokens_valid_from, created_at, failed_attempts, skeleton)
                 SELECT {UUID}, 'user' || i, 'user' || i, (SELECT password_hash FROM users WHERE id = 1), 0, 'user', 0, {now}, 0,
                    replace(replace('user' || i, '0', 'o'), '1', 'l')"
            ),
        )?;
        self.conn.batch_execute("INSERT OR IGNORE INTO name_parts SELECT canonical, id FROM users")?;
        Ok(())
    }

    /// Adds users with names in two parts, such as `jordi-puig50`, and what they are found by. One in 50 is a Puig. One in 100 is disabled,
    /// one in 1,000 deleted, one in 10,000 invited.
    pub(crate) fn named_users(&mut self, count: i64) -> Result<(), Failure> {
        let now = self.now.0;
        self.insert(
            count,
            &format!(
                "users (uid, username, canonical, password_hash, password_version, role, tokens_valid_from, created_at, failed_attempts,
                    skeleton, disabled_at, deleted_at)
                 SELECT {UUID}, {NAME}, {NAME}, iif(i % 10000 = 3, NULL, (SELECT password_hash FROM users WHERE id = 1)), 0, 'user', 0,
                    {now}, 0, {NAME}, iif(i % 100 = 1 OR i % 1000 = 2, {now}, NULL), iif(i % 1000 = 2, {now}, NULL)"
            ),
        )?;
        self.conn.batch_execute(
            "DELETE FROM name_parts;
             INSERT INTO name_parts
                SELECT canonical, id FROM users
                UNION SELECT substr(canonical, instr(canonical, '-') + 1), id FROM users
                ORDER BY 1, 2",
        )?;
        Ok(())
    }

    /// Adds open sessions, spread over the users. `transport`: `cookie` or `bearer`.
    pub(crate) fn open_sessions(&mut self, count: i64, transport: &str) -> Result<(), Failure> {
        self.sessions(count, transport, "NULL, NULL, NULL, NULL")
    }

    /// Adds sessions that ended in the last month, for several reasons, spread over the users.
    pub(crate) fn ended_sessions(&mut self, count: i64) -> Result<(), Failure> {
        let (now, users) = (self.now.0, self.users);
        let reason = "CASE i % 20 WHEN 0 THEN 'reuse' WHEN 1 THEN 'ended_by_admin' ELSE 'logout' END";
        self.sessions(count, "cookie", &format!("{now} - (i * 7 % (30 * {DAY})), {reason}, 1 + i % {users}, NULL"))
    }

    fn sessions(&mut self, count: i64, transport: &str, end: &str) -> Result<(), Failure> {
        let (now, users) = (self.now.0, self.users);
        self.insert(
            count,
            &format!(
                "sessions SELECT {UUID}, 2 + i % {users}, '{transport}', 1, {now} - (i * 7 % (20 * {DAY})), {now}, {now} - i % {DAY},
                    {now} + {DAY} + i % (10 * {DAY}), {now}, '10.0.' || (i / 250 % 40) || '.' || (i % 250), '{BROWSER}',
                    3, 3, 2, {now}, 1, 'seed', 1, i % 100 = 0, {end}, 1, 0, '', '', 0, NULL, 0, 'pwd', NULL"
            ),
        )
    }

    /// Adds a pass for the app with origin 1 to each session, as if its browser had entered just now.
    pub(crate) fn passes(&mut self) -> Result<(), Failure> {
        let now = self.now.0;
        self.conn.batch_execute(&format!(
            "INSERT INTO passes (hash, sid, origin_id, made_at, expires_at, amr, auth_time, user_id)
                SELECT lower(hex(randomblob(16))), sid, 1, {now}, {now} + {DAY}, amr, auth_time, user_id FROM sessions"
        ))?;
        Ok(())
    }

    /// Adds one pass for the app with origin 1, and returns what its browser holds.
    pub(crate) fn pass(&mut self, sid: &str) -> Result<String, Failure> {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret)?;
        let shown = URL_SAFE_NO_PAD.encode(secret);
        let hash = digest(&SHA256, shown.as_bytes());
        let (hash, now) = (hex::encode(hash.as_ref().first_chunk::<16>().ok_or("a short hash")?), self.now.0);
        self.conn.batch_execute(&format!(
            "INSERT INTO passes (hash, sid, origin_id, made_at, expires_at, amr, auth_time, user_id)
                SELECT '{hash}', sid, 1, {now}, {now} + {DAY}, amr, auth_time, user_id FROM sessions WHERE sid = '{sid}'"
        ))?;
        Ok(shown)
    }

    /// Notes of each session that it took part in the app with number 1.
    pub(crate) fn app_entries(&mut self) -> Result<(), Failure> {
        let now = self.now.0;
        self.conn
            .batch_execute(&format!("INSERT INTO app_entries SELECT sid, 1, 'wiki', {now}, {now}, 1 FROM sessions"))?;
        Ok(())
    }

    /// Adds the first step of each session's story.
    pub(crate) fn stories(&mut self) -> Result<(), Failure> {
        self.conn.batch_execute(
            "INSERT INTO session_steps
                SELECT sid, 0, 'signed_in', created_at, created_at, 1, ip, user_agent, 0 FROM sessions ORDER BY sid",
        )?;
        Ok(())
    }

    /// Adds revoked tokens that would be good for another ten days.
    pub(crate) fn blocked_tokens(&mut self, count: i64) -> Result<(), Failure> {
        let (now, users) = (self.now.0, self.users);
        // At random places of an index, as they come, ten million take longer than anybody waits.
        let order = if count > 1_000_000 { "ORDER BY 1" } else { "" };
        let rows = format!(
            "token_blocklist SELECT {UUID}, 'access', 2 + i % {users}, NULL, {now} - i % {DAY}, {now} + 10 * {DAY}, 'logout', NULL"
        );
        self.insert_in(order, count, &rows)
    }

    /// `rows`: a table and a `SELECT` that makes a row of each `i` from 1 to `count`.
    fn insert(&mut self, count: i64, rows: &str) -> Result<(), Failure> {
        self.insert_in("", count, rows)
    }

    /// The same, sorted by the SQL of `order`.
    fn insert_in(&mut self, order: &str, count: i64, rows: &str) -> Result<(), Failure> {
        self.conn.batch_execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO {rows} FROM n {order}"
        ))?;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.conn.batch_execute("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }
}
