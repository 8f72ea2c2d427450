//! Room /account/browsers: browsers that stand in for the second factor at a sign-in.

use serde_json::json;

use crate::common::{FIREFOX, as_json, second_factor, sid};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims, totp};

const DAY: i64 = 24 * 60 * 60;
const DEVICE: &str = "portero_device";

/// A server where browsers can be remembered for 30 days, with ana, who has a second factor, and the admin adm. Her app's key.
fn app() -> (TestApp, String) {
    with(&[("second_factor_remember", "30d")])
}

fn with(settings: &[(&str, &str)]) -> (TestApp, String) {
    let app = TestApp::with(settings);
    app.add_user("ana");
    app.add_admin("adm");
    let (secret, _) = second_factor(&app, "ana");
    (app, secret)
}

fn code(app: &TestApp, secret: &str) -> String {
    app.clock.advance(30);
    totp::code(secret, app.accounts.now().0)
}

/// Signs ana in by password and code, with the box ticked.
fn sign_in_and_trust(app: &TestApp, secret: &str, browser: &mut Browser) {
    assert_eq!(browser.sign_in("ana", PASSWORD).location(), "/login/factor");
    browser.get("/login/factor");
    let answer = browser.post("/login/factor", &[("code", &code(app, secret)), ("trust", "on")]);
    assert_eq!(answer.status, 303, "{}", answer.body);
}

/// ana's browser, which is trusted and signed in.
fn trusted(app: &TestApp, secret: &str) -> Browser {
    let mut browser = app.browser();
    sign_in_and_trust(app, secret, &mut browser);
    browser
}

fn sign_out(browser: &mut Browser) {
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
}

/// Another browser with the device cookie of this one, and nothing else of it.
fn with_device_of(app: &TestApp, browser: &Browser) -> Browser {
    let mut copy = app.browser();
    copy.cookies.insert(DEVICE.into(), browser.cookies[DEVICE].clone());
    copy
}

/// Whether a sign-in by password alone is let in there now. Signs out again.
fn is_trusted(app: &TestApp, browser: &Browser) -> bool {
    let mut copy = with_device_of(app, browser);
    let is_in = copy.sign_in("ana", PASSWORD).location() != "/login/factor";
    if is_in {
        sign_out(&mut copy);
    }
    is_in
}

#[test]
fn a_browser_is_remembered_only_if_the_operator_lets_it_and_the_person_wants_it() {
    let (app, secret) = with(&[]);
    let mut browser = app.browser();
    browser.sign_in("ana", PASSWORD);
    assert!(!browser.get("/login/factor").body.contains("Remember this browser"));
    assert_eq!(browser.post("/login/factor", &[("code", &code(&app, &secret)), ("trust", "on")]).status, 303);
    assert!(!is_trusted(&app, &browser), "off, whatever the form says");

    let (app, secret) = self::app();
    let mut browser = app.browser();
    browser.sign_in("ana", PASSWORD);
    let page = browser.get("/login/factor").body;
    assert!(page.contains("Remember this browser") && page.contains("For 30 days"), "{page}");
    assert!(!page.contains("name=\"trust\" value=\"on\" checked"));
    let wrong = totp::wrong_code(&secret, app.accounts.now().0);
    let page = browser.post("/login/factor", &[("code", &wrong), ("trust", "on")]).body;
    assert!(page.contains("name=\"trust\" value=\"on\" checked"), "the choice stays: {page}");
    assert_eq!(browser.post("/login/factor", &[("code", &code(&app, &secret))]).status, 303);
    assert!(!is_trusted(&app, &browser), "not asked for");
    assert!(is_trusted(&app, &trusted(&app, &secret)));
}

#[test]
fn in_a_remembered_browser_the_password_is_enough_and_is_worth_no_more_than_a_password() {
    let (app, secret) = with(&[("second_factor_remember", "30d"), ("second_factor", "everyone")]);
    let mut browser = trusted(&app, &secret);
    sign_out(&mut browser);
    assert_eq!(browser.sign_in("ana", PASSWORD).location(), "/account");
    let shown = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!((&shown["acr"], &shown["amr"]), (&json!("aal1"), &json!(["browser", "pwd"])));
    assert!(shown.get("factor_time").is_none());
    // Past the policy, and past a renewal.
    assert_eq!(browser.get("/account").status, 200);
    app.clock.advance(20 * 60);
    assert_eq!(browser.get("/account").status, 200);
    assert_eq!(claims(&browser.cookies["access_token_cookie"])["acr"], "aal1");
    // But what takes a second factor asks for it.
    browser.get("/confirm?next=/account");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]).status, 303);
    for (path, wants) in [
        ("/account/factors/totp", "/confirm?next=/account/factors/totp&acr_values=aal2"),
        ("/account/factors/recovery-codes", "/confirm?next=/account/factors/recovery-codes&acr_values=aal2"),
        ("/account/factors/1/remove", "/confirm?next=/account/factors/1/remove&acr_values=aal2"),
        ("/change-password", "/confirm?next=/change-password&acr_values=aal2"),
    ] {
        assert_eq!(browser.get(path).location(), wants, "{path}");
    }
    browser.get("/confirm?next=/change-password&acr_values=aal2");
    let confirm = [("password", PASSWORD), ("code", &*code(&app, &secret)), ("acr_values", "aal2")];
    assert_eq!(browser.post("/confirm", &confirm).status, 303);
    let shown = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!((&shown["acr"], &shown["amr"]), (&json!("aal2"), &json!(["browser", "otp", "pwd", "mfa"])));
    assert_eq!(browser.get("/change-password").status, 200);
}

#[test]
fn it_is_over_after_its_days_however_often_it_was_used_and_at_once_if_the_setting_says_so() {
    let (app, secret) = app();
    let browser = trusted(&app, &secret);
    app.clock.advance(15 * DAY);
    assert!(is_trusted(&app, &browser));
    app.clock.advance(15 * DAY - 60);
    assert!(is_trusted(&app, &browser));
    app.clock.advance(60);
    assert!(!is_trusted(&app, &browser));
    let browser = trusted(&app, &secret);
    app.clock.advance(2 * DAY);
    assert!(is_trusted(&app, &browser));
    let now = app.accounts.now();
    let folder = app.stop().unwrap();
    for (setting, holds) in [("3d", true), ("1d", false), ("0s", false)] {
        let app = TestApp::in_folder(folder.path(), &[("second_factor_remember", setting)]);
        app.clock.advance(now.since(app.accounts.now()));
        assert_eq!(is_trusted(&app, &browser), holds, "{setting}");
    }
}

#[test]
fn a_new_password_and_any_change_of_factors_ends_it() {
    let (app, secret) = app();
    let browser = trusted(&app, &secret);
    app.set_password("ana", OTHER_PASSWORD);
    app.set_password("ana", PASSWORD);
    assert!(!is_trusted(&app, &browser), "though it is the same password again");

    let mut browser = trusted(&app, &secret);
    browser.get("/account/factors/totp");
    let path = browser.post("/account/factors/totp", &[("name", "tablet")]).location().to_owned();
    let page = browser.get(&path).body;
    let key =
        page.split_once("class=\"secret\"><span class=\"code\">").unwrap().1.split_once('<').unwrap().0.to_owned();
    assert_eq!(browser.post(&path, &[("code", &totp::code(&key, app.accounts.now().0))]).status, 200);
    assert!(!is_trusted(&app, &browser), "one was added");

    let mut browser = trusted(&app, &secret);
    browser.get("/account/factors/2/remove");
    assert_eq!(browser.post("/account/factors/2/remove", &[]).status, 303);
    assert!(!is_trusted(&app, &browser), "one was removed");
}

#[test]
fn ending_sessions_from_elsewhere_ends_it_and_signing_out_there_does_not() {
    let (app, secret) = app();
    let mut lost = trusted(&app, &secret);
    sign_out(&mut lost);
    assert!(is_trusted(&app, &lost));
    let mut here = trusted(&app, &secret);
    here.get("/logout?scope=others");
    assert_eq!(here.post("/logout", &[("scope", "others")]).status, 303);
    assert!(!is_trusted(&app, &lost), "though no session was open there");
    assert!(is_trusted(&app, &here));

    let lost = trusted(&app, &secret);
    let (mut here, path) = (trusted(&app, &secret), format!("/account/sessions/{}/end", sid(&lost)));
    here.get(&path);
    assert_eq!(here.post(&path, &[]).status, 303);
    assert!(!is_trusted(&app, &lost), "its session was ended");
    assert!(is_trusted(&app, &here));

    let mut here = trusted(&app, &secret);
    here.get("/logout");
    assert_eq!(here.post("/logout", &[("scope", "all")]).status, 303);
    assert!(!is_trusted(&app, &here), "everywhere");
}

#[test]
fn an_admin_ends_it_with_the_sessions_or_without_and_whoever_is_disabled_begins_anew() {
    let (app, secret) = app();
    let mut adm = app.signed_in("adm");
    let browser = trusted(&app, &secret);
    assert!(adm.get("/admin/users/1").body.contains("Forget remembered browsers"));
    adm.get("/admin/users/1/forget-browsers");
    assert_eq!(adm.post("/admin/users/1/forget-browsers", &[]).location(), "/admin/users/1");
    assert!(adm.get("/admin/users/1").body.contains("ana will be asked for the second factor in every browser"));
    assert!(!is_trusted(&app, &browser));
    assert!(browser.clone().is_signed_in(), "open sessions go on");
    let token = app.tokens("adm").access;
    let again = app.client().post_json("/admin/users/1/forget-browsers", Some(&token), &json!({}));
    assert_eq!((again.status, &again.json()["changed"]), (200, &json!(false)));

    let browser = trusted(&app, &secret);
    adm.get("/admin/sessions/end?user=ana");
    assert_eq!(adm.post("/admin/sessions/end?user=ana", &[]).status, 303);
    assert!(!is_trusted(&app, &browser));

    let browser = trusted(&app, &secret);
    app.clock.advance(1);
    adm.get("/admin/sessions/end?since=2020-01-01");
    assert_eq!(adm.post("/admin/sessions/end?since=2020-01-01", &[]).status, 303);
    assert!(!is_trusted(&app, &browser), "everybody's");
    assert_eq!(as_json(&mut adm, "/admin/users/1")["trusted_browsers"].as_i64(), Some(0));
    app.clock.advance(1);

    let browser = trusted(&app, &secret);
    assert!(is_trusted(&app, &browser), "new ones count");
    app.disable("ana");
    let enabled = app.client().post_json("/admin/users/1/enable", Some(&app.tokens("adm").access), &json!({}));
    assert_eq!(enabled.status, 200, "{}", enabled.body);
    assert!(!is_trusted(&app, &browser));
}

#[test]
fn a_copied_device_cookie_opens_nothing_without_the_password_nor_by_a_link() {
    let (app, secret) = app();
    let browser = trusted(&app, &secret);
    let mut thief = with_device_of(&app, &browser);
    assert_eq!(thief.sign_in("ana", OTHER_PASSWORD).status, 401);
    assert_eq!(thief.get("/account").status, 303);
    thief.get("/login/factor");
    assert_eq!(thief.get("/login/factor").location(), "/login");
    // Of a program nothing is remembered.
    let login = app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!(login.msg(), "Second factor required");
    let made = app.client().post_json("/admin/users/1/link", Some(&app.tokens("adm").access), &json!({}));
    let url = made.json()["link"].as_str().unwrap().to_owned();
    let path = url[url.find("/link/").unwrap()..].to_owned();
    thief.get(&path);
    let chosen = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answer = thief.post(&path, &chosen);
    assert_eq!((answer.status, answer.location()), (303, "/login/factor"), "{}", answer.body);
}

#[test]
fn no_older_cookie_of_the_same_browser_and_nobody_elses_is_trusted_with_it() {
    let (app, secret) = app();
    app.add_user("bea");
    let mut browser = app.browser();
    browser.sign_in("ana", PASSWORD);
    browser.get("/login/factor");
    assert_eq!(browser.post("/login/factor", &[("code", &code(&app, &secret))]).status, 303);
    let before = browser.clone();
    sign_out(&mut browser);
    sign_in_and_trust(&app, &secret, &mut browser);
    assert!(is_trusted(&app, &browser) && !is_trusted(&app, &before));
    // In the same browser bea is asked for hers all the same.
    second_factor(&app, "bea");
    assert_eq!(with_device_of(&app, &browser).sign_in("bea", PASSWORD).location(), "/login/factor");
    let mut forged = app.browser();
    let parts: Vec<_> = browser.cookies[DEVICE].split('.').map(str::to_owned).collect();
    for part in 0..parts.len() {
        let mut parts = parts.clone();
        parts[part] = parts[part].replace(|c: char| c.is_ascii_digit(), "7");
        forged.cookies.insert(DEVICE.into(), parts.join("."));
        assert_eq!(forged.sign_in("ana", PASSWORD).location(), "/login/factor", "part {part}");
    }
}

#[test]
fn the_account_lists_them_and_each_is_forgotten_with_one_click() {
    let (app, secret) = app();
    let other = trusted(&app, &secret);
    let mut browser = app.browser();
    browser.user_agent = FIREFOX.into();
    sign_in_and_trust(&app, &secret, &mut browser);
    let page = browser.get("/account").body;
    let section = page.split_once("Remembered browsers").unwrap().1.split_once("</ul>").unwrap().0;
    assert_eq!(section.matches("<li").count(), 2, "{section}");
    assert_eq!(section.matches("This device").count(), 1);
    assert!(section.find("Firefox on Linux").unwrap() < section.find("This device").unwrap());
    let listed = as_json(&mut browser, "/account")["trusted_browsers"].clone();
    assert_eq!((listed[0]["user_agent"].as_str(), listed.as_array().unwrap().len()), (Some(FIREFOX), 2));
    assert!(!page.contains(browser.cookies[DEVICE].split('.').nth(1).unwrap()), "the cookie's id is nobody's business");
    // Somebody else's are none of bea's.
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    assert!(!bea.get("/account").body.contains("Remembered browsers"));
    let path = format!("/account/browsers/{}/forget", listed[0]["id"]);
    bea.post(&path, &[]);
    assert!(is_trusted(&app, &browser));
    // However old her own proof is.
    app.clock.advance(20 * 60);
    browser.get("/account");
    assert_eq!(browser.post(&path, &[]).location(), "/account");
    let page = browser.get("/account").body;
    assert!(page.contains("The browser is forgotten"), "{page}");
    assert!(!is_trusted(&app, &browser) && is_trusted(&app, &other));
    assert_eq!(browser.post(&path, &[]).location(), "/account", "a second click is fine");
    for wrong in ["0", "x", "99999999999999999999"] {
        let answer = browser.send("POST", &format!("/account/browsers/{wrong}/forget"), &[], b"");
        assert!(!matches!(answer.status, 500..), "{wrong}");
    }
    let audit = app.signed_in("adm").get("/admin/audit").body;
    assert!(audit.contains("Browser remembered") && audit.contains("Browser forgotten"));
}

#[test]
fn a_session_that_ended_by_theft_takes_the_browser_with_it() {
    let (app, secret) = app();
    let mut browser = trusted(&app, &secret);
    let stolen = browser.clone();
    for _ in 0..2 {
        app.clock.advance(20 * 60);
        assert!(browser.is_signed_in());
    }
    let mut thief = stolen;
    thief.get("/account");
    assert!(!browser.is_signed_in(), "a token of before was shown again");
    assert!(!is_trusted(&app, &browser));
}

#[test]
fn a_held_back_form_trusts_nothing_once_the_password_has_changed() {
    let (app, secret) = app();
    let mut browser = app.browser();
    browser.sign_in("ana", PASSWORD);
    browser.get("/login/factor");
    app.set_password("ana", PASSWORD);
    let answer = browser.post("/login/factor", &[("code", &code(&app, &secret)), ("trust", "on")]);
    assert_eq!(answer.location(), "/login");
    assert!(!browser.cookies.contains_key(DEVICE));
}
