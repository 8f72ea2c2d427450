//! Acts that end everybody's sessions: in force for all of them at once, while their rows are marked a few at a time.

use std::time::{Duration, Instant};

use portero::accounts::sessions::mass_end::{EndedSince, Marking, end_since, mark_all, mark_some};
use portero::blocklist::change::Change;
use portero::domain::{By, Reason, SessionId, UnixTime};
use portero::store::mass_ends::{self, MassEnd};
use portero::store::{Upkeep, instance, sessions, users};

use crate::support::database::Behind;
use crate::support::{TestApp, claims, operator};

/// Adds so many open sessions like the only one that there is, and waits until the server has seen that somebody wrote.
fn copy_session(app: &TestApp, copies: usize) {
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), |tx, _| instance::note_change(tx.conn));
    let change = noted.committed().unwrap();
    Behind::of(app.folder()).copy_sessions(copies);
    while app.accounts.db.read(instance::taken_up).unwrap() < change {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn sid_of(token: &str) -> SessionId {
    SessionId::parse(claims(token)["sid"].as_str().unwrap()).unwrap()
}

fn act(app: &TestApp) -> MassEnd {
    MassEnd {
        receipt: "6a2f8a5e-5d0c-4b8e-9d39-0f6f5a1d8c77".into(),
        since: UnixTime(0),
        at: app.clock.now(),
        except: None,
        by: By::Operator("root".into()),
        ip: None,
        ended: 0,
    }
}

/// Puts the act in force, as a server does that is killed right after the commit.
fn put_in_force(app: &TestApp, act: MassEnd) {
    let added = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| mass_ends::add(tx.conn, &act));
    added.committed().unwrap();
}

fn wait_until_closed(app: &TestApp) {
    let begin = Instant::now();
    while !app.accounts.db.read(mass_ends::all).unwrap().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30), "the act is not closed");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many sessions are marked as ended, by reason.
const MARKED: &str = "SELECT CAST(COUNT(*) AS TEXT) || ' ' || end_reason AS row FROM sessions WHERE ended_at IS NOT NULL \
                      GROUP BY end_reason";

fn marked(app: &TestApp) -> Vec<String> {
    Behind::of(app.folder()).rows(MARKED)
}

#[test]
fn many_sessions_end_with_one_row_and_whoever_signs_in_afterwards_stays() {
    let app = TestApp::start();
    app.add_user("ana");
    let before = app.tokens("ana");
    copy_session(&app, 350);
    let ended = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Elsewhere).committed().unwrap();
    let EndedSince { marked: 0, rest: Some(_), receipt } = ended else { panic!("there are not many") };
    assert_eq!(marked(&app), [] as [&str; 0], "the rows follow");

    // In the same second, by the clock of the test.
    let after = app.tokens("ana");
    assert_eq!(app.client().get("/protected", Some(&before.access)).status, 401);
    assert_eq!(app.client().post("/refresh", Some(&before.refresh)).status, 401);
    assert_eq!(app.client().get("/protected", Some(&after.access)).status, 200);
    assert_eq!(app.client().post("/refresh", Some(&after.refresh)).status, 200);

    mark_all(&app.accounts, &receipt).unwrap();
    assert_eq!(marked(&app), ["351 ended_by_admin"]);
    assert_eq!(app.client().get("/protected", Some(&after.access)).status, 200);
    assert!(app.accounts.blocklist.refuses_session(sid_of(&before.access)));
    let events = Behind::of(app.folder()).rows("SELECT details AS row FROM audit_events WHERE what = 'session_ended'");
    assert_eq!(events.len(), 1, "one act, one event: {events:?}");
    assert!(events[0].contains("\"sessions\":351") && events[0].contains(&receipt), "{events:?}");
}

#[test]
fn while_rows_are_marked_others_write() {
    let app = TestApp::start();
    app.add_user("ana");
    app.tokens("ana");
    copy_session(&app, 350);
    let ended = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Elsewhere).committed().unwrap();
    let steps: Vec<i64> = (0..)
        .map_while(|_| {
            let receipt = ended.receipt.clone();
            let act = app.accounts.db.read(|conn| mass_ends::find(conn, &receipt)).unwrap()?;
            mark_some(&app.accounts, receipt).committed().unwrap();
            Some(act.ended)
        })
        .collect();
    assert_eq!(steps, [0, 100, 200, 300, 351], "no transaction marks more than a hundred");
}

#[test]
fn an_act_that_a_killed_server_left_is_in_force_and_is_gone_on_with() {
    let app = TestApp::start();
    app.add_user("ana");
    let tokens = app.tokens("ana");
    copy_session(&app, 150);
    put_in_force(&app, act(&app));
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[]);
    let marked = || Behind::of(folder.path()).rows(MARKED);
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
    wait_until_closed(&app);
    assert_eq!(marked(), ["151 ended_by_admin"]);
}

#[test]
fn until_memory_knows_whom_an_act_has_ended_the_store_is_asked() {
    let app = TestApp::start();
    app.add_user("ana");
    let before = app.tokens("ana");
    let act = act(&app);
    let receipt = act.receipt.clone();
    put_in_force(&app, act);
    app.accounts.blocklist.apply(Change::MassEndBegan(receipt.clone()));
    let after = app.tokens("ana");
    assert!(!app.accounts.blocklist.refuses_session(sid_of(&before.access)), "memory does not know yet");
    assert_eq!(app.client().get("/protected", Some(&before.access)).status, 401);
    assert_eq!(app.client().get("/protected", Some(&after.access)).status, 200);
    app.accounts.blocklist.apply(Change::MassEndLearned(receipt));
    assert_eq!(app.client().get("/protected", Some(&after.access)).status, 200);
}

#[test]
fn a_renewal_that_a_guard_let_pass_before_an_act_came_into_force_comes_too_late() {
    let app = TestApp::start();
    app.add_user("ana");
    let before = app.tokens("ana");
    // Nothing is told to memory, so guards see what they saw before the commit.
    put_in_force(&app, act(&app));
    let sid = sid_of(&before.access);
    let (session, _) = app.accounts.db.read(|conn| users::find_by_session(conn, sid)).unwrap().unwrap();
    assert!(session.end.is_some_and(|end| end.reason == Reason::EndedByAdmin) && session.receipt.is_some());
    assert_eq!(app.client().get("/protected", Some(&before.access)).status, 200, "memory does not know");
    assert_eq!(app.client().post("/refresh", Some(&before.refresh)).status, 401);
    let after = app.tokens("ana");
    assert_eq!(app.client().post("/refresh", Some(&after.refresh)).status, 200);
}

#[test]
fn a_clock_that_was_set_back_leaves_no_session_out_and_ends_none_that_began_later() {
    let app = TestApp::start();
    app.add_user("ana");
    let before = sid_of(&app.tokens("ana").access);
    copy_session(&app, 150);
    app.clock.advance(-300);
    let ended = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Elsewhere).committed().unwrap();
    let after = sid_of(&app.tokens("ana").access);
    let has_ended = |sid| {
        let found = app.accounts.db.read(|conn| sessions::find(conn, sid)).unwrap();
        found.unwrap().end.is_some()
    };
    assert!(has_ended(before) && !has_ended(after));
    mark_all(&app.accounts, &ended.receipt).unwrap();
    assert!(has_ended(before) && !has_ended(after));
}

#[test]
fn two_acts_at_once_end_each_session_once() {
    let app = TestApp::start();
    app.add_user("ana");
    app.tokens("ana");
    copy_session(&app, 250);
    let acts: Vec<String> = (0..2)
        .map(|_| {
            let ended = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Here).committed().unwrap();
            ended.receipt
        })
        .collect();
    wait_until_closed(&app);
    let of = |receipt: &str| app.accounts.db.read(|conn| mass_ends::size(conn, receipt, UnixTime(0))).unwrap();
    assert_eq!(of(&acts[0]) + of(&acts[1]), 251);
    assert_eq!(marked(&app), ["251 ended_by_admin"]);
}
