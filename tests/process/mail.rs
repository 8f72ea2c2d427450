//! Mails, by a server that fails in every way and one that is killed: none is lost, and nothing is said in clear. The mail server is
//! aiosmtpd, from where `tests/peers/install` puts it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::database::Behind;
use crate::faults::kills;
use crate::portero::{PASSWORD, Server, fails, ok, portero};
use crate::support::ports::free_ports;
use crate::support::proxies::Certificates;

/// aiosmtpd. Killed when dropped.
struct MailServer {
    process: Child,
    port: u16,
    mails: PathBuf,
}

impl MailServer {
    /// `manner`: what it does with a mail; `tls`: `starttls` or `tls`, with certificate and key.
    fn start(folder: &Path, port: u16, manner: &str, tls: Option<(&str, &Certificates)>) -> Self {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/python/bin/python");
        assert!(python.exists(), "{} is not there: run tests/peers/install", python.display());
        let mails = folder.join("mails");
        let mut command = Command::new(python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/mail_server.py"));
        command.arg(port.to_string()).arg(&mails).arg(manner);
        if let Some((kind, certificates)) = tls {
            command.arg(kind).arg(&certificates.certificate).arg(&certificates.key);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "listening");
        Self { process, port, mails }
    }

    /// What it took: Message-ID, recipients, and whether that came by TLS.
    fn took(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.mails).unwrap_or_default();
        // The last line may be half written.
        text.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn different(&self) -> usize {
        self.took().iter().map(|mail| mail["id"].to_string()).collect::<BTreeSet<_>>().len()
    }

    fn wait_for(&self, count: usize, server: &Server) {
        let begin = Instant::now();
        while self.different() < count {
            assert!(begin.elapsed() < Duration::from_secs(60), "{} of {count}: {}", self.different(), server.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Stands between Portero and its mail server and writes down what Portero says, byte for byte.
struct Tap {
    port: u16,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tap = Self { port: listener.local_addr().unwrap().port(), said: Arc::default() };
        let said = Arc::clone(&tap.said);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (mut client, mut server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", server)).unwrap());
                let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let said = Arc::clone(&said);
                std::thread::spawn(move || {
                    let mut some = [0; 4096];
                    while let Ok(count @ 1..) = client.read(&mut some) {
                        said.lock().unwrap().extend_from_slice(&some[..count]);
                        if server.write_all(&some[..count]).is_err() {
                            break;
                        }
                    }
                    drop(server.shutdown(Shutdown::Both));
                });
                std::thread::spawn(move || {
                    drop(std::io::copy(&mut back, &mut to));
                    drop(to.shutdown(Shutdown::Both));
                });
            }
        });
        tap
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }
}

/// A folder with the user ana, who has an address, and the admin adm.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "adm", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "details", "ana", "--mail", "ana@example.org", "--mail-verified", "true"], "");
    folder
}

fn server(folder: &Path, url: &str, more: &[(&str, &Path)]) -> Server {
    let mut command = portero(folder);
    command.env("PORTERO_MAIL_URL", url).env("PORTERO_MAIL_FROM", "login@example.org");
    for (name, value) in more {
        command.env(name, value);
    }
    Server::with(folder, command)
}

/// Has a link to a new password made for ana, which goes to her by mail.
fn make_link(server: &Server) {
    let adm = server.log_in("adm", PASSWORD).unwrap().text("access_token");
    // She was added first.
    let made = server.ask("POST", "/admin/users/1/link", Some(&adm), Some(&serde_json::json!({}))).unwrap();
    assert_eq!(made.status, 201, "{made:?}");
}

/// Waits until the log has this event with this in its line.
fn wait_for_event(server: &Server, event: &str, with: &str) {
    let begin = Instant::now();
    while !server.log().lines().any(|line| line.contains(event) && line.contains(with)) {
        assert!(begin.elapsed() < Duration::from_secs(60), "no {event} with {with}: {}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the database has of the mails.
fn outbox(folder: &Path, columns: &str) -> Vec<String> {
    Behind::of(folder).rows(&format!("SELECT {columns} AS row FROM outbox ORDER BY id"))
}

#[test]
fn a_mail_goes_by_tls_and_by_starttls_and_nothing_of_it_in_clear() {
    for (scheme, kind) in [("smtps", "tls"), ("smtp+starttls", "starttls")] {
        let folder = folder();
        let certificates = Certificates::for_hosts(folder.path(), &["localhost"]);
        let [port] = free_ports();
        let mail = MailServer::start(folder.path(), port, "take", Some((kind, &certificates)));
        let tap = Tap::before(mail.port);
        let url = format!("{scheme}://localhost:{}", tap.port);
        let server = server(folder.path(), &url, &[("PORTERO_MAIL_CA_FILE", &certificates.authority)]);
        make_link(&server);
        mail.wait_for(1, &server);
        assert_eq!(mail.took()[0]["tls"], true, "{scheme}");
        wait_for_event(&server, "mail_sent", "ana");
        let said = tap.said();
        for word in ["MAIL FROM", "RCPT", "ana@", "/link/"] {
            assert!(!said.contains(word), "{scheme}: {word} in clear");
        }
    }
}

#[test]
fn without_a_connection_that_is_safe_nothing_is_sent() {
    let folder = folder();
    let certificates = Certificates::for_hosts(folder.path(), &["localhost"]);
    let others = TempDir::new().unwrap();
    let others = (Certificates::for_hosts(others.path(), &["localhost"]), others);
    let elsewhere = TempDir::new().unwrap();
    let for_another_host = Certificates::for_hosts(elsewhere.path(), &["mail.example.org"]);
    let (trusted, foreign) = (certificates.authority.as_path(), others.0.authority.as_path());
    let another = for_another_host.authority.as_path();
    for (what, scheme, tls, authority) in [
        ("STARTTLS taken out", "smtp+starttls", None, trusted),
        ("an authority that nobody trusts", "smtp+starttls", Some(("starttls", &certificates)), foreign),
        ("the same from the first byte on", "smtps", Some(("tls", &certificates)), foreign),
        ("a certificate for another host", "smtp+starttls", Some(("starttls", &for_another_host)), another),
        ("the same from the first byte on", "smtps", Some(("tls", &for_another_host)), another),
    ] {
        let [port] = free_ports();
        let mail = MailServer::start(folder.path(), port, "take", tls);
        let tap = Tap::before(mail.port);
        let url = format!("{scheme}://localhost:{}", tap.port);
        let server = server(folder.path(), &url, &[("PORTERO_MAIL_CA_FILE", authority)]);
        make_link(&server);
        wait_for_event(&server, "mail_not_sent", "not_secure");
        let said = tap.said();
        for word in ["MAIL", "RCPT", "AUTH", "ana@", "/link/"] {
            assert!(!said.contains(word), "{what}: {word} in {said}");
        }
        assert!(mail.took().is_empty(), "{what}: {:?}", mail.took());
        let set = [format!("mail.url={url}"), format!("mail.ca_file={}", authority.display())];
        let set = ["--set", &set[0], "--set", &set[1], "--set", "mail.from=login@example.org"];
        let said = fails(folder.path(), &[&["mail", "test", "ana@example.org"], &set[..]].concat(), "");
        assert!(said.contains("nothing was sent"), "{what}: {said}");
    }
}

#[test]
fn a_server_that_fails_gets_the_mail_once_it_works_again() {
    for (manner, outcome) in [("4xx", "deferred"), ("hang", "no_answer"), ("cut", "no_answer")] {
        let folder = folder();
        let [port] = free_ports();
        let mail = MailServer::start(folder.path(), port, manner, None);
        let url = format!("smtp://127.0.0.1:{port}");
        let mut portero = server(folder.path(), &url, &[]);
        let begin = Instant::now();
        make_link(&portero);
        assert!(begin.elapsed() < Duration::from_secs(15), "{manner}: nothing waits for mail");
        wait_for_event(&portero, "mail_not_sent", outcome);
        assert!(mail.took().is_empty());
        drop(mail);
        // Over a restart of both.
        portero.terminate();
        let mail = MailServer::start(folder.path(), port, "take", None);
        let portero = server(folder.path(), &url, &[]);
        mail.wait_for(1, &portero);
        wait_for_event(&portero, "mail_sent", "ana");
        assert_eq!(mail.took().len(), 1, "{manner}");
    }
}

#[test]
fn a_mail_that_is_refused_for_good_is_given_up_at_once_and_a_server_that_is_not_there_is_waited_for() {
    let folder = folder();
    let [port, nobodys] = free_ports();
    let mail = MailServer::start(folder.path(), port, "5xx", None);
    let mut refused = server(folder.path(), &format!("smtp://127.0.0.1:{port}"), &[]);
    make_link(&refused);
    wait_for_event(&refused, "mail_given_up", "550");
    assert_eq!(
        outbox(folder.path(), "outcome || ' ' || COALESCE(CAST(LENGTH(sealed) AS TEXT), 'gone')"),
        ["refused gone"]
    );
    assert!(mail.took().is_empty());
    refused.terminate();
    let absent = server(folder.path(), &format!("smtp://127.0.0.1:{nobodys}"), &[]);
    make_link(&absent);
    wait_for_event(&absent, "mail_not_sent", "not_reached");
}

#[test]
fn a_kill_between_the_act_and_the_mail_loses_none() {
    let kills = usize::try_from(kills(20)).unwrap();
    let folder = folder();
    let [port] = free_ports();
    let mail = MailServer::start(folder.path(), port, "slow", None);
    let url = format!("smtp://127.0.0.1:{port}");
    let mut portero = server(folder.path(), &url, &[]);
    for number in 1..=kills {
        make_link(&portero);
        // From before the server is called until after its answer is noted.
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..100_000)));
        portero.kill();
        portero = server(folder.path(), &url, &[]);
        mail.wait_for(number, &portero);
    }
    let begin = Instant::now();
    while outbox(folder.path(), "COALESCE(outcome, '')").iter().any(|outcome| outcome != "sent") {
        assert!(begin.elapsed() < Duration::from_secs(30), "{}", portero.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let (came, different) = (mail.took().len(), mail.different());
    assert_eq!(different, kills, "one for each act");
    assert!(came - different <= kills);
    println!("{kills} kills: none lost, {} came twice", came - different);
}

#[test]
fn a_test_mail_says_what_the_server_says() {
    let folder = folder();
    let [port, nobodys] = free_ports();
    let mail = MailServer::start(folder.path(), port, "take", None);
    let from = ["--set", "mail.from=login@example.org", "--set"];
    let at = |port: u16| format!("mail.url=smtp://127.0.0.1:{port}");
    let with = |url: &str| [&["mail", "test", "you@example.org"], &from[..], &[url]].concat().join("\u{1f}");
    let arguments = |url: &str| with(url).split('\u{1f}').map(str::to_owned).collect::<Vec<_>>();
    let run = |url: &str, works: bool| {
        let arguments = arguments(url);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if works { ok(folder.path(), &arguments, "") } else { fails(folder.path(), &arguments, "") }
    };
    let said = run(&at(port), true);
    assert!(said.contains(&format!("127.0.0.1:{port} took a mail to you@example.org")), "{said}");
    assert_eq!(mail.took()[0]["to"][0], "you@example.org");
    let said = run(&at(nobodys), false);
    assert!(said.contains("could not be reached") && said.contains("mail.url"), "{said}");
    let said = fails(folder.path(), &["mail", "test", "you@example.org"], "");
    assert!(said.contains("set mail.url"), "{said}");
    let said = run("mail.url=smtp://mail.example.org", false);
    assert!(said.contains("in clear"), "{said}");
    let said = fails(folder.path(), &["mail", "test", "you", from[0], from[1], from[2], &at(port)], "");
    assert!(said.contains("is not an email address"), "{said}");
    assert_eq!(outbox(folder.path(), "kind"), Vec::<String>::new(), "a test is not kept");
}

#[test]
fn a_user_is_added_with_an_address_that_nobody_else_has() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--mail", "ana@example.org", "--password-stdin"], PASSWORD);
    assert!(ok(path, &["user", "show", "ana"], "").contains("ana@example.org (not verified)"));
    let taken = fails(path, &["user", "add", "bea", "--mail", "ana@EXAMPLE.org", "--password-stdin"], PASSWORD);
    assert!(taken.contains("ana has this email address"), "{taken}");
    let wrong = fails(path, &["user", "add", "bea", "--mail", "bea", "--password-stdin"], PASSWORD);
    assert!(wrong.contains("that is no email address"), "{wrong}");
    assert!(!ok(path, &["user", "list"], "").contains("bea"), "nobody was added");
}
