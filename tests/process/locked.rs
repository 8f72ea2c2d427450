//! Another process has the database locked: a short lock costs only the wait, and during a long one
//! every change is answered by "try again" in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;
use tempfile::TempDir;

use crate::faults::{assert_is_whole, assert_try_again, database};
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::{Answer, Browser};

/// How long a change may take to say "try again": the store waits 2.5 s for a lock.
const IN_TIME: Duration = Duration::from_secs(3);

fn start(folder: &TempDir) -> Server {
    for name in ["ana", "bea"] {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    Server::start(folder.path())
}

fn timed(act: impl FnOnce() -> Answer) -> (Answer, Duration) {
    let begin = Instant::now();
    (act(), begin.elapsed())
}

#[test]
fn a_lock_of_two_seconds_costs_whoever_signs_in_or_renews_nothing_but_the_wait() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder);
    let refresh = server.log_in("ana", PASSWORD).unwrap().text("refresh_token");
    let mut other = database(folder.path());
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let locked = Instant::now();
    let mut waited = std::thread::scope(|scope| {
        let mut visitors = Vec::new();
        for number in 0..12 {
            let (client, refresh) = (server.client(), &refresh);
            visitors.push(scope.spawn(move || {
                // Not all at once, so that some find others waiting.
                std::thread::sleep(Duration::from_millis(number * 150));
                let (answer, took) = timed(|| match number % 2 {
                    0 => client.post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD })),
                    _ => client.post("/refresh", Some(refresh)),
                });
                assert_eq!(answer.status, 200, "{}", answer.body);
                took
            }));
        }
        std::thread::sleep(Duration::from_secs(2).saturating_sub(locked.elapsed()));
        other.batch_execute("ROLLBACK").unwrap();
        visitors.into_iter().map(|visitor| visitor.join().unwrap()).collect::<Vec<_>>()
    });
    waited.sort();
    println!("locked for 2 s: waited from {:?} to {:?}", waited[0], waited[waited.len() - 1]);
    assert!(waited[waited.len() - 1] > Duration::from_secs(1), "the lock was felt at all");
    assert!(waited[waited.len() - 1] <= IN_TIME);
    server.assert_never_panicked();
}

#[test]
fn whoever_waits_for_a_renewal_longer_than_an_access_token_lives_still_gets_their_page() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut command = portero(folder.path());
    command.env("JWT_ACCESS_TOKEN_EXPIRES", "1s");
    let server = Server::with(folder.path(), command);
    let mut browser = Browser::at(server.address);
    browser.sign_in("ana", PASSWORD);
    std::thread::sleep(Duration::from_secs(1));
    let mut other = database(folder.path());
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let (page, took) = std::thread::scope(|scope| {
        let page = scope.spawn(|| timed(|| browser.get("/account")));
        std::thread::sleep(Duration::from_secs(2));
        other.batch_execute("ROLLBACK").unwrap();
        page.join().unwrap()
    });
    assert!(took > Duration::from_secs(1), "the new token ran out before it could be handed out: {took:?}");
    assert_eq!(page.status, 200, "{:?}", page.header("location"));
    assert!(browser.is_signed_in());
    server.assert_never_panicked();
}

#[test]
fn a_lock_of_a_minute_is_told_in_time_while_everything_else_goes_on() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder);
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    // A visitor's last request may get through; then this session, which nothing else uses, is signed out.
    let to_sign_out = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let mut other = database(folder.path());
    // Memory is compared with that after ten seconds: what a first wave of waiting visitors takes is no leak.
    let mut memory = Vec::new();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let (locked, over) = (Instant::now(), AtomicBool::new(false));
    let (refused, mut alive) = std::thread::scope(|scope| {
        let mut visitors = Vec::new();
        for number in 0..8 {
            let (client, over, access, refresh, to_sign_out) =
                (server.client(), &over, &access, &refresh, &to_sign_out);
            visitors.push(scope.spawn(move || {
                let mut refused = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let (answer, took) = timed(|| match number % 4 {
                        0 => client.post_json("/login", None, &json!({ "username": "bea", "password": PASSWORD })),
                        1 => client.post("/refresh", Some(refresh)),
                        2 => client.delete("/logout", Some(to_sign_out)),
                        _ => client.post_json("/confirm", Some(access), &json!({ "password": PASSWORD })),
                    });
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    assert_try_again(&answer);
                    refused.push(took);
                    // People do not ask again at once, and few programs do.
                    std::thread::sleep(Duration::from_millis(200));
                }
                refused
            }));
        }
        let mut alive = Vec::new();
        let client = server.client();
        while locked.elapsed() < Duration::from_secs(60) {
            let (answer, took) = timed(|| client.get("/healthz", None));
            assert_eq!(answer.status, 200);
            alive.push(took);
            assert_eq!(client.get("/protected", Some(&access)).status, 200);
            memory.push(server.memory());
            std::thread::sleep(Duration::from_millis(50));
        }
        over.store(true, Ordering::Relaxed);
        other.batch_execute("ROLLBACK").unwrap();
        (visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect::<Vec<_>>(), alive)
    });
    alive.sort();
    let (usual, longest) = (alive[alive.len() * 99 / 100], alive[alive.len() - 1]);
    let (slowest, after_ten_seconds) = (refused.iter().max().unwrap(), memory[memory.len() / 6]);
    let grown = memory.iter().max().unwrap().saturating_sub(after_ten_seconds);
    println!(
        "locked for 60 s: {} times \"try again\", the slowest after {slowest:?}; {} times alive, 99 % within {usual:?}, the slowest \
         after {longest:?}; memory {after_ten_seconds} kB after ten seconds, {grown} kB more at most",
        refused.len(),
        alive.len()
    );
    assert!(refused.len() > 100 && *slowest <= IN_TIME);
    // A request that waited for the lock would take seconds. Some may take more than 50 ms, because
    // other tests run on the same machine.
    assert!(alive[alive.len() / 2] <= Duration::from_millis(50) && longest <= Duration::from_secs(2));
    assert!(grown <= 2_000, "memory grows with those that wait");

    let login = json!({ "username": "ana", "password": PASSWORD });
    let took =
        server.wait_until(Duration::from_secs(5), |client| client.post_json("/login", None, &login).status == 200);
    println!("a sign-in works {took:?} after the lock");
    assert_eq!(server.client().post("/refresh", Some(&refresh)).status, 200, "nobody was signed out in between");
    assert_is_whole(folder.path());
    server.assert_never_panicked();
}
