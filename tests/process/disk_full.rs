//! A full disk: every change is answered by "try again", nothing false is said, and the server goes on
//! by itself once there is room.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::faults::{assert_try_again, portero_by};
use crate::portero::{PASSWORD, Server, ok};

/// Starts the server with its data on a disk of 4 MB that only it sees: in a namespace of its own, in which it may mount one.
const ON_A_SMALL_DISK: &str =
    "mkdir small && mount -t tmpfs -o size=4m none small && cp -a data/. small/ && exec \"$0\"";

fn start(folder: &TempDir) -> Server {
    let mut command = portero_by(folder.path(), "unshare", &["-rm", "sh", "-c", ON_A_SMALL_DISK]);
    command.env("PORTERO_DATA_DIR", folder.path().join("small"));
    Server::with(folder.path(), command)
}

/// The path of a file on that disk, by which it can be reached from outside.
fn on_its_disk(server: &Server, folder: &TempDir, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}/small/{name}", server.process.id(), folder.path().display()))
}

/// Fills the disk to the last byte with this file.
fn fill(path: &PathBuf) {
    let mut file = File::create(path).unwrap();
    for size in [64 * 1024, 1024, 1] {
        loop {
            match file.write_all(&vec![0; size]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn on_a_full_disk_every_change_asks_to_try_again_and_works_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let said = ok(folder.path(), &["client", "add", "shop"], "");
    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let server = start(&folder);
    let client = server.client();
    let mut browser = server.signed_in("ana");
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let filler = on_its_disk(&server, &folder, "filler");
    fill(&filler);

    let login = json!({ "username": "ana", "password": PASSWORD });
    let change = json!({ "current_password": PASSWORD, "new_password": "verde que te quiero verde" });
    let revocation =
        format!("token={refresh}&client_id={}&client_secret={}", value("client_id="), value("client_secret="));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let held = browser.cookies.clone();
    for round in 0..3 {
        assert_try_again(&client.post_json("/login", None, &login));
        assert_try_again(&client.post("/refresh", Some(&refresh)));
        assert_try_again(&client.post_json("/change-password", Some(&access), &change));
        assert_try_again(&client.send("POST", "/revoke", None, &form, revocation.as_bytes()));
        assert_try_again(&client.delete("/logout", Some(&access)));
        assert_try_again(&browser.renew());
        // Signing out by the page: its form can be opened, for that only reads.
        // The browser forgets its session, and is told that it is still open.
        for scope in ["this", "all"] {
            let mut leaving = browser.clone();
            assert_eq!(leaving.get("/logout").status, 200);
            let page = leaving.post("/logout", &[("scope", scope)]);
            assert_try_again(&page);
            assert!(page.body.contains("Signed out in this browser only"), "{scope}: {}", page.body);
            assert!(!page.body.contains("class=\"sign-out\"") && page.header("clear-site-data").is_some());
            assert!(leaving.cookies.keys().all(|name| !name.contains("token")) && !leaving.is_signed_in());
        }
        let mut other = server.browser();
        let page = other.sign_in("ana", PASSWORD);
        assert_try_again(&page);
        assert!(page.body.contains("<h1>") && !other.cookies.contains_key("access_token_cookie"));

        for path in ["/protected", "/whoami", "/account", "/healthz"] {
            assert_eq!(client.get(path, Some(&access)).status, 200, "{path} in round {round}");
        }
        let ready = client.get("/readyz", None);
        assert_eq!((ready.status, &ready.json()["reason"]), (503, &json!("the disk is full")), "in round {round}");
        assert!(browser.is_signed_in());
        for name in ["access_token_cookie", "refresh_token_cookie"] {
            assert_eq!(browser.cookies[name], held[name]);
        }
    }

    std::fs::remove_file(&filler).unwrap();
    let took =
        server.wait_until(Duration::from_secs(5), |client| client.post_json("/login", None, &login).status == 200);
    println!("a sign-in works {took:?} after there is room");
    server.wait_until(Duration::from_secs(5), |client| client.get("/readyz", None).status == 200);
    assert_eq!(client.post("/refresh", Some(&refresh)).status, 200, "what was not acknowledged was not done");
    assert_eq!(browser.renew().status, 200);
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    assert!(!browser.is_signed_in());
    assert_eq!(client.delete("/logout", Some(&access)).status, 200);
    assert_eq!(client.get("/protected", Some(&access)).status, 401);
    server.assert_never_panicked();
}
