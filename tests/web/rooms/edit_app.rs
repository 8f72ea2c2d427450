//! Rooms /admin/apps and beneath it: the apps, and how each is set up.

use portero::domain::{Allowed, AppId, Entrant, Level};
use portero::store::apps;

use crate::common::{app_with_admin, as_json};
use crate::support::{Answer, Browser, TestApp};

/// What a form sends of an app that is to be open to everybody who is signed in.
const WIKI: [(&str, &str); 5] = [
    ("name", "wiki"),
    ("origins", "https://wiki.example.org\r\nhttps://wiki.example.net"),
    ("who", "everyone"),
    ("level", "one"),
    ("identity", "on"),
];

fn add(browser: &mut Browser) -> String {
    browser.get("/admin/apps/add");
    let added = browser.post("/admin/apps/add", &WIKI);
    assert_eq!(added.status, 303, "{}", added.body);
    added.location().to_owned()
}

/// Sends the form with how the app was set up when it was shown.
fn save(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path);
    send(browser, path, &seen_on(&page), fields)
}

fn seen_on(page: &Answer) -> String {
    page.body.split_once("name=\"seen\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

fn send(browser: &mut Browser, path: &str, seen: &str, fields: &[(&str, &str)]) -> Answer {
    let fields: Vec<_> = fields.iter().copied().chain([("seen", seen)]).collect();
    browser.post(path, &fields)
}

fn stored(app: &TestApp) -> portero::domain::App {
    app.accounts.db.read(|conn| apps::find(conn, AppId(1))).unwrap().unwrap()
}

#[test]
fn an_admin_adds_an_app_changes_it_and_removes_it() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    assert!(browser.get("/admin/apps").body.contains("There are no apps yet."));
    let path = add(&mut browser);
    let page = browser.get(&path).body;
    assert!(page.contains("The app was added.") && page.contains("https://wiki.example.net</textarea>"), "{page}");
    assert_eq!(stored(&app).rules.allowed, Allowed::Everyone);

    let change = [
        ("origins", "https://wiki.example.org"),
        ("who", "listed"),
        ("people", "ana\r\n\r\n bea "),
        ("admins", "on"),
        ("level", "two"),
        ("max_age", "12h"),
        ("open_paths", "/public/"),
        ("observe", "on"),
        ("backchannel", " https://wiki.example.org/logout "),
    ];
    assert_eq!(save(&mut browser, &path, &change).status, 303);
    let rules = stored(&app).rules;
    assert_eq!(rules.backchannel_logout.as_ref().unwrap().as_str(), "https://wiki.example.org/logout");
    assert_eq!(
        (rules.level, rules.max_age, rules.observes, rules.sends_identity),
        (Level::Two, Some(43200), true, false)
    );
    let Allowed::Listed(entrants) = rules.allowed else { panic!() };
    assert!(entrants.len() == 3 && entrants.contains(&Entrant::Admins), "{entrants:?}");
    let page = browser.get(&path).body;
    assert!(page.contains("ana\nbea</textarea>") && page.contains("value=\"12h\""), "{page}");
    assert!(browser.get("/admin/apps").body.contains("Only observes"));
    assert_eq!(save(&mut browser, &path, &change).status, 303);
    assert!(browser.get(&path).body.contains("It was so already."));
    assert_eq!(as_json(&mut browser, "/admin/apps")["apps"][0]["name"], "wiki");

    let asks = browser.get(&format!("{path}/remove")).body;
    assert!(asks.contains("Remove wiki?"), "{asks}");
    let removed = browser.post(&format!("{path}/remove"), &[]);
    assert!(browser.follow(removed).body.contains("The app was removed."));
    assert_eq!(browser.get(&path).status, 404);
    assert_eq!(browser.get(&format!("{path}/remove")).status, 404);
}

#[test]
fn what_is_wrong_with_an_app_is_said_and_nothing_is_changed() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    let path = add(&mut browser);
    for (field, value, said) in [
        ("name", " ", "1 to 64 characters"),
        ("origins", "http://a.example", "http://a.example has to begin with https://"),
        ("origins", "https://a.example/x", "https://a.example/x is not an address of an app"),
        ("people", "nobody", "There is no user nobody"),
        ("open_paths", "/a/../b", "/a/../b can be read in more than one way"),
        ("max_age", "5s", "Enter a time from 1m to 365d"),
        ("backchannel", "https://a.example/#x", "Write an address like https://wiki.example.org/logout"),
        ("backchannel", "http://a.example/logout", "An app is told with https"),
    ] {
        let fields = [("name", "other"), ("who", "listed"), (field, value)];
        let fields = if field == "name" { &fields[1..] } else { &fields[..] };
        let answer = browser.post("/admin/apps/add", fields);
        assert!(answer.status == 400 && answer.body.contains(said), "{field}: {} {}", answer.status, answer.body);
    }
    for (fields, said) in [
        ([("name", "wiki"), ("origins", "")], "There is an app of this name already"),
        ([("name", "other"), ("origins", "https://WIKI.example.org/")], "Another app is at https://wiki.example.org"),
    ] {
        let answer = browser.post("/admin/apps/add", &fields);
        assert!(answer.status == 409 && answer.body.contains(said), "{} {}", answer.status, answer.body);
    }
    assert_eq!(browser.post(&path, &[("max_age", "x")]).status, 400);
    assert_eq!(app.accounts.db.read(apps::all).unwrap().len(), 1);
    assert_eq!(stored(&app).rules.origins.len(), 2);
}

#[test]
fn only_an_admin_who_was_here_lately_sees_and_changes_apps() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    let path = add(&mut browser);
    let mut ana = app.signed_in("ana");
    for path in ["/admin/apps", "/admin/apps/add", &path, &format!("{path}/remove")] {
        assert_eq!(ana.get(path).status, 403, "{path}");
    }
    for path in ["/admin/apps/add", &path, &format!("{path}/remove")] {
        assert_eq!(ana.post(path, &WIKI).status, 403, "{path}");
    }
    app.clock.advance(301);
    assert_eq!(browser.get("/admin/apps").status, 200);
    assert!(browser.get(&path).location().starts_with("/confirm"));
    assert!(browser.post(&format!("{path}/remove"), &[]).location().starts_with("/confirm"));
    assert_eq!(app.accounts.db.read(apps::all).unwrap().len(), 1);
}

#[test]
fn what_another_admin_changed_meanwhile_is_not_overwritten_unseen() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    let path = add(&mut browser);
    let shown = seen_on(&browser.get(&path));
    let mut other = app.signed_in("adm");
    assert_eq!(save(&mut other, &path, &[("origins", "https://wiki.example.org"), ("who", "listed")]).status, 303);
    let fields = [("origins", "https://wiki.example.org"), ("who", "everyone"), ("observe", "on")];
    for seen in [shown.as_str(), ""] {
        let late = send(&mut browser, &path, seen, &fields);
        assert!(late.status == 409 && late.body.contains("Somebody changed this app"), "{} {}", late.status, late.body);
        assert_eq!(stored(&app).rules.allowed, Allowed::Listed(Vec::new()));
        assert!(!stored(&app).rules.observes);
        // What was typed is still there, and who has looked may send it again.
        assert!(late.body.contains("name=\"observe\" value=\"on\" checked"), "{}", late.body);
        assert_ne!(seen_on(&late), shown);
    }
    let late = send(&mut browser, &path, &shown, &fields);
    assert_eq!(send(&mut browser, &path, &seen_on(&late), &fields).status, 303);
    assert!(stored(&app).rules.observes);
}

#[test]
fn the_page_about_openid_overwrites_nothing_unseen_either() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    let path = add(&mut browser);
    let openid = format!("{path}/openid");
    let shown = seen_on(&browser.get(&openid));
    let mut other = app.signed_in("adm");
    assert_eq!(save(&mut other, &openid, &[("redirect_uris", "https://wiki.example.org/back")]).status, 303);
    let fields = [("redirect_uris", "https://elsewhere.example/back")];
    let late = send(&mut browser, &openid, &shown, &fields);
    assert!(late.status == 409 && late.body.contains("Somebody changed this app"), "{} {}", late.status, late.body);
    let kept = || stored(&app).rules.openid.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(kept(), ["https://wiki.example.org/back"]);
    assert_eq!(send(&mut browser, &openid, &seen_on(&late), &fields).status, 303);
    assert_eq!(kept(), ["https://elsewhere.example/back"]);
}

#[test]
fn the_list_says_whether_anybody_can_enter_an_app() {
    let app = app_with_admin();
    let mut browser = app.signed_in("adm");
    browser.get("/admin/apps/add");
    assert_eq!(browser.post("/admin/apps/add", &[("name", "wiki"), ("who", "everyone")]).status, 303);
    let list = browser.get("/admin/apps").body;
    assert!(list.contains("Nobody: it has no address") && !list.contains("Everyone"), "{list}");
    let at = ("origins", "https://wiki.example.org");
    assert_eq!(save(&mut browser, "/admin/apps/1", &[at, ("who", "listed")]).status, 303);
    assert!(browser.get("/admin/apps").body.contains("Nobody: no one is listed"));
    assert_eq!(save(&mut browser, "/admin/apps/1", &[at, ("who", "everyone")]).status, 303);
    assert!(browser.get("/admin/apps").body.contains("Everyone who is signed in"));
}
