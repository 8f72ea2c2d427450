//! Counts by the hour: of what was committed, each thing once, in the hour in which it happened.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use portero::accounts::upkeep::prune::{close_run_out, prune};
use portero::domain::{DatabaseUrl, Reason, UnixTime};
use portero::store::hourly_counts::{self, Counted, HourCount, hour_of};
use portero::store::{Db, Error, Pending, Upkeep, instance};
use tempfile::TempDir;

use crate::support::database::database;
use crate::support::{PASSWORD, TestApp};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

fn all(db: &Db) -> Vec<HourCount> {
    db.read(|conn| hourly_counts::since(conn, UnixTime(0))).unwrap()
}

/// All counts of this, whatever the hour.
fn total(db: &Db, what: Counted) -> i64 {
    all(db).iter().filter(|one| one.what == what).map(|one| one.count).sum()
}

/// Hands the writer a job that counts this and then succeeds or fails.
fn count(db: &Db, at: i64, what: Counted, succeeds: bool) -> Pending<(), Error> {
    db.write(Upkeep, UnixTime(at), move |tx, _: portero::domain::By| {
        tx.count(what, 1);
        if succeeds { Ok(()) } else { Err(Error::Unknown("on purpose".into())) }
    })
}

#[test]
fn what_is_undone_is_not_counted_and_each_job_counts_in_its_own_hour() {
    let folder = TempDir::new().unwrap();
    let db = Db::open(&database(folder.path())).unwrap();
    let jobs: Vec<_> = (0..300)
        .map(|n| {
            let what = if n % 2 == 0 { Counted::Renewed } else { Counted::Ended(Reason::Logout) };
            count(&db, 10 * HOUR + n % 3 * HOUR, what, n % 5 != 0)
        })
        .collect();
    let mut expected: BTreeMap<_, i64> = BTreeMap::new();
    for (n, job) in (0..300).zip(jobs) {
        assert_eq!(job.committed().is_ok(), n % 5 != 0, "{n}");
        if n % 5 != 0 {
            *expected.entry((10 * HOUR + n % 3 * HOUR, n % 2 == 0)).or_default() += 1;
        }
    }
    let found = all(&db).into_iter().map(|one| ((one.hour.0, one.what == Counted::Renewed), one.count));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
}

#[test]
fn a_job_that_panics_takes_its_counts_with_it() {
    let folder = TempDir::new().unwrap();
    let db = Db::open(&database(folder.path())).unwrap();
    let panicked: Pending<(), Error> = db.write(Upkeep, UnixTime(HOUR), |tx, _: portero::domain::By| {
        tx.count(Counted::SignedIn, 7);
        panic!("on purpose");
    });
    assert!(panicked.committed().is_err());
    count(&db, HOUR, Counted::SignedIn, true).committed().unwrap();
    assert_eq!(total(&db, Counted::SignedIn), 1);
}

#[test]
fn an_hour_begins_on_the_hour_also_before_the_epoch() {
    assert_eq!(hour_of(UnixTime(2 * HOUR)), UnixTime(2 * HOUR));
    assert_eq!(hour_of(UnixTime(3 * HOUR - 1)), UnixTime(2 * HOUR));
    assert_eq!(hour_of(UnixTime(-1)), UnixTime(-HOUR));
}

#[test]
fn what_people_do_is_counted_once() {
    let app = TestApp::start();
    app.add_user("ana");
    let db = &app.accounts.db;
    let mut ana = app.signed_in("ana");
    assert_eq!(app.browser().sign_in("ana", "wrong").status, 401);
    for _ in 0..2 {
        assert_eq!(app.browser().sign_in("nobody", PASSWORD).status, 401);
    }
    app.clock.advance(HOUR);
    assert_eq!(ana.get("/account").status, 200);
    let tokens = app.tokens("ana");
    for _ in 0..3 {
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
    }
    assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
    assert_eq!(app.client().delete("/logout", Some(&tokens.refresh)).status, 401, "nothing ends twice");
    app.signed_in("ana").get("/account");
    app.disable("ana");
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 403, "right, so no failure");
    for (what, expected) in [
        (Counted::SignedIn, 3),
        (Counted::SignInFailed, 1),
        (Counted::UnknownName, 2),
        (Counted::Renewed, 4),
        (Counted::Ended(Reason::Logout), 1),
        (Counted::Ended(Reason::Disabled), 2),
    ] {
        assert_eq!(total(db, what), expected, "{what:?}: {:?}", all(db));
    }
    let hours = |what| all(db).into_iter().filter(|one| one.what == what).map(|one| one.hour).collect::<Vec<_>>();
    let now = hour_of(app.clock.now());
    assert_eq!(hours(Counted::SignedIn), [now.plus(-HOUR), now]);
}

#[test]
fn a_second_tab_within_the_grace_is_no_renewal() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut one = app.signed_in("ana");
    app.clock.advance(16 * 60);
    let mut other = one.clone();
    assert_eq!((one.get("/account").status, other.get("/account").status), (200, 200));
    assert_eq!(total(&app.accounts.db, Counted::Renewed), 1);
}

#[test]
fn sessions_that_run_out_by_themselves_are_counted_when_they_are_closed() {
    let app = TestApp::start();
    app.add_user("ana");
    app.signed_in("ana");
    app.tokens("ana");
    app.clock.advance(9 * DAY);
    close_run_out(&app.accounts).unwrap();
    close_run_out(&app.accounts).unwrap();
    assert_eq!(total(&app.accounts.db, Counted::Ended(Reason::Expired)), 1, "the browser's, after twelve hours");
    assert_eq!(total(&app.accounts.db, Counted::Ended(Reason::Idle)), 1, "the program's, after seven days");
}

#[test]
fn counts_are_kept_for_four_hundred_days() {
    let app = TestApp::start();
    app.add_user("ana");
    app.signed_in("ana");
    app.clock.advance(399 * DAY);
    prune(&app.accounts).unwrap();
    assert_eq!(total(&app.accounts.db, Counted::SignedIn), 1);
    app.clock.advance(2 * DAY);
    prune(&app.accounts).unwrap();
    assert_eq!(total(&app.accounts.db, Counted::SignedIn), 0);
}

#[test]
fn an_update_counts_what_is_on_record_and_notes_since_when_the_rest_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    drop(Db::open(&url).unwrap());
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let migrations = FileBasedMigrations::from_path("migrations/sqlite").unwrap();
    while conn.revert_last_migration(migrations.clone()).unwrap().to_string() != "20261126191000" {}
    conn.batch_execute(
        "INSERT INTO users (id, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts)
            VALUES (1, 'ana', 'ana', 0, 'user', 0, 0, 0);
         INSERT INTO audit_events (at, what) VALUES
            (7200, 'signed_in'), (10799, 'signed_in'), (10800, 'signed_in'), (7300, 'sign_in_failed'), (7300, 'confirmed');
         INSERT INTO sessions (sid, user_id, transport, remembered, created_at, auth_time, last_seen_at, expires_at,
            access_until, ip, user_agent, gen, issue_count, previous_issue, rotated_at, seen, csrf_seed, steps, odd, ended_at, end_reason)
            VALUES ('5116c888-512e-48e3-9949-c87e30a6b899', 1, 'cookie', 0, 0, 0, 0, 0, 0, '', '', 0, 0, 0, 0, 1, '', 1, 0, 7500, 'reuse')",
    )
    .unwrap();
    drop(conn);
    let db = Db::open(&url).unwrap();
    let found: Vec<_> = all(&db).into_iter().map(|one| (one.hour.0, one.what, one.count)).collect();
    let expected = [
        (7200, Counted::Ended(Reason::Reuse), 1),
        (7200, Counted::SignInFailed, 1),
        (7200, Counted::SignedIn, 2),
        (10800, Counted::SignedIn, 1),
    ];
    assert_eq!(found, expected);
    assert!(db.read(|conn| instance::get(conn, instance::ALL_COUNTED_SINCE)).unwrap().is_some());
    // A new database has counted everything from its beginning.
    let new = Db::open(&DatabaseUrl::Sqlite(folder.path().join("new.db"))).unwrap();
    assert_eq!(new.read(|conn| instance::get(conn, instance::ALL_COUNTED_SINCE)).unwrap(), None);
}
