//! Promise: once a session is ended, its user disabled or the password changed, its tokens are refused
//! from the next request on, whatever was remembered of them.

use crate::common::{app, app_with_admin, end, sid};
use crate::support::{Browser, OTHER_PASSWORD, Tokens, operator};
use portero::accounts::people::set_password::set_password;

#[test]
fn a_disabled_user_is_out_on_the_next_click() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let tokens = app.tokens("ana");
    assert!(browser.is_signed_in());
    app.disable("ana");
    assert!(!browser.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).msg(), "Token has been revoked");
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).msg(), "Token has been revoked");
}

#[test]
fn a_password_changed_while_the_clock_was_ahead_ends_every_session_all_the_same() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(13 * 3600);
    let name = portero::domain::Username::parse("ana").unwrap();
    let rules = portero::domain::PasswordRules { min_length: 8, context: &[] };
    let new = portero::domain::NewPassword::parse(OTHER_PASSWORD.into(), Some(&name), rules).unwrap();
    set_password(&app.accounts, operator(), name, &new).committed().unwrap();
    app.clock.advance(-13 * 3600);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_token_that_was_taken_a_hundred_times_is_refused_the_next_time_whatever_was_remembered() {
    let app = app_with_admin();
    let shown = |tokens: &Tokens| app.client().get("/protected", Some(&tokens.access));
    let in_cookie = |browser: &Browser| {
        let cookie = format!("access_token_cookie={}", browser.cookies["access_token_cookie"]);
        app.client().send("GET", "/protected", None, &[("cookie", &cookie)], b"")
    };
    let (leaves, expires) = (app.tokens("ana"), app.tokens("ana"));
    let mut browser = app.signed_in("bea");
    let thief = app.signed_in("bea");
    for _ in 0..100 {
        assert_eq!([shown(&leaves).status, shown(&expires).status], [200; 2]);
        assert_eq!([in_cookie(&browser).status, in_cookie(&thief).status], [200; 2]);
    }

    assert_eq!(app.client().delete("/logout", Some(&leaves.access)).status, 200);
    assert_eq!((shown(&leaves).status, shown(&leaves).msg()), (401, "Token has been revoked".into()));
    end(&mut browser, &format!("/account/sessions/{}/end", sid(&thief)));
    assert_eq!(in_cookie(&thief).msg(), "Token has been revoked");
    assert_eq!([shown(&expires).status, in_cookie(&browser).status], [200; 2]);

    app.clock.advance(15 * 60);
    assert_eq!([shown(&expires).msg(), in_cookie(&browser).msg()], ["Token has expired"; 2].map(String::from));
    app.clock.advance(-17 * 60);
    assert_eq!(shown(&expires).status, 422, "{}", shown(&expires).body);
    assert!(shown(&expires).msg().starts_with("The token is not yet valid"));
    assert_eq!(shown(&leaves).status, 422, "not valid yet comes before revoked");
}
