//! What apps are told of sign-outs, by a server that is killed, and how soon.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::database::execute;
use crate::portero::{PASSWORD, Server, ok};
use crate::support::claims;
use crate::support::told_app::{Manner, ToldApp};

/// A folder with the user ana and an app that is told at this address.
fn folder(app: &ToldApp) -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["app", "add", "wiki", "--backchannel-logout-uri", &app.uri()], "");
    folder
}

/// Signs in, enters the app, as an entry by the gate is noted, and signs out. Returns when the sign-out was answered.
fn sign_out(server: &Server, folder: &Path) -> Instant {
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let sid = claims(&token)["sid"].as_str().unwrap().to_owned();
    execute(folder, &format!("INSERT INTO app_entries VALUES ('{sid}', 1, 'wiki', 1, 1, 1)"));
    let answer = server.ask("DELETE", "/logout", Some(&token), None).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    Instant::now()
}

/// Of how many sessions the app was told.
fn sessions(app: &ToldApp) -> usize {
    app.received().iter().map(|one| one.claims()["sid"].to_string()).collect::<BTreeSet<_>>().len()
}

fn wait_for(app: &ToldApp, count: usize, server: &Server) {
    let begin = Instant::now();
    while sessions(app) < count {
        assert!(begin.elapsed() < Duration::from_secs(20), "{} of {count}: {}", sessions(app), server.log());
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_kill_between_the_sign_out_and_the_telling_loses_nothing() {
    let kills: usize = std::env::var("PORTERO_TEST_KILLS").map_or(20, |text| text.parse().unwrap());
    let app = ToldApp::start(Manner::Status(200));
    let folder = folder(&app);
    let mut server = Server::start(folder.path());
    for number in 1..=kills {
        sign_out(&server, folder.path());
        // From before the app is called until after its answer is noted.
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..4000)));
        server.kill();
        server = Server::start(folder.path());
        wait_for(&app, number, &server);
    }
    let (told, ended) = (app.received().len(), sessions(&app));
    assert_eq!(ended, kills);
    println!("{kills} kills: none lost, {} told twice", told - ended);
}

#[test]
fn a_sign_out_by_a_command_beside_the_server_is_told_and_one_without_a_server_at_the_next_start() {
    let app = ToldApp::start(Manner::Status(200));
    let folder = folder(&app);
    let mut server = Server::start(folder.path());
    let enter = |server: &Server| {
        let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
        let sid = claims(&token)["sid"].as_str().unwrap().to_owned();
        execute(folder.path(), &format!("INSERT INTO app_entries VALUES ('{sid}', 1, 'wiki', 1, 1, 1)"));
    };
    enter(&server);
    ok(folder.path(), &["session", "end", "--user", "ana", "--yes"], "");
    wait_for(&app, 1, &server);
    enter(&server);
    server.terminate();
    ok(folder.path(), &["session", "end", "--user", "ana", "--yes"], "");
    assert_eq!(sessions(&app), 1);
    server = Server::start(folder.path());
    wait_for(&app, 2, &server);
}

/// How soon, as a figure: a machine under load decides nothing.
#[test]
fn an_app_that_is_up_is_told_at_once() {
    const SIGN_OUTS: usize = 200;
    let app = ToldApp::start(Manner::Status(200));
    let folder = folder(&app);
    let server = Server::start(folder.path());
    let begin = Instant::now();
    // The keys are made in the first second.
    let keys = || server.ask("GET", "/.well-known/portero/apps.jwks.json", None, None).unwrap().body;
    while !keys()["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| key["kty"] == "RSA")) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut waits: Vec<Duration> = (1..=SIGN_OUTS)
        .map(|number| {
            let answered = sign_out(&server, folder.path());
            let received = app.wait_for(number);
            received[number - 1].at.saturating_duration_since(answered)
        })
        .collect();
    waits.sort();
    let (median, p99) = (waits[SIGN_OUTS / 2], waits[SIGN_OUTS * 99 / 100]);
    println!("told after the sign-out was answered: median {median:?}, p99 {p99:?}");
    assert_eq!(app.received().len(), SIGN_OUTS, "each once");
}
