//! Room /admin/sessions: the open sessions of everybody, filtered and page by page.

use portero::accounts::upkeep::prune::close_run_out;
use serde_json::json;

use crate::common::{CHROME, FIREFOX, app_with_admin, as_json, end, sid, with_user_agent};
use crate::support::database::{Behind, execute};
use crate::support::{Browser, PASSWORD, TestApp};

#[test]
fn what_has_run_out_or_was_idle_is_no_longer_listed_as_open() {
    let app = app_with_admin();
    app.signed_in("ana");
    app.tokens("bea");
    app.clock.advance(14 * 3600);
    close_run_out(&app.accounts).unwrap();
    let mut admin = app.signed_in("adm");
    let count = |admin: &mut Browser, query: &str| as_json(admin, query)["sessions"].as_array().map(Vec::len);
    assert_eq!(count(&mut admin, "/admin/sessions?user=ana"), Some(0));
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(1));
    let expired = as_json(&mut admin, "/admin/revoked?reason=expired");
    assert_eq!((expired["revoked"].as_array().unwrap().len(), &expired["revoked"][0]["user"]), (1, &json!("ana")));
    app.clock.advance(8 * 24 * 3600);
    close_run_out(&app.accounts).unwrap();
    let mut admin = app.signed_in("adm");
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(0));
    assert_eq!(as_json(&mut admin, "/admin/revoked?reason=idle")["revoked"][0]["user"], json!("bea"));
}

#[test]
fn open_sessions_are_filtered_and_paged() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    for _ in 0..120 {
        app.clock.advance(1);
        app.tokens("bea");
    }
    app.signed_in("ana");
    // A user can hold 50 bearer sessions, so bea has 50 open.
    let mut seen = Vec::new();
    let mut path = "/admin/sessions".to_owned();
    loop {
        let list = as_json(&mut admin, &path);
        seen.extend(list["sessions"].as_array().unwrap().iter().map(|one| one["sid"].as_str().unwrap().to_owned()));
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/admin/sessions?before={next}");
    }
    assert_eq!(seen.len(), 52);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 52);
    let count = |admin: &mut Browser, query: &str| {
        as_json(admin, &format!("/admin/sessions{query}"))["sessions"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut admin, "?user=ana"), 1);
    assert_eq!(count(&mut admin, "?ip=127.0.0.1"), 50);
    assert_eq!(count(&mut admin, "?ip=%3A%3Affff%3A127.0.0.1"), 50, "in any spelling");
    assert_eq!(count(&mut admin, "?ip=203.0.113.9"), 0);
    let eleventh = as_json(&mut admin, "/admin/sessions?user=bea")["sessions"][10]["signed_in_at"].as_i64().unwrap();
    assert_eq!(count(&mut admin, &format!("?user=bea&from={eleventh}")), 11);
    assert_eq!(count(&mut admin, &format!("?user=bea&until={eleventh}")), 40);
    assert_eq!(count(&mut admin, "?state=odd"), 0);
    let page = admin.get("/admin/sessions?from=2026-01-02&until=2099-01-02").body;
    assert!(page.contains("value=\"2026-01-02T00:00:00\"") && page.contains("value=\"2099-01-02T23:59:59\""), "{page}");
    for bad in ["?state=x", "?from=x", "?until=x", "?before=x"] {
        assert_eq!(admin.get(&format!("/admin/sessions{bad}")).status, 400, "{bad}");
    }
}

/// A server behind a proxy, which names the addresses of its clients.
fn app_behind_proxy() -> TestApp {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1")]);
    app.add_user("ana");
    app.add_user("bea");
    app.add_admin("adm");
    app
}

/// Does to the database what no act does.
fn sql(app: &TestApp, text: &str) {
    execute(app.folder(), text);
}

/// The session of ana's browser, which a thief has taken over from elsewhere.
fn stolen(app: &TestApp) -> String {
    let owner = with_user_agent(app, CHROME);
    let mut thief = owner.clone();
    thief.user_agent = FIREFOX.into();
    thief.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    app.clock.advance(1200);
    assert!(thief.is_signed_in(), "he came first");
    sid(&owner)
}

#[test]
fn a_session_is_found_by_every_address_in_its_story() {
    let app = app_behind_proxy();
    let id = stolen(&app);
    app.tokens("bea");
    let mut admin = app.signed_in("adm");
    let found = |admin: &mut Browser, path: &str, rows: &str, id: &str| -> Vec<String> {
        let list = as_json(admin, path);
        list[rows].as_array().unwrap().iter().map(|row| row[id].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(&mut admin, "/admin/sessions?user=ana&ip=127.0.0.1", "sessions", "sid"), [id.as_str()]);
    assert_eq!(found(&mut admin, "/admin/sessions?ip=203.0.113.9", "sessions", "sid"), [id.as_str()]);
    assert_eq!(found(&mut admin, "/admin/revoked?ip=203.0.113.9", "revoked", "id"), [""; 0]);
    end(&mut admin, &format!("/admin/sessions/{id}/end"));
    assert_eq!(found(&mut admin, "/admin/sessions?ip=203.0.113.9", "sessions", "sid"), [""; 0]);
    assert_eq!(found(&mut admin, "/admin/revoked?ip=203.0.113.9", "revoked", "id"), [id.as_str()]);
    assert_eq!(found(&mut admin, "/admin/revoked?user=ana&ip=127.0.0.1", "revoked", "id"), [id.as_str()]);
}

#[test]
fn who_came_from_address_to_address_five_hundred_times_is_found_by_the_last_of_them() {
    let app = app_behind_proxy();
    let tokens = app.tokens("bea");
    for number in 0..520 {
        let ip = format!("10.0.{}.{}", number / 250, number % 250);
        let headers = [("x-forwarded-for", ip.as_str())];
        assert_eq!(app.client().send("POST", "/refresh", Some(&tokens.refresh), &headers, b"").status, 200);
    }
    let mut admin = app.signed_in("adm");
    let mut count =
        |ip: &str| as_json(&mut admin, &format!("/admin/sessions?ip={ip}"))["sessions"].as_array().unwrap().len();
    assert_eq!((count("10.0.0.0"), count("10.0.2.19")), (1, 1));
    assert_eq!(
        count("10.0.2.18"),
        0,
        "the last row of so long a story holds one address, and nobody may fill the database"
    );
}

#[test]
fn who_ended_a_session_is_one_field_and_one_click_away_from_the_id_in_a_log() {
    let app = app_with_admin();
    let id = sid(&app.signed_in("bea"));
    let mut admin = app.signed_in("adm");
    end(&mut admin, &format!("/admin/sessions/{id}/end"));
    let short = &id[..8];
    for typed in [short.to_owned(), short.to_uppercase(), format!("+{id}+")] {
        for list in ["/admin/sessions", "/admin/revoked"] {
            let answer = admin.get(&format!("{list}?q={typed}"));
            assert_eq!(answer.status, 303, "{typed}");
            let story = admin.follow(answer);
            assert!(story.body.contains("Ended: Ended by an administrator"), "{}", story.body);
            assert!(story.body.contains("By: adm") && story.body.contains("id=\"end\""), "{}", story.body);
        }
    }
    // A program gets it in one step.
    assert_eq!(as_json(&mut admin, &format!("/admin/sessions/{short}"))["ended_by"], json!("adm"));
}

#[test]
fn the_one_field_understands_users_and_addresses_and_says_what_it_does_not_find() {
    let app = app_with_admin();
    app.add_user("deadbeef");
    app.signed_in("ana");
    app.signed_in("deadbeef");
    let mut admin = app.signed_in("adm");
    let count = |admin: &mut Browser, query: &str| {
        as_json(admin, &format!("/admin/sessions{query}"))["sessions"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut admin, "?q=ANA"), 1);
    assert_eq!(count(&mut admin, "?q=127.0.0.1"), 3);
    assert_eq!(count(&mut admin, "?q=ana+127.0.0.1"), 1);
    assert_eq!(count(&mut admin, "?q=ana+127.0.0.2"), 0);
    assert_eq!(count(&mut admin, "?q=deadbeef"), 1, "a name that could be an id");
    let shows = |admin: &mut Browser, query: &str, words: &str| {
        let page = admin.get(&format!("/admin/sessions{query}"));
        assert!(page.status == 200 && page.body.contains(words), "{query}: {words}: {} {}", page.status, page.body);
    };
    shows(&mut admin, "?q=ana", "value=\"ana\"");
    shows(&mut admin, "?user=ana&ip=127.0.0.1", "value=\"ana 127.0.0.1\"");
    shows(&mut admin, "?q=ana+bea", "There’s no user called “ana bea”.");
    shows(&mut admin, "?q=00000000", "No session and no user is called “00000000”.");
    shows(&mut admin, "?q=bea", "No sessions match “bea”.");
    shows(&mut admin, "?q=bea", "href=\"/admin/sessions\">Clear filters</a>");
    shows(&mut admin, "?state=odd&until=2020-01-01", "No matching sessions.");
    shows(&mut admin, "?state=odd&until=2020-01-01", "Filters: Unusual only · until 2020-01-01");
    for nonsense in ["300.1.1.1", "2001:db8::g", "ana+::x"] {
        for list in ["sessions", "revoked", "audit"] {
            let path = format!("/admin/{list}?q={nonsense}");
            let page = admin.get(&path);
            assert!(page.status == 400 && page.body.contains("isn’t an IP address."), "{path}: {}", page.body);
            assert!(
                page.body.contains(&format!("value=\"{}\"", nonsense.replace('+', " "))),
                "it can be mended: {path}"
            );
            assert_eq!(admin.send("GET", &path, &[("accept", "application/json")], b"").status, 400, "{path}");
        }
    }
    shows(&mut admin, "", "3 open sessions, newest first");
    shows(&mut admin, "", "<details>");
    shows(&mut admin, "?state=odd", "<details open>");
    assert!(app.signed_in("adm").get("/admin/revoked").body.contains("Nothing yet."), "not that nothing matches");
}

#[test]
fn an_id_that_no_session_has_is_answered_in_words_and_one_that_several_have_with_all_of_them() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    for id in ["7a062de8", "7a062de8-1111-4111-8111-111111111111"] {
        let page = admin.get(&format!("/admin/sessions/{id}"));
        assert!(page.status == 404 && page.body.contains(&format!("no session {id}, open or ended")), "{}", page.body);
        assert!(page.body.contains("name=\"q\""), "another can be tried");
    }
    assert!(!admin.get("/admin/sessions/7a062de").body.contains("name=\"q\""));
    let (first, second) = (app.signed_in("ana"), app.signed_in("bea"));
    for (browser, last) in [(&first, '1'), (&second, '2')] {
        let alike = format!("7a062de8-1111-4111-8111-11111111111{last}");
        let mut database = Behind::of(app.folder()).without_references();
        database.execute(&format!("UPDATE sessions SET sid = '{alike}' WHERE sid = '{}'", sid(browser)));
    }
    let page = admin.get("/admin/sessions/7a062de8").body;
    assert!(page.contains("Which session?") && page.contains(">ana</a>") && page.contains(">bea</a>"), "{page}");
    assert_eq!(as_json(&mut admin, "/admin/sessions/7a062de8")["sessions"].as_array().unwrap().len(), 2);
}

#[test]
fn everything_in_the_lists_leads_on() {
    let app = app_behind_proxy();
    let id = stolen(&app);
    let mut admin = app.signed_in("adm");
    let page = admin.get("/admin/sessions?user=ana").body;
    for link in [
        "/admin/users/1\"".to_owned(),
        "/admin/sessions?ip=203.0.113.9\"".to_owned(),
        format!("/admin/sessions/{id}\""),
        format!("/admin/sessions/{id}#step-2\""),
        format!("/admin/sessions/{id}/end\""),
    ] {
        assert!(page.contains(&format!("href=\"{link}")), "{link}: {page}");
    }
    let story = admin.get(&format!("/admin/sessions/{id}")).body;
    assert!(story.contains("id=\"step-2\" class=\"danger\""), "{story}");

    let tokens = app.tokens("bea");
    app.client().post_json("/confirm", Some(&tokens.access), &json!({ "password": PASSWORD }));
    end(&mut admin, &format!("/admin/sessions/{id}/end"));
    let page = admin.get("/admin/revoked").body;
    let of_token = crate::support::claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    for link in [
        "/admin/users/1\"".to_owned(),
        "/admin/users/3\"".to_owned(),
        "/admin/revoked?ip=203.0.113.9\"".to_owned(),
        format!("/admin/sessions/{id}\""),
        format!("/admin/sessions/{id}#end\""),
        format!("/admin/sessions/{of_token}#step-2\""),
    ] {
        assert!(page.contains(&format!("href=\"{link}")), "{link}: {page}");
    }
}

#[test]
fn a_long_list_says_how_long_it_is_up_to_a_bound() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    for _ in 0..60 {
        let tokens = app.tokens("bea");
        app.client().delete("/logout", Some(&tokens.refresh));
    }
    assert!(admin.get("/admin/revoked").body.contains("60 revoked sessions and tokens, newest first"));
    let second = as_json(&mut admin, "/admin/revoked")["next"].as_str().unwrap().to_owned();
    assert!(admin.get(&format!("/admin/revoked?before={second}")).body.contains("60 revoked"), "on every page");
    sql(
        &app,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO token_blocklist SELECT 'jti' || i, 'access', 1, NULL, 1, NULL, 'logout', NULL FROM n",
    );
    assert!(admin.get("/admin/revoked").body.contains("More than 1000 revoked sessions and tokens"));
}
