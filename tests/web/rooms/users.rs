//! Room /admin/users: all users, by name.

use crate::common::admin;
use crate::support::TestApp;
use crate::support::operator;
use portero::accounts::people::links::invite;

#[test]
fn users_are_listed_by_name_searched_and_paged() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for n in 0..60 {
        let name = portero::domain::Username::parse(&format!("user{n:02}")).unwrap();
        invite(&app.accounts, operator(), name, portero::domain::Role::User).committed().unwrap();
    }
    let first = ana.get("/admin/users");
    assert!(
        first.body.contains(">ana</a>") && first.body.contains(">user48</a>") && !first.body.contains(">user49</a>")
    );
    assert!(first.body.contains("Invited"));
    let next =
        first.body.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = ana.get(&next);
    assert!(
        second.body.contains(">user49</a>") && second.body.contains(">user59</a>") && !second.body.contains(">ana</a>")
    );
    let found = ana.get("/admin/users?name=USER5");
    assert!(found.body.contains(">user50</a>") && !found.body.contains(">user49</a>"));
    for nothing in ["zzz", "%25", "user5_", "'"] {
        assert!(ana.get(&format!("/admin/users?name={nothing}")).body.contains("No users found"));
    }
    let json = app.client().get("/admin/users?name=ana", Some(&app.tokens("ana").access)).json();
    let row = &json["users"][0];
    assert_eq!(
        (row["username"].as_str(), row["role"].as_str(), row["state"].as_str()),
        (Some("ana"), Some("admin"), Some("enabled"))
    );
    assert_eq!(row["open_sessions"], 2);
}

#[test]
fn a_users_page_shows_their_permanent_id_and_programs_get_it_too() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let list = app.client().get("/admin/users?name=ana", Some(&app.tokens("ana").access)).json();
    let user = &list["users"][0];
    let uid = user["uid"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(uid).unwrap().get_version_num(), 4);
    let page = ana.get(&format!("/admin/users/{}", user["id"]));
    assert!(page.body.contains("Permanent ID") && page.body.contains(uid), "{}", page.body);
}
