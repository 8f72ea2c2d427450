//! Loading memory in parts, by several threads: every row is there afterwards, and nothing else.

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use portero::blocklist::{Question, Verdict};
use portero::domain::{SessionId, TokenId};
use tempfile::TempDir;

use crate::support::TestApp;

/// So many that each table is read in several parts.
const ROWS: usize = 40_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_refused: bool,
}

fn rows(conn: &mut SqliteConnection, select: &str) -> Vec<Row> {
    sql_query(select).load(conn).unwrap()
}

#[test]
fn a_start_in_parts_brings_every_user_token_and_session_into_memory_and_none_too_many() {
    let folder = TempDir::new().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    app.add_user("ana");
    let now = app.clock.now().0;
    drop(app);
    let mut conn = SqliteConnection::establish(folder.path().join("portero.db").to_str().unwrap()).unwrap();
    let uuid = "lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) \
                || '-a' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)))";
    let n = format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
    let (long_ago, later) = (now - 3 * 86_400, now + 3_600);
    // One in five has expired long ago; keys are missing, first, in between and last.
    conn.batch_execute(&format!(
        "PRAGMA synchronous = OFF; BEGIN;
         {n} INSERT INTO users (id, uid, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts, disabled_at)
            SELECT 100 + i * 3, {uuid}, 'user' || i, 'user' || i, 0, 'user', 0, 0, 0, iif(i % 5 = 1, 1, NULL) FROM n;
         {n} INSERT INTO sessions (sid, user_id, transport, remembered, created_at, auth_time, last_seen_at, expires_at, access_until, ip,
                user_agent, gen, issue_count, previous_issue, rotated_at, seen, csrf_seed, steps, odd, ended_at, end_reason)
            SELECT {uuid}, 100 + i * 3, 'cookie', 1, {now}, {now}, {now}, iif(i % 5 = 0, {long_ago}, {later} + i), {now}, '', '', 0, 0, 0, {now},
                1, '', 0, 0, iif(i % 2, {now}, NULL), iif(i % 2, 'logout', NULL) FROM n;
         {n} INSERT INTO token_blocklist (jti, token_type, user_id, revoked_at, expires_at, reason)
            SELECT {uuid}, 'access', 1, {now}, CASE i % 5 WHEN 0 THEN {long_ago} WHEN 1 THEN NULL ELSE {later} END, 'logout' FROM n;
         DELETE FROM token_blocklist WHERE rowid % 7 = 1 OR rowid > {ROWS} - 100;
         COMMIT"
    ))
    .unwrap();

    let app = TestApp::in_folder(folder.path(), &[]);
    let blocklist = &app.accounts.blocklist;
    let tokens = rows(
        &mut conn,
        &format!("SELECT jti AS id, expires_at IS NULL OR expires_at > {now} AS is_refused FROM token_blocklist"),
    );
    let sessions = rows(
        &mut conn,
        &format!("SELECT sid AS id, ended_at IS NOT NULL AND expires_at > {now} AS is_refused FROM sessions"),
    );
    let users = rows(
        &mut conn,
        "SELECT username AS id, disabled_at IS NULL AND EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id AND ended_at IS NULL)
            AS is_refused FROM users",
    );
    assert!(tokens.len() > ROWS / 2 && sessions.len() == ROWS && users.len() == ROWS + 1);
    // Somebody whose standing memory holds.
    let subject = &users.iter().find(|row| row.is_refused).unwrap().id;
    let open = SessionId::random();
    for row in &tokens {
        let jti = Some(TokenId::from_jti(&row.id));
        let verdict = blocklist.judge(Question { subject, jti, session: Some((open, 0)), issued_at: None });
        assert_eq!(verdict == Verdict::Revoked, row.is_refused, "{}", row.id);
    }
    for row in &sessions {
        assert_eq!(blocklist.refuses_session(SessionId::parse(&row.id).unwrap()), row.is_refused, "{}", row.id);
    }
    for row in &users {
        assert_eq!(blocklist.standing(&row.id).is_some(), row.is_refused, "{}", row.id);
    }
    let held = |rows: &[Row]| rows.iter().filter(|row| row.is_refused).count();
    assert_eq!(blocklist.users(), held(&users));
    assert_eq!(app.accounts.first_load.rows(), held(&users) + held(&tokens) + held(&sessions));
}
