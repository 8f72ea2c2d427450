//! Room /admin/users/{id}/rename: another name for a user, after one confirmation.

use serde_json::json;

use crate::common::{Asker, add_by_form, admin, link_on, path_of};
use crate::support::{Answer, Browser, PASSWORD, TestApp};

/// Asks for the new name and confirms it; returns the answer to that.
fn rename(browser: &mut Browser, user: &str, to: &str) -> Answer {
    let path = format!("{user}/rename");
    assert_eq!(browser.get(&path).status, 200);
    let asked = browser.post(&path, &[("new_name", to)]);
    assert_eq!(asked.status, 200, "{}", asked.body);
    browser.post(&path, &[("new_name", to), ("confirmed", to)])
}

#[test]
fn a_user_is_renamed_after_a_confirmation_and_signs_in_by_the_new_name() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let (mut bea, tokens, asker) = (app.signed_in("bea"), app.tokens("bea"), Asker::of(&app));
    let user = path_of(&mut ana, "bea");
    let path = format!("{user}/rename");
    let page = ana.get(&path);
    assert!(page.body.contains("Rename bea"), "{}", page.body);
    let asked = ana.post(&path, &[("new_name", " Beatriz ")]);
    assert!(
        asked.body.contains("Rename bea to Beatriz?") && asked.body.contains("2 open sessions end at once."),
        "{}",
        asked.body
    );
    assert!(!asked.body.contains("primary danger"), "nothing is lost: {}", asked.body);
    // A name that was changed after it was shown is asked about again.
    let again = ana.post(&path, &[("new_name", "beatrix"), ("confirmed", "Beatriz")]);
    assert!(again.status == 200 && again.body.contains("Rename bea to beatrix?"), "{}", again.body);
    assert!(bea.is_signed_in() && ana.get(&user).body.contains("<h1>bea</h1>"), "asking does nothing");

    let done = ana.post(&path, &[("new_name", "Beatriz"), ("confirmed", "Beatriz")]);
    let told = ana.follow(done);
    assert!(
        told.body.contains("now called Beatriz. 2 sessions were ended. <a href=\"/receipts/")
            && told.body.contains("<h1>Beatriz</h1>"),
        "{}",
        told.body
    );
    assert!(told.body.contains("<dt>Previous names</dt><dd>bea</dd>"), "{}", told.body);
    assert!(!bea.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);
    assert!(asker.introspect(&tokens.access).is_none());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401);
    let mut browser = app.browser();
    assert_eq!(browser.sign_in("beatriz", PASSWORD).status, 303);
    assert!(browser.get("/account").body.contains("Beatriz"));
    assert_eq!(asker.introspect(&app.tokens("beatriz").access).unwrap()["sub"], "Beatriz");
    let revoked = ana.get("/admin/revoked?user=beatriz&reason=renamed");
    assert!(revoked.body.contains("Account renamed") && revoked.body.contains("Beatriz"), "{}", revoked.body);
}

#[test]
fn nobody_else_gets_an_old_name_and_its_user_may_take_it_back() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    app.add_user("eva");
    app.add_user("gone");
    app.delete("gone");
    let (bea, eva) = (path_of(&mut ana, "bea"), path_of(&mut ana, "eva"));
    assert_eq!(rename(&mut ana, &bea, "beatriz").status, 303);
    app.clock.advance(2);
    assert_eq!(rename(&mut ana, &bea, "bibi").status, 303);
    ana.get("/admin/users/add");
    for name in ["bea", "BEA", "beatriz"] {
        let taken = ana.post("/admin/users/add", &[("username", name)]);
        assert!(taken.status == 409 && taken.body.contains("bibi had that name until 20"), "{}", taken.body);
    }
    let path = format!("{eva}/rename");
    for (name, status, words) in [
        ("bea", 409, "bibi had that name until 20"),
        ("Bibi", 409, "There’s already a user with that name"),
        ("gone", 409, "The user with that name was deleted on 20"),
        ("", 400, "Enter a username"),
        ("e va", 400, "Start with a letter"),
    ] {
        ana.get(&path);
        for fields in [vec![("new_name", name)], vec![("new_name", name), ("confirmed", name)]] {
            let refused = ana.post(&path, &fields);
            assert!(refused.status == status && refused.body.contains(words), "{name}: {}", refused.body);
        }
    }
    // In another spelling a name is the same, and only shown differently.
    assert_eq!(rename(&mut ana, &eva, "Eva").status, 303);
    assert!(!ana.get(&eva).body.contains("Previous names"));
    let same = rename(&mut ana, &eva, "Eva");
    assert!(ana.follow(same).body.contains("that was already so for"));
    app.clock.advance(2);
    assert_eq!(rename(&mut ana, &bea, "bea").status, 303);
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 303);
    assert!(ana.get(&bea).body.contains("<dd>bibi, beatriz</dd>"), "{}", ana.get(&bea).body);
    assert_eq!(ana.get("/admin/users/999/rename").status, 404);
}

#[test]
fn a_link_goes_on_when_its_user_is_renamed_and_names_them_as_they_are() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let link = link_on(&add_by_form(&mut ana, "jsoe"));
    let user = path_of(&mut ana, "jsoe");
    assert_eq!(rename(&mut ana, &user, "jose").status, 303);
    let mut jose = app.browser();
    let page = jose.get(&link);
    assert!(page.status == 200 && page.body.contains("jose") && !page.body.contains("jsoe"), "{}", page.body);
    assert_eq!(jose.post(&link, &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]).status, 303);
    assert_eq!(app.browser().sign_in("jose", PASSWORD).status, 303);
}

#[test]
fn the_last_admin_may_be_renamed_by_themselves_and_has_to_sign_in_again() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let user = path_of(&mut ana, "ana");
    assert_eq!(rename(&mut ana, &user, "ana.ruiz").status, 303);
    assert!(!ana.is_signed_in());
    let mut ana = app.browser();
    assert_eq!(ana.sign_in("ana.ruiz", PASSWORD).status, 303);
    assert_eq!(ana.get("/admin/users").status, 200);
}

#[test]
fn a_deleted_user_keeps_every_name_and_is_not_renamed() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let bea = path_of(&mut ana, "bea");
    assert_eq!(rename(&mut ana, &bea, "beatriz").status, 303);
    app.delete("beatriz");
    for answer in [ana.get(&format!("{bea}/rename")), ana.post(&format!("{bea}/rename"), &[("new_name", "x")])] {
        assert!(answer.status == 409 && answer.body.contains("This user was deleted on 20"), "{}", answer.body);
    }
    ana.get("/admin/users/add");
    assert_eq!(ana.post("/admin/users/add", &[("username", "bea")]).status, 409);
}

#[test]
fn programs_rename_users_by_one_call() {
    let app = TestApp::start();
    app.add_admin("ana");
    app.add_user("bea");
    app.tokens("bea");
    let token = app.tokens("ana").access;
    let id = app.client().get("/admin/users?name=bea", Some(&token)).json()["users"][0]["id"].clone();
    let post = |body| app.client().post_json(&format!("/admin/users/{id}/rename"), Some(&token), &body);
    for bad in [json!({}), json!({ "name": "bibi" }), json!({ "new_name": "a b" }), json!({ "new_name": "ANA" })] {
        assert_eq!(post(bad.clone()).status, 400, "{bad}");
    }
    assert_eq!(post(json!({ "new_name": "bibi" })).json(), json!({ "changed": true, "sessions_ended": 1 }));
    assert_eq!(post(json!({ "new_name": "bibi" })).json(), json!({ "changed": false, "sessions_ended": 0 }));
    let user = app.client().get(&format!("/admin/users/{id}"), Some(&token)).json();
    assert_eq!((&user["username"], &user["past_names"]), (&json!("bibi"), &json!(["bea"])));
}
