//! The start with many rows: the server answers from its beginning, lets nobody in before it knows what is revoked, and says how far it is.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;
use tempfile::TempDir;

use crate::faults::{assert_is_whole, assert_try_again, database};
use crate::portero::{PASSWORD, Server, fails, ok, portero, run, text};
use crate::support::{Browser, Client};

/// As many as a build without optimisation reads in some seconds.
const ROWS: usize = 400_000;

/// Adds revoked tokens that never expire.
fn add_revoked(folder: &Path, count: usize) {
    let uuid = "lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) \
                || '-a' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)))";
    let rows = format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO token_blocklist (jti, token_type, user_id, revoked_at, reason) SELECT {uuid}, 'access', 1, i, 'logout' FROM n;
         PRAGMA wal_checkpoint(TRUNCATE)"
    );
    database(folder).batch_execute(&rows).unwrap();
}

/// A server that has begun to start. It is killed when this is dropped.
struct Starting {
    process: Child,
    address: SocketAddr,
}

impl Starting {
    /// Returns as soon as the server has noted where it listens.
    fn begin(folder: &Path) -> Self {
        let file = |name: &str| std::fs::File::create(folder.join(name)).unwrap();
        let mut command: Command = portero(folder);
        let command = command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let process = command.spawn().unwrap();
        let begin = Instant::now();
        let address = loop {
            let noted = std::fs::read_to_string(folder.join("data/portero.db.lock")).unwrap_or_default();
            if let Some(address) = noted.lines().next().and_then(|line| line.parse().ok()) {
                break address;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "{noted}");
            std::thread::sleep(Duration::from_millis(2));
        };
        Self { process, address }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn while_what_is_revoked_is_being_loaded_nobody_is_let_in_and_readyz_says_how_far_it_is() {
    let folder = TempDir::new().unwrap();
    for name in ["ana", "bea"] {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let mut server = Server::start(folder.path());
    let revoked = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    assert_eq!(server.ask("DELETE", "/logout", Some(&revoked), None).unwrap().status, 200);
    let open = server.log_in("bea", PASSWORD).unwrap().text("access_token");
    server.terminate();
    add_revoked(folder.path(), ROWS);

    let starting = Starting::begin(folder.path());
    let client = Client::at(starting.address);
    let (mut percents, mut begin) = (Vec::new(), Some(Instant::now()));
    let mut page_was_seen = false;
    while let Some(begun) = begin {
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert_eq!(client.get("/healthz", None).json(), json!({ "status": "alive" }));
        // In this order: whatever is asked after the server was ready once is answered as always.
        let refused = client.get("/protected", Some(&revoked));
        let accepted = client.get("/protected", Some(&open));
        let page = Browser::at(starting.address).get("/login");
        let unknown = client.get("/no-such-page", None);
        let signed_in = client.post_json("/login", None, &json!({ "username": "bea", "password": "wrong" }));
        let introspected = client.send("POST", "/introspect", None, &[], b"token=x");
        let ready = client.get("/readyz", None);
        assert!([401, 503].contains(&refused.status), "{}", refused.body);
        assert!([200, 503].contains(&accepted.status), "{}", accepted.body);
        if ready.status == 200 {
            begin = None;
            continue;
        }
        assert_try_again(&ready);
        let said = ready.json();
        assert_eq!((&said["status"], &said["reason"]), (&json!("not ready"), &json!("the server is starting")));
        percents.push(said["loaded_percent"].as_u64().unwrap());
        for answer in [&refused, &accepted, &page, &unknown, &signed_in, &introspected] {
            assert_try_again(answer);
        }
        assert_eq!(refused.json(), json!({ "msg": "Starting, try again in a moment" }));
        assert!(page.body.contains("Portero is starting") && page.body.contains("/static/"), "{}", page.body);
        let style = page.body.split("/static/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(client.get(&format!("/static/{style}"), None).status, 200, "the page looks as it should");
        page_was_seen = true;
        if percents.len() == 1 {
            let health = run(folder.path(), &["health"], "");
            let said = text(&health.stdout) + &text(&health.stderr);
            assert!(said.starts_with("ready\n") || said == "portero: not ready: the server is starting\n", "{said}");
        }
    }
    assert!(page_was_seen && percents.is_sorted() && percents.iter().all(|percent| *percent < 100), "{percents:?}");
    assert!(percents.iter().collect::<BTreeSet<_>>().len() > 1, "it moves: {percents:?}");
    assert_eq!(client.get("/protected", Some(&revoked)).status, 401);
    assert_eq!(client.get("/protected", Some(&open)).status, 200);
    // It is ready before it says so.
    let begin = Instant::now();
    let said = |file: &str, what: &str| loop {
        let said = std::fs::read_to_string(folder.path().join(file)).unwrap();
        if said.contains(what) {
            return said;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {said}");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(said("stdout", "Ready after ").contains(&format!("{} users", ROWS + 2)));
    let log = said("stderr", "event=\"ready\"");
    assert!(log.contains(&format!("event=\"ready\" rows={} took_ms=", ROWS + 2)), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}

#[test]
fn asked_to_stop_during_the_start_it_stops_at_once_and_exits_well() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    add_revoked(folder.path(), ROWS);
    let mut starting = Starting::begin(folder.path());
    // The server handles signals once it listens.
    let begin = Instant::now();
    while !std::fs::read_to_string(folder.path().join("stderr")).unwrap().contains("event=\"listening\"") {
        assert!(begin.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = starting.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(starting.process.wait().unwrap().code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
    assert!(log.contains("event=\"stopped\"") && !log.contains("ERROR"), "{log}");
    assert_eq!(std::fs::metadata(folder.path().join("data/portero.db-wal")).map_or(0, |wal| wal.len()), 0);
    assert_is_whole(folder.path());
    let server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
}

#[test]
fn a_start_that_can_not_read_what_is_revoked_ends_and_says_why() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    for many in [0, 100_000] {
        add_revoked(folder.path(), many);
        let unknown = "INSERT OR IGNORE INTO token_blocklist (jti, token_type, user_id, revoked_at, reason)
                       VALUES ('x', 'access', 1, 1, 'of a later version')";
        database(folder.path()).batch_execute(unknown).unwrap();
        let complaint = fails(folder.path(), &["serve"], "");
        assert!(complaint.contains("could not read the database"), "{complaint}");
        assert!(complaint.contains("of a later version"), "{complaint}");
        assert!(!complaint.contains("memory_behind_database"), "{complaint}");
    }
}
