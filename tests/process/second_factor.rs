//! Second factors across `kill -9`, restarts, backups and lost keys; and the operator's commands about them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults::kills;
use crate::portero::{PASSWORD, Reply, Server, fails, ok, portero};
use crate::support::totp;

/// In seconds since the epoch. The server takes the codes of the steps beside it, too, so that a test has several.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Gives ana an authenticator app, with the code of the step before this one; returns its secret and the recovery codes.
fn enrolled(server: &Server) -> (String, Vec<String>) {
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let ask = |path: &str, body: &Value| server.ask("POST", path, Some(&token), Some(body)).unwrap();
    let new = ask("/account/factors/totp", &json!({ "name": "Phone" }));
    let secret = new.text("secret");
    let path = format!("/account/factors/totp/{}/confirm", new.body["id"]);
    let done = ask(&path, &json!({ "code": totp::code(&secret, now() - 30) }));
    assert_eq!(done.status, 200, "{done:?}");
    let codes = done.body["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

fn give(server: &Server, method: &str, code: &str) -> Reply {
    let asked = server.log_in("ana", PASSWORD).unwrap();
    assert_eq!(asked.text("msg"), "Second factor required", "{asked:?}");
    let body = json!({ "attempt": asked.text("attempt"), "method": method, "code": code });
    server.ask("POST", "/login/factor", None, Some(&body)).unwrap()
}

fn with_ana(folder: &TempDir) -> Server {
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    Server::with(folder.path(), unhurried(folder))
}

/// Nobody is slowed down: these tests try the same account often.
fn unhurried(folder: &TempDir) -> std::process::Command {
    let mut command = portero(folder.path());
    command.env("PORTERO_THROTTLE", "off");
    command
}

#[test]
fn a_code_that_signed_in_stays_used_whenever_the_server_is_killed() {
    let folder = TempDir::new().unwrap();
    let mut server = with_ana(&folder);
    let (_, codes) = enrolled(&server);
    for code in codes.iter().take(usize::try_from(kills(4)).unwrap().min(codes.len())) {
        assert_eq!(give(&server, "recovery_code", code).status, 200);
        server.kill();
        server = Server::with(folder.path(), unhurried(&folder));
        assert_eq!(give(&server, "recovery_code", code).text("msg"), "Code was used already");
    }
}

#[test]
fn a_code_of_an_app_stays_used_when_the_server_is_killed() {
    let folder = TempDir::new().unwrap();
    let mut server = with_ana(&folder);
    let (secret, _) = enrolled(&server);
    // Good for this step and the next, however long the restart takes.
    let code = totp::code(&secret, now() + 30);
    assert_eq!(give(&server, "totp", &code).status, 200);
    server.kill();
    server = Server::with(folder.path(), unhurried(&folder));
    assert_eq!(give(&server, "totp", &code).text("msg"), "Code was used already");
}

#[test]
fn the_operator_sees_second_factors_and_takes_them_away_beside_the_server() {
    let folder = TempDir::new().unwrap();
    let server = with_ana(&folder);
    assert_eq!(ok(folder.path(), &["user", "factors", "ana"], ""), "ana has no second factor.\n");
    enrolled(&server);
    let list = ok(folder.path(), &["user", "factors", "ana"], "");
    assert!(list.contains("Phone") && list.contains("10 recovery codes are left."), "{list}");
    assert!(ok(folder.path(), &["user", "show", "ana"], "").contains("second factors 1"));
    fails(folder.path(), &["user", "reset-factors", "ana"], "");
    let said = ok(folder.path(), &["user", "reset-factors", "ana", "--yes"], "");
    assert_eq!(said, "ana has no second factor any more; 1 session ended.\n");
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200, "the running server knows");
    assert_eq!(ok(folder.path(), &["user", "reset-factors", "ana", "--yes"], ""), "ana had no second factor.\n");
}

#[test]
fn where_policy_asks_for_one_the_operator_gets_a_link_to_hand_over_and_another_if_that_is_lost() {
    let folder = TempDir::new().unwrap();
    let server = with_ana(&folder);
    enrolled(&server);
    let reset = || {
        let mut command = portero(folder.path());
        command.env("PORTERO_SECOND_FACTOR", "everyone").args(["user", "reset-factors", "ana", "--yes"]);
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(said.contains("With it and the password they set up another."), "{said}");
        said.lines().find(|line| line.contains("/link/")).unwrap().to_owned()
    };
    let first = reset();
    assert_ne!(first, reset(), "she has none any more, and needs a link all the same");
}

#[test]
fn without_the_key_of_the_factors_there_is_no_start() {
    let folder = TempDir::new().unwrap();
    let mut server = with_ana(&folder);
    let (secret, _) = enrolled(&server);
    server.kill();
    let key = folder.path().join("data/factors.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let refused = fails(folder.path(), &["serve"], "");
    assert!(refused.contains("factors.key is missing"), "{refused}");
    std::fs::write(&key, "A".repeat(86)).unwrap();
    let refused = fails(folder.path(), &["serve"], "");
    assert!(refused.contains("is not the one that the database"), "{refused}");
    std::fs::write(&key, kept).unwrap();
    server = Server::with(folder.path(), unhurried(&folder));
    assert_eq!(give(&server, "totp", &totp::code(&secret, now() + 30)).status, 200);
}

#[test]
fn as_long_as_nobody_has_a_second_factor_its_key_may_be_lost() {
    let folder = TempDir::new().unwrap();
    let mut server = with_ana(&folder);
    server.kill();
    std::fs::remove_file(folder.path().join("data/factors.key")).unwrap();
    server = Server::with(folder.path(), unhurried(&folder));
    let (secret, _) = enrolled(&server);
    assert_eq!(give(&server, "totp", &totp::code(&secret, now() + 30)).status, 200);
}
