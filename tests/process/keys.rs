//! The signing keys, as the operator handles them: beside a running server, and without signing anybody out.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, fails, ok, portero};

fn with_ana() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    folder
}

/// The access and the refresh token of a sign-in.
fn tokens(server: &Server) -> (String, String) {
    let reply = server.log_in("ana", PASSWORD).unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    (reply.text("access_token"), reply.text("refresh_token"))
}

fn opens(server: &Server, token: &str) -> u16 {
    server.ask("GET", "/protected", Some(token), None).unwrap().status
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

/// The first word and the state of each key in `key list`.
fn keys(folder: &Path) -> Vec<(String, String)> {
    let list = ok(folder, &["key", "list"], "");
    list.lines()
        .skip(1)
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            (words[0].to_owned(), words[2].to_owned())
        })
        .collect()
}

fn states(folder: &Path) -> Vec<String> {
    keys(folder).into_iter().map(|(_, state)| state).collect()
}

#[test]
fn a_key_is_rotated_beside_a_running_server_and_nobody_is_signed_out() {
    let folder = with_ana();
    let path = folder.path();
    let mut server = Server::start(path);
    let (access, refresh) = tokens(&server);
    assert!(header(&access).get("kid").is_none(), "one shared key needs no name");
    let first = keys(path)[0].0.clone();
    assert!(fails(path, &["key", "rotate"], "").contains("no key waits to sign"));

    ok(path, &["key", "new"], "");
    assert_eq!(states(path), ["signing", "pending"]);
    let (named, _) = tokens(&server);
    assert_eq!(header(&named)["kid"], first.as_str(), "it does not sign yet");

    ok(path, &["key", "rotate"], "");
    assert_eq!(states(path), ["verify-only", "signing"]);
    let second = keys(path)[1].0.clone();
    let (newest, _) = tokens(&server);
    assert_eq!(header(&newest)["kid"], second.as_str());
    for token in [&access, &named, &newest] {
        assert_eq!(opens(&server, token), 200);
    }
    let renewed = server.ask("POST", "/refresh", Some(&refresh), None).unwrap();
    assert_eq!(renewed.status, 200, "a refresh token from before the rotation renews");
    assert_eq!(header(&renewed.text("access_token"))["kid"], second.as_str());

    // They are good after a restart, too.
    server.terminate();
    let server = Server::start(path);
    for token in [&access, &named, &newest] {
        assert_eq!(opens(&server, token), 200);
    }

    let complaint = fails(path, &["key", "retire", &first], "");
    assert!(complaint.contains("may live until") && complaint.contains("--now"), "{complaint}");
    assert!(fails(path, &["key", "retire", &second], "").contains("signs"));
    assert!(fails(path, &["key", "retire", "nobody"], "").contains("there is no key nobody"));
    assert_eq!(opens(&server, &access), 200, "nothing has changed");
    ok(path, &["key", "retire", &first, "--now"], "");
    assert_eq!((opens(&server, &access), opens(&server, &named), opens(&server, &newest)), (422, 422, 200));
    assert!(!path.join("data/signing.key").exists(), "its file is gone");
    assert_eq!(states(path), ["signing"]);
}

/// Several keys are made in one second, so that their times don't tell which one is the oldest.
#[test]
fn a_token_without_a_name_is_checked_with_the_oldest_key_however_fast_the_others_came() {
    let folder = with_ana();
    let path = folder.path();
    let server = Server::start(path);
    let (access, _) = tokens(&server);
    for _ in 0..4 {
        ok(path, &["key", "new"], "");
    }
    assert_eq!(states(path), ["signing", "pending", "pending", "pending", "pending"]);
    ok(path, &["key", "rotate"], "");
    assert_eq!(states(path), ["verify-only", "signing", "pending", "pending", "pending"]);
    assert_eq!(opens(&server, &access), 200);
}

#[test]
fn a_key_that_waits_can_be_taken_back() {
    let folder = with_ana();
    let said = ok(folder.path(), &["key", "new"], "");
    let kid = said.split_whitespace().next().unwrap();
    ok(folder.path(), &["key", "retire", kid], "");
    assert_eq!(states(folder.path()), ["signing"]);
}

#[test]
fn another_algorithm_takes_over_at_the_next_start_and_the_public_key_is_there_to_read() {
    let folder = with_ana();
    let path = folder.path();
    let mut server = Server::start(path);
    let (shared, _) = tokens(&server);
    let jwks = server.ask("GET", "/.well-known/jwks.json", None, None).unwrap();
    assert_eq!(jwks.body["keys"].as_array().unwrap().len(), 0, "a shared key is nobody's to read");
    server.terminate();

    let mut command = portero(path);
    command.env("JWT_ALGORITHM", "ES256").env("JWT_DECODE_ALGORITHMS", "HS256");
    let mut server = Server::with(path, command);
    let (signed, _) = tokens(&server);
    let jwks = server.ask("GET", "/.well-known/jwks.json", None, None).unwrap();
    let published = &jwks.body["keys"][0];
    assert_eq!((&published["kid"], &published["crv"]), (&header(&signed)["kid"], &"P-256".into()));
    assert_eq!((opens(&server, &shared), opens(&server, &signed)), (200, 200));
    server.terminate();

    // A command that is run without that setting changes nothing.
    ok(path, &["user", "list"], "");
    let mut command = portero(path);
    command.env("JWT_ALGORITHM", "ES256");
    let server = Server::with(path, command);
    assert_eq!((opens(&server, &shared), opens(&server, &signed)), (422, 200), "HS256 is not accepted any more");
}

#[test]
fn a_key_pair_can_be_given_and_is_then_the_only_key() {
    let folder = with_ana();
    let path = folder.path();
    let pem = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/sec1.pem")).unwrap();
    std::fs::write(path.join("key.pem"), pem).unwrap();
    let with_key = || {
        let mut command = portero(path);
        command.env("JWT_ALGORITHM", "ES256").env("JWT_PRIVATE_KEY_FILE", path.join("key.pem"));
        command
    };
    let server = Server::with(path, with_key());
    let (access, _) = tokens(&server);
    assert_eq!((header(&access)["alg"].as_str(), opens(&server, &access)), (Some("ES256"), 200));
    for command in [&["key", "list"][..], &["key", "new"], &["key", "rotate"], &["key", "retire", "x"]] {
        let output = with_key().args(command).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains("given by the settings"), "{complaint}");
    }
}

#[test]
fn a_lost_key_of_the_ring_stops_the_start() {
    let folder = with_ana();
    let path = folder.path();
    let said = ok(path, &["key", "new"], "");
    ok(path, &["key", "rotate"], "");
    let second = format!("signing-{}.key", said.split_whitespace().next().unwrap());
    // The first key's tokens are still good, and the second signs now: without either, somebody would be signed out.
    for name in ["signing.key", &second] {
        let file = path.join("data").join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let complaint = fails(path, &["serve"], "");
        assert!(complaint.contains("is missing") && complaint.contains("backup"), "{complaint}");
        // Another key under the same file name is not taken for it.
        std::fs::copy(path.join("data/pepper.key"), &file).unwrap();
        assert!(fails(path, &["serve"], "").contains("is not the one"));
        std::fs::write(&file, text).unwrap();
    }
    Server::start(path);
}

#[test]
fn a_key_that_waits_and_is_lost_stops_nothing_and_never_signs() {
    let folder = with_ana();
    let path = folder.path();
    let mut server = Server::start(path);
    let (access, _) = tokens(&server);
    let said = ok(path, &["key", "new"], "");
    let kid = said.split_whitespace().next().unwrap();
    std::fs::remove_file(path.join(format!("data/signing-{kid}.key"))).unwrap();
    let complaint = fails(path, &["key", "rotate"], "");
    assert!(complaint.contains("can't be read") && complaint.contains(&format!("key retire {kid}")), "{complaint}");
    assert_eq!((states(path), opens(&server, &access)), (vec!["signing".into(), "pending".into()], 200));
    server.terminate();

    let server = Server::start(path);
    assert_eq!(opens(&server, &access), 200);
    ok(path, &["key", "retire", kid], "");
    assert_eq!((states(path), opens(&server, &access)), (vec!["signing".into()], 200));
}

#[test]
fn the_keys_for_apps_of_each_algorithm_are_rings_of_their_own() {
    let folder = with_ana();
    let path = folder.path();
    for by in ["--apps", "--apps=RS256", "--apps=RS256"] {
        ok(path, &["key", "new", by], "");
        // Without one that signs, the second RS256 key would have nothing to wait behind.
        if by == "--apps" || keys(path).len() == 3 {
            ok(path, &["key", "rotate", by], "");
        }
    }
    assert_eq!(states(path), ["signing", "signing", "signing", "pending"], "sessions, ES256 and RS256");
    let waiting = keys(path).pop().unwrap().0;
    ok(path, &["key", "rotate", "--apps=RS256"], "");
    assert_eq!(states(path), ["signing", "signing", "verify-only", "signing"], "the other rings go on");
    assert!(fails(path, &["key", "retire", &waiting], "").contains("signs"));
    ok(path, &["key", "retire", &keys(path)[2].0, "--now"], "");
    assert_eq!(states(path), ["signing", "signing", "signing"]);
}
