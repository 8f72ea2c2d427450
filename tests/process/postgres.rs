//! On PostgreSQL: which servers are refused, and what is so while one is gone.

mod moving;
mod network;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use portero::domain::DatabaseUrl;
use serde_json::json;
use tempfile::TempDir;

use self::network::Network;
use super::portero::{PASSWORD, Server, fails, ok, portero, text};
use crate::database::{Behind, database};

/// The database's address, and its name.
fn url(folder: &Path) -> (String, String) {
    match database(folder) {
        DatabaseUrl::Postgres(url) => (url.to_string(), url.database),
        DatabaseUrl::Sqlite(_) => panic!("PORTERO_TEST_POSTGRES names no server"),
    }
}

fn start_fails(folder: &Path, database: &str) -> String {
    let mut command = portero(folder);
    let output = command.env("PORTERO_DATABASE_URL", database).arg("serve").output().unwrap();
    assert!(!output.status.success(), "{}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn a_server_that_could_lose_what_is_acknowledged_or_takes_no_changes_is_refused_with_what_to_do() {
    for (setting, says) in [
        (
            "synchronous_commit = off",
            "synchronous_commit is off there, so what was stored can be lost when the server stops: set it to on",
        ),
        (
            "synchronous_commit = local",
            "synchronous_commit is local there, so what was stored can be lost when a replica takes over: set it to on",
        ),
        ("default_transaction_read_only = on", "set default_transaction_read_only to off"),
    ] {
        let folder = TempDir::new().unwrap();
        let (url, name) = url(folder.path());
        Behind::of(folder.path()).execute(&format!("ALTER DATABASE \"{name}\" SET {setting}"));
        let error = start_fails(folder.path(), &url);
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_wrong_password_database_or_port_is_named_in_a_sentence_and_no_password_is_shown() {
    let folder = TempDir::new().unwrap();
    let (right, name) = url(folder.path());
    let server = right.rsplit_once('/').unwrap().0.to_owned();
    let with_password = right.replace("portero@", "with_password:wr0ng-one@");
    for (database, says) in [
        (with_password.as_str(), "user or password"),
        (&format!("{server}/no_such_database"), "there is no database or user of that name"),
        ("postgres://portero@127.0.0.1:9/portero", "no server listens there"),
        (&right.replace("portero@", "nobody_of_that_name@"), "there is no database or user of that name"),
    ] {
        let error = start_fails(folder.path(), database);
        assert!(error.contains(says) && !error.contains("wr0ng-one"), "{error}");
    }
    let shown = portero(folder.path()).env("PORTERO_DATABASE_URL", &with_password).args(["config", "show"]).output();
    let shown = text(&shown.unwrap().stdout);
    assert!(shown.contains(&name) && !shown.contains("wr0ng-one"), "{shown}");
    let flag = format!("database_url={with_password}");
    let refused = fails(folder.path(), &["config", "check", "--set", &flag], "");
    assert!(refused.contains("every user of this machine could read") && !refused.contains("wr0ng-one"), "{refused}");
}

#[test]
fn a_password_from_a_file_lets_portero_in() {
    let folder = TempDir::new().unwrap();
    let (url, _) = url(folder.path());
    std::fs::write(folder.path().join("password"), "right one's \\ here\n").unwrap();
    let mut command = portero(folder.path());
    command
        .env("PORTERO_DATABASE_URL", url.replace("portero@", "with_password@"))
        .env("PORTERO_DATABASE_PASSWORD_FILE", folder.path().join("password"))
        .args(["user", "list"]);
    let output = command.output().unwrap();
    // It gets as far as the database, which belongs to another role.
    let error = text(&output.stderr);
    assert!(!error.contains("user or password"), "{error}");
}

#[test]
fn of_two_servers_with_one_database_the_second_is_refused_wherever_its_data_folder_is() {
    let folder = TempDir::new().unwrap();
    let first = Server::start(folder.path());
    let elsewhere = TempDir::new().unwrap();
    let copied = Command::new("cp").arg("-r").args([&folder.path().join("data"), elsewhere.path()]).status().unwrap();
    assert!(copied.success());
    let error = start_fails(elsewhere.path(), &url(folder.path()).0);
    assert!(error.contains("another Portero already serves the database"), "{error}");
    drop(first);
}

#[test]
fn what_a_command_on_another_machine_does_is_enforced_when_it_is_done() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let token = sign_in(&server);
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 200);
    let elsewhere = TempDir::new().unwrap();
    assert!(
        Command::new("cp").arg("-r").args([&folder.path().join("data"), elsewhere.path()]).status().unwrap().success()
    );
    std::fs::remove_file(elsewhere.path().join("data/postgres.lock")).unwrap();
    let mut command = portero(elsewhere.path());
    let output =
        command.env("PORTERO_DATABASE_URL", url(folder.path()).0).args(["user", "disable", "ana"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
}

#[test]
fn after_a_dump_was_restored_and_that_is_noted_nothing_that_ended_since_lives_again() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    let ended = sign_in(&server);
    server.terminate();
    let (url, name) = url(folder.path());
    let administer = |statement: &str| {
        let mut conn = PgConnection::establish(&format!("{}/postgres", url.rsplit_once('/').unwrap().0)).unwrap();
        conn.batch_execute(statement).unwrap();
    };
    administer(&format!("CREATE DATABASE \"{name}_dump\" TEMPLATE \"{name}\""));
    let mut server = Server::start(folder.path());
    let begun = sign_in(&server);
    assert_eq!(server.ask("DELETE", "/logout", Some(&ended), None).unwrap().status, 200);
    ok(folder.path(), &["user", "invite", "lost"], "");
    assert!(fails(folder.path(), &["restore", "--note", "--yes"], "").contains("another Portero already serves"));
    server.terminate();
    administer(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
    administer(&format!("ALTER DATABASE \"{name}_dump\" RENAME TO \"{name}\""));
    let said = ok(folder.path(), &["restore", "--note", "--yes"], "");
    assert!(said.contains("Noted; 1 session ended."), "{said}");
    std::thread::sleep(Duration::from_millis(1100));
    let server = Server::start(folder.path());
    for token in [&ended, &begun] {
        assert_eq!(server.ask("GET", "/protected", Some(token), None).unwrap().status, 401);
    }
    sign_in(&server);
    ok(folder.path(), &["user", "invite", "new"], "");
    let skipped = "SELECT CAST(count(*) AS TEXT) AS row FROM users WHERE canonical = 'new' AND id > 1000000";
    assert_eq!(Behind::of(folder.path()).rows(skipped), ["1"]);
    assert!(ok(folder.path(), &["audit", "verify"], "").contains("The audit log is whole."));
}

fn sign_in(server: &Server) -> String {
    let body = json!({ "username": "ana", "password": PASSWORD });
    let answer = server.ask("POST", "/login", None, Some(&body)).unwrap();
    assert_eq!(answer.status, 200, "{} {}", answer.body, server.log());
    answer.body["access_token"].as_str().unwrap().to_owned()
}

/// Asks until the answer is 200; how long that took. Any answer before is 503.
fn until_it_answers(server: &Server, token: &str) -> Duration {
    let begin = Instant::now();
    loop {
        let status = server.ask("GET", "/whoami", Some(token), None).unwrap().status;
        if status == 200 {
            return begin.elapsed();
        }
        assert_eq!(status, 503);
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not come back");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn when_all_connections_are_cut_nothing_false_is_said_and_the_next_second_is_as_before() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let (kept, ended) = (sign_in(&server), sign_in(&server));
    assert_eq!(server.ask("DELETE", "/logout", Some(&ended), None).unwrap().status, 200);
    for _ in 0..5 {
        Behind::of(folder.path()).rows(
            "SELECT CAST(pg_terminate_backend(pid) AS TEXT) AS row FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let status = server.ask("GET", "/protected", Some(&ended), None).unwrap().status;
        assert!(matches!(status, 401 | 503), "{status}");
        let took = until_it_answers(&server, &kept);
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(server.ask("GET", "/protected", Some(&ended), None).unwrap().status, 401);
        // What reads may hit a connection that nobody has missed yet.
        std::thread::sleep(Duration::from_secs(1));
        sign_in(&server);
    }
}

/// Portero with a network before its database, somebody who is signed in, and the token of a session that has ended.
fn across_a_network(folder: &Path) -> (Network, Server, [String; 2]) {
    ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let (url, name) = url(folder);
    let port: u16 = url.rsplit_once('/').unwrap().0.rsplit_once(':').unwrap().1.parse().unwrap();
    let network = Network::before(([127, 0, 0, 1], port).into());
    let mut command = portero(folder);
    let through = format!("postgres://portero@{}/{name}", network.address);
    command.env("PORTERO_DATABASE_URL", through).env("PORTERO_THROTTLE", "off");
    let server = Server::with(folder, command);
    let (kept, ended) = (sign_in(&server), sign_in(&server));
    assert_eq!(server.ask("DELETE", "/logout", Some(&ended), None).unwrap().status, 200);
    (network, server, [kept, ended])
}

/// Asks for a change and for a check until both are refused for the time being, and asserts that this takes no longer than the bound.
fn until_it_says_try_again(server: &Server, kept: &str, ended: &str) {
    let begin = Instant::now();
    let body = json!({ "username": "ana", "password": PASSWORD });
    let answer = server.ask("POST", "/login", None, Some(&body)).unwrap();
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(begin.elapsed() < Duration::from_secs(9), "{:?}", begin.elapsed());
    while server.ask("GET", "/whoami", Some(kept), None).unwrap().status != 503 {
        assert!(begin.elapsed() < Duration::from_secs(9), "checks go on by what memory holds");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.ask("GET", "/protected", Some(ended), None).unwrap().status, 503);
}

#[test]
fn a_server_that_stands_still_is_waited_for_within_bounds_and_portero_goes_on_when_it_does() {
    let folder = TempDir::new().unwrap();
    let (network, server, [kept, ended]) = across_a_network(folder.path());
    for _ in 0..2 {
        network.hold();
        until_it_says_try_again(&server, &kept, &ended);
        network.go_on();
        let took = until_it_answers(&server, &kept);
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(server.ask("GET", "/protected", Some(&ended), None).unwrap().status, 401);
        std::thread::sleep(Duration::from_secs(1));
        sign_in(&server);
    }
    assert!(server.log().contains("database_stands_still"), "{}", server.log());
}

#[test]
fn a_network_that_swallowed_the_connections_leaves_no_lock_behind_that_portero_waits_for() {
    let folder = TempDir::new().unwrap();
    let (network, server, [kept, ended]) = across_a_network(folder.path());
    network.hold();
    until_it_says_try_again(&server, &kept, &ended);
    network.swallow_and_go_on();
    // A try to connect that was swallowed too takes libpq's two seconds.
    let took = until_it_answers(&server, &kept);
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(server.ask("GET", "/protected", Some(&ended), None).unwrap().status, 401);
    sign_in(&server);
}

/// A database server of one's own, to be killed.
struct Cluster {
    name: String,
    folder: std::path::PathBuf,
    port: u16,
}

impl Cluster {
    fn start() -> Self {
        let name = format!("postgres-{}", std::process::id());
        let mut cluster = Command::new("tests/postgres/cluster");
        let output = cluster.args(["start", &name]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        let (port, folder) = said.trim().rsplit_once(':').unwrap().1.split_once(' ').unwrap();
        Self { name, folder: folder.into(), port: port.parse().unwrap() }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://portero@127.0.0.1:{}/{database}", self.port)
    }

    fn kill(&self) {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        // Its children notice, and end too.
        assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
    }

    fn start_again(&self) {
        let mut cluster = Command::new("tests/postgres/cluster");
        let status = cluster.args(["again", &self.name]).current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut cluster = Command::new("tests/postgres/cluster");
        drop(cluster.args(["stop", &self.name]).current_dir(env!("CARGO_MANIFEST_DIR")).status());
    }
}

/// `PORTERO_TEST_KILLS` asks for more of them.
#[test]
fn no_kill_loses_of_the_database_what_was_acknowledged_and_portero_comes_back_by_itself() {
    let kills: usize = std::env::var("PORTERO_TEST_KILLS").map_or(20, |text| text.parse().unwrap());
    let cluster = Cluster::start();
    let admin = format!("postgres://portero@127.0.0.1:{}/postgres", cluster.port);
    PgConnection::establish(&admin).unwrap().batch_execute("CREATE DATABASE portero").unwrap();
    let folder = TempDir::new().unwrap();
    let portero = || {
        let mut command = portero(folder.path());
        command.env("PORTERO_DATABASE_URL", cluster.url("portero")).env("PORTERO_THROTTLE", "off");
        command
    };
    let mut add = portero();
    add.args(["user", "add", "ana", "--password-stdin"]);
    let mut child = add.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let server = Server::with(folder.path(), portero());
    let mut kept = String::new();
    let mut ended = Vec::new();
    for kill in 0..kills {
        // An older one may have to make room for new sessions.
        kept = sign_in(&server);
        // While the database dies, sessions end. What is answered with 200 is so for good.
        let stop = std::sync::atomic::AtomicBool::new(false);
        let tokens: Vec<_> = (0..4).map(|_| sign_in(&server)).collect();
        std::thread::scope(|scope| {
            let enders: Vec<_> = tokens
                .iter()
                .map(|token| {
                    let (stop, server) = (&stop, &server);
                    scope.spawn(move || {
                        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                            match server.ask("DELETE", "/logout", Some(token), None).unwrap().status {
                                200 => return Some(token.clone()),
                                status => assert!(matches!(status, 401 | 503), "{status}"),
                            }
                        }
                        None
                    })
                })
                .collect();
            // From before the first of them to after the last, however busy the machine is.
            std::thread::sleep(Duration::from_millis(kill as u64 % 7 * 10));
            cluster.kill();
            std::thread::sleep(Duration::from_millis(50));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            ended.extend(enders.into_iter().filter_map(|ender| ender.join().unwrap()));
        });
        cluster.start_again();
        let took = until_it_answers(&server, &kept);
        assert!(took < Duration::from_secs(5), "{took:?}");
        for token in &ended {
            assert_eq!(server.ask("GET", "/protected", Some(token), None).unwrap().status, 401);
        }
    }
    assert!(!ended.is_empty());
    // A new process knows only what the database knows.
    drop(server);
    let server = Server::with(folder.path(), portero());
    for token in &ended {
        assert_eq!(server.ask("GET", "/protected", Some(token), None).unwrap().status, 401);
    }
    assert_eq!(server.ask("GET", "/protected", Some(&kept), None).unwrap().status, 200);
}
