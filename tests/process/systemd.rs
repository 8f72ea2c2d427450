//! The files in `packaging/` for systemd, and what the server tells it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero, text};
use crate::support::ports::free_address;

const UNITS: [&str; 4] =
    ["portero.service", "optional/portero.socket", "portero-backup.service", "portero-backup.timer"];

fn packaging(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name)).unwrap()
}

/// Runs a program of systemd, which has to succeed; returns what it printed.
fn systemd(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("systemd is there: tests/run installs it");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

#[test]
fn the_units_are_good_ones_and_shut_the_server_in() {
    let folder = TempDir::new().unwrap();
    // Beside each other, as where they are installed.
    let units = UNITS.map(|name| folder.path().join(Path::new(name).file_name().unwrap()));
    for (name, path) in UNITS.iter().zip(&units) {
        fs::write(path, packaging(name).replace("/usr/bin/portero", env!("CARGO_BIN_EXE_portero"))).unwrap();
    }
    for path in &units {
        let said = systemd("systemd-analyze", &["verify", path.to_str().unwrap()]);
        assert_eq!(said, "", "{}", path.display());
    }
    // In tenths: at most 1.5 of 10.
    for name in ["portero.service", "portero-backup.service"] {
        let path = folder.path().join(name);
        systemd("systemd-analyze", &["security", "--offline=true", "--threshold=15", path.to_str().unwrap()]);
    }
    let users = folder.path().join("portero.conf");
    fs::write(&users, packaging("sysusers/portero.conf")).unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    let root = format!("--root={}", folder.path().display());
    systemd("systemd-sysusers", &[&root, users.to_str().unwrap()]);
    assert!(fs::read_to_string(folder.path().join("etc/passwd")).unwrap().starts_with("portero:"));
}

#[test]
fn the_settings_of_the_package_are_right_and_so_are_those_that_wait_in_it() {
    let folder = TempDir::new().unwrap();
    let settings = folder.path().join("settings.toml");
    let as_shipped = packaging("portero.toml");
    let with_all =
        as_shipped.replace("\n#public_url", "\npublic_url").replace("\n#trusted_proxies", "\ntrusted_proxies");
    assert_ne!(with_all, as_shipped);
    for text in [as_shipped, with_all] {
        fs::write(&settings, text).unwrap();
        let mut command = portero(folder.path());
        command.env_remove("PORTERO_LISTEN").env_remove("PORTERO_PASSWORD_BCRYPT_COST").args([
            "--config",
            "settings.toml",
            "config",
            "check",
        ]);
        let output = command.output().unwrap();
        let said = self::text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("settings.toml"), "{said}");
    }
}

/// What systemd is told, one message at a time.
struct Told(UnixDatagram);

impl Told {
    fn next(&self, patience: Duration) -> Option<String> {
        let mut message = [0; 256];
        self.0.set_read_timeout(Some(patience)).unwrap();
        let length = self.0.recv(&mut message).ok()?;
        Some(text(&message[..length]).trim().to_owned())
    }
}

#[test]
fn systemd_is_told_that_the_server_is_ready_alive_and_stopping_and_not_while_it_stands_still() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("notify");
    let told = Told(UnixDatagram::bind(&socket).unwrap());
    let mut command = portero(folder.path());
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "1500000");
    let mut server = Server::with(folder.path(), command);
    let soon = Duration::from_secs(20);
    assert_eq!(told.next(soon).as_deref(), Some("READY=1"));
    for _ in 0..3 {
        assert_eq!(told.next(soon).as_deref(), Some("WATCHDOG=1"));
    }
    let signal = |signal: &str| {
        let pid = server.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    // What was told before it stood still.
    while told.next(Duration::from_millis(200)).is_some() {}
    assert_eq!(told.next(Duration::from_secs(2)), None);
    signal("-CONT");
    assert_eq!(told.next(soon).as_deref(), Some("WATCHDOG=1"));
    assert_eq!(server.terminate().0, Some(0));
    let mut last = None;
    while let Some(message) = told.next(Duration::from_millis(200)) {
        last = Some(message);
    }
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

/// Runs the server as a socket unit does: it is started by the first connection. Returns what that was answered, and what the server wrote to
/// standard error.
fn by_socket(folder: &Path, socket: &str, listen: &str) -> (String, String) {
    let log = folder.join("stderr");
    let mut command = Command::new("systemd-socket-activate");
    command.args(["-l", socket, "-E", &format!("PORTERO_LISTEN={listen}")]);
    command.args(["-E", &format!("PORTERO_DATA_DIR={}", folder.join("data").display())]);
    command.arg(env!("CARGO_BIN_EXE_portero")).stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap());
    let mut process = command.spawn().expect("systemd is there: tests/run installs it");
    let begin = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(socket) {
            Ok(stream) => break stream,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {socket}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer));
    // By the signal that a unit's stop sends. The program has become the server.
    drop(Command::new("kill").args(["-TERM", &process.id().to_string()]).stderr(Stdio::null()).status());
    process.wait().unwrap();
    (answer, fs::read_to_string(&log).unwrap())
}

#[test]
fn a_server_takes_over_the_socket_that_systemd_has_opened_if_the_settings_name_it() {
    let folder = TempDir::new().unwrap();
    let free = free_address().to_string();
    let (answer, log) = by_socket(folder.path(), &free, &free);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer} {log}");
    let (answer, log) = by_socket(folder.path(), &free, "127.0.0.1:9");
    assert_eq!(answer, "");
    assert!(log.contains("but `listen` is 127.0.0.1:9"), "{log}");
}

/// The system calls that a unit allows.
fn allowed_in(unit: &str) -> BTreeSet<String> {
    let unit = packaging(unit);
    let mut allowed = BTreeSet::new();
    for rule in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (is_refused, named) = rule.strip_prefix('~').map_or((false, rule), |rest| (true, rest));
        let mut calls = BTreeSet::new();
        match named.starts_with('@') {
            true => calls_of(named, &mut calls),
            false => drop(calls.insert(named.to_owned())),
        }
        match is_refused {
            true => allowed.retain(|call| !calls.contains(call)),
            false => allowed.extend(calls),
        }
    }
    allowed
}

/// The system calls of a group, with those of the groups in it, as `systemd-analyze syscall-filter` prints them.
fn calls_of(group: &str, into: &mut BTreeSet<String>) {
    let printed = systemd("systemd-analyze", &["syscall-filter", group]);
    // The first line is the name of the group itself.
    for line in printed.lines().skip(1).map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('@') {
            calls_of(line, into);
        } else {
            into.insert(line.to_owned());
        }
    }
}

#[test]
fn a_server_makes_no_system_call_that_its_unit_forbids() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let trace = folder.path().join("trace");
    let plain = portero(folder.path());
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-c", "-o"]).arg(&trace).arg(plain.get_program());
    command.current_dir(folder.path());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut server = Server::with(folder.path(), command);
    let credentials = json!({ "username": "ana", "password": PASSWORD });
    let tokens = server.ask("POST", "/login", None, Some(&credentials)).unwrap();
    assert_eq!(tokens.status, 200);
    let access = tokens.body["access_token"].as_str().unwrap();
    assert_eq!(server.ask("DELETE", "/logout", Some(access), None).unwrap().status, 200);
    // strace writes what it has counted when the server has ended.
    let strace = server.process.id();
    let pid = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children")).unwrap();
    assert!(Command::new("kill").args(["-TERM", pid.trim()]).status().unwrap().success());
    server.process.wait().unwrap();
    let trace = fs::read_to_string(trace).unwrap();
    let made: BTreeSet<&str> = trace
        .lines()
        .filter(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|line| line.split_whitespace().last())
        .filter(|name| *name != "total")
        .collect();
    assert!(made.contains("fsync") && made.contains("accept4"), "{made:?}");
    let mut allowed = allowed_in("portero.service");
    // SQLite asks for it as root alone, as whom tests may run, so that the files stay the database's owner's.
    allowed.insert("fchown".into());
    let refused: Vec<_> = made.iter().filter(|call| !allowed.contains(**call)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
