//! The audit log proves itself: whoever changes an event, takes one out or cuts off the tail is found out, and where.

use std::path::PathBuf;
use std::sync::mpsc;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use portero::domain::{By, DatabaseUrl, Role, UnixTime, UserId, Username};
use portero::store::audit::chain;
use portero::store::audit::event::{Details, Event, What};
use portero::store::audit::fit::{self, Fit};
use portero::store::audit::head::HeadFile;
use portero::store::audit::list::{self, AuditFilter};
use portero::store::audit::seal::Seal;
use portero::store::audit::verify::{Finding, verify};
use portero::store::users::{self, NewUser};
use portero::store::{Db, Error, Pending, Tx, Upkeep};
use tempfile::TempDir;

use crate::support::database::{Behind, database, execute};

struct Log {
    folder: TempDir,
    db: Db,
}

impl Log {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let db = open(&folder);
        Self { folder, db }
    }

    /// A log of so many events, one each second from 1 on, of two users and from two addresses.
    fn of(events: i64) -> Self {
        let log = Self::new();
        for name in ["ana", "bea"] {
            log.write(0, move |tx| {
                let username = Username::parse(name).unwrap();
                let user = NewUser { username: &username, password_hash: None, role: Role::User, now: UnixTime(0) };
                users::add(tx.conn, &user).map(drop)
            });
        }
        for second in 1..=events {
            log.record(second);
        }
        log
    }

    fn record(&self, second: i64) {
        let what = if second % 3 == 0 { What::SignInFailed } else { What::SignedIn };
        let user = UserId(1 + second % 2);
        self.write(second, move |tx| {
            let ip = format!("10.0.0.{}", second % 2);
            Event::new(what, &By::User(user)).user(user).ip(&ip).details(Details::Role(Role::User)).record(tx)
        });
    }

    fn write(&self, now: i64, job: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static) {
        self.try_write(now, job).committed().unwrap();
    }

    fn try_write(
        &self,
        now: i64,
        job: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Pending<(), Error> {
        self.db.write(Upkeep, UnixTime(now), move |tx, _| job(tx))
    }

    /// Records one event for each outcome, in one commit. A job whose outcome is bad fails after its event was recorded.
    fn together(&self, outcomes: &[Outcome]) {
        let (sender, all_wait) = mpsc::channel::<()>();
        let first = self.try_write(0, move |_| {
            all_wait.recv().unwrap_err();
            Ok(())
        });
        let jobs: Vec<_> = outcomes
            .iter()
            .map(|outcome| {
                let outcome = *outcome;
                self.try_write(1, move |tx| {
                    Event::new(What::SignedIn, &By::Portero).record(tx)?;
                    match outcome {
                        Outcome::Kept => Ok(()),
                        Outcome::Fails => Err(Error::Unknown("on purpose".into())),
                        Outcome::Panics => panic!("on purpose"),
                    }
                })
            })
            .collect();
        drop(sender);
        first.committed().unwrap();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            assert_eq!(job.committed().is_ok(), *outcome == Outcome::Kept, "{outcome:?}");
        }
    }

    /// Looks whether the log is whole and has so many events, whether the next one follows them, and whether the next start finds it so.
    fn assert_whole_with(self, events: i64) -> Self {
        for events in [events, events + 1] {
            let found = self.db.read(|conn| verify(conn, self.db.seal().unwrap(), 1, None, |_| {})).unwrap();
            assert_eq!((found.span, found.findings), ((events > 0).then_some((1, events)), Vec::new()));
            self.write(2, |tx| Event::new(What::SignedIn, &By::Portero).record(tx));
        }
        let (log, fit) = self.restart();
        assert_eq!(fit, Fit::Whole);
        log
    }

    /// Changes the database as somebody would who has its file, but not the keys.
    fn tamper(&self, sql: &str) {
        let triggers = match database(self.folder.path()) {
            DatabaseUrl::Sqlite(_) => {
                "DROP TRIGGER IF EXISTS audit_events_are_not_changed; DROP TRIGGER IF EXISTS audit_events_are_not_removed;"
            }
            DatabaseUrl::Postgres(_) => "ALTER TABLE audit_events DISABLE TRIGGER USER;",
        };
        execute(self.folder.path(), &format!("{triggers}{sql}"));
    }

    fn findings(&self) -> Vec<Finding> {
        self.db.read(|conn| verify(conn, self.db.seal().unwrap(), 1, None, |_| {})).unwrap().findings
    }

    fn head_file(&self) -> PathBuf {
        self.folder.path().join("test.db.audit-head")
    }

    /// Opens the database once more, as the next start does.
    fn restart(self) -> (Self, Fit) {
        let Self { folder, db } = self;
        drop(db);
        let db = open(&folder);
        let fit = fit::take_up(&db, UnixTime(1_000)).unwrap();
        (Self { folder, db }, fit)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Kept,
    Fails,
    Panics,
}

fn open(folder: &TempDir) -> Db {
    let head = HeadFile::beside(&folder.path().join("test.db"));
    Db::open(&database(folder.path())).unwrap().sealing(Seal::new(&[1; 32], &[2; 32], head))
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let log = Log::of(50);
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Whole);
    let mut counted = 0;
    let found = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 1, None, |events| counted = events)).unwrap();
    assert_eq!((found.events, found.span, found.findings), (50, Some((1, 50)), Vec::new()));
    assert_eq!(counted, 50);
    let none = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 51, None, |_| {})).unwrap();
    assert_eq!((none.events, none.findings), (1, Vec::new()), "the newest one");
    let part = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 41, None, |_| {})).unwrap();
    assert_eq!((part.events, part.span, part.findings), (10, Some((41, 50)), Vec::new()));
}

#[test]
fn an_event_that_was_changed_is_named_whatever_was_changed_of_it() {
    for change in [
        "at = at + 1",
        "what = 'signed_in'",
        "user_id = 1",
        "user_id = NULL",
        "by_user = 1",
        "sid = '5116c888-512e-48e3-9949-c87e30a6b899'",
        "ip_hash = NULL, ip = NULL",
        "details = NULL",
        "details = ''",
        "mac = NULL",
        "mac = '00000000000000000000000000000000'",
    ] {
        let log = Log::of(20);
        log.tamper(&format!("UPDATE audit_events SET {change} WHERE n = 9"));
        let findings = log.findings();
        assert_eq!(findings.first(), Some(&Finding::Changed { n: 9 }), "{change}");
        // A false MAC also spoils the one after it.
        assert!(findings.len() == 1 || change.starts_with("mac"), "{change}: {findings:?}");
    }
}

#[test]
fn an_address_can_be_cleared_but_not_exchanged() {
    let log = Log::of(20);
    log.tamper("UPDATE audit_events SET ip = NULL WHERE n < 5; UPDATE audit_events SET ip = '10.9.9.9' WHERE n = 9");
    assert_eq!(log.findings(), [Finding::AddressChanged { n: 9 }]);
}

#[test]
fn events_that_were_taken_out_are_missed_wherever_they_stood() {
    let cases: [(&str, Vec<Finding>); 5] = [
        ("n = 1", vec![Finding::Missing { first: 1, last: 1 }]),
        ("n BETWEEN 7 AND 9", vec![Finding::Missing { first: 7, last: 9 }]),
        ("n > 15", vec![Finding::NotTheNewest { n: 15, newest: 20 }]),
        ("n = 0; DELETE FROM audit_head", vec![Finding::NotTheNewest { n: 20, newest: 0 }]),
        ("n > 0", vec![Finding::NotTheNewest { n: 0, newest: 20 }]),
    ];
    for (which, expected) in cases {
        let log = Log::of(20);
        log.tamper(&format!("DELETE FROM audit_events WHERE {which}"));
        assert_eq!(log.findings(), expected, "{which}");
    }
}

#[test]
fn an_event_can_not_take_the_place_of_another() {
    let log = Log::of(20);
    log.tamper(
        "DELETE FROM audit_events WHERE n = 9; UPDATE audit_events SET n = n - 1 WHERE n > 9;
         UPDATE audit_head SET n = 19",
    );
    assert_eq!(log.findings().first(), Some(&Finding::Changed { n: 9 }));
}

#[test]
fn an_event_without_the_key_is_found_out() {
    let log = Log::of(20);
    log.tamper(
        "INSERT INTO audit_events (n, at, what, mac) VALUES (21, 21, 'user_added', '00000000000000000000000000000000');
         UPDATE audit_head SET n = 21, mac = '00000000000000000000000000000000'",
    );
    assert_eq!(log.findings(), [Finding::Changed { n: 21 }]);

    let log = Log::of(20);
    log.tamper(
        "INSERT INTO audit_events (n, at, what, mac) VALUES (21, 21, 'user_added', '00000000000000000000000000000000')",
    );
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Beyond { expected: 20, found: 21 });
    assert_eq!(log.findings(), [Finding::Changed { n: 21 }, Finding::DidNotFit { n: 22 }]);
}

#[test]
fn a_tail_that_was_cut_off_cleanly_is_found_at_the_next_start_and_stays_on_record() {
    let log = Log::of(20);
    let (log, _) = log.restart();
    log.tamper(
        "DELETE FROM audit_events WHERE n > 15;
         UPDATE audit_head SET n = 15, mac = (SELECT mac FROM audit_events WHERE n = 15)",
    );
    assert_eq!(log.findings(), [], "the database alone can't tell");
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Cut { expected: 20, found: 15 });
    assert_eq!(log.findings(), [Finding::DidNotFit { n: 16 }]);
    let filter = AuditFilter { limit: 1, ..AuditFilter::default() };
    let page = log.db.read(|conn| list::page(conn, log.db.seal().unwrap(), &filter)).unwrap();
    let event = page.events.first().unwrap();
    assert_eq!(event.what, Some(What::AuditDidNotFit));
    assert_eq!(event.details, serde_json::json!({ "expected": 20, "found": 15 }));
    for second in 17..=30 {
        log.record(second);
    }
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Whole, "the next starts go on from there");
    assert_eq!(log.findings(), [Finding::DidNotFit { n: 16 }], "but it is not forgotten");
}

#[test]
fn another_log_of_the_same_length_is_found_at_the_next_start() {
    let (log, _) = Log::of(20).restart();
    let expected = std::fs::read(log.head_file()).unwrap();
    let other = Log::of(0);
    for second in 101..=120 {
        other.record(second);
    }
    let Log { folder, db } = other;
    drop(db);
    std::fs::write(folder.path().join("test.db.audit-head"), expected).unwrap();
    assert_eq!(fit::take_up(&open(&folder), UnixTime(1_000)).unwrap(), Fit::Other { expected: 20 });
}

#[test]
fn a_head_file_that_is_gone_or_broken_is_put_on_record() {
    for broken in [None, Some(""), Some("20:abc"), Some("nonsense")] {
        let (log, _) = Log::of(20).restart();
        let Log { folder, db } = log;
        drop(db);
        let file = folder.path().join("test.db.audit-head");
        match broken {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        let db = open(&folder);
        assert_eq!(fit::take_up(&db, UnixTime(1_000)).unwrap(), Fit::NoFile, "{broken:?}");
        let log = Log { folder, db };
        assert_eq!(log.findings(), [Finding::DidNotFit { n: 21 }], "{broken:?}");
        let (_, fit) = log.restart();
        assert_eq!(fit, Fit::Whole, "{broken:?}");
    }
}

#[test]
fn a_job_that_fails_leaves_no_gap() {
    let log = Log::of(0);
    let jobs: Vec<_> = (1..=100)
        .map(|second| {
            log.try_write(second, move |tx| {
                Event::new(What::SignedIn, &By::Portero).record(tx)?;
                if second % 3 == 0 { Err(Error::Unknown("on purpose".into())) } else { Ok(()) }
            })
        })
        .collect();
    assert_eq!(jobs.into_iter().filter_map(|job| job.committed().ok()).count(), 67);
    let found = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 1, None, |_| {})).unwrap();
    assert_eq!((found.span, found.findings), (Some((1, 67)), Vec::new()));
}

#[test]
fn an_event_follows_the_last_one_that_was_kept_of_those_committed_with_it() {
    use Outcome::{Fails, Kept, Panics};
    let groups: [&[Outcome]; 7] = [
        &[Kept, Fails, Kept],
        &[Fails, Kept, Panics, Fails, Kept],
        &[Kept, Kept, Fails],
        &[Panics, Fails],
        &[Fails],
        &[Kept, Panics, Kept, Kept],
        &[Kept],
    ];
    let kept = |group: &[Outcome]| group.iter().filter(|outcome| **outcome == Kept).count();
    for group in groups {
        let log = Log::of(0);
        log.together(group);
        log.assert_whole_with(i64::try_from(kept(group)).unwrap());
    }
    let log = Log::of(0);
    groups.iter().for_each(|group| log.together(group));
    log.assert_whole_with(groups.iter().map(|group| i64::try_from(kept(group)).unwrap()).sum());
}

#[test]
fn events_of_a_commit_that_failed_are_not_followed() {
    let log = Log::of(3);
    let spoil = match database(log.folder.path()) {
        // The reference is looked at by the commit.
        DatabaseUrl::Sqlite(_) => {
            "PRAGMA defer_foreign_keys = ON; INSERT INTO audit_events (n, at, what, user_id) VALUES (9, 9, 'signed_in', 99)"
        }
        DatabaseUrl::Postgres(_) => "SELECT pg_terminate_backend(pg_backend_pid())",
    };
    let failed = log.try_write(4, move |tx| {
        Event::new(What::SignedIn, &By::Portero).record(tx)?;
        // PostgreSQL ends the connection, and can't answer.
        drop(tx.conn.batch_execute(spoil));
        Ok(())
    });
    let answer = failed.committed();
    assert!(matches!(answer, Err(Error::NotCommitted(_))), "{answer:?}");
    log.assert_whole_with(3);
}

#[test]
fn events_of_two_processes_follow_each_other() {
    let log = Log::of(3);
    let command = open(&log.folder);
    let record = |db: &Db| db.write(Upkeep, UnixTime(9), |tx, by: By| Event::new(What::SignedIn, &by).record(tx));
    for _ in 0..3 {
        record(&command).committed().unwrap();
        record(&log.db).committed().unwrap();
        record(&log.db).committed().unwrap();
        record(&command).committed().unwrap();
    }
    let both: Vec<_> = (0..200).map(|number| record(if number % 2 == 0 { &log.db } else { &command })).collect();
    for one in both {
        one.committed().unwrap();
    }
    drop(command);
    log.assert_whole_with(215);
}

#[test]
fn a_log_from_before_there_were_seals_is_sealed_once_and_never_again() {
    let log = Log::of(0);
    log.tamper(
        "WITH RECURSIVE e(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM e WHERE n < 1200)
         INSERT INTO audit_events (n, at, what, user_id, ip) SELECT n, n, 'signed_in', 1, '10.0.0.1' FROM e",
    );
    let (log, fit) = log.restart();
    assert_eq!((fit, log.findings()), (Fit::NotSealed, Vec::new()));
    let filter = AuditFilter { limit: 1, ..AuditFilter::default() };
    let page = log.db.read(|conn| list::page(conn, log.db.seal().unwrap(), &filter)).unwrap();
    assert_eq!(page.events.first().unwrap().what, Some(What::SignedIn), "by its moment, that is the newest");
    let sealed = AuditFilter { what: Some(What::AuditSealed), limit: 9, ..AuditFilter::default() };
    let page = log.db.read(|conn| list::page(conn, log.db.seal().unwrap(), &sealed)).unwrap();
    assert_eq!(page.events.iter().map(|event| event.n).collect::<Vec<_>>(), [1_201], "it is on record that they were");
    log.record(1_202);
    let (log, fit) = log.restart();
    assert_eq!((fit, log.findings()), (Fit::Whole, Vec::new()));
    // Whoever changes an event and takes the seals away does not get new ones.
    log.tamper("UPDATE audit_events SET what = 'user_added', mac = NULL WHERE n > 600; DELETE FROM audit_head");
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Cut { expected: 1_202, found: 0 });
    assert!(log.findings().contains(&Finding::Changed { n: 601 }));
    log.record(1_300);
    assert!(log.findings().contains(&Finding::DidNotFit { n: 1_203 }), "what happens next is recorded all the same");
}

#[test]
fn what_is_old_goes_and_leaves_a_checkpoint_that_nobody_else_can_make() {
    let log = Log::of(40);
    log.write(100, |tx| chain::prune(tx, UnixTime(31)).map(drop));
    let found = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 1, None, |_| {})).unwrap();
    assert_eq!((found.span, found.findings), (Some((31, 40)), Vec::new()));
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Whole);

    log.tamper("DELETE FROM audit_events WHERE n = 31");
    assert_eq!(log.findings(), [Finding::Missing { first: 31, last: 31 }]);
    log.tamper("UPDATE audit_checkpoint SET n = 31");
    assert_eq!(log.findings().first(), Some(&Finding::FalseCheckpoint { n: 31 }));
}

#[test]
fn what_was_changed_is_not_let_go_for_the_checkpoint_would_vouch_for_it() {
    let log = Log::of(40);
    log.tamper("UPDATE audit_events SET at = 0 WHERE n = 7; UPDATE audit_events SET what = 'user_added' WHERE n = 3");
    log.write(100, |tx| {
        assert_eq!(chain::prune(tx, UnixTime(31))?, 2);
        assert_eq!(chain::prune(tx, UnixTime(31))?, 0);
        Ok(())
    });
    assert_eq!(log.findings(), [Finding::Changed { n: 3 }, Finding::Changed { n: 7 }]);
}

#[test]
fn a_file_that_names_the_last_event_let_go_still_fits() {
    let (log, _) = Log::of(20).restart();
    log.write(100, |tx| chain::prune(tx, UnixTime(50)).map(drop));
    let (_, fit) = log.restart();
    assert_eq!(fit, Fit::Whole);
}

#[test]
fn a_tail_that_is_cut_off_beside_a_running_server_is_found_with_the_next_event() {
    let log = Log::of(20);
    log.tamper(
        "DELETE FROM audit_events WHERE n > 15;
         UPDATE audit_head SET n = 15, mac = (SELECT mac FROM audit_events WHERE n = 15)",
    );
    log.record(100);
    assert_eq!(log.findings(), [Finding::DidNotFit { n: 16 }]);
    log.record(101);
    assert_eq!(log.findings(), [Finding::DidNotFit { n: 16 }], "it is said once");
}

#[test]
fn whoever_cuts_it_off_without_counting_among_the_commits_is_found_with_the_next_event_too() {
    let log = Log::of(20);
    log.tamper("SELECT 1");
    log.record(21);
    // A query counts for nothing on PostgreSQL.
    let mut behind = Behind::of(log.folder.path());
    assert_eq!(behind.rows("DELETE FROM audit_events WHERE n > 15 RETURNING what AS row").len(), 6);
    let head = "UPDATE audit_head SET n = 15, mac = (SELECT mac FROM audit_events WHERE n = 15) RETURNING 'set' AS row";
    assert_eq!(behind.rows(head), ["set"]);
    log.record(100);
    assert_eq!(log.findings(), [Finding::DidNotFit { n: 16 }]);

    let log = Log::of(20);
    Behind::of(log.folder.path())
        .rows("INSERT INTO audit_events (n, at, what) VALUES (21, 21, 'user_added') RETURNING what AS row");
    log.record(100);
    assert_eq!(log.findings(), [Finding::Changed { n: 21 }]);
}

#[test]
fn rows_of_somebody_else_keep_no_event_from_being_recorded() {
    let log = Log::of(20);
    log.tamper("INSERT INTO audit_events (n, at, what) VALUES (21, 21, 'user_added')");
    log.record(100);
    assert_eq!(log.findings(), [Finding::Changed { n: 21 }]);
}

#[test]
fn everything_may_go_and_the_numbers_go_on() {
    let log = Log::of(3);
    log.write(100, |tx| chain::prune(tx, UnixTime(50)).map(drop));
    assert_eq!(log.findings(), []);
    log.record(101);
    let (log, fit) = log.restart();
    assert_eq!(fit, Fit::Whole);
    let found = log.db.read(|conn| verify(conn, log.db.seal().unwrap(), 1, None, |_| {})).unwrap();
    assert_eq!((found.span, found.findings), (Some((4, 4)), Vec::new()));
}

#[test]
fn a_cleared_address_is_still_found_by_itself() {
    let log = Log::of(40);
    log.write(100, |tx| {
        assert_eq!(chain::clear_addresses(tx, UnixTime(21))?, 20);
        assert_eq!(chain::clear_addresses(tx, UnixTime(21))?, 0);
        Ok(())
    });
    assert_eq!(log.findings(), []);
    let filter = AuditFilter { ip: Some("10.0.0.1".into()), limit: 100, ..AuditFilter::default() };
    let page = log.db.read(|conn| list::page(conn, log.db.seal().unwrap(), &filter)).unwrap();
    assert_eq!(page.events.len(), 20);
    assert_eq!(page.events.iter().filter(|event| event.ip_cleared).count(), 10);
}

#[test]
fn the_database_itself_refuses_to_change_or_remove_an_event() {
    let log = Log::of(5);
    for forged in
        ["UPDATE audit_events SET at = 0", "UPDATE audit_events SET ip = '10.9.9.9'", "DELETE FROM audit_events"]
    {
        let refused = log.try_write(6, move |tx| {
            diesel::sql_query(forged).execute(tx.conn)?;
            Ok(())
        });
        assert!(refused.committed().is_err(), "{forged}");
    }
    assert_eq!(log.findings(), []);
}

#[test]
fn filters_combine_and_a_page_that_stops_early_says_where() {
    let log = Log::of(30);
    let page = |filter: AuditFilter| log.db.read(|conn| list::page(conn, log.db.seal().unwrap(), &filter)).unwrap();
    let numbers = |filter| page(filter).events.iter().map(|event| event.n).collect::<Vec<_>>();
    let of_ana = AuditFilter { user: Some(UserId(1)), limit: 3, ..AuditFilter::default() };
    assert_eq!(numbers(of_ana.clone()), [30, 28, 26]);
    let failed = AuditFilter { what: Some(What::SignInFailed), ..of_ana.clone() };
    assert_eq!(numbers(failed.clone()), [30, 24, 18]);
    let next = AuditFilter { before: Some((UnixTime(18), 18)), ..failed.clone() };
    assert_eq!(numbers(next), [12, 6]);
    let span = AuditFilter { from: Some(UnixTime(10)), until: Some(UnixTime(20)), ..failed };
    assert_eq!(numbers(span), [18, 12]);
    let by_bea = AuditFilter { user: Some(UserId(1)), by: Some(UserId(2)), limit: 3, ..AuditFilter::default() };
    assert!(numbers(by_bea).is_empty());

    log.tamper(
        "WITH RECURSIVE e(n) AS (SELECT 31 UNION ALL SELECT n + 1 FROM e WHERE n < 20031)
         INSERT INTO audit_events (n, at, what, user_id) SELECT n, n, 'signed_in', 2 FROM e",
    );
    let rare =
        AuditFilter { user: Some(UserId(2)), what: Some(What::SignInFailed), limit: 3, ..AuditFilter::default() };
    let first = page(rare.clone());
    assert!(first.events.is_empty());
    assert_eq!(first.stopped_at, Some((UnixTime(10_032), 10_032)));
    let second = page(AuditFilter { before: first.stopped_at, ..rare.clone() });
    let third = page(AuditFilter { before: second.stopped_at, ..rare });
    assert_eq!(second.events.iter().chain(&third.events).map(|event| event.n).collect::<Vec<_>>(), [27, 21, 15]);
}

#[test]
fn a_log_that_is_longer_than_one_look_is_listed_and_verified_whole() {
    let log = Log::of(1);
    log.tamper(
        "INSERT INTO audit_events (n, at, what, user_id) WITH RECURSIVE numbers (n) AS \
         (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 25000) SELECT n, 1 + n / 7, 'signed_in', 1 + n % 2 FROM numbers",
    );
    let seal = log.db.seal().unwrap();
    let mut numbers = Vec::new();
    for filter in [AuditFilter::default(), AuditFilter { user: Some(UserId(1)), ..AuditFilter::default() }] {
        let listed = log.db.read(|conn| {
            let (mut count, mut before) = (0, i64::MAX);
            list::each_match(conn, seal, &filter, |event| {
                assert!(event.n < before, "each once, newest first");
                (count, before) = (count + 1, event.n);
                true
            })?;
            Ok::<_, Error>(count)
        });
        numbers.push(listed.unwrap());
    }
    assert_eq!(numbers, [25_000, 12_500]);
    let mut some = 0;
    let stop = |_| {
        some += 1;
        some < 10_500
    };
    log.db.read(|conn| list::each_match(conn, seal, &AuditFilter::default(), stop)).unwrap();
    assert_eq!(some, 10_500);
    let found = log.db.read(|conn| verify(conn, seal, 1, None, |_| {})).unwrap();
    assert_eq!((found.events, found.span), (25_000, Some((1, 25_000))));
}
