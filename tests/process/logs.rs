//! The log of the server: what it has to tell, and what it must never tell.

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
fn a_line_end_in_the_input_makes_no_line_in_the_log() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    server.log_in("x\n2026-01-01 INFO event=\"signed_in\" user=root", "y").unwrap();
    server.ask("GET", "/a%0aevent=%22signed_in%22", None, None).unwrap();
    server.terminate();
    assert!(!server.log().contains("signed_in\" user=root") && !server.log().lines().any(|l| l.starts_with("event=")));
}
