//! Rooms /healthz and /readyz: whether the server is alive, and whether it is ready.

use crate::support::TestApp;

#[test]
fn a_watcher_learns_that_we_are_alive_and_ready() {
    let app = TestApp::start();
    assert_eq!(app.client().get("/healthz", None).status, 200);
    assert_eq!(app.client().get("/readyz", None).status, 200);
}
