//! Room /logout: signing out here, everywhere else, or everywhere.

use serde_json::{Value, json};

use crate::common::{app, app_with_admin};
use crate::support::PASSWORD;

#[test]
fn signing_out_asks_first_and_then_ends_the_session_for_good() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let mut kept = browser.clone();
    assert!(browser.get("/logout").body.contains("Sign out?"));
    assert!(browser.is_signed_in(), "looking ends nothing");
    browser.get("/logout");
    let answer = browser.post("/logout", &[]);
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert!(browser.cookies.keys().all(|name| !name.contains("token")), "{:?}", browser.cookies.keys());
    assert!(browser.follow(answer).body.contains("You’re signed out"));
    assert!(!kept.is_signed_in(), "whoever copied the cookies is out too");
}

#[test]
fn signing_out_works_when_the_token_has_expired_and_twice() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/logout");
    let mut second_tab = browser.clone();
    app.clock.advance(16 * 60);
    assert_eq!(browser.post("/logout", &[]).location(), "/login");
    assert_eq!(second_tab.post("/logout", &[]).location(), "/login");
    assert!(!second_tab.is_signed_in());
    assert_eq!(app.browser().post("/logout", &[]).location(), "/login", "and without any session");
}

#[test]
fn signing_out_everywhere_else_keeps_this_browser_and_gives_a_receipt() {
    let app = app_with_admin();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    let program = app.tokens("ana");
    let mut bea = app.signed_in("bea");
    let page = own.get("/logout?scope=others");
    assert!(page.body.contains("End 2 sessions</button>"), "{}", page.body);
    assert!(!page.body.contains("type=\"radio\""), "one question: {}", page.body);
    let answer = own.post("/logout", &[("scope", "others")]);
    assert!(answer.location().starts_with("/receipts/"), "{} {}", answer.location(), answer.body);
    assert!(own.follow(answer).body.contains("2 sessions were ended"));
    assert!(own.get("/logout?scope=others").body.contains("on no other device"));
    assert!(own.is_signed_in() && bea.is_signed_in());
    assert!(!other.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&program.access)).status, 401);
}

#[test]
fn signing_out_everywhere_ends_this_one_too() {
    let app = app_with_admin();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    own.get("/logout");
    let answer = own.post("/logout", &[("scope", "all")]);
    assert_eq!(answer.location(), "/login");
    assert!(own.follow(answer).body.contains("signed out everywhere. 2 sessions were ended"));
    assert!(!own.is_signed_in() && !other.is_signed_in());
}

#[test]
fn a_copied_cookie_alone_throws_nobody_out() {
    let app = app_with_admin();
    let (mut stale, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    stale.get("/logout");
    app.clock.advance(601);
    for scope in ["others", "all"] {
        let answer = stale.post("/logout", &[("scope", scope)]);
        let expected = format!("/confirm?next=/logout%3Fscope={scope}");
        assert_eq!((answer.status, answer.location()), (303, expected.as_str()));
        stale.get("/logout");
    }
    assert!(other.is_signed_in());
    assert_eq!(stale.post("/logout", &[("scope", "nonsense")]).status, 400);
    assert!(stale.is_signed_in());
}

#[test]
fn a_program_signs_out_in_every_scope() {
    let app = app_with_admin();
    let (own, other) = (app.tokens("ana"), app.tokens("ana"));
    let answer = app.client().post_json("/logout", Some(&own.access), &json!({ "scope": "others" }));
    assert_eq!((answer.status, &answer.json()["sessions_ended"]), (200, &json!(1)), "{}", answer.body);
    assert_eq!(app.client().get("/protected", Some(&other.access)).status, 401);
    let receipt = format!("/receipts/{}", answer.json()["receipt"].as_str().unwrap());
    assert_eq!(app.client().get(&receipt, Some(&own.access)).status, 200);
    let nothing = app.client().post_json("/logout", Some(&own.access), &json!({ "scope": "others" })).json();
    assert_eq!((&nothing["sessions_ended"], &nothing["receipt"]), (&json!(0), &Value::Null));
    let refused = app.client().post_json("/logout", Some(&own.refresh), &json!({ "scope": "all" }));
    assert_eq!(refused.msg(), "Only non-refresh tokens are allowed");
    app.clock.advance(601);
    let refused = app.client().delete("/logout?scope=all", Some(&own.access));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Fresh token required"));
    let fresh = app.client().post_json("/confirm", Some(&own.access), &json!({ "password": PASSWORD })).json();
    let fresh = fresh["access_token"].as_str().unwrap();
    assert_eq!(app.client().delete("/logout?scope=all", Some(fresh)).json()["sessions_ended"], json!(1));
    assert_eq!(app.client().get("/protected", Some(fresh)).status, 401);
}
