//! Promise: pages and JSON go out word for word as they are kept in `snapshots/`. A change shows in
//! review; `cargo insta review` accepts it.

use crate::support::{Answer, Browser, PASSWORD, TestApp};

/// Status and page, with placeholders for what differs from run to run.
fn steady(answer: &Answer) -> String {
    let mut text = answer.body.clone();
    for (before, after, name) in [
        ("name=\"csrf_token\" value=\"", "\"", "CSRF"),
        ("?v=", "\"", "VERSION"),
        ("datetime=\"", "\"", "ISO"),
        ("\">20", "</time>", "MOMENT"),
        ("title=\"20", "\"", "MOMENT"),
        ("title=\"20MOMENT\">", "</time>", "AGO"),
        ("Request ID <span class=\"code\">", "<", "ID"),
        ("ID de la petición <span class=\"code\">", "<", "ID"),
        ("action=\"/setup/", "\"", "TOKEN"),
        ("value=\"/setup/", "\"", "TOKEN"),
    ] {
        text = between(&text, before, after, name);
    }
    let text = without_ids(&text);
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    format!("{}\n{}", answer.status, lines.join("\n"))
}

/// The text with `UUID` in place of whole session ids, and `SHORT` in place of shortened ones.
fn without_ids(text: &str) -> String {
    let mut steady = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        // A short id may be without a digit, as one in 2,500 is; no word on the pages has eight letters from a to f.
        let is_id = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let name = match word.len() {
            36 if is_id && word.contains(|c: char| c.is_ascii_digit()) => "UUID",
            8 if is_id && !word.contains('-') => "SHORT",
            _ => word,
        };
        steady.push_str(name);
        steady.push_str(&piece[word.len()..]);
    }
    steady
}

/// Puts `name` in place of all that stands between `before` and the next `after`.
fn between(text: &str, before: &str, after: &str, name: &str) -> String {
    let mut parts = text.split(before);
    let mut steady = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.find(after).map_or("", |at| &part[at..]);
        steady.push_str(before);
        steady.push_str(name);
        steady.push_str(rest);
    }
    steady
}

fn in_spanish(mut browser: Browser) -> Browser {
    browser.headers.push(("accept-language".into(), "es".into()));
    browser
}

#[test]
fn the_login_page() {
    let app = TestApp::start();
    insta::assert_snapshot!("login", steady(&app.browser().get("/login")));
    insta::assert_snapshot!("login_es", steady(&in_spanish(app.browser()).get("/login?next=/change-password")));
    let mut browser = app.browser();
    insta::assert_snapshot!("login_wrong", steady(&browser.sign_in("nobody", "wrong")));
}

#[test]
fn the_setup_page() {
    let app = TestApp::start();
    insta::assert_snapshot!("setup", steady(&app.browser().get(&app.setup_path())));
}

#[test]
fn the_pages_of_who_is_signed_in() {
    let app = TestApp::start();
    app.add_admin("ana");
    let mut browser = app.signed_in("ana");
    insta::assert_snapshot!("account", steady(&browser.get("/account")));
    insta::assert_snapshot!("confirm", steady(&browser.get("/confirm?next=/change-password")));
    // Two minutes after the sign-in the form asks for the password again.
    app.clock.advance(121);
    insta::assert_snapshot!("change_password", steady(&browser.get("/change-password")));
    let short = [("current_password", PASSWORD), ("new_password", "short"), ("new_password_again", "short")];
    insta::assert_snapshot!("change_password_short", steady(&browser.post("/change-password", &short)));
    insta::assert_snapshot!("logout", steady(&browser.get("/logout")));
    insta::assert_snapshot!("account_es", steady(&in_spanish(browser).get("/account")));
}

#[test]
fn the_admins_page() {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    let mut admin = app.signed_in("ana");
    insta::assert_snapshot!("revoked_nothing", steady(&admin.get("/admin/revoked")));
    let mut other = app.signed_in("bea");
    other.get("/account");
    other.post("/logout", &[]);
    insta::assert_snapshot!("revoked", steady(&admin.get("/admin/revoked")));
    insta::assert_snapshot!("revoked_forbidden", steady(&app.signed_in("bea").get("/admin/revoked")));
}

#[test]
fn errors_in_both_faces() {
    let app = TestApp::start();
    insta::assert_snapshot!("not_found", steady(&app.browser().get("/no-such-page")));
    insta::assert_snapshot!("not_found_es", steady(&in_spanish(app.browser()).get("/no-such-page")));
    let client = app.client();
    let bodies: Vec<_> = [
        client.get("/no-such-page", None),
        client.get("/protected", None),
        client.get("/protected", Some("a.b")),
        client.send("PUT", "/login", None, &[], b"{}"),
        client.send("POST", "/login", None, &[("content-type", "text/plain")], b"{}"),
        client.send("POST", "/login", None, &[("content-type", "application/json")], b"[]"),
    ]
    .iter()
    .map(|answer| format!("{} {}", answer.status, answer.body))
    .collect();
    insta::assert_snapshot!(bodies.join("\n"), @r#"
    404 {"msg":"Not found"}
    401 {"msg":"Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie \"access_token_cookie\")"}
    422 {"msg":"Not enough segments"}
    405 {"msg":"Method not allowed"}
    415 {"msg":"Unsupported content type. Send application/json or application/x-www-form-urlencoded"}
    400 {"msg":"The body is not a JSON object: invalid type: sequence, expected an object at line 1 column 0"}
    "#);
}
