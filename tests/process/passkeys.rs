//! Passkeys across `kill -9` and under another address.

use tempfile::TempDir;

use crate::faults::kills;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::Browser;
use crate::support::authenticator::{Authenticator, asked_on};

/// A server of ana's, and her passkey.
fn with_passkey(folder: &TempDir) -> (Server, Authenticator) {
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let mut browser = Browser::local(server.address);
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    let asked = asked_on(&browser.get("/account/factors/passkey").body).unwrap();
    let mut passkey = Authenticator::new(&format!("http://localhost:{}", server.address.port()));
    let answer = passkey.create(&asked.options);
    let form = [("name", "Laptop"), ("passkey_challenge", &asked.challenge), ("passkey", &answer)];
    assert_eq!(browser.post("/account/factors/passkey", &form).status, 200);
    (server, passkey)
}

#[test]
fn an_answer_that_signed_in_stays_used_whenever_the_server_is_killed() {
    let folder = TempDir::new().unwrap();
    let (mut server, mut passkey) = with_passkey(&folder);
    // A passkey is made for one address.
    let address = server.address.to_string();
    for _ in 0..kills(4) {
        let mut browser = Browser::local(server.address);
        let asked = asked_on(&browser.get("/login").body).unwrap();
        let answer = passkey.get(&asked.options);
        let form = [("passkey_challenge", asked.challenge.as_str()), ("passkey", &answer)];
        let mut copy = browser.clone();
        assert_eq!(browser.post("/login", &form).status, 303);
        server.kill();
        let mut command = portero(folder.path());
        command.env("PORTERO_LISTEN", &address);
        server = Server::with(folder.path(), command);
        let again = copy.post("/login", &form);
        assert!(again.status == 401 && again.body.contains("was used already"), "{} {}", again.status, again.body);
        assert!(browser.is_signed_in(), "what was answered is durable");
    }
}

#[test]
fn passkeys_that_were_made_for_another_host_are_warned_of_at_the_start() {
    let folder = TempDir::new().unwrap();
    let (mut server, _) = with_passkey(&folder);
    assert!(!server.log().contains("passkeys_of_another_host"), "{}", server.log());
    server.terminate();
    let mut command = portero(folder.path());
    command.env("PORTERO_PUBLIC_URL", "https://login.example.org").env("PORTERO_PASSWORD_BCRYPT_COST", "10");
    let server = Server::with(folder.path(), command);
    // It looks while it starts.
    let warned = || server.log().contains("passkeys_of_another_host");
    for _ in 0..500 {
        if warned() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let log = server.log();
    assert!(log.contains("made_for=\"localhost\"") && log.contains("host=\"login.example.org\""), "{log}");
}
