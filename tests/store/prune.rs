//! Pruning: a revocation is kept while its token could still be shown, and listed for 90 days; a user
//! whose sessions are all over leaves memory.

use portero::accounts::upkeep::prune::prune;
use portero::clock::Clock;
use portero::store::{Error, Upkeep, known_networks, sign_in_failures};

use crate::support::TestApp;
use crate::support::database::Behind;

const DAY: i64 = 24 * 3600;

fn shown(app: &TestApp) -> usize {
    let mut admin = app.signed_in("ana");
    let answer = admin.send("GET", "/admin/revoked", &[("accept", "application/json")], b"");
    answer.json()["revoked"].as_array().unwrap().len()
}

#[test]
fn what_was_revoked_is_refused_while_it_could_be_shown_and_told_for_ninety_days() {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    let tokens = app.tokens("bea");
    app.client().delete("/logout", Some(&tokens.access));
    let mut gone = Vec::new();
    for days in [0, 1, 29, 31, 60, 88] {
        let passed = days * DAY - (app.clock.now().0 - Clock::default().now().0);
        app.clock.advance(passed);
        gone.push(prune(&app.accounts).unwrap());
        let refused = app.client().post("/refresh", Some(&tokens.refresh));
        let expected = if days < 30 { "Token has been revoked" } else { "Token has expired" };
        assert_eq!((refused.status, refused.msg().as_str()), (401, expected), "after {days} days");
        assert_eq!(shown(&app), 1, "after {days} days");
    }
    assert_eq!(gone, [0, 0, 0, 1, 0, 0], "only that bea has signed in from this network is forgotten, after a month");
    app.clock.advance(33 * DAY);
    assert!(prune(&app.accounts).unwrap() >= 1);
    assert_eq!(shown(&app), 0);
}

#[test]
fn a_user_whose_sessions_are_all_over_is_let_go_and_comes_back_with_the_next() {
    let app = TestApp::start();
    app.add_user("ana");
    app.tokens("ana");
    app.clock.advance(32 * DAY);
    prune(&app.accounts).unwrap();
    assert_eq!(app.accounts.blocklist.standing("ana"), None);
    let tokens = app.tokens("ana");
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 200);
}

#[test]
fn however_much_is_old_it_goes_in_steps_between_which_others_write() {
    let app = TestApp::start();
    app.add_user("ana");
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1700)";
    let mut behind = Behind::of(app.folder());
    behind.execute(&format!(
        "{numbers} INSERT INTO known_networks (user_id, network, password_version, signed_in_at) SELECT 1, 'network ' || n, 0, n FROM numbers"
    ));
    behind.execute(&format!(
        "{numbers} INSERT INTO sign_in_failures (name, failures, since) SELECT 'name ' || n, 1, n FROM numbers"
    ));
    let now = app.accounts.now();
    let steps: Vec<(usize, usize)> = (0..2)
        .map(|_| {
            let step = app.accounts.db.write(Upkeep, now, move |tx, _| {
                Ok::<_, Error>((known_networks::prune(tx.conn, now, 500)?, sign_in_failures::prune(tx.conn, now, 500)?))
            });
            step.committed().unwrap()
        })
        .collect();
    assert_eq!(steps, [(501, 501), (501, 501)]);
    assert_eq!(prune(&app.accounts).unwrap(), 2 * (1700 - 2 * 501));
}
