//! Rooms /account/sessions/{sid} and /admin/sessions/{sid}: the story of a session, step by step.

use serde_json::json;

use crate::common::{CHROME, FIREFOX, app, app_with_admin, as_json, end, sid, with_user_agent};
use crate::support::{PASSWORD, claims};

#[test]
fn a_session_tells_its_story() {
    let app = app_with_admin();
    let mut browser = with_user_agent(&app, CHROME);
    for _ in 0..3 {
        app.clock.advance(1200);
        assert!(browser.is_signed_in());
    }
    browser.get("/confirm?next=/account");
    browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]);
    let id = sid(&browser);
    let page = browser.get(&format!("/account/sessions/{id}")).body;
    for part in ["1. Signed in", "2. Renewed 3 times", "3. Confirmed with the password", "<svg", "Chrome on Windows"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let steps = as_json(&mut browser, &format!("/account/sessions/{id}"))["steps"].clone();
    let what: Vec<_> = steps.as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["signed_in", "renewed", "confirmed"]);
    assert_eq!(steps[1]["times"], json!(3));
}

#[test]
fn another_browser_in_the_same_session_is_marked_and_who_showed_a_spent_token_too() {
    let app = app_with_admin();
    let mut owner = with_user_agent(&app, CHROME);
    let mut thief = owner.clone();
    thief.user_agent = FIREFOX.into();
    thief.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    app.clock.advance(1200);
    assert!(thief.is_signed_in(), "he came first");
    assert!(thief.is_signed_in());
    let mut admin = app.signed_in("adm");
    let odd = as_json(&mut admin, "/admin/sessions?state=odd")["sessions"].clone();
    assert_eq!((odd.as_array().unwrap().len(), &odd[0]["user"]), (1, &json!("ana")));
    assert!(admin.get("/admin/sessions").body.contains("class=\"danger\""));

    app.clock.advance(1200);
    assert!(!owner.is_signed_in(), "the owner shows what the thief has spent");
    let id = odd[0]["sid"].as_str().unwrap();
    let page = admin.get(&format!("/admin/sessions/{id}")).body;
    assert!(page.contains("Old token reused") && page.contains("step reused odd"), "{page}");
    assert!(page.contains("Firefox on Linux") && page.contains("Chrome on Windows"), "{page}");
    assert!(page.contains("Ended: Old token reused"), "{page}");
    // A sentence says first what happened, and where to do something about it; the owner is sent elsewhere than the admin.
    let (told, _) = page.split_once("id=\"steps-title\"").unwrap();
    assert!(told.contains("message alarm") && told.contains("used a token that had already been replaced"), "{told}");
    assert!(told.contains(">If ana can’t explain it, have them choose a new password.</a>"), "{told}");
    let own = app.signed_in("ana").get(&format!("/account/sessions/{id}")).body;
    let (told, _) = own.split_once("id=\"steps-title\"").unwrap();
    assert!(told.contains("message alarm") && told.contains("<a href=\"/change-password\">"), "{told}");
    assert!(!told.contains("/admin/"), "{told}");
}

#[test]
fn a_session_is_under_its_user_and_its_end_is_at_the_top() {
    let app = app_with_admin();
    let bea = claims(&app.tokens("bea").access)["sid"].as_str().unwrap().to_owned();
    let mut admin = app.signed_in("adm");
    let page = admin.get(&format!("/admin/sessions/{bea}")).body;
    let (head, _) = page.split_once("aria-label=\"Session details\"").unwrap();
    let user = as_json(&mut admin, "/admin/users?name=bea")["users"][0]["id"].clone();
    assert!(head.contains(&format!("<a href=\"/admin/users/{user}\">bea</a>")), "{head}");
    assert!(head.contains(&format!("href=\"/admin/sessions/{bea}/end\"")), "{head}");
    let mut ana = app.signed_in("ana");
    let page = ana.get(&format!("/account/sessions/{}", sid(&ana))).body;
    let (head, _) = page.split_once("aria-label=\"Session details\"").unwrap();
    assert!(head.contains("<a href=\"/account\">Your account</a>") && !head.contains("/end\""), "{head}");
}

#[test]
fn events_are_listed_under_a_story_only_if_its_steps_do_not_tell_them() {
    let app = app_with_admin();
    let mut ana = app.signed_in("ana");
    let path = format!("/account/sessions/{}", sid(&ana));
    let page = ana.get(&path).body;
    let link = format!("<a href=\"/account/activity?session={}\">Audit log of this session</a>", sid(&ana));
    assert!(page.contains(&link) && !page.contains("id=\"events-title\""), "{page}");
    ana.get("/confirm");
    ana.post("/confirm", &[("password", "not it at all")]);
    let page = ana.get(&path).body;
    assert!(page.contains("id=\"events-title\"") && !page.contains(&link), "{page}");
}

/// What the text elements of this class say, in order.
fn texts<'a>(page: &'a str, class: &str) -> Vec<&'a str> {
    let opening = format!("<text class=\"{class}\"");
    let parts = page.split(&opening).skip(1);
    parts.map(|part| part.split_once('>').unwrap().1.split('<').next().unwrap()).collect()
}

#[test]
fn the_picture_names_its_lanes_and_its_times_and_says_how_long_nothing_happened() {
    let app = app();
    let mut browser = with_user_agent(&app, CHROME);
    app.clock.advance(5 * 3600 + 60);
    assert!(browser.is_signed_in());
    browser.user_agent = FIREFOX.into();
    app.clock.advance(1200);
    assert!(browser.is_signed_in());
    let path = format!("/account/sessions/{}", sid(&browser));
    let page = browser.get(&path).body;
    assert_eq!(texts(&page, "name"), ["Chrome on Windows, 127.0.0.1", "Firefox on Linux, 127.0.0.1"]);
    assert_eq!(page.matches("class=\"line gap\"").count(), 1, "{page}");
    let times = texts(&page, "time");
    assert!(times.contains(&"5 hours"), "{times:?}");
    let time_of_day = |text: &&&str| text.len() == 5 && text.as_bytes()[2] == b':';
    assert_eq!(times.iter().filter(time_of_day).count(), 3, "{times:?}");
    browser.headers.push(("accept-language".into(), "es".into()));
    assert!(texts(&browser.get(&path).body, "time").contains(&"5 horas"));
}

#[test]
fn a_story_is_titled_by_whose_it_is_and_each_step_has_its_address() {
    let app = app_with_admin();
    let bea = claims(&app.tokens("bea").access)["sid"].as_str().unwrap().to_owned();
    let mut admin = app.signed_in("adm");
    let path = format!("/admin/sessions/{bea}");
    let receipt = end(&mut admin, &format!("{path}/end"));
    let page = admin.get(&path).body;
    let short = &bea[..8];
    assert!(page.contains(&format!("<title>bea’s session {short} · ")), "{page}");
    for id in ["id=\"step-1\"", "id=\"end\""] {
        assert_eq!(page.matches(id).count(), 1, "{id}: {page}");
    }
    // Who ended it stands beside the reason, in no column that says something else.
    let row = page.split("id=\"end\"").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(row.contains("Ended by an administrator <span class=\"detail\">By: adm</span></th>"), "{row}");
    assert!(!row.contains("data-label=\"Browser\""), "{row}");
    let receipt = receipt.body.split("/receipts/").nth(1).unwrap().split(['"', '<']).next().unwrap();
    assert!(page.contains(&format!("href=\"/receipts/{receipt}\">Receipt</a>")), "{page}");
    admin.headers.push(("accept-language".into(), "es".into()));
    assert!(admin.get(&path).body.contains(&format!("<title>Sesión {short} de bea · ")));
}

#[test]
fn a_single_step_is_a_row_and_two_are_a_picture_too() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let path = format!("/account/sessions/{}", sid(&browser));
    let page = browser.get(&path).body;
    assert!(page.contains("1. Signed in") && !page.contains("class=\"timeline"), "{page}");
    assert!(!page.contains("Each line is one browser"), "what explains the picture: {page}");
    browser.post("/confirm", &[("password", PASSWORD), ("next", "/account")]);
    let page = browser.get(&path).body;
    assert!(page.contains("class=\"timeline") && page.contains("Each line is one browser"), "{page}");
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
