//! `portero proxy doctor` through the real proxies: it finds nothing wrong with the printed settings, and what is planted there it finds.

mod mistakes;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portero::gate::headers::alias_of;
use portero::gate::probes::{CLAIM, CLAIMED_ADDRESS, Fill, PROBE, PROBES, Probe};
use serde_json::Value;

use crate::gate_set::Gate;
use crate::portero::{PASSWORD, ok, run, text};
use crate::support::Browser;
use crate::support::ports::free_ports;
use crate::support::proxies::{HOSTS, Kind, SmallServer};
use mistakes::Mistake;

/// A gate whose app the doctor stands in for.
struct Patient {
    gate: Gate,
    app: SocketAddr,
    plain_http: u16,
}

impl Patient {
    fn new(kind: Kind) -> Self {
        let [app, plain_http] = free_ports();
        let app = SocketAddr::from(([127, 0, 0, 1], app));
        let gate = Gate::before(kind, SmallServer::app(), app, &[]);
        ok(gate.path(), &["app", "set", HOSTS[0], "--open-path", "/open"], "");
        Self { gate, app, plain_http }
    }

    fn examine(&self, arguments: &[&str], input: &str) -> Found {
        let (origin, plain_http) = (self.gate.origin(0), self.plain_http.to_string());
        let authority = self.gate.certificates.authority.to_str().unwrap();
        let resolve = format!("{}=127.0.0.1", HOSTS[0]);
        let usual = ["proxy", "doctor", &origin, "--ca", authority, "--resolve", &resolve, "--open", "/open"];
        let usual = [&usual[..], &["--plain-http", &plain_http, "--json"]].concat();
        let output = run(self.gate.path(), &[&usual, arguments].concat(), input);
        let lines = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Found { output, lines }
    }

    /// As somebody who stops the app for it.
    fn examine_wholly(&self) -> Found {
        let app = self.app.to_string();
        self.examine(&["--stand-in", &app, "--user", "ana", "--password-stdin"], PASSWORD)
    }
}

struct Found {
    output: Output,
    lines: Vec<Value>,
}

impl Found {
    /// What is wrong, by the words for it.
    fn faults(&self) -> Vec<&str> {
        let mut faults: Vec<_> = self.lines.iter().filter_map(|line| line["fault"].as_str()).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    fn unjudged(&self) -> usize {
        self.lines.iter().filter(|line| line["result"] == "not_judged").count()
    }

    fn said(&self) -> String {
        let wrong = self.lines.iter().filter(|line| line["result"] != "held").map(ToString::to_string);
        format!("{}\n{}", text(&self.output.stderr), wrong.collect::<Vec<_>>().join("\n"))
    }
}

/// Nothing is wrong with what was printed, and each mistake in it is found.
fn finds_mistakes_and_nothing_else(kind: Kind) {
    let mut patient = Patient::new(kind);
    let found = patient.examine_wholly();
    assert_eq!(found.faults(), [""; 0], "{}", found.said());
    assert_eq!((found.output.status.code(), found.unjudged()), (Some(0), 0), "{}", found.said());
    assert!(found.lines.len() > 100);
    let mistakes = mistakes::all(&patient);
    assert!(mistakes.len() >= 10);
    // A port without https, which Traefik needs by its own start.
    let more: &[u16] = if kind == Kind::Traefik { &[patient.plain_http] } else { &[] };
    for Mistake { name, fault, changes } in mistakes {
        let mut settings = patient.gate.settings[0].clone();
        for (old, new) in &changes {
            assert!(settings.contains(old.as_str()), "{kind:?} {name}: {old:?} is not in what is printed");
            settings = settings.replacen(old.as_str(), new, 1);
        }
        patient.gate.change_at(settings, more);
        let found = patient.examine_wholly();
        assert!(found.faults().contains(&fault), "{kind:?} {name}: {} {}", found.said(), patient.gate.proxy.log());
        assert_eq!(found.output.status.code(), Some(1), "{kind:?} {name}");
    }
}

#[test]
fn the_doctor_finds_each_mistake_in_nginx_and_none_as_printed() {
    finds_mistakes_and_nothing_else(Kind::Nginx);
}

#[test]
fn the_doctor_finds_each_mistake_in_haproxy_and_none_as_printed() {
    finds_mistakes_and_nothing_else(Kind::Haproxy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn the_doctor_finds_each_mistake_in_debians_caddy_and_none_as_printed() {
    finds_mistakes_and_nothing_else(Kind::OldCaddy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn the_doctor_finds_each_mistake_in_caddy_and_none_as_printed() {
    finds_mistakes_and_nothing_else(Kind::Caddy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn the_doctor_finds_each_mistake_in_traefik_and_none_as_printed() {
    finds_mistakes_and_nothing_else(Kind::Traefik);
}

/// Nobody is signed in any more.
fn no_session_is_open(patient: &Patient) {
    let sessions = ok(patient.gate.path(), &["session", "list", "--json"], "");
    assert_eq!(sessions, "");
}

#[test]
fn the_doctors_session_is_in_the_audit_log_and_ends_with_it() {
    let patient = Patient::new(Kind::Nginx);
    assert_eq!(patient.examine_wholly().faults(), [""; 0]);
    no_session_is_open(&patient);
    let audit = ok(patient.gate.path(), &["audit", "list"], "");
    assert!(audit.contains("signed_in           ana") && audit.contains("reason logout"), "{audit}");
}

#[test]
fn without_a_stand_in_and_a_user_the_doctor_says_what_it_cant_judge() {
    let patient = Patient::new(Kind::Nginx);
    let found = patient.examine(&[], "");
    assert_eq!((found.faults(), found.output.status.code()), (vec![], Some(0)), "{}", found.said());
    assert!(found.unjudged() > 10, "{}", found.said());
    assert!(found.said().contains("--stand-in") && found.said().contains("--user"), "{}", found.said());
}

#[test]
fn the_doctor_takes_a_pass_instead_and_leaves_it_as_it_is() {
    let patient = Patient::new(Kind::Haproxy);
    let mut browser = Browser::at(patient.gate.server.address);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    patient.gate.open(&mut browser, 0, "/");
    let pass = pass_of(&patient.gate);
    let app = patient.app.to_string();
    for _ in 0..2 {
        let found = patient.examine(&["--stand-in", &app, "--pass-stdin"], &pass);
        assert_eq!((found.faults(), found.output.status.code()), (vec![], Some(0)), "{}", found.said());
    }
}

#[test]
fn what_the_doctor_cant_find_out_is_no_good_news() {
    let patient = Patient::new(Kind::Nginx);
    let folder = patient.gate.path();
    ok(folder, &["user", "add", "bea", "--password-stdin"], PASSWORD);
    ok(folder, &["app", "set", HOSTS[0], "--allow", "user:ana"], "");
    let [nowhere] = free_ports();
    let nowhere = format!("127.0.0.1:{nowhere}");
    let of_ana = ["--user", "ana", "--password-stdin"];
    for (arguments, input, said) in [
        (&of_ana[..], "not the password", "does not let ana sign in"),
        (&["--user", "bea", "--password-stdin"], PASSWORD, "bea may not enter this app"),
        (&["--pass-stdin"], "too short", "that is no pass"),
        (&["--pass-stdin"], &"A".repeat(43), "does not let in"),
        (&[&of_ana[..], &["--stand-in", &nowhere]].concat(), PASSWORD, "did not reach the stand-in"),
        (&["--path", "api"], "", "is not a path"),
    ] {
        let found = patient.examine(arguments, input);
        assert_eq!(found.output.status.code(), Some(2), "{arguments:?} {}", found.said());
        assert!(found.said().contains(said), "{arguments:?} {}", found.said());
        no_session_is_open(&patient);
    }
    let origin = patient.gate.origin(0);
    let here = format!("{}=127.0.0.1", HOSTS[0]);
    for (arguments, said) in [
        (vec!["http://wiki.example.org"], "is not where people reach an app"),
        (vec!["https://wiki.example.org", "--ca", "/no/such/file"], "/no/such/file"),
        (vec!["https://wiki.example.org/page"], "is not where people reach an app"),
        (vec![origin.as_str(), "--resolve", &here], "--ca names the authority"),
        (vec!["https://wiki.example.org:1", "--resolve", &here], "can't connect"),
    ] {
        let output = run(folder, &[&["proxy", "doctor"], &arguments[..]].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(said), "{arguments:?} {}", text(&output.stderr));
    }
}

#[test]
fn people_are_told_what_is_wrong_and_what_to_change() {
    let mut patient = Patient::new(Kind::Nginx);
    let check = "        auth_request /.portero-check;\n";
    patient.gate.change(patient.gate.settings[0].replacen(check, "", 1));
    let (origin, app) = (patient.gate.origin(0), patient.app.to_string());
    let authority = patient.gate.certificates.authority.to_str().unwrap();
    let resolve = format!("{}=127.0.0.1", HOSTS[0]);
    let arguments = ["proxy", "doctor", &origin, "--ca", authority, "--resolve", &resolve, "--stand-in", &app];
    let output = run(patient.gate.path(), &arguments, "");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["through nginx", "HOLE  Everybody gets in", "What to change: ", "1 wrong"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(text(&output.stderr), "");
}

/// What the browser holds at the first app's host.
fn pass_of(gate: &Gate) -> String {
    let jar = std::fs::read_to_string(gate.jar(0)).unwrap();
    jar.lines().find_map(|line| line.split_once("__Host-portero_pass\t")).unwrap().1.to_owned()
}

/// Sends these very bytes on a connection of their own, and waits until there is an answer or none comes.
fn send(gate: &Gate, bytes: &[u8]) {
    let address = format!("127.0.0.1:{}", gate.ports[0]);
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-servername", HOSTS[0], "-connect", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    input.write_all(bytes).unwrap();
    let (sender, answered) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(output.read(&mut [0; 1024]));
        sender.send(()).ok();
    });
    answered.recv_timeout(Duration::from_secs(3)).ok();
    // What was hidden in the request may come a little later.
    std::thread::sleep(Duration::from_millis(150));
    drop(child.kill());
    drop(child.wait());
}

/// Sends each of these, many at a time.
fn send_all<'a>(gate: &Gate, probes: impl Iterator<Item = &'a Probe>, lines: &str) {
    let authority = gate.origin(0).trim_start_matches("https://").to_owned();
    let request = |probe: &Probe| {
        let fill = Fill { authority: &authority, open: Some("/open"), id: probe.name, lines };
        probe.request(&fill)
    };
    let requests: Vec<_> = probes.map(request).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(bytes) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    send(gate, bytes);
                }
            });
        }
    });
}

/// Every probe of the table, without a pass and with one: what the app sees is looked at here, not by the doctor.
fn lets_nothing_through(kind: Kind) {
    let gate = Gate::start(kind);
    ok(gate.path(), &["app", "set", HOSTS[0], "--open-path", "/open"], "");
    assert!(PROBES.len() >= 30);
    send_all(&gate, PROBES.iter(), "");
    let seen = gate.app.seen();
    assert!(seen.is_empty(), "{kind:?}: {seen:#?}");

    let mut browser = Browser::at(gate.server.address);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    assert_eq!(gate.open(&mut browser, 0, "/").0.status, 200);
    gate.app.seen();
    let pass = pass_of(&gate);
    send_all(&gate, PROBES.iter().filter(|probe| probe.claims()), &format!("Cookie: __Host-portero_pass={pass}\r\n"));
    let seen = gate.app.seen();
    // Some are refused, such as those with an alias.
    assert!(seen.len() > 10, "{kind:?}: the pass did not let in: {seen:?}");
    for request in seen {
        assert_eq!(request.all("remote-user"), ["ana"], "{kind:?}: {request:#?}");
        let others: String =
            ["remote-name", "remote-email", "remote-groups"].map(|name| request.all(name).concat()).concat();
        assert_eq!(others, "", "{kind:?}: {request:#?}");
        assert_eq!(
            request.one("x-portero-assertion").map(|text| text.split('.').count()),
            Some(3),
            "{kind:?}: {request:#?}"
        );
        for (name, value) in &request.headers {
            let claims = value.to_lowercase().contains(CLAIM) || value.contains(CLAIMED_ADDRESS);
            assert!(!claims && alias_of(&name.to_lowercase()).is_none(), "{kind:?} {name}: {request:#?}");
        }
        assert!(request.one(PROBE).is_some());
        assert_eq!(request.one("x-forwarded-proto"), Some("https"), "{kind:?}: {request:#?}");
        assert_eq!(request.one("x-forwarded-for"), Some("127.0.0.1"), "{kind:?}: {request:#?}");
    }
}

#[test]
fn no_attack_gets_through_nginx_as_printed() {
    lets_nothing_through(Kind::Nginx);
}

#[test]
fn no_attack_gets_through_haproxy_as_printed() {
    lets_nothing_through(Kind::Haproxy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn no_attack_gets_through_debians_caddy_as_printed() {
    lets_nothing_through(Kind::OldCaddy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn no_attack_gets_through_caddy_as_printed() {
    lets_nothing_through(Kind::Caddy);
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn no_attack_gets_through_traefik_as_printed() {
    lets_nothing_through(Kind::Traefik);
}
