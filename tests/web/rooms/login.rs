//! Room /login: who is signed in, for how long, where that leads, and what a refusal says. Also the
//! room /, which leads there or to the account.

use serde_json::json;

use crate::common::{A_QUARTER_OF_AN_HOUR, app};
use crate::support::{PASSWORD, TestApp};

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
    assert!(page.body.contains("Sign in to open the page"), "{}", page.body);
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

/// The tags of the page that have the focus when it opens.
fn focused(page: &str) -> Vec<&str> {
    let tags = page.split('<').filter(|tag| tag.split('>').next().unwrap().ends_with(" autofocus"));
    tags.map(|tag| tag.split('>').next().unwrap()).collect()
}

#[test]
fn one_error_is_said_once_beside_its_field_which_has_the_focus_and_several_are_summed_up_too() {
    let app = app();
    let page = app.browser().sign_in("ana", "wrong").body;
    assert_eq!(page.matches("Incorrect username or password").count(), 1, "{page}");
    assert!(!page.contains("error-summary") && page.contains("<title>Error: "), "{page}");
    let focus = focused(&page);
    assert!(focus.len() == 1 && focus[0].contains("id=\"password\""), "{focus:?}");
    assert!(focus[0].contains("aria-describedby=\"password-error\"") && !focus[0].contains("value="), "{focus:?}");

    let page = app.browser().sign_in("", "").body;
    for text in ["Enter your username", "Enter your password"] {
        assert_eq!(page.matches(text).count(), 2, "in the summary and beside the field: {page}");
    }
    assert!(page.contains("id=\"error-summary\"") && focused(&page).is_empty(), "{page}");
    app.disable("ana");
    let page = app.browser().sign_in("ana", PASSWORD).body;
    assert!(page.contains("id=\"error-summary\"") && focused(&page).is_empty(), "it belongs to no field: {page}");
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
fn error_pages_keep_the_navigation_of_who_is_signed_in_and_name_no_request_that_the_log_does_not() {
    let app = app();
    app.add_admin("adm");
    let mut ana = app.signed_in("ana");
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    for (path, status) in
        [("/nowhere", 404), ("/account/sessions/x", 404), ("/admin/users", 403), ("/setup/x", 410), ("/link/x", 410)]
    {
        let page = ana.get(path);
        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains("class=\"site-nav\"") && page.body.contains("href=\"/account\""), "{path}");
        assert!(
            !page.body.contains("href=\"/admin/users\"") && !page.body.contains("Request ID"),
            "{path}: {}",
            page.body
        );
        let nobody = app.browser().get(path);
        assert!(!nobody.body.contains("class=\"site-nav\""), "{path}");
    }
    assert!(app.signed_in("adm").get("/nowhere").body.contains("href=\"/admin/users\""));
    // The forms on such a page work, too.
    ana.get("/nowhere");
    assert_eq!(ana.post("/language", &[("lang", "es"), ("back", "/account")]).location(), "/account");
    ana.get("/nowhere");
    assert_eq!(ana.post("/logout", &[]).location(), "/login");
}

#[test]
fn signing_in_again_in_the_same_browser_ends_the_session_it_held() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let mut before = browser.clone();
    browser.cookies.remove("access_token_cookie");
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
fn who_signs_in_where_somebody_else_is_signed_in_takes_their_place_also_when_the_access_token_has_expired() {
    let app = app();
    app.add_user("bea");
    for (case, elapsed, refresh, ana_stays) in [
        ("just signed in", 0, true, false),
        ("only the access token has expired", A_QUARTER_OF_AN_HOUR, true, false),
        ("an expired token without the other may have come from anywhere", A_QUARTER_OF_AN_HOUR, false, true),
    ] {
        let mut ana = app.signed_in("ana");
        app.clock.advance(elapsed);
        let mut bea = app.browser();
        bea.get("/login");
        bea.cookies.insert("access_token_cookie".into(), ana.cookies["access_token_cookie"].clone());
        if refresh {
            bea.cookies.insert("refresh_token_cookie".into(), ana.cookies["refresh_token_cookie"].clone());
        }
        assert_eq!(bea.post("/login", &[("username", "bea"), ("password", PASSWORD)]).status, 303, "{case}");
        assert!(bea.is_signed_in(), "{case}");
        assert_eq!(ana.is_signed_in(), ana_stays, "{case}");
    }
}

#[test]
fn a_login_form_that_stood_open_too_long_is_shown_again_with_the_name_and_then_works() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    app.clock.advance(2 * 3600);
    let fields = [("username", "ana"), ("password", PASSWORD), ("next", "/change-password")];
    let page = browser.post("/login", &fields);
    assert_eq!(page.status, 400);
    assert!(page.body.contains("This form had expired") && page.body.contains("value=\"ana\""), "{}", page.body);
    assert!(page.body.contains("value=\"/change-password\"") && !page.body.contains(PASSWORD));
    assert_eq!(browser.post("/login", &fields).location(), "/change-password");
}

#[test]
fn two_login_tabs_do_not_spoil_each_other() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    let mut first_tab = browser.clone();
    browser.get("/login");
    first_tab.cookies = browser.cookies.clone();
    assert_eq!(first_tab.post("/login", &[("username", "ana"), ("password", PASSWORD)]).status, 303);
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
fn who_has_signed_in_by_one_tab_goes_on_by_the_form_in_another() {
    let app = app();
    app.add_user("bea");
    let mut browser = app.browser();
    browser.get("/login");
    let form_of_the_second_tab = browser.clone();
    browser.sign_in("ana", PASSWORD);
    let in_second_tab = |fields: &[(&str, &str)]| {
        let mut tab = form_of_the_second_tab.clone();
        tab.cookies = browser.cookies.clone();
        tab.post("/login", fields)
    };
    let answer = in_second_tab(&[("username", " Ana"), ("password", PASSWORD), ("next", "/change-password")]);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    let other = in_second_tab(&[("username", "bea"), ("password", PASSWORD)]);
    assert_eq!(other.status, 400);
    assert!(other.body.contains("This form had expired") && other.body.contains("value=\"bea\""), "{}", other.body);
    assert!(browser.is_signed_in());
}
