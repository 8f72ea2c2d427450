//! Promise: whatever a name may hold comes through every page, call, link and token as it is, and nobody gets a name that could be mistaken
//! for somebody else's.

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::common::{Asker, act, add_by_form, admin, link_on, path_of};
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, claims};

/// An apostrophe, a domain, an underscore in front, a non-joiner of Persian, a joiner of Sinhala.
const NAMES: [&str; 6] = ["O'Brien", r"DOMAIN\bob", "_svc", r"ACME\_x.o'hara+1@y", "نامه\u{200c}ای", "ශ්\u{200d}රී"];

fn in_html(name: &str) -> String {
    name.replace('\'', "&#39;")
}

#[test]
fn a_name_with_an_apostrophe_a_domain_or_a_joiner_comes_through_everywhere() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let asker = Asker::of(&app);
    for name in NAMES {
        let (shown, encoded) = (in_html(name), byte_serialize(name.as_bytes()).collect::<String>());
        let made = add_by_form(&mut ana, name);
        assert!(made.body.contains(&shown), "{name}: {}", made.body);
        let link = link_on(&made);
        let mut person = app.browser();
        assert!(person.get(&link).body.contains(&shown), "{name}");
        let chosen = person.post(&link, &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]);
        let account = person.follow(chosen);
        assert!(account.body.contains(&shown), "{name}: {}", account.body);

        let mut page = app.browser();
        assert_eq!(page.sign_in(name, PASSWORD).status, 303, "{name}");
        let tokens = app.tokens(name);
        assert_eq!(claims(&tokens.access)["sub"], name);
        assert_eq!(app.client().get("/protected", Some(&tokens.access)).json()["logged_in_as"], name);
        assert_eq!(asker.introspect(&tokens.access).unwrap()["username"], name);
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200, "{name}");

        let listed = ana.get(&format!("/admin/users?name={encoded}"));
        assert!(listed.body.contains(&format!(">{shown}</a>")), "{name}: {}", listed.body);
        let user = listed.body.split("href=\"").find(|rest| rest.contains(&format!(">{shown}</a>"))).unwrap();
        let user = user.split('"').next().unwrap().to_owned();
        let of_user = ana.get(&user);
        let sessions = of_user.body.split("href=\"").find(|rest| rest.starts_with("/admin/sessions?")).unwrap();
        let sessions = ana.get(sessions.split('"').next().unwrap());
        assert!(sessions.status == 200 && sessions.body.contains(&shown), "{name}: {}", sessions.body);
        // The path with the name survives the way by the confirmation.
        app.clock.advance(6 * 60);
        let away = ana.get(&format!("/admin/sessions/end?user={encoded}"));
        assert!(away.location().starts_with("/confirm?next="), "{name}: {}", away.location());
        let way = ana.follow(away);
        let next = way.body.split("name=\"next\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let back = ana.post("/confirm", &[("password", PASSWORD), ("next", &next)]);
        let asked = ana.get(back.location());
        assert!(asked.status == 200 && asked.body.contains(&shown), "{name}: {} {}", back.location(), asked.body);
        let ended = ana.post(back.location(), &[]);
        let receipt = ana.follow(ended);
        assert!(receipt.body.contains("Receipt") && receipt.body.contains(&shown), "{name}: {}", receipt.body);
        assert!(asker.introspect(&tokens.access).is_none());
        let revoked = ana.get(&format!("/admin/revoked?user={encoded}"));
        assert!(revoked.body.contains(&shown) && !revoked.body.contains("There is no user"), "{name}");
        act(&mut ana, &user, "disable", &[]);
        let told = act(&mut ana, &user, "delete", &[("name", name)]);
        assert!(told.body.contains(&format!("{shown} was deleted")), "{name}: {}", told.body);
    }
}

#[test]
fn a_name_is_found_with_a_typographic_apostrophe_and_without_its_joiner_too() {
    let app = TestApp::start();
    for (name, typed) in [("O'Brien", "o’brien"), ("نامه\u{200c}ای", "نامهای")] {
        app.add_user(name);
        let mut browser = app.browser();
        assert_eq!(browser.sign_in(typed, PASSWORD).status, 303, "{typed}");
        let body = json!({ "username": typed, "password": PASSWORD });
        let token = app.client().post_json("/login", None, &body).json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["sub"], name, "there is one spelling in tokens");
    }
    app.set_password(r"o’Brien", OTHER_PASSWORD);
    assert_eq!(app.browser().sign_in("O'BRIEN", OTHER_PASSWORD).status, 303);
}

#[test]
fn an_invisible_character_that_does_nothing_is_refused_with_the_rule() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["b\u{200c}ea", "bea\u{200d}", "b\u{200b}ea", r"A\B\bea", r"\bea", r"bea\", "'bea", "bea_"] {
        ana.get("/admin/users/add");
        let refused = ana.post("/admin/users/add", &[("username", name)]);
        assert_eq!(refused.status, 400, "{name:?}");
        assert!(refused.body.contains("Start with a letter, digit or underscore"), "{}", refused.body);
    }
    assert!(ana.get("/admin/users?name=b").body.contains("No users match “b”."));
}

#[test]
fn a_new_name_that_looks_like_another_is_refused_with_its_reason() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "gone", "O'Brien", "nina", "old"] {
        app.add_user(name);
    }
    app.delete("gone");
    let old = path_of(&mut ana, "old");
    ana.get(&format!("{old}/rename"));
    let renamed = ana.post(&format!("{old}/rename"), &[("new_name", "new"), ("confirmed", "new")]);
    assert_eq!(renamed.status, 303, "{}", renamed.body);
    let bea = path_of(&mut ana, "bea");
    // Cyrillic, but for the Greek ΝΙΝΑ and a letter that looks like an apostrophe.
    for (name, like) in
        [("аnа", "ana"), ("АNА", "ana"), ("gоnе", "gone"), ("оld", "old"), ("ΝΙΝΑ", "nina"), ("OʼBrien", "O'Brien")]
    {
        let words = in_html(&format!("This name looks like {like},"));
        ana.get("/admin/users/add");
        let added = ana.post("/admin/users/add", &[("username", name)]);
        assert!(added.status == 409 && added.body.contains(&words), "{name}: {}", added.body);
        let token = app.tokens("ana").access;
        let by_program = app.client().post_json("/admin/users/add", Some(&token), &json!({ "username": name }));
        assert!(by_program.status == 400 && by_program.msg().contains("looks like"), "{name}: {}", by_program.body);
        ana.get(&format!("{bea}/rename"));
        for fields in [vec![("new_name", name)], vec![("new_name", name), ("confirmed", name)]] {
            let renamed = ana.post(&format!("{bea}/rename"), &fields);
            assert!(renamed.status == 409 && renamed.body.contains(&words), "{name}: {}", renamed.body);
        }
    }
    let users = app.client().get("/admin/users", Some(&app.tokens("ana").access)).json();
    assert_eq!(users["users"].as_array().unwrap().len(), 5, "nobody was added: {users}");
}

#[test]
fn names_of_plain_letters_and_ones_own_may_look_alike() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bob1", "bobl", "BOB0", "josé", "jose", "анна"] {
        ana.get("/admin/users/add");
        assert_eq!(ana.post("/admin/users/add", &[("username", name)]).status, 303, "{name}");
    }
    app.add_user("eva");
    let eva = path_of(&mut ana, "eva");
    // The last е is Cyrillic; nobody but her is like it, before and after.
    for name in ["еva", "eva", "еva"] {
        ana.get(&format!("{eva}/rename"));
        let renamed = ana.post(&format!("{eva}/rename"), &[("new_name", name), ("confirmed", name)]);
        assert_eq!(renamed.status, 303, "{name}: {}", renamed.body);
    }
}
