//! Room /change-password: a new password, which needs a recent proof of identity and the current one.

use serde_json::json;

use crate::common::app;
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp};

const CHANGE: [(&str, &str); 4] = [
    ("current_password", PASSWORD),
    ("new_password", OTHER_PASSWORD),
    ("new_password_again", OTHER_PASSWORD),
    ("end_others", "on"),
];

#[test]
fn changing_the_password_puts_every_other_browser_out_and_keeps_this_one() {
    let app = app();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    let mut stolen = own.clone();
    assert!(own.get("/change-password").body.contains("my other session"));
    let answer = own.post("/change-password", &CHANGE);
    assert_eq!((answer.status, answer.location()), (303, "/account"), "{}", answer.body);
    assert!(own.follow(answer).body.contains("One other session was signed out"));
    assert!(!other.is_signed_in());
    assert!(!stolen.is_signed_in(), "the cookies from before are worth nothing");
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 401);
    assert_eq!(app.browser().sign_in("ana", OTHER_PASSWORD).status, 303);
}

#[test]
fn other_sessions_stay_if_the_box_is_unticked() {
    let app = app();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    own.get("/change-password");
    assert_eq!(own.post("/change-password", &CHANGE[..3]).status, 303);
    assert!(own.is_signed_in());
    assert!(other.is_signed_in());
}

#[test]
fn what_is_wrong_with_a_new_password_is_said_and_nothing_changes() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/change-password");
    for (current, new, again, status, text) in [
        ("", OTHER_PASSWORD, OTHER_PASSWORD, 400, "Enter your current password"),
        ("wrong", OTHER_PASSWORD, OTHER_PASSWORD, 401, "Incorrect password"),
        (PASSWORD, "short", "short", 400, "too short"),
        (PASSWORD, PASSWORD, PASSWORD, 400, "same as"),
        (PASSWORD, "ana-ana-ana-ana", "ana-ana-ana-ana", 400, "too easy to guess"),
        (PASSWORD, OTHER_PASSWORD, "verde", 400, "not the same"),
    ] {
        let fields = [("current_password", current), ("new_password", new), ("new_password_again", again)];
        let page = browser.post("/change-password", &fields);
        assert_eq!(page.status, status, "{text}");
        assert!(page.body.contains(text) && page.body.contains("<title>Error:"), "{text}: {}", page.body);
    }
    assert!(browser.is_signed_in());
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303);
}

#[test]
fn a_password_built_on_a_name_or_a_famous_phrase_is_refused_in_words_that_say_which() {
    let app = TestApp::with(&[("site_name", "Acme Login")]);
    app.add_user("valeria");
    for (language, new, text) in [
        ("en", "valeria2026!!", "beside your user name it has too little"),
        ("en", "Acme#Login#2026", "beside the name of this site"),
        ("en", "Portero2026!!", "beside the name of this site"),
        ("en", "correct horse battery staple", "it is a well-known phrase"),
        ("es", "v4l3ri@-v4l3ri@", "aparte de tu nombre de usuario"),
        ("es", "Acme.2026.Login", "aparte del nombre de este sitio"),
        ("es", "en un lugar de la Mancha", "es una frase muy conocida"),
    ] {
        let mut browser = app.signed_in("valeria");
        browser.headers.push(("accept-language".into(), language.into()));
        browser.get("/change-password");
        let fields = [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new)];
        let page = browser.post("/change-password", &fields);
        assert!(page.status == 400 && page.body.contains(text), "{new}: {}", page.body);
    }
    let tokens = app.tokens("valeria");
    let body = json!({ "current_password": PASSWORD, "new_password": "valeria2026!!" });
    let refused = app.client().post_json("/change-password", Some(&tokens.access), &body);
    assert_eq!(refused.msg(), "the password is too easy to guess: beside the user name it has too little");
    let body = json!({ "current_password": PASSWORD, "new_password": "las garzas de valeria cuentan once" });
    let changed = app.client().post_json("/change-password", Some(&tokens.access), &body);
    assert_eq!(changed.status, 200, "enough remains besides the name: {}", changed.body);
}

#[test]
fn after_a_while_the_password_is_asked_for_before_the_form() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(9 * 60 + 30);
    let answer = browser.get("/change-password");
    assert_eq!(answer.location(), "/confirm?next=/change-password", "half a minute is too short to fill in a form");
    let page = browser.follow(answer);
    assert!(page.body.contains("Confirm it’s you") && page.body.contains("to change your password"), "{}", page.body);
    let wrong = browser.post("/confirm", &[("password", "wrong"), ("next", "/change-password")]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("Incorrect password"), "{}", wrong.body);
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "/change-password")]);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    assert_eq!(browser.get("/change-password").status, 200);
    assert_eq!(browser.post("/change-password", &CHANGE).location(), "/account");
}

#[test]
fn a_form_that_stood_open_too_long_changes_nothing_and_asks_first() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/change-password");
    app.clock.advance(11 * 60);
    let answer = browser.post("/change-password", &CHANGE);
    assert_eq!((answer.status, answer.location()), (303, "/confirm?next=/change-password"));
    assert!(browser.follow(answer).body.contains("Nothing was changed yet"));
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303, "the password is the old one");
}

#[test]
fn a_double_click_on_change_password_leaves_the_new_session() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/change-password");
    let mut second_click = browser.clone();
    assert_eq!(browser.post("/change-password", &CHANGE[..3]).status, 303);
    let late = second_click.post("/change-password", &CHANGE[..3]);
    assert_eq!(late.status, 303);
    // Both answers go to the same browser, in this order.
    for cookie in late.set_cookies() {
        assert!(!cookie.contains("token_cookie="), "the late answer takes the new cookies away: {cookie}");
    }
    assert!(browser.is_signed_in());
}

#[test]
fn what_a_program_may_not_set_as_a_password_is_told() {
    let app = app();
    let tokens = app.tokens("ana");
    for (new, text) in [
        ("short", "the password needs at least 12 characters"),
        ("password1234", "the password is too easy to guess"),
        (&"x1 ".repeat(100), "the password may have at most 256 characters"),
        (PASSWORD, "The new password is the current one"),
    ] {
        let body = json!({ "current_password": PASSWORD, "new_password": new });
        let answer = app.client().post_json("/change-password", Some(&tokens.access), &body);
        assert_eq!((answer.status, answer.msg().as_str()), (400, text));
    }
    let wrong = json!({ "current_password": "wrong", "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&tokens.access), &wrong);
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Bad password"));
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 200);
}
