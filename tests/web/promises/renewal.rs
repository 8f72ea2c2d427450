//! Promise: when an access token runs out, a person notices nothing, and nobody else gains anything.

use crate::common::{A_QUARTER_OF_AN_HOUR, app, refresh_cookie};
use crate::support::{Browser, PASSWORD, claims};

fn generation(browser: &Browser) -> i64 {
    claims(&browser.cookies["access_token_cookie"])["gen"].as_i64().unwrap()
}

#[test]
fn an_expired_access_cookie_is_renewed_while_the_page_is_opened() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let before = (refresh_cookie(&browser), claims(&browser.cookies["access_token_cookie"]));
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    assert_eq!(browser.get("/account").status, 200);
    assert_ne!(refresh_cookie(&browser), before.0, "refresh tokens are single use");
    let renewed = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!(generation(&browser), 1);
    assert_eq!(renewed["fresh"], false);
    for kept in ["sid", "auth_time", "csrf", "sub"] {
        assert_eq!(renewed[kept], before.1[kept], "{kept}");
    }
}

#[test]
fn a_missing_access_cookie_is_renewed_too() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.cookies.remove("access_token_cookie");
    assert_eq!(browser.get("/account").status, 200);
    assert!(browser.cookies.contains_key("access_token_cookie"));
}

#[test]
fn a_form_sent_after_expiry_renews_and_proceeds() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=/account");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]);
    assert_eq!((answer.status, answer.location()), (303, "/account"), "{}", answer.body);
    assert_eq!(browser.get("/change-password").status, 200, "and the confirmation counts");
}

#[test]
fn a_form_that_arrives_slowly_after_expiry_renews_and_proceeds() {
    use std::io::{Read, Write};
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=/account");
    browser.cookies.remove("access_token_cookie");
    let fields =
        [("csrf_token", browser.cookies["csrf_refresh_token"].as_str()), ("password", PASSWORD), ("next", "/account")];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "POST /confirm HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: text/html\r\nsec-fetch-site: same-origin\r\ncookie: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        cookies.join("; "),
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(app.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // The second in which the head arrived is over before the body arrives.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("location: /account\r\n"), "{answer}");
    assert!(answer.contains("refresh_token_cookie="), "and the new tokens come with it");
}

#[test]
fn a_form_that_stood_open_in_one_tab_survives_a_renewal_in_another() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/confirm?next=/account");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    browser.get_with("/account", &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")]);
    let answer = browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]);
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[test]
fn what_a_page_loads_besides_renews_nothing() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    for headers in [
        [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "image")],
        [("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "empty")],
        [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "iframe")],
    ] {
        let mut other = browser.clone();
        let answer = other.get_with("/account", &headers);
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token")), "{headers:?}");
    }
    assert_eq!(browser.get("/account").status, 200);
}

#[test]
fn a_link_from_another_site_renews_only_by_a_step_of_our_own() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let before = refresh_cookie(&browser);
    let answer = browser.get_with(
        "/account",
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")],
    );
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("http-equiv=\"refresh\"") && answer.body.contains("href=\"/account\""));
    assert_eq!(refresh_cookie(&browser), before, "nothing was renewed yet");
    assert_eq!(browser.get("/account").status, 200);
}

#[test]
fn without_fetch_metadata_a_page_is_known_by_what_it_accepts() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    assert_eq!(browser.get_with("/account", &[]).status, 200);
    assert_eq!(generation(&browser), 1);
}

#[test]
fn after_a_week_unused_a_session_is_over() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("remember", "on")]);
    app.clock.advance(6 * 24 * 3600);
    assert!(browser.is_signed_in());
    app.clock.advance(7 * 24 * 3600 + 60);
    let answer = browser.get("/account");
    assert_eq!(answer.location(), "/login?next=/account");
    assert!(browser.follow(answer).body.contains("Your session has ended"));
}

#[test]
fn no_session_outlives_its_absolute_limit_however_often_it_is_used() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("remember", "on")]);
    for _ in 0..7 {
        app.clock.advance(4 * 24 * 3600);
        assert!(browser.is_signed_in());
    }
    let end = claims(&refresh_cookie(&browser))["exp"].as_i64().unwrap();
    app.clock.advance(2 * 24 * 3600 - 60);
    assert!(browser.is_signed_in());
    assert!(claims(&browser.cookies["access_token_cookie"])["exp"].as_i64().unwrap() <= end);
    app.clock.advance(120);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_renewal_never_signs_in_again_who_has_signed_out() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let mut second_tab = browser.clone();
    browser.get("/logout");
    browser.post("/logout", &[]);
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    assert!(!second_tab.is_signed_in());
    assert!(!second_tab.is_signed_in());
}
