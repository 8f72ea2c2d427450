//! Groups of people: what they mean for apps (room apps/check), and rooms /admin/groups, beneath it, and /admin/users/…/groups.

use portero::accounts::apps::manage::{self, AppFault};
use portero::accounts::people::groups::{self, Changed, Membership, Removed};
use portero::accounts::people::restore::restore;
use portero::domain::{Allowed, Entrant, GroupId, GroupName};
use portero::store::groups as store;
use serde_json::json;

use super::apps::{AtApp, WIKI, add_app, entered, rules, set, user, with_wiki};
use crate::common::{app_with_admin, as_json};
use crate::support::{TestApp, claims, operator};

fn name(text: &str) -> GroupName {
    GroupName::parse(text).unwrap()
}

fn add_group(app: &TestApp, text: &str) -> GroupId {
    groups::add(&app.accounts, operator(), name(text)).committed().unwrap().unwrap()
}

fn change(app: &TestApp, group: GroupId, people: &[&str], to: Membership) -> Changed {
    let people = people.iter().map(|name| user(app, name)).collect();
    groups::change_members(&app.accounts, operator(), group, people, to).committed().unwrap()
}

fn remove(app: &TestApp, group: GroupId) -> Removed {
    groups::remove(&app.accounts, operator(), group).committed().unwrap()
}

fn only_editors() -> Allowed {
    Allowed::Listed(vec![Entrant::Group("editors".into())])
}

#[test]
fn whoever_is_put_into_a_group_is_let_in_by_its_apps_and_whoever_is_taken_out_is_refused_on_the_next_request() {
    let (app, id) = with_wiki();
    let editors = add_group(&app, "Editors");
    let (mut ana, mut browser) = entered(&app, WIKI, "ana");
    set(&app, id, |rules| rules.allowed = only_editors());
    assert_eq!(ana.script("/").status, 403);
    let gate = AtApp::new(&app, WIKI).start("/");
    assert_eq!(browser.get(&gate).status, 403);

    assert_eq!(change(&app, editors, &["ana", "bea"], Membership::In), Changed::Done(2));
    assert_eq!(change(&app, editors, &["ana"], Membership::In), Changed::Done(0));
    assert_eq!(ana.script("/").status, 200, "on the next request");
    let mut again = AtApp::new(&app, WIKI);
    again.enter(&mut browser, "/");
    assert_eq!(again.script("/").status, 200);

    assert_eq!(change(&app, editors, &["ana"], Membership::Out), Changed::Done(1));
    assert_eq!((ana.script("/").status, again.script("/").status), (403, 403), "on the next request");
    assert_eq!(browser.get(&gate).status, 403);
    let (mut bea, _) = entered(&app, WIKI, "bea");
    assert_eq!(bea.script("/").status, 200);
}

#[test]
fn an_app_is_told_the_groups_of_who_asks_in_a_header_and_signed() {
    let (app, _) = with_wiki();
    let (mut ana, _) = entered(&app, WIKI, "ana");
    app.make_app_keys();
    let mut told = || {
        let answer = ana.script("/");
        let signed = claims(answer.header("x-portero-assertion").unwrap());
        (answer.header("remote-groups").unwrap().to_owned(), signed["groups"].to_string())
    };
    assert_eq!(told(), (String::new(), "[]".into()));
    for group in ["wheel", "Editors", "org/team:b"] {
        let group = add_group(&app, group);
        change(&app, group, &["ana"], Membership::In);
    }
    assert_eq!(told(), ("Editors,org/team:b,wheel".into(), r#"["Editors","org/team:b","wheel"]"#.into()));
    let wheel = GroupId(1);
    assert_eq!(remove(&app, wheel), Removed::Done);
    assert_eq!(told(), ("Editors,org/team:b".into(), r#"["Editors","org/team:b"]"#.into()), "on the next request");
    assert_eq!(&*app.accounts.blocklist.groups(user(&app, "ana")), [name("Editors"), name("org/team:b")]);
    assert!(app.accounts.blocklist.groups(user(&app, "bea")).is_empty());
}

#[test]
fn a_group_that_an_app_lets_in_stays_until_the_app_does_not() {
    let (app, id) = with_wiki();
    let editors = add_group(&app, "editors");
    set(&app, id, |rules| rules.allowed = only_editors());
    assert_eq!(remove(&app, editors), Removed::LetInBy(vec!["wiki".into()]));
    set(&app, id, |rules| rules.allowed = Allowed::Everyone);
    assert_eq!(remove(&app, editors), Removed::Done);
    assert_eq!(remove(&app, editors), Removed::NoSuchGroup);
    let change = |rules: &mut portero::domain::AppRules| rules.allowed = only_editors();
    let refused = manage::set(&app.accounts, operator(), id, change).committed().unwrap();
    assert_eq!(refused, Err(AppFault::NoSuchGroup("editors".into())));
}

#[test]
fn a_group_of_a_name_that_was_removed_has_nobody_in_it() {
    let (app, _) = with_wiki();
    let before = add_group(&app, "editors");
    change(&app, before, &["ana"], Membership::In);
    assert_eq!(remove(&app, before), Removed::Done);
    let after = add_group(&app, "Editors");
    assert_ne!(before, after);
    let (mut ana, _) = entered(&app, WIKI, "ana");
    assert_eq!(ana.script("/").header("remote-groups"), Some(""));
    portero::accounts::upkeep::prune::prune(&app.accounts).unwrap();
    change(&app, after, &["ana"], Membership::In);
    assert_eq!(ana.script("/").header("remote-groups"), Some("Editors"));
}

#[test]
fn whoever_is_deleted_and_restored_is_in_no_group_and_on_no_list_of_an_app() {
    let (app, id) = with_wiki();
    let editors = add_group(&app, "editors");
    change(&app, editors, &["ana", "bea"], Membership::In);
    let ana = user(&app, "ana");
    set(&app, id, move |rules| rules.allowed = Allowed::Listed(vec![Entrant::User(ana)]));
    app.delete("ana");
    let people = vec![ana];
    let gone = groups::change_members(&app.accounts, operator(), editors, people, Membership::In).committed().unwrap();
    assert_eq!(gone, Changed::NoSuchUser);
    restore(&app.accounts, operator(), ana).committed().unwrap();
    assert!(app.accounts.blocklist.groups(ana).is_empty());
    let place = app.accounts.blocklist.app_at(WIKI).unwrap();
    assert_eq!(place.app.rules.allowed, Allowed::Listed(Vec::new()), "nobody, and not everybody");
}

#[test]
fn groups_are_known_after_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let settings = [("trusted_proxies", "127.0.0.1")];
    let app = TestApp::in_folder(folder.path(), &settings);
    for user in ["ana", "bea", "eva"] {
        app.add_user(user);
    }
    for (group, people) in [("b", ["ana", "bea"].as_slice()), ("a", &["bea"]), ("c", &["ana", "bea"])] {
        let group = add_group(&app, group);
        change(&app, group, people, Membership::In);
    }
    add_app(&app, "wiki", rules(&[WIKI]));
    app.stop();
    let app = TestApp::in_folder(folder.path(), &settings);
    for (user, groups) in [("ana", "b,c"), ("bea", "a,b,c"), ("eva", "")] {
        let (mut at, _) = entered(&app, WIKI, user);
        assert_eq!(at.script("/").header("remote-groups"), Some(groups), "{user}");
    }
    app.stop();
}

#[test]
fn nobody_is_in_more_groups_than_headers_have_room_for() {
    let (app, _) = with_wiki();
    let groups: Vec<_> = (0..16).map(|n| add_group(&app, &format!("{n:0>64}"))).collect();
    let (last, first) = groups.split_last().unwrap();
    for group in first {
        assert_eq!(change(&app, *group, &["ana"], Membership::In), Changed::Done(1));
    }
    assert_eq!(change(&app, *last, &["bea", "ana"], Membership::In), Changed::TooMany);
    assert!(app.accounts.blocklist.groups(user(&app, "bea")).is_empty(), "all of them or nobody");
    let (mut ana, _) = entered(&app, WIKI, "ana");
    app.make_app_keys();
    let answer = ana.script("/");
    let size: usize = answer.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(size < 4000, "{size} bytes are more than nginx reads by default");
}

fn people(app: &TestApp, group: i64) -> Vec<String> {
    let found = app.accounts.db.read(|conn| store::members(conn, GroupId(group), 10)).unwrap();
    found.into_iter().map(|(_, name)| name.to_string()).collect()
}

#[test]
fn an_admin_adds_a_group_puts_people_in_takes_one_out_and_removes_it() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    assert!(browser.get("/admin/groups").body.contains("There are no groups yet."));
    let added = browser.post("/admin/groups/add", &[("name", " Editors ")]);
    let path = added.location().to_owned();
    let page = browser.follow(added).body;
    assert!(page.contains("The group was added.") && page.contains("Nobody is in it"), "{page}");
    let put = browser.post(&path, &[("people", "ana\r\n\r\n bea ")]);
    let page = browser.follow(put).body;
    assert!(page.contains("2 people were put into the group.") && page.contains("2 people are in it"), "{page}");
    assert!(page.contains("aria-label=\"Take out ana\"") && page.contains("No app lets people in"), "{page}");
    assert_eq!(people(&app, 1), ["ana", "bea"]);
    assert!(browser.get("/admin/groups").body.contains(">Editors</a>"));
    let ana = user(&app, "ana");
    let own = format!("/admin/users/{ana}");
    assert!(browser.get(&own).body.contains("<a href=\"/admin/groups/1\">Editors</a>"));
    assert_eq!(as_json(&mut browser, &own)["groups"], json!(["Editors"]));
    assert_eq!(as_json(&mut browser, &path)["people"][1]["username"], "bea");
    assert_eq!(as_json(&mut browser, "/admin/groups")["groups"][0]["people"], 2);
    let out = format!("{path}/people/{ana}/remove");
    for _ in 0..2 {
        let answer = browser.post(&out, &[]);
        assert!(browser.follow(answer).body.contains("The person was taken out of the group."));
        assert_eq!(people(&app, 1), ["bea"]);
    }
    let asks = browser.get(&format!("{path}/remove")).body;
    assert!(asks.contains("Remove Editors?"), "{asks}");
    let removed = browser.post(&format!("{path}/remove"), &[]);
    assert!(browser.follow(removed).body.contains("The group was removed."));
    for gone in [&path, &format!("{path}/remove")] {
        assert_eq!(browser.get(gone).status, 404, "{gone}");
    }
    assert_eq!(browser.post(&path, &[("people", "ana")]).status, 404);
    assert_eq!(browser.post(&out, &[]).status, 404);
}

#[test]
fn what_is_wrong_with_a_group_is_said_and_nothing_is_changed() {
    let (app, id) = with_wiki();
    let mut browser = app.signed_in("adm");
    browser.get("/admin/groups/add");
    let editors = add_group(&app, "editors");
    for (name, status, said) in [
        ("", 400, "has 1 to 64 letters"),
        ("a b", 400, "has 1 to 64 letters"),
        ("a,b", 400, "has 1 to 64 letters"),
        ("EDITORS", 409, "There is a group of this name already"),
    ] {
        let answer = browser.post("/admin/groups/add", &[("name", name)]);
        assert!(answer.status == status && answer.body.contains(said), "{name}: {} {}", answer.status, answer.body);
    }
    let many = "ana\n".repeat(101);
    for (people, said) in [
        ("", "Enter at least one user name"),
        (&many, "Enter 100 user names at most"),
        ("ana\nnobody", "There is no user nobody"),
        ("ana\na b", "There is no user a b"),
    ] {
        let answer = browser.post("/admin/groups/1", &[("people", people)]);
        assert!(answer.status == 400 && answer.body.contains(said), "{people}: {} {}", answer.status, answer.body);
    }
    assert!(people(&app, 1).is_empty(), "all of them or nobody");
    set(&app, id, |rules| rules.allowed = only_editors());
    assert!(browser.get("/admin/groups/1").body.contains("Apps that let this group in: wiki"));
    assert_eq!(browser.get("/admin/groups/1/remove").status, 409);
    let kept = browser.post("/admin/groups/1/remove", &[]);
    assert!(kept.status == 409 && kept.body.contains("Apps let this group in: wiki"), "{} {}", kept.status, kept.body);
    assert!(app.accounts.db.read(|conn| store::find(conn, editors)).unwrap().is_some());
    let seen = manage::seen(&app.accounts.blocklist.app_at(WIKI).unwrap().app.rules);
    let fields = [("who", "listed"), ("groups", "editors\nothers"), ("seen", &seen)];
    let unknown = browser.post("/admin/apps/1", &fields);
    assert!(unknown.status == 409 && unknown.body.contains("There is no group others"), "{}", unknown.body);
    assert!(browser.get("/admin/apps/1").body.contains("editors</textarea>"));
}

#[test]
fn the_groups_of_a_user_are_ticked_on_one_page() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    let path = format!("/admin/users/{}/groups", user(&app, "ana"));
    assert!(browser.get(&path).body.contains("There are no groups yet."));
    for group in ["a", "b", "c"] {
        add_group(&app, group);
    }
    let saved = browser.post(&path, &[("seen", ""), ("group-1", "on"), ("group-3", "on")]);
    assert!(browser.follow(saved).body.contains("The groups of ana were saved."));
    let ana = user(&app, "ana");
    assert_eq!(&*app.accounts.blocklist.groups(ana), [name("a"), name("c")]);
    let page = browser.get(&path).body;
    assert!(page.contains("name=\"seen\" value=\"1,3\"") && page.matches(" checked").count() == 2, "{page}");
    let same = browser.post(&path, &[("seen", "1,3"), ("group-1", "on"), ("group-3", "on")]);
    assert!(browser.follow(same).body.contains("that was already so for ana"));

    let late = browser.post(&path, &[("seen", "1"), ("group-2", "on")]);
    assert!(late.status == 409 && late.body.contains("Somebody changed these groups"), "{}", late.body);
    assert!(late.body.contains("name=\"seen\" value=\"1,3\"") && late.body.contains("id=\"group-2\""), "{}", late.body);
    assert_eq!(browser.post(&path, &[("seen", "1,3"), ("group-1", "on"), ("group-9", "on")]).status, 409);
    assert_eq!(&*app.accounts.blocklist.groups(ana), [name("a"), name("c")], "what is refused changes nothing");

    let tokens = app.tokens("adm");
    let client = app.client();
    let answer = client.post_json(&path, Some(&tokens.access), &json!({ "groups": ["B"] }));
    assert_eq!((answer.status, answer.json()), (200, json!({ "changed": true })), "{}", answer.body);
    assert_eq!(&*app.accounts.blocklist.groups(ana), [name("b")]);
    let answer = client.post_json(&path, Some(&tokens.access), &json!({ "groups": ["z"] }));
    assert_eq!((answer.status, answer.msg()), (400, "There is no group z".into()));
}

#[test]
fn only_an_admin_who_was_here_lately_changes_groups() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    add_group(&app, "editors");
    let ana = user(&app, "ana");
    let (of_user, out) = (format!("/admin/users/{ana}/groups"), format!("/admin/groups/1/people/{ana}/remove"));
    let changing = ["/admin/groups/add", "/admin/groups/1", "/admin/groups/1/remove", &of_user, &out];
    let mut other = app.signed_in("ana");
    other.get("/account");
    for path in ["/admin/groups", "/admin/groups/1", "/admin/groups/add", "/admin/groups/1/remove", &of_user] {
        assert_eq!(other.get(path).status, 403, "{path}");
    }
    let fields = [("name", "x"), ("people", "ana"), ("group-1", "on")];
    for path in changing {
        assert_eq!(other.post(path, &fields).status, 403, "{path}");
    }
    browser.get("/admin/groups");
    app.clock.advance(301);
    for path in changing {
        assert!(browser.post(path, &fields).location().starts_with("/confirm"), "{path}");
    }
    assert_eq!(app.accounts.db.read(store::all).unwrap().len(), 1);
    assert!(people(&app, 1).is_empty());
}
