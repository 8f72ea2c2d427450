//! Promise: an act asks again who acts. The guard looks at the token before the body has arrived; whatever happens to its session or
//! its user until then counts. Refused: nothing is changed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use portero::accounts::Error;
use portero::accounts::apps::manage::{self, add_client, remove_client};
use portero::accounts::apps::revoke::revoke;
use portero::accounts::people::groups;
use portero::accounts::people::links::invite;
use portero::accounts::sessions::end::end_anybodys;
use portero::domain::{AppAlgorithm, AppId, AppName, AppRules, GroupName, LogoutUri, Role, SessionId, Username};
use portero::store::apps;
use portero::store::session_ends::Which;
use serde_json::{Value, json};

use crate::support::database::Behind;
use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, claims, operator};

/// A call that changes something and reads a body.
struct Call {
    name: &'static str,
    /// `{id}`: the number of the user it is about.
    path: &'static str,
    /// `{name}`: the name of that user. `{seen}`: how the app is set up. A text is a form's.
    body: Value,
    is_admins: bool,
    /// Whether it needs a recent proof of identity.
    needs_age: bool,
    /// The status if nothing is in its way.
    done: u16,
}

fn calls() -> Vec<Call> {
    let admins = |name, path, body, done| Call { name, path, body, is_admins: true, needs_age: true, done };
    let own = |name, path, body, needs_age| Call { name, path, body, is_admins: false, needs_age, done: 200 };
    vec![
        admins("add", "/admin/users/add", json!({ "username": "new-{name}", "role": "admin" }), 201),
        admins("link", "/admin/users/{id}/link", json!({}), 201),
        admins("make-admin", "/admin/users/{id}/make-admin", json!({}), 200),
        admins("make-user", "/admin/users/{id}/make-user", json!({}), 200),
        admins("schedule", "/admin/users/{id}/schedule", json!({ "date": "2100-01-01" }), 200),
        admins("disable", "/admin/users/{id}/disable", json!({}), 200),
        admins("enable", "/admin/users/{id}/enable", json!({}), 200),
        admins("forget browsers", "/admin/users/{id}/forget-browsers", json!({}), 200),
        admins("delete", "/admin/users/{id}/delete", json!({ "name": "{name}" }), 200),
        admins("rename", "/admin/users/{id}/rename", json!({ "new_name": "other-{name}" }), 200),
        admins("details", "/admin/users/{id}/details", json!({ "notes": "of {name}" }), 200),
        admins("restore", "/admin/users/{id}/restore", json!({}), 201),
        admins("add a group", "/admin/groups/add", json!({ "name": "of-{name}" }), 201),
        admins("put into a group", "/admin/groups/1", json!({ "people": ["{name}"] }), 200),
        admins("groups of a user", "/admin/users/{id}/groups", json!({ "groups": ["readers"] }), 200),
        admins("add an app behind the gate", "/admin/apps/add", json!("name=of {name}&who=everyone&x="), 303),
        admins("send an app a test", "/admin/apps/1/test-sign-out", json!("x="), 303),
        admins("change an app", "/admin/apps/1", json!("seen={seen}&who=listed&people={name}&x="), 303),
        own("confirm", "/confirm", json!({ "password": PASSWORD }), false),
        own("add an app", "/account/factors/totp", json!({ "name": "of {name}" }), true),
        own(
            "change the password",
            "/change-password",
            json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD }),
            true,
        ),
        Call { done: 202, ..own("change the address", "/account/mail", json!({ "mail": "{name}@example.org" }), true) },
        own("sign out elsewhere", "/logout", json!({ "scope": "others" }), true),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    Bearer,
    /// With the CSRF value in the header.
    Cookies,
}

/// A call under way: its head was sent and three bytes of its body.
struct Held {
    call: Call,
    stream: TcpStream,
    rest: Vec<u8>,
    actor: String,
    sid: SessionId,
}

impl Held {
    fn begin(app: &TestApp, call: Call, number: usize, carries: Carries) -> Self {
        let (actor, target) = (format!("actor{number}"), format!("target{number}"));
        let add = |name: &str, admin| if admin { app.add_admin(name) } else { app.add_user(name) };
        add(&actor, call.is_admins);
        add(&target, call.name == "make-user");
        if call.name == "enable" {
            app.disable(&target);
        }
        if call.name == "restore" {
            app.delete(&target);
        }
        let (token, credentials) = match carries {
            Carries::Bearer => {
                let token = app.tokens(&actor).access;
                let header = format!("authorization: Bearer {token}\r\n");
                (token, header)
            }
            Carries::Cookies => {
                let cookies = app.signed_in(&actor).cookies;
                let (token, csrf) = (cookies["access_token_cookie"].clone(), &cookies["csrf_access_token"]);
                let header = format!("cookie: access_token_cookie={token}\r\nx-csrf-token: {csrf}\r\n");
                (token, header)
            }
        };
        let id = id_of(app, &target);
        let path = call.path.replace("{id}", &id.to_string());
        let (kind, body) = match &call.body {
            Value::String(form) => ("application/x-www-form-urlencoded", form.replace("{seen}", &seen(app))),
            json => ("application/json", json.to_string()),
        };
        let body = body.replace("{name}", &target).into_bytes();
        // As long as needed, so that three bytes are not all of it.
        let body = [body.as_slice(), b"    "].concat();
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\ncontent-type: {kind}\r\n\
             sec-fetch-site: same-origin\r\nconnection: close\r\ncontent-length: {}\r\n{credentials}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..3]).unwrap();
        let sid = SessionId::parse(claims(&token)["sid"].as_str().unwrap()).unwrap();
        Self { call, stream, rest: body[3..].to_vec(), actor, sid }
    }

    /// Sends what is missing. Status and body of the answer.
    fn finish(&mut self) -> (u16, String) {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
    }
}

/// A server with an owner, two groups and an app.
fn begin(app: &TestApp) {
    app.add_admin("owner");
    for name in ["editors", "readers"] {
        let name = GroupName::parse(name).unwrap();
        groups::add(&app.accounts, operator(), name).committed().unwrap().unwrap();
    }
    let name = AppName::parse("wiki").unwrap();
    let told_at = LogoutUri::parse("http://127.0.0.1:9/logout", true).unwrap();
    let rules = AppRules { backchannel_logout: Some(told_at), ..AppRules::default() };
    assert!(manage::add(&app.accounts, operator(), name, rules).committed().unwrap().is_ok());
    // Their making stands in the audit log, too.
    app.make_app_keys_of(AppAlgorithm::RS256);
}

fn seen(app: &TestApp) -> String {
    let wiki = app.accounts.db.read(|conn| apps::find(conn, AppId(1))).unwrap().unwrap();
    manage::seen(&wiki.rules)
}

fn id_of(app: &TestApp, name: &str) -> i64 {
    let query = format!("SELECT CAST(id AS TEXT) AS row FROM users WHERE canonical = '{name}'");
    Behind::of(app.folder()).rows(&query)[0].parse().unwrap()
}

/// All that an act could change.
fn contents(app: &TestApp) -> Vec<String> {
    let mut database = Behind::of(app.folder());
    let queries = [
        "SELECT username || role || password_version || coalesce(CAST(disabled_at AS TEXT), '')
            || coalesce(CAST(disable_at AS TEXT), '') || coalesce(CAST(deleted_at AS TEXT), '') AS row FROM users ORDER BY id",
        "SELECT username || user_id AS row FROM past_names ORDER BY canonical",
        "SELECT hash AS row FROM one_time_links ORDER BY hash",
        "SELECT sid || auth_time || coalesce(CAST(ended_at AS TEXT), '') AS row FROM sessions ORDER BY sid",
        "SELECT jti AS row FROM token_blocklist ORDER BY jti",
        "SELECT n || what AS row FROM audit_events ORDER BY n",
        "SELECT name AS row FROM user_groups ORDER BY id",
        "SELECT group_id || ' ' || user_id AS row FROM user_group_members ORDER BY id",
        "SELECT name || allows AS row FROM apps ORDER BY id",
        "SELECT app_id || kind || subject AS row FROM app_access ORDER BY app_id, kind, subject",
    ];
    queries.into_iter().flat_map(|query| database.rows(query)).collect()
}

/// A server with these settings that sends mail, to nobody who takes it: without that, nobody changes an address.
fn with_mail(settings: &[(&str, &str)]) -> TestApp {
    let mail = [("mail.url", "smtp://127.0.0.1:9"), ("mail.from", "login@example.org")];
    TestApp::with(&[settings, &mail].concat())
}

/// Begins every call in both ways, lets `meanwhile` happen to whoever calls, and finishes them. `expected`: status and message.
fn held_while(
    carries: Carries,
    meanwhile: impl Fn(&TestApp, &Held),
    concerns: fn(&Call) -> bool,
    expected: (u16, &str),
) {
    held_at(&with_mail(&[]), carries, meanwhile, concerns, expected);
}

/// The same at a server with other settings.
fn held_at(
    app: &TestApp,
    carries: Carries,
    meanwhile: impl Fn(&TestApp, &Held),
    concerns: fn(&Call) -> bool,
    expected: (u16, &str),
) {
    begin(app);
    let concerned = calls().into_iter().filter(concerns).enumerate();
    let mut held: Vec<_> = concerned.map(|(number, call)| Held::begin(app, call, number, carries)).collect();
    // Each guard has looked by then.
    std::thread::sleep(Duration::from_millis(300));
    for one in &held {
        meanwhile(app, one);
    }
    let before = contents(app);
    for one in &mut held {
        let (status, body) = one.finish();
        assert_eq!(status, expected.0, "{}, {carries:?}: {body}", one.call.name);
        assert!(body.contains(expected.1), "{}, {carries:?}: {body}", one.call.name);
    }
    assert_eq!(contents(app), before, "{carries:?}");
}

const BOTH: [Carries; 2] = [Carries::Bearer, Carries::Cookies];

#[test]
fn a_body_that_comes_late_alone_does_no_harm() {
    for carries in BOTH {
        let app = with_mail(&[]);
        begin(&app);
        let all = calls().into_iter().enumerate();
        let mut held: Vec<_> = all.map(|(number, call)| Held::begin(&app, call, number, carries)).collect();
        std::thread::sleep(Duration::from_millis(300));
        for one in &mut held {
            let (status, body) = one.finish();
            assert_eq!(status, one.call.done, "{}, {carries:?}: {body}", one.call.name);
        }
    }
}

#[test]
fn whoever_was_signed_out_meanwhile_changes_nothing() {
    for carries in BOTH {
        let end = |app: &TestApp, held: &Held| {
            let done = end_anybodys(&app.accounts, operator(), Which::One(held.sid)).committed().unwrap();
            assert_eq!(done.sessions.len(), 1);
        };
        held_while(carries, end, |_| true, (401, "Token has been revoked"));
    }
}

#[test]
fn whoever_was_disabled_meanwhile_changes_nothing() {
    for carries in BOTH {
        held_while(carries, |app, held| app.disable(&held.actor), |_| true, (401, "Token has been revoked"));
    }
}

#[test]
fn an_admin_who_was_demoted_meanwhile_changes_nothing() {
    for carries in BOTH {
        held_while(carries, |app, held| app.set_role(&held.actor, false), |call| call.is_admins, (403, "Admins only!"));
    }
}

#[test]
fn a_proof_that_aged_meanwhile_is_too_old() {
    for carries in BOTH {
        // One minute each: together more than the five that admins have. No access token lives for less than a quarter of an hour.
        held_while(
            carries,
            |app, _| app.clock.advance(60),
            |call| call.needs_age && call.is_admins,
            (401, "Fresh token required"),
        );
        held_while(
            carries,
            |app, _| app.clock.advance(6 * 60),
            |call| call.needs_age && !call.is_admins,
            (401, "Fresh token required"),
        );
    }
}

/// What stays open to whoever still has to give a second factor.
fn stays_open(call: &Call) -> bool {
    ["/confirm", "/logout", "/account/factors/totp"].contains(&call.path)
}

#[test]
fn whoever_needs_a_second_factor_meanwhile_changes_nothing() {
    let refused = (403, "Second factor enrolment required");
    for carries in BOTH {
        let app = with_mail(&[("second_factor", "admins")]);
        let promote = |app: &TestApp, held: &Held| app.set_role(&held.actor, true);
        held_at(&app, carries, promote, |call| !call.is_admins && !stays_open(call), refused);

        let day = (jiff::Timestamp::now().as_second() + 120).to_string();
        let app = with_mail(&[("second_factor", "everyone"), ("second_factor_from", &day)]);
        // In steps of 10 s: in the end the day has come, and no admin's proof is older than five minutes.
        let is_day = |app: &TestApp, _: &Held| app.clock.advance(10);
        held_at(&app, carries, is_day, |call| !stays_open(call), refused);
    }
}

#[test]
fn an_app_that_was_removed_meanwhile_revokes_nothing() {
    let app = TestApp::start();
    app.add_user("ana");
    let tokens = app.tokens("ana");
    let shop = add_client(&app.accounts, operator(), "shop").committed().unwrap().unwrap();
    let checked = app.accounts.engine.decode(&tokens.refresh, None, app.clock.now()).unwrap();
    assert!(remove_client(&app.accounts, operator(), "shop".into()).committed().unwrap());
    let before = contents(&app);
    let refused = revoke(&app.accounts, shop, checked, None).committed();
    assert!(matches!(refused, Err(Error::UnknownApp)), "{refused:?}");
    assert_eq!(contents(&app), before);
}

#[test]
fn the_audit_log_names_the_operator() {
    let app = TestApp::start();
    let name = Username::parse("ana").unwrap();
    invite(&app.accounts, operator(), name, Role::User, None).committed().unwrap();
    let query = "SELECT details AS row FROM audit_events WHERE what = 'user_added'";
    let details = Behind::of(app.folder()).rows(query).remove(0);
    assert_eq!(serde_json::from_str::<Value>(&details).unwrap(), json!({ "role": "user", "operator": "test" }));
}
