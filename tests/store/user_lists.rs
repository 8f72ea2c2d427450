//! The list of users with very many of them: a page reads the rows that it shows, not all.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use portero::domain::UserState;
use portero::store::user_lists::{Total, UserFilter, page_and_total};
use tempfile::TempDir;

use crate::support::TestApp;

#[test]
fn a_page_of_disabled_users_does_not_read_all_others_in_search_of_dates_that_have_come() {
    let folder = TempDir::new().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    let mut conn = SqliteConnection::establish(folder.path().join("portero.db").to_str().unwrap()).unwrap();
    conn.batch_execute(
        "PRAGMA synchronous = OFF;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO users (uid, username, canonical, password_hash, password_version, role, tokens_valid_from, created_at,
                failed_attempts, disabled_at, disable_at)
            SELECT 'uid' || i, 'user' || i, 'user' || i, 'a hash that is longer than what comes after it, so that something can be cut off', 0,
                'user', 0, 0, 0, iif(i % 1000 = 7, 1, NULL), iif(i = 50000, 1, NULL) FROM n;",
    )
    .unwrap();
    let filter = UserFilter { state: Some(UserState::Disabled), limit: 50, ..UserFilter::default() };
    let now = app.clock.now();
    for is_analysed in [false, true] {
        if is_analysed {
            conn.batch_execute("UPDATE users SET disable_at = NULL; ANALYZE").unwrap();
        }
        let mut quickest = Duration::MAX;
        for _ in 0..15 {
            let begin = Instant::now();
            let (found, total) = app.accounts.db.read(|conn| page_and_total(conn, &filter, now)).unwrap();
            quickest = quickest.min(begin.elapsed());
            assert_eq!(found.rows.len(), 50);
            assert!(found.rows.is_sorted_by(|one, next| one.user.username.as_str() < next.user.username.as_str()));
            assert_eq!(total, Total::Exactly(if is_analysed { 100 } else { 101 }));
        }
        assert!(quickest < Duration::from_millis(20), "{quickest:?}, analysed: {is_analysed}");
    }
}
