//! A sign-out travels: every app that was entered in a session is told that it has ended, whatever ended it, until the app has taken note.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use portero::accounts::apps::manage::{self, add};
use portero::accounts::sessions::end::end_anybodys;
use portero::accounts::sessions::mass_end::{Marking, end_since, mark_all};
use portero::accounts::upkeep::prune;
use portero::domain::{AppAlgorithm, AppId, AppName, AppOrigin, AppRules, LogoutUri, SessionId, UnixTime};
use portero::store::logout_deliveries::{self, Outcome, Told};
use portero::store::session_ends::Which;
use portero::store::{Upkeep, apps, passes, sessions};
use serde_json::json;
use tempfile::TempDir;

use crate::common::{Asker, app, app_with_admin, as_json, refresh_cookie, sid};
use crate::support::told_app::{Manner, Received, ToldApp};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims, operator};

/// Adds an app that is told at this address.
fn add_app(app: &TestApp, name: &str, uri: &str) -> AppId {
    let rules = AppRules { backchannel_logout: Some(LogoutUri::parse(uri, true).unwrap()), ..AppRules::default() };
    let added = add(&app.accounts, operator(), AppName::parse(name).unwrap(), rules).committed().unwrap();
    app.make_app_keys();
    app.make_app_keys_of(AppAlgorithm::RS256);
    added.ok().unwrap().id
}

/// Notes that the app was entered in the session, as an entry by the gate does.
fn enter(app: &TestApp, sid: &str, id: AppId) -> SessionId {
    let sid = SessionId::parse(sid).unwrap();
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| {
        let entered = apps::find(tx.conn, id)?.unwrap();
        passes::note_entry(tx.conn, sid, &entered, tx.now)
    });
    noted.committed().unwrap();
    sid
}

/// A user's browser, in which the app was entered.
fn entered(app: &TestApp, name: &str, id: AppId) -> (Browser, SessionId) {
    let browser = app.signed_in(name);
    let sid = enter(app, &sid(&browser), id);
    (browser, sid)
}

fn sign_out(browser: &mut Browser) {
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
}

fn told(app: &TestApp, sid: SessionId) -> Vec<Told> {
    app.accounts.db.read(|conn| logout_deliveries::of_session(conn, sid)).unwrap()
}

/// Waits until the last try of the only delivery for this session came to this.
fn wait_for(app: &TestApp, sid: SessionId, outcome: Outcome) -> Told {
    let begin = Instant::now();
    loop {
        let told = told(app, sid);
        if let [one] = told.as_slice()
            && one.outcome == Some(outcome)
        {
            return one.clone();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{told:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn whatever_ends_a_session_the_app_entered_in_it_is_told() {
    let app = app_with_admin();
    let wiki = ToldApp::start(Manner::Status(200));
    let id = add_app(&app, "wiki", &wiki.uri());
    let asker = Asker::of(&app);
    let mut expected = 0;
    let mut told_after = |what: &str, act: &mut dyn FnMut(&TestApp, &mut Browser, SessionId)| {
        let (mut browser, sid) = entered(&app, "ana", id);
        act(&app, &mut browser, sid);
        expected += 1;
        let received = wiki.wait_for(expected);
        assert_eq!(received.len(), expected, "{what}");
        let one = wait_for(&app, sid, Outcome::Acknowledged);
        assert!((one.count, one.waiting) == (1, 0) && one.acknowledged_at.is_some(), "{what}: {one:?}");
    };
    told_after("sign-out", &mut |_, browser, _| sign_out(browser));
    told_after("another sign-in in the same browser", &mut |app, browser, _| {
        let mut tab = app.browser();
        tab.get("/login");
        tab.cookies.insert("refresh_token_cookie".into(), refresh_cookie(browser));
        assert_eq!(tab.post("/login", &[("username", "ana"), ("password", PASSWORD)]).status, 303);
    });
    told_after("an admin", &mut |app, _, sid| {
        end_anybodys(&app.accounts, operator(), Which::One(sid)).committed().unwrap();
    });
    told_after("everybody's", &mut |app, _, _| {
        let now = app.accounts.now();
        end_since(&app.accounts, operator(), UnixTime(now.0 - 60), None, Marking::Here).committed().unwrap();
    });
    told_after("a spent refresh token", &mut |app, browser, _| {
        let spent = refresh_cookie(browser);
        for _ in 0..2 {
            app.clock.advance(16 * 60);
            assert_eq!(browser.get("/account").status, 200);
        }
        app.clock.advance(10 * 60);
        let mut thief = app.browser();
        thief.cookies.insert("refresh_token_cookie".into(), spent);
        thief.get("/account");
    });
    told_after("an app that revokes", &mut |_, browser, _| asker.revoke(&refresh_cookie(browser)));
    told_after("a password that the operator sets", &mut |app, _, _| app.set_password("ana", PASSWORD));
    told_after("a change of the password", &mut |app, browser, _| {
        let new = OTHER_PASSWORD;
        let form =
            [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new), ("end_others", "on")];
        browser.get("/change-password");
        let changed = browser.post("/change-password", &form);
        assert_eq!(changed.status, 303, "{}", changed.body);
        app.set_password("ana", PASSWORD);
    });
    told_after("the state of the user", &mut |app, _, _| app.disable("ana"));
}

#[test]
fn a_session_that_runs_out_or_in_which_no_app_was_entered_tells_nobody() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(200));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (_browser, run_out) = entered(&app, "ana", id);
    sign_out(&mut app.signed_in("ana"));
    app.clock.advance(40 * 24 * 60 * 60);
    assert_eq!(prune::close_run_out(&app.accounts).unwrap(), 1);
    assert!(told(&app, run_out).is_empty() && wiki.received().is_empty());
}

#[test]
fn everybodys_sessions_tell_the_apps_as_their_rows_are_marked() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(204));
    let id = add_app(&app, "wiki", &wiki.uri());
    let mut sids = Vec::new();
    for _ in 0..3 {
        // More of one user's than that would end the oldest.
        for _ in 0..40 {
            let tokens = app.tokens("ana");
            sids.push(enter(&app, claims(&tokens.access)["sid"].as_str().unwrap(), id));
        }
        app.add_user(&format!("user{}", sids.len()));
    }
    let open = sids.len() - 70;
    let before = wiki.wait_for(70).len();
    assert_eq!(before, 70, "of 120, fifty are open");
    let ended = end_since(&app.accounts, operator(), UnixTime(0), None, Marking::Here).committed().unwrap();
    mark_all(&app.accounts, &ended.receipt).unwrap();
    assert_eq!(wiki.wait_for(sids.len()).len(), before + open);
}

#[test]
fn an_app_gets_a_signed_token_that_says_who_was_signed_out_of_what() {
    let app = app();
    let (wiki, dash) = (ToldApp::start(Manner::Status(200)), ToldApp::start(Manner::Status(200)));
    let (first, second) = (add_app(&app, "wiki", &wiki.uri()), add_app(&app, "dash", &dash.uri()));
    let (mut browser, session) = entered(&app, "ana", first);
    enter(&app, &session.to_string(), second);
    let access = browser.cookies["access_token_cookie"].clone();
    let assertion = claims(&app.assertion(&access, "wiki", 1));
    sign_out(&mut browser);
    let (at_wiki, at_dash) = (wiki.wait_for(1).remove(0), dash.wait_for(1).remove(0));
    assert_eq!(at_wiki.path, "/logout");
    let (says, keys) = (at_wiki.claims(), app.client().get("/.well-known/portero/apps.jwks.json", None).json());

    let header = jsonwebtoken::decode_header(&at_wiki.token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header.kid.clone().unwrap()).unwrap();
    let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.set_audience(&[says["aud"].as_str().unwrap()]);
    jsonwebtoken::decode::<serde_json::Value>(&at_wiki.token, &(&key).try_into().unwrap(), &rules).unwrap();

    let client_id = app.accounts.db.read(|conn| apps::find(conn, first)).unwrap().unwrap().client_id;
    assert_eq!((&says["iss"], &says["aud"]), (&json!(format!("http://{}", app.address)), &json!(client_id)));
    assert_eq!(says["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(says["sub"], assertion["sub"], "who it is to the app");
    assert_eq!(says["sid"], assertion["sid"], "the session as the app knows it");
    let life = says["exp"].as_i64().unwrap() - says["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&life) && says["jti"].is_string() && says.get("nonce").is_none(), "{says}");
    assert_ne!(says["sid"], at_dash.claims()["sid"], "two apps can't tell that they were told of one session");
    assert_ne!(says["sid"], json!(session));
}

#[test]
fn a_logout_token_opens_nothing() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(200));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, _) = entered(&app, "ana", id);
    sign_out(&mut browser);
    let token = wiki.wait_for(1).remove(0).token;
    for path in ["/protected", "/whoami", "/account", "/admin"] {
        assert!([401, 422].contains(&app.client().get(path, Some(&token)).status), "{path}");
    }
    assert!([401, 422].contains(&app.client().post("/refresh", Some(&token)).status));
    assert_eq!(Asker::of(&app).introspect(&token), None);
}

#[test]
fn a_sign_out_that_a_process_tells_is_told_by_no_other_until_that_takes_too_long() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(500));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wiki.wait_for(2);
    // The next try is two seconds away. To another process, whose clock may go ahead of this one's, it is due.
    let later = app.accounts.now().plus(10);
    let due = || app.accounts.db.read(|conn| logout_deliveries::due(conn, id, later, 9)).unwrap();
    let begin = Instant::now();
    while due().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(20), "the second try is not noted");
    }
    let one = due()[0].id;
    let (db, now) = (&app.accounts.db, app.accounts.now());
    let claim =
        || db.write(Upkeep, now, move |tx, _| logout_deliveries::claim(tx.conn, one, later)).committed().unwrap();
    let claims: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claims.iter().flatten().count(), 1, "{claims:?}");
    assert!(due().is_empty());
    wiki.behave(Manner::Status(200));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(wiki.received().len(), 2, "it is somebody else's");
    app.clock.advance(45);
    wiki.wait_for(3);
    wait_for(&app, session, Outcome::Acknowledged);
}

/// Has the app behave in this manner until it was told `tries` times, and well from then on. Returns all that came.
fn told_after_trouble(manner: Manner, tries: usize, outcome: Outcome) -> Vec<Received> {
    let app = app();
    let wiki = ToldApp::start(manner);
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wiki.wait_for(tries);
    let meanwhile = wait_for(&app, session, outcome);
    assert!(meanwhile.waiting == 1 && meanwhile.acknowledged_at.is_none(), "{meanwhile:?}");
    wiki.behave(Manner::Status(200));
    let at_last = wait_for(&app, session, Outcome::Acknowledged);
    assert!(at_last.waiting == 0 && at_last.next_try_at.is_none(), "{at_last:?}");
    let received = wiki.received();
    let mut ids: Vec<_> = received.iter().map(|one| one.claims()["jti"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), received.len(), "each try has a token of its own");
    received
}

#[test]
fn an_app_that_fails_is_told_again_with_a_new_token_until_it_takes_note() {
    let received = told_after_trouble(Manner::Status(500), 2, Outcome::OtherAnswer);
    assert_eq!(received.len(), 3);
    let (first, second) = (received[1].at - received[0].at, received[2].at - received[1].at);
    assert!(first > Duration::from_millis(800) && second > Duration::from_millis(1600), "{first:?} {second:?}");
}

#[test]
fn an_app_that_breaks_off_is_told_again() {
    assert_eq!(told_after_trouble(Manner::Cut, 1, Outcome::NoAnswer).len(), 2);
}

#[test]
fn an_app_that_answers_too_late_is_told_again() {
    let late = Manner::Slow(Duration::from_secs(7));
    assert_eq!(told_after_trouble(late, 1, Outcome::NoAnswer).len(), 2);
}

#[test]
fn no_redirect_is_followed() {
    let elsewhere = ToldApp::start(Manner::Status(200));
    let received = told_after_trouble(Manner::Redirect(elsewhere.uri()), 1, Outcome::Redirected);
    assert!(received.len() == 2 && elsewhere.received().is_empty());
}

#[test]
fn an_app_that_is_down_is_told_when_it_is_back() {
    let app = app();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let id = add_app(&app, "wiki", &format!("http://{address}/logout"));
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wait_for(&app, session, Outcome::NotReached);
    let wiki = ToldApp::on(TcpListener::bind(address).unwrap(), Manner::Status(200));
    wait_for(&app, session, Outcome::Acknowledged);
    assert_eq!(wiki.received().len(), 1);
}

#[test]
fn an_app_that_takes_no_sign_out_is_not_asked_again() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(400));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    let refused = wait_for(&app, session, Outcome::Refused);
    assert_eq!((refused.waiting, refused.status, refused.acknowledged_at), (0, Some(400), None));
    assert!(refused.told_at.is_some());
}

#[test]
fn a_slow_app_holds_up_no_other() {
    let app = app();
    let slow = ToldApp::start(Manner::Slow(Duration::from_secs(4)));
    let quick = ToldApp::start(Manner::Status(200));
    let (first, second) = (add_app(&app, "slow", &slow.uri()), add_app(&app, "quick", &quick.uri()));
    let begin = Instant::now();
    for number in 1..=5 {
        let (mut browser, session) = entered(&app, "ana", first);
        enter(&app, &session.to_string(), second);
        sign_out(&mut browser);
        quick.wait_for(number);
    }
    assert!(begin.elapsed() < Duration::from_secs(4) && slow.received().len() == 1);
}

#[test]
fn addresses_that_are_nobodys_or_of_the_cloud_are_not_called() {
    let app = app();
    for (number, host) in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "0.0.0.0",
        "[::]",
        "255.255.255.255",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
    ]
    .into_iter()
    .enumerate()
    {
        let id = add_app(&app, &format!("app{number}"), &format!("https://{host}:9/logout"));
        let (mut browser, session) = entered(&app, "ana", id);
        sign_out(&mut browser);
        let refused = wait_for(&app, session, Outcome::AddressRefused);
        assert!(refused.told_at.is_none() && refused.status.is_none(), "{host}");
    }
}

#[test]
fn on_the_internet_alone_no_private_address_is_called_and_this_machine_only_for_trying_out() {
    let settings =
        [("app_addresses", "public"), ("public_url", "https://login.example.org"), ("password.bcrypt_cost", "10")];
    let app = TestApp::with(&settings);
    app.add_user("ana");
    for (number, host) in
        ["10.255.255.1", "192.168.255.1", "127.0.0.1", "[::1]", "[fd12::1]", "localhost"].iter().enumerate()
    {
        let id = add_app(&app, &format!("app{number}"), &format!("https://{host}:9/logout"));
        let tokens = app.tokens("ana");
        let session = enter(&app, claims(&tokens.access)["sid"].as_str().unwrap(), id);
        assert_eq!(app.client().delete("/logout", Some(&tokens.access)).status, 200);
        wait_for(&app, session, Outcome::AddressRefused);
    }
}

#[test]
fn an_app_that_is_removed_or_has_no_address_any_more_is_told_nothing() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(500));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wait_for(&app, session, Outcome::OtherAnswer);
    let set = manage::set(&app.accounts, operator(), id, |rules| rules.backchannel_logout = None);
    assert!(set.committed().unwrap().unwrap());
    // A try may have been under way.
    std::thread::sleep(Duration::from_millis(200));
    let before = wiki.received().len();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(wiki.received().len(), before);
    let left = &told(&app, session)[0];
    assert!(left.waiting <= 1 && left.acknowledged_at.is_none());
    assert!(manage::remove(&app.accounts, operator(), id).committed().unwrap());
    assert_eq!(told(&app, session)[0].waiting, 0);
}

#[test]
fn what_waits_is_told_after_a_restart() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(500));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wait_for(&app, session, Outcome::OtherAnswer);
    let folder = app.stop().unwrap();
    wiki.behave(Manner::Status(200));
    let app = TestApp::in_folder(folder.path(), &[]);
    wait_for(&app, session, Outcome::Acknowledged);
}

/// The path of the receipt of the session's end.
fn receipt_path(app: &TestApp, session: SessionId) -> String {
    let found = app.accounts.db.read(|conn| sessions::find(conn, session)).unwrap().unwrap();
    format!("/receipts/{}", found.receipt.unwrap())
}

#[test]
fn the_receipt_says_of_each_app_what_it_knows_and_turns_good_when_it_does() {
    let app = app_with_admin();
    let (wiki, dash) = (ToldApp::start(Manner::Status(200)), ToldApp::start(Manner::Status(503)));
    let (first, second) = (add_app(&app, "wiki", &wiki.uri()), add_app(&app, "dash", &dash.uri()));
    let gated =
        AppRules { origins: vec![AppOrigin::parse("https://gated.example.org").unwrap()], ..AppRules::default() };
    let gated =
        add(&app.accounts, operator(), AppName::parse("gated").unwrap(), gated).committed().unwrap().ok().unwrap().id;
    let (mut browser, session) = entered(&app, "bea", first);
    let until = claims(&browser.cookies["access_token_cookie"])["exp"].as_i64().unwrap();
    for id in [second, gated] {
        enter(&app, &session.to_string(), id);
    }
    sign_out(&mut browser);
    wiki.wait_for(1);
    dash.wait_for(1);
    let begin = Instant::now();
    let mut admin = app.signed_in("adm");
    let path = receipt_path(&app, session);
    let told = loop {
        let told = as_json(&mut admin, &path)["apps"].clone();
        if told[0]["last_trouble"].is_string() && told[2]["acknowledged_at"].is_number() {
            break told;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{told}");
    };
    let states: Vec<_> =
        told.as_array().unwrap().iter().map(|one| (one["app"].clone(), one["state"].clone())).collect();
    let expected = [("dash", "waiting"), ("gated", "asks"), ("wiki", "acknowledged")];
    assert_eq!(states, expected.map(|(app, state)| (json!(app), json!(state))));
    assert_eq!((&told[0]["last_trouble"], &told[0]["last_status"]), (&json!("other_answer"), &json!(503)));
    assert_eq!((&told[0]["accepted_until"], &told[2]["accepted_until"]), (&json!(until), &json!(null)));
    let page = admin.get(&path).body;
    for text in ["One app has not said that it took note.", "it answered 503", "Asks each time", "Took note"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let story = admin.get(&format!("/admin/sessions/{session}")).body;
    assert!(story.contains("What the apps know") && story.contains("it answered 503"), "{story}");
    assert_eq!(as_json(&mut admin, &format!("/admin/sessions/{session}"))["told"][0]["app"], "dash");

    dash.behave(Manner::Status(200));
    let begin = Instant::now();
    while as_json(&mut admin, &path)["apps"][0]["state"] != "acknowledged" {
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
    let page = admin.get(&path).body;
    assert!(page.contains("Every app that was entered knows.") && !page.contains("has not said"), "{page}");
}

#[test]
fn a_receipt_does_not_take_for_known_what_only_time_has_settled() {
    let app = app_with_admin();
    let wiki = ToldApp::start(Manner::Status(400));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "bea", id);
    sign_out(&mut browser);
    wait_for(&app, session, Outcome::Refused);
    let path = receipt_path(&app, session);
    let mut admin = app.signed_in("adm");
    assert!(admin.get(&path).body.contains("until when a token can still be accepted"));
    app.clock.advance(16 * 60);
    let page = admin.get(&path).body;
    assert!(page.contains("No token can be accepted there any more") && page.contains("Does not take note"), "{page}");
    assert!(!page.contains("Every app that was entered knows."), "{page}");
}

#[test]
fn an_admin_tries_out_whether_an_app_can_be_told() {
    let app = app_with_admin();
    let wiki = ToldApp::start(Manner::Status(200));
    let id = add_app(&app, "wiki", &wiki.uri()).0;
    let mut admin = app.signed_in("adm");
    let (page, test) = (format!("/admin/apps/{id}"), format!("/admin/apps/{id}/test-sign-out"));
    assert!(admin.get(&page).body.contains("There was nothing to tell it so far."));
    admin.get(&page);
    let sent = admin.post(&test, &[]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    let shown = admin.get(&page).body;
    assert!(shown.contains("Last test:") && shown.contains(">Took note<"), "{shown}");
    let says = wiki.wait_for(1).remove(0).claims();
    assert!(says.get("sub").is_none() && says["sid"].is_string(), "it ends nobody's session: {says}");

    wiki.behave(Manner::Status(500));
    assert_eq!(admin.post(&test, &[]).status, 303);
    let shown = admin.get(&page).body;
    assert!(shown.contains("it answered 500"), "{shown}");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(wiki.received().len(), 2, "whoever tries out tries again by themselves");
    let audit = admin.get("/admin/audit").body;
    assert!(audit.contains("Test sign-out sent to an app"), "{audit}");

    let mut ana = app.signed_in("ana");
    ana.get("/account");
    assert_eq!(ana.post(&test, &[]).status, 403);
    app.clock.advance(301);
    assert!(admin.post(&test, &[]).location().starts_with("/confirm"));
    assert_eq!(wiki.received().len(), 2);
}

/// The certificates of an authority and of localhost, which it signed, and the key of the latter.
fn certificates(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let openssl = |arguments: &str| {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=app -keyout app.key -out app.csr"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl("x509 -req -in app.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out app.pem");
    (folder.join("ca.pem"), folder.join("app.pem"), folder.join("app.key"))
}

#[test]
fn by_https_an_app_is_told_only_if_its_certificate_is_trusted_and_bears_its_name() {
    let folder = TempDir::new().unwrap();
    let (authority, certificate, key) = certificates(folder.path());
    let wiki = ToldApp::with_tls(&certificate, &key);
    let port = wiki.address.port();
    for (authorities, host, outcome) in [
        (None, "localhost", Outcome::NotReached),
        (Some(&authority), "127.0.0.1", Outcome::NotReached),
        (Some(&authority), "localhost", Outcome::Acknowledged),
    ] {
        let settings = authorities.map(|path| ("apps_ca_file", path.to_str().unwrap()));
        let app = TestApp::with(settings.as_slice());
        app.add_user("ana");
        let id = add_app(&app, "wiki", &format!("https://{host}:{port}/logout"));
        let (mut browser, session) = entered(&app, "ana", id);
        sign_out(&mut browser);
        wait_for(&app, session, outcome);
    }
    assert_eq!(wiki.received().len(), 1);
}

#[test]
fn what_waits_is_told_when_the_clock_has_been_set_back() {
    let app = app();
    let wiki = ToldApp::start(Manner::Status(500));
    let id = add_app(&app, "wiki", &wiki.uri());
    let (mut browser, session) = entered(&app, "ana", id);
    sign_out(&mut browser);
    wait_for(&app, session, Outcome::OtherAnswer);
    app.clock.advance(-2 * 24 * 60 * 60);
    wiki.behave(Manner::Status(200));
    wait_for(&app, session, Outcome::Acknowledged);
}
