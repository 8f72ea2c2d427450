//! Room /admin/users/{id}/details: display name, email address and notes of a user.

use serde_json::json;

use crate::common::{act, admin, path_of};
use crate::support::{Answer, Browser, TestApp};

/// Sends the form with what was there when it was shown.
fn save(browser: &mut Browser, user: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(&format!("{user}/details"));
    assert_eq!(page.status, 200, "{}", page.body);
    let seen = seen_on(&page);
    send(browser, user, &seen, fields)
}

fn seen_on(page: &Answer) -> String {
    page.body.split_once("name=\"seen\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

fn send(browser: &mut Browser, user: &str, seen: &str, fields: &[(&str, &str)]) -> Answer {
    let fields: Vec<_> = fields.iter().copied().chain([("seen", seen)]).collect();
    browser.post(&format!("{user}/details"), &fields)
}

#[test]
fn details_are_shown_on_the_users_page_and_all_but_the_notes_on_their_own() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("jpuig");
    let user = path_of(&mut ana, "jpuig");
    let notes = "Works <nights>.\r\nBadge 17";
    let fields =
        [("display_name", " Jordi  Puig "), ("mail", "Jordi@Example.org"), ("mail_verified", "on"), ("notes", notes)];
    let saved = save(&mut ana, &user, &fields);
    let page = ana.follow(saved);
    assert!(page.body.contains("The details of jpuig were saved."), "{}", page.body);
    for words in ["<dd>Jordi Puig</dd>", "Jordi@Example.org", "verified <time", "Works &#60;nights&#62;.\nBadge 17"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let mut jordi = app.signed_in("jpuig");
    let own = jordi.get("/account").body;
    assert!(own.contains("Jordi Puig") && own.contains("Jordi@Example.org") && !own.contains("Badge"), "{own}");
    assert!(
        ana.get("/admin/users?name=puig+jor")
            .body
            .contains(">jpuig</a> <span class=\"detail cut\" title=\"Jordi Puig\">Jordi Puig</span>")
    );
    assert!(ana.get("/admin/users?name=@example").body.contains(">jpuig</a>"));
    assert!(jordi.get(&format!("{user}/details")).status == 403);

    let cleared = save(&mut ana, &user, &[]);
    let page = ana.follow(cleared);
    assert!(!page.body.contains("Jordi") && !page.body.contains("Badge"), "{}", page.body);
    assert!(!ana.get("/admin/users?name=example").body.contains(">jpuig</a>"));
    let same = save(&mut ana, &user, &[]);
    assert!(ana.follow(same).body.contains("that was already so for"));
}

#[test]
fn details_that_make_no_sense_are_refused_and_change_nothing() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    save(&mut ana, &user, &[("display_name", "Bea"), ("mail", "bea@example.org")]);
    let long = "x".repeat(1001);
    for (field, value, words) in [
        ("display_name", "Bea\u{202e}", "invisible characters"),
        ("display_name", long.as_str(), "too long"),
        ("mail", "bea", "Enter an email address"),
        ("mail", "a@b\r\nBcc:x", "Enter an email address"),
        ("notes", long.as_str(), "too long"),
        ("notes", "a\u{0}b", "invisible characters"),
        ("mail_verified", "on", "Enter the address"),
    ] {
        let refused = save(&mut ana, &user, &[(field, value)]);
        assert!(refused.status == 400 && refused.body.contains(words), "{field}={value:?}: {}", refused.body);
    }
    let page = ana.get(&user).body;
    assert!(page.contains("<dd>Bea</dd>") && page.contains("bea@example.org"), "{page}");
}

#[test]
fn an_address_is_one_users_until_they_are_deleted() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    app.add_user("eva");
    let (bea, eva) = (path_of(&mut ana, "bea"), path_of(&mut ana, "eva"));
    assert_eq!(save(&mut ana, &bea, &[("mail", "b@example.org")]).status, 303);
    let taken = save(&mut ana, &eva, &[("mail", " b@EXAMPLE.org ")]);
    assert!(taken.status == 409 && taken.body.contains("bea has this email address"), "{}", taken.body);
    assert_eq!(save(&mut ana, &eva, &[("mail", "B@example.org")]).status, 303, "another name at that host");
    act(&mut ana, &bea, "delete", &[("name", "bea")]);
    assert_eq!(save(&mut ana, &eva, &[("mail", "b@example.org")]).status, 303);
    act(&mut ana, &bea, "restore", &[]);
    assert!(!ana.get(&bea).body.contains("b@example.org"));
}

#[test]
fn a_new_address_is_not_verified_because_the_old_one_was() {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    let token = app.tokens("ana").access;
    let post = |body| app.client().post_json("/admin/users/2/details", Some(&token), &body);
    let user = || app.client().get("/admin/users/2", Some(&token)).json();
    let now = app.clock.now().0;
    assert_eq!(post(json!({ "mail": "b@example.org", "mail_verified": true })).json(), json!({ "changed": true }));
    assert!(user()["mail_verified_at"].as_i64().unwrap() >= now);
    post(json!({ "notes": "kept" }));
    post(json!({ "mail": "b@Example.org" }));
    assert!(user()["mail_verified_at"].is_i64(), "the same address");
    post(json!({ "mail": "bea@example.org" }));
    assert!(user()["mail_verified_at"].is_null());
    assert_eq!(user()["notes"], "kept");
    assert_eq!(post(json!({ "mail": "bea@example.org" })).json(), json!({ "changed": false }));
    for bad in [json!({ "mail": 1 }), json!({ "name": "x" }), json!({ "mail": "x" }), json!({ "mail_verified": "on" })]
    {
        assert_eq!(post(bad.clone()).status, 400, "{bad}");
    }
    post(json!({ "mail": "" }));
    assert_eq!(post(json!({ "mail_verified": true })).status, 400);
    let own = app.client().get("/account", Some(&app.tokens("bea").access)).json();
    assert!(own["mail"].is_null() && own.get("notes").is_none(), "{own}");
}

#[test]
fn a_form_that_was_opened_before_somebody_elses_change_saves_nothing() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let seen = seen_on(&ana.get(&format!("{user}/details")));
    save(&mut ana.clone(), &user, &[("notes", "from the other tab")]);
    let refused = send(&mut ana, &user, &seen, &[("notes", "from this tab")]);
    assert!(refused.status == 409 && refused.body.contains("Somebody changed these details"), "{}", refused.body);
    assert!(refused.body.contains("from this tab"), "what was typed is kept");
    assert!(ana.get(&user).body.contains("from the other tab"));
    let seen = seen_on(&refused);
    assert_eq!(send(&mut ana, &user, &seen, &[("notes", "from this tab")]).status, 303, "after a look, it is meant");
    assert_eq!(send(&mut ana, &user, "", &[("notes", "x")]).status, 409);
}

#[test]
fn the_audit_log_says_which_details_changed_and_not_what_to() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    save(&mut ana, &user, &[("mail", "secret@example.org"), ("notes", "secret")]);
    let log = ana.get("/admin/audit?user=bea").body;
    assert!(log.contains("Details changed") && log.contains("Email address, Notes"), "{log}");
    let events = app.client().get("/admin/audit?user=bea", Some(&app.tokens("ana").access)).body;
    assert!(events.contains(r#""fields":["mail","notes"]"#) && !events.contains("secret"), "{events}");
    act(&mut ana, &user, "delete", &[("name", "bea")]);
    let refused = ana.get(&format!("{user}/details"));
    assert!(refused.status == 409 && refused.body.contains("This user was deleted"), "{}", refused.body);
}
