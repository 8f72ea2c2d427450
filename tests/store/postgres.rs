//! What only PostgreSQL can do: acts and renewals do not wait for each other.

use std::time::{Duration, Instant};

use portero::accounts::upkeep::last_seen;
use portero::domain::SessionId;
use portero::store::sessions;

use crate::support::TestApp;
use crate::support::database::Behind;

#[test]
fn while_acts_wait_renewals_and_notes_go_on() {
    let app = TestApp::with(&[("session.rotate", "always")]);
    app.add_user("ana");
    let (kept, ended) = (app.tokens("ana"), app.tokens("ana"));
    app.clock.advance(2 * 60);
    let mut other = Behind::of(app.folder());
    other.lock_queue();
    std::thread::scope(|scope| {
        let end = scope.spawn(|| app.client().delete("/logout", Some(&ended.access)).status);
        std::thread::sleep(Duration::from_millis(100));
        assert!(!end.is_finished(), "acts wait");
        let begin = Instant::now();
        assert_eq!(app.client().post("/refresh", Some(&kept.refresh)).status, 200);
        last_seen::flush(&app.accounts).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        other.let_go();
        assert_eq!(end.join().unwrap(), 200);
    });
}

#[test]
fn while_a_session_is_held_acts_on_others_go_on_and_notes_about_it_are_kept_for_the_next_time() {
    let app = TestApp::with(&[("session.rotate", "always")]);
    app.add_user("ana");
    let held = app.tokens("ana");
    app.clock.advance(2 * 60);
    let mut other = Behind::of(app.folder());
    let sid = SessionId::parse(&other.rows("SELECT sid AS row FROM sessions")[0]).unwrap();
    let free = app.tokens("ana");
    other.execute_in_transaction(&format!("SELECT FROM sessions WHERE sid = '{sid}' FOR NO KEY UPDATE"));
    std::thread::scope(|scope| {
        let renewal = scope.spawn(|| app.client().post("/refresh", Some(&held.refresh)).status);
        std::thread::sleep(Duration::from_millis(100));
        let begin = Instant::now();
        assert_eq!(app.client().delete("/logout", Some(&free.access)).status, 200);
        let later = app.clock.now().plus(50);
        app.accounts.last_seen.note(sid, 0, later);
        last_seen::flush(&app.accounts).unwrap();
        assert_eq!(app.accounts.last_seen.get(sid), Some(later), "what is busy is noted the next time");
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        assert!(!renewal.is_finished());
        other.let_go();
        assert_eq!(renewal.join().unwrap(), 200);
        last_seen::flush(&app.accounts).unwrap();
        let stored = app.accounts.db.read(|conn| sessions::find(conn, sid)).unwrap().unwrap();
        assert_eq!(stored.last_seen_at, later);
    });
}

#[test]
fn what_lanes_count_is_one_sum() {
    use portero::store::hourly_counts::{Counted, since};
    let app = TestApp::with(&[("session.rotate", "always")]);
    app.add_user("ana");
    for _ in 0..10 {
        let tokens = app.tokens("ana");
        app.clock.advance(2 * 60);
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
    }
    let counts = app.accounts.db.read(|conn| since(conn, portero::domain::UnixTime(0))).unwrap();
    let renewals: Vec<_> = counts.iter().filter(|one| one.what == Counted::Renewed).collect();
    assert_eq!(renewals.iter().map(|one| one.count).sum::<i64>(), 10);
    let hours: std::collections::BTreeSet<_> = renewals.iter().map(|one| one.hour.0).collect();
    assert_eq!(hours.len(), renewals.len(), "{counts:?}");
}

#[test]
fn a_statement_or_value_that_can_never_work_is_a_fault_and_a_lock_is_trouble() {
    use diesel::sql_types::Text;
    use diesel::{RunQueryDsl, sql_query};
    use portero::store::{Error, Tx, Upkeep};
    let app = TestApp::start();
    let is_temporary = |run: fn(&mut Tx<'_>) -> Result<(), Error>| {
        let tried = app.accounts.db.write(Upkeep, app.clock.now(), move |tx, _| run(tx));
        tried.committed().unwrap_err().is_temporary()
    };
    assert!(!is_temporary(|tx| Ok(sql_query("SELECT nothing_of_that_name FROM users").execute(tx.conn).map(drop)?)));
    assert!(!is_temporary(|tx| Ok(sql_query("SELECT 100000::smallint").execute(tx.conn).map(drop)?)));
    assert!(!is_temporary(|tx| {
        let with_nul = sql_query("SELECT count(*) FROM users WHERE username = $1").bind::<Text, _>("a\0b");
        Ok(with_nul.execute(tx.conn).map(drop)?)
    }));
    app.add_user("ana");
    app.tokens("ana");
    let mut other = Behind::of(app.folder());
    other.lock_sessions();
    assert!(is_temporary(|tx| Ok(sql_query("SELECT FROM sessions FOR UPDATE").execute(tx.conn).map(drop)?)));
    other.let_go();
}
