//! `portero demo`.

use std::fs;

use tempfile::TempDir;

use crate::portero::{Server, fails, portero};
use crate::support::Browser;

const PASSWORD: &str = "plum otter lantern 47 quay";

#[test]
fn a_demo_has_people_and_a_fortnight_to_look_at_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    // In the environment are the settings of a real server.
    let mut command = portero(folder.path());
    command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", folder.path());
    let mut server = Server::with(folder.path(), command);
    assert!(server.said().contains(PASSWORD), "{}", server.said());
    assert!(!folder.path().join("data").exists(), "the data folder of the environment is left alone");

    let told = |name: &str| {
        let mut browser = Browser::at(server.address);
        assert_eq!(browser.sign_in(name, PASSWORD).status, 303, "{name}");
        browser.get("/account").body
    };
    assert!(told("carla").contains("an old sign-in token was reused"));
    assert!(told("bruno").contains("5 times"));
    assert!(!told("farid").contains("Since you last signed in"));
    assert_eq!(Browser::at(server.address).sign_in("dmitri", PASSWORD).status, 403);

    let mut ana = Browser::at(server.address);
    assert_eq!(ana.sign_in("ana", PASSWORD).status, 303);
    assert!(ana.get("/admin/users").body.contains("Carla Núñez"));
    assert!(ana.get("/admin/apps").body.contains("https://wiki.example.org"));
    let revoked = ana.get("/admin/revoked").body;
    assert!(["carla", "dmitri", "farid"].iter().all(|name| revoked.contains(name)), "{revoked}");
    let sessions = ana.get("/admin/sessions").body;
    assert!(["bruno", "elena"].iter().all(|name| sessions.contains(name)), "{sessions}");

    let folders = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("portero-demo-")).count()
    };
    assert_eq!(folders(), 1);
    assert_eq!(server.terminate().0, Some(0));
    assert_eq!(folders(), 0);
}

#[test]
fn a_demo_touches_no_real_data_and_listens_on_this_machine_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("portero.toml"), "").unwrap();
    for (option, value, said) in [
        ("--data-dir", "data", "leave out data_dir"),
        ("--public-url", "https://login.example", "leave out public_url"),
        ("--config", "portero.toml", "leave out --config"),
        ("--listen", "0.0.0.0:0", "listens on this machine alone"),
    ] {
        let error = fails(folder.path(), &["demo", option, value], "");
        assert!(error.contains(said), "{option}: {error}");
    }
    assert!(!folder.path().join("data").exists());
}
