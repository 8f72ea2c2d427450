//! Room /admin/revoked: what was revoked, when, by whom and why.

use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};

fn app() -> TestApp {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    app.add_user("carl");
    app
}

fn sign_out(app: &TestApp, name: &str) {
    let mut browser = app.signed_in(name);
    browser.get("/account");
    assert_eq!(browser.post("/logout", &[]).status, 303);
}

fn json(admin: &mut Browser, query: &str) -> serde_json::Value {
    let answer = admin.send("GET", &format!("/admin/revoked{query}"), &[("accept", "application/json")], b"");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn only_admins_read_it() {
    let app = app();
    let mut user = app.signed_in("bea");
    assert_eq!(user.get("/admin/revoked").status, 403);
    let tokens = app.tokens("bea");
    let answer = app.client().get("/admin/revoked", Some(&tokens.access));
    assert_eq!((answer.status, answer.msg().as_str()), (403, "Admins only!"));
    assert_eq!(app.client().get("/admin/revoked", None).status, 401);
    assert_eq!(app.browser().get("/admin/revoked").location(), "/login?next=/admin/revoked");
}

#[test]
fn who_is_an_admin_no_more_reads_it_no_more() {
    let app = app();
    app.set_role("bea", true);
    let mut bea = app.signed_in("bea");
    assert_eq!(bea.get("/admin/revoked").status, 200);
    app.set_role("bea", false);
    assert_eq!(bea.get("/admin/revoked").status, 403, "on the very next request, with the same token");
}

#[test]
fn every_way_to_end_is_told_with_who_when_why_and_until_when() {
    let app = app();
    let mut admin = app.signed_in("ana");
    sign_out(&app, "bea");
    let mut browser = app.signed_in("bea");
    let tokens = app.tokens("bea");
    browser.get("/change-password");
    let change = [
        ("current_password", PASSWORD),
        ("new_password", OTHER_PASSWORD),
        ("new_password_again", OTHER_PASSWORD),
        ("end_others", "on"),
    ];
    assert_eq!(browser.post("/change-password", &change).status, 303);
    let stale = app.tokens("carl");
    app.client().post_json("/confirm", Some(&stale.access), &serde_json::json!({ "password": PASSWORD }));
    app.disable("carl");

    let rows = json(&mut admin, "")["revoked"].as_array().unwrap().clone();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row["user"].as_str().unwrap(), row["what"].as_str().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    for expected in [
        ("bea", "session", "logout"),
        ("bea", "session", "password_change"),
        ("carl", "access", "superseded"),
        ("carl", "session", "disabled"),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:?}");
    }
    assert_eq!(told.iter().filter(|row| row.2 == "password_change").count(), 2);
    let now = app.clock.now().0;
    for row in &rows {
        assert!((now - 60..=now).contains(&row["revoked_at"].as_i64().unwrap()));
        assert!(row["until"].as_i64().unwrap() > now);
    }
    let page = admin.get("/admin/revoked").body;
    assert!(page.contains("Account disabled") && page.contains("Command line") && page.contains("In force"), "{page}");
    drop(tokens);
}

#[test]
fn it_can_be_filtered_by_user_in_any_spelling_and_by_reason() {
    let app = app();
    let mut admin = app.signed_in("ana");
    sign_out(&app, "bea");
    sign_out(&app, "carl");
    app.signed_in("carl");
    app.disable("carl");
    let count = |admin: &mut Browser, query: &str| json(admin, query)["revoked"].as_array().unwrap().len();
    assert_eq!(count(&mut admin, ""), 3);
    assert_eq!(count(&mut admin, "?user=BEA"), 1);
    assert_eq!(count(&mut admin, "?user=carl&reason=disabled"), 1);
    assert_eq!(count(&mut admin, "?reason=logout"), 2);
    assert_eq!(count(&mut admin, "?reason=reuse"), 0);
    let page = admin.get("/admin/revoked?user=nobody").body;
    assert!(page.contains("There’s no user called “nobody”"), "{page}");
}

#[test]
fn long_lists_are_paged_by_place_and_nothing_is_skipped_or_shown_twice() {
    let app = app();
    let mut admin = app.signed_in("ana");
    for number in 0..120 {
        let tokens = app.tokens("bea");
        if number % 7 == 0 {
            app.client().post_json("/confirm", Some(&tokens.access), &serde_json::json!({ "password": PASSWORD }));
        }
        app.client().delete("/logout", Some(&tokens.refresh));
    }
    let mut ids = Vec::new();
    let mut query = String::new();
    let mut pages = 0;
    loop {
        let list = json(&mut admin, &query);
        pages += 1;
        let rows = list["revoked"].as_array().unwrap();
        assert!(rows.len() <= 50);
        ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        // A revocation that comes in meanwhile moves nothing.
        app.clock.advance(1);
        sign_out(&app, "carl");
        let Some(next) = list["next"].as_str() else { break };
        query = format!("?before={next}");
    }
    assert_eq!((pages, ids.len()), (3, 120 + 18));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 138);
    let first = admin.get("/admin/revoked").body;
    assert!(first.contains("rel=\"next\""), "{first}");
}

#[test]
fn an_entry_that_can_no_longer_be_shown_says_so() {
    let app = app();
    sign_out(&app, "bea");
    app.clock.advance(13 * 3600);
    let page = app.signed_in("ana").get("/admin/revoked").body;
    assert!(page.contains("Expired") && !page.contains("class=\"badge here\">In force"), "{page}");
}
