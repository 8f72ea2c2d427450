//! Promise: a database that is locked or full means "try again", never a false "signed out", and leaves nothing half done.

use std::time::Duration;

use diesel::RunQueryDsl;
use portero::store::{Error, Upkeep};
use serde_json::json;

use crate::support::database::{Behind, execute};
use crate::support::{Answer, PASSWORD, TestApp};

fn is_try_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn while_the_database_is_locked_reading_goes_on_and_changes_ask_to_try_again() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    let tokens = app.tokens("ana");
    let mut other = Behind::of(app.folder());
    other.lock();

    let (login, renewal) = std::thread::scope(|scope| {
        let login = scope.spawn(|| {
            let body = json!({ "username": "ana", "password": PASSWORD });
            app.client().post_json("/login", None, &body)
        });
        let renewal = scope.spawn(|| app.client().post("/refresh", Some(&tokens.refresh)));
        (login.join().unwrap(), renewal.join().unwrap())
    });
    is_try_again(&login);
    is_try_again(&renewal);
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 200);
    assert!(browser.is_signed_in());

    app.clock.advance(16 * 60);
    let page = browser.get("/account");
    is_try_again(&page);
    assert!(page.body.contains("Request ID"), "the log has a line about it: {}", page.body);
    assert!(page.body.contains("<h1>") && browser.cookies.contains_key("refresh_token_cookie"), "{}", page.body);

    other.let_go();
    assert!(browser.is_signed_in(), "and then it goes on as if nothing had been");
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
}

#[test]
fn when_the_database_is_full_nothing_is_half_done_and_it_recovers_by_itself() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    // The database may not grow by a single page: a change that needs more than are free in it fails as on a full disk.
    let full = app.accounts.db.write(Upkeep, app.clock.now(), |tx, _| {
        diesel::sql_query("PRAGMA max_page_count = 1").execute(tx.conn)?;
        diesel::sql_query("CREATE TABLE filler AS SELECT zeroblob(10000000) AS x").execute(tx.conn)?;
        Ok::<_, Error>(())
    });
    assert!(full.committed().is_err());
    assert!(browser.is_signed_in());
    let answer = app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!(answer.status, 200, "the writer has opened the database anew");
}

#[test]
fn an_answer_that_cannot_be_looked_up_is_neither_yes_nor_no() {
    let app = TestApp::start();
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    let tokens = app.tokens("ana");
    app.accounts.blocklist.doubt();
    is_try_again(&app.client().get("/protected", Some(&tokens.access)));
    is_try_again(&app.client().get("/whoami", Some(&tokens.access)));
    is_try_again(&app.client().get("/readyz", None));
    is_try_again(&browser.get("/account"));
    assert!(browser.cookies.contains_key("refresh_token_cookie"));
    // A change by another process makes the server load its memory again.
    execute(app.folder(), "UPDATE users SET failed_attempts = failed_attempts + 1");
    std::thread::sleep(Duration::from_millis(500));
    let page = browser.get("/account");
    assert_eq!(page.status, 200, "{}", page.body);
}
