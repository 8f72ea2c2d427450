//! Promise: every answer tells a browser, by its headers, what it may do with it.

use crate::support::{Answer, TestApp};

fn every_kind_of_answer(app: &TestApp) -> Vec<(&'static str, Answer)> {
    let mut admin = app.signed_in("ana");
    let client = app.client();
    vec![
        ("a page", app.browser().get("/login")),
        ("a signed-in page", admin.get("/account")),
        ("a redirect", app.browser().get("/account")),
        ("not found", app.browser().get("/nowhere")),
        ("forbidden", app.browser().post("/login", &[("username", "x")])),
        ("json", client.get("/whoami", None)),
        ("unauthorised json", client.get("/protected", None)),
        ("wrong method", client.send("PUT", "/login", None, &[], b"")),
        ("too large", client.send("POST", "/login", None, &[("content-type", "application/json")], &[b' '; 20_000])),
        ("a file", client.get("/static/style.css", None)),
        ("health", client.get("/healthz", None)),
        ("preflight", client.send("OPTIONS", "/protected", None, &[], b"")),
        ("unknown well-known", client.get("/.well-known/no-such-thing", None)),
    ]
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let app = TestApp::start();
    app.add_admin("ana");
    for (kind, answer) in every_kind_of_answer(&app) {
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{kind}: no policy"));
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{kind}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{kind}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{kind}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{kind}");
        assert_eq!(answer.header("x-request-id").map(str::len), Some(32), "{kind}");
        assert_eq!(answer.header("server"), None, "{kind}");
        for (name, _) in answer.headers.iter().filter(|(name, _)| name != "set-cookie") {
            assert_eq!(answer.headers.iter().filter(|(other, _)| other == name).count(), 1, "{kind}: {name} twice");
        }
        let caching = answer.header("cache-control").unwrap();
        if kind == "a file" {
            assert_eq!(caching, "public, no-cache");
        } else {
            assert_eq!(caching, "no-store", "{kind}");
            assert!(answer.header("vary").unwrap().contains("Accept"), "{kind}");
        }
    }
}

#[test]
fn a_page_holds_nothing_that_its_own_policy_forbids() {
    let app = TestApp::start();
    app.add_admin("ana");
    let mut admin = app.signed_in("ana");
    let pages = ["/login", "/account", "/change-password", "/confirm", "/logout", "/admin/revoked", "/nowhere"];
    for path in pages {
        let page = if path == "/login" { app.browser().get(path) } else { admin.get(path) };
        for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "<script>"] {
            assert!(!page.body.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn behind_https_cookies_and_connections_are_bound_to_it() {
    let app = TestApp::with(&[("public_url", "https://login.example.org"), ("password.bcrypt_cost", "10")]);
    app.add_user("ana");
    let mut browser = app.browser();
    let answer = browser.sign_in("ana", crate::support::PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    for cookie in answer.set_cookies() {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(cookie.contains("; Secure") && cookie.contains("Path=/") && !cookie.contains("Domain"), "{cookie}");
    }
}

#[test]
fn a_head_request_is_a_get_without_the_body() {
    let app = TestApp::start();
    let answer = app.client().send("HEAD", "/login", None, &[("accept", "text/html")], b"");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}
