//! Room /account/factors and those beneath it: one's own second factors.

use serde_json::json;

use crate::common::{app, app_with_admin, as_json, fresh_token, second_factor};
use crate::support::{Browser, PASSWORD, TestApp, claims, database, totp};

/// The key on the page that sets an app up.
fn key_on(page: &str) -> String {
    let (_, rest) = page.split_once("class=\"secret\"><span class=\"code\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// The recovery codes that a page shows.
fn codes_on(page: &str) -> Vec<String> {
    let (_, rest) = page.split_once("class=\"recovery-codes\">").unwrap();
    let list = rest.split_once("</ul>").unwrap().0;
    list.split("<li class=\"code\">").skip(1).map(|item| item.split_once('<').unwrap().0.to_owned()).collect()
}

/// Adds an app on the pages; returns its secret, and the page that shows the recovery codes.
fn add_on_pages(app: &TestApp, browser: &mut Browser) -> (String, String) {
    browser.get("/account/factors/totp");
    let answer = browser.post("/account/factors/totp", &[("name", "Phone")]);
    let path = answer.location().to_owned();
    assert!(path.ends_with("/confirm"), "{}: {}", answer.status, answer.body);
    let page = browser.get(&path);
    let secret = key_on(&page.body);
    let answer = browser.post(&path, &[("code", &totp::code(&secret, app.accounts.now().0))]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    (secret, answer.body)
}

#[test]
fn an_app_is_added_on_the_pages_and_counts_with_its_first_code() {
    let app = app();
    let mut browser = app.signed_in("ana");
    assert!(browser.get("/account").body.contains("Set up"));
    let (_, page) = add_on_pages(&app, &mut browser);
    assert_eq!(codes_on(&page).len(), 10);
    assert!(page.contains("data:text/plain"));
    let claims = claims(&browser.cookies["access_token_cookie"]);
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("aal2"), &json!(["otp", "pwd", "mfa"])));
    let list = browser.get("/account/factors");
    assert!(list.body.contains("Phone") && list.body.contains("10 recovery codes left"), "{}", list.body);
    assert_eq!(as_json(&mut browser, "/account/factors")["factors"][0]["kind"], "totp");
    let answer = app.browser().sign_in("ana", PASSWORD);
    assert_eq!(answer.location(), "/login/factor");
}

#[test]
fn a_program_adds_an_app_with_a_fresh_token() {
    let app = app();
    let token = fresh_token(&app, "ana");
    let client = app.client();
    assert_eq!(client.post("/account/factors/totp", Some(&token)).status, 200, "without a body");
    let answer = client.post_json("/account/factors/totp", Some(&token), &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let new = answer.json();
    let secret = new["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in Base32");
    let expected = format!("otpauth://totp/Portero:ana?secret={secret}&issuer=Portero");
    assert_eq!(new["otpauth"].as_str().unwrap(), expected);
    let path = format!("/account/factors/totp/{}/confirm", new["id"]);
    let wrong =
        client.post_json(&path, Some(&token), &json!({ "code": totp::wrong_code(secret, app.accounts.now().0) }));
    assert_eq!((wrong.status, wrong.msg().as_str()), (401, "Bad code"));
    let code = totp::code(secret, app.accounts.now().0);
    let spelled = format!("{} {}", &code[..3], &code[3..]);
    let answer = client.post_json(&path, Some(&token), &json!({ "code": spelled }));
    assert_eq!((answer.status, answer.json()["recovery_codes"].as_array().unwrap().len()), (200, 10));
    assert_eq!(client.get("/protected", Some(&token)).status, 401, "a token of level two has taken its place");
    let fresh = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&fresh)["acr"], "aal2");
    assert_eq!(client.get("/protected", Some(&fresh)).status, 200);
    let again = client.post_json(&path, Some(&fresh), &json!({ "code": code }));
    assert_eq!(again.status, 404, "it counts already");
    let listed = client.get("/account/factors", Some(&fresh)).json();
    assert_eq!((listed["factors"].as_array().unwrap().len(), &listed["recovery_codes_left"]), (1, &json!(10)));
}

#[test]
fn where_nobody_may_add_one_no_page_offers_it_and_who_has_one_keeps_it() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    app.add_user("bea");
    let now = app.accounts.now();
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(folder.path(), &[("second_factor", "off")]);
    app.clock.advance(now.since(app.accounts.now()) + 30);
    let mut bea = app.signed_in("bea");
    assert!(!bea.get("/account").body.contains("Set up"));
    assert!(!bea.get("/account/factors").body.contains("Add an authenticator app"));
    bea.get("/account/factors/totp");
    let answer = bea.post("/account/factors/totp", &[("name", "Phone")]);
    assert_eq!((answer.status, answer.location()), (303, "/account/factors"));
    assert!(bea.get("/account/factors").body.contains("doesn’t let anyone add"));
    let mut ana = app.browser();
    assert_eq!(ana.sign_in("ana", PASSWORD).location(), "/login/factor");
    ana.get("/login/factor");
    assert_eq!(ana.post("/login/factor", &[("code", &totp::code(&secret, app.accounts.now().0))]).status, 303);
    assert!(ana.get("/account").body.contains("Manage"));
}

#[test]
fn an_app_that_was_not_confirmed_does_not_count() {
    let app = app();
    let token = fresh_token(&app, "ana");
    let client = app.client();
    let first = client.post_json("/account/factors/totp", Some(&token), &json!({ "name": "one" })).json();
    assert_eq!(app.signed_in("ana").get("/account").status, 200, "the password is enough");
    let second = client.post_json("/account/factors/totp", Some(&token), &json!({ "name": "two" })).json();
    let confirm = |new: &serde_json::Value| {
        let code = totp::code(new["secret"].as_str().unwrap(), app.accounts.now().0);
        client.post_json(
            &format!("/account/factors/totp/{}/confirm", new["id"]),
            Some(&token),
            &json!({ "code": code }),
        )
    };
    assert_eq!(confirm(&first).status, 404, "the one begun after it has taken its place");
    assert_eq!(confirm(&second).status, 200);
}

#[test]
fn a_secret_is_neither_readable_in_the_database_nor_shown_again() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let rows = database::Behind::of(app.folder()).rows("SELECT name AS row FROM factors");
    assert_eq!(rows.len(), 1);
    app.wait_until_all_is_stored();
    for file in std::fs::read_dir(app.folder()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", file.display());
        }
    }
}

#[test]
fn factors_of_others_are_not_there() {
    let app = app_with_admin();
    second_factor(&app, "ana");
    let bea = fresh_token(&app, "bea");
    let client = app.client();
    assert_eq!(client.delete("/account/factors/1", Some(&bea)).status, 404);
    let answer = client.post_json("/account/factors/totp/1/confirm", Some(&bea), &json!({ "code": "123456" }));
    assert_eq!(answer.status, 404);
    let mut browser = app.signed_in("bea");
    assert_eq!(browser.get("/account/factors/1/remove").status, 404);
    assert_eq!(browser.get("/account/factors/totp/1/confirm").status, 404);
}

#[test]
fn with_the_last_app_its_recovery_codes_go() {
    let app = app();
    let mut browser = app.signed_in("ana");
    add_on_pages(&app, &mut browser);
    let page = browser.get("/account/factors/1/remove");
    assert!(page.body.contains("Phone") && page.body.contains("recovery codes stop working"));
    assert_eq!(browser.post("/account/factors/1/remove", &[]).status, 303);
    assert!(browser.get("/account/factors").body.contains("Your password is all it takes"));
    assert_eq!(app.browser().sign_in("ana", PASSWORD).location(), "/account");
    assert!(database::Behind::of(app.folder()).rows("SELECT hash AS row FROM recovery_codes").is_empty());
}

#[test]
fn new_recovery_codes_void_the_old_ones() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let (_, page) = add_on_pages(&app, &mut browser);
    let old = codes_on(&page);
    browser.get("/account/factors/recovery-codes");
    let new = browser.post("/account/factors/recovery-codes", &[]);
    assert_eq!((new.status, codes_on(&new.body).len()), (200, 10));
    assert!(codes_on(&new.body).iter().all(|code| !old.contains(code)));
    let mut other = app.browser();
    other.sign_in("ana", PASSWORD);
    other.get("/login/factor?method=recovery_code");
    let answer = other.post("/login/factor", &[("method", "recovery_code"), ("code", &old[0])]);
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("Incorrect code"));
}

#[test]
fn an_admin_takes_a_lost_factor_away_with_every_session_and_not_their_own() {
    let app = app_with_admin();
    let (_, codes) = second_factor(&app, "ana");
    let token = fresh_token(&app, "adm");
    let client = app.client();
    let answer = client.post_json("/admin/users/1/reset-factors", Some(&token), &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["sessions_ended"], 1);
    assert_eq!(app.browser().sign_in("ana", PASSWORD).location(), "/account");
    let again = client.post_json("/admin/users/1/reset-factors", Some(&token), &json!({}));
    assert_eq!(again.status, 400, "{}", again.body);
    second_factor(&app, "adm");
    let answer = client.post_json("/admin/users/3/reset-factors", Some(&token), &json!({}));
    assert_ne!(answer.status, 200, "{}", answer.body);
    assert!(!codes.is_empty());
    let reasons = database::Behind::of(app.folder())
        .rows("SELECT end_reason AS row FROM sessions WHERE user_id = 1 AND end_reason IS NOT NULL");
    assert_eq!(reasons, ["factors_reset"]);
}

#[test]
fn at_the_next_sign_in_people_are_told_that_a_factor_was_added_removed_or_taken_away() {
    let app = app_with_admin();
    let token = fresh_token(&app, "ana");
    let added = |page: &str| page.contains("A second factor was added to your account on");
    let (secret, codes) = second_factor(&app, "ana");
    let sign_in = |code: &str| {
        let mut browser = app.browser();
        browser.sign_in("ana", PASSWORD);
        browser.get("/login/factor?method=recovery_code");
        assert_eq!(browser.post("/login/factor", &[("method", "recovery_code"), ("code", code)]).status, 303);
        browser
    };
    // A program reads no news.
    let login = app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD })).json();
    app.clock.advance(30);
    let code = totp::code(&secret, app.accounts.now().0);
    let given = json!({ "attempt": login["attempt"], "method": "totp", "code": code });
    assert_eq!(app.client().post_json("/login/factor", None, &given).status, 200);
    let page = sign_in(&codes[0]).get("/account").body;
    assert!(added(&page) && page.contains("127.0.0.1. If that wasn’t you"), "{page}");
    let mut browser = sign_in(&codes[1]);
    assert!(!added(&browser.get("/account").body), "once");
    browser.get("/account/factors/1/remove");
    assert_eq!(browser.post("/account/factors/1/remove", &[]).status, 303);
    let page = app.signed_in("ana").get("/account").body;
    assert!(page.contains("A second factor was removed from your account on") && !added(&page), "{page}");
    second_factor(&app, "ana");
    let adm = fresh_token(&app, "adm");
    assert_eq!(app.client().post_json("/admin/users/1/reset-factors", Some(&adm), &json!({})).status, 200);
    let page = app.signed_in("ana").get("/account").body;
    assert!(page.contains("An administrator took your second factor away on") && !added(&page), "{page}");
    assert_eq!(app.client().get("/protected", Some(&token)).status, 401);
}

#[test]
fn whoever_adds_a_factor_is_offered_to_end_the_sessions_that_began_without_it() {
    let app = app();
    let mut others = [app.signed_in("ana"), app.signed_in("ana")];
    let mut browser = app.signed_in("ana");
    let (_, page) = add_on_pages(&app, &mut browser);
    assert!(page.contains("You have 2 other sessions, which began without it."), "{page}");
    assert!(page.contains("href=\"/logout?scope=others\""));
    browser.get("/logout?scope=others");
    assert_eq!(browser.post("/logout", &[("scope", "others")]).status, 303);
    assert!(others.iter_mut().all(|other| !other.is_signed_in()));
    assert!(browser.is_signed_in());
    let (_, page) = add_on_pages(&app, &mut browser);
    assert!(!page.contains("began without it"), "there are none: {page}");
}
