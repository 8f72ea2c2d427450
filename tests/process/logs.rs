//! The log of the server: what it has to tell, and what it must never tell.

use std::io::Read;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero};

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
    let mut server = Server::start(folder.path());
    let mut told = 0;
    for path in [
        "/link/",
        "/%6cink/",
        "/%6C%69%6e%6b/",
        "/lin%6b/",
        "/setup/",
        "/%73etup/",
        "/setu%70/",
        "//link/",
        "/link//",
        "/./link/",
        "/language/",
    ] {
        let request = format!(
            "POST {path}KEEP-THIS-SECRET HTTP/1.1\r\nhost: x\r\nconnection: close\r\nsec-fetch-site: cross-site\r\ncontent-length: 0\r\n\r\n"
        );
        let mut answer = String::new();
        server.connect(request.as_bytes()).read_to_string(&mut answer).unwrap();
        told += usize::from(answer.starts_with("HTTP/1.1 403"));
    }
    server.terminate();
    let log = server.log();
    assert!(told >= 5 && log.matches("foreign_origin").count() == told, "{told} {log}");
    assert!(log.contains("/link/{token}") && log.contains("/setup/{token}") && !log.contains("KEEP-THIS"), "{log}");
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
