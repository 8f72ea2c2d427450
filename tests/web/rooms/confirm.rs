//! Room /confirm: the password once more, before something that matters.

use crate::common::{A_QUARTER_OF_AN_HOUR, app};
use crate::support::{Browser, PASSWORD, TestApp};

/// Uses the session for two more lives of an access token, and asserts that it stays signed in all along.
fn goes_on(app: &TestApp, browser: &mut Browser) {
    for _ in 0..2 {
        assert!(browser.is_signed_in() && browser.is_signed_in());
        app.clock.advance(A_QUARTER_OF_AN_HOUR);
    }
    assert!(browser.is_signed_in());
}

#[test]
fn a_confirmation_leads_to_no_other_site() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=//evil.example");
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "//evil.example")]);
    assert_eq!(answer.location(), "/account");
}

#[test]
fn who_takes_longer_to_confirm_than_a_token_lives_stays() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=/account");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]).status, 303);
    goes_on(&app, &mut browser);
}

#[test]
fn a_double_click_on_confirm_costs_nothing() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(60);
    browser.get("/confirm?next=/account");
    let confirm = [("password", PASSWORD), ("next", "/account")];
    let mut second_click = browser.clone();
    assert_eq!(browser.post("/confirm", &confirm).status, 303);
    assert_eq!(second_click.post("/confirm", &confirm).status, 303);
    goes_on(&app, &mut second_click);
}

#[test]
fn a_confirmation_after_a_lost_renewal_does_not_spoil_its_retry() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(60);
    let mut lost = browser.clone();
    let value = lost.cookies["csrf_refresh_token"].clone();
    let headers = [("x-csrf-token", value.as_str()), ("accept", "application/json")];
    assert_eq!(lost.send("POST", "/refresh", &headers, b"").status, 200);
    app.clock.advance(60);
    browser.get("/confirm?next=/account");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]).status, 303);
    goes_on(&app, &mut browser);
}
