//! Rooms /admin/audit and /account/activity: what was recorded, for admins and for whom it concerns; and where else events are shown.

use portero::store::audit::event::What;

use crate::common::CHROME;
use crate::support::{Browser, PASSWORD, TestApp};

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    app.add_user("carl");
    app
}

fn json(browser: &mut Browser, path: &str) -> serde_json::Value {
    let answer = browser.send("GET", path, &[("accept", "application/json")], b"");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// What happened and to whom, newest first.
fn told(browser: &mut Browser, path: &str) -> Vec<String> {
    let answer = json(browser, path);
    let rows = answer["events"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["what"].as_str().unwrap(), row["user"].as_str().unwrap_or("-"))).collect()
}

#[test]
fn only_admins_read_the_log_of_everybody() {
    let app = app();
    assert_eq!(app.signed_in("bea").get("/admin/audit").status, 403);
    assert_eq!(app.browser().get("/admin/audit").location(), "/login?next=/admin/audit");
    assert_eq!(app.client().get("/admin/audit", None).status, 401);
    assert_eq!(app.signed_in("ana").get("/admin/audit").status, 200);
}

#[test]
fn an_admin_sees_who_did_what_to_whom_from_where_and_in_which_session() {
    let app = app();
    let mut admin = app.signed_in("ana");
    app.signed_in("bea");
    app.disable("bea");
    let events = json(&mut admin, "/admin/audit?user=bea");
    let rows = events["events"].as_array().unwrap();
    assert_eq!(
        told(&mut admin, "/admin/audit?user=bea")[..3],
        ["user_disabled bea", "session_ended bea", "signed_in bea"]
    );
    let signed_in = &rows[2];
    assert_eq!(signed_in["by"], "bea");
    assert_eq!(signed_in["ip"], "127.0.0.1");
    assert_eq!(signed_in["details"]["transport"], "cookie");
    assert_eq!(signed_in["session"].as_str().unwrap().len(), 36);
    assert!(rows[0]["n"].as_i64() > rows[1]["n"].as_i64());
}

#[test]
fn every_filter_leaves_what_it_names_and_they_combine() {
    let app = app();
    let mut admin = app.signed_in("ana");
    // Nobody waits for the record of a wrong password, but what is stored after it is waited for.
    app.browser().sign_in("bea", "not it at all");
    app.signed_in("bea");
    assert_eq!(told(&mut admin, "/admin/audit?user=bea&what=signed_in"), ["signed_in bea"]);
    assert_eq!(told(&mut admin, "/admin/audit?what=sign_in_failed"), ["sign_in_failed bea"]);
    assert_eq!(told(&mut admin, "/admin/audit?by=ana"), ["signed_in ana"]);
    assert!(told(&mut admin, "/admin/audit?by=ana&user=bea").is_empty());
    assert_eq!(told(&mut admin, "/admin/audit?ip=127.0.0.1&user=bea").len(), 2);
    assert!(told(&mut admin, "/admin/audit?ip=10.1.2.3").is_empty());
    let all = json(&mut admin, "/admin/audit?user=bea&what=signed_in");
    let (sid, at) = (all["events"][0]["session"].as_str().unwrap(), all["events"][0]["at"].as_i64().unwrap());
    assert_eq!(told(&mut admin, &format!("/admin/audit?session={sid}")), ["signed_in bea"]);
    assert!(told(&mut admin, &format!("/admin/audit?user=bea&until={}", at - 3_600)).is_empty());
    assert_eq!(told(&mut admin, &format!("/admin/audit?user=bea&from={at}&what=signed_in")).len(), 1);
}

#[test]
fn a_filter_that_makes_no_sense_is_an_error_and_not_an_empty_list() {
    let app = app();
    let mut admin = app.signed_in("ana");
    for query in ["ip=300.1.1.1", "what=nonsense", "session=7a06", "from=yesterday", "before=x", "before=1.x"] {
        assert_eq!(admin.get(&format!("/admin/audit?{query}")).status, 400, "{query}");
    }
    let unknown = admin.get("/admin/audit?user=nobody");
    assert_eq!(unknown.status, 200);
    assert!(unknown.body.contains("There’s no user called “nobody”."), "{}", unknown.body);
}

#[test]
fn the_one_field_understands_users_addresses_and_sessions_and_the_others_are_folded_away() {
    let app = app();
    app.add_user("deadbeef");
    let mut admin = app.signed_in("ana");
    app.signed_in("bea");
    let events = json(&mut admin, "/admin/audit?user=bea&what=signed_in");
    let sid = events["events"][0]["session"].as_str().unwrap().to_owned();
    let short = &sid[..8];
    for (q, found) in [
        ("BEA", vec!["signed_in bea", "user_added bea"]),
        ("bea+127.0.0.1", vec!["signed_in bea"]),
        (short, vec!["signed_in bea"]),
        (&sid.to_uppercase(), vec!["signed_in bea"]),
        (&format!("{short}+bea"), vec!["signed_in bea"]),
        (&format!("ana+{short}"), vec![]),
        ("bea+10.1.2.3", vec![]),
        // A name that could be an id.
        ("deadbeef", vec!["user_added deadbeef"]),
    ] {
        assert_eq!(told(&mut admin, &format!("/admin/audit?q={q}")), found, "{q}");
    }
    let shows = |admin: &mut Browser, query: &str, words: &str| {
        let page = admin.get(&format!("/admin/audit{query}"));
        assert!(page.status == 200 && page.body.contains(words), "{query}: {words}: {} {}", page.status, page.body);
    };
    shows(&mut admin, "?user=bea&ip=127.0.0.1", "value=\"bea 127.0.0.1\"");
    shows(&mut admin, &format!("?session={sid}"), &format!("value=\"{short}\""));
    shows(&mut admin, "?q=bea", "<details>");
    for more in ["by=ana", "what=signed_in", "from=2020-01-01", "until=2040-01-01"] {
        shows(&mut admin, &format!("?{more}"), "<details open>");
    }
    shows(&mut admin, "?q=00000000", "No session and no user is called “00000000”.");
    shows(&mut admin, "?by=nobody", "There’s no user called “nobody”.");
    shows(&mut admin, "?q=bea+10.1.2.3&what=signed_in", "No events match “bea 10.1.2.3”.");
    shows(&mut admin, "?q=bea+10.1.2.3&what=signed_in&by=ana", "Other filters: done by ana · Signed in<");
    shows(&mut admin, "?what=user_deleted", "No matching events.");
    shows(&mut admin, "?what=user_deleted", "<p>Filter: User deleted</p>");
    shows(&mut admin, "?what=user_deleted&until=2020-01-01", "<p>Filters: User deleted · until 2020-01-01");
    shows(&mut admin, "?what=user_deleted", "href=\"/admin/audit\">Clear filters</a>");
    let nothing = admin.get("/admin/audit?what=user_deleted").body;
    assert_eq!(nothing.matches("Clear filters").count(), 1, "{nothing}");
    assert!(!nothing.contains("class=\"count\""), "{nothing}");
}

#[test]
fn the_audit_log_says_how_many_events_match_or_that_there_are_more() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let says = |admin: &mut Browser, query: &str, words: &str| {
        let page = admin.get(&format!("/admin/audit{query}")).body;
        assert!(page.contains(&format!("<p class=\"count\">{words}</p>")), "{query}: {page}");
    };
    says(&mut admin, "?what=signed_in&user=ana", "1 event");
    for _ in 0..2 {
        app.signed_in("bea");
    }
    says(&mut admin, "?what=signed_in&user=bea", "2 events, newest first");
    for _ in 2..51 {
        app.signed_in("bea");
    }
    says(&mut admin, "?what=signed_in&user=bea", "More than 50 events, newest first");
    let next = json(&mut admin, "/admin/audit?what=signed_in&user=bea")["next"].as_str().unwrap().to_owned();
    says(&mut admin, &format!("?what=signed_in&user=bea&before={next}"), "More than 50 events, newest first");
}

#[test]
fn ones_own_activity_is_narrowed_by_address_session_kind_and_time_and_shows_nobody_elses() {
    let app = app();
    let mut bea = app.signed_in("bea");
    let mut carl = app.signed_in("carl");
    let own = json(&mut bea, "/account/activity")["events"][0]["session"].as_str().unwrap().to_owned();
    let carls = json(&mut carl, "/account/activity")["events"][0]["session"].as_str().unwrap().to_owned();
    for (query, found) in [
        (format!("q={}", &own[..8]), vec!["signed_in bea"]),
        (format!("q={own}"), vec!["signed_in bea"]),
        (format!("session={own}"), vec!["signed_in bea"]),
        ("q=127.0.0.1".to_owned(), vec!["signed_in bea"]),
        ("what=user_added".to_owned(), vec!["user_added bea"]),
        ("until=2020-01-01".to_owned(), vec![]),
        ("q=carl".to_owned(), vec![]),
        (format!("q={}", &carls[..8]), vec![]),
        (format!("session={carls}"), vec![]),
        ("user=carl&by=ana&q=127.0.0.1".to_owned(), vec!["signed_in bea"]),
    ] {
        assert_eq!(told(&mut bea, &format!("/account/activity?{query}")), found, "{query}");
    }
    let nothing = bea.get("/account/activity?q=carl").body;
    assert!(nothing.contains("No events match “carl”.") && nothing.contains("Clear filters"), "{nothing}");
    for bad in ["q=300.1.1.1", "q=::x", "ip=nowhere", "what=nonsense", "from=yesterday"] {
        assert_eq!(bea.get(&format!("/account/activity?{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let app = app();
    let mut admin = app.signed_in("ana");
    for _ in 0..120 {
        app.tokens("bea");
    }
    let mut numbers = Vec::new();
    let mut path = "/admin/audit?user=bea&what=signed_in".to_owned();
    let mut pages = 0;
    loop {
        let page = json(&mut admin, &path);
        numbers.extend(page["events"].as_array().unwrap().iter().map(|row| row["n"].as_i64().unwrap()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/admin/audit?user=bea&what=signed_in&before={next}");
    }
    assert_eq!((pages, numbers.len()), (3, 120));
    assert!(numbers.is_sorted_by(|one, other| one > other));
    let first = admin.get("/admin/audit?user=bea&what=signed_in");
    assert!(first.body.contains("rel=\"next\""), "{}", first.body);
}

#[test]
fn from_each_event_one_click_leads_to_what_explains_it() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let mut bea = app.signed_in("bea");
    bea.get("/account");
    assert_eq!(bea.post("/logout", &[]).status, 303);
    let page = admin.get("/admin/audit?user=bea&what=session_ended").body;
    let links: Vec<_> =
        page.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(href, _)| href).collect();
    for begin in ["/admin/users/", "/admin/sessions/", "/admin/audit?ip=127.0.0.1", "/receipts/"] {
        let led: Vec<_> = links.iter().filter(|href| href.starts_with(begin)).collect();
        assert!(!led.is_empty(), "{begin} in {links:?}");
        for href in led {
            assert_eq!(admin.get(href).status, 200, "{href}");
        }
    }
}

#[test]
fn every_kind_of_event_is_told_in_words_of_both_languages() {
    let app = app();
    let mut admin = app.signed_in("ana");
    for language in ["en", "es"] {
        admin.get("/account");
        assert_eq!(admin.post("/language", &[("lang", language), ("back", "/account")]).status, 303);
        let page = admin.get("/admin/audit").body;
        // This one is there where Portero sends mail. (`promises::mails`)
        for what in What::ALL.iter().filter(|what| **what != What::Reported) {
            let option = format!("<option value=\"{}\">", what.as_str());
            let (_, rest) = page.split_once(&option).unwrap_or_else(|| panic!("{option} in {page}"));
            let (label, _) = rest.split_once('<').unwrap();
            assert!(label.contains(' ') || label.len() > 5, "{label}");
            assert!(!label.contains("event-"), "{label}");
        }
    }
}

#[test]
fn people_see_what_happened_in_their_own_account_and_nothing_else() {
    let app = app();
    let mut bea = app.signed_in("bea");
    app.signed_in("carl");
    app.set_role("bea", true);
    app.set_role("bea", false);
    let told: Vec<_> = told(&mut bea, "/account/activity");
    assert_eq!(told[..3], ["role_changed bea", "role_changed bea", "signed_in bea"]);
    assert!(told.iter().all(|row| row.ends_with(" bea")), "{told:?}");
    let page = bea.get("/account/activity").body;
    assert!(!page.contains("/admin/"), "{page}");
    assert!(bea.get("/account").body.contains("href=\"/account/activity\""));
    assert_eq!(bea.get("/account/activity?before=x").status, 400);
    assert_eq!(app.browser().get("/account/activity").location(), "/login?next=/account/activity");
}

#[test]
fn ones_own_sign_ins_are_told_by_their_browsers_and_the_way_back_is_on_top() {
    let app = app();
    let mut bea = app.browser();
    bea.user_agent = CHROME.into();
    assert_eq!(bea.sign_in("bea", PASSWORD).status, 303);
    app.tokens("bea");
    let page = bea.get("/account/activity").body;
    assert!(page.contains(">Chrome on Windows</span>") && page.contains(">API</span>"), "{page}");
    assert!(!page.contains(">Web</span>"), "{page}");
    let (head, _) = page.split_once("<h1>").unwrap();
    assert!(head.contains("<li><a href=\"/account\">Your account</a></li>"), "{head}");
}

#[test]
fn the_pages_of_a_user_and_of_a_session_show_what_was_recorded_of_them() {
    let app = app();
    let mut admin = app.signed_in("ana");
    app.signed_in("bea");
    let events = json(&mut admin, "/admin/audit?user=bea&what=signed_in");
    let sid = events["events"][0]["session"].as_str().unwrap();
    let story = admin.get(&format!("/admin/sessions/{sid}")).body;
    assert!(story.contains("Audit log of this session"), "{story}");
    let users = json(&mut admin, "/admin/users?name=bea");
    let user = admin.get(&format!("/admin/users/{}", users["users"][0]["id"])).body;
    assert!(user.contains("Latest events") && user.contains("/admin/audit?user=bea"), "{user}");
}

#[test]
fn a_wrong_password_is_not_said_to_be_porteros_doing() {
    let app = app();
    let mut admin = app.signed_in("ana");
    app.browser().sign_in("bea", "not it at all");
    let mut bea = app.signed_in("bea");
    bea.get("/confirm");
    bea.post("/confirm", &[("password", "not it at all")]);
    for what in ["sign_in_failed", "confirm_failed"] {
        let page = admin.get(&format!("/admin/audit?what={what}")).body;
        let (_, table) = page.split_once("<tbody").unwrap();
        assert!(!table.contains("By: ") && table.contains("class=\"line failed\""), "{what}: {table}");
    }
}

#[test]
fn a_renewal_records_nothing() {
    let app = app();
    let mut admin = app.signed_in("ana");
    let newest = |admin: &mut Browser| json(admin, "/admin/audit")["events"][0]["n"].as_i64().unwrap();
    let before = newest(&mut admin);
    let tokens = app.tokens("bea");
    for _ in 0..5 {
        assert_eq!(admin.renew().status, 200);
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200);
    }
    assert_eq!(newest(&mut admin), before + 1, "bea's sign-in");
}
