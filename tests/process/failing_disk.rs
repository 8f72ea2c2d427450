//! A disk that fails at `fsync`: no change is acknowledged then, and the server goes on by itself once the disk works again.

use std::time::Duration;

use tempfile::TempDir;

use crate::faults::{assert_is_whole, assert_try_again};
use crate::portero::{PASSWORD, Server, ok};
use crate::strace::{SYNC, Tracer};

#[test]
fn what_the_disk_failed_to_sync_is_not_acknowledged_and_the_next_change_is() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let mut browser = server.signed_in("ana");
    browser.get("/logout");
    let tracer = Tracer::attach(&server, folder.path(), &format!("{SYNC}:error=EIO:when=1"));
    let mut same = browser.clone();
    let page = same.post("/logout", &[]);
    assert_try_again(&page);
    assert!(page.body.contains("Signed out in this browser only"), "{}", page.body);
    assert!(same.cookies.keys().all(|name| !name.contains("token")));
    assert!(browser.is_signed_in(), "the session is still open, as the page says");
    // The disk has failed only once.
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    assert!(!browser.is_signed_in());
    tracer.end();
    assert_is_whole(folder.path());
    server.assert_never_panicked();
}

#[test]
fn while_the_disk_fails_at_every_sync_no_change_is_acknowledged_and_then_all_are() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    let body = serde_json::json!({ "username": "ana", "password": PASSWORD });
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let client = server.client();
    let tracer = Tracer::attach(&server, folder.path(), &format!("{SYNC}:error=EIO:when=1+"));
    for _ in 0..3 {
        assert_try_again(&client.post_json("/login", None, &body));
        assert_try_again(&client.post("/refresh", Some(&refresh)));
        assert_try_again(&client.delete("/logout", Some(&access)));
        assert_eq!(client.get("/protected", Some(&access)).status, 200, "what was not acknowledged was not done");
    }
    let (_, syncs) = tracer.end();
    assert!(syncs >= 9, "{syncs}");
    server.wait_until(Duration::from_secs(5), |client| client.post("/refresh", Some(&refresh)).status == 200);
    assert_eq!(client.delete("/logout", Some(&access)).status, 200);
    server.assert_never_panicked();
    server.kill();
    let server = Server::start(folder.path());
    assert_is_whole(folder.path());
    assert_eq!(server.client().get("/protected", Some(&access)).status, 401);
    assert_eq!(server.client().post("/refresh", Some(&refresh)).status, 401);
}
