//! Room /account: where a person is signed in, since when, and what happened meanwhile.

use crate::common::{CHROME, FIREFOX, app, app_with_admin, as_json, sid, with_user_agent};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};
use portero::accounts::upkeep::last_seen;

/// How many rows the first table of the page has, the one of sessions.
fn sessions_on(page: &str) -> usize {
    let (sessions, _) = page.split_once("id=\"activity-title\"").unwrap();
    sessions.matches("<th scope=\"row\"").count()
}

#[test]
fn the_account_page_shows_where_one_is_signed_in() {
    let app = app();
    let mut browser = app.signed_in("ana");
    app.tokens("ana");
    let page = browser.get("/account");
    assert_eq!(sessions_on(&page.body), 2);
    assert_eq!(page.body.matches("This device").count(), 1);
    assert!(page.body.contains("127.0.0.1"));
}

#[test]
fn more_sessions_than_a_page_holds_are_on_further_pages() {
    let app = TestApp::with(&[("session.bearer_limit", "60")]);
    app.add_user("ana");
    for _ in 0..60 {
        app.tokens("ana");
    }
    app.clock.advance(1);
    let mut browser = app.signed_in("ana");
    let first = browser.get("/account");
    assert_eq!((sessions_on(&first.body), first.body.matches("This device").count()), (51, 1));
    assert!(first.body.contains("Sign out everywhere else"));
    let (_, next) = first.body.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = browser.get(&next);
    assert_eq!((second.status, sessions_on(&second.body), second.body.matches("This device").count()), (200, 10, 0));
    assert!(second.body.contains("href=\"/account?\"") && !second.body.contains("rel=\"next\""), "{}", second.body);
    assert!(second.body.contains("Sign out everywhere else"));

    let page = as_json(&mut browser, "/account");
    let next = page["next"].as_str().unwrap();
    let rest = as_json(&mut browser, &format!("/account?before={next}&user=bea&ip=nowhere"));
    assert_eq!((rest["sessions"].as_array().unwrap().len(), rest["next"].is_null()), (10, true));
    let sids = |page: &serde_json::Value| -> Vec<_> {
        page["sessions"].as_array().unwrap().iter().map(|one| one["sid"].to_string()).collect()
    };
    let mut all = [sids(&page), sids(&rest)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 61, "each is there once");
}

#[test]
fn last_seen_follows_the_use_and_is_written_down() {
    let app = app_with_admin();
    let mut browser = app.signed_in("ana");
    app.clock.advance(300);
    assert!(browser.is_signed_in());
    let now = app.clock.now().0;
    let seen = |browser: &mut Browser| as_json(browser, "/account")["sessions"][0]["last_seen_at"].as_i64().unwrap();
    assert!((now - 5..=now + 5).contains(&seen(&mut browser)));
    last_seen::flush(&app.accounts).unwrap();
    let stored = app
        .accounts
        .db
        .read(|conn| portero::store::sessions::find(conn, portero::domain::SessionId::parse(&sid(&browser)).unwrap()));
    assert!((now - 5..=now + 5).contains(&stored.unwrap().unwrap().last_seen_at.0));
}

#[test]
fn each_use_is_noted_however_often_there_was_one_in_the_same_second() {
    let app = app();
    let tokens = app.tokens("ana");
    let client = app.client();
    for _ in 0..3 {
        app.clock.advance(100);
        let begin = app.clock.now();
        for _ in 0..3 {
            assert_eq!(client.get("/protected", Some(&tokens.access)).status, 200);
        }
        last_seen::flush(&app.accounts).unwrap();
        assert_eq!(client.get("/protected", Some(&tokens.access)).status, 200);
        let whoami: serde_json::Value = client.get("/account", Some(&tokens.access)).json();
        assert!(whoami["sessions"][0]["last_seen_at"].as_i64().unwrap() >= begin.0, "{whoami}");
    }
}

#[test]
fn wrong_passwords_since_the_last_visit_are_told_once() {
    let app = app_with_admin();
    for _ in 0..3 {
        app.browser().sign_in("ana", "wrong");
    }
    let told =
        |app: &TestApp| app.signed_in("ana").get("/account").body.contains("wrong password for your account 3 times");
    assert!(told(&app));
    assert!(!told(&app));
}

/// The page, signed in anew in this browser after this many minutes.
fn comes_back(app: &TestApp, browser: &mut Browser, minutes: i64) -> String {
    app.clock.advance(60 * minutes);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    browser.get("/account").body
}

/// What the page says of the sign-in before.
fn earlier(page: &str) -> &str {
    let (_, fact) = page.split_once("<dt>Previous sign-in</dt><dd>").unwrap_or_else(|| panic!("{page}"));
    fact.split("</dd>").next().unwrap()
}

#[test]
fn the_latest_sign_ins_are_told_by_their_browsers_as_on_the_page_of_all_activity() {
    let app = app();
    let page = with_user_agent(&app, CHROME).get("/account").body;
    let (_, latest) = page.split_once("id=\"activity-title\"").unwrap();
    assert!(latest.contains(">Chrome on Windows</span>") && !latest.contains(">Web</span>"), "{latest}");
}

#[test]
fn this_device_comes_first_however_old_its_session_is() {
    let app = app();
    let mut browser = with_user_agent(&app, CHROME);
    for _ in 0..3 {
        app.clock.advance(60);
        app.tokens("ana");
    }
    let page = browser.get("/account").body;
    let this = page.find("This device").unwrap();
    assert!(page.match_indices("<th scope=\"row\"").nth(1).unwrap().0 > this, "{page}");
    let sessions = as_json(&mut browser, "/account")["sessions"].clone();
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["this"]), (4, &serde_json::json!(true)));
}

#[test]
fn the_sign_in_before_this_one_is_shown_with_its_place() {
    let app = app();
    let mut home = with_user_agent(&app, CHROME);
    assert_eq!(earlier(&home.get("/account").body), "None on record");
    app.clock.advance(7200);
    let mut work = with_user_agent(&app, FIREFOX);
    let page = work.get("/account").body;
    assert!(earlier(&page).contains(">2 h ago<") && earlier(&page).contains("Chrome on Windows, 127.0.0.1"), "{page}");
    // A change of the password is no sign-in: what came before this visit stays what it was.
    work.get("/change-password");
    let new = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    app.clock.advance(30);
    assert_eq!(work.post("/change-password", &new).location(), "/account");
    let page = work.get("/account").body;
    assert!(earlier(&page).contains("Chrome on Windows, 127.0.0.1"), "{page}");
}

#[test]
fn of_two_sign_ins_in_one_second_only_the_first_is_before_the_other() {
    let app = app();
    let (mut home, mut work) = (with_user_agent(&app, CHROME), with_user_agent(&app, FIREFOX));
    assert_eq!(earlier(&home.get("/account").body), "None on record");
    let page = work.get("/account").body;
    assert!(earlier(&page).contains("Chrome on Windows"), "{page}");
}

#[test]
fn ids_of_sessions_stand_in_their_stories_and_not_in_the_list() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let id = sid(&browser);
    let page = browser.get("/account").body;
    let (list, _) = page.split_once("id=\"activity-title\"").unwrap();
    assert!(!list.contains(&format!(">{}<", &id[..8])), "{list}");
    assert!(browser.get(&format!("/account/sessions/{id}")).body.contains(&id[..8]));
}

#[test]
fn only_who_has_sessions_of_programs_reads_of_them() {
    let app = app();
    let mut browser = app.signed_in("ana");
    assert!(!browser.get("/account").body.contains("API sessions"));
    let tokens = app.tokens("ana");
    assert!(browser.get("/account").body.contains("Up to 50 API sessions"));
    let answer = app.client().send("DELETE", "/logout", Some(&tokens.refresh), &[], b"");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!browser.get("/account").body.contains("API sessions"));
}

#[test]
fn typing_errors_of_this_very_browser_are_not_told_as_somebody_elses() {
    let app = app();
    app.add_user("bea");
    let told = |page: &str| page.contains("someone entered a wrong password");
    let (mut own, mut other) = (app.browser(), app.browser());
    app.clock.advance(60);
    for _ in 0..2 {
        assert_eq!(own.sign_in("ANA", "a typing error").status, 401);
    }
    assert!(!told(&comes_back(&app, &mut own, 1)));

    // Of two browsers' mistakes, each is told of the other's.
    own.cookies.retain(|name, _| name.starts_with("portero"));
    app.clock.advance(60);
    assert_eq!(own.sign_in("ana", "a typing error").status, 401);
    assert_eq!(other.sign_in("ana", "a guess").status, 401);
    let page = comes_back(&app, &mut own, 1);
    assert!(page.contains("someone entered a wrong password for your account once"), "{page}");

    // Mistakes that have been told elsewhere are not subtracted from what came after.
    app.clock.advance(60);
    assert_eq!(other.sign_in("ana", "a guess").status, 401);
    comes_back(&app, &mut app.browser(), 1);
    app.clock.advance(60);
    assert_eq!(app.browser().sign_in("ana", "a guess").status, 401);
    let page = comes_back(&app, &mut other, 1);
    assert!(page.contains("someone entered a wrong password for your account once"), "{page}");

    // Mistakes for another name say nothing about this one.
    let mut shared = app.browser();
    app.clock.advance(60);
    assert_eq!(shared.sign_in("bea", "a typing error").status, 401);
    assert_eq!(app.browser().sign_in("ana", "a guess").status, 401);
    assert!(told(&comes_back(&app, &mut shared, 1)));
}

#[test]
fn a_session_that_two_browsers_use_is_told_with_its_story_and_what_to_do() {
    let app = app();
    let owner = with_user_agent(&app, CHROME);
    let id = sid(&owner);
    let mut thief = owner.clone();
    thief.user_agent = FIREFOX.into();
    app.clock.advance(1200);
    assert!(thief.is_signed_in(), "he renews first");
    let page = with_user_agent(&app, CHROME).get("/account").body;
    assert!(page.contains("used by more than one browser") && page.contains("Firefox on Linux"), "{page}");
    for href in [format!("/account/sessions/{id}"), format!("/account/sessions/{id}/end"), "/change-password".into()] {
        assert!(page.contains(&format!("<a href=\"{href}\">")), "{href}: {page}");
    }
}

#[test]
fn an_odd_session_and_programs_are_told_of_also_where_the_list_has_further_pages() {
    let app = TestApp::with(&[("session.bearer_limit", "60")]);
    app.add_user("ana");
    app.tokens("ana");
    app.clock.advance(1);
    let mut thief = with_user_agent(&app, CHROME);
    thief.user_agent = FIREFOX.into();
    app.clock.advance(1200);
    assert!(thief.is_signed_in(), "he renews");
    let mut browsers: Vec<_> = (0..55).map(|_| with_user_agent(&app, CHROME)).collect();
    let page = browsers[0].get("/account").body;
    assert!(page.contains("rel=\"next\"") && page.contains("used by more than one browser"), "{page}");
    assert!(page.contains("Up to 60 API sessions"), "{page}");
}

#[test]
fn a_theft_and_wrong_passwords_are_both_told_and_lead_to_the_story_and_to_a_new_password() {
    let app = app();
    let mut owner = with_user_agent(&app, CHROME);
    let id = sid(&owner);
    let mut thief = owner.clone();
    thief.user_agent = FIREFOX.into();
    for _ in 0..2 {
        app.clock.advance(1200);
        assert!(owner.is_signed_in());
    }
    assert!(!thief.is_signed_in(), "what he shows was used up long ago");
    assert_eq!(app.browser().sign_in("ana", "a guess").status, 401);
    let page = comes_back(&app, &mut owner, 1);
    for part in ["an old sign-in token was reused", "someone entered a wrong password for your account once"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        page.contains("An old sign-in token was reused") && !page.contains("Old token reused"),
        "said twice: {page}"
    );
    assert!(page.contains(&format!("<a href=\"/account/sessions/{id}\">See what happened</a>")), "{page}");
    assert!(owner.get(&format!("/account/sessions/{id}")).body.contains("Old token reused"));
    let page = owner.get("/account").body;
    assert!(!page.contains("See what happened") && !page.contains("someone entered"), "each is told once");
}
