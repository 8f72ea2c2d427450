//! Promise: a session's tokens travel in cookies or in a header, whichever it was signed in with, and are refused the other way.

use serde_json::json;

use crate::common::{app, refresh_cookie};
use crate::support::{OTHER_PASSWORD, PASSWORD};

#[test]
fn a_cookie_sessions_tokens_are_worth_nothing_in_a_header() {
    let app = app();
    let browser = app.signed_in("ana");
    let refused = app.client().post("/refresh", Some(&refresh_cookie(&browser)));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Token is not accepted in this location"));
    let access = &browser.cookies["access_token_cookie"];
    assert_eq!(app.client().get("/protected", Some(access)).status, 401);
}

#[test]
fn a_bearer_sessions_tokens_are_worth_nothing_as_cookies() {
    let app = app();
    let tokens = app.tokens("ana");
    let mut browser = app.browser();
    browser.cookies.insert("access_token_cookie".into(), tokens.access);
    browser.cookies.insert("refresh_token_cookie".into(), tokens.refresh);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_token_that_was_taken_where_it_belongs_is_worth_nothing_elsewhere_all_the_same() {
    let app = app();
    let browser = app.signed_in("ana");
    let (cookie, bearer) = (browser.cookies["access_token_cookie"].clone(), app.tokens("ana").access);
    let in_cookie = |token: &str| {
        let cookie = format!("access_token_cookie={token}");
        app.client().send("GET", "/protected", None, &[("cookie", &cookie)], b"").status
    };
    let in_header = |token: &str| app.client().get("/protected", Some(token)).status;
    for _ in 0..3 {
        assert_eq!((in_cookie(&cookie), in_header(&bearer)), (200, 200));
        assert_eq!((in_header(&cookie), in_cookie(&bearer)), (401, 401));
    }
}

#[test]
fn scripts_confirm_and_change_by_cookie_without_getting_tokens_to_read() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let value = browser.cookies["csrf_access_token"].clone();
    let headers =
        [("content-type", "application/json"), ("accept", "application/json"), ("x-csrf-token", value.as_str())];
    let confirmed = browser.send("POST", "/confirm", &headers, json!({ "password": PASSWORD }).to_string().as_bytes());
    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, r#"{"msg":"confirmed"}"#));
    assert!(browser.is_signed_in());
    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD }).to_string();
    let changed = browser.send("POST", "/change-password", &headers, change.as_bytes());
    assert_eq!((changed.status, changed.msg().as_str()), (200, "password changed"));
    assert!(!changed.body.contains("eyJ"), "{}", changed.body);
    assert!(browser.is_signed_in());
}
