//! Promise: the OpenAPI document says what the server does. Every route is in it or is for people; who may call is what it says; and
//! every answer that any test gets is one that it has (`tests/support/openapi.rs`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{FORM, app_with_admin, routes, second_factor};
use crate::support::openapi::Document;
use crate::support::{Answer, PASSWORD, TestApp};

/// Routes that the document leaves out: path, methods, and why.
const NOT_DESCRIBED: [(&str, &str, &str); 56] = [
    ("/", "GET", "leads browsers on"),
    ("/.portero/callback", "GET", "for browsers, at an app's host"),
    ("/.portero/sign-out", "GET POST", "for browsers, at an app's host"),
    ("/.portero/start", "GET", "for browsers, at an app's host"),
    ("/.portero/static/{name}", "GET", "what pages are made of"),
    ("/.well-known/change-password", "GET", "leads browsers on"),
    ("/.well-known/portero/reflection", "GET", "for `portero doctor` alone"),
    ("/account/apps/{id}/withdraw", "POST", "a form"),
    ("/account/factors/passkey", "GET POST", "for browsers, which alone speak to authenticators"),
    ("/account/factors/recovery-codes", "GET", "a page"),
    ("/account/factors/totp", "GET", "a page"),
    ("/account/factors/totp/{id}/confirm", "GET", "a page"),
    ("/account/factors/{id}/remove", "GET POST", "a form; programs send DELETE"),
    ("/account/factors/{id}/rename", "GET", "a page"),
    ("/account/mail", "GET", "a page"),
    ("/account/mail/{token}", "GET", "a page"),
    ("/account/sessions/{sid}/end", "GET", "a page"),
    ("/admin/apps/add", "GET POST", "a form"),
    ("/admin/apps/{id}", "GET POST", "a form"),
    ("/admin/apps/{id}/openid", "GET POST", "a form"),
    ("/admin/apps/{id}/remove", "GET POST", "a form"),
    ("/admin/apps/{id}/test-sign-out", "POST", "a form"),
    ("/admin/groups/add", "GET", "a page"),
    ("/admin/groups/{id}/remove", "GET", "a page"),
    ("/admin/sessions/end", "GET", "a page"),
    ("/admin/sessions/{sid}/end", "GET", "a page"),
    ("/admin/users/add", "GET", "a page"),
    ("/admin/users/{id}/details", "GET", "a page"),
    ("/admin/users/{id}/enrolment-link", "GET", "a page"),
    ("/admin/users/{id}/groups", "GET", "a page"),
    ("/admin/users/{id}/made-link", "GET", "a page"),
    ("/admin/users/{id}/rename", "GET", "a page"),
    ("/admin/users/{id}/reset-factors", "GET", "a page"),
    ("/admin/users/{id}/{act}", "GET", "a page"),
    ("/authorize", "GET POST", "for browsers, which an app leads here"),
    ("/authorize/consent", "POST", "a form"),
    ("/change-password", "GET", "a page"),
    ("/confirm", "GET", "a page"),
    ("/end-session", "GET POST", "for browsers, which an app leads here"),
    ("/end-session/confirm", "POST", "a form"),
    ("/forgot-password", "GET POST", "a form"),
    ("/gate", "GET", "leads browsers on"),
    ("/gate/check/forward", "GET", "for proxies, in words of their own"),
    ("/gate/check/haproxy", "GET", "for proxies, in words of their own"),
    ("/gate/check/nginx", "GET", "for proxies, in words of their own"),
    ("/language", "POST", "a form"),
    ("/link/{token}", "GET POST", "a form"),
    ("/login", "GET", "a page"),
    ("/login/factor", "GET", "a page"),
    ("/logout", "GET", "a page"),
    ("/not-me/{token}", "GET POST", "a form"),
    ("/openapi", "GET", "a page"),
    ("/robots.txt", "GET", "for search engines"),
    ("/setup/{token}", "GET POST", "a form"),
    ("/sign-in-help", "GET", "a page"),
    ("/static/{name}", "GET", "what pages are made of"),
];

fn document(app: &TestApp) -> Document {
    Document(app.client().get("/openapi.json", None).json())
}

#[test]
fn every_route_is_described_or_is_for_people() {
    let app = TestApp::start();
    let document = document(&app);
    let described: BTreeSet<_> = document.operations().map(|(method, path, _)| format!("{method} {path}")).collect();
    let left_out = NOT_DESCRIBED.iter().flat_map(|(path, methods, why)| {
        assert!(!why.is_empty());
        methods.split(' ').map(move |method| format!("{method} {path}"))
    });
    let left_out: BTreeSet<_> = left_out.collect();
    assert_eq!(described.intersection(&left_out).collect::<Vec<_>>(), [""; 0], "are described and left out");
    let routes = routes().into_iter();
    let there: BTreeSet<_> = routes
        .flat_map(|route| route.methods.into_iter().map(move |method| format!("{method} {}", route.path)))
        .collect();
    let known: BTreeSet<_> = described.union(&left_out).cloned().collect();
    assert_eq!(there.difference(&known).collect::<Vec<_>>(), [""; 0], "are neither described nor left out");
    assert_eq!(known.difference(&there).collect::<Vec<_>>(), [""; 0], "are no routes");
}

#[test]
fn whatever_the_document_names_is_in_it() {
    let app = TestApp::start();
    let document = document(&app);
    assert_eq!(document.0["openapi"], "3.1.1");
    let mut ids = BTreeSet::new();
    for (method, path, told) in document.operations() {
        let id = told["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} is there twice");
        assert!(told["summary"].as_str().is_some_and(|text| !text.is_empty() && !text.ends_with('.')), "{id}");
        assert!(told["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2')), "{id}");
        let named = path.matches('{').count();
        let parameters = told["parameters"].as_array().cloned().unwrap_or_default();
        assert_eq!(parameters.iter().filter(|one| one["in"] == "path").count(), named, "{method} {path}");
        for parameter in parameters {
            assert!(!parameter["schema"].is_null(), "{method} {path}: {parameter}");
        }
        for way in told["security"].as_array().unwrap().iter().flat_map(|way| way.as_object().unwrap().keys()) {
            assert!(document.0["components"]["securitySchemes"].get(way).is_some(), "{id}: {way}");
        }
    }
    let mut waiting = vec![&document.0];
    while let Some(value) = waiting.pop() {
        if let Some(path) = value["$ref"].as_str() {
            assert!(document.0.pointer(path.trim_start_matches('#')).is_some(), "{path}");
        }
        let description = value["description"].as_str().unwrap_or_default();
        assert!(!description.contains("[`"), "a link of the code's own documentation: {description}");
        waiting.extend(value.as_array().into_iter().flatten());
        waiting.extend(value.as_object().into_iter().flatten().map(|(_, value)| value));
    }
}

#[test]
fn the_document_is_not_sent_to_whoever_has_it() {
    let app = TestApp::start();
    let client = app.client();
    let first = client.get("/openapi.json", None);
    let tag = first.header("etag").unwrap();
    let again = client.send("GET", "/openapi.json", None, &[("if-none-match", tag)], b"");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let other = client.send("GET", "/openapi.json", None, &[("if-none-match", "\"other\"")], b"");
    assert_eq!((other.status, other.body), (200, first.body));
}

#[test]
fn what_the_settings_name_is_called_so_in_the_document() {
    let app = TestApp::with(&[
        ("jwt.error_message_key", "error"),
        ("jwt.access_cookie_name", "a_cookie"),
        ("session.fresh_for", "2m"),
    ]);
    let document = document(&app).0;
    assert_eq!(document["components"]["schemas"]["Message"]["required"], json!(["error"]));
    assert_eq!(document["components"]["securitySchemes"]["cookie"]["name"], "a_cookie");
    let fresh = &document["paths"]["/admin/users/add"]["post"]["x-portero-access"]["fresh_within"];
    assert_eq!(*fresh, 120, "an admin's five minutes are not longer than everybody's");
}

/// What kept a caller out. `None`: nothing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    NoToken,
    WrongToken,
    NotAdmin,
    NotFresh,
    NoFactor,
    NotEnrolled,
    NoApp,
}

fn kept(answer: &Answer) -> Option<Kept> {
    let msg = if answer.body.starts_with('{') { answer.msg() } else { String::new() };
    match (answer.status, msg.as_str()) {
        (401, "Fresh token required") => Some(Kept::NotFresh),
        (401, "Second factor required") => Some(Kept::NoFactor),
        (401, _) if answer.body.contains("\"error\"") => Some(Kept::NoApp),
        (401, _) => Some(Kept::NoToken),
        (403, "Admins only!") => Some(Kept::NotAdmin),
        (403, "Second factor enrolment required") => Some(Kept::NotEnrolled),
        (422, _) => Some(Kept::WrongToken),
        (403, other) => panic!("{other}"),
        _ => None,
    }
}

/// An operation, and a path of it where nothing is.
struct Door {
    method: String,
    path: String,
    access: Value,
}

impl Door {
    fn all(document: &Document) -> Vec<Self> {
        let door = |(method, path, told): (String, &str, &Value)| Self {
            method,
            path: path
                .replace("{sid}", "00000000-0000-4000-8000-000000000000")
                .replace("{act}", "enable")
                .replace("{name}", "00000000-0000-4000-8000-000000000000")
                .replace("{id}", "999999")
                .replace("{user}", "999999"),
            access: told["x-portero-access"].clone(),
        };
        document.operations().map(door).collect()
    }

    fn is(&self, member: &str, value: &str) -> bool {
        self.access[member] == value
    }

    fn takes_access(&self) -> bool {
        self.is("token", "access") || self.is("token", "either") || self.is("token", "optional")
    }

    /// What keeps out somebody with this token.
    fn kept(&self, app: &TestApp, token: Option<&str>) -> Option<Kept> {
        let client = app.client();
        if self.method == "POST" && (self.is("who", "app") || self.is("who", "named_app")) {
            return kept(&client.send("POST", &self.path, token, &[FORM], b"token=x&grant_type=x"));
        }
        kept(&client.send(&self.method, &self.path, token, &[], b""))
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[test]
fn who_may_call_is_what_the_document_says() {
    let app = app_with_admin();
    for door in Door::all(&document(&app)) {
        let name = door.name();
        let is_admins = door.is("who", "admin");
        let needs_token = ["access", "refresh", "either"].iter().any(|kind| door.is("token", kind));
        let asks_app = door.is("who", "app") || door.is("who", "named_app");
        let without = door.kept(&app, None);
        match (needs_token, asks_app) {
            (true, _) => assert_eq!(without, Some(Kept::NoToken), "{name} without a token"),
            (_, true) => {
                assert!(matches!(without, Some(Kept::NoApp | Kept::NoToken)), "{name} without an app: {without:?}")
            }
            _ => assert_eq!(without, None, "{name} without a token"),
        }
        if !needs_token && !door.is("token", "optional") {
            continue;
        }
        // A session for each call: some end theirs.
        let user = app.tokens("ana");
        let by_refresh = door.kept(&app, Some(&user.refresh));
        let wants_refresh = door.is("token", "refresh") || door.is("token", "either");
        assert_eq!(by_refresh, (!wants_refresh).then_some(Kept::WrongToken), "{name} with a refresh token");
        let user = app.tokens("ana");
        let by_user = door.kept(&app, Some(&user.access));
        let expected = match (door.takes_access(), is_admins) {
            (false, _) => Some(Kept::WrongToken),
            (true, true) => Some(Kept::NotAdmin),
            (true, false) => None,
        };
        assert_eq!(by_user, expected, "{name} with a user's access token");
        let admin = app.tokens("adm");
        let by_admin = door.kept(&app, Some(&admin.access));
        assert_eq!(by_admin, (!door.takes_access()).then_some(Kept::WrongToken), "{name} with an admin's access token");
    }
}

#[test]
fn how_recent_a_proof_has_to_be_is_what_the_document_says() {
    let app = app_with_admin();
    for door in Door::all(&document(&app)).into_iter().filter(Door::takes_access) {
        let name = door.name();
        let (before, after) = (app.tokens("adm"), app.tokens("adm"));
        let Some(within) = door.access["fresh_within"].as_i64() else {
            app.clock.advance(11 * 60);
            assert_eq!(door.kept(&app, Some(&after.access)), None, "{name} with an old proof");
            continue;
        };
        app.clock.advance(within - 20);
        assert_eq!(door.kept(&app, Some(&before.access)), None, "{name} within {within} s");
        app.clock.advance(21);
        assert_eq!(door.kept(&app, Some(&after.access)), Some(Kept::NotFresh), "{name} after {within} s");
    }
}

#[test]
fn where_a_second_factor_is_asked_for_the_document_says_so() {
    let app = TestApp::with(&[("session.bearer_limit", "1000")]);
    app.add_admin("adm");
    let doors: Vec<_> = Door::all(&document(&app)).into_iter().filter(Door::takes_access).collect();
    // Sessions from before the factor: the password alone was proved.
    let sessions: Vec<_> = doors.iter().map(|_| app.tokens("adm")).collect();
    second_factor(&app, "adm");
    for (door, session) in doors.iter().zip(sessions) {
        let expected = (!door.is("second_factor", "not_asked")).then_some(Kept::NoFactor);
        assert_eq!(door.kept(&app, Some(&session.access)), expected, "{}", door.name());
    }
}

#[test]
fn what_stays_open_below_the_policy_is_what_the_document_says() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_admin("adm");
    for door in Door::all(&document(&app)).into_iter().filter(|door| door.takes_access()) {
        let token = app.tokens("adm").access;
        let expected = (door.access["open_below_policy"] != true).then_some(Kept::NotEnrolled);
        let found = door.kept(&app, Some(&token));
        // What needs a factor that is fresh says so first, also where policy is what asks for one.
        let says_factor = door.is("second_factor", "fresh") && found == Some(Kept::NoFactor);
        assert!(found == expected || says_factor, "{}: {found:?}", door.name());
    }
}

/// A token of somebody who has a second factor and has just given it.
fn two_factor_token(app: &TestApp, name: &str) -> String {
    let (_, codes) = second_factor(app, name);
    let client = app.client();
    let asked = client.post_json("/login", None, &json!({ "username": name, "password": PASSWORD }));
    let given = json!({ "attempt": asked.json()["attempt"], "method": "recovery_code", "code": codes[0] });
    client.post_json("/login/factor", None, &given).json()["access_token"].as_str().unwrap().to_owned()
}

/// Those whose bodies are good only once.
const NO_EXAMPLE: [&str; 2] = ["login_factor", "confirm_totp"];

/// Members that are others each time.
const VARIES: [&str; 9] =
    ["access_token", "refresh_token", "sessions_ended", "receipt", "link", "expires_at", "id", "secret", "otpauth"];

/// With the type in place of each value that varies.
fn but_for_what_varies(answer: &Value) -> Value {
    let members = answer.as_object().expect("an object").iter().map(|(name, value)| {
        let kept = match value {
            Value::String(_) if VARIES.contains(&name.as_str()) => json!("a text"),
            Value::Number(_) if VARIES.contains(&name.as_str()) => json!("a number"),
            _ => value.clone(),
        };
        (name.clone(), kept)
    });
    members.collect()
}

#[test]
fn every_example_is_taken_and_answered_as_it_is_written() {
    // Links can be sent for; that nobody takes the mails does not matter here.
    let app = TestApp::with(&[("mail.url", "smtp://127.0.0.1:9"), ("mail.from", "login@example.org")]);
    app.add_user("ana");
    app.add_user("bea");
    app.add_admin("adm");
    let adm = app.tokens("adm").access;
    assert_eq!(app.client().post_json("/admin/groups/add", Some(&adm), &json!({ "name": "readers" })).status, 201);
    let (mut sent, mut others) = (0, Vec::new());
    for (method, path, told) in document(&app).operations() {
        let id = told["operationId"].as_str().unwrap();
        let Some(content) = told["requestBody"]["content"].get("application/json") else { continue };
        let Some(example) = content.get("example") else {
            let is_needed = told["requestBody"]["required"] == true;
            assert!(!is_needed || NO_EXAMPLE.contains(&id), "{id} has no example");
            continue;
        };
        let token = match told["x-portero-access"]["who"].as_str() {
            Some("admin") => Some(app.tokens("adm").access),
            Some("user") if id == "rename_factor" => Some(two_factor_token(&app, "bea")),
            Some("user") => Some(app.tokens("ana").access),
            _ => None,
        };
        let client = app.client();
        let number = match id {
            "rename_factor" => client.get("/account/factors", token.as_deref()).json()["factors"][0]["id"].to_string(),
            // Bea; and the group that was added first.
            _ if path.starts_with("/admin/users/") => "2".into(),
            _ => "1".into(),
        };
        let answer = client.post_json(&path.replace("{id}", &number), token.as_deref(), example);
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        let written = &told["responses"][answer.status.to_string()]["content"]["application/json"]["example"];
        let (answered, written) = (but_for_what_varies(&answer.json()), but_for_what_varies(written));
        if answered != written {
            others.push(format!("{method} {path}: {}", answer.body));
        }
        sent += 1;
        if id == "change_password" {
            app.set_password("ana", PASSWORD);
        }
    }
    assert_eq!(others, Vec::<String>::new(), "are answered otherwise than as written");
    assert!(sent > 10, "only {sent} examples");
}

#[test]
fn every_call_on_the_page_is_in_the_document_and_has_its_words() {
    let app = TestApp::start();
    let (document, mut browser) = (document(&app), app.browser());
    let page = browser.get("/openapi");
    assert_eq!(page.status, 200);
    for (method, path, told) in document.operations() {
        let line =
            format!("<span class=\"code\">{method} {path}</span> <span>{}</span>", told["summary"].as_str().unwrap());
        assert!(page.body.contains(&line), "{line}");
    }
    assert_eq!(page.body.matches("<summary>").count(), document.operations().count());
}
