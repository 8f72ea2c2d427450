//! Each program in `examples/` is started, and answers as it promises.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

struct Example {
    process: Child,
    address: SocketAddr,
    agent: ureq::Agent,
}

impl Example {
    fn start(name: &str) -> Self {
        let test = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().parent().unwrap().join("examples").join(name);
        assert!(program.exists(), "{} is not built: cargo build --examples", program.display());
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(program).arg(address.to_string()).spawn().unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.timeout_global(Some(Duration::from_secs(20))).build().into();
        // From here on a panic stops the process too, by `Drop`.
        let mut example = Self { process, address, agent };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = example.process.try_wait().unwrap();
            assert!(ended.is_none(), "{name} ended by itself: {ended:?}");
            assert!(begin.elapsed() < Duration::from_secs(20), "{name} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        example
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match method {
            "GET" | "DELETE" => self.agent.run(request.body(()).unwrap()),
            _ => self.agent.run(request.body(body.to_owned()).unwrap()),
        }
        .unwrap();
        let cookies =
            answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
        let status = answer.status().as_u16();
        Answer { status, cookies, body: answer.body_mut().read_to_string().unwrap() }
    }

    fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, &[("authorization", &format!("Bearer {token}"))], "")
    }

    fn post(&self, path: &str, token: &str) -> Answer {
        self.ask("POST", path, &[("authorization", &format!("Bearer {token}"))], "")
    }

    fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], &body.to_string())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    cookies: Vec<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// The status, and the `msg` of the body.
    fn told(&self) -> (u16, String) {
        (self.status, self.text("msg"))
    }

    /// The cookies that were set, as a browser sends them back.
    fn jar(&self) -> String {
        self.cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let of_name =
            |cookie: &String| Some(cookie.strip_prefix(name)?.strip_prefix('=')?.split(';').next()?.to_owned());
        self.cookies.iter().find_map(of_name)
    }
}

/// The claims of a token, without a look at its signature.
fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn told(status: u16, msg: &str) -> (u16, String) {
    (status, msg.into())
}

#[test]
fn basic_usage_lets_in_who_signed_in() {
    let app = Example::start("basic_usage");
    let login = |password: &str| app.post_json("/login", &json!({ "username": "ana", "password": password }));
    assert_eq!(login("wrong").told(), told(401, "Bad username or password"));
    assert_eq!(app.ask("GET", "/protected", &[], "").told(), told(401, "Missing Authorization Header"));
    let token = login("test").text("access_token");
    assert_eq!(app.get("/protected", &token).json(), json!({ "logged_in_as": "ana" }));
    assert_eq!(app.get("/protected", "x").told(), told(422, "Not enough segments"));
}

#[test]
fn a_refresh_token_gets_access_tokens_and_opens_nothing_else() {
    let app = Example::start("refreshing_explicit");
    let tokens = app.ask("POST", "/login", &[], "");
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    assert_eq!(app.get("/protected", &refresh).told(), told(422, "Only non-refresh tokens are allowed"));
    assert_eq!(app.post("/refresh", &access).told(), told(422, "Only refresh tokens are allowed"));
    let renewed = app.post("/refresh", &refresh).text("access_token");
    assert_eq!(app.get("/protected", &renewed).status, 200);
    assert_eq!((&claims(&access)["fresh"], &claims(&renewed)["fresh"]), (&json!(true), &json!(false)));
}

#[test]
fn an_expired_cookie_is_renewed_in_passing_and_never_behind_a_sign_out() {
    let app = Example::start("refreshing_implicit");
    let jar = app.ask("POST", "/login", &[], "").jar();
    let at_once = app.ask("GET", "/protected", &[("cookie", &jar)], "");
    assert_eq!((at_once.status, at_once.cookies.len()), (200, 0), "nothing to renew");
    std::thread::sleep(Duration::from_millis(2_100));
    let later = app.ask("GET", "/protected", &[("cookie", &jar)], "");
    assert_eq!((later.status, later.text("logged_in_as")), (200, "ana".into()));
    assert!(later.cookie("access_token_cookie").is_some() && later.cookie("csrf_access_token").is_some());
    assert!(later.cookie("refresh_token_cookie").is_none(), "the refresh token stays");
    let csrf = jar.split("csrf_access_token=").nth(1).unwrap().split(';').next().unwrap();
    let form = app.ask("POST", "/protected", &[("cookie", &jar), ("x-csrf-token", csrf)], "");
    assert_eq!(form.told(), told(401, "Token has expired"), "a form is not renewed");

    let access = jar.split("access_token_cookie=").nth(1).unwrap().split(';').next().unwrap();
    let swapped = app.ask("GET", "/protected", &[("cookie", &format!("refresh_token_cookie={access}"))], "");
    assert_eq!((swapped.status, swapped.cookies.len()), (401, 0), "an access token renews nothing");

    let out = app.ask("POST", "/logout", &[("cookie", &jar)], "");
    assert_eq!(out.cookies.len(), 4);
    assert!(out.cookies.iter().all(|cookie| cookie.contains("1970")), "{out:?}");
    let missing = told(401, "Missing cookie \"access_token_cookie\"");
    assert_eq!(app.ask("GET", "/protected", &[], "").told(), missing, "a browser without cookies is nobody");
}

#[test]
fn what_is_dangerous_wants_a_fresh_token() {
    let app = Example::start("freshness");
    let tokens = app.ask("POST", "/login", &[], "");
    assert_eq!(app.post("/change-password", &tokens.text("access_token")).told(), told(200, "password changed"));
    let renewed = app.post("/refresh", &tokens.text("refresh_token")).text("access_token");
    assert_eq!(app.get("/protected", &renewed).status, 200);
    assert_eq!(app.post("/change-password", &renewed).told(), told(401, "Fresh token required"));
}

#[test]
fn a_token_is_found_in_any_of_four_places_and_a_cookie_needs_its_csrf_value() {
    let app = Example::start("locations");
    let login = app.ask("POST", "/login", &[], "");
    let (token, jar, csrf) = (login.text("access_token"), login.jar(), login.cookie("csrf_access_token").unwrap());
    let found = |answer: Answer| (answer.status, answer.json()["found_in"].as_str().map(str::to_owned));
    let place = |name: &str| (200, Some(name.to_owned()));
    assert_eq!(found(app.get("/protected", &token)), place("headers"));
    assert_eq!(found(app.ask("GET", "/protected", &[("cookie", &jar)], "")), place("cookies"));
    assert_eq!(found(app.ask("GET", &format!("/protected?jwt={token}"), &[], "")), place("query_string"));
    assert_eq!(found(app.post_json("/protected", &json!({ "access_token": token }))), place("json"));
    assert_eq!(app.ask("POST", "/protected", &[("cookie", &jar)], "").told(), told(401, "Missing CSRF token"));
    let wrong = app.ask("POST", "/protected", &[("cookie", &jar), ("x-csrf-token", "wrong")], "");
    assert_eq!(wrong.told(), told(401, "CSRF double submit tokens do not match"));
    assert_eq!(app.ask("POST", "/protected", &[("cookie", &jar), ("x-csrf-token", &csrf)], "").status, 200);
    assert_eq!(app.get("/download", &token).told(), told(401, "Missing 'jwt' query paramater"));
    assert_eq!(app.ask("GET", &format!("/download?jwt={token}"), &[], "").status, 200);
}

#[test]
fn a_revoked_token_is_refused_and_the_other_is_not() {
    let app = Example::start("blocklist");
    let tokens = app.ask("POST", "/login", &[], "");
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let logout = |token: &str| app.ask("DELETE", "/logout", &[("authorization", &format!("Bearer {token}"))], "");
    assert_eq!(app.get("/protected", &access).status, 200);
    assert_eq!(logout(&access).told(), told(200, "Access token successfully revoked"));
    assert_eq!(app.get("/protected", &access).told(), told(401, "Token has been revoked"));
    assert_eq!(logout(&access).status, 401, "not twice");
    assert_eq!(logout(&refresh).told(), told(200, "Refresh token successfully revoked"));
    assert_eq!(logout(&refresh).told(), told(401, "Token has been revoked"));
}

#[test]
fn a_token_comes_back_as_its_user_until_that_one_leaves() {
    let app = Example::start("current_user");
    assert_eq!(app.post_json("/login", &json!({ "username": "eva" })).told(), told(401, "Bad username or password"));
    let token = app.post_json("/login", &json!({ "username": "ana" })).text("access_token");
    assert_eq!(app.get("/who-am-i", &token).text("full_name"), "Ana Ruiz");
    assert_eq!(app.post("/leave", &token).status, 200);
    assert_eq!(app.get("/who-am-i", &token).told(), told(401, "Error loading the user 1"));
}

#[test]
fn an_open_route_greets_by_name_and_takes_no_bad_token() {
    let app = Example::start("optional");
    let token = app.ask("POST", "/login", &[], "").body;
    assert_eq!(app.ask("GET", "/greeting", &[], "").text("logged_in_as"), "anonymous user");
    assert_eq!(app.get("/greeting", &token).text("logged_in_as"), "ana");
    assert_eq!(app.get("/greeting", "x.y.z").status, 422);
}

#[test]
fn claims_come_from_the_callback_and_from_the_token_itself() {
    let app = Example::start("claims");
    let token = app.ask("POST", "/login", &[], "").text("access_token");
    let expected = json!({ "shop": "south", "till": 3, "greeting": "hello ana" });
    assert_eq!(app.get("/protected", &token).json(), expected);
}

#[test]
fn an_admins_route_is_for_admins() {
    let app = Example::start("role_guard");
    let token = |name: &str| app.post_json("/login", &json!({ "username": name })).text("access_token");
    assert_eq!(app.get("/admin", &token("ana")).text("welcome"), "ana");
    assert_eq!(app.get("/admin", &token("eva")).told(), told(403, "Admins only!"));
    assert_eq!(app.ask("GET", "/admin", &[], "").status, 401);
}

#[test]
fn every_example_is_run() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap();
    let here = include_str!("examples.rs");
    let mut count = 0;
    for name in folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        if let Some(name) = name.strip_suffix(".rs") {
            count += 1;
            assert!(here.contains(&format!("Example::start(\"{name}\")")), "{name} is not run");
        }
    }
    assert_eq!(count, 10);
}
