//! A session's renewal, a note about it and its end at once. On PostgreSQL renewals and notes go beside the queue of acts; on SQLite they
//! stand in it. The same holds on both.

use std::sync::Barrier;
use std::time::Duration;

use portero::accounts::upkeep::last_seen;
use portero::domain::SessionId;
use portero::store::sessions;

use crate::support::database::Behind;
use crate::support::{Answer, PASSWORD, TestApp, Tokens};

/// `PORTERO_TEST_RACES` asks for more of them.
fn races() -> usize {
    std::env::var("PORTERO_TEST_RACES").map_or(15, |text| text.parse().unwrap())
}

fn rotating() -> TestApp {
    let app = TestApp::with(&[("session.rotate", "always"), ("throttle", "off")]);
    app.add_user("ana");
    app
}

/// The tokens of a sign-in, old enough for a renewal to bring others.
fn aged(app: &TestApp) -> Tokens {
    let tokens = app.tokens("ana");
    app.clock.advance(2 * 60);
    tokens
}

/// Of what the answer to a renewal brought.
fn renewed(body: &str) -> (String, Option<String>) {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let token = |name: &str| body[name].as_str().map(str::to_owned);
    (token("access_token").unwrap(), token("refresh_token"))
}

/// Asserts that nothing opens anything any more of what the session was given, in whatever order renewal and end came.
fn is_over(app: &TestApp, tokens: &Tokens, renewal: &Answer) {
    let client = app.client();
    assert_eq!(client.get("/protected", Some(&tokens.access)).status, 401);
    assert_eq!(client.post("/refresh", Some(&tokens.refresh)).status, 401);
    match renewal.status {
        200 => {
            let (access, refresh) = renewed(&renewal.body);
            assert_eq!(client.get("/protected", Some(&access)).status, 401, "a renewed token outlived the end");
            assert_eq!(client.post("/refresh", Some(&refresh.unwrap())).status, 401);
        }
        401 => {}
        other => panic!("{other} {}", renewal.body),
    }
}

#[test]
fn a_renewal_and_a_sign_out_at_once_leave_no_token_that_is_accepted_after_the_answer() {
    let app = rotating();
    for _ in 0..races() {
        let tokens = aged(&app);
        let begin = Barrier::new(2);
        let renewal = std::thread::scope(|scope| {
            let renewal = scope.spawn(|| {
                begin.wait();
                app.client().post("/refresh", Some(&tokens.refresh))
            });
            begin.wait();
            assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
            // The end is answered; whether the renewal is does not matter.
            assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
            renewal.join().unwrap()
        });
        is_over(&app, &tokens, &renewal);
    }
}

#[test]
fn the_same_while_both_wait_for_the_row_of_the_session() {
    let app = rotating();
    for _ in 0..races().min(50) {
        let tokens = aged(&app);
        let mut other = Behind::of(app.folder());
        other.lock_sessions();
        let renewal = std::thread::scope(|scope| {
            let renewal = scope.spawn(|| app.client().post("/refresh", Some(&tokens.refresh)));
            let end = scope.spawn(|| app.client().delete("/logout", Some(&tokens.access)));
            std::thread::sleep(Duration::from_millis(30));
            other.let_go();
            assert_eq!(end.join().unwrap().status, 200);
            renewal.join().unwrap()
        });
        is_over(&app, &tokens, &renewal);
    }
}

#[test]
fn of_many_renewals_with_one_token_at_once_all_get_the_same_pair_and_each_is_told_in_the_story() {
    let app = rotating();
    let tokens = aged(&app);
    let begin = Barrier::new(8);
    let mut pairs: Vec<_> = std::thread::scope(|scope| {
        let renewals: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    begin.wait();
                    app.client().post("/refresh", Some(&tokens.refresh))
                })
            })
            .collect();
        renewals.into_iter().map(|renewal| renewed(&renewal.join().unwrap().body).1).collect()
    });
    pairs.dedup();
    assert_eq!(pairs.len(), 1);
    let open = app.accounts.db.read(|conn| sessions::find(conn, sid(&app))).unwrap().unwrap();
    assert_eq!(open.generation, 1);
    let told = "SELECT CAST(SUM(times) AS TEXT) AS row FROM session_steps WHERE kind IN ('renewed', 'repeated')";
    assert_eq!(Behind::of(app.folder()).rows(told), ["8"]);
}

/// The only session there is.
fn sid(app: &TestApp) -> SessionId {
    let found = Behind::of(app.folder()).rows("SELECT sid AS row FROM sessions");
    SessionId::parse(&found[0]).unwrap()
}

#[test]
fn renewals_and_confirmations_of_one_session_at_once_lose_no_step_of_its_story() {
    let app = rotating();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm");
    for _ in 0..races().min(100) {
        app.clock.advance(16 * 60);
        let begin = Barrier::new(2);
        let mut other = browser.clone();
        std::thread::scope(|scope| {
            let renewal = scope.spawn(|| {
                begin.wait();
                browser.renew().status
            });
            begin.wait();
            // It renews first.
            let confirmed = other.post("/confirm", &[("password", PASSWORD)]);
            assert_eq!((confirmed.status, confirmed.location()), (303, "/account"), "{}", confirmed.body);
            assert_eq!(renewal.join().unwrap(), 200);
        });
        assert!(browser.is_signed_in() && other.is_signed_in());
    }
    let steps = "SELECT CAST(COUNT(*) - MAX(nth) AS TEXT) AS row FROM session_steps";
    assert_eq!(Behind::of(app.folder()).rows(steps), ["1"], "the rows are numbered without gaps");
    let counted = "SELECT CAST((SELECT COUNT(*) FROM session_steps) - steps AS TEXT) AS row FROM sessions";
    assert_eq!(Behind::of(app.folder()).rows(counted), ["0"]);
}

#[test]
fn notes_about_sessions_that_are_gone_are_let_go_and_the_others_are_stored() {
    let app = rotating();
    let (kept, now) = (app.tokens("ana"), app.clock.now());
    assert_eq!(app.client().get("/protected", Some(&kept.access)).status, 200);
    app.accounts.last_seen.note(SessionId::random(), 0, now);
    app.accounts.last_seen.note(sid(&app), 0, now.plus(50));
    last_seen::flush(&app.accounts).unwrap();
    let stored = app.accounts.db.read(|conn| sessions::find(conn, sid(&app))).unwrap().unwrap();
    assert_eq!(stored.last_seen_at, now.plus(50));
    assert_eq!(app.accounts.last_seen.get(sid(&app)), None);
}
