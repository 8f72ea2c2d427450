//! The log of the server: what it has to tell, and what it must never tell.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, fails, ok, portero};

#[test]
fn every_sign_in_failure_and_revocation_is_told_once_and_no_secret_ever() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("PORTERO_LOG_FORMAT", "json").env("PORTERO_LOG_LEVEL", "debug");
    let mut server = Server::with(folder.path(), command);
    let other = "verde que te quiero verde";

    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    server.log_in("ana", "a wrong password of ana's").unwrap();
    server.log_in("my secret typed as a name", "and another here").unwrap();
    server.ask("POST", "/refresh", Some(&refresh), None).unwrap();
    let confirmed = server.ask("POST", "/confirm", Some(&access), Some(&json!({ "password": PASSWORD }))).unwrap();
    let change = json!({ "current_password": PASSWORD, "new_password": other });
    let changed = server.ask("POST", "/change-password", Some(&confirmed.text("access_token")), Some(&change)).unwrap();
    assert_eq!(changed.status, 200, "{changed:?}");
    server.ask("DELETE", "/logout", Some(&changed.text("access_token")), None).unwrap();
    server.ask("GET", "/setup/a-token-that-somebody-tries", None, None).unwrap();
    server.terminate();

    let log = server.log();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect();
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    for (event, times) in
        [("signed_in", 1), ("sign_in_failed", 2), ("confirmed", 1), ("password_changed", 1), ("session_ended", 2)]
    {
        assert_eq!(count(event), times, "{event} in {log}");
    }
    for event in events.iter().filter(|event| event["event"] == "signed_in") {
        assert_eq!((&event["user"], &event["ip"]), (&json!("ana"), &json!("127.0.0.1")));
    }
    let secrets = [
        PASSWORD,
        other,
        "a wrong password",
        "my secret typed",
        "and another here",
        "a-token-that-somebody-tries",
        access.as_str(),
        refresh.as_str(),
        access.rsplit('.').next().unwrap(),
        "eyJ",
        "$2b$",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

#[test]
fn the_secret_of_a_link_stays_out_of_the_log_however_its_path_is_written() {
    let folder = TempDir::new().unwrap();
    let mut command = portero(folder.path());
    command.args(["--set", "log.level=debug", "--set", "trusted_proxies=127.0.0.1", "serve"]);
    let mut server = Server::with(folder.path(), command);
    let ways = [
        "/link/",
        "/link%2f",
        "/%6cink/",
        "/%6C%69%6e%6b/",
        "/lin%6b/",
        "/setup/",
        "/%73etup/",
        "/setu%70/",
        "//link/",
        "/link//",
        "/./link/",
        "/LINK/",
        "/link/x?token=",
        "/login?next=/link/",
        "/language/",
    ];
    // Whatever is wrong with the request: another site's, a method that there is not, a body that can't be read, or nothing.
    let kinds = [
        ("POST", "sec-fetch-site: cross-site\r\ncontent-length: 0", ""),
        ("GET", "referer: http://x/link/KEEP-THIS-SECRET", ""),
        ("PUT", "content-length: 0", ""),
        ("POST", "content-type: application/x-www-form-urlencoded\r\ncontent-length: 3", "%ff"),
        ("POST", "content-type: application/json\r\ncontent-length: 1", "{"),
        ("POST", "content-type: image/png\r\ncontent-length: 1", "x"),
    ];
    let mut told = 0;
    for (nth, path) in ways.iter().enumerate() {
        for (method, headers, body) in kinds {
            // From an address of its own, because the log tells of each only once a minute.
            let request = format!(
                "{method} {path}KEEP-THIS-SECRET HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.{nth}\r\nconnection: close\r\n{headers}\r\n\r\n{body}"
            );
            let mut answer = String::new();
            server.connect(request.as_bytes()).read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{request}: {answer}");
            told += usize::from(answer.starts_with("HTTP/1.1 403"));
        }
    }
    server.terminate();
    let log = server.log();
    assert!(told >= 5 && log.matches("foreign_origin").count() == told, "{told} {log}");
    assert!(log.contains("/link/{token}") && log.contains("/setup/{token}") && !log.contains("KEEP-THIS"), "{log}");
}

#[test]
fn a_flood_of_forms_from_another_site_or_for_another_host_does_not_fill_the_log() {
    let folder = TempDir::new().unwrap();
    let mut command = portero(folder.path());
    let https = ["--set", "public_url=https://login.example.org", "--set", "password.bcrypt_cost=10"];
    command.args(https).args(["--set", "jwt.cookie_secure=true", "serve"]);
    let mut server = Server::with(folder.path(), command);
    for (status, headers) in [
        ("403", "host: login.example.org\r\nsec-fetch-site: cross-site"),
        ("421", "host: rebound.example\r\nsec-fetch-site: same-origin"),
    ] {
        for _ in 0..50 {
            let request =
                format!("POST /login HTTP/1.1\r\n{headers}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let mut answer = String::new();
            server.connect(request.as_bytes()).read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        }
    }
    server.terminate();
    let log = server.log();
    assert_eq!((log.matches("foreign_origin").count(), log.matches("foreign_host").count()), (1, 1), "{log}");
}

#[test]
fn a_line_end_in_the_input_makes_no_line_in_the_log() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    server.log_in("x\n2026-01-01 INFO event=\"signed_in\" user=root", "y").unwrap();
    server.ask("GET", "/a%0aevent=%22signed_in%22", None, None).unwrap();
    server.terminate();
    assert!(!server.log().contains("signed_in\" user=root") && !server.log().lines().any(|l| l.starts_with("event=")));
}

/// Sends these very bytes and waits until the server has closed the connection.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut answer = Vec::new();
    let mut connection = server.connect(bytes);
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    drop(connection.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The beginning of a TLS handshake, as a scanner sends it.
const TLS_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";

#[test]
fn what_a_scanner_sends_is_told_once_with_its_address_and_is_no_error_of_ours() {
    for (proxies, ip) in [("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "unknown")] {
        let folder = TempDir::new().unwrap();
        let mut command = portero(folder.path());
        command.env("PORTERO_TRUSTED_PROXIES", proxies);
        let mut server = Server::with(folder.path(), command);
        send(&server, TLS_HELLO);
        let long_head = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "y".repeat(300_000));
        drop(std::io::Write::write_all(&mut server.connect(b""), long_head.as_bytes()));
        send(&server, b"GET / HTTP/9.9\r\n\r\n");
        send(&server, b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
        server.terminate();
        let log = server.log();
        assert!(!log.contains("ERROR") && !log.contains("actix"), "{log}");
        assert_eq!(log.matches("event=\"request_unreadable\"").count(), 1, "{log}");
        assert!(log.contains(&format!("event=\"request_unreadable\" ip=\"{ip}\" error=\"")), "{log}");
    }
}

#[test]
fn every_text_in_the_log_stands_in_quotes() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    server.log_in("ana", PASSWORD).unwrap();
    for _ in 0..6 {
        server.log_in("ana", "wrong").unwrap();
    }
    server.terminate();
    let log = server.log();
    for part in [
        "event=\"listening\" address=\"127.0.0.1:",
        "event=\"signed_in\" user=\"ana\" session=\"",
        "event=\"sign_in_failed\" user=\"ana\" ip=\"127.0.0.1\" reason=\"wrong_password\"",
        "event=\"throttled\" limit=\"sign_in\" ip=\"127.0.0.1\"",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[test]
fn with_json_every_line_is_json_even_of_a_server_that_can_not_start() {
    let folder = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    // Whoever turns off throttling is warned of nothing, and whoever trusts everybody is.
    let settings = ["--set", "log.format=json", "--set", "trusted_proxies=0.0.0.0/0", "--listen", &address, "serve"];
    let log = fails(folder.path(), &settings, "");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["settings_warning", "serving_failed"], "{log}");
    assert!(events[1]["error"].as_str().unwrap().contains(&address), "{log}");
}

#[test]
fn with_json_wrong_settings_are_json_wherever_the_format_was_set_and_text_without() {
    let folder = TempDir::new().unwrap();
    let wrong = ["--set", "keep_alive=long", "--set", "nonsense=1"];
    let file = folder.path().join("portero.toml");
    for place in ["flag", "environment", "file"] {
        for command in [&["serve"][..], &["user", "list"], &["config", "check"]] {
            let mut portero = portero(folder.path());
            match place {
                "flag" => drop(portero.args(["--set", "log.format=json"])),
                "environment" => drop(portero.env("PORTERO_LOG_FORMAT", "json")),
                _ => std::fs::write(&file, "[log]\nformat = 'json'\n").unwrap(),
            }
            let output = portero.args(wrong).args(command).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{place} {command:?}: {said}");
            let lines = said.lines().map(|line| serde_json::from_str(line).expect("every line is JSON"));
            let events: Vec<Value> = lines.collect();
            let errors: Vec<_> = events.iter().map(|event| event["error"].as_str().unwrap()).collect();
            assert!(events.iter().all(|event| event["event"] == "settings_wrong" && event["level"] == "ERROR"));
            assert_eq!(errors.len(), 2, "{place} {command:?}: {said}");
            assert!(errors[0].contains("keep_alive") && errors[1].contains("nonsense"), "{said}");
        }
    }
    // What can't be known stays text: a file that is no TOML, a format that there is not.
    for unknown in ["[log]\nformat = json\n", "[log]\nformat = 'JSON!'\n", "[log]\nformat = ['json']\n", ""] {
        std::fs::write(&file, unknown).unwrap();
        let said = fails(folder.path(), &[&wrong[..], &["serve"]].concat(), "");
        assert!(said.starts_with("portero: the settings are not right:\n"), "{unknown} {said}");
    }
}

#[test]
fn a_full_or_closed_standard_output_does_not_keep_the_server_from_serving() {
    for closed in [false, true] {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        let program = portero(folder.path());
        let mut command = std::process::Command::new("sh");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let redirected = if closed { ">&-" } else { ">/dev/full" };
        let script = format!("exec '{}' {redirected}", program.get_program().to_str().unwrap());
        command
            .current_dir(folder.path())
            .arg("-c")
            .arg(script)
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap());
        let mut process = command.spawn().unwrap();
        let begin = std::time::Instant::now();
        let address = loop {
            let told = std::fs::read_to_string(&log).unwrap();
            if let Some((_, rest)) = told.split_once("address=\"") {
                break rest.split('"').next().unwrap().to_owned();
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "{told}");
            std::thread::sleep(Duration::from_millis(10));
        };
        let answer = ureq::get(format!("http://{address}/healthz")).call().unwrap();
        assert_eq!(answer.status(), 200);
        // What is printed follows this line at once, before the server takes a signal.
        while !std::fs::read_to_string(&log).unwrap().contains("event=\"ready\"") {
            assert!(begin.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(std::process::Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
        process.wait().unwrap();
        let told = std::fs::read_to_string(&log).unwrap();
        assert!(!told.contains("panicked"), "{told}");
        assert_eq!(told.contains("announcement_failed"), !closed, "{told}");
    }
}

#[test]
fn a_theft_and_an_odd_renewal_are_told_with_the_address_they_came_from() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command
        .env("PORTERO_SESSION_ROTATE", "always")
        .env("PORTERO_SESSION_GRACE", "0s")
        .env("PORTERO_TRUSTED_PROXIES", "127.0.0.1");
    let mut server = Server::with(folder.path(), command);
    let renew = |token: &str, browser: &str, ip: &str| {
        let answer = send(
            &server,
            format!(
                "POST /refresh HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\nuser-agent: {browser}\r\n\
                 x-forwarded-for: {ip}\r\ncontent-length: 0\r\n\r\n"
            )
            .as_bytes(),
        );
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        body["refresh_token"].as_str().unwrap_or_default().to_owned()
    };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let chrome =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    let first = server.log_in("ana", PASSWORD).unwrap().text("refresh_token");
    let second = renew(&first, firefox, "203.0.113.1");
    std::thread::sleep(Duration::from_millis(1100));
    let third = renew(&second, chrome, "203.0.113.2");
    std::thread::sleep(Duration::from_millis(1100));
    assert!(!renew(&third, chrome, "203.0.113.2").is_empty());
    assert_eq!(renew(&first, firefox, "203.0.113.66"), "");
    server.terminate();
    let log = server.log();
    let line = |event: &str, ip: &str| {
        log.lines().any(|line| line.contains("WARN") && line.contains(event) && line.contains(&format!("ip=\"{ip}\"")))
    };
    assert!(line("odd_renewal", "203.0.113.2") && line("token_reused", "203.0.113.66"), "{log}");
    assert_eq!(log.matches("token_reused").count(), 1, "{log}");
}

#[test]
fn the_filter_for_fail2ban_finds_the_addresses_and_none_that_somebody_wrote() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    server.log_in("ana", "wrong").unwrap();
    server.log_in("x event=\"sign_in_failed\" ip=\"6.6.6.6\"", "wrong").unwrap();
    server.log_in("ana", PASSWORD).unwrap();
    send(&server, TLS_HELLO);
    server.terminate();
    let script = "import re, sys\n\
        rule = next(l for l in open(sys.argv[1]) if l.startswith('failregex')).split('=', 1)[1].strip()\n\
        rule = re.compile(rule.replace('<ADDR>', '(?P<ip>[0-9a-fA-F:.]+)'))\n\
        print(*(m['ip'] for m in map(rule.search, sys.stdin) if m))";
    let filter = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fail2ban/portero.conf");
    let mut python = std::process::Command::new("python3");
    let log = folder.path().join("stderr");
    let found = python.args(["-c", script, filter]).stdin(File::open(log).unwrap()).output().unwrap();
    assert_eq!(crate::portero::text(&found.stdout).trim(), "127.0.0.1 127.0.0.1 127.0.0.1", "{}", server.log());
}

#[test]
fn what_an_admin_does_is_told_with_who_did_it_and_from_where() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "adm", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("PORTERO_LOG_FORMAT", "json");
    let mut server = Server::with(folder.path(), command);
    let token = server.log_in("adm", PASSWORD).unwrap().text("access_token");
    server.log_in("ana", PASSWORD).unwrap();
    let users = server.ask("GET", "/admin/users?name=ana", Some(&token), None).unwrap().body;
    let id = users["users"][0]["id"].clone();
    let add = json!({ "username": "bea", "role": "user" });
    assert_eq!(server.ask("POST", "/admin/users/add", Some(&token), Some(&add)).unwrap().status, 201);
    let empty = json!({});
    assert_eq!(server.ask("POST", "/admin/sessions/end?user=ana", Some(&token), Some(&empty)).unwrap().status, 200);
    for (act, body) in [
        ("link", empty.clone()),
        ("make-admin", empty.clone()),
        ("make-user", empty.clone()),
        ("schedule", json!({ "date": "2999-01-01" })),
        ("disable", empty.clone()),
        ("enable", empty.clone()),
        ("rename", json!({ "new_name": "anabel" })),
        ("details", json!({ "notes": "n" })),
        ("delete", json!({ "name": "anabel" })),
        ("restore", empty.clone()),
    ] {
        let answer = server.ask("POST", &format!("/admin/users/{id}/{act}"), Some(&token), Some(&body)).unwrap();
        assert!(matches!(answer.status, 200 | 201), "{act}: {answer:?} {users}");
    }
    server.terminate();
    let log = server.log();
    for event in [
        "user_invited",
        "admin_ended_sessions",
        "link_made",
        "role_changed",
        "disable_scheduled",
        "user_disabled",
        "user_enabled",
        "user_renamed",
        "details_changed",
        "user_deleted",
        "user_restored",
    ] {
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let told: Vec<_> = lines.filter(|line| line["event"] == event).collect();
        assert!(!told.is_empty(), "{event}: {log}");
        for line in told {
            assert_eq!((&line["by"], &line["ip"]), (&json!("adm"), &json!("127.0.0.1")), "{line}");
        }
    }
}

#[test]
fn what_a_command_does_is_told_once_by_the_server_beside_it_with_who_did_it() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "adm", "--admin", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("PORTERO_LOG_FORMAT", "json");
    let mut server = Server::with(folder.path(), command);
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    server.log_in("ana", PASSWORD).unwrap();
    let ended = ok(folder.path(), &["session", "end", "--user", "ana", "--yes"], "");
    ok(folder.path(), &["user", "role", "ana", "admin"], "");
    ok(folder.path(), &["user", "rename", "ana", "anabel"], "");
    ok(folder.path(), &["user", "details", "anabel", "--display-name", "Ana Bel"], "");
    ok(folder.path(), &["user", "disable", "anabel"], "");
    ok(folder.path(), &["client", "add", "wiki"], "");
    let told = |log: &str| -> Vec<Value> {
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == "command_acted").collect()
    };
    // The server looks for changes ten times a second.
    let begin = std::time::Instant::now();
    while !server.log().contains("client_added") && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = server.log();
    let events = told(&log);
    let acts: Vec<_> = events.iter().map(|event| event["act"].as_str().unwrap()).collect();
    assert_eq!(
        acts,
        [
            "user_added",
            "session_ended",
            "role_changed",
            "user_renamed",
            "details_changed",
            "user_disabled",
            "client_added"
        ],
        "{log}"
    );
    for event in &events {
        let by = event["by"].as_str().unwrap();
        assert!(by.len() > "operator ".len() && by.starts_with("operator "), "{event}");
    }
    assert_eq!(events[0]["user"], json!("ana"));
    assert_eq!((&events[1]["sessions"], &events[1]["reason"]), (&json!(1), &json!("ended_by_admin")));
    assert!(ended.contains(events[1]["receipt"].as_str().unwrap()), "{ended} {log}");
    assert_eq!(events[2]["role"], json!("admin"));
    assert_eq!((&events[3]["user"], &events[3]["before"]), (&json!("anabel"), &json!("ana")));
    assert_eq!(events[4]["fields"], json!("display_name"));
    assert_eq!(events[6]["app"], json!("wiki"));
    server.terminate();
    assert_eq!(told(&server.log()).len(), events.len(), "{}", server.log());

    let mut command = portero(folder.path());
    command.env("PORTERO_LOG_FORMAT", "json");
    let mut server = Server::with(folder.path(), command);
    server.terminate();
    assert!(told(&server.log()).is_empty(), "{}", server.log());
}
