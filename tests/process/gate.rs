//! The gate with all that is real: Portero, its printed settings in the real proxies, and an app behind them on two host names that have
//! nothing in common. The browser at Portero's host and the one at the apps' hosts are one browser.

use std::time::{Duration, Instant};

use crate::gate_set::Gate;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::Browser;
use crate::support::proxies::{Answer, HOSTS, Kind, curl};

const PAGE: [&str; 8] = [
    "-H",
    "Sec-Fetch-Mode: navigate",
    "-H",
    "Sec-Fetch-Dest: document",
    "-H",
    "Sec-Fetch-Site: none",
    "-H",
    "Accept: text/html",
];
const SCRIPT: [&str; 4] = ["-H", "Sec-Fetch-Mode: cors", "-H", "Accept: application/json"];

impl Gate {
    pub(crate) fn jar(&self, number: usize) -> String {
        self.folder.path().join(format!("jar{number}")).to_str().unwrap().to_owned()
    }

    fn ask(&self, number: usize, target: &str, arguments: &[&str]) -> Answer {
        let jar = self.jar(number);
        let arguments = [&["-b", &jar, "-c", &jar], arguments].concat();
        let answer = curl(&self.certificates.authority, HOSTS[number], self.ports[number], target, &arguments);
        answer.unwrap_or_else(|| panic!("no answer: {} {}", self.proxy.log(), self.server.log()))
    }

    /// The path of an address at an app's host.
    fn path_of<'a>(&self, number: usize, address: &'a str) -> &'a str {
        let origin = self.origin(number);
        address.strip_prefix(&origin).unwrap_or_else(|| panic!("{address} is not at {origin}"))
    }

    /// Opens a page; whoever is led to Portero comes back from there. Returns the page and how many redirects it took.
    pub(crate) fn open(&self, browser: &mut Browser, number: usize, target: &str) -> (Answer, usize) {
        let mut target = target.to_owned();
        for redirects in 0..8 {
            let answer = self.ask(number, &target, &PAGE);
            let Some(location) = answer.header("location") else { return (answer, redirects) };
            target = match location.split_once("/gate?") {
                None => self.path_of(number, location).to_owned(),
                Some((_, entry)) => {
                    let page = browser.get(&format!("/gate?{entry}"));
                    assert_eq!(page.status, 200, "{} {}", page.location(), page.body);
                    let to = page.body.split_once("content=\"0; url=").unwrap().1.split('"').next().unwrap().to_owned();
                    self.path_of(number, &to).to_owned()
                }
            };
        }
        panic!("led round for ever");
    }
}

fn journey(kind: Kind) {
    let gate = Gate::start(kind);
    let mut browser = Browser::at(gate.server.address);
    assert_eq!(gate.ask(0, "/api", &SCRIPT).status, 401);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    for number in 0..HOSTS.len() {
        assert!(gate.app.seen().is_empty(), "nothing reaches an app before");
        let (page, redirects) = gate.open(&mut browser, number, "/deep/link?a=b%2fc&d");
        assert_eq!((page.status, redirects), (200, 3), "{page:?} {}", gate.server.log());
        let seen = gate.app.seen().pop().unwrap();
        assert_eq!(seen.target, "/deep/link?a=b%2fc&d");
        assert_eq!((seen.one("remote-user"), seen.all("remote-email").concat()), (Some("ana"), String::new()));
        let spoofed = ["-H", "Remote-User: adm", "-H", "Remote-Email: adm@example.org", "-H", "Remote-Groups: all"];
        assert_eq!(gate.ask(number, "/api", &[&SCRIPT[..], &spoofed].concat()).status, 200);
        let seen = gate.app.seen().pop().unwrap();
        assert_eq!(seen.all("remote-user"), ["ana"], "{seen:?}");
        assert_eq!(seen.all("remote-email").concat() + &seen.all("remote-groups").concat(), "", "{seen:?}");
        let posted = gate.ask(number, "/save", &["-d", "a=b"]);
        assert_eq!(posted.status, 200, "{posted:?}");
        assert_eq!(gate.app.seen().pop().unwrap().body, b"a=b");
    }

    // Signed out at one app: the other goes on, and a page of the first leads in again without a password.
    let asks = gate.ask(0, "/.portero/sign-out", &PAGE);
    assert!(asks.status == 200 && asks.body.contains("/.portero/static/style.css"), "{asks:?}");
    let style = asks.body.split_once("href=\"/.portero/static/style.css").unwrap().1.split('"').next().unwrap();
    assert_eq!(gate.ask(0, &format!("/.portero/static/style.css{style}"), &[]).status, 200);
    assert_eq!(gate.ask(0, "/.portero/sign-out", &["-X", "POST", "-H", "Sec-Fetch-Site: cross-site"]).status, 403);
    assert_eq!(gate.ask(0, "/.portero/sign-out", &["-X", "POST", "-H", "Sec-Fetch-Site: same-origin"]).status, 200);
    assert_eq!((gate.ask(0, "/api", &SCRIPT).status, gate.ask(1, "/api", &SCRIPT).status), (401, 200));
    assert_eq!(gate.open(&mut browser, 0, "/").0.status, 200);

    // Who may not enter any more is told so by Portero's own page.
    ok(gate.folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    ok(gate.folder.path(), &["app", "set", HOSTS[0], "--allow", "user:bea"], "");
    let denied = gate.ask(0, "/", &PAGE);
    assert!(denied.status == 403 && denied.body.contains("is not open to you"), "{denied:?}");
    assert_eq!(gate.ask(0, "/api", &SCRIPT).status, 403);
    ok(gate.folder.path(), &["app", "set", HOSTS[0], "--allow", "everyone"], "");
    assert_eq!(gate.ask(0, "/api", &SCRIPT).status, 200);

    // Ended elsewhere: both apps are shut on the next request.
    gate.app.seen();
    ok(gate.folder.path(), &["session", "end", "--user", "ana", "--yes"], "");
    for number in 0..HOSTS.len() {
        assert_eq!(gate.ask(number, "/api", &SCRIPT).status, 401);
        assert!((300..400).contains(&gate.ask(number, "/", &PAGE).status));
    }
    assert!(gate.app.seen().is_empty(), "nothing reached an app");
}

#[test]
fn nginx_shuts_both_apps_on_the_request_after_a_session_has_ended() {
    journey(Kind::Nginx);
}

#[test]
fn debians_caddy_shuts_both_apps_on_the_request_after_a_session_has_ended() {
    journey(Kind::OldCaddy);
}

#[test]
fn caddy_shuts_both_apps_on_the_request_after_a_session_has_ended() {
    journey(Kind::Caddy);
}

#[test]
fn traefik_shuts_both_apps_on_the_request_after_a_session_has_ended() {
    journey(Kind::Traefik);
}

#[test]
fn haproxy_shuts_both_apps_on_the_request_after_a_session_has_ended() {
    journey(Kind::Haproxy);
}

/// What a program shows instead of a pass goes as far as Portero, and no further.
fn token_journey(kind: Kind) {
    let gate = Gate::start_with(kind, &["--bearer", "--preflight"]);
    let tokens = gate.server.log_in("ana", PASSWORD).unwrap();
    let header = format!("Authorization: Bearer {}", tokens.text("access_token"));
    let answer = gate.ask(0, "/api", &["-H", &header]);
    assert_eq!(answer.status, 200, "{answer:?} {}", gate.server.log());
    let seen = gate.app.seen().pop().unwrap();
    assert_eq!(seen.all("remote-user"), ["ana"], "{seen:?}");
    assert_eq!(seen.all("authorization").concat(), "", "{seen:?}");
    let asks = ["-X", "OPTIONS", "-H", "Origin: https://other.example", "-H", "Access-Control-Request-Method: PUT"];
    assert_eq!(gate.ask(0, "/api", &asks).status, 200);
    assert_eq!(gate.app.seen().pop().unwrap().all("remote-user").concat(), "");

    ok(gate.folder.path(), &["session", "end", "--user", "ana", "--yes"], "");
    for more in [&SCRIPT[..], &PAGE[..]] {
        let refused = gate.ask(0, "/api", &[more, &["-H", &header]].concat());
        assert_eq!((refused.status, refused.header("location")), (401, None), "{refused:?}");
        assert!(refused.body.contains("Token has been revoked"), "{refused:?}");
    }
    assert!(gate.app.seen().is_empty(), "nothing reached the app");
}

#[test]
fn nginx_keeps_a_programs_token_from_the_app() {
    token_journey(Kind::Nginx);
}

#[test]
fn debians_caddy_keeps_a_programs_token_from_the_app() {
    token_journey(Kind::OldCaddy);
}

#[test]
fn caddy_keeps_a_programs_token_from_the_app() {
    token_journey(Kind::Caddy);
}

#[test]
fn traefik_keeps_a_programs_token_from_the_app() {
    token_journey(Kind::Traefik);
}

#[test]
fn haproxy_keeps_a_programs_token_from_the_app() {
    token_journey(Kind::Haproxy);
}

#[test]
fn a_pass_outlives_a_killed_server() {
    let mut gate = Gate::start(Kind::Nginx);
    let mut browser = Browser::at(gate.server.address);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    assert_eq!(gate.open(&mut browser, 0, "/").0.status, 200);
    gate.server.kill();
    assert!(gate.ask(0, "/api", &SCRIPT).status >= 500, "without an answer nobody gets in");
    let mut command = portero(gate.folder.path());
    command.env("PORTERO_TRUSTED_PROXIES", "127.0.0.1").env("PORTERO_LISTEN", gate.server.address.to_string());
    gate.server = Server::with(gate.folder.path(), command);
    let begin = Instant::now();
    // nginx waits a moment before it asks a server again that did not answer.
    while gate.ask(0, "/api", &SCRIPT).status >= 500 {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", gate.proxy.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(gate.ask(0, "/api", &SCRIPT).status, 200);
}
