//! Shared by `rooms` and `promises`: the servers that tests begin with, and what visitors do in several of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portero::accounts::apps::credentials::AppCredentials;
use portero::accounts::apps::manage::add_client;
use serde_json::Value;

use crate::support::{Answer, Browser, PASSWORD, TestApp, claims, operator, totp};

/// In seconds, and one minute longer: an access token has run out by then.
pub(crate) const A_QUARTER_OF_AN_HOUR: i64 = 16 * 60;

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A server with the user ana.
pub(crate) fn app() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app
}

/// A server with the users ana and bea, and adm, who is an admin.
pub(crate) fn app_with_admin() -> TestApp {
    let app = TestApp::start();
    app.add_user("ana");
    app.add_user("bea");
    app.add_admin("adm");
    app
}

/// Adds ana as an admin; returns her browser, signed in.
pub(crate) fn admin(app: &TestApp) -> Browser {
    app.add_admin("ana");
    app.signed_in("ana")
}

/// An access token from a sign-in a moment ago, of somebody without a second factor.
pub(crate) fn fresh_token(app: &TestApp, name: &str) -> String {
    app.tokens(name).access
}

/// Gives the user an authenticator app; returns its secret and the recovery codes.
pub(crate) fn second_factor(app: &TestApp, name: &str) -> (String, Vec<String>) {
    let (client, token) = (app.client(), fresh_token(app, name));
    let new = client.post_json("/account/factors/totp", Some(&token), &serde_json::json!({ "name": "Phone" })).json();
    let secret = new["secret"].as_str().unwrap().to_owned();
    let code = totp::code(&secret, app.accounts.now().0);
    let path = format!("/account/factors/totp/{}/confirm", new["id"]);
    let answer = client.post_json(&path, Some(&token), &serde_json::json!({ "code": code }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let codes = answer.json()["recovery_codes"].as_array().unwrap().clone();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

pub(crate) fn sid(browser: &Browser) -> String {
    claims(&browser.cookies["access_token_cookie"])["sid"].as_str().unwrap().to_owned()
}

pub(crate) fn refresh_cookie(browser: &Browser) -> String {
    browser.cookies["refresh_token_cookie"].clone()
}

pub(crate) fn as_json(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.send("GET", path, &[("accept", "application/json")], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

pub(crate) fn with_user_agent(app: &TestApp, user_agent: &str) -> Browser {
    let mut browser = app.browser();
    browser.user_agent = user_agent.into();
    browser.get("/login");
    assert_eq!(browser.post("/login", &[("username", "ana"), ("password", PASSWORD)]).status, 303);
    browser
}

/// Opens a page that asks first, and says yes; returns the page after it.
pub(crate) fn end(browser: &mut Browser, path: &str) -> Answer {
    let page = browser.get(path);
    assert_eq!(page.status, 200, "{path}: {} {}", page.location(), page.body);
    let answer = browser.post(path, &[]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser.follow(answer)
}

/// The path of a user's page, as the admin's list of users links to it.
pub(crate) fn path_of(browser: &mut Browser, name: &str) -> String {
    let list = browser.get(&format!("/admin/users?name={name}"));
    let at = list.body.find("/admin/users/").filter(|_| list.body.contains(&format!(">{name}</a>")));
    let mut links = list.body[at.unwrap_or_else(|| panic!("{}", list.body))..].split("href=\"");
    links.find(|link| link.contains(&format!(">{name}</a>"))).unwrap().split('"').next().unwrap().to_owned()
}

/// Does this act to a user by the page that asks first; returns the page after it.
pub(crate) fn act(browser: &mut Browser, user: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
    let path = format!("{user}/{act}");
    assert_eq!(browser.get(&path).status, 200, "{path}");
    let answer = browser.post(&path, fields);
    browser.follow(answer)
}

/// The path of the one-time link that a page shows.
pub(crate) fn link_on(page: &Answer) -> String {
    let at = page.body.find("/link/").unwrap_or_else(|| panic!("{page:?}"));
    page.body[at..].split('<').next().unwrap().to_owned()
}

/// Adds a user by the form; returns the page with the link for them.
pub(crate) fn add_by_form(browser: &mut Browser, name: &str) -> Answer {
    browser.get("/admin/users/add");
    let made = browser.post("/admin/users/add", &[("username", name)]);
    assert_eq!(made.status, 303, "{}", made.body);
    browser.follow(made)
}

pub(crate) fn login(app: &TestApp, content_type: &str, body: &[u8]) -> Answer {
    app.client().send("POST", "/login", None, &[("content-type", content_type)], body)
}

/// An app that introspects and revokes tokens.
pub(crate) struct Asker<'a> {
    app: &'a TestApp,
    pub(crate) credentials: AppCredentials,
}

impl<'a> Asker<'a> {
    pub(crate) fn of(app: &'a TestApp) -> Self {
        Self { app, credentials: add_client(&app.accounts, operator(), "shop").committed().unwrap().unwrap() }
    }

    pub(crate) fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.credentials.id, self.credentials.secret)))
    }

    pub(crate) fn post(&self, path: &str, token: &str) -> Answer {
        let authorization = self.authorization();
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        form(self.app, path, Some(&authorization), &body)
    }

    /// What introspection tells of a token; `None`: it is not active.
    pub(crate) fn introspect(&self, token: &str) -> Option<Value> {
        let answer = self.post("/introspect", token);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.json();
        match told["active"].as_bool().unwrap() {
            true => Some(told),
            false => {
                assert_eq!(answer.body, r#"{"active":false}"#, "nothing else is told");
                None
            }
        }
    }

    pub(crate) fn revoke(&self, token: &str) {
        assert_eq!(self.post("/revoke", token).status, 200);
    }
}

pub(crate) fn form(app: &TestApp, path: &str, authorization: Option<&str>, body: &str) -> Answer {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(authorization.map(|value| ("authorization", value)));
    app.client().send("POST", path, None, &headers, body.as_bytes())
}

pub(crate) fn opens(app: &TestApp, token: &str) -> u16 {
    app.client().get("/protected", Some(token)).status
}

/// A route of Portero's.
pub(crate) struct Route {
    /// As `src/web/routes.rs` writes it, such as `/receipts/{id}`.
    pub(crate) path: &'static str,
    pub(crate) methods: Vec<&'static str>,
    /// Whether browsers are meant: the route stands in the scope of the pages.
    pub(crate) is_page: bool,
    /// Whether it has a guard.
    pub(crate) reads_token: bool,
}

/// The route table, read from its source, so that no test of all routes can forget one.
pub(crate) fn routes() -> Vec<Route> {
    const SOURCE: &str = include_str!("../../src/web/routes.rs");
    let table = SOURCE.split("fn path(").next().unwrap();
    let pages_begin = table.find("web::scope(").unwrap();
    let mut routes = Vec::new();
    for (at, _) in table.match_indices(".service(") {
        let Some((_, text)) = table[at..].split_once("path(\"") else { continue };
        let (path, rest) = text.split_once('"').unwrap();
        let end = rest.find(".guarded").unwrap_or(rest.len()).min(rest.find(".open").unwrap_or(rest.len()));
        let methods = [(".get(", "GET"), (".post(", "POST"), (".delete(", "DELETE")];
        let methods = methods.into_iter().filter(|(call, _)| rest[..end].contains(call)).map(|(_, method)| method);
        let find = |call: &str| rest.find(call).unwrap_or(rest.len());
        let reads_token = find(".guarded") < find(".open");
        routes.push(Route { path, methods: methods.collect(), is_page: at > pages_begin, reads_token });
    }
    assert!(routes.len() > 30 && routes.iter().all(|route| !route.methods.is_empty()), "the search finds too little");
    routes
}
