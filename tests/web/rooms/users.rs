//! Room /admin/users: all users, by name.

use portero::accounts::people::import::{Imported, Newcomer, import};
use portero::accounts::people::links::invite;
use portero::domain::{Role, Username};
use portero::passwords::BroughtHash;
use serde_json::json;

use crate::common::{act, admin, as_json, path_of, second_factor};
use crate::support::{Answer, Browser, PASSWORD, TestApp, operator};

#[test]
fn users_are_listed_by_name_searched_and_paged() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for n in 0..60 {
        invite_all(&app, [format!("user{n:02}").as_str()]);
    }
    let first = ana.get("/admin/users");
    assert!(
        first.body.contains(">ana</a>") && first.body.contains(">user48</a>") && !first.body.contains(">user49</a>")
    );
    assert!(first.body.contains("Invited"));
    let next =
        first.body.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let second = ana.get(&next);
    assert!(
        second.body.contains(">user49</a>") && second.body.contains(">user59</a>") && !second.body.contains(">ana</a>")
    );
    let found = ana.get("/admin/users?name=USER5");
    assert!(found.body.contains(">user50</a>") && !found.body.contains(">user49</a>"));
    for nothing in ["zzz", "%25", "user5_", "'"] {
        assert!(ana.get(&format!("/admin/users?name={nothing}")).body.contains("No users match “"));
    }
    let json = app.client().get("/admin/users?name=ana", Some(&app.tokens("ana").access)).json();
    let row = &json["users"][0];
    assert_eq!(
        (row["username"].as_str(), row["role"].as_str(), row["state"].as_str()),
        (Some("ana"), Some("admin"), Some("enabled"))
    );
    assert_eq!(row["open_sessions"], 2);
}

/// The names in the rows of a list, in their order.
fn names(page: &Answer) -> Vec<String> {
    let links = page
        .body
        .split("<th scope=\"row\" role=\"rowheader\"><span class=\"line\"><a class=\"whole cut\" href=\"/admin/users/")
        .skip(1);
    links.map(|link| link.split_once("\">").unwrap().1.split('<').next().unwrap().to_owned()).collect()
}

fn invite_all<'a>(app: &TestApp, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        invite(&app.accounts, operator(), Username::parse(name).unwrap(), Role::User, None).committed().unwrap();
    }
}

#[test]
fn the_rule_of_names_is_told_once_a_name_breaks_it() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let form = ana.get("/admin/users/add").body;
    assert!(form.contains("For example ana.garcia") && !form.contains("backslash"), "{form}");
    let refused = ana.post("/admin/users/add", &[("username", "-bea")]);
    assert!(refused.status == 400 && refused.body.contains("one backslash after a domain"), "{}", refused.body);
}

#[test]
fn a_search_finds_any_part_of_a_name_in_any_case_and_without_accents() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    invite_all(&app, ["jordi-puig", "Íñigo.Muñoz", r"DOMAIN\bob", "O'Brien", "puigdemont"]);
    for (search, found) in [
        ("puig", vec!["jordi-puig", "puigdemont"]),
        ("PUIG", vec!["jordi-puig", "puigdemont"]),
        ("puig jordi", vec!["jordi-puig"]),
        ("jordi-p", vec!["jordi-puig"]),
        ("munoz", vec!["Íñigo.Muñoz"]),
        ("i%C3%B1", vec!["Íñigo.Muñoz"]),
        ("bob", vec![r"DOMAIN\bob"]),
        ("domain%5Cb", vec![r"DOMAIN\bob"]),
        ("brien", vec!["O&#39;Brien"]),
        ("uig", vec![]),
        ("puig zzz", vec![]),
    ] {
        assert_eq!(names(&ana.get(&format!("/admin/users?name={}", search.replace(' ', "+")))), found, "{search}");
    }
}

#[test]
fn a_search_follows_what_becomes_of_a_user() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("jordi-puig");
    let user = path_of(&mut ana, "jordi-puig");
    ana.get(&format!("{user}/rename"));
    ana.post(&format!("{user}/rename"), &[("new_name", "jordi-serra"), ("confirmed", "jordi-serra")]);
    assert_eq!(names(&ana.get("/admin/users?name=serra")), ["jordi-serra"]);
    assert!(names(&ana.get("/admin/users?name=puig")).is_empty());
    act(&mut ana, &user, "delete", &[("name", "jordi-serra")]);
    assert!(names(&ana.get("/admin/users?name=serra")).is_empty());
    assert_eq!(names(&ana.get("/admin/users?name=serra&state=deleted")), ["jordi-serra"]);
    act(&mut ana, &user, "restore", &[]);
    assert_eq!(names(&ana.get("/admin/users?name=serra")), ["jordi-serra"]);
    assert_eq!(names(&ana.get("/admin/users")), ["ana", "jordi-serra"]);
}

#[test]
fn users_are_filtered_by_role_and_state() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "out", "gone", "due"] {
        app.add_user(name);
    }
    app.add_admin("adm-out");
    invite_all(&app, ["new"]);
    app.disable("out");
    app.disable("adm-out");
    app.delete("gone");
    let due = path_of(&mut ana, "due");
    act(&mut ana, &due, "schedule", &[("date", &(app.clock.now().0 + 60).to_string())]);
    app.clock.advance(61);
    for (filter, found) in [
        ("", vec!["adm-out", "ana", "bea", "due", "new", "out"]),
        ("role=admin", vec!["adm-out", "ana"]),
        ("role=user", vec!["bea", "due", "new", "out"]),
        ("state=enabled", vec!["ana", "bea"]),
        ("state=invited", vec!["new"]),
        // A date that has come counts before anybody has looked.
        ("state=disabled", vec!["adm-out", "due", "out"]),
        ("state=deleted", vec!["gone"]),
        ("state=disabled&role=admin", vec!["adm-out"]),
        ("state=disabled&role=user", vec!["due", "out"]),
        ("state=disabled&name=out", vec!["adm-out", "out"]),
        ("role=admin&name=out", vec!["adm-out"]),
        ("state=enabled&name=out", vec![]),
        ("state=deleted&name=g&role=user", vec!["gone"]),
    ] {
        let page = ana.get(&format!("/admin/users?{filter}"));
        assert_eq!(names(&page), found, "{filter}");
    }
    for bad in ["role=boss", "state=tired", "after=x", "after=x.y"] {
        assert_eq!(ana.get(&format!("/admin/users?{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn a_list_says_how_many_there_are_and_why_it_is_empty() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let page = ana.get("/admin/users");
    assert!(page.body.contains("One user<") && page.body.contains("the only user so far"), "{}", page.body);
    let many: Vec<_> = (0..201).map(|n| format!("many-{n:03}")).collect();
    invite_all(&app, many.iter().map(String::as_str).take(199));
    let says = |browser: &mut Browser, query: &str, words: &str| {
        let page = browser.get(&format!("/admin/users{query}"));
        assert!(page.body.contains(words) && !page.body.contains("so far"), "{query}: {}", page.body);
    };
    says(&mut ana, "", "200 users, by name");
    says(&mut ana, "?name=many", "199 users match");
    says(&mut ana, "?name=ana", "One user matches");
    invite_all(&app, [many[199].as_str()]);
    says(&mut ana, "?name=many", ">200 users match");
    invite_all(&app, [many[200].as_str()]);
    says(&mut ana, "?name=many", "200+ users match");
    says(&mut ana, "?state=invited", "200+ users match");
    says(&mut ana, "", "202 users, by name");
    app.delete("many-000");
    says(&mut ana, "", "201 users, by name");
    for (query, words) in [
        ("?name=zzz", "No users match “zzz”."),
        ("?role=admin&state=invited", "Filters: Administrator · Invited<"),
        ("?name=zzz&role=admin&state=invited", "Other filters: Administrator · Invited<"),
        ("?name=zzz", "href=\"/admin/users\">Clear filters</a>"),
        ("?role=admin&state=invited", "No matching users."),
        ("?state=disabled", "Nobody is disabled."),
        ("?state=disabled&name=many", "No users match “many”."),
        ("?state=deleted&role=admin", "No matching users."),
    ] {
        says(&mut ana, query, words);
    }
}

#[test]
fn a_search_that_is_paged_lists_everybody_once() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let all: Vec<_> = (0..120).map(|n| format!("ma{:02}.ma{n:03}.x", n % 7)).collect();
    invite_all(&app, all.iter().map(String::as_str));
    let (mut seen, mut path) = (Vec::new(), "/admin/users?name=ma".to_owned());
    loop {
        let page = ana.get(&path);
        seen.extend(names(&page));
        let Some(next) = page.body.split("rel=\"next\" href=\"").nth(1) else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&");
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (120, 120));
}

/// Where the page's link of this kind leads: `next` or `prev`.
fn link(page: &Answer, rel: &str) -> Option<String> {
    let (_, link) = page.body.split_once(&format!("rel=\"{rel}\" href=\""))?;
    Some(link.split('"').next().unwrap().replace("&#38;", "&"))
}

#[test]
fn a_list_leads_back_page_by_page_to_what_was_read_before() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let all: Vec<_> = (0..170).map(|n| format!("user{n:03}")).collect();
    invite_all(&app, all.iter().map(String::as_str));
    for list in ["/admin/users?name=user", "/admin/audit?what=user_added"] {
        let rows =
            |page: &Answer| page.body.split_once("<tbody").unwrap().1.split_once("</tbody>").unwrap().0.to_owned();
        let mut pages = vec![ana.get(list)];
        assert_eq!(link(&pages[0], "prev"), None);
        while let Some(next) = link(pages.last().unwrap(), "next") {
            pages.push(ana.get(&next));
        }
        assert_eq!(pages.len(), 4, "{list}");
        let mut here = pages.pop().unwrap();
        for before in pages.iter().skip(1).rev() {
            here = ana.get(&link(&here, "prev").unwrap());
            assert_eq!(rows(&here), rows(before), "{list}");
            assert!(link(&here, "next").is_some(), "{list}");
        }
        // From the second page the way to the first is the way back.
        assert_eq!(link(&here, "prev"), None, "{list}");
        assert_eq!(ana.get(&format!("{list}&after=x&before=x&trail=x")).status, 400, "{list}");
    }
}

#[test]
fn a_row_leads_to_its_user_and_to_their_sessions_and_nowhere_else() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("b+a");
    app.signed_in("b+a");
    let page = ana.get("/admin/users?name=b");
    let (_, table) = page.body.split_once("<tbody").unwrap();
    let (table, _) = table.split_once("</tbody>").unwrap();
    let links: Vec<_> = table.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links, ["/admin/users/2", "/admin/sessions?user=b%2Ba"]);
    assert!(ana.get(links[1]).body.contains("127.0.0.1"));
    assert!(page.body.find("/admin/users/add").unwrap() < page.body.find("<table").unwrap());
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

#[test]
fn the_list_shows_who_has_a_second_factor_and_finds_who_has_none() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "cleo"] {
        app.add_user(name);
    }
    second_factor(&app, "bea");
    for (filter, found) in [
        ("factor=no", vec!["ana", "cleo"]),
        ("factor=yes", vec!["bea"]),
        ("factor=", vec!["ana", "bea", "cleo"]),
        ("factor=no&role=admin", vec!["ana"]),
        ("factor=no&state=enabled", vec!["ana", "cleo"]),
        ("factor=yes&name=b", vec!["bea"]),
        ("factor=no&name=b", vec![]),
    ] {
        let page = ana.get(&format!("/admin/users?{filter}"));
        assert_eq!(names(&page), found, "{filter}");
        assert_eq!(page.body.contains("1 set up"), found.contains(&"bea"), "{filter}");
    }
    assert_eq!(ana.get("/admin/users?factor=maybe").status, 400);
    let page = ana.get("/admin/users?factor=no&role=admin&state=invited").body;
    assert!(page.contains("Filters: Administrator · Invited · Without a second factor"), "{page}");
    let csv = ana.get("/admin/users/export?factor=yes&format=csv").body;
    assert!(csv.lines().next().unwrap().ends_with(",open_sessions,factors,groups") && csv.contains("bea"), "{csv}");
    assert!(!csv.contains("cleo"));
    let page = ana.get("/admin/users/2").body;
    assert!(page.contains("Phone") && page.contains("10 recovery codes left"), "{page}");
    let told = as_json(&mut ana, "/admin/users/2");
    assert_eq!((&told["second_factors"][0]["name"], told["recovery_codes_left"].as_i64()), (&json!("Phone"), Some(10)));
    assert_eq!(told["trusted_browsers"].as_i64(), Some(0));
}

#[test]
fn the_list_says_how_many_of_those_who_were_imported_have_signed_in_and_finds_who_has_not() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    assert!(!ana.get("/admin/users").body.contains("imported users"), "nobody was");
    // Of the password of everybody here, as plain bcrypt.
    let hash = BroughtHash::parse(&bcrypt::hash(PASSWORD, 4).unwrap()).unwrap();
    let newcomer = |name: &str| Newcomer {
        username: Username::parse(name).unwrap(),
        display_name: None,
        mail: None,
        mail_is_verified: false,
        groups: Vec::new(),
        role: Role::User,
        is_disabled: false,
        hash: Some(hash.clone()),
    };
    let three = ["ida", "ivo", "iris"].map(newcomer).to_vec();
    assert!(matches!(
        import(&app.accounts, operator(), three, |_| ()).committed().unwrap(),
        Imported::Done { groups_added } if groups_added.is_empty()
    ));
    app.signed_in("ida");
    let page = ana.get("/admin/users");
    assert!(page.body.contains("1 of 3 imported users have signed in since."), "{}", page.body);
    for (filter, found) in [
        ("imported=waiting", vec!["iris", "ivo"]),
        ("imported=signed_in", vec!["ida"]),
        ("imported=waiting&name=iv", vec!["ivo"]),
        ("imported=waiting&role=admin", vec![]),
        ("imported=waiting&state=invited", vec![]),
    ] {
        assert_eq!(names(&ana.get(&format!("/admin/users?{filter}"))), found, "{filter}");
    }
    assert_eq!(ana.get("/admin/users?imported=perhaps").status, 400);
    app.signed_in("ivo");
    app.delete("iris");
    assert!(!ana.get("/admin/users").body.contains("imported users"), "all who are left have");
}
