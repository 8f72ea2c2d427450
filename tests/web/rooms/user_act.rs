//! Room /admin/users/{id}/{act}: disabling users, at once or on a date, deleting them, making them
//! admins, restoring deleted ones. Programs also add users, at /admin/users/add.

use serde_json::json;

use crate::common::{act, admin, link_on, path_of};
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp};

#[test]
fn disabling_names_what_ends_does_it_at_once_and_tells_how_many() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let (mut bea, tokens) = (app.signed_in("bea"), app.tokens("bea"));
    let user = path_of(&mut ana, "bea");
    let page = ana.get(&format!("{user}/disable"));
    assert!(page.body.contains("Disable bea?") && page.body.contains("2 open sessions end at once."), "{}", page.body);
    assert!(page.body.contains("Disable and end 2 sessions</button>"), "{}", page.body);
    assert!(bea.is_signed_in(), "asking does nothing");
    let told = act(&mut ana, &user, "disable", &[]);
    assert!(told.body.contains("2 sessions were ended") && told.body.contains("Disabled"), "{}", told.body);
    assert!(!bea.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
    let refused = app.browser().sign_in("bea", PASSWORD);
    assert!(refused.status == 403 && refused.body.contains("disabled"), "{}", refused.body);
    assert!(act(&mut ana, &user, "disable", &[]).body.contains("that was already so for"));
    act(&mut ana, &user, "enable", &[]);
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 303);
}

#[test]
fn of_a_user_without_open_sessions_no_question_speaks_of_sessions_that_end() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    for (act, button) in
        [("disable", ">Disable</button>"), ("delete", ">Delete</button>"), ("rename", ">Continue</button>")]
    {
        let page = ana.get(&format!("{user}/{act}")).body;
        assert!(page.contains(button) && !page.contains("at once"), "{page}");
    }
    let asked = ana.post(&format!("{user}/rename"), &[("new_name", "beatriz")]).body;
    assert!(asked.contains(">Rename</button>") && !asked.contains("at once"), "{asked}");
    app.tokens("bea");
    let asked = ana.post(&format!("{user}/rename"), &[("new_name", "beatriz")]).body;
    assert!(
        asked.contains("One open session ends at once.") && asked.contains(">Rename and end 1 session</button>"),
        "{asked}"
    );
}

#[test]
fn a_user_is_disabled_on_the_date_that_was_set() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    let tokens = app.tokens("bea");
    let user = path_of(&mut ana, "bea");
    let past = act(&mut ana, &user, "schedule", &[("date", "2020-01-01T10:00")]);
    assert!(past.status == 400 && past.body.contains("That time has passed"));
    assert_eq!(act(&mut ana, &user, "schedule", &[("date", "soon")]).status, 400);
    let date = (app.clock.now().0 + 600).to_string();
    let told = act(&mut ana, &user, "schedule", &[("date", &date)]);
    assert!(told.body.contains("The date to disable bea was set") && told.body.contains("until"), "{}", told.body);
    app.clock.advance(590);
    assert!(bea.is_signed_in());
    app.clock.advance(20);
    assert_eq!(
        app.client().get("/protected", Some(&tokens.access)).status,
        401,
        "the next request, not the next cleaning"
    );
    assert!(!bea.is_signed_in());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 403);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
}

#[test]
fn a_date_can_be_taken_back() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let date = (app.clock.now().0 + 60).to_string();
    act(&mut ana, &user, "schedule", &[("date", &date)]);
    act(&mut ana, &user, "schedule", &[("date", "")]);
    app.clock.advance(120);
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 303);
}

#[test]
fn what_was_done_to_a_user_is_told_by_name_and_links_to_its_receipt() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let date = (app.clock.now().0 + 600).to_string();
    for (what, fields, words) in [
        ("make-admin", vec![], "bea is now an administrator."),
        ("make-user", vec![], "bea is no longer an administrator."),
        ("make-user", vec![], "that was already so for bea."),
        ("schedule", vec![("date", date.as_str())], "The date to disable bea was set."),
        ("schedule", vec![("date", "")], "bea no longer has a date to be disabled."),
        ("disable", vec![], "bea was disabled. No sessions were open.</p>"),
        ("enable", vec![], "bea can sign in again."),
    ] {
        let told = act(&mut ana, &user, what, &fields);
        assert!(told.body.contains(words) && !told.body.contains("/receipts/"), "{what}: {}", told.body);
    }
    for (what, name, words, reason) in [
        ("disable", "", "bea was disabled. One session was ended. <a href=\"/receipts/", "Account disabled"),
        ("delete", "bea", "bea was deleted. One session was ended. <a href=\"/receipts/", "Account deleted"),
    ] {
        act(&mut ana, &user, "enable", &[]);
        app.signed_in("bea");
        let told = act(&mut ana, &user, what, &[("name", name)]);
        assert!(told.body.contains(words), "{what}: {}", told.body);
        let receipt = told.body[told.body.find("/receipts/").unwrap()..].split('"').next().unwrap().to_owned();
        let receipt = ana.get(&receipt);
        assert!(receipt.body.contains("One session was ended") && receipt.body.contains(reason), "{}", receipt.body);
        assert!(!ana.get("/account").body.contains("/receipts/"), "the message is shown once");
    }
}

#[test]
fn a_deleted_user_is_gone_and_the_name_stays_taken() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    let user = path_of(&mut ana, "bea");
    let missing = "The field is empty. To delete this user, type bea here.</p>";
    let differs = "That isn’t the name";
    for (wrong, words) in [("", missing), (" ", missing), ("eva", differs), ("be a", differs)] {
        let refused = act(&mut ana, &user, "delete", &[("name", wrong)]);
        assert!(refused.status == 400 && refused.body.contains(words), "{wrong}: {}", refused.body);
    }
    assert!(bea.is_signed_in());
    let told = act(&mut ana, &user, "delete", &[("name", "bea")]);
    assert!(told.body.contains("One session was ended") && !told.body.contains(">bea</a>"), "{}", told.body);
    assert!(!bea.is_signed_in());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401, "as if there had never been one");
    ana.get("/admin/users/add");
    for name in ["bea", "BEA"] {
        let taken = ana.post("/admin/users/add", &[("username", name)]);
        assert!(
            taken.status == 409 && taken.body.contains("The user with that name was deleted on 20"),
            "{}",
            taken.body
        );
    }
    assert!(ana.get("/admin/revoked").body.contains("bea"), "what was ended stays to be read");
}

#[test]
fn a_deleted_user_can_be_found_and_every_page_says_when_it_was() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    app.add_user("eva");
    app.delete("bea");
    let list = ana.get("/admin/users");
    assert!(
        list.body.contains(">eva</a>")
            && !list.body.contains(">bea</a>")
            && list.body.contains("<option value=\"deleted\"")
    );
    let list = ana.get("/admin/users?state=deleted&name=B");
    assert!(list.body.contains(">bea</a>") && !list.body.contains(">eva</a>"), "{}", list.body);
    assert!(ana.get("/admin/users?state=deleted&name=c").body.contains("No users match “c”."));
    let at = list.body.find("/admin/users/").unwrap();
    let user = list.body[at..].split("href=\"").find(|link| link.contains(">bea</a>")).unwrap();
    let user = user.split('"').next().unwrap();
    let page = ana.get(user);
    assert!(page.status == 200 && page.body.contains("Deleted</span> <span class=\"until\"><time"), "{}", page.body);
    assert!(page.body.contains("/restore") && !page.body.contains("/enable"), "nothing else makes sense");
    for what in ["enable", "disable", "link", "make-admin", "make-user", "schedule", "delete"] {
        for answer in [ana.get(&format!("{user}/{what}")), ana.post(&format!("{user}/{what}"), &[("name", "bea")])] {
            assert!(
                answer.status == 409 && answer.body.contains("This user was deleted on 20"),
                "{what}: {}",
                answer.body
            );
        }
    }
    let eva = path_of(&mut ana, "eva");
    let refused = act(&mut ana, &eva, "restore", &[]);
    assert!(refused.status == 400 && refused.body.contains("This user isn’t deleted"), "{}", refused.body);
}

#[test]
fn a_restored_user_chooses_a_password_and_nothing_of_before_lives_again() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_admin("bea");
    let (mut bea, tokens) = (app.signed_in("bea"), app.tokens("bea"));
    let user = path_of(&mut ana, "bea");
    let old_link = link_on(&act(&mut ana, &user, "link", &[]));
    act(&mut ana, &user, "delete", &[("name", "bea")]);
    let asked = ana.get(&format!("{user}/restore"));
    assert!(asked.body.contains("Restore bea?"), "{}", asked.body);
    let restored = ana.post(&format!("{user}/restore"), &[]);
    assert_eq!(restored.status, 303, "{}", restored.body);
    let new_link = link_on(&ana.follow(restored));
    let nothing_lives = |bea: &mut crate::support::Browser| {
        assert!(!bea.is_signed_in());
        assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
        assert_eq!(app.browser().get(&old_link).status, 410);
        assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401, "the old password");
    };
    nothing_lives(&mut bea.clone());
    let page = ana.get(&user);
    assert!(page.body.contains("Invited") && page.body.contains("make-admin"), "an ordinary user: {}", page.body);
    let mut person = app.browser();
    person.get(&new_link);
    let chosen = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(person.post(&new_link, &chosen).status, 303);
    assert!(person.is_signed_in());
    assert_eq!(person.get("/admin/users").status, 403);
    nothing_lives(&mut bea);
    let sessions = ana.get("/admin/sessions?user=bea");
    assert_eq!(sessions.body.matches("aria-label=\"History of").count(), 1, "{}", sessions.body);
}

#[test]
fn the_last_admin_can_not_be_demoted_disabled_scheduled_or_deleted() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let date = (app.clock.now().0 + 600).to_string();
    let user = path_of(&mut ana, "ana");
    for (what, fields) in [
        ("make-user", &[][..]),
        ("disable", &[]),
        ("delete", &[("name", "ana")]),
        ("schedule", &[("date", date.as_str())]),
    ] {
        let refused = act(&mut ana, &user, what, fields);
        assert!(refused.status == 400 && refused.body.contains("the last administrator"), "{what}: {}", refused.body);
    }
    // With a second admin, the first may go; but one who is to be disabled on a date does not count.
    app.add_admin("bea");
    let bea = path_of(&mut ana, "bea");
    act(&mut ana, &bea, "schedule", &[("date", &date)]);
    assert_eq!(act(&mut ana, &user, "make-user", &[]).status, 400);
    act(&mut ana, &bea, "schedule", &[("date", "")]);
    // Nor does an admin who is only invited, and may never come.
    act(&mut ana, &bea, "make-user", &[]);
    ana.get("/admin/users/add");
    assert_eq!(ana.post("/admin/users/add", &[("username", "eva"), ("role", "admin")]).status, 303);
    assert_eq!(act(&mut ana, &user, "make-user", &[]).status, 400);
    act(&mut ana, &bea, "make-admin", &[]);
    ana.get(&format!("{user}/make-user"));
    assert_eq!(ana.post(&format!("{user}/make-user"), &[]).status, 303);
    assert_eq!(ana.get("/admin/users").status, 403, "on the next click");
}

#[test]
fn of_two_admins_who_demote_each_other_at_once_one_stays() {
    for _ in 0..5 {
        let app = TestApp::start();
        app.add_admin("ana");
        app.add_admin("bea");
        let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));
        let (of_bea, of_ana) = (path_of(&mut ana, "bea"), path_of(&mut bea, "ana"));
        let race =
            [(ana, format!("{of_bea}/make-user")), (bea, format!("{of_ana}/disable"))].map(|(mut browser, path)| {
                browser.get(&path);
                std::thread::spawn(move || browser.post(&path, &[]).status)
            });
        for one in race {
            let status = one.join().unwrap();
            assert!(matches!(status, 303 | 400 | 403), "{status}");
        }
        let admins = app.accounts.db.read(|conn| portero::store::users::enabled_admins(conn, None)).unwrap();
        assert_eq!(admins, 1);
    }
}

#[test]
fn programs_manage_users_too() {
    let app = TestApp::start();
    app.add_admin("ana");
    let token = app.tokens("ana").access;
    let post = |path: &str, body: &serde_json::Value| app.client().post_json(path, Some(&token), body);
    let made = post("/admin/users/add", &json!({ "username": "bea", "role": "admin" }));
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(made.json()["link"].as_str().unwrap().contains("/link/"));
    assert_eq!(post("/admin/users/add", &json!({ "username": "bea" })).status, 400);
    assert_eq!(post("/admin/users/add", &json!({ "username": "eva", "role": "king" })).status, 400);
    let users = app.client().get("/admin/users?name=bea", Some(&token)).json();
    let id = users["users"][0]["id"].as_i64().unwrap();
    assert_eq!(users["users"][0]["state"], "invited");
    for bad in
        [json!({}), json!({ "dat": "2030-01-01T10:00" }), json!({ "date": "soon" }), json!({ "date": "", "x": 1 })]
    {
        assert_eq!(post(&format!("/admin/users/{id}/schedule"), &bad).status, 400, "{bad}");
    }
    assert_eq!(post(&format!("/admin/users/{id}/disable"), &json!({ "date": "2030-01-01T10:00" })).status, 400);
    let disabled = post(&format!("/admin/users/{id}/disable"), &json!({}));
    assert_eq!(disabled.json(), json!({ "changed": true, "sessions_ended": 0 }));
    assert_eq!(app.client().post(&format!("/admin/users/{id}/disable"), Some(&token)).json()["changed"], false);
    assert_eq!(post(&format!("/admin/users/{id}/delete"), &json!({ "name": "eva" })).status, 400);
    assert_eq!(post(&format!("/admin/users/{id}/delete"), &json!({ "name": "bea" })).status, 200);
    let deleted = app.client().get(&format!("/admin/users/{id}"), Some(&token)).json();
    assert!(deleted["state"] == "deleted" && deleted["deleted_at"].is_i64(), "{deleted}");
    assert_eq!(app.client().get("/admin/users?name=bea", Some(&token)).json()["users"], json!([]));
    let of_deleted = app.client().get("/admin/users?state=deleted", Some(&token)).json();
    assert_eq!(of_deleted["users"][0]["username"], "bea");
    assert_eq!(app.client().get("/admin/users?state=gone", Some(&token)).status, 400);
    let refused = post(&format!("/admin/users/{id}/enable"), &json!({}));
    assert!(refused.status == 400 && refused.msg().contains("was deleted on"), "{}", refused.body);
    let restored = post(&format!("/admin/users/{id}/restore"), &json!({}));
    assert!(restored.status == 201 && restored.json()["link"].as_str().unwrap().contains("/link/"));
    assert_eq!(post(&format!("/admin/users/{id}/restore"), &json!({})).status, 400);
}

#[test]
fn admins_who_do_it_to_themselves_are_told_what_comes_of_it() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_admin("bea");
    for (what, words) in [
        ("disable", "You’ll be signed out, and another administrator must let you back in."),
        ("delete", "You’ll be signed out, and another administrator must restore your account."),
        ("make-user", "You’ll lose access to these pages"),
        ("schedule", "On that date you’ll be signed out"),
    ] {
        let own = path_of(&mut ana, "ana");
        let page = ana.get(&format!("{own}/{what}")).body;
        assert!(page.contains("<strong>This is you.</strong>") && page.contains(words), "{what}: {page}");
        let other = path_of(&mut ana, "bea");
        assert!(!ana.get(&format!("{other}/{what}")).body.contains("This is you."), "{what}");
    }
    let own = path_of(&mut ana, "ana");
    ana.get(&format!("{own}/disable"));
    let answer = ana.post(&format!("{own}/disable"), &[]);
    assert!(ana.follow(answer).body.contains("Your session has ended"), "as the page said");
    assert!(!ana.is_signed_in());
}
