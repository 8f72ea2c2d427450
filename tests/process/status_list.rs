//! The status list outlives whatever happens to the server: who has ended stays so, and each session keeps its place.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use serde_json::Value;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::claims;

fn server(folder: &Path) -> Server {
    let mut command = portero(folder);
    // Only the name in the address matters here.
    command.env("PORTERO_STATUS_LIST", "true").env("PORTERO_PUBLIC_URL", "http://127.0.0.1:8080");
    Server::with(folder, command)
}

fn status(token: &str) -> Value {
    claims(token)["status"]["status_list"].clone()
}

/// Whether the list says that this token's session has ended.
fn has_ended(server: &Server, token: &str) -> bool {
    let status = status(token);
    let path = status["uri"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    let begin = std::time::Instant::now();
    let list = loop {
        match ureq::get(format!("http://{}{path}", server.address)).call() {
            Ok(answer) => break answer.into_body().read_to_string().unwrap(),
            // Until there are keys.
            Err(error) => assert!(begin.elapsed().as_secs() < 20, "{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let packed = URL_SAFE_NO_PAD.decode(claims(&list)["status_list"]["lst"].as_str().unwrap()).unwrap();
    let (bits, index) = (decompress_to_vec_zlib(&packed).unwrap(), status["idx"].as_u64().unwrap());
    bits[usize::try_from(index / 8).unwrap()] & (1 << (index % 8)) != 0
}

#[test]
fn a_server_that_was_killed_lists_every_end_that_it_had_answered() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server_before = server(path);
    let tokens: Vec<String> =
        (0..12).map(|_| server_before.log_in("ana", PASSWORD).unwrap().text("access_token")).collect();
    for token in tokens.iter().step_by(2) {
        assert_eq!(server_before.ask("DELETE", "/logout", Some(token), None).unwrap().status, 200);
    }
    server_before.kill();
    let server = server(path);
    let ended: Vec<bool> = tokens.iter().map(|token| has_ended(&server, token)).collect();
    assert_eq!(ended, [true, false].repeat(6));
    let new = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    assert!(tokens.iter().all(|token| status(token)["idx"] != status(&new)["idx"]), "no place is given twice");
    // By another process.
    ok(path, &["session", "end", "--user", "ana", "--yes"], "");
    assert!(tokens.iter().all(|token| has_ended(&server, token)) && has_ended(&server, &new));
}
