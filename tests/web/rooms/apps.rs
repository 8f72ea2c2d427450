//! The gate before apps, as nginx, Caddy and HAProxy ask it: rooms `apps/…`. The browser at the app's host and the browser at Portero's are
//! one browser; tests keep its cookies for each host apart, as it does.

use std::collections::BTreeMap;

use portero::accounts::apps::manage::{self, Added, add};
use portero::accounts::people::details::{Change, Changes, Edited, edit};
use portero::accounts::sessions::end::end_anybodys;
use portero::blocklist::change::Change as MemoryChange;
use portero::domain::{
    Allowed, App, AppId, AppName, AppOrigin, AppRules, By, DisplayName, Entrant, Level, Mail, OpenPath, SessionId,
    UnixTime, UserId, Username,
};
use portero::store::mass_ends::{self, MassEnd};
use portero::store::session_ends::Which;
use portero::store::{Upkeep, apps, users};

use crate::common::{second_factor, sid};
use crate::support::database::Behind;
use crate::support::{Answer, Browser, Client, PASSWORD, TestApp, claims, operator};

pub(crate) const WIKI: &str = "wiki.example.org";
pub(crate) const DASH: &str = "dash.example.net";

pub(crate) fn server() -> TestApp {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1")]);
    app.add_user("ana");
    app.add_user("bea");
    app.add_admin("adm");
    app
}

pub(crate) fn rules(hosts: &[&str]) -> AppRules {
    let origins = hosts.iter().map(|host| AppOrigin::parse(&format!("https://{host}")).unwrap()).collect();
    AppRules { origins, ..AppRules::default() }
}

pub(crate) fn add_app(app: &TestApp, name: &str, rules: AppRules) -> AppId {
    let name = AppName::parse(name).unwrap();
    let Added { id, .. } = add(&app.accounts, operator(), name, rules).committed().unwrap().ok().unwrap();
    id
}

/// A server with the app wiki.
pub(crate) fn with_wiki() -> (TestApp, AppId) {
    let app = server();
    let id = add_app(&app, "wiki", rules(&[WIKI]));
    (app, id)
}

pub(crate) fn set(app: &TestApp, id: AppId, change: impl FnOnce(&mut AppRules) + Send + 'static) {
    assert!(manage::set(&app.accounts, operator(), id, change).committed().unwrap().unwrap());
}

pub(crate) fn user(app: &TestApp, name: &str) -> UserId {
    let name = Username::parse(name).unwrap();
    app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap().id
}

pub(crate) fn only(app: &TestApp, name: &str) -> Allowed {
    Allowed::Listed(vec![Entrant::User(user(app, name))])
}

/// What a browser keeps at the host of one app, and the proxy in between.
#[derive(Clone)]
pub(crate) struct AtApp {
    pub(crate) client: Client,
    pub(crate) host: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

pub(crate) const PAGE: [(&str, &str); 4] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-dest", "document"),
    ("accept", "text/html,*/*;q=0.8"),
];
pub(crate) const SCRIPT: [(&str, &str); 2] = [("sec-fetch-mode", "cors"), ("accept", "application/json")];
const WEBSOCKET: [(&str, &str); 3] =
    [("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")];

impl AtApp {
    pub(crate) fn new(app: &TestApp, host: &str) -> Self {
        Self { client: app.client(), host: host.into(), cookies: BTreeMap::new() }
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = headers.to_vec();
        if !self.cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        let answer = self.client.send(method, path, None, &all, b"");
        for cookie in answer.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            assert!(attributes.contains("Secure") && attributes.contains("HttpOnly") && attributes.contains("Path=/"));
            assert!(!attributes.contains("Domain"), "{cookie}");
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{cookie}");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        answer
    }

    /// What nginx asks about a request.
    pub(crate) fn check(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("https://{}{path}", self.host);
        let mut all = vec![("x-original-method", method), ("x-original-url", &url)];
        all.extend(headers);
        self.send("GET", "/gate/check/nginx", &all)
    }

    pub(crate) fn page(&mut self, path: &str) -> Answer {
        self.check("GET", path, &PAGE)
    }

    pub(crate) fn script(&mut self, path: &str) -> Answer {
        self.check("GET", path, &SCRIPT)
    }

    /// A request beneath `/.portero/`, which the proxy sends on.
    pub(crate) fn own(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let host = self.host.clone();
        let mut all = vec![("host", host.as_str())];
        all.extend(headers);
        self.send(method, path, &all)
    }

    /// The path of an address at this host.
    pub(crate) fn path<'a>(&self, address: &'a str) -> &'a str {
        let rest = address.strip_prefix("https://").and_then(|rest| rest.strip_prefix(self.host.as_str()));
        rest.unwrap_or_else(|| panic!("{address} is not at {}", self.host))
    }

    /// Goes the way to Portero; returns the address there.
    pub(crate) fn start(&mut self, path: &str) -> String {
        let refused = self.page(path);
        assert_eq!(refused.status, 401, "{}", refused.body);
        let start = refused.location().to_owned();
        let led = self.own("GET", self.path(&start), &PAGE);
        assert_eq!(led.status, 303, "{}", led.body);
        let (_, gate) = led.location().split_once("/gate?").unwrap();
        format!("/gate?{gate}")
    }

    /// Goes the way back; returns the address in the app.
    pub(crate) fn finish(&mut self, answer: &Answer) -> String {
        let back = callback(answer);
        let entered = self.own("GET", self.path(&back), &PAGE);
        assert_eq!(entered.status, 303, "{}", entered.body);
        entered.location().to_owned()
    }

    /// Enters with a browser that is signed in to Portero; returns the address at which it is then.
    pub(crate) fn enter(&mut self, browser: &mut Browser, path: &str) -> String {
        let gate = self.start(path);
        let answer = browser.get(&gate);
        assert_eq!(answer.status, 200, "{} {}", answer.location(), answer.body);
        self.finish(&answer)
    }

    pub(crate) fn pass(&self) -> &str {
        &self.cookies["__Host-portero_pass"]
    }
}

/// Where Portero leads from its page.
pub(crate) fn callback(answer: &Answer) -> String {
    if answer.status == 303 {
        return answer.location().to_owned();
    }
    let (_, rest) = answer.body.split_once("content=\"0; url=").unwrap_or_else(|| panic!("{}", answer.body));
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn entered(app: &TestApp, host: &str, name: &str) -> (AtApp, Browser) {
    let (mut at, mut browser) = (AtApp::new(app, host), app.signed_in(name));
    at.enter(&mut browser, "/");
    (at, browser)
}

#[test]
fn a_page_of_an_app_leads_to_the_sign_in_and_back_to_that_very_page() {
    let (app, _) = with_wiki();
    let (mut at, mut browser) = (AtApp::new(&app, WIKI), app.browser());
    let gate = at.start("/pages/deep?a=1&b=%20x");
    let sign_in = browser.get(&gate);
    assert!(sign_in.location().starts_with("/login?next=/gate"), "{} {}", sign_in.status, sign_in.body);
    let form = sign_in.location().to_owned();
    browser.get(&form);
    let next = url::Url::parse(&format!("http://here{form}")).unwrap();
    let next = next.query_pairs().find(|(name, _)| name == "next").unwrap().1.into_owned();
    let signed_in = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", &next)]);
    let led = browser.follow(signed_in);
    assert_eq!(at.finish(&led), format!("https://{WIKI}/pages/deep?a=1&b=%20x"));
    let page = at.page("/pages/deep");
    assert_eq!((page.status, page.header("remote-user")), (200, Some("ana")));
    assert!(at.cookies["__Host-portero_pass"].len() == 43, "{:?}", at.cookies);
}

#[test]
fn scripts_and_websockets_are_refused_without_being_led_anywhere() {
    let (app, _) = with_wiki();
    let mut at = AtApp::new(&app, WIKI);
    for headers in [SCRIPT.as_slice(), WEBSOCKET.as_slice()] {
        let answer = at.check("GET", "/api", headers);
        assert_eq!((answer.status, answer.location()), (401, ""), "{}", answer.body);
        assert_eq!((answer.msg(), answer.json()["login"].as_str()), ("Sign in first".into(), Some(START)));
        assert!(answer.header("www-authenticate").is_some());
    }
    let form = at.check("POST", "/save", &SCRIPT);
    assert_eq!((form.status, form.location()), (401, ""));
}

const START: &str = "https://wiki.example.org/.portero/start";

#[test]
fn an_app_is_told_signed_who_asks() {
    let (app, id) = with_wiki();
    let (mut at, _) = entered(&app, WIKI, "ana");
    app.make_app_keys();
    let signed = |answer: &Answer| answer.header("x-portero-assertion").unwrap().to_owned();
    let first = signed(&at.script("/"));
    let said = claims(&first);
    assert_eq!((said["aud"].as_str(), said["preferred_username"].as_str()), (Some("wiki"), Some("ana")), "{said}");
    assert_eq!(signed(&at.script("/other")), first, "a check signs nothing");
    set(&app, id, |rules| rules.sends_identity = false);
    assert_eq!(signed(&at.script("/")), "");
    set(&app, id, |rules| rules.open_paths = vec![OpenPath::parse("/public").unwrap()]);
    assert_eq!(signed(&AtApp::new(&app, WIKI).script("/public/x")), "");
}

#[test]
fn every_identity_header_is_in_every_answer_that_lets_a_request_pass() {
    let (app, id) = with_wiki();
    let (mut at, _) = entered(&app, WIKI, "ana");
    let identity = |answer: &Answer| {
        ["remote-user", "remote-name", "remote-email", "remote-groups"].map(|name| {
            answer.header(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", answer.headers)).to_owned()
        })
    };
    assert_eq!(identity(&at.script("/")), ["ana", "", "", ""]);
    let changes = Changes {
        display_name: Change::To(DisplayName::parse("Ana Íñiguez").unwrap()),
        mail: Change::To(Mail::parse("ana@example.org").unwrap()),
        ..Changes::default()
    };
    assert_eq!(edit(&app.accounts, operator(), user(&app, "ana"), changes).committed().unwrap(), Edited::Done);
    assert_eq!(identity(&at.script("/")), ["ana", "Ana Íñiguez", "ana@example.org", ""], "on the next request");
    set(&app, id, |rules| rules.sends_identity = false);
    assert_eq!(identity(&at.script("/")), ["", "", "", ""]);
    set(&app, id, |rules| rules.open_paths = vec![OpenPath::parse("/public").unwrap()]);
    assert_eq!(identity(&AtApp::new(&app, WIKI).script("/public/x")), ["", "", "", ""]);
}

#[test]
fn an_ended_session_is_refused_by_every_app_on_the_next_request() {
    let (app, _) = with_wiki();
    add_app(&app, "dash", rules(&[DASH]));
    let (mut wiki, mut browser) = entered(&app, WIKI, "ana");
    let mut dash = AtApp::new(&app, DASH);
    dash.enter(&mut browser, "/");
    assert_eq!((wiki.script("/").status, dash.script("/").status), (200, 200));
    let session = SessionId::parse(&sid(&browser)).unwrap();
    end_anybodys(&app.accounts, operator(), Which::One(session)).committed().unwrap();
    assert_eq!((wiki.script("/").status, dash.script("/").status), (401, 401));
    // Signed out, disabled, another password: all of them end the session.
    let (mut wiki, mut browser) = entered(&app, WIKI, "ana");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    assert_eq!(wiki.script("/").status, 401);
    let (mut wiki, _) = entered(&app, WIKI, "ana");
    app.disable("ana");
    assert_eq!(wiki.script("/").status, 401);
}

#[test]
fn passes_end_with_the_act_that_ends_everybodys_sessions_and_others_stay_good_meanwhile() {
    let (app, _) = with_wiki();
    let (mut before, _) = entered(&app, WIKI, "ana");
    let (mut other, browser) = entered(&app, WIKI, "bea");
    let act = MassEnd {
        receipt: "6a2f8a5e-5d0c-4b8e-9d39-0f6f5a1d8c77".into(),
        since: UnixTime(0),
        at: app.clock.now(),
        except: SessionId::parse(&sid(&browser)),
        by: By::Operator("root".into()),
        ip: None,
        ended: 0,
    };
    let receipt = act.receipt.clone();
    let added = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| mass_ends::add(tx.conn, &act));
    added.committed().unwrap();
    // As it is until memory has learned which sessions it ended.
    app.accounts.blocklist.apply(MemoryChange::MassEndBegan(receipt));
    assert_eq!((before.script("/").status, other.script("/").status), (401, 200));
}

#[test]
fn a_pass_opens_nothing_but_the_host_that_it_was_made_for() {
    let (app, id) = with_wiki();
    add_app(&app, "dash", rules(&[DASH]));
    set(&app, id, |rules| rules.origins.push(AppOrigin::parse("https://other.example").unwrap()));
    let (at, browser) = entered(&app, WIKI, "ana");
    for host in [DASH, "other.example"] {
        let mut other = AtApp { host: host.into(), ..at.clone() };
        assert_eq!(other.script("/").status, 401, "{host}");
    }
    let mut thief = app.browser();
    thief.cookies = [at.pass()].into_iter().map(|pass| ("access_token_cookie".into(), pass.into())).collect();
    assert!(!thief.is_signed_in());
    let mut at_app = AtApp::new(&app, WIKI);
    at_app.cookies.insert("__Host-portero_pass".into(), browser.cookies["access_token_cookie"].clone());
    assert_eq!(at_app.script("/").status, 401, "a token is no pass");
}

#[test]
fn a_code_leads_in_once_within_seconds_at_its_own_host_and_only_the_browser_that_began() {
    let (app, _) = with_wiki();
    add_app(&app, "dash", rules(&[DASH]));
    let mut browser = app.signed_in("ana");
    let mut at = AtApp::new(&app, WIKI);
    let code = |at: &mut AtApp, browser: &mut Browser| {
        let gate = at.start("/");
        callback(&browser.get(&gate))
    };
    let is_refused = |at: &mut AtApp, path: &str| {
        let answer = at.own("GET", path, &PAGE);
        assert!(!at.cookies.contains_key("__Host-portero_pass"));
        assert_eq!((answer.status, answer.location()), (400, ""), "{}", answer.body);
    };
    let back = code(&mut at, &mut browser);
    let path = at.path(&back).to_owned();
    is_refused(&mut AtApp::new(&app, WIKI), &path);
    let mut elsewhere = AtApp::new(&app, WIKI);
    elsewhere.start("/");
    is_refused(&mut elsewhere, &path);
    is_refused(&mut AtApp { host: DASH.into(), ..at.clone() }, &path);
    let mut first = at.clone();
    assert_eq!(first.own("GET", &path, &PAGE).status, 303);
    is_refused(&mut at.clone(), &path);
    let back = code(&mut at, &mut browser);
    let path = at.path(&back).to_owned();
    app.clock.advance(31);
    is_refused(&mut at, &path);
    let back = code(&mut at, &mut browser);
    let path = at.path(&back).to_owned();
    assert_eq!(browser.post("/logout", &[]).status, 303);
    is_refused(&mut at, &path);
    for path in ["/.portero/callback", "/.portero/callback?code=", "/.portero/callback?code=%ff&code=x"] {
        is_refused(&mut at, path);
    }
}

#[test]
fn who_may_not_enter_is_told_so_in_their_language() {
    let (app, id) = with_wiki();
    let (mut at, _) = entered(&app, WIKI, "bea");
    let ana = only(&app, "ana");
    set(&app, id, |rules| rules.allowed = ana);
    let spanish: Vec<_> = PAGE.into_iter().chain([("accept-language", "es")]).collect();
    let answer = at.check("GET", "/", &spanish);
    assert_eq!(answer.status, 403);
    // nginx, which has no page of its check, asks for it like this.
    let mut asked = vec![("x-original-method", "GET"), ("x-original-url", "https://wiki.example.org/")];
    asked.extend(&spanish);
    let page = at.send("GET", "/gate/check/haproxy", &asked);
    assert_eq!(page.status, 403);
    assert!(page.body.contains("No tienes acceso a wiki") && page.body.contains("lang=\"es\""), "{}", page.body);
    assert_eq!(at.script("/").msg(), "You may not enter this app");
    let mut browser = app.signed_in("bea");
    let gate = AtApp::new(&app, WIKI).start("/");
    let page = browser.get(&gate);
    assert_eq!(page.status, 403);
    assert!(page.body.contains("wiki is not open to you") && page.body.contains("bea"), "{}", page.body);
    let (mut at, _) = entered(&app, WIKI, "ana");
    assert_eq!(at.script("/").status, 200);
    set(&app, id, |rules| rules.allowed = Allowed::Listed(vec![Entrant::Admins]));
    assert_eq!(at.script("/").status, 403, "on the next request");
    let (mut at, _) = entered(&app, WIKI, "adm");
    assert_eq!(at.script("/").status, 200);
    app.add_admin("eva");
    app.set_role("adm", false);
    assert_eq!(at.script("/").status, 403, "no admin any more");
}

#[test]
fn a_session_tells_which_apps_were_entered_in_it() {
    let (app, _) = with_wiki();
    let (_, mut browser) = entered(&app, WIKI, "ana");
    AtApp::new(&app, WIKI).enter(&mut browser, "/");
    assert!(browser.get("/account").body.contains("In wiki"));
    let path = format!("/account/sessions/{}", sid(&browser));
    let page = browser.get(&path).body;
    assert!(page.contains("Apps entered") && page.contains("2 times"), "{page}");
    let told = crate::common::as_json(&mut browser, &path);
    assert_eq!((told["apps"][0]["app"].as_str(), told["apps"][0]["times"].as_i64()), (Some("wiki"), Some(2)));
}

#[test]
fn signing_out_at_an_app_ends_the_pass_for_that_app_alone() {
    let (app, _) = with_wiki();
    add_app(&app, "dash", rules(&[DASH]));
    let (mut wiki, mut browser) = entered(&app, WIKI, "ana");
    let mut dash = AtApp::new(&app, DASH);
    dash.enter(&mut browser, "/");
    let stolen = wiki.clone();
    let form = wiki.own("GET", "/.portero/sign-out", &PAGE);
    assert!(
        form.body.contains("Sign out of wiki?") && form.body.contains("/.portero/static/style.css"),
        "{}",
        form.body
    );
    assert_eq!(wiki.script("/").status, 200, "nothing has ended yet");
    for foreign in [("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        assert_eq!(wiki.own("POST", "/.portero/sign-out", &[foreign]).status, 403, "{foreign:?}");
    }
    assert_eq!(wiki.own("POST", "/.portero/sign-out", &[]).status, 403);
    assert_eq!(wiki.script("/").status, 200);
    let left = wiki.own("POST", "/.portero/sign-out", &[("sec-fetch-site", "same-origin"), ("accept", "text/html")]);
    assert!(left.status == 200 && left.body.contains("You have left wiki"), "{}", left.body);
    assert!(!wiki.cookies.contains_key("__Host-portero_pass"));
    assert_eq!(stolen.clone().script("/").status, 401, "a copy opens nothing either");
    assert_eq!(dash.script("/").status, 200);
    assert!(browser.is_signed_in());
    let own = [("origin", "https://wiki.example.org")];
    assert_eq!(wiki.own("POST", "/.portero/sign-out", &own).status, 200, "without fetch metadata, and twice");
}

#[test]
fn only_a_trusted_proxy_is_answered_and_only_about_hosts_that_are_there() {
    let (app, _) = with_wiki();
    let url = format!("https://{WIKI}/");
    let ask = |headers: &[(&str, &str)]| app.client().send("GET", "/gate/check/nginx", None, headers, b"");
    let good = [("x-original-method", "GET"), ("x-original-url", url.as_str())];
    assert_eq!(ask(&good).status, 401);
    let missing = ask(&good[..1]);
    assert!(missing.status == 400 && missing.msg().contains("X-Original-URL is missing"), "{}", missing.body);
    for (name, value) in [
        ("x-original-url", "https://evil.example/"),
        ("x-original-url", "http://wiki.example.org/"),
        ("x-original-url", "https://wiki.example.org:8443/"),
        ("x-original-url", "https://wiki.example.org@evil.example/"),
    ] {
        assert_eq!(ask(&[good[0], (name, value)]).status, 400, "{value}");
    }
    assert_eq!(ask(&[good[0], good[1], ("remote_user", "adm")]).status, 400);
    let untrusted = TestApp::start();
    add_app(&untrusted, "wiki", rules(&[WIKI]));
    let answer = untrusted.client().send("GET", "/gate/check/nginx", None, &good, b"");
    assert!(answer.status == 400 && answer.msg().contains("trusted_proxies"), "{}", answer.body);
    let own = untrusted.client().send("GET", "/.portero/start", None, &[("host", WIKI)], b"");
    assert_eq!(own.status, 404);
    assert_eq!(app.client().send("GET", "/.portero/start", None, &[("host", "evil.example")], b"").status, 404);
}

#[test]
fn caddy_traefik_and_haproxy_are_given_the_whole_answer_for_the_browser() {
    let (app, id) = with_wiki();
    let forward = |at: &mut AtApp, method: &str, headers: &[(&str, &str)]| {
        let mut all = vec![
            ("x-forwarded-method", method),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", WIKI),
            ("x-forwarded-uri", "/deep?x=1"),
        ];
        all.extend(headers);
        at.send("GET", "/gate/check/forward", &all)
    };
    let mut at = AtApp::new(&app, WIKI);
    let answer = forward(&mut at, "GET", &PAGE);
    assert_eq!(answer.status, 302);
    assert!(answer.location().starts_with(START), "{}", answer.location());
    assert_eq!(forward(&mut at, "POST", &PAGE).status, 303);
    assert_eq!(forward(&mut at, "GET", &SCRIPT).status, 401);
    let url = format!("https://{WIKI}/deep?x=1");
    let mut haproxy = vec![("x-original-method", "GET"), ("x-original-url", url.as_str())];
    haproxy.extend(PAGE);
    assert_eq!(at.send("GET", "/gate/check/haproxy", &haproxy).status, 302);
    let (mut at, _) = entered(&app, WIKI, "ana");
    let answer = forward(&mut at, "POST", &SCRIPT);
    assert_eq!((answer.status, answer.header("remote-user")), (200, Some("ana")));
    let bea = only(&app, "bea");
    set(&app, id, |rules| rules.allowed = bea);
    let answer = forward(&mut at, "GET", &PAGE);
    assert!(answer.status == 403 && answer.body.contains("wiki is not open to you"), "{}", answer.body);
}

#[test]
fn an_app_can_ask_for_two_factors_and_for_young_proof() {
    let (app, id) = with_wiki();
    let (mut at, mut browser) = entered(&app, WIKI, "ana");
    set(&app, id, |rules| rules.max_age = Some(3600));
    assert_eq!(at.script("/").status, 200);
    app.clock.advance(3601);
    assert_eq!(at.script("/").status, 401);
    let gate = at.start("/x");
    let asked = browser.get(&gate);
    assert!(asked.location().starts_with("/confirm?next=/gate"), "{} {}", asked.location(), asked.body);
    let form = asked.location().to_owned();
    browser.get(&form);
    let next = url::Url::parse(&format!("http://here{form}")).unwrap();
    let next = next.query_pairs().find(|(name, _)| name == "next").unwrap().1.into_owned();
    let confirmed = browser.post("/confirm", &[("password", PASSWORD), ("next", &next)]);
    let led = browser.follow(confirmed);
    assert_eq!(at.finish(&led), format!("https://{WIKI}/x"));
    assert_eq!(at.script("/").status, 200);
    set(&app, id, |rules| {
        rules.max_age = None;
        rules.level = Level::Two;
    });
    assert_eq!(at.script("/").status, 401);
    let gate = at.start("/");
    assert_eq!(browser.get(&gate).location(), "/account/factors", "there is no second factor yet");
    second_factor(&app, "ana");
    let gate = at.start("/");
    let asked = browser.get(&gate);
    assert!(asked.location().contains("acr_values=aal2"), "{}", asked.location());
}

#[test]
fn open_paths_are_open_and_nothing_that_only_looks_like_them() {
    let (app, id) = with_wiki();
    set(&app, id, |rules| rules.open_paths = vec![OpenPath::parse("/public").unwrap()]);
    let mut at = AtApp::new(&app, WIKI);
    for path in ["/public", "/public/", "/public/a.png", "/public?x=/../y"] {
        assert_eq!(at.script(path).status, 200, "{path}");
    }
    for path in [
        "/",
        "/publicity",
        "/?/public",
        "/public/..",
        "/public/%2e%2e/x",
        "/public%2f..%2fx",
        "/public/..;/x",
        "//public",
        "/public//x",
        "/public\\..\\x",
        "/PUBLIC",
    ] {
        assert_ne!(at.script(path).status, 200, "{path}");
    }
}

#[test]
fn an_app_that_only_observes_lets_everybody_pass() {
    let (app, id) = with_wiki();
    set(&app, id, |rules| rules.observes = true);
    let mut at = AtApp::new(&app, WIKI);
    let answer = at.page("/x");
    assert_eq!((answer.status, answer.header("remote-user")), (200, Some("")));
    set(&app, id, |rules| rules.observes = false);
    assert_eq!(at.page("/x").status, 401);
}

#[test]
fn an_app_that_is_removed_or_moved_lets_nobody_in() {
    let (app, id) = with_wiki();
    let (mut at, _) = entered(&app, WIKI, "ana");
    set(&app, id, |rules| rules.origins = vec![AppOrigin::parse("https://new.example").unwrap()]);
    assert_eq!(at.script("/").status, 400);
    set(&app, id, |rules| rules.origins = vec![AppOrigin::parse("https://wiki.example.org").unwrap()]);
    assert_eq!(at.script("/").status, 401, "the pass was for the address that was taken away");
    let (mut at, _) = entered(&app, WIKI, "ana");
    assert!(manage::remove(&app.accounts, operator(), id).committed().unwrap());
    assert_eq!(at.script("/").status, 400);
    let all: Vec<App> = app.accounts.db.read(apps::all).unwrap();
    assert!(all.is_empty());
}

#[test]
fn a_pass_opens_nothing_after_a_restart_if_its_session_has_ended_even_one_that_was_to_live_shorter() {
    let folder = tempfile::TempDir::new().unwrap();
    let settings = [("trusted_proxies", "127.0.0.1")];
    let app = TestApp::in_folder(folder.path(), &settings);
    app.add_user("ana");
    add_app(&app, "wiki", rules(&[WIKI]));
    // Ana has another session, which goes on.
    let (mut at, browser) = entered(&app, WIKI, "ana");
    let _other = app.signed_in("ana");
    app.stop();
    // As after a renewal under a setting that gave the session a few minutes, and its end.
    Behind::of(folder.path()).execute(&format!(
        "UPDATE sessions SET ended_at = created_at, end_reason = 'logout', expires_at = created_at - 72000,
            access_until = created_at - 72000 WHERE sid = '{}'",
        sid(&browser)
    ));
    let app = TestApp::in_folder(folder.path(), &settings);
    at.client = app.client();
    assert_eq!(at.script("/").status, 401);
}

#[test]
fn a_pass_outlives_a_restart_and_no_longer_than_a_day() {
    let folder = tempfile::TempDir::new().unwrap();
    let settings = [("trusted_proxies", "127.0.0.1")];
    let app = TestApp::in_folder(folder.path(), &settings);
    app.add_user("ana");
    add_app(&app, "wiki", rules(&[WIKI]));
    let (mut at, mut browser) = (AtApp::new(&app, WIKI), app.browser());
    browser.get("/login");
    let kept = [("username", "ana"), ("password", PASSWORD), ("remember", "on")];
    assert_eq!(browser.post("/login", &kept).status, 303);
    at.enter(&mut browser, "/");
    app.stop();
    let app = TestApp::in_folder(folder.path(), &settings);
    at.client = app.client();
    assert_eq!(at.script("/").status, 200);
    assert_eq!(app.accounts.blocklist.passes(), 1);
    let mut browser = browser.moved_to(app.address);
    app.clock.advance(11 * 3600);
    browser.get("/account");
    assert_eq!(at.page("/").status, 200);
    app.clock.advance(2 * 3600);
    assert_eq!(at.script("/").status, 200);
    assert_eq!(at.page("/").status, 401, "in its second half, a page leads to a new one");
    app.clock.advance(12 * 3600);
    assert_eq!(at.script("/").status, 401);
    app.stop();
}

#[test]
fn an_address_that_is_too_long_to_be_sent_along_is_found_again() {
    let (app, _) = with_wiki();
    let (mut at, mut browser) = (AtApp::new(&app, WIKI), app.signed_in("ana"));
    let long = format!("/search?q={}", "a".repeat(1000));
    assert_eq!(at.enter(&mut browser, &long), format!("https://{WIKI}{long}"));
    let longest = format!("/search?q={}", "a".repeat(280 - "/search?q=".len()));
    let (mut at, mut browser) = (AtApp::new(&app, WIKI), app.browser());
    let gate = at.start(&longest);
    assert!(browser.get(&gate).location().contains("/login?next=/gate"), "it fits into the sign-in");
    assert!(gate.len() <= 512, "{}", gate.len());
}

#[test]
fn nobody_is_led_anywhere_but_to_the_app() {
    let (app, _) = with_wiki();
    let mut at = AtApp::new(&app, WIKI);
    for query in ["?to=https://evil.example", "?rd=https://evil.example", "?to=%2f%2fevil.example", "", "?to=a&to=b"] {
        let led = at.own("GET", &format!("/.portero/start{query}"), &PAGE);
        assert!(led.status == 303 && !led.location().contains("evil"), "{query}: {}", led.location());
    }
    let mut browser = app.signed_in("ana");
    for entry in ["", "?entry=", "?entry=x", "?entry=https://evil.example"] {
        assert_eq!(browser.get(&format!("/gate{entry}")).status, 400, "{entry}");
    }
    let refused = at.page("//evil.example/x");
    let start = refused.location().to_owned();
    let led = at.own("GET", at.path(&start), &PAGE);
    let gate = led.location().split_once("/gate?").unwrap().1.to_owned();
    let answer = browser.get(&format!("/gate?{gate}"));
    assert_eq!(at.finish(&answer), "https://wiki.example.org//evil.example/x");
}

#[test]
fn without_the_second_factor_that_policy_asks_for_a_pass_opens_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let app = TestApp::in_folder(folder.path(), &[("trusted_proxies", "127.0.0.1")]);
    app.add_user("ana");
    add_app(&app, "wiki", rules(&[WIKI]));
    let (mut at, browser) = entered(&app, WIKI, "ana");
    app.stop();
    let settings = [("trusted_proxies", "127.0.0.1"), ("second_factor", "everyone")];
    let app = TestApp::in_folder(folder.path(), &settings);
    at.client = app.client();
    assert_eq!(at.script("/").status, 401);
    let gate = at.start("/");
    let mut browser = browser.moved_to(app.address);
    assert_eq!(browser.get(&gate).location(), "/account/factors");
    app.stop();
}
