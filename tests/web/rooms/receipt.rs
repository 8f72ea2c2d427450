//! Room /receipts/{id}: what was ended, and until when it may still be accepted elsewhere.

use serde_json::{Value, json};

use crate::common::{app_with_admin, as_json, end, sid};
use crate::rooms::nodes::add_node;
use crate::support::database::execute;
use crate::support::{Tokens, claims};

fn sid_of(tokens: &Tokens) -> String {
    claims(&tokens.access)["sid"].as_str().unwrap().to_owned()
}

#[test]
fn a_receipt_says_until_when_others_may_accept_a_token_and_then_that_nobody_can() {
    let app = app_with_admin();
    let (mut admin, bea) = (app.signed_in("adm"), app.tokens("bea"));
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid_of(&bea)));
    let until = claims(&bea.access)["exp"].as_i64().unwrap();
    assert!(receipt.body.contains("may still accept an access token until"), "{}", receipt.body);
    let id = receipt.body.split("href=\"/receipts/").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(receipt.body.matches(&format!("{id}<")).count(), 1, "people read it once: {}", receipt.body);
    let path = format!("/receipts/{id}");
    let told = as_json(&mut admin, &path);
    assert_eq!((&told["accepted_elsewhere_until"], &told["count"]), (&json!(until), &json!(1)));
    assert_eq!((&told["reason"], &told["by"]), (&json!("ended_by_admin"), &json!("adm")));
    assert_eq!((&told["sessions"][0]["refused"], &told["sessions"][0]["access_until"]), (&json!(true), &json!(until)));
    assert!((told["refused_since"].as_i64().unwrap() - app.clock.now().0).abs() < 60);

    app.clock.advance(16 * 60);
    let later = admin.get(&path).body;
    assert!(later.contains("No token from these sessions works anywhere now"), "{later}");
    assert_eq!(as_json(&mut app.signed_in("adm"), &path)["accepted_elsewhere_until"], Value::Null);
}

#[test]
fn a_page_about_one_session_user_or_act_says_by_which_address_others_find_it() {
    let app = app_with_admin();
    let (mut admin, bea) = (app.signed_in("adm"), sid_of(&app.tokens("bea")));
    let mut ana = app.signed_in("ana");
    let receipt = end(&mut admin, &format!("/admin/sessions/{bea}/end"));
    let id = receipt.body.split("/receipts/").nth(1).unwrap().split(['"', '<']).next().unwrap().to_owned();
    let user = as_json(&mut admin, "/admin/users?name=bea")["users"][0]["id"].clone();
    let own = sid(&ana);
    let pages = [
        format!("/receipts/{id}"),
        format!("/admin/users/{user}"),
        format!("/admin/sessions/{bea}"),
        format!("/account/sessions/{own}"),
    ];
    for path in pages {
        let browser = if path.starts_with("/account") { &mut ana } else { &mut admin };
        let page = browser.get(&path).body;
        let address = format!("href=\"{path}\">http://{}{path}</a>", app.address);
        assert!(page.contains("Address of this ") && page.contains(&address), "{path}: {page}");
    }
    // Each session of a receipt leads to its story, which whoever reads the receipt may read.
    assert!(receipt.body.contains(&format!("href=\"/admin/sessions/{bea}\"")), "{}", receipt.body);
    let other = sid_of(&app.tokens("ana"));
    let story = format!("/account/sessions/{other}");
    let receipt = end(&mut ana, &format!("{story}/end")).body;
    assert!(receipt.contains(&format!("href=\"{story}\"")) && ana.get(&story).status == 200, "{receipt}");
}

#[test]
fn a_receipt_says_once_whose_sessions_it_is_about_and_names_each_user_if_there_are_several() {
    let app = app_with_admin();
    let (mut admin, bea) = (app.signed_in("adm"), sid_of(&app.tokens("bea")));
    let page = end(&mut admin, &format!("/admin/sessions/{bea}/end")).body;
    let main = page.split_once("<h1>").unwrap().1;
    assert_eq!(main.matches(">bea<").count(), 1, "{main}");
    assert!(main.contains("Ended by an administrator · By: adm"), "{main}");
    assert!(page.contains("<a href=\"/admin/sessions\">Open sessions</a>"), "{page}");
    // Who ended it goes without saying where the reason says it.
    let other = sid_of(&app.tokens("ana"));
    let page = end(&mut app.signed_in("ana"), &format!("/account/sessions/{other}/end")).body;
    assert!(page.contains("Ended by the user</p>"), "{page}");
    assert!(page.contains("<li><a href=\"/account\">Your account</a></li>"), "{page}");
    // To an admin who reads it, it is nothing of their own account.
    let id = page.split("href=\"/receipts/").nth(1).unwrap().split('"').next().unwrap();
    let page = admin.get(&format!("/receipts/{id}")).body;
    assert!(page.contains("<a href=\"/admin/sessions\">Open sessions</a>") && !page.contains("Your account"), "{page}");

    for name in ["ana", "bea"] {
        app.tokens(name);
    }
    let page = end(&mut admin, "/admin/sessions/end?since=2020-01-01").body;
    let main = page.split_once("<h1>").unwrap().1;
    for name in [">ana<", ">bea<"] {
        assert!(main.contains(name), "{name}: {main}");
    }
}

#[test]
fn of_several_nodes_a_receipt_says_on_how_many_it_holds_and_since_when_the_others_serve_nothing() {
    let app = app_with_admin();
    let (mut admin, bea) = (app.signed_in("adm"), app.tokens("bea"));
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid_of(&bea)));
    let path =
        format!("/receipts/{}", receipt.body.split("href=\"/receipts/").nth(1).unwrap().split('"').next().unwrap());
    assert!(receipt.body.contains("Refused here since") && as_json(&mut admin, &path)["nodes"] == Value::Null);
    let id = path.rsplit('/').next().unwrap();
    execute(app.folder(), &format!("INSERT INTO receipt_commits VALUES ('{id}', 5, 1790000000, 1790000001)"));
    add_node(&app, 1, "{}", "10", 0);
    add_node(&app, 2, "{}", "10", 0);
    let page = admin.get(&path).body;
    assert!(page.contains("Refused on 2 of 2 nodes since") && page.contains("2026-09-21 14:13:21"), "{page}");
    assert!(!page.contains("Refused here since"), "{page}");
    add_node(&app, 3, "{}", "4", 60);
    let page = admin.get(&path).body;
    assert!(page.contains("Refused on 2 of 3 nodes since"), "{page}");
    assert!(page.contains("The node node3:8080 serves nothing since its lease ended at"), "{page}");
    let told = as_json(&mut admin, &path)["nodes"].clone();
    assert_eq!((&told["count"], &told["refusing"], &told["since"]), (&json!(3), &json!(2), &json!(1790000001)));
    assert!(told["others"][0]["lease_ended_at"].as_i64().unwrap() > 1790000001, "{told}");
    // One that is loading answers nothing yet, but nobody knows more.
    execute(app.folder(), "UPDATE receipt_commits SET everywhere_at = NULL");
    add_node(&app, 4, "{}", "NULL", 0);
    let page = admin.get(&path).body;
    assert!(page.contains("Refused on 2 of 4 nodes, as of") && page.contains("node4:8080 has not said yet"), "{page}");
    assert_eq!(as_json(&mut admin, &path)["nodes"]["since"], Value::Null);
}
