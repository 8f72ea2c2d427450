//! Room /admin: where an admin begins. Who is in, what wants attention, what happened, and what is to be done next.

use portero::domain::By;
use portero::store::{Upkeep, instance};

use crate::common::{admin, as_json, second_factor, sid};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, database, totp};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// The kinds of what wants attention, in their order, each with whether it is a danger.
fn attention(browser: &mut Browser) -> Vec<(String, bool)> {
    let told = as_json(browser, "/admin");
    let kinds = told["attention"].as_array().unwrap().iter();
    kinds.map(|one| (one["kind"].as_str().unwrap().to_owned(), one["danger"].as_bool().unwrap())).collect()
}

fn set(app: &TestApp, name: &'static str, value: i64) {
    let set = app
        .accounts
        .db
        .write(Upkeep, app.clock.now(), move |tx, _: By| instance::set(tx.conn, name, &value.to_string()));
    set.committed().unwrap();
}

/// Waits for what nobody waits for: it was handed to the writer before.
fn settle(app: &TestApp) {
    app.accounts.db.write(Upkeep, app.clock.now(), |_, _: By| Ok::<_, portero::store::Error>(())).committed().unwrap();
}

/// Changes the database behind the server's back.
fn execute(app: &TestApp, sql: &str) {
    database::execute(app.folder(), sql);
}

#[test]
fn an_admin_begins_at_the_overview_and_everybody_else_at_their_account() {
    let app = TestApp::start();
    app.add_user("bea");
    app.add_admin("ana");
    for (name, home) in [("ana", "/admin"), ("bea", "/account")] {
        let mut browser = app.browser();
        assert_eq!(browser.sign_in(name, PASSWORD).location(), home);
        assert_eq!(browser.get("/").location(), home);
        assert_eq!(browser.get("/login").location(), home);
        assert_eq!(browser.get("/login?next=/account").location(), "/account", "asked for by name");
        let other = &[("username", name), ("password", PASSWORD), ("next", "//evil.example")];
        let mut second = app.browser();
        second.get("/login");
        assert_eq!(second.post("/login", other).location(), home);
    }
    let mut ana = app.signed_in("ana");
    let page = ana.get("/admin").body;
    let first = page.split("<nav").nth(1).unwrap().split("<a ").nth(1).unwrap();
    assert!(first.starts_with("href=\"/admin\" aria-current=\"page\""), "{first}");
    assert!(!ana.get("/admin/users").body.contains("href=\"/admin\" aria-current"));
    assert_eq!(app.signed_in("bea").get("/admin").status, 403);
}

#[test]
fn a_link_that_invites_an_admin_leads_to_the_overview() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    ana.get("/admin/users/add");
    let answer = ana.post("/admin/users/add", &[("username", "cleo"), ("role", "admin")]);
    let made = ana.follow(answer).body;
    let link = made[made.find("/link/").unwrap()..].split(['"', '<']).next().unwrap().to_owned();
    let mut cleo = app.browser();
    cleo.get(&link);
    let fields = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(cleo.post(&link, &fields).location(), "/admin");
    assert_eq!(cleo.get("/admin").status, 200);
}

#[test]
fn on_the_first_evening_it_says_what_to_do_next_until_that_is_done() {
    let app = TestApp::start();
    let mut ana = app.browser();
    let setup = app.setup_path();
    ana.get(&setup);
    let fields = [("username", "ana"), ("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    let answer = ana.post(&setup, &fields);
    assert_eq!(answer.location(), "/admin");
    let page = ana.follow(answer).body;
    for part in ["Welcome!", "Nothing needs your attention", "/admin/users/add", "public_url =", "portero backup"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    app.add_user("bea");
    set(&app, instance::LAST_BACKUP, app.clock.now().0);
    let page = ana.get("/admin").body;
    assert!(!page.contains("Add the people") && !page.contains("portero backup") && page.contains("public_url ="));
}

#[test]
fn when_everything_is_done_there_are_no_next_steps() {
    let app = TestApp::with(&[("public_url", "https://login.example.org"), ("password.bcrypt_cost", "10")]);
    app.add_admin("ana");
    app.add_admin("bea");
    set(&app, instance::LAST_BACKUP, app.clock.now().0);
    let tokens = app.tokens("ana");
    let told = app.client().get("/admin", Some(&tokens.access)).json();
    assert_eq!(told["attention"], serde_json::json!([]));
    assert_eq!((told["people"].as_i64(), told["open_sessions"].as_i64()), (Some(1), Some(1)));
}

#[test]
fn what_happened_is_counted_by_hour_and_day_and_leads_to_its_events() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    app.browser().sign_in("bea", "wrong");
    for name in ["nobody", "no-one"] {
        app.browser().sign_in(name, PASSWORD);
    }
    let tokens = app.tokens("bea");
    app.client().post("/refresh", Some(&tokens.refresh));
    app.client().delete("/logout", Some(&tokens.access));
    let told = as_json(&mut ana, "/admin");
    for span in ["day", "month"] {
        let expected = serde_json::json!({ "sign_ins": 2, "failed_sign_ins": 3, "renewals": 1, "ended_sessions": 1 });
        assert_eq!(told[span], expected, "{span}");
    }
    assert_eq!((told["open_sessions"].as_i64(), told["active_sessions"].as_i64()), (Some(1), Some(1)));
    let page = ana.get("/admin").body;
    assert!(page.contains("aria-label=\"Failed sign-ins: 3, peak: 3 an hour\""), "{page}");
    assert!(page.contains("2 with unknown usernames"));
    let link = page.split("href=\"/admin/audit?what=sign_in_failed").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/admin/audit?what=sign_in_failed{}", link.replace("&#38;", "&").replace("&amp;", "&"));
    let events = as_json(&mut ana, &link);
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "{link}: only of accounts there is an event");
    app.clock.advance(2 * DAY);
    let told = as_json(&mut app.signed_in("ana"), "/admin");
    assert_eq!((told["day"]["sign_ins"].as_i64(), told["month"]["sign_ins"].as_i64()), (Some(1), Some(3)));
}

#[test]
fn what_did_not_happen_is_one_line_and_no_picture_or_row() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let page = ana.get("/admin").body;
    assert_eq!(page.matches("class=\"bars\"").count(), 2, "the sign-in, by hour and by day: {page}");
    assert!(page.contains("No failed sign-ins. No renewals. No ended sessions."), "{page}");
    for left_out in ["23 hours in which nothing happened are left out.", "29 days on which nothing happened"] {
        assert!(page.contains(left_out), "{left_out}: {page}");
    }
    app.clock.advance(40 * DAY);
    settle(&app);
    let page = app.signed_in("ana").get("/admin").body;
    assert_eq!(page.matches("class=\"bars\"").count(), 2, "{page}");
}

#[test]
fn what_wants_attention_stands_there_the_dangers_first() {
    let app = TestApp::start();
    app.add_user("bea");
    let mut ana = admin(&app);
    assert_eq!(attention(&mut ana), [("one-admin".to_owned(), false)]);
    app.add_admin("adm");
    assert_eq!(attention(&mut ana), []);

    ana.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    ana.get("/admin/about");
    ana.headers.clear();
    execute(&app, "UPDATE sessions SET odd = true");
    let thief = app.signed_in("bea");
    let mut owner = thief.clone();
    app.clock.advance(HOUR);
    owner.get("/account");
    app.clock.advance(HOUR);
    owner.get("/account");
    thief.clone().get("/account");
    for _ in 0..6 {
        app.browser().sign_in("bea", "wrong");
    }
    let mut ana = app.signed_in("ana");
    let found = attention(&mut ana);
    let kinds: Vec<_> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["theft", "slowed", "odd", "forwarded"]);
    assert!(found[0].1 && found[1..].iter().all(|(_, danger)| !danger));
    let page = ana.get("/admin").body;
    assert!(page.contains("An old sign-in token was reused") && page.contains("what=refresh_reused"), "{page}");
    assert!(page.contains("1 username") && page.contains("state=odd"), "{page}");
    assert!(!page.contains("Nothing needs your attention"));
}

#[test]
fn far_more_failures_than_usual_are_a_danger() {
    let app = TestApp::with(&[("throttle", "off")]);
    app.add_admin("adm");
    let mut ana = admin(&app);
    for n in 0..49 {
        app.browser().sign_in(&format!("nobody{n}"), "wrong");
    }
    settle(&app);
    assert_eq!(attention(&mut ana), []);
    app.browser().sign_in("adm", "wrong");
    settle(&app);
    assert_eq!(attention(&mut ana), [("failures".to_owned(), true)]);
}

#[test]
fn after_a_week_it_minds_a_missing_backup_and_address_and_later_an_old_key() {
    let app = TestApp::start();
    app.add_admin("adm");
    admin(&app);
    app.clock.advance(8 * DAY);
    let kinds = |app: &TestApp| {
        let found = attention(&mut app.signed_in("ana"));
        found.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&app), ["backup", "public-url"]);
    assert!(app.signed_in("ana").get("/admin").body.contains("There’s no backup"));
    set(&app, instance::LAST_BACKUP, app.clock.now().0);
    assert_eq!(kinds(&app), ["public-url"]);
    app.clock.advance(8 * DAY);
    assert!(app.signed_in("ana").get("/admin").body.contains("The last backup was made 8 days ago"));
    app.clock.advance(360 * DAY);
    assert_eq!(kinds(&app), ["backup", "public-url", "key-age"]);
}

#[test]
fn a_clock_that_is_set_back_and_an_audit_log_that_was_cut_off_are_dangers() {
    let app = TestApp::start();
    app.add_admin("adm");
    let mut ana = admin(&app);
    execute(
        &app,
        "DELETE FROM audit_checkpoint; INSERT INTO audit_checkpoint VALUES (1, 1000, '0', '0');
                   DELETE FROM audit_events; DELETE FROM audit_head",
    );
    app.browser().sign_in("adm", PASSWORD);
    assert_eq!(attention(&mut ana), [("audit-fault".to_owned(), true)]);
    app.accounts.clock_doubted.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(attention(&mut ana)[1], ("clock".to_owned(), true));
}

#[test]
fn the_latest_acts_are_those_of_admins_and_operators_and_nobody_elses() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let mut bea = app.signed_in("bea");
    let of_bea = sid(&bea);
    ana.get(&format!("/admin/sessions/{of_bea}/end"));
    ana.post(&format!("/admin/sessions/{of_bea}/end"), &[]);
    // Somebody else signs in where bea was: that ends her session, and is no admin's act.
    bea.sign_in("bea", PASSWORD);
    app.add_user("cleo");
    bea.cookies.retain(|name, _| !name.starts_with("access") && !name.starts_with("was"));
    bea.sign_in("cleo", PASSWORD);
    let page = ana.get("/admin").body;
    let acts = page.split("id=\"acts\"").nth(1).unwrap();
    assert!(acts.contains("Ended by an administrator") && acts.contains("Command line (test)"), "{acts}");
    for other in ["Signed in<", "Wrong password", "in the same browser"] {
        assert!(!acts.contains(other), "{other}: {acts}");
    }
    assert!(acts.contains("title=\"20") && acts.contains(" s ago") || acts.contains("now"), "{acts}");
}

#[test]
fn a_thousand_unusual_sessions_are_not_all_counted() {
    let app = TestApp::start();
    app.add_admin("adm");
    let mut ana = admin(&app);
    let expires = app.clock.now().0 + DAY;
    // Of Ana, who is signed in: memory counts one person whether it has read these rows yet or not.
    execute(
        &app,
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
             INSERT INTO sessions (sid, user_id, transport, remembered, created_at, auth_time, last_seen_at, expires_at, access_until,
                ip, user_agent, gen, issue_count, previous_issue, rotated_at, seen, csrf_seed, steps, odd)
             SELECT 'x' || i, (SELECT id FROM users WHERE username = 'ana'), 'cookie', false, i, 0, 0, {expires}, 0, '', '', 0, 0, 0, 0,
                true, '', 1, i <= 1200 FROM n"
        ),
    );
    let told = as_json(&mut ana, "/admin");
    assert_eq!((told["open_sessions"].as_i64(), told["people"].as_i64()), (Some(6001), Some(1)));
    assert!(told["active_sessions"].is_null());
    let page = ana.get("/admin").body;
    assert!(page.contains("1000 unusual sessions or more") && page.contains(">6\u{202f}001<"), "{page}");
}

#[test]
fn it_says_how_many_have_no_second_factor_before_one_is_asked_for_and_after() {
    let kind = |app: &TestApp, name: &str| {
        let mut browser = app.signed_in(name);
        let found = attention(&mut browser).into_iter().any(|(kind, _)| kind == "without-factor");
        (found, browser.get("/admin").body)
    };
    let now = jiff::Timestamp::now().as_second();
    for (settings, told) in [
        (("optional", None), None),
        (("everyone", Some(60)), None),
        (("everyone", Some(10)), Some("3 people have no")),
        (("admins", Some(10)), Some("One person has no")),
    ] {
        let (wanted, days) = settings;
        let from = days.map(|days: i64| (now + days * DAY).to_string());
        let from = from.as_deref().map(|from| ("second_factor_from", from));
        let app = TestApp::with(&[("second_factor", wanted)].into_iter().chain(from).collect::<Vec<_>>());
        app.add_admin("ana");
        for name in ["bea", "cleo", "out", "eva"] {
            app.add_user(name);
        }
        second_factor(&app, "eva");
        app.disable("out");
        let (found, page) = kind(&app, "ana");
        assert_eq!(found, told.is_some(), "{settings:?}");
        let Some(told) = told else { continue };
        assert!(page.contains(told) && page.contains("Tell them before"), "{settings:?}: {page}");
        let href =
            page.split("/admin/users?factor=no").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let list = app.signed_in("ana").get(&format!("/admin/users?factor=no{href}")).body;
        assert_eq!(list.contains(">bea<"), !href.contains("admin"), "{href}");
        assert!(list.contains(">ana<") && !list.contains(">eva<") && !list.contains(">out<"));
    }
    // After the day, for an admin who has one.
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_admin("ana");
    app.add_user("bea");
    let (secret, _) = second_factor(&app, "ana");
    app.clock.advance(30);
    let mut ana = app.browser();
    ana.sign_in("ana", PASSWORD);
    ana.get("/login/factor");
    assert_eq!(ana.post("/login/factor", &[("code", &totp::code(&secret, app.accounts.now().0))]).status, 303);
    let page = ana.get("/admin").body;
    assert!(page.contains("One person has no second factor") && page.contains("They’re asked for one"), "{page}");
}
