//! Invitations, forgotten passwords, and what an admin does about users.

use serde_json::json;

use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const NEW_PASSWORD: &str = "lluvia de estrellas en agosto";

fn admin(app: &TestApp) -> Browser {
    app.add_admin("ana");
    app.signed_in("ana")
}

/// The path of the link that a page shows.
fn link(answer: &Answer) -> String {
    let at = answer.body.find("/link/").unwrap_or_else(|| panic!("{answer:?}"));
    answer.body[at..].split('"').next().unwrap().to_owned()
}

fn chosen() -> [(&'static str, &'static str); 2] {
    [("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)]
}

/// The path of a user's page.
fn path_of(browser: &mut Browser, name: &str) -> String {
    let list = browser.get(&format!("/admin/users?name={name}"));
    let at = list.body.find("/admin/users/").filter(|_| list.body.contains(&format!(">{name}</a>")));
    let mut links = list.body[at.unwrap_or_else(|| panic!("{}", list.body))..].split("href=\"");
    links.find(|link| link.contains(&format!(">{name}</a>"))).unwrap().split('"').next().unwrap().to_owned()
}

/// Goes through the confirm page; what the page after it says.
fn act(browser: &mut Browser, user: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
    let path = format!("{user}/{act}");
    assert_eq!(browser.get(&path).status, 200, "{path}");
    let answer = browser.post(&path, fields);
    browser.follow(answer)
}

#[test]
fn who_is_invited_chooses_a_password_and_is_signed_in() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    ana.get("/admin/users/add");
    let made = ana.post("/admin/users/add", &[("username", "Íñigo")]);
    assert_eq!(made.status, 200, "{}", made.body);
    let link = link(&made);
    let mut inigo = app.browser();
    for _ in 0..3 {
        // Chat programs fetch links to preview them.
        let page = inigo.get(&link);
        assert!(page.status == 200 && page.body.contains("Íñigo"), "{}", page.body);
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let weak = inigo.post(&link, &[("new_password", "short"), ("new_password_again", "short")]);
    assert!(weak.status == 400 && weak.body.contains("at least 12 characters"), "{}", weak.body);
    let differ = inigo.post(&link, &[("new_password", NEW_PASSWORD), ("new_password_again", OTHER_PASSWORD)]);
    assert_eq!(differ.status, 400, "nothing is used up yet");
    let done = inigo.post(&link, &chosen());
    let account = inigo.follow(done);
    assert!(account.body.contains("Your password is set") && inigo.is_signed_in());

    assert_eq!(app.browser().get(&link).status, 410, "it works once");
    assert_eq!(app.browser().sign_in("íñigo", NEW_PASSWORD).status, 303);
}

#[test]
fn who_forgot_the_password_gets_a_link_and_every_session_ends() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let (mut first, mut second) = (app.signed_in("bea"), app.signed_in("bea"));
    let user = path_of(&mut ana, "bea");
    let old = link(&act(&mut ana, &user, "link", &[]));
    let new = link(&act(&mut ana, &user, "link", &[]));
    assert_eq!(app.browser().get(&old).status, 410, "a new link voids the one before");
    assert!(first.is_signed_in() && second.is_signed_in(), "a link alone changes nothing");
    let mut bea = app.browser();
    bea.get(&new);
    let done = bea.post(&new, &chosen());
    let account = bea.follow(done);
    assert!(account.body.contains("2 other sessions were signed out"), "{}", account.body);
    assert!(!first.is_signed_in() && !second.is_signed_in() && bea.is_signed_in());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401);
}

#[test]
fn who_uses_a_link_in_a_browser_where_somebody_is_signed_in_takes_their_place() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let link = link(&act(&mut ana, &user, "link", &[]));
    let before = ana.clone();
    ana.get(&link);
    let done = ana.post(&link, &chosen());
    let account = ana.follow(done);
    assert!(account.body.contains("bea") && !account.body.contains("/admin/users"), "{}", account.body);
    assert!(!before.clone().is_signed_in(), "nobody is left signed in behind it");
}

#[test]
fn a_link_dies_with_time_and_with_its_user() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "eva", "leo"] {
        app.add_user(name);
    }
    let link_for = |ana: &mut Browser, name: &str| {
        let user = path_of(ana, name);
        link(&act(ana, &user, "link", &[]))
    };
    let (bea, eva, leo) = (link_for(&mut ana, "bea"), link_for(&mut ana, "eva"), link_for(&mut ana, "leo"));
    app.disable("bea");
    let user = path_of(&mut ana, "leo");
    act(&mut ana, &user, "delete", &[("name", "leo")]);
    for dead in [&bea, &leo, &"/link/x".to_owned(), &format!("{eva}x")] {
        let mut browser = app.browser();
        assert_eq!(browser.get(dead).status, 410, "{dead}");
        browser.get("/login");
        assert_eq!(browser.post(dead, &chosen()).status, 410, "{dead}");
    }
    assert_eq!(app.browser().get(&eva).status, 200);
    app.clock.advance(24 * 60 * 60);
    assert_eq!(app.browser().get(&eva).status, 410);
}

#[test]
fn a_link_dies_with_every_other_way_to_a_new_password() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "eva"] {
        app.add_user(name);
    }
    let [of_bea, of_eva] = ["bea", "eva"].map(|name| {
        let user = path_of(&mut ana, name);
        link(&act(&mut ana, &user, "link", &[]))
    });
    let mut bea = app.signed_in("bea");
    bea.get("/change-password");
    let fields = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    let changed = bea.post("/change-password", &fields);
    assert_eq!(changed.status, 303, "{}", changed.body);
    app.set_password("eva", NEW_PASSWORD);
    for dead in [of_bea, of_eva] {
        let mut thief = app.browser();
        assert_eq!(thief.get(&dead).status, 410, "{dead}");
        thief.get("/login");
        assert_eq!(
            thief.post(&dead, &[("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)]).status,
            410
        );
    }
    assert!(bea.is_signed_in());
    assert_eq!(app.browser().sign_in("eva", NEW_PASSWORD).status, 303);
}

#[test]
fn of_two_who_use_a_link_at_once_one_wins() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let link = link(&act(&mut ana, &user, "link", &[]));
    let visitors: Vec<_> = (0..8)
        .map(|_| {
            let (mut browser, link) = (app.browser(), link.clone());
            browser.get(&link);
            std::thread::spawn(move || browser.post(&link, &chosen()).status)
        })
        .collect();
    let mut statuses: Vec<_> = visitors.into_iter().map(|one| one.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410, 410, 410]);
}

#[test]
fn guessing_links_has_an_end() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let statuses: Vec<_> = (0..25).map(|n| browser.get(&format!("/link/guess-{n}")).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 410).count(), 20);
    assert!(statuses.ends_with(&[429, 429, 429, 429, 429]));
}

#[test]
fn users_are_listed_by_name_searched_and_paged() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for n in 0..60 {
        let name = portero::domain::Username::parse(&format!("user{n:02}")).unwrap();
        portero::accounts::invite(&app.accounts, name, portero::domain::Role::User, None, app.clock.now()).unwrap();
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
        assert!(ana.get(&format!("/admin/users?name={nothing}")).body.contains("Nobody’s name begins like that"));
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
fn disabling_names_what_ends_does_it_at_once_and_tells_how_many() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let (mut bea, tokens) = (app.signed_in("bea"), app.tokens("bea"));
    let user = path_of(&mut ana, "bea");
    let page = ana.get(&format!("{user}/disable"));
    assert!(page.body.contains("Disable bea?") && page.body.contains("2 sessions"), "{}", page.body);
    assert!(bea.is_signed_in(), "asking does nothing");
    let told = act(&mut ana, &user, "disable", &[]);
    assert!(told.body.contains("2 sessions were ended") && told.body.contains("Disabled"), "{}", told.body);
    assert!(!bea.is_signed_in());
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401);
    let refused = app.browser().sign_in("bea", PASSWORD);
    assert!(refused.status == 403 && refused.body.contains("disabled"), "{}", refused.body);
    assert!(act(&mut ana, &user, "disable", &[]).body.contains("it was so already"));
    act(&mut ana, &user, "enable", &[]);
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 303);
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
    assert!(past.status == 400 && past.body.contains("That moment is over"));
    assert_eq!(act(&mut ana, &user, "schedule", &[("date", "soon")]).status, 400);
    let date = (app.clock.now().0 + 600).to_string();
    let told = act(&mut ana, &user, "schedule", &[("date", &date)]);
    assert!(told.body.contains("The date is set") && told.body.contains("until"), "{}", told.body);
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
fn a_deleted_user_is_gone_and_the_name_stays_taken() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    let user = path_of(&mut ana, "bea");
    for wrong in ["", "eva", "be a"] {
        let refused = act(&mut ana, &user, "delete", &[("name", wrong)]);
        assert!(refused.status == 400 && refused.body.contains("That is not the name"), "{wrong}");
    }
    assert!(bea.is_signed_in());
    let told = act(&mut ana, &user, "delete", &[("name", "bea")]);
    assert!(told.body.contains("One session was ended") && !told.body.contains(">bea</a>"), "{}", told.body);
    assert!(!bea.is_signed_in());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401, "as if there had never been one");
    assert_eq!(ana.get(&user).status, 404);
    ana.get("/admin/users/add");
    for name in ["bea", "BEA"] {
        let taken = ana.post("/admin/users/add", &[("username", name)]);
        assert!(taken.status == 409 && taken.body.contains("or there was one"));
    }
    assert!(ana.get("/admin/revoked").body.contains("bea"), "what was ended stays to be read");
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
    // With a second one, the first may go; one who goes at a date does not count.
    app.add_admin("bea");
    let bea = path_of(&mut ana, "bea");
    act(&mut ana, &bea, "schedule", &[("date", &date)]);
    assert_eq!(act(&mut ana, &user, "make-user", &[]).status, 400);
    act(&mut ana, &bea, "schedule", &[("date", "")]);
    // Nor does one who was invited and may never come.
    act(&mut ana, &bea, "make-user", &[]);
    ana.get("/admin/users/add");
    assert_eq!(ana.post("/admin/users/add", &[("username", "eva"), ("role", "admin")]).status, 200);
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
fn only_an_admin_who_has_just_proved_it_changes_anything() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let mut bea = app.signed_in("bea");
    for path in ["/admin/users", "/admin/users/add", "/admin/about", &user, &format!("{user}/delete")] {
        assert_eq!(bea.get(path).status, 403, "{path}");
    }
    bea.get("/account");
    assert_eq!(bea.post(&format!("{user}/make-admin"), &[]).status, 403);
    app.clock.advance(301);
    assert_eq!(ana.get("/admin/users").status, 200, "looking needs no more");
    for path in ["/admin/users/add", &format!("{user}/disable")] {
        let asked = ana.get(path);
        assert!(asked.status == 303 && asked.location().starts_with("/confirm?next="), "{path}");
        let sent = ana.post(path, &[("username", "eva")]);
        assert!(sent.status == 303 && sent.location().starts_with("/confirm?next="), "{path}");
    }
    for nowhere in ["/admin/users/999", "/admin/users/x", &format!("{user}/explode")] {
        assert_eq!(ana.get(nowhere).status, if nowhere.ends_with("explode") { 303 } else { 404 }, "{nowhere}");
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
    assert_eq!(app.client().get(&format!("/admin/users/{id}"), Some(&token)).status, 404);
}

#[test]
fn who_cannot_sign_in_reads_what_the_operator_says() {
    let app = TestApp::start();
    let mut browser = app.browser();
    assert!(browser.get("/login").body.contains("href=\"/sign-in-help\""));
    assert!(browser.get("/sign-in-help").body.contains("Ask an administrator"));
    let app = TestApp::with(&[("sign_in_help", "Ring the <b>desk</b>.\nRoom 7, until noon.")]);
    let page = app.browser().get("/sign-in-help").body;
    assert!(
        page.contains("<p>Ring the &#60;b&#62;desk&#60;/b&#62;.</p>") && page.contains("<p>Room 7, until noon.</p>"),
        "{page}"
    );
}

#[test]
fn the_page_about_the_installation_tells_what_it_sees_and_no_secret() {
    let app = TestApp::with(&[("jwt.secret_key", "one key that only we have, of 32 bytes")]);
    let mut ana = admin(&app);
    let page = ana.get("/admin/about").body;
    for part in [
        env!("CARGO_PKG_VERSION"),
        "127.0.0.1",
        "portero.db",
        "access_token_cookie",
        "portero_device",
        "jwt.secret_key",
        "(hidden)",
        "MB",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("one key that only we have") && !page.contains("trusted_proxies, and was ignored"));
    ana.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    ana.get("/account");
    let page = ana.get("/admin/about").body;
    assert!(page.contains("trusted_proxies, and was ignored") && !page.contains("203.0.113.9"));
    assert!(page.contains("http://127.0.0.1:"), "as it was asked for: {page}");
    let json = app.client().get("/admin/about", Some(&app.tokens("ana").access)).json();
    assert_eq!((json["peer"].as_str(), json["forwarded_ignored"].as_bool()), (Some("127.0.0.1"), Some(true)));
    assert_eq!(json["settings"]["jwt.secret_key"], "(hidden)");
}
