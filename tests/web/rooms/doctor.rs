//! Room /admin/doctor: what an admin reads of what is wrong with the installation.

use std::os::unix::fs::PermissionsExt;

use portero::store::{Upkeep, instance};
use serde_json::{Value, json};

use crate::common::admin;
use crate::support::{PASSWORD, TestApp};

/// A server whose data folder is its owner's alone, as a first start makes it.
fn server() -> TestApp {
    let app = TestApp::start();
    std::fs::set_permissions(app.folder(), std::fs::Permissions::from_mode(0o700)).unwrap();
    app
}

/// What programs are told of this check.
fn check(app: &TestApp, name: &str) -> Value {
    let told = app.client().get("/admin/doctor", Some(&app.tokens("ana").access)).json();
    let checks = told["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 10, "{told}");
    checks.iter().find(|one| one["check"] == name).unwrap().clone()
}

#[test]
fn a_good_installation_has_nothing_wrong_and_about_leads_to_what_says_so() {
    let app = server();
    let mut ana = admin(&app);
    assert!(ana.get("/admin/about").body.contains("href=\"/admin/doctor\""));
    let page = ana.get("/admin/doctor").body;
    assert!(page.contains("Nothing is wrong") && !page.contains("What to change"), "{page}");
    assert_eq!(check(&app, "mail"), json!({ "check": "mail", "result": "not_judged" }), "there is none");
    for name in ["folder_is_public", "file_is_public", "backup", "clock", "not_ready", "plain_http"] {
        assert_eq!(check(&app, name)["result"], "good", "{name}");
    }
    assert_eq!(app.signed_in("ana").get("/admin/doctor").status, 200);
    app.add_user("bea");
    assert_eq!(app.signed_in("bea").get("/admin/doctor").status, 403, "for admins alone");
}

#[test]
fn each_thing_that_is_wrong_is_told_with_what_was_seen_and_what_to_change() {
    let app = server();
    let mut ana = admin(&app);
    let key = app.folder().join("pepper.key");
    for (path, mode, name) in [(app.folder(), 0o755, "folder_is_public"), (key.as_path(), 0o644, "file_is_public")] {
        let before = std::fs::metadata(path).unwrap().permissions();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        let told = check(&app, name);
        assert_eq!(told["result"], "wrong", "{told}");
        let seen = format!("{} has the mode {mode:o}", path.display());
        assert_eq!(told["seen"], seen);
        let page = ana.get("/admin/doctor").body;
        assert!(page.contains("One thing is wrong") && page.contains(&seen) && page.contains("chmod go="), "{page}");
        std::fs::set_permissions(path, before).unwrap();
        assert_eq!(check(&app, name)["result"], "good", "as things are now");
    }
    let noted = app.accounts.db.write(Upkeep, app.accounts.now(), |tx, _| {
        instance::set(tx.conn, instance::BEGUN, &(tx.now.0 - 8 * 24 * 60 * 60).to_string())
    });
    noted.committed().unwrap();
    assert_eq!(check(&app, "backup")["seen"], "there is none, and the first start was 8 days ago");
    ana.headers.push(("accept-language".into(), "es".into()));
    let page = ana.get("/admin/doctor").body;
    assert!(page.contains("Hay una cosa mal") && page.contains("hace 8 días"), "{page}");
}

#[test]
fn a_clock_behind_what_was_recorded_is_told() {
    let app = server();
    let mut ana = admin(&app);
    app.clock.advance(-30);
    let page = ana.get("/admin/doctor").body;
    assert!(page.contains("30 seconds ahead of the clock"), "{page}");
}

#[test]
fn a_proxy_that_is_not_believed_or_cannot_be_read_is_told() {
    for (trusted, check_name) in [("10.0.0.0/8", "untrusted_proxy"), ("127.0.0.1", "client_address")] {
        let app = TestApp::with(&[("trusted_proxies", trusted)]);
        admin(&app);
        assert_eq!(check(&app, check_name)["result"], "good");
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for".into(), "not an address".into()));
        browser.sign_in("ana", PASSWORD);
        assert_eq!(check(&app, check_name)["result"], "wrong", "{check_name}");
    }
}
