//! Promise: where plain http is allowed and no `public_url` is set, every page works by whatever name people reach this server, and
//! other sites' forms stay refused.

use crate::common::FORM;
use crate::support::{Answer, Browser, PASSWORD, TestApp};

const LAN: &str = "portero.lan:8080";

fn home(settings: &[(&str, &str)]) -> TestApp {
    let usual = [("listen", "0.0.0.0:0"), ("allow_plain_http", "true")];
    let app = TestApp::with(&[&usual, settings].concat());
    app.add_admin("ana");
    app
}

/// A browser as on plain http off loopback: without fetch metadata.
fn visitor(app: &TestApp, host: &str) -> Browser {
    let mut browser = app.browser();
    browser.headers = vec![("host".into(), host.to_owned())];
    browser
}

fn open(browser: &mut Browser, path: &str) -> Answer {
    browser.get_with(path, &[])
}

/// Sends a form as the page that was opened last would, if its origin is this one.
fn submit(browser: &mut Browser, page: &Answer, path: &str, origin: &str, fields: &[(&str, &str)]) -> Answer {
    let value = page.body.split("name=\"csrf_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("csrf_token", value).extend_pairs(fields);
    browser.send("POST", path, &[FORM, ("origin", origin)], body.finish().as_bytes())
}

fn sign_in(browser: &mut Browser, origin: &str) -> Answer {
    let page = open(browser, "/login");
    submit(browser, &page, "/login", origin, &[("username", "ana"), ("password", PASSWORD)])
}

#[test]
fn by_any_name_one_signs_in_adds_a_user_changes_the_language_and_signs_out() {
    let app = home(&[]);
    for host in [LAN, "192.0.2.7:8080", "[2001:db8::7]:8080", "portero", "login.example.org"] {
        let origin = format!("http://{host}");
        let mut browser = visitor(&app, host);
        let answer = sign_in(&mut browser, &origin);
        assert_eq!((answer.status, answer.location()), (303, "/admin"), "{host}: {}", answer.body);
        let page = open(&mut browser, "/admin/users/add");
        let name = format!("u{}", host.len());
        let made = submit(&mut browser, &page, "/admin/users/add", &origin, &[("username", &name), ("role", "user")]);
        assert_eq!(made.status, 303, "{host}: {}", made.body);
        let page = open(&mut browser, "/account");
        let answer = submit(&mut browser, &page, "/language", &origin, &[("lang", "es"), ("back", "/account")]);
        assert_eq!(answer.status, 303, "{host}");
        let page = open(&mut browser, "/account");
        assert!(page.body.contains("lang=\"es\""), "{host}");
        // An access token that has run out is renewed by the form of our own page.
        app.clock.advance(16 * 60);
        let answer = submit(&mut browser, &page, "/language", &origin, &[("lang", "en"), ("back", "/account")]);
        assert_eq!(answer.status, 303, "{host}");
        let page = open(&mut browser, "/logout");
        assert_eq!(submit(&mut browser, &page, "/logout", &origin, &[]).location(), "/login", "{host}");
        assert!(!browser.cookies.contains_key("access_token_cookie"));
    }
}

#[test]
fn a_form_of_another_name_scheme_or_port_is_refused() {
    let app = home(&[]);
    for origin in
        ["http://evil.lan:8080", "https://portero.lan:8080", "http://portero.lan", "http://0.0.0.0:8080", "null"]
    {
        assert_eq!(sign_in(&mut visitor(&app, LAN), origin).status, 403, "{origin}");
    }
}

#[test]
fn with_a_public_url_or_without_leave_for_plain_http_the_name_that_was_asked_for_says_nothing() {
    let named = home(&[("public_url", "http://portero.lan:8080")]);
    assert_eq!(sign_in(&mut visitor(&named, LAN), "http://portero.lan:8080").status, 303);
    assert_eq!(sign_in(&mut visitor(&named, "other:8080"), "http://other:8080").status, 403);
    let loopback = TestApp::start();
    loopback.add_user("ana");
    assert_eq!(sign_in(&mut visitor(&loopback, "evil.example"), "http://evil.example").status, 403);
}

#[test]
fn a_link_is_only_a_path_where_nobody_has_said_how_people_reach_this_server() {
    let app = home(&[]);
    assert!(app.setup_link.as_deref().unwrap().starts_with("/setup/"));
    let mut browser = visitor(&app, LAN);
    sign_in(&mut browser, "http://portero.lan:8080");
    let page = open(&mut browser, "/admin/users/add");
    let fields = [("username", "bea"), ("role", "user")];
    let made = submit(&mut browser, &page, "/admin/users/add", "http://portero.lan:8080", &fields);
    assert_eq!(made.status, 303, "{}", made.body);
    let made = open(&mut browser, made.location());
    assert!(made.body.contains(">/link/") && made.body.contains("public_url"), "{}", made.body);
    assert!(!made.body.contains("0.0.0.0") && !made.body.contains("http://portero.lan:8080/link"), "{}", made.body);
    let about = open(&mut browser, "/admin/about").body;
    assert!(about.contains("until public_url is set"), "{about}");
    let body = serde_json::json!({ "username": "carla", "role": "user" });
    let token = app.tokens("ana").access;
    let answer = app.client().post_json("/admin/users/add", Some(&token), &body);
    assert!(answer.json()["link"].as_str().unwrap().starts_with("/link/"), "{}", answer.body);

    let named = home(&[("public_url", "http://portero.lan:8080")]);
    let answer = named.client().post_json("/admin/users/add", Some(&named.tokens("ana").access), &body);
    assert!(answer.json()["link"].as_str().unwrap().starts_with("http://portero.lan:8080/link/"), "{}", answer.body);
}
