//! Room /change-password: a new password, which needs a recent proof of identity and the current one, asked for once.

use serde_json::json;

use crate::common::{FORM, app, second_factor};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims, totp};

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
    assert!(own.follow(answer).body.contains("Your other session was signed out"));
    assert!(!other.is_signed_in());
    assert!(!stolen.is_signed_in(), "the cookies from before are worth nothing");
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 401);
    assert_eq!(app.browser().sign_in("ana", OTHER_PASSWORD).status, 303);
}

#[test]
fn the_first_empty_field_has_the_focus() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let focused = |browser: &mut Browser| {
        let page = browser.get("/change-password").body;
        let fields: Vec<_> =
            page.split("<input ").filter(|field| field.split('>').next().unwrap().contains("autofocus")).collect();
        assert_eq!(fields.len(), 1, "{page}");
        fields[0].split("id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(focused(&mut browser), "new_password");
    app.clock.advance(121);
    assert_eq!(focused(&mut browser), "current_password");
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
    app.clock.advance(121);
    browser.get("/change-password");
    for (current, new, again, status, text) in [
        ("", OTHER_PASSWORD, OTHER_PASSWORD, 400, "Enter your current password"),
        ("wrong", OTHER_PASSWORD, OTHER_PASSWORD, 401, "Incorrect password"),
        (PASSWORD, "short", "short", 400, "too short"),
        (PASSWORD, PASSWORD, PASSWORD, 400, "same as"),
        (PASSWORD, "ana-ana-ana-ana", "ana-ana-ana-ana", 400, "too easy to guess"),
        (PASSWORD, OTHER_PASSWORD, "verde", 400, "don’t match"),
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
        ("en", "valeria2026!!", "it’s little more than your username"),
        ("en", "Acme#Login#2026", "little more than this site’s name"),
        ("en", "Portero2026!!", "little more than this site’s name"),
        ("en", "correct horse battery staple", "it’s a well-known phrase"),
        ("es", "v4l3ri@-v4l3ri@", "poco más que tu nombre de usuario"),
        ("es", "Acme.2026.Login", "poco más que el nombre de este sitio"),
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
    assert!(
        page.body.contains("Confirm it’s you") && page.body.contains("Enter your password again to change it."),
        "{}",
        page.body
    );
    let wrong = browser.post("/confirm", &[("password", "wrong"), ("next", "/change-password")]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("Incorrect password"), "{}", wrong.body);
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "/change-password")]);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    let page = browser.get("/change-password");
    assert!(page.status == 200 && !asks(&page), "it was given a moment ago: {}", page.body);
    assert_eq!(browser.post("/change-password", &NEW).location(), "/account");
    assert_eq!(app.browser().sign_in("ana", OTHER_PASSWORD).status, 303);
}

/// What the form sends if it has no field for the current password.
const NEW: [(&str, &str); 3] =
    [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD), ("end_others", "on")];

/// Whether the page has a field for the current password.
fn asks(page: &Answer) -> bool {
    page.body.contains("name=\"current_password\"")
}

/// The form without the field, sent by whoever has to fill it in: it is shown again, with the field, and nothing changes.
fn is_asked(app: &TestApp, browser: &mut Browser) {
    let page = browser.get("/change-password");
    assert!(page.status == 200 && asks(&page), "{}", page.body);
    let page = browser.post("/change-password", &NEW);
    assert_eq!(page.status, 400);
    assert!(asks(&page) && page.body.contains("Enter your current password too. Nothing has changed"), "{}", page.body);
    assert!(!page.body.contains(OTHER_PASSWORD));
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303, "the password is the old one");
}

#[test]
fn a_form_that_became_too_old_while_one_typed_is_itself_the_proof() {
    let app = app();
    for minutes in [3, 11, 45] {
        let mut browser = app.signed_in("ana");
        app.clock.advance(121);
        assert!(asks(&browser.get("/change-password")));
        app.clock.advance(minutes * 60);
        let wrong = [("current_password", "wrong"), NEW[0], NEW[1]];
        let page = browser.post("/change-password", &wrong);
        assert!(page.status == 401 && page.body.contains("Incorrect password"), "{minutes}: {}", page.body);
        let page = browser.post("/change-password", &[("current_password", ""), NEW[0], NEW[1]]);
        assert!(page.status == 400 && page.body.contains("Enter your current password<"), "{minutes}: {}", page.body);
        assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303, "nothing was changed");
        let answer = browser.post("/change-password", &CHANGE);
        assert_eq!((answer.status, answer.location()), (303, "/account"), "{minutes}: {}", answer.body);
        assert!(browser.is_signed_in());
        app.set_password("ana", PASSWORD);
    }
}

#[test]
fn who_has_just_signed_in_with_the_password_is_not_asked_for_it() {
    let app = app();
    let mut browser = app.signed_in("ana");
    assert!(!asks(&browser.get("/change-password")));
    let short = browser.post("/change-password", &[("new_password", "short"), ("new_password_again", "short")]);
    assert!(short.status == 400 && short.body.contains("too short") && !asks(&short), "{}", short.body);
    let same = browser.post("/change-password", &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]);
    assert!(same.status == 400 && same.body.contains("same as") && !asks(&same), "{}", same.body);
    // A form from before may still have the field.
    let wrong = browser.post("/change-password", &[("current_password", "wrong"), NEW[0], NEW[1]]);
    assert!(wrong.status == 401 && asks(&wrong), "{}", wrong.body);
    app.clock.advance(100);
    assert_eq!(browser.post("/change-password", &NEW).location(), "/account");
    // What was proved a hundred seconds ago has not become fresher.
    app.clock.advance(510);
    assert_eq!(browser.get("/change-password").location(), "/confirm?next=/change-password");
}

#[test]
fn two_minutes_later_the_form_is_shown_again_with_the_field_and_what_was_chosen() {
    let app = app();
    let (mut browser, _other) = (app.signed_in("ana"), app.signed_in("ana"));
    assert!(!asks(&browser.get("/change-password")));
    app.clock.advance(121);
    for (fields, is_ticked) in [(&NEW[..], true), (&NEW[..2], false)] {
        let page = browser.post("/change-password", fields);
        assert_eq!(page.status, 400);
        assert!(asks(&page) && page.body.contains("Enter your current password too"), "{}", page.body);
        assert_eq!(page.body.contains(" checked"), is_ticked);
    }
    browser.headers.push(("accept-language".into(), "es".into()));
    assert!(browser.post("/change-password", &NEW).body.contains("Escribe también tu contraseña actual"));
    assert_eq!(browser.post("/change-password", &CHANGE).location(), "/account");
}

#[test]
fn who_has_no_other_session_is_not_asked_about_them_and_one_that_begins_meanwhile_ends() {
    let app = app();
    let mut own = app.signed_in("ana");
    let form = own.get("/change-password").body;
    assert!(!form.contains("type=\"checkbox\""), "{form}");
    assert!(form.contains("<input type=\"hidden\" name=\"end_others\" value=\"on\">"), "{form}");
    let mut other = app.signed_in("ana");
    assert_eq!(own.post("/change-password", &NEW).location(), "/account");
    assert!(own.is_signed_in() && !other.is_signed_in());
}

#[test]
fn who_came_by_a_link_never_gave_the_current_password_and_is_asked() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let path = app.setup_path();
    browser.get(&path);
    let fields = [("username", "ana"), ("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    assert_eq!(browser.post(&path, &fields).status, 303);
    is_asked(&app, &mut browser);
    browser.get("/confirm");
    browser.post("/confirm", &[("password", PASSWORD)]);
    assert!(!asks(&browser.get("/change-password")));
}

#[test]
fn a_copy_of_the_cookies_elsewhere_does_not_do_for_the_password() {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1")]);
    app.add_user("ana");
    let mut own = app.browser();
    own.headers.push(("x-forwarded-for".into(), "192.0.2.7".into()));
    assert_eq!(own.sign_in("ana", PASSWORD).status, 303);
    for ip in ["198.51.100.7", "unknown"] {
        let mut elsewhere = own.clone();
        elsewhere.headers = vec![("x-forwarded-for".into(), ip.into())];
        is_asked(&app, &mut elsewhere);
    }
    let mut other_browser = own.clone();
    other_browser.user_agent = crate::common::FIREFOX.into();
    is_asked(&app, &mut other_browser);
    own.headers = vec![("x-forwarded-for".into(), "192.0.2.99".into())];
    assert!(!asks(&own.get("/change-password")), "the neighbour is the same network");
    assert_eq!(own.post("/change-password", &NEW).location(), "/account");
}

#[test]
fn what_came_after_the_confirmation_ends_its_word() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let (mut stale, mut copy) = (browser.clone(), browser.clone());
    app.clock.advance(20);
    assert_eq!(copy.renew().status, 200);
    assert!(asks(&browser.get("/change-password")), "somebody has renewed since");
    is_asked(&app, &mut browser);
    browser.get("/confirm");
    browser.post("/confirm", &[("password", PASSWORD)]);
    assert!(!asks(&browser.get("/change-password")));
    // The token from before the confirmation is revoked; one that a renewal made is not fresh.
    assert_ne!(stale.get("/change-password").status, 200);
    assert_ne!(copy.get("/change-password").status, 200);
}

#[test]
fn the_password_of_before_a_change_vouches_for_nobody() {
    let app = app();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    own.get("/change-password");
    other.get("/change-password");
    assert_eq!(own.post("/change-password", &NEW[..2]).location(), "/account", "the other session stays");
    assert!(other.is_signed_in());
    for browser in [&mut other, &mut own] {
        assert!(asks(&browser.get("/change-password")));
        let third = "lluvia de estrellas en agosto";
        let page = browser.post("/change-password", &[("new_password", third), ("new_password_again", third)]);
        assert!(page.status == 400 && asks(&page), "{}", page.body);
    }
    assert_eq!(app.browser().sign_in("ana", OTHER_PASSWORD).status, 303);
}

#[test]
fn a_program_gives_the_current_password_and_a_fresh_token() {
    let app = app();
    let tokens = app.tokens("ana");
    let new = json!({ "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&tokens.access), &new);
    assert_eq!((answer.status, answer.msg().as_str()), (400, "missing field `current_password`"));
    let form = format!("new_password={OTHER_PASSWORD}&new_password_again={OTHER_PASSWORD}").replace(' ', "+");
    let by_form = |form: &str| {
        app.client().send("POST", "/change-password", Some(&tokens.access), &[FORM], form.as_bytes()).status
    };
    assert_eq!(by_form(&form), 400);
    app.clock.advance(601);
    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&tokens.access), &change);
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Fresh token required"));
    let answer = app.client().post_json("/change-password", Some(&tokens.access), &json!({ "x": 1 }));
    assert_eq!(answer.status, 401, "before anything is read");
    assert_eq!(by_form(&format!("{form}&current_password={}", PASSWORD.replace(' ', "+"))), 401);
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303);
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

#[test]
fn whoever_has_a_second_factor_changes_the_password_only_in_a_session_that_gave_it() {
    let app = app();
    let mut before = app.signed_in("ana");
    let token = app.tokens("ana").access;
    let (secret, _) = second_factor(&app, "ana");
    let answer = before.get("/change-password");
    assert_eq!(answer.location(), "/confirm?next=/change-password&acr_values=aal2");
    let form = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    before.get("/account");
    let answer = before.post("/change-password", &form);
    assert_eq!((answer.status, answer.location()), (303, "/confirm?next=/change-password&acr_values=aal2"));
    let body = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&token), &body);
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Second factor required"));
    // Nothing has changed, and with the code in the same session it goes.
    let page = before.get("/confirm?next=/change-password&acr_values=aal2");
    assert!(page.body.contains("one-time-code"));
    app.clock.advance(30);
    let given = [
        ("password", PASSWORD),
        ("code", &totp::code(&secret, app.accounts.now().0)),
        ("next", "/change-password"),
        ("acr_values", "aal2"),
    ];
    assert_eq!(before.post("/confirm", &given).location(), "/change-password");
    before.get("/change-password");
    assert_eq!(before.post("/change-password", &form).location(), "/account");
    assert_eq!(claims(&before.cookies["access_token_cookie"])["acr"], "aal2", "the new session goes on at that level");
}
