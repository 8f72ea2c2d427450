//! Settings that `portero proxy print` printed, in the real proxies: whatever is sent to an app's host, nothing reaches the app without a
//! yes, and nobody but Portero says who somebody is. A small gate stands in for Portero, so that each answer is known; it reads what
//! proxies ask with Portero's own reader.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portero::gate::forwarded::{Kind, Style, read};
use tempfile::TempDir;

use crate::portero::{fails, ok, run, text};
use crate::support::ports::free_ports;
use crate::support::proxies::{Answer, Certificates, HOSTS, Kind as ProxyKind, Proxy, Reply, Seen, SmallServer, curl};

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What the app is told of somebody whose pass is good: an address and groups are not known.
const ANA: [(&str, &str); 5] = [
    ("Remote-User", "ana"),
    ("Remote-Name", "Ana"),
    ("Remote-Email", ""),
    ("Remote-Groups", ""),
    ("X-Portero-Assertion", "signed.for.ana"),
];
const PAGE: &str = "Accept: text/html";
const GOOD: &str = "Cookie: other=1; __Host-portero_pass=good";

/// What Portero would answer: by the pass, and by what asks.
fn gate(seen: &Seen) -> Reply {
    let Some(style) = Style::ALL.into_iter().find(|style| style.check_path() == seen.target) else {
        let host = seen.one("host").unwrap_or_default();
        return (200, BTreeMap::new(), format!("the gate at {host}{}", seen.target));
    };
    let headers = seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let asked = match read(style, PROXY, |peer| peer == PROXY, headers) {
        Ok(asked) => asked,
        Err(refusal) => return (400, BTreeMap::new(), refusal.to_string()),
    };
    let one = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
    let host_is_known = HOSTS.iter().any(|host| asked.host.starts_with(&format!("{host}:")));
    let pass = seen.all("cookie").join(";");
    if !host_is_known {
        (400, BTreeMap::new(), String::new())
    } else if asked.is_open(["/open"].into_iter()) {
        (200, ANA.map(|(name, _)| (name.to_owned(), String::new())).into(), String::new())
    } else if pass.contains("__Host-portero_pass=good") {
        (200, ANA.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), String::new())
    } else if pass.contains("__Host-portero_pass=denied") {
        (403, one("Content-Type", "text/html".into()), "<p>You may not enter</p>".into())
    } else if asked.kind == Kind::Navigation {
        let to = format!("{}/.portero/start?to=sealed", asked.origin());
        (if style == Style::Nginx { 401 } else { 303 }, one("Location", to), String::new())
    } else {
        (401, one("Content-Type", "application/json".into()), "{\"msg\":\"Sign in first\"}".into())
    }
}

/// A proxy as printed before two apps, which are one small server.
struct Set {
    folder: TempDir,
    certificates: Certificates,
    ports: [u16; 2],
    gate: SmallServer,
    app: SmallServer,
    proxy: Proxy,
}

impl Set {
    fn start(kind: ProxyKind) -> Self {
        let folder = TempDir::new().unwrap();
        let certificates = Certificates::make(folder.path());
        let (gate, app) = (SmallServer::start(gate), SmallServer::app());
        let [one, other] = free_ports();
        // HAProxy has one frontend for each app as printed; the others take both at one port.
        let ports = if kind == ProxyKind::Haproxy { [one, other] } else { [one, one] };
        let script = folder.path().join("portero.lua");
        std::fs::write(&script, ok(folder.path(), &["proxy", "lua"], "")).unwrap();
        let settings: Vec<_> = HOSTS
            .iter()
            .zip(ports)
            .map(|(host, port)| print(&folder, &certificates, kind, host, port, &gate, &app))
            .collect();
        let proxy = Proxy::start(kind, folder.path(), &settings, &ports);
        Self { folder, certificates, ports, gate, app, proxy }
    }

    fn ask(&self, target: &str, headers: &[&str]) -> Option<Answer> {
        let arguments: Vec<_> = headers.iter().flat_map(|header| ["-H", header]).collect();
        self.curl(0, target, &arguments)
    }

    fn curl(&self, host: usize, target: &str, arguments: &[&str]) -> Option<Answer> {
        curl(&self.certificates.authority, HOSTS[host], self.ports[host], target, arguments)
    }

    fn origin(&self) -> String {
        format!("https://{}:{}", HOSTS[0], self.ports[0])
    }

    /// Sends these very bytes, and others once there is an answer; returns all that comes back.
    fn raw(&self, bytes: &str, then: &str) -> String {
        let address = format!("127.0.0.1:{}", self.ports[0]);
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-no_ign_eof", "-servername", HOSTS[0], "-connect", &address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        input.write_all(bytes.as_bytes()).unwrap();
        let answer = Arc::new(Mutex::new(String::new()));
        let so_far = Arc::clone(&answer);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Some(read) = output.read(&mut part).ok().filter(|read| *read > 0) {
                so_far.lock().unwrap().push_str(&text(&part[..read]));
            }
        });
        let until = |is_done: &dyn Fn(&str) -> bool| {
            let begin = Instant::now();
            while !is_done(&answer.lock().unwrap()) && begin.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        until(&|answer| answer.contains("\r\n\r\n"));
        if !then.is_empty() {
            drop(input.write_all(then.as_bytes()));
            until(&|answer| answer.ends_with(then));
        }
        drop(child.kill());
        drop(child.wait());
        reader.join().unwrap();
        answer.lock().unwrap().clone()
    }
}

fn print(
    folder: &TempDir,
    certificates: &Certificates,
    kind: ProxyKind,
    host: &str,
    port: u16,
    gate: &SmallServer,
    app: &SmallServer,
) -> String {
    let (origin, upstream) = (format!("https://{host}:{port}"), format!("http://{}", app.address));
    let (gate, script) = (gate.address.to_string(), folder.path().join("portero.lua"));
    let file = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key, script) = (file(&certificates.certificate), file(&certificates.key), file(&script));
    let arguments = [
        "proxy",
        "print",
        kind.name(),
        host,
        "--origin",
        &origin,
        "--upstream",
        &upstream,
        "--certificate",
        &certificate,
        "--key",
        &key,
        "--portero",
        &gate,
        "--lua",
        &script,
    ];
    ok(folder.path(), &arguments, "")
}

/// Each of the headers once, as Portero told it; an empty one may be left out.
fn is_told_who(seen: &Seen, expected: [(&str, &str); 5]) {
    for (name, value) in expected {
        assert_eq!(seen.one(name).unwrap_or_default(), value, "{name}: {seen:?}");
    }
    let is_alias = |name: &str| {
        let plain = name.to_lowercase().replace('_', "-");
        name.contains('_') && ANA.iter().any(|(own, _)| own.to_lowercase() == plain)
    };
    assert!(!seen.headers.iter().any(|(name, _)| is_alias(name)), "{seen:?}");
}

/// What people and programs do at an app.
fn journey(kind: ProxyKind) {
    let set = Set::start(kind);
    for (number, host) in HOSTS.iter().enumerate() {
        let page = set.curl(number, "/deep/link?a=b%2fc&d", &["-H", PAGE, "-H", GOOD]).unwrap();
        assert_eq!(page.status, 200, "{page:?} {}", set.proxy.log());
        let [seen] = <[Seen; 1]>::try_from(set.app.seen()).unwrap();
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/deep/link?a=b%2fc&d"));
        is_told_who(&seen, ANA);
        let port = set.ports[number];
        assert_eq!(seen.one("host"), Some(format!("{host}:{port}").as_str()), "{seen:?}");
        assert_eq!(seen.one("x-forwarded-for"), Some("127.0.0.1"), "{seen:?}");
        assert_eq!(seen.one("x-forwarded-proto"), Some("https"), "{seen:?}");
    }

    let page = set.ask("/deep/link?a=b", &[PAGE]).unwrap();
    assert_eq!(
        (page.status, page.header("location").unwrap()),
        (303, format!("{}/.portero/start?to=sealed", set.origin()).as_str())
    );
    let script = set.ask("/api", &["Accept: */*"]).unwrap();
    assert_eq!((script.status, script.header("location")), (401, None), "{script:?}");
    assert_eq!(script.body, "{\"msg\":\"Sign in first\"}");
    let denied = set.ask("/", &[PAGE, "Cookie: __Host-portero_pass=denied"]).unwrap();
    assert_eq!((denied.status, denied.body.as_str()), (403, "<p>You may not enter</p>"), "{denied:?}");
    let refused = set.curl(0, "/upload", &["-d", "a=b"]).unwrap();
    assert_eq!(refused.status, 401, "{refused:?}");
    assert!(set.app.seen().is_empty(), "nobody was let in");

    let open = set.ask("/open/a.css", &["Remote-User: admin"]).unwrap();
    assert_eq!(open.status, 200);
    is_told_who(&set.app.seen()[0], ANA.map(|(name, _)| (name, "")));

    let back = set.ask("/.portero/callback?code=x", &[PAGE]).unwrap();
    assert_eq!(back.body, format!("the gate at {}:{}/.portero/callback?code=x", HOSTS[0], set.ports[0]));
    let out = set.curl(0, "/.portero/sign-out", &["-d", "csrf=x"]).unwrap();
    assert_eq!(out.status, 200, "{out:?}");
    let at_the_gate = set.gate.seen().pop().unwrap();
    assert_eq!((at_the_gate.method.as_str(), at_the_gate.body.as_slice()), ("POST", &b"csrf=x"[..]));
    assert_eq!(at_the_gate.one("x-forwarded-for"), Some("127.0.0.1"));

    // Three megabytes, which the gate does not get to see.
    let body = set.folder.path().join("body");
    std::fs::write(&body, vec![b'x'; 3 << 20]).unwrap();
    let data = format!("@{}", body.display());
    let upload = set.curl(0, "/upload", &["-H", GOOD, "-H", "Expect:", "--data-binary", &data]).unwrap();
    assert!(upload.status == 200 && upload.body.ends_with("3145728 bytes"), "{upload:?}");
    let asked = set.gate.seen();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.body.is_empty() && asked.method == "GET"), "{asked:?}");
    set.app.seen();

    let socket = |cookie: &str, then: &str| {
        set.raw(&format!(
            "GET /socket HTTP/1.1\r\nHost: {}:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{cookie}\r\n\r\n",
            HOSTS[0], set.ports[0]
        ), then)
    };
    let answer = socket(GOOD, "sent over it");
    assert!(answer.starts_with("HTTP/1.1 101") && answer.ends_with("sent over it"), "{answer}");
    is_told_who(&set.app.seen()[0], ANA);
    let answer = socket("Cookie: other=1", "");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(set.app.seen().is_empty());
}

#[test]
fn nginx_as_printed_lets_in_whom_portero_lets_in() {
    journey(ProxyKind::Nginx);
}

#[test]
fn debians_caddy_as_printed_lets_in_whom_portero_lets_in() {
    journey(ProxyKind::OldCaddy);
}

#[test]
fn caddy_as_printed_lets_in_whom_portero_lets_in() {
    journey(ProxyKind::Caddy);
}

#[test]
fn traefik_as_printed_lets_in_whom_portero_lets_in() {
    journey(ProxyKind::Traefik);
}

#[test]
fn haproxy_as_printed_lets_in_whom_portero_lets_in() {
    journey(ProxyKind::Haproxy);
}

#[test]
fn what_would_make_wrong_settings_is_refused() {
    let folder = TempDir::new().unwrap();
    let right = [
        "--origin",
        "https://wiki.example.org",
        "--upstream",
        "http://127.0.0.1:3000",
        "--certificate",
        "a",
        "--key",
        "b",
    ];
    let with = |option: &str, value: &str| {
        let mut arguments = vec!["proxy", "print", "nginx", "wiki"];
        arguments.extend(right);
        let at = arguments.iter().position(|argument| *argument == option).unwrap();
        arguments[at + 1] = value;
        arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (option, value, said) in [
        ("--origin", "http://wiki.example.org", "is not an app's origin"),
        ("--origin", "https://wiki.example.org/path", "is not an app's origin"),
        ("--origin", "https://*.example.org", "is not an app's origin"),
        ("--origin", "https://wiki.example.org;evil", "is not an app's origin"),
        ("--origin", "wiki.example.org", "is not an app's origin"),
        ("--upstream", "http://127.0.0.1:3000/app", "is not where a proxy reaches an app"),
        ("--upstream", "ftp://127.0.0.1", "is not where a proxy reaches an app"),
        ("--certificate", "a\"; include /etc/passwd; #", "can't name a file with quotes"),
        ("--key", "a\nb", "can't name a file with quotes"),
    ] {
        let arguments = with(option, value);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        assert!(fails(folder.path(), &arguments, "").contains(said), "{option} {value}");
    }
    let mut arguments = vec!["proxy", "print", "nginx", "wi\nki"];
    arguments.extend(right);
    assert!(fails(folder.path(), &arguments, "").contains("control characters"));
    arguments[3] = "wiki";
    assert!(fails(folder.path(), &arguments, "").contains("listens on any free port"));
    arguments.extend(["--portero", "127.0.0.1:8080"]);
    let output = run(folder.path(), &arguments, "");
    assert!(text(&output.stdout).contains("listen 443 ssl;") && text(&output.stdout).contains("return 308"));
    assert!(text(&output.stderr).contains("trusted_proxies is empty"));
}
