//! Promise: no other site changes anything through somebody's browser. Two layers, the CSRF value and
//! where a request comes from, refuse each on its own.

use crate::common::{FORM, app};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims};

/// Changes that cookies allow: the path, and the form with everything but the CSRF value.
fn changes() -> Vec<(&'static str, String)> {
    let password = PASSWORD.replace(' ', "+");
    let new = OTHER_PASSWORD.replace(' ', "+");
    vec![
        ("/confirm", format!("password={password}&next=/account")),
        ("/change-password", format!("current_password={password}&new_password={new}&new_password_again={new}")),
        ("/logout", String::new()),
        ("/end-session/confirm", "kept=none".into()),
        ("/language", "lang=es&back=/account".into()),
    ]
}

fn send(browser: &Browser, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    browser.clone().send("POST", path, headers, body.as_bytes())
}

fn nothing_happened(app: &TestApp, browser: &Browser, what: &str) {
    assert!(browser.clone().is_signed_in(), "{what}");
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303, "{what}");
}

#[test]
fn without_the_value_no_form_changes_anything() {
    let app = app();
    let browser = app.signed_in("ana");
    for (path, body) in changes() {
        for body in [body.clone(), format!("{body}&csrf_token="), format!("{body}&csrf_token=guessed")] {
            let answer = send(&browser, path, &[FORM, ("sec-fetch-site", "same-origin")], &body);
            assert_eq!(answer.status, 403, "{path} {body}");
            assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token_cookie")), "{path}");
        }
    }
    nothing_happened(&app, &browser, "forms without the value");
}

#[test]
fn with_the_value_but_from_another_site_no_form_changes_anything() {
    let app = app();
    let browser = app.signed_in("ana");
    let value = &browser.cookies["csrf_access_token"];
    for (path, body) in changes() {
        let body = format!("{body}&csrf_token={value}");
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("referer", "https://evil.example/"),
        ] {
            // The choice of language is on the pages of one-time links, too, where old browsers hide their origin.
            let hides = path == "/language" && foreign == ("origin", "null");
            let expected = if hides { 303 } else { 403 };
            assert_eq!(send(&browser, path, &[FORM, foreign], &body).status, expected, "{path} {foreign:?}");
        }
    }
    nothing_happened(&app, &browser, "forms from elsewhere");
}

#[test]
fn the_value_of_another_session_is_none() {
    let app = app();
    let (browser, other) = (app.signed_in("ana"), app.signed_in("ana"));
    let value = &other.cookies["csrf_access_token"];
    for (path, body) in changes() {
        let body = format!("{body}&csrf_token={value}");
        assert_eq!(send(&browser, path, &[FORM, ("sec-fetch-site", "same-origin")], &body).status, 403, "{path}");
    }
    nothing_happened(&app, &browser, "another session's value");
}

#[test]
fn nobody_is_signed_in_by_another_site() {
    let app = app();
    let body = format!("username=ana&password={}", PASSWORD.replace(' ', "+"));
    let browser = app.browser();
    let foreign = send(&browser, "/login", &[FORM, ("sec-fetch-site", "cross-site")], &body);
    assert_eq!(foreign.status, 403);
    let without_value = send(&browser, "/login", &[FORM, ("sec-fetch-site", "same-origin")], &body);
    assert_eq!(without_value.status, 400);
    for answer in [foreign, without_value] {
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token")), "{:?}", answer.headers);
    }
}

#[test]
fn a_script_renews_with_the_refresh_tokens_value_and_not_without() {
    let app = app();
    let browser = app.signed_in("ana");
    let json = ("accept", "application/json");
    let refused = send(&browser, "/refresh", &[json], "");
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Missing CSRF token"));
    let refused = send(&browser, "/refresh", &[json, ("x-csrf-token", "guessed")], "");
    assert_eq!((refused.status, refused.msg().as_str()), (401, "CSRF double submit tokens do not match"));
    let value = browser.cookies["csrf_refresh_token"].as_str();
    let foreign = send(&browser, "/refresh", &[json, ("x-csrf-token", value), ("sec-fetch-site", "cross-site")], "");
    assert_eq!(foreign.status, 403);
    let renewed = send(&browser, "/refresh", &[json, ("x-csrf-token", value), ("sec-fetch-site", "same-origin")], "");
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    assert!(renewed.set_cookies().iter().any(|cookie| cookie.starts_with("refresh_token_cookie=")));
}

#[test]
fn a_token_in_a_header_needs_no_value_wherever_it_comes_from() {
    let app = app();
    let tokens = app.tokens("ana");
    let headers = [("origin", "https://app.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(app.client().send("POST", "/refresh", Some(&tokens.refresh), &headers, b"").status, 200);
    assert_eq!(app.client().send("DELETE", "/logout", Some(&tokens.access), &headers, b"").status, 200);
}

#[test]
fn a_get_changes_nothing() {
    let app = app();
    let browser = app.signed_in("ana");
    for path in ["/logout", "/language?lang=es", "/confirm?password=x", "/change-password?new_password=x", "/refresh"] {
        browser.clone().get(path);
        browser.clone().send("HEAD", path, &[], b"");
    }
    nothing_happened(&app, &browser, "GET and HEAD");
    let page = browser.clone().get("/account");
    assert!(page.body.contains("<html lang=\"en\">"));
}

#[test]
fn pages_work_though_programs_are_spared_the_csrf_value() {
    let app = TestApp::with(&[("jwt.cookie_csrf_protect", "false")]);
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    assert!(claims(&browser.cookies["access_token_cookie"])["csrf"].is_string());
    browser.get("/confirm?next=/account");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]).location(), "/account");
    browser.get("/logout");
    assert_eq!(browser.clone().post_bare("/logout", &[]).status, 403, "pages demand it all the same");
    assert_eq!(browser.post("/logout", &[]).status, 303);
}
