//! A person at a browser: signing in and out, confirming, changing the password, choosing a language.

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp};

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app
}

const CHANGE: [(&str, &str); 4] = [
    ("current_password", PASSWORD),
    ("new_password", OTHER_PASSWORD),
    ("new_password_again", OTHER_PASSWORD),
    ("end_others", "on"),
];

#[test]
fn a_sign_in_sets_four_cookies_of_which_scripts_read_two() {
    let app = app();
    let answer = app.browser().sign_in("ana", PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let mut browser = app.browser();
    browser.get("/login");
    let answer = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("remember", "on")]);
    for (name, http_only) in [
        ("access_token_cookie", true),
        ("refresh_token_cookie", true),
        ("csrf_access_token", false),
        ("csrf_refresh_token", false),
    ] {
        let cookies = answer.set_cookies();
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap();
        assert_eq!(cookie.contains("HttpOnly"), http_only, "{cookie}");
        assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    }
}

#[test]
fn keeping_signed_in_decides_whether_cookies_outlive_the_browser() {
    let app = app();
    let max_age = |remember: &[(&str, &str)], name: &str| {
        let mut browser = app.browser();
        browser.get("/login");
        let fields = [&[("username", "ana"), ("password", PASSWORD)], remember].concat();
        let answer = browser.post("/login", &fields);
        let cookie = answer.set_cookies().into_iter().find(|cookie| cookie.starts_with(name)).unwrap().to_owned();
        cookie.split("Max-Age=").nth(1).map(|rest| rest.split(';').next().unwrap().parse::<i64>().unwrap())
    };
    assert_eq!(max_age(&[], "refresh_token_cookie="), None);
    assert_eq!(max_age(&[("remember", "on")], "refresh_token_cookie="), Some(30 * 24 * 3600));
    assert_eq!(max_age(&[("remember", "on")], "access_token_cookie="), Some(15 * 60));
}

#[test]
fn without_keeping_signed_in_a_session_ends_after_half_a_day() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(12 * 3600 - 60);
    assert!(browser.is_signed_in());
    app.clock.advance(120);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_sign_in_goes_on_to_where_it_was_asked_for() {
    let app = app();
    let mut browser = app.browser();
    let answer = browser.get("/change-password");
    assert_eq!((answer.status, answer.location()), (303, "/login?next=/change-password"));
    let page = browser.follow(answer);
    assert!(page.body.contains("Please sign in first"), "{}", page.body);
    let fields = [("username", "ana"), ("password", PASSWORD), ("next", "/change-password")];
    assert_eq!(browser.post("/login", &fields).location(), "/change-password");
}

#[test]
fn nobody_is_led_to_another_site() {
    let app = app();
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
    {
        let mut browser = app.browser();
        browser.get("/login");
        let answer = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", next)]);
        assert_eq!((answer.status, answer.location()), (303, "/account"), "{next:?}");
    }
}

#[test]
fn a_wrong_password_keeps_the_name_and_says_no_more_than_an_unknown_one() {
    let app = app();
    let page = |name| {
        let answer = app.browser().sign_in(name, "wrong");
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains(&format!("value=\"{name}\"")) && !answer.body.contains("wrong\""));
        let value = answer.body.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        answer.body.replace(value, "").replace(name, "")
    };
    assert_eq!(page("ana"), page("bob"));
}

#[test]
fn only_who_knows_the_password_learns_that_an_account_is_disabled() {
    let app = app();
    app.disable("ana");
    let right = app.browser().sign_in("ana", PASSWORD);
    assert_eq!(right.status, 403);
    assert!(right.body.contains("disabled"), "{}", right.body);
    let wrong = app.browser().sign_in("ana", "wrong");
    assert_eq!(wrong.status, 401);
    assert!(!wrong.body.contains("disabled"));
    let body = serde_json::json!({ "username": "ana", "password": PASSWORD });
    let program = app.client().post_json("/login", None, &body);
    assert_eq!((program.status, program.msg().as_str()), (401, "Bad username or password"));
}

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
fn a_stale_cookie_shows_the_login_page_and_not_a_loop() {
    let app = app();
    let mut browser = app.browser();
    browser.cookies.insert("access_token_cookie".into(), "no.such.token".into());
    browser.cookies.insert("refresh_token_cookie".into(), "neither.is.this".into());
    assert_eq!(browser.get("/login").status, 200);
    let answer = browser.get("/account");
    assert_eq!((answer.status, answer.location()), (303, "/login?next=/account"));
    assert!(!browser.cookies.contains_key("access_token_cookie"), "and it is removed");
    assert!(browser.follow(answer).body.contains("Your session has ended"));
}

#[test]
fn who_is_signed_in_already_is_not_asked_again() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let answer = browser.get("/login?next=/change-password");
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    assert_eq!(browser.get("/").location(), "/account");
    assert_eq!(app.browser().get("/").location(), "/login");
}

#[test]
fn signing_in_again_in_the_same_browser_ends_the_session_it_held() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let mut before = browser.clone();
    browser.cookies.remove("access_token_cookie");
    let answer = browser.post("/login", &[("username", "ana"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 400, "the value of the signed-in form is not that of the login form");
    let mut other_tab = browser.clone();
    other_tab.cookies.remove("refresh_token_cookie");
    other_tab.get("/login");
    let mut browser = other_tab;
    browser.cookies.insert("refresh_token_cookie".into(), before.cookies["refresh_token_cookie"].clone());
    assert_eq!(browser.post("/login", &[("username", "ana"), ("password", PASSWORD)]).status, 303);
    assert!(browser.is_signed_in());
    assert!(!before.is_signed_in());
}

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
fn a_confirmation_leads_to_no_other_site() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=//evil.example");
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "//evil.example")]);
    assert_eq!(answer.location(), "/account");
}

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
    assert!(browser.follow(answer).body.contains("You have been signed out"));
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
fn a_language_chosen_by_hand_stays_also_in_the_next_browser() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/account");
    let answer = browser.post("/language", &[("lang", "es"), ("back", "/account")]);
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert!(browser.get("/account").body.contains("<html lang=\"es\">"));
    let mut next = app.signed_in("ana");
    assert!(next.get("/account").body.contains("Tu cuenta"));
}

#[test]
fn a_language_is_chosen_also_before_signing_in_and_leads_nowhere_else() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    assert_eq!(browser.post("/language", &[("lang", "es"), ("back", "//evil.example")]).location(), "/account");
    let page = browser.get("/login");
    assert!(page.body.contains("Iniciar sesión"), "{}", page.body);
    assert_eq!(browser.post("/language", &[("lang", "xx"), ("back", "/login")]).status, 400);
}

#[test]
fn an_error_page_speaks_the_readers_language() {
    let app = app();
    let mut browser = app.browser();
    browser.headers.push(("accept-language".into(), "es-AR,es;q=0.9,en;q=0.5".into()));
    assert!(browser.get("/nowhere").body.contains("Página no encontrada"));
}

#[test]
fn password_managers_find_the_page_and_nothing_where_there_is_nothing() {
    let app = app();
    let answer = app.client().get("/.well-known/change-password", None);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    let probe = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(app.client().get(probe, None).status, 404);
}

#[test]
fn the_account_page_shows_where_one_is_signed_in() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.tokens("ana");
    let page = browser.get("/account");
    assert_eq!(page.body.matches("<th scope=\"row\"").count(), 2);
    assert_eq!(page.body.matches("This device").count(), 1);
    assert!(page.body.contains("127.0.0.1"));
}

#[test]
fn a_broken_cookie_of_a_neighbour_signs_nobody_out() {
    let app = app();
    let mut browser = app.signed_in("ana");
    assert!(browser.is_signed_in());
    let token = &browser.cookies["access_token_cookie"];
    let mut request = b"GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: tracking=caf\xff; ".to_vec();
    request.extend_from_slice(format!("access_token_cookie={token}\r\n\r\n").as_bytes());
    assert!(app.raw(&request).starts_with("HTTP/1.1 200"));
}
