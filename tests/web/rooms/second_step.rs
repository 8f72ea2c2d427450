//! Room /login/factor: the second factor, after the password.

use serde_json::{Value, json};

use crate::common::{FIREFOX, app, app_with_admin, second_factor, with_user_agent};
use crate::support::{Answer, Browser, Client, PASSWORD, TestApp, claims, database, totp};

/// The answer to the right password, from a program.
fn attempt(client: &Client) -> Value {
    let answer = client.post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Second factor required"));
    assert_eq!(answer.json()["methods"], json!(["totp", "recovery_code"]));
    answer.json()["attempt"].clone()
}

fn give(client: &Client, attempt: &Value, method: &str, code: &str) -> Answer {
    client.post_json("/login/factor", None, &json!({ "attempt": attempt, "method": method, "code": code }))
}

/// The code of the next step: a fresh one, whatever was used before.
fn next_code(app: &TestApp, secret: &str) -> String {
    app.clock.advance(30);
    totp::code(secret, app.accounts.now().0)
}

/// Signs in on the pages as far as the code.
fn password_given(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    let answer = browser.sign_in("ana", PASSWORD);
    assert_eq!((answer.status, answer.location()), (303, "/login/factor"));
    browser
}

#[test]
fn a_program_signs_in_with_password_and_code() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let client = app.client();
    let attempt = attempt(&client);
    let answer = give(&client, &attempt, "totp", &next_code(&app, &secret));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&access)["amr"], json!(["otp", "pwd", "mfa"]));
    assert_eq!(claims(&access)["acr"], "aal2");
    assert_eq!(client.get("/protected", Some(&access)).status, 200);
    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let renewed = client.post("/refresh", Some(&refresh)).json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&renewed)["acr"], "aal2", "a renewal changes nothing of what was proved");
}

#[test]
fn the_password_alone_leaves_no_session_no_token_and_no_cookie_of_one() {
    let app = app();
    second_factor(&app, "ana");
    let sessions = "SELECT CAST(COUNT(*) AS TEXT) AS row FROM sessions";
    let before = database::Behind::of(app.folder()).rows(sessions);
    attempt(&app.client());
    let mut browser = password_given(&app);
    app.wait_until_all_is_stored();
    assert_eq!(database::Behind::of(app.folder()).rows(sessions), before);
    assert!(browser.cookies.keys().all(|name| !name.contains("token")), "{:?}", browser.cookies);
    assert_eq!(browser.get("/account").status, 303);
}

#[test]
fn somebody_signs_in_on_the_pages_with_password_and_code() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let mut browser = app.browser();
    browser.get("/login?next=/change-password");
    let form = [("username", "ana"), ("password", PASSWORD), ("next", "/change-password")];
    assert_eq!(browser.post("/login", &form).location(), "/login/factor");
    let page = browser.get("/login/factor");
    assert!(page.body.contains("one-time-code") && page.body.contains("ana"), "{}", page.body);
    let answer = browser.post("/login/factor", &[("code", &next_code(&app, &secret))]);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    assert!(browser.is_signed_in());
}

#[test]
fn a_wrong_code_says_so_and_after_five_the_sign_in_begins_again() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let mut browser = password_given(&app);
    for _ in 0..4 {
        browser.get("/login/factor");
        let wrong = totp::wrong_code(&secret, app.accounts.now().0);
        let answer = browser.post("/login/factor", &[("code", &wrong)]);
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains("Incorrect code"));
    }
    browser.get("/login/factor");
    let wrong = totp::wrong_code(&secret, app.accounts.now().0);
    let answer = browser.post("/login/factor", &[("code", &wrong)]);
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(browser.get("/login").body.contains("too many wrong codes"));
    let client = app.client();
    let attempt = attempt(&client);
    for _ in 0..5 {
        assert_eq!(give(&client, &attempt, "totp", &totp::wrong_code(&secret, app.accounts.now().0)).status, 401);
    }
    let right = next_code(&app, &secret);
    assert_eq!(give(&client, &attempt, "totp", &right).msg(), "Attempt has expired");
    // The code was not looked at, so it is still good.
    let attempt = self::attempt(&client);
    assert_eq!(give(&client, &attempt, "totp", &right).status, 200);
}

#[test]
fn what_can_be_no_code_is_no_guess() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let client = app.client();
    let attempt = attempt(&client);
    for code in ["", "12345", "abcdef", "7QK2M-9XW4T"].repeat(3) {
        assert_eq!(give(&client, &attempt, "totp", code).status, 401);
    }
    assert_eq!(give(&client, &attempt, "totp", &next_code(&app, &secret)).status, 200);
}

#[test]
fn of_a_hundred_equal_codes_at_once_exactly_one_signs_in() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let client = app.client();
    let attempts: Vec<_> = (0..25).map(|_| attempt(&client)).collect();
    let code = next_code(&app, &secret);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..100)
            .map(|nth| {
                let (client, attempt, code) = (app.client(), &attempts[nth % 25], &code);
                scope.spawn(move || give(&client, attempt, "totp", code).status)
            })
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
}

#[test]
fn a_code_that_was_used_is_refused_and_not_counted_as_a_guess() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let client = app.client();
    let code = next_code(&app, &secret);
    assert_eq!(give(&client, &attempt(&client), "totp", &code).status, 200);
    let attempt = attempt(&client);
    for _ in 0..8 {
        assert_eq!(give(&client, &attempt, "totp", &code).msg(), "Code was used already");
    }
    assert_eq!(give(&client, &attempt, "totp", &next_code(&app, &secret)).status, 200);
}

#[test]
fn a_code_is_still_refused_after_a_restart() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let code = next_code(&app, &secret);
    assert_eq!(give(&app.client(), &attempt(&app.client()), "totp", &code).status, 200);
    let now = app.accounts.now();
    let folder = app.stop().unwrap();
    let again = TestApp::in_folder(folder.path(), &[]);
    again.clock.advance(now.since(again.accounts.now()));
    let attempt = attempt(&again.client());
    assert_eq!(give(&again.client(), &attempt, "totp", &code).msg(), "Code was used already");
}

#[test]
fn an_attempt_is_good_once_for_five_minutes_and_under_the_password_and_factors_of_its_time() {
    let app = app_with_admin();
    let (secret, codes) = second_factor(&app, "ana");
    let client = app.client();
    let once = attempt(&client);
    assert_eq!(give(&client, &once, "totp", &next_code(&app, &secret)).status, 200);
    assert_eq!(give(&client, &once, "totp", &next_code(&app, &secret)).msg(), "Attempt has expired");
    let old = attempt(&client);
    app.clock.advance(5 * 60);
    assert_eq!(give(&client, &old, "totp", &next_code(&app, &secret)).msg(), "Attempt has expired");
    let of_the_old_password = attempt(&client);
    app.set_password("ana", PASSWORD);
    let code = next_code(&app, &secret);
    assert_eq!(give(&client, &of_the_old_password, "totp", &code).msg(), "Attempt has expired");
    let of_the_old_factors = attempt(&client);
    second_factor_besides(&app, &secret);
    assert_eq!(give(&client, &of_the_old_factors, "recovery_code", &codes[0]).msg(), "Attempt has expired");
    let disabled = attempt(&client);
    app.disable("ana");
    assert_eq!(give(&client, &disabled, "recovery_code", &codes[0]).msg(), "Attempt has expired");
}

/// Adds another app to ana's account.
fn second_factor_besides(app: &TestApp, secret: &str) {
    let client = app.client();
    let answer = give(&client, &attempt(&client), "totp", &next_code(app, secret));
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let new = client.post_json("/account/factors/totp", Some(&token), &json!({ "name": "tablet" })).json();
    let code = totp::code(new["secret"].as_str().unwrap(), app.accounts.now().0);
    let path = format!("/account/factors/totp/{}/confirm", new["id"]);
    let answer = client.post_json(&path, Some(&token), &json!({ "code": code }));
    assert_eq!((answer.status, &answer.json()["recovery_codes"]), (200, &json!([])));
}

#[test]
fn an_attempt_of_somebody_elses_making_leads_nowhere() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let client = app.client();
    let good = attempt(&client).as_str().unwrap().to_owned();
    for at in (0..good.len()).step_by(7) {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let answer = give(&client, &changed.clone().into(), "totp", &totp::code(&secret, app.accounts.now().0));
        assert_eq!(answer.msg(), "Attempt has expired", "{at}");
    }
    for nothing in ["", "abc", "eyJ1c2VyIjoxfQ"] {
        assert_eq!(give(&client, &nothing.into(), "totp", "123456").status, 401);
    }
    // One of a page's is none for a program: its session would be another kind.
    let answer = client.post_json("/login/factor", None, &json!({ "attempt": good, "code": "123456" }));
    assert_eq!(answer.status, 400, "a field that is missing is told");
}

#[test]
fn each_recovery_code_signs_in_once_in_any_spelling() {
    let app = app();
    let (_, codes) = second_factor(&app, "ana");
    assert_eq!(codes.len(), 10);
    let client = app.client();
    let spellings = [codes[0].to_lowercase(), codes[1].replace('-', ""), format!(" {} ", codes[2].replace('-', " "))];
    for spelling in &spellings {
        let answer = give(&client, &attempt(&client), "recovery_code", spelling);
        assert_eq!(answer.status, 200, "{spelling}: {}", answer.body);
        assert_eq!(give(&client, &attempt(&client), "recovery_code", spelling).msg(), "Code was used already");
    }
    let stored = database::Behind::of(app.folder()).rows("SELECT hash AS row FROM recovery_codes");
    assert!(stored.iter().all(|hash| codes.iter().all(|code| !hash.contains(&code.replace('-', "")))));
}

#[test]
fn a_recovery_code_is_no_password() {
    let app = app();
    let (_, codes) = second_factor(&app, "ana");
    let answer = app.client().post_json("/login", None, &json!({ "username": "ana", "password": codes[0] }));
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Bad username or password"));
}

#[test]
fn after_twenty_wrong_codes_a_day_strangers_need_a_recovery_code_and_a_known_browser_does_not() {
    let app = app();
    let (secret, codes) = second_factor(&app, "ana");
    let mut known = password_given(&app);
    known.get("/login/factor");
    assert_eq!(known.post("/login/factor", &[("code", &next_code(&app, &secret))]).status, 303);
    known.get("/logout");
    known.post("/logout", &[("scope", "this")]);
    let client = app.client();
    for _ in 0..4 {
        let attempt = attempt(&client);
        for _ in 0..5 {
            assert_eq!(give(&client, &attempt, "totp", &totp::wrong_code(&secret, app.accounts.now().0)).status, 401);
        }
    }
    let refused = give(&client, &attempt(&client), "totp", &next_code(&app, &secret));
    assert!(refused.msg().starts_with("Too many wrong codes today"), "{}", refused.body);
    assert_eq!(give(&client, &attempt(&client), "recovery_code", &codes[0]).status, 200);
    known.sign_in("ana", PASSWORD);
    known.get("/login/factor");
    let answer = known.post("/login/factor", &[("code", &next_code(&app, &secret))]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    app.clock.advance(24 * 60 * 60);
    assert_eq!(give(&client, &attempt(&client), "totp", &next_code(&app, &secret)).status, 200, "a day later");
}

#[test]
fn whoever_knew_the_password_but_not_the_code_is_told_to_the_owner() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let mut thief = with_user_agent(&app, FIREFOX);
    thief.sign_in("ana", PASSWORD);
    let mut ana = password_given(&app);
    ana.get("/login/factor");
    assert_eq!(ana.post("/login/factor", &[("code", &next_code(&app, &secret))]).status, 303);
    let told = "Someone entered your password but not your second factor";
    assert!(ana.get("/account").body.contains(told));
    assert!(!ana.get("/account").body.contains(told), "once");
    // Who gives up in the same browser and comes back later knows it.
    let mut gave_up = password_given(&app);
    gave_up.sign_in("ana", PASSWORD);
    gave_up.get("/login/factor");
    gave_up.post("/login/factor", &[("code", &next_code(&app, &secret))]);
    assert!(!gave_up.get("/account").body.contains(told));
}

#[test]
fn a_link_for_a_new_password_replaces_no_second_factor() {
    let app = app_with_admin();
    let (secret, _) = second_factor(&app, "ana");
    let mut admin = app.signed_in("adm");
    admin.get("/admin/users/1/link");
    let made = admin.post("/admin/users/1/link", &[]);
    let page = admin.follow(made);
    let at = page.body.find("/link/").unwrap();
    let path: String = page.body[at..].chars().take_while(|c| !matches!(c, '"' | '<' | ' ')).collect();
    let mut browser = app.browser();
    browser.get(&path);
    let new = [("new_password", "seven herons on one wire"), ("new_password_again", "seven herons on one wire")];
    let answer = browser.post(&path, &new);
    assert_eq!((answer.status, answer.location()), (303, "/login/factor"));
    assert!(!browser.is_signed_in());
    browser.get("/login/factor");
    assert_eq!(browser.post("/login/factor", &[("code", &next_code(&app, &secret))]).status, 303);
    assert!(browser.is_signed_in());
}

#[test]
fn the_page_without_an_attempt_leads_back_to_the_sign_in() {
    let app = app();
    let mut browser = app.browser();
    assert_eq!(browser.get("/login/factor").location(), "/login");
    let answer = browser.post("/login/factor", &[("code", "123456")]);
    assert_eq!((answer.status, answer.location()), (303, "/login"));
}

#[test]
fn another_sites_form_can_give_no_code() {
    let app = app();
    let (secret, _) = second_factor(&app, "ana");
    let mut browser = password_given(&app);
    let answer = browser.post_bare("/login/factor", &[("code", &next_code(&app, &secret))]);
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(!browser.is_signed_in());
}
