//! Promise: a refresh token is good once; whoever shows a spent one is either late, and goes on, or a thief, and the session ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::common::{app, as_json, refresh_cookie, sid};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims};

const AN_HOUR: i64 = 3600;
const AFTER_THE_GRACE: i64 = 11;
/// When a browser must have written its cookies to disk.
const AFTER_SETTLING: i64 = 61;

fn kept(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.get("/login");
    let answer = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("remember", "on")]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser
}

fn access(browser: &Browser) -> String {
    browser.cookies["access_token_cookie"].clone()
}

/// Renews as a script on one of Portero's pages does.
fn by_script(browser: &mut Browser) -> Answer {
    let value = browser.cookies["csrf_refresh_token"].clone();
    let headers = [("accept", "application/json"), ("x-csrf-token", value.as_str()), ("sec-fetch-site", "same-origin")];
    browser.send("POST", "/refresh", &headers, b"")
}

#[test]
fn two_tabs_that_renew_at_once_get_the_very_same_tokens() {
    let app = app();
    let mut first = kept(&app);
    app.clock.advance(AN_HOUR);
    let mut second = first.clone();
    assert!(first.is_signed_in() && second.is_signed_in());
    assert_eq!((refresh_cookie(&first), access(&first)), (refresh_cookie(&second), access(&second)));
    app.clock.advance(9);
    let mut third = first.clone();
    assert!(third.is_signed_in());
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn a_slow_tab_is_let_in_though_the_others_have_gone_on() {
    let app = app();
    let mut slow = kept(&app);
    app.clock.advance(AN_HOUR);
    let mut quick = slow.clone();
    assert!(quick.is_signed_in() && quick.is_signed_in(), "the new tokens have been seen");
    app.clock.advance(8);
    assert!(slow.is_signed_in());
    assert_eq!(refresh_cookie(&slow), refresh_cookie(&quick));
}

#[test]
fn who_renews_twice_within_the_grace_gets_the_same_again() {
    let app = app();
    let mut browser = kept(&app);
    let mut slow_tab = browser.clone();
    app.clock.advance(AN_HOUR);
    let first = by_script(&mut browser);
    assert_eq!((first.status, first.body.as_str()), (200, r#"{"msg":"refreshed"}"#));
    let token = refresh_cookie(&browser);
    assert_eq!(by_script(&mut browser).status, 200);
    assert_eq!(refresh_cookie(&browser), token);
    assert!(slow_tab.is_signed_in(), "it is one rotation behind, not two");
    app.clock.advance(AFTER_SETTLING - 2);
    assert_eq!(by_script(&mut browser).status, 200);
    assert_eq!(refresh_cookie(&browser), token, "its disk may be behind: a second rotation could put that two behind");
    app.clock.advance(2);
    assert_eq!(by_script(&mut browser).status, 200);
    assert_ne!(refresh_cookie(&browser), token);
}

#[test]
fn a_lost_answer_can_be_asked_for_again_minutes_later() {
    let app = app();
    let mut browser = kept(&app);
    app.clock.advance(AN_HOUR);
    // The server has rotated, but the answer never arrives.
    browser.clone().get("/account");
    app.clock.advance(5 * 60);
    assert!(browser.is_signed_in());
    assert!(browser.is_signed_in());
    assert_eq!(claims(&refresh_cookie(&browser))["gen"], 1);
}

#[test]
fn an_answer_may_be_lost_several_times_in_a_row() {
    let app = app();
    let mut browser = kept(&app);
    for _ in 0..5 {
        app.clock.advance(20 * 60);
        browser.clone().get("/account");
    }
    app.clock.advance(20 * 60);
    assert!(browser.is_signed_in() && browser.is_signed_in());
}

#[test]
fn the_answer_that_was_thought_lost_is_a_trap_for_whoever_has_it() {
    for shows_access in [true, false] {
        let app = app();
        let mut owner = kept(&app);
        app.clock.advance(AN_HOUR);
        // The thief has a copy of the cookie, renews in silence, and keeps what he gets.
        let mut thief = owner.clone();
        thief.get("/account");
        app.clock.advance(60);
        assert!(owner.is_signed_in(), "the owner's own try looks like a retry");
        if !shows_access {
            thief.cookies.remove("access_token_cookie");
        }
        assert!(!thief.is_signed_in(), "and what the thief holds has betrayed him");
        assert!(!owner.is_signed_in(), "the session has ended for both");
    }
}

#[test]
fn a_spent_token_shown_again_ends_the_session_and_the_person_is_told() {
    let app = app();
    app.add_admin("adm");
    let mut owner = kept(&app);
    let mut thief = owner.clone();
    app.clock.advance(AN_HOUR);
    assert!(owner.is_signed_in());
    app.clock.advance(AFTER_SETTLING);
    assert!(owner.is_signed_in());
    thief.cookies.remove("access_token_cookie");
    assert!(!thief.is_signed_in());
    assert!(!owner.is_signed_in());

    let listed = app.signed_in("adm").get("/admin/revoked").body;
    assert!(listed.contains("class=\"danger\"") && listed.contains("Old token reused"), "{listed}");
    let told = |browser: &mut Browser| browser.get("/account").body.contains("an old sign-in token was reused");
    let tokens = app.tokens("ana");
    assert!(!tokens.access.is_empty(), "a program that signs in takes the news from nobody");
    let mut next = app.signed_in("ana");
    assert!(told(&mut next));
    assert!(!told(&mut app.signed_in("ana")), "once");
}

#[test]
fn a_script_that_shows_a_spent_token_is_told_that_it_is_revoked() {
    let app = app();
    let mut owner = kept(&app);
    let mut thief = owner.clone();
    app.clock.advance(AN_HOUR);
    assert_eq!(by_script(&mut owner).status, 200);
    app.clock.advance(AFTER_SETTLING);
    assert!(owner.is_signed_in());
    let refused = by_script(&mut thief);
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Token has been revoked"));
    assert_eq!(by_script(&mut owner).status, 401);
}

#[test]
fn an_ended_session_wins_over_every_tolerance() {
    let app = app();
    let mut browser = kept(&app);
    app.clock.advance(AN_HOUR);
    let mut late_tab = browser.clone();
    assert!(browser.is_signed_in());
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    assert!(!late_tab.is_signed_in(), "within the grace");
    let mut lost = kept(&app);
    app.clock.advance(AN_HOUR);
    lost.clone().get("/account");
    app.disable("ana");
    assert!(!lost.is_signed_in(), "though its answer was lost");
}

#[test]
fn a_password_change_leaves_no_grace() {
    let app = app();
    let mut browser = kept(&app);
    let mut old = browser.clone();
    browser.get("/change-password");
    let change = [
        ("current_password", PASSWORD),
        ("new_password", "verde que te quiero verde"),
        ("new_password_again", "verde que te quiero verde"),
    ];
    assert_eq!(browser.post("/change-password", &change).status, 303);
    assert!(!old.is_signed_in());
    old.cookies.remove("access_token_cookie");
    assert!(!old.is_signed_in());
}

#[test]
fn a_lost_race_clears_no_cookie() {
    let app = app();
    let browser = kept(&app);
    app.clock.advance(AN_HOUR);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let visits: Vec<_> = (0..16).map(|_| scope.spawn(|| browser.clone().get("/account"))).collect();
        visits.into_iter().map(|visit| visit.join().unwrap()).collect()
    });
    for answer in answers {
        assert_eq!(answer.status, 200);
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("1970")), "{:?}", answer.set_cookies());
    }
}

#[test]
fn a_confirmation_within_the_grace_is_not_undone_by_a_late_tab() {
    let app = app();
    let mut browser = kept(&app);
    app.clock.advance(AN_HOUR);
    let mut late_tab = browser.clone();
    browser.get("/confirm?next=/account");
    app.clock.advance(2);
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]).status, 303);
    app.clock.advance(2);
    assert!(late_tab.is_signed_in() && late_tab.is_signed_in());
    assert!(browser.is_signed_in());
}

#[test]
fn programs_rotate_only_where_the_settings_say_so() {
    let rotates = |rotate: &str, by_cookie: bool| {
        let app = TestApp::with(&[("session.rotate", rotate)]);
        app.add_user("ana");
        if by_cookie {
            let mut browser = kept(&app);
            let before = refresh_cookie(&browser);
            app.clock.advance(AN_HOUR);
            assert!(browser.is_signed_in() && browser.is_signed_in());
            return refresh_cookie(&browser) != before;
        }
        let tokens = app.tokens("ana");
        app.clock.advance(AN_HOUR);
        let answer = app.client().post("/refresh", Some(&tokens.refresh));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json().get("refresh_token").is_some()
    };
    assert_eq!((rotates("cookies", true), rotates("cookies", false)), (true, false));
    assert_eq!((rotates("always", true), rotates("always", false)), (true, true));
    assert_eq!((rotates("never", true), rotates("never", false)), (false, false));
}

#[test]
fn a_program_whose_session_rotates_is_caught_like_anybody() {
    let app = TestApp::with(&[("session.rotate", "always")]);
    app.add_user("ana");
    let tokens = app.tokens("ana");
    app.clock.advance(AN_HOUR);
    let next = app.client().post("/refresh", Some(&tokens.refresh)).json();
    let (access, refresh) = (next["access_token"].as_str().unwrap(), next["refresh_token"].as_str().unwrap());
    assert_eq!(app.client().get("/protected", Some(access)).status, 200);
    app.clock.advance(AFTER_THE_GRACE);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).msg(), "Token has been revoked");
    assert_eq!(app.client().post("/refresh", Some(refresh)).msg(), "Token has been revoked");
}

/// An answer that comes late in the time in which a pair is repeated sets no cookies; the page is there all the same, and the next
/// renewal sets them.
#[test]
fn a_browser_whose_access_tokens_last_seconds_is_never_signed_out_while_it_is_used() {
    for (life, every) in [(15, 5), (15, 7), (20, 9), (45, 4), (59, 11), (15, 16)] {
        let app = TestApp::with(&[("jwt.access_token_expires", &format!("{life}s"))]);
        app.add_user("ana");
        let mut browser = kept(&app);
        for visit in 0..40 {
            app.clock.advance(every);
            assert!(browser.is_signed_in(), "{life} s, every {every} s, visit {visit}");
            let chosen = browser.post("/language", &[("lang", "en"), ("back", "/account")]);
            assert_eq!(chosen.status, 303, "{life} s, every {every} s, visit {visit}: {}", chosen.body);
        }
    }
}

#[test]
fn the_oldest_of_too_many_programs_ends() {
    let app = TestApp::with(&[("session.bearer_limit", "3")]);
    app.add_admin("ana");
    let mut browser = app.signed_in("ana");
    let mut all = Vec::new();
    for _ in 0..5 {
        app.clock.advance(1);
        all.push(app.tokens("ana"));
    }
    let statuses: Vec<u16> =
        all.iter().map(|tokens| app.client().get("/protected", Some(&tokens.access)).status).collect();
    assert_eq!(statuses, [401, 401, 200, 200, 200]);
    assert!(browser.is_signed_in(), "browsers do not count");
    assert!(browser.get("/account").body.contains("Up to 3 API sessions"));
    let list = browser.send("GET", "/admin/revoked?reason=limit", &[("accept", "application/json")], b"").json();
    assert_eq!(list["revoked"].as_array().unwrap().len(), 2);
}

#[test]
fn the_oldest_of_too_many_browsers_ends_in_all_its_tabs_and_nobody_calls_it_theft() {
    let app = TestApp::with(&[("session.cookie_limit", "3")]);
    app.add_admin("ana");
    let program = app.tokens("ana");
    let mut browsers = Vec::new();
    for _ in 0..4 {
        app.clock.advance(1);
        browsers.push(app.signed_in("ana"));
    }
    assert_eq!(browsers.iter_mut().map(Browser::is_signed_in).collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(app.client().get("/protected", Some(&program.access)).status, 200, "programs do not count");
    assert!(browsers[3].get("/account").body.contains("signed in on up to 3 browsers"));
    let list = as_json(&mut browsers[3], "/admin/revoked?reason=limit");
    assert_eq!(list["revoked"].as_array().unwrap().len(), 1);

    // A second tab of the one that ends, with a form open, which comes back after the next sign-in.
    browsers[1].get("/change-password");
    let mut tab = browsers[1].clone();
    app.clock.advance(1);
    let mut newest = app.browser();
    newest.sign_in("ana", PASSWORD);
    let told = newest.get("/account");
    assert!(!told.body.contains("copied"), "{}", told.body);
    assert_eq!(tab.renew().status, 401);
    let fields =
        [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answer = tab.post("/change-password", &fields);
    assert!(answer.location().starts_with("/login"), "{} {}", answer.status, answer.body);
    let page = tab.follow(answer);
    assert!(page.body.contains("Your session has ended"), "{}", page.body);
    // Signing in again there makes room by the same rule.
    app.clock.advance(1);
    assert_eq!(tab.sign_in("ana", PASSWORD).status, 303);
    let signed_in: Vec<_> = browsers.iter_mut().chain([&mut newest, &mut tab]).map(Browser::is_signed_in).collect();
    assert_eq!(signed_in, [false, false, false, true, true, true]);
}

#[test]
fn a_new_session_never_makes_room_for_others_of_the_same_second() {
    let app = TestApp::with(&[("session.cookie_limit", "1"), ("session.bearer_limit", "1")]);
    app.add_user("ana");
    for _ in 0..8 {
        assert!(app.signed_in("ana").is_signed_in());
        let tokens = app.tokens("ana");
        assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 200);
    }
    // Nor for those from before the clock was set back.
    app.clock.advance(-3600);
    assert!(app.signed_in("ana").is_signed_in());
}

#[test]
fn of_many_sign_ins_at_once_no_more_stay_than_may() {
    let app = TestApp::with(&[("session.cookie_limit", "3"), ("throttle", "off")]);
    app.add_user("ana");
    let mut browsers: Vec<_> = (0..12).map(|_| app.browser()).collect();
    std::thread::scope(|scope| {
        for browser in &mut browsers {
            scope.spawn(|| assert_eq!(browser.sign_in("ana", PASSWORD).status, 303));
        }
    });
    assert_eq!(browsers.iter_mut().filter_map(|browser| browser.is_signed_in().then_some(())).count(), 3);
}

#[test]
fn a_program_that_is_not_used_for_a_week_signs_in_again() {
    let app = app();
    let tokens = app.tokens("ana");
    app.clock.advance(6 * 24 * AN_HOUR);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
    app.clock.advance(7 * 24 * AN_HOUR + 1);
    let answer = app.client().post("/refresh", Some(&tokens.refresh));
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Token has been revoked"));
}

/// 64 tabs hold the same cookie and renew at once, a hundred times.
#[test]
fn a_storm_of_tabs_rotates_once_a_round_and_throws_nobody_out() {
    const CLIENTS: usize = 64;
    const ROUNDS: i64 = 100;
    let app = app();
    let mut browser = kept(&app);
    for round in 1..=ROUNDS {
        app.clock.advance(AFTER_SETTLING);
        let tabs: Vec<Browser> = std::thread::scope(|scope| {
            let tabs: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let mut tab = browser.clone();
                    scope.spawn(move || {
                        let answer = by_script(&mut tab);
                        assert_eq!(answer.status, 200, "{}", answer.body);
                        tab
                    })
                })
                .collect();
            tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
        });
        browser = tabs[0].clone();
        assert_eq!(claims(&refresh_cookie(&browser))["gen"], json!(round), "one rotation a round");
        assert!(tabs.iter().all(|tab| refresh_cookie(tab) == refresh_cookie(&browser)), "one successor each");
    }
}

#[test]
fn one_replay_after_settling_ends_the_session_every_time() {
    let app = app();
    for _ in 0..100 {
        let mut browser = kept(&app);
        let mut copy = browser.clone();
        app.clock.advance(AFTER_THE_GRACE);
        assert_eq!(by_script(&mut browser).status, 200);
        app.clock.advance(AFTER_SETTLING);
        assert!(browser.is_signed_in());
        assert_eq!(by_script(&mut copy).status, 401);
        assert!(!browser.is_signed_in());
    }
}

/// Where the addresses of the tests' browsers are told by a proxy.
fn behind_a_proxy() -> TestApp {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1")]);
    app.add_user("ana");
    app
}

fn kept_at(app: &TestApp, ip: &str) -> Browser {
    let mut browser = app.browser();
    move_to(&mut browser, ip);
    browser.get("/login");
    let answer = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("remember", "on")]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser
}

fn move_to(browser: &mut Browser, ip: &str) {
    browser.headers.retain(|(name, _)| name != "x-forwarded-for");
    browser.headers.push(("x-forwarded-for".into(), ip.into()));
}

/// Renews, uses what it got for some seconds, and comes back with the cookies of before.
fn crash(app: &TestApp, browser: &mut Browser, used_for: i64) -> Browser {
    let on_disk = browser.clone();
    assert!(browser.is_signed_in() && browser.is_signed_in(), "renewed, and seen");
    app.clock.advance(used_for);
    assert!(browser.is_signed_in());
    app.clock.advance(AN_HOUR);
    on_disk
}

#[test]
fn a_browser_that_crashed_comes_back_with_older_cookies_and_is_told() {
    // A generation settles after 60 seconds, and the clock goes on while the test runs.
    for used_for in [0, AFTER_THE_GRACE, 55] {
        let app = behind_a_proxy();
        let mut browser = kept_at(&app, "192.0.2.7");
        app.clock.advance(AN_HOUR);
        let mut again = crash(&app, &mut browser, used_for);
        // Home routers change their address within their provider's network.
        move_to(&mut again, "192.0.2.201");
        let page = again.get("/account");
        assert!(page.body.contains("Your browser restored old cookies"), "{used_for} {}", page.body);
        assert!(again.is_signed_in());
        let story = again.get(&format!("/account/sessions/{}", sid(&again))).body;
        assert!(story.contains("Browser restored old cookies and got new ones"), "{story}");
        assert!(!story.contains("Old token reused"), "{story}");
        // And once more, in the generation that follows.
        app.clock.advance(AN_HOUR);
        assert!(crash(&app, &mut again, 5).is_signed_in());
    }
}

#[test]
fn what_a_crashed_browser_forgot_is_a_trap_for_whoever_has_it() {
    for shows_access in [true, false] {
        let app = behind_a_proxy();
        let mut owner = kept_at(&app, "192.0.2.7");
        app.clock.advance(AN_HOUR);
        let on_disk = owner.clone();
        assert!(owner.is_signed_in() && owner.is_signed_in());
        // The newest cookies, copied before the crash.
        let mut thief = owner.clone();
        app.clock.advance(AFTER_THE_GRACE);
        let mut owner = on_disk;
        assert!(owner.is_signed_in());
        if !shows_access {
            thief.cookies.remove("access_token_cookie");
        }
        assert!(!thief.is_signed_in());
        assert!(!owner.is_signed_in(), "the session has ended for both");
    }
}

#[test]
fn a_confirmation_that_a_crashed_browser_forgot_is_void_with_the_rest() {
    let app = behind_a_proxy();
    let mut browser = kept_at(&app, "192.0.2.7");
    app.clock.advance(AN_HOUR);
    let on_disk = browser.clone();
    assert!(browser.is_signed_in());
    browser.get("/confirm");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD)]).status, 303);
    assert!(browser.is_signed_in());
    let mut thief = browser.clone();
    app.clock.advance(AFTER_THE_GRACE);
    let mut again = on_disk;
    assert!(again.is_signed_in());
    assert!(!thief.is_signed_in());
    assert!(!again.is_signed_in(), "only a thief can have kept the token of the confirmation");
}

#[test]
fn a_crash_after_a_confirmation_costs_nothing() {
    let app = behind_a_proxy();
    let mut browser = kept_at(&app, "192.0.2.7");
    app.clock.advance(AN_HOUR);
    assert!(browser.is_signed_in());
    app.clock.advance(61);
    let mut on_disk = browser.clone();
    browser.get("/confirm");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD)]).status, 303);
    assert!(browser.is_signed_in());
    app.clock.advance(3);
    assert!(on_disk.is_signed_in() && on_disk.is_signed_in());
}

#[test]
fn older_cookies_from_elsewhere_or_from_another_browser_are_a_thiefs() {
    let elsewhere: fn(&mut Browser) = |browser| move_to(browser, "198.51.100.7");
    let another_browser: fn(&mut Browser) = |browser| browser.user_agent = "curl/8.5.0".into();
    for becomes in [elsewhere, another_browser] {
        let app = behind_a_proxy();
        let mut owner = kept_at(&app, "192.0.2.7");
        app.clock.advance(AN_HOUR);
        let mut thief = crash(&app, &mut owner, 5);
        becomes(&mut thief);
        assert!(!thief.is_signed_in());
        assert!(!owner.is_signed_in());
        let mut next = kept_at(&app, "192.0.2.7");
        assert!(next.get("/account").body.contains("or your browser restored old cookies"));
    }
}

#[test]
fn once_a_browser_must_have_written_its_cookies_the_older_ones_are_a_thiefs() {
    // The row has to know it too: memory keeps it for a minute only.
    for written_down in [false, true] {
        let app = behind_a_proxy();
        let mut owner = kept_at(&app, "192.0.2.7");
        app.clock.advance(AN_HOUR);
        let mut thief = owner.clone();
        assert!(owner.is_signed_in() && owner.is_signed_in());
        app.clock.advance(61);
        assert!(owner.is_signed_in());
        if written_down {
            portero::accounts::upkeep::last_seen::flush(&app.accounts).unwrap();
        }
        thief.cookies.remove("access_token_cookie");
        assert!(!thief.is_signed_in(), "{written_down}");
        assert!(!owner.is_signed_in());
    }
}

#[test]
fn a_crash_is_forgiven_three_times_in_a_generation() {
    let app = behind_a_proxy();
    let mut browser = kept_at(&app, "192.0.2.7");
    app.clock.advance(AN_HOUR);
    let on_disk = browser.clone();
    assert!(browser.is_signed_in() && browser.is_signed_in());
    for times in 1..=4 {
        app.clock.advance(AFTER_THE_GRACE);
        browser = on_disk.clone();
        assert_eq!(browser.is_signed_in() && browser.is_signed_in(), times <= 3, "{times}");
    }
}

#[test]
fn without_a_grace_no_crash_is_forgiven() {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1"), ("session.grace", "0s")]);
    app.add_user("ana");
    let mut browser = kept_at(&app, "192.0.2.7");
    app.clock.advance(AN_HOUR);
    assert!(!crash(&app, &mut browser, 1).is_signed_in());
}

#[test]
fn a_crash_after_a_change_of_password_signs_out_without_a_word_of_theft() {
    let app = behind_a_proxy();
    let mut browser = kept_at(&app, "192.0.2.7");
    let mut on_disk = browser.clone();
    browser.get("/change-password");
    let new = "verde que te quiero verde";
    let fields = [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new)];
    assert_eq!(browser.post("/change-password", &fields).status, 303);
    assert!(!on_disk.is_signed_in());
    assert!(browser.is_signed_in());
    assert!(!browser.get("/account").body.contains("token was reused"));
}

#[test]
fn an_answer_that_was_overtaken_brings_back_no_void_pair() {
    let app = app();
    let mut browser = kept(&app);
    app.clock.advance(AN_HOUR);
    // The guard renews when the head has come; the answer waits for the body.
    let body = format!("csrf_token={}&lang=es&back=/account", browser.cookies["csrf_access_token"]);
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "POST /language HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\nsec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\n\
         connection: close\r\ncookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        app.address,
        cookies.join("; "),
        body.len(),
    );
    let mut slow = TcpStream::connect(app.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    slow.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    app.clock.advance(AFTER_THE_GRACE);
    assert!(browser.is_signed_in(), "another tab asked again and got another pair");
    assert_eq!(claims(&refresh_cookie(&browser))["gen"], 1);
    slow.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("portero_language=es") && !answer.contains("refresh_token_cookie"), "{answer}");
    assert!(browser.is_signed_in());
    let story = browser.get(&format!("/account/sessions/{}", sid(&browser))).body;
    assert!(story.contains("the first response never arrived"), "{story}");
}
