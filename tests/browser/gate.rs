//! The gate in a real browser: two apps at hosts that have nothing in common, behind a real proxy with https, and Portero at a third.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::Value;
use tempfile::TempDir;

use crate::axe::faults_of_page;
use crate::browser::{Browser, Driver, Wishes};
use crate::gate_set::Gate;
use crate::portero::{PASSWORD, ok};
use crate::screenshots::pictures;
use crate::support::proxies::{HOSTS, Kind, Reply, Seen, SmallServer, accepted};

const DEEP: &str = "/deep/page?a=b%2fc&d";

/// A wiki: pages with a form and a file, an address for scripts, and a websocket.
fn wiki(seen: &Seen) -> Reply {
    let user = seen.one("remote-user").unwrap_or("nobody").to_owned();
    if let Some(accepted) = accepted(seen, &format!("hello {user}")) {
        return accepted;
    }
    let of_type = |kind: &str| BTreeMap::from([("Content-Type".to_owned(), kind.to_owned())]);
    let html = |text: String| {
        (200, of_type("text/html"), format!("<!doctype html><title>Wiki</title><link rel=icon href=data:,>{text}"))
    };
    match (seen.method.as_str(), seen.target.as_str()) {
        ("POST", "/save") => html(format!("<p>Saved {} for {user}</p>", String::from_utf8_lossy(&seen.body))),
        (_, "/api") => (200, of_type("application/json"), format!("{{\"user\":\"{user}\"}}")),
        (_, "/report.csv") => {
            let mut headers = of_type("text/csv");
            headers.insert("Content-Disposition".into(), "attachment; filename=report.csv".into());
            (200, headers, format!("user\n{user}\n"))
        }
        (_, target) => html(format!(
            "<h1>The wiki of {user}</h1><p>{target}</p><p><a href=/report.csv>Report</a></p>
             <form method=post action=/save><input id=text name=text><button>Save</button></form>"
        )),
    }
}

/// The key of the certificate, as Chromium wants it.
fn certificate_key(gate: &Gate) -> String {
    let command =
        "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64";
    let file = std::fs::File::open(&gate.certificates.certificate).unwrap();
    let output = Command::new("sh").args(["-c", command]).stdin(file).stderr(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Visit {
    gate: Gate,
    browser: Browser,
    downloads: TempDir,
}

impl Visit {
    async fn open(&self, number: usize, target: &str) {
        self.browser.open(&format!("{}{target}", self.gate.origin(number))).await;
    }

    async fn address(&self) -> String {
        self.browser.client.current_url().await.unwrap().to_string()
    }

    async fn script(&self, text: &str) -> Value {
        let text = format!("const done = arguments[0]; {text}");
        self.browser.client.execute_async(&text, Vec::new()).await.unwrap()
    }

    /// Status and body of what a script on the page gets.
    async fn fetch(&self) -> (i64, String) {
        let got = self.script("fetch('/api').then(async answer => done([answer.status, await answer.text()]), error => done([0, String(error)]))");
        let got = got.await;
        (got[0].as_i64().unwrap(), got[1].as_str().unwrap().to_owned())
    }

    /// What a websocket is told first; `refused` if there is none.
    async fn websocket(&self) -> String {
        let got = self.script(
            "const socket = new WebSocket('wss://' + location.host + '/socket');
             socket.onmessage = event => { done(event.data); socket.close(); };
             socket.onerror = () => done('refused');",
        );
        got.await.as_str().unwrap().to_owned()
    }

    /// Everything that somebody does in an app.
    async fn use_app(&self, number: usize) {
        let browser = &self.browser;
        browser.shows("The wiki of ana").await;
        assert_eq!(self.address().await, format!("{}{DEEP}", self.gate.origin(number)));
        assert_eq!(self.fetch().await, (200, "{\"user\":\"ana\"}".into()));
        assert_eq!(self.websocket().await, "hello ana");
        browser.press("Report").await;
        let (file, begin) = (self.downloads.path().join("report.csv"), Instant::now());
        while std::fs::read_to_string(&file).unwrap_or_default() != "user\nana\n" {
            assert!(begin.elapsed() < Duration::from_secs(20), "nothing came");
            actix_web::rt::time::sleep(Duration::from_millis(25)).await;
        }
        std::fs::remove_file(&file).unwrap();
        browser.type_into("text", "two words").await;
        browser.click("Save").await;
        browser.shows("Saved text=two+words for ana").await;
    }
}

async fn begin(kind: Kind, driver: &Driver, language: &'static str) -> Visit {
    let app = SmallServer::start(wiki);
    let upstream = app.address;
    let gate = Gate::before(kind, app, upstream, &[]);
    let hosts = "MAP wiki.example.org 127.0.0.1, MAP camera.example.net 127.0.0.1";
    let wishes = Wishes { hosts, certificate_key: Some(certificate_key(&gate)), language, ..Wishes::default() };
    Visit { browser: driver.browser_with(&wishes).await, gate, downloads: TempDir::new().unwrap() }
}

async fn journey(kind: Kind) {
    let driver = Driver::start();
    let visit = begin(kind, &driver, "en").await;
    let browser = &visit.browser;
    let folder = visit.downloads.path().to_str().unwrap();
    let behaviour = serde_json::json!({ "behavior": "allow", "downloadPath": folder });
    browser.devtools("Browser.setDownloadBehavior", behaviour).await;

    // A deep link leads to sign in, and there again. The other app then asks nothing.
    visit.open(0, DEEP).await;
    browser.shows("Username").await;
    assert!(visit.gate.app.seen().is_empty(), "nothing reached an app");
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    visit.use_app(0).await;
    visit.open(1, DEEP).await;
    visit.use_app(1).await;

    // Signed out of one app: the other goes on, and a page of the first leads in again.
    visit.open(0, "/.portero/sign-out").await;
    browser.click("Sign out of wiki.example.org").await;
    browser.shows("You have left wiki.example.org").await;
    visit.open(1, DEEP).await;
    assert_eq!(visit.fetch().await.0, 200);
    visit.open(0, DEEP).await;
    visit.use_app(0).await;

    // Ended elsewhere, while a page of the app is open: the page's scripts and websockets are refused, and its form leads to sign in.
    visit.open(0, DEEP).await;
    browser.shows("The wiki of ana").await;
    visit.gate.app.seen();
    ok(visit.gate.path(), &["session", "end", "--user", "ana", "--yes"], "");
    let (status, body) = visit.fetch().await;
    assert!(status == 401 && body.contains("/.portero/start"), "{status} {body}");
    assert_eq!(visit.websocket().await, "refused");
    browser.type_into("text", "lost").await;
    browser.click("Save").await;
    browser.shows("Username").await;
    visit.open(1, DEEP).await;
    browser.shows("Username").await;
    let seen = visit.gate.app.seen();
    assert!(seen.is_empty(), "it reached an app: {seen:?}");
    visit.browser.close().await;
}

#[actix_web::test]
async fn somebody_works_in_two_apps_behind_nginx_until_their_session_is_ended() {
    journey(Kind::Nginx).await;
}

#[actix_web::test]
async fn somebody_works_in_two_apps_behind_haproxy_until_their_session_is_ended() {
    journey(Kind::Haproxy).await;
}

#[actix_web::test]
#[ignore = "`tests/run --long` runs it"]
async fn somebody_works_in_two_apps_behind_debians_caddy_until_their_session_is_ended() {
    journey(Kind::OldCaddy).await;
}

#[actix_web::test]
#[ignore = "`tests/run --long` runs it"]
async fn somebody_works_in_two_apps_behind_caddy_until_their_session_is_ended() {
    journey(Kind::Caddy).await;
}

#[actix_web::test]
#[ignore = "`tests/run --long` runs it"]
async fn somebody_works_in_two_apps_behind_traefik_until_their_session_is_ended() {
    journey(Kind::Traefik).await;
}

/// The pages of Portero's own on the way into an app and out of it, and where nobody gets in.
async fn pages(language: &'static str) {
    let driver = Driver::start();
    let visit = begin(Kind::Nginx, &driver, language).await;
    let (browser, gate) = (&visit.browser, &visit.gate);
    let send = || browser.element(Locator::Css("main button.primary"));
    let mut faults = Vec::new();
    let mut look = async |name: &str| {
        pictures(browser, &format!("{name}-{language}")).await;
        faults.extend(faults_of_page(browser, name).await);
    };
    visit.open(0, DEEP).await;
    look("gate-login").await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    send().await.click().await.unwrap();
    browser.shows("The wiki of ana").await;
    visit.open(0, "/.portero/sign-out").await;
    look("gate-sign-out").await;
    browser.go_by(send().await).await;
    look("gate-signed-out").await;
    visit.open(0, "/.portero/callback").await;
    look("gate-no-way-in").await;
    ok(gate.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    ok(gate.path(), &["app", "set", HOSTS[0], "--allow", "user:bea"], "");
    visit.open(0, DEEP).await;
    browser.element(Locator::Css("main a[href='/account']")).await;
    look("gate-denied").await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    visit.browser.close().await;
}

#[actix_web::test]
async fn no_page_of_the_gate_shuts_anybody_out_in_english() {
    pages("en").await;
}

#[actix_web::test]
async fn no_page_of_the_gate_shuts_anybody_out_in_spanish() {
    pages("es").await;
}
