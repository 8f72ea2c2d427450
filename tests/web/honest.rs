//! Nobody honest is thrown out: double clicks, slow people, clocks that are set right, neighbours' cookies.

use serde_json::json;

use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims};

const A_QUARTER_OF_AN_HOUR: i64 = 16 * 60;
const CHANGE: [(&str, &str); 3] =
    [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app
}

/// Goes on for two lives of an access token, as somebody does who is not disturbed.
fn goes_on(app: &TestApp, browser: &mut Browser) {
    for _ in 0..2 {
        assert!(browser.is_signed_in() && browser.is_signed_in());
        app.clock.advance(A_QUARTER_OF_AN_HOUR);
    }
    assert!(browser.is_signed_in());
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

#[test]
fn a_double_click_on_change_password_leaves_the_new_session() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/change-password");
    let mut second_click = browser.clone();
    assert_eq!(browser.post("/change-password", &CHANGE).status, 303);
    let late = second_click.post("/change-password", &CHANGE);
    assert_eq!(late.status, 303);
    // Both answers go to the same browser, in this order.
    for cookie in late.set_cookies() {
        assert!(!cookie.contains("token_cookie="), "the late answer takes the new cookies away: {cookie}");
    }
    assert!(browser.is_signed_in());
}

#[test]
fn a_page_that_was_asked_for_without_cookies_takes_none_away() {
    let app = app();
    let answer = app.browser().get("/account");
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token")), "{:?}", answer.set_cookies());
}

#[test]
fn a_clock_that_is_set_back_a_little_signs_nobody_out() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(-3);
    browser.get("/account");
    app.clock.advance(4);
    assert!(browser.is_signed_in(), "the cookies are still there");

    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let mut second_tab = browser.clone();
    assert!(browser.is_signed_in());
    app.clock.advance(-2);
    second_tab.get("/account");
    app.clock.advance(3);
    assert!(second_tab.is_signed_in() && browser.is_signed_in());
}

#[test]
fn a_password_changed_while_the_clock_was_ahead_ends_every_session_all_the_same() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.clock.advance(13 * 3600);
    let name = portero::domain::Username::parse("ana").unwrap();
    let rules = portero::domain::PasswordRules { min_length: 8, context: &[] };
    let new = portero::domain::NewPassword::parse(OTHER_PASSWORD.into(), Some(&name), rules).unwrap();
    portero::accounts::set_password(&app.accounts, name, &new, None, app.clock.now()).unwrap();
    app.clock.advance(-13 * 3600);
    assert!(!browser.is_signed_in());
}

#[test]
fn scripts_confirm_and_change_by_cookie_without_getting_tokens_to_read() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let value = browser.cookies["csrf_access_token"].clone();
    let headers =
        [("content-type", "application/json"), ("accept", "application/json"), ("x-csrf-token", value.as_str())];
    let confirmed = browser.send("POST", "/confirm", &headers, json!({ "password": PASSWORD }).to_string().as_bytes());
    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, r#"{"msg":"confirmed"}"#));
    assert!(browser.is_signed_in());
    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD }).to_string();
    let changed = browser.send("POST", "/change-password", &headers, change.as_bytes());
    assert_eq!((changed.status, changed.msg().as_str()), (200, "password changed"));
    assert!(!changed.body.contains("eyJ"), "{}", changed.body);
    assert!(browser.is_signed_in());
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

#[test]
fn two_sign_ins_at_once_both_succeed_though_the_hash_is_made_anew() {
    let folder = tempfile::TempDir::new().unwrap();
    let app = TestApp::in_folder(folder.path(), &[("password.bcrypt_cost", "5")]);
    app.add_user("ana");
    drop(app);
    for _ in 0..5 {
        let app = TestApp::in_folder(folder.path(), &[("password.bcrypt_cost", "4")]);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let logins: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let body = json!({ "username": "ana", "password": PASSWORD });
                        app.client().post_json("/login", None, &body).status
                    })
                })
                .collect();
            logins.into_iter().map(|login| login.join().unwrap()).collect()
        });
        assert_eq!(statuses, [200; 8]);
        drop(app);
        let app = TestApp::in_folder(folder.path(), &[("password.bcrypt_cost", "5")]);
        app.tokens("ana");
    }
}

#[test]
fn a_neighbours_cookie_of_the_same_name_shuts_nobody_out() {
    let app = app();
    let browser = app.signed_in("ana");
    for planted in
        ["access_token_cookie=x; ", "access_token_cookie=; ", "access_token_cookie=a.b.c; refresh_token_cookie=x; "]
    {
        let (access, refresh) = (&browser.cookies["access_token_cookie"], &browser.cookies["refresh_token_cookie"]);
        let request = format!(
            "GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: {planted}access_token_cookie={access}; \
             refresh_token_cookie={refresh}\r\n\r\n"
        );
        assert!(app.raw(request.as_bytes()).starts_with("HTTP/1.1 200"), "{planted}");
    }
}

#[test]
fn a_story_does_not_grow_without_end() {
    let app = app();
    let tokens = app.tokens("ana");
    for number in 0..600 {
        let user_agent = format!("robot{}/1", number % 2);
        let headers = [("user-agent", user_agent.as_str())];
        assert_eq!(app.client().send("POST", "/refresh", Some(&tokens.refresh), &headers, b"").status, 200);
    }
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    let story = app.client().get(&format!("/account/sessions/{sid}"), Some(&tokens.access)).json();
    let steps = story["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 500);
    assert_eq!(steps.iter().map(|step| step["times"].as_i64().unwrap()).sum::<i64>(), 601);
}
