//! Room /account: where a person is signed in, since when, and what happened meanwhile.

use crate::common::{app, app_with_admin, as_json, sid};
use crate::support::{Browser, TestApp};
use portero::accounts::upkeep::last_seen;

/// How many rows the first table of the page has, the one of sessions.
fn sessions_on(page: &str) -> usize {
    let (sessions, _) = page.split_once("id=\"activity-title\"").unwrap();
    sessions.matches("<th scope=\"row\"").count()
}

#[test]
fn the_account_page_shows_where_one_is_signed_in() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.tokens("ana");
    let page = browser.get("/account");
    assert_eq!(sessions_on(&page.body), 2);
    assert_eq!(page.body.matches("This device").count(), 1);
    assert!(page.body.contains("127.0.0.1"));
}

#[test]
fn more_sessions_than_a_page_holds_are_on_further_pages() {
    let app = TestApp::with(&[("session.bearer_limit", "60")]);
    app.add_user("ana");
    for _ in 0..60 {
        app.tokens("ana");
    }
    app.clock.advance(1);
    let mut browser = app.signed_in("ana");
    let first = browser.get("/account");
    assert_eq!((sessions_on(&first.body), first.body.matches("This device").count()), (50, 1));
    assert!(first.body.contains("Sign out everywhere else"));
    let (_, next) = first.body.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = browser.get(&next);
    assert_eq!((second.status, sessions_on(&second.body), second.body.matches("This device").count()), (200, 11, 0));
    assert!(second.body.contains("href=\"/account?\"") && !second.body.contains("rel=\"next\""), "{}", second.body);
    assert!(second.body.contains("Sign out everywhere else"));

    let page = as_json(&mut browser, "/account");
    let next = page["next"].as_str().unwrap();
    let rest = as_json(&mut browser, &format!("/account?before={next}&user=bea&ip=nowhere"));
    assert_eq!((rest["sessions"].as_array().unwrap().len(), rest["next"].is_null()), (11, true));
    let sids = |page: &serde_json::Value| -> Vec<_> {
        page["sessions"].as_array().unwrap().iter().map(|one| one["sid"].to_string()).collect()
    };
    let mut all = [sids(&page), sids(&rest)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 61, "each is there once");
}

#[test]
fn last_seen_follows_the_use_and_is_written_down() {
    let app = app_with_admin();
    let mut browser = app.signed_in("ana");
    app.clock.advance(300);
    assert!(browser.is_signed_in());
    let now = app.clock.now().0;
    let seen = |browser: &mut Browser| as_json(browser, "/account")["sessions"][0]["last_seen_at"].as_i64().unwrap();
    assert!((now - 5..=now + 5).contains(&seen(&mut browser)));
    last_seen::flush(&app.accounts).unwrap();
    let stored = app
        .accounts
        .db
        .read(|conn| portero::store::sessions::find(conn, portero::domain::SessionId::parse(&sid(&browser)).unwrap()));
    assert!((now - 5..=now + 5).contains(&stored.unwrap().unwrap().last_seen_at.0));
}

#[test]
fn wrong_passwords_since_the_last_visit_are_told_once() {
    let app = app_with_admin();
    for _ in 0..3 {
        app.browser().sign_in("ana", "wrong");
    }
    let told =
        |app: &TestApp| app.signed_in("ana").get("/account").body.contains("wrong password for your account 3 times");
    assert!(told(&app));
    assert!(!told(&app));
}
