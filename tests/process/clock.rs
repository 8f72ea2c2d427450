//! The system's clock is moved under the running server: what has expired, gone stale or been revoked
//! stays so, and nobody is signed out twice.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::Browser;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The path of libfaketime, which Debian puts into a folder for the machine's architecture.
fn libfaketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    found.expect("libfaketime is there: tests/run installs it")
}

/// The clock of a server: a file from which libfaketime reads how to change the time.
struct Clock(PathBuf);

impl Clock {
    fn new(folder: &TempDir) -> Self {
        let clock = Self(folder.path().join("clock"));
        clock.set("+0");
        clock
    }

    /// Sets the clock in libfaketime's words, such as `+1h` or `+0 x3600`.
    fn set(&self, to: &str) {
        // In one step, or the server might read half a line.
        let next = self.0.with_extension("next");
        std::fs::write(&next, format!("{to}\n")).unwrap();
        std::fs::rename(&next, &self.0).unwrap();
    }

    /// Sets the clock this many seconds off the real time.
    fn move_to(&self, seconds: i64) {
        self.set(&format!("{seconds:+}"));
    }

    fn start(&self, folder: &Path) -> Server {
        let mut command = portero(folder);
        command
            .env("LD_PRELOAD", libfaketime())
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_NO_CACHE", "1")
            // As with a real clock: setting it does not move the monotonic clock.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Server::with(folder, command)
    }
}

fn prepared() -> (TempDir, Clock, Server) {
    let folder = TempDir::new().unwrap();
    for name in ["ana", "bea", "cleo"] {
        ok(folder.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let clock = Clock::new(&folder);
    let server = clock.start(folder.path());
    (folder, clock, server)
}

fn protected(server: &Server, token: &str) -> u16 {
    server.client().get("/protected", Some(token)).status
}

#[test]
fn what_has_expired_does_not_come_back_with_a_clock_that_is_set_back() {
    let (_folder, clock, server) = prepared();
    let access = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    assert_eq!(protected(&server, &access), 200);
    // The quarter of an hour that the token lives goes by.
    clock.move_to(16 * MINUTE);
    assert_eq!(protected(&server, &access), 401);
    for back in [-HOUR, -2 * DAY] {
        clock.move_to(16 * MINUTE + back);
        let refused = server.client().get("/protected", Some(&access));
        assert_eq!(refused.status, 422, "{back}: {}", refused.body);
    }
    clock.move_to(31 * DAY);
    assert_eq!(protected(&server, &access), 401);
    server.assert_never_panicked();
}

#[test]
fn a_proof_of_identity_that_is_stale_does_not_get_fresh_with_a_clock_that_is_set_back() {
    let (_folder, clock, server) = prepared();
    let client = server.client();
    let access = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let change = json!({ "current_password": PASSWORD, "new_password": "verde que te quiero verde" });
    clock.move_to(12 * MINUTE);
    let refused = client.post_json("/change-password", Some(&access), &change);
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Fresh token required"));
    for back in [-HOUR, -2 * DAY] {
        clock.move_to(12 * MINUTE + back);
        let status = client.post_json("/change-password", Some(&access), &change).status;
        assert!(status == 401 || status == 422, "{back}: {status}");
    }
    clock.move_to(0);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200, "the password is the same");
    server.assert_never_panicked();
}

#[test]
fn what_was_revoked_stays_so_wherever_the_clock_goes() {
    let (folder, clock, mut server) = prepared();
    let mut browser = server.signed_in("ana");
    let page = browser.clone();
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).status, 303);
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    assert_eq!(server.client().delete("/logout", Some(&access)).status, 200);
    let alone = server.log_in("bea", PASSWORD).unwrap();
    let confirmed =
        server.client().post_json("/confirm", Some(&alone.text("access_token")), &json!({ "password": PASSWORD }));
    assert_eq!(confirmed.status, 200, "which revokes the token that was shown, and no other");

    let is_refused = |server: &Server, when: &str| {
        let client = server.client();
        for token in [&access, &refresh, &alone.text("access_token")] {
            for answer in [client.get("/protected", Some(token)), client.post("/refresh", Some(token))] {
                // 503: Portero can't tell, which lets nobody in either.
                assert!([401, 422, 503].contains(&answer.status), "{when}: {} {}", answer.status, answer.body);
            }
        }
        let mut page = page.clone().moved_to(server.address);
        assert_ne!(page.fetch("/protected").status, 200, "{when}");
        assert_ne!(page.renew().status, 200, "{when}");
    };
    for seconds in [HOUR, 31 * DAY, -HOUR, -2 * DAY, 0] {
        clock.move_to(seconds);
        is_refused(&server, &format!("{seconds} s off"));
    }
    // The server loads its memory while the clock is wrong, and then the clock is set right: first
    // because another process has changed something, then at a start.
    for command in ["disable", "enable"] {
        clock.move_to(40 * DAY);
        ok(folder.path(), &["user", command, "cleo"], "");
        is_refused(&server, "in forty days");
        clock.move_to(0);
        is_refused(&server, "right after the clock was set right");
        std::thread::sleep(Duration::from_millis(500));
        is_refused(&server, "a moment after");
        let client = server.client();
        assert_eq!(client.get("/readyz", None).status, 200);
        for name in ["ana", "bea"] {
            let login = json!({ "username": name, "password": PASSWORD });
            assert_eq!(client.post_json("/login", None, &login).status, 200, "and nobody honest is shut out");
        }
        is_refused(&server, "with another session open");
    }
    clock.move_to(40 * DAY);
    server.kill();
    server = clock.start(folder.path());
    is_refused(&server, "started in forty days");
    clock.move_to(0);
    is_refused(&server, "set right after a start");
    std::thread::sleep(Duration::from_millis(500));
    is_refused(&server, "a moment after that");
    server.assert_never_panicked();
}

/// Signs in again if the browser is signed out; returns whether it was.
fn visit(browser: &mut Browser) -> bool {
    if browser.is_signed_in() {
        return false;
    }
    assert_eq!(browser.sign_in("ana", PASSWORD).status, 303);
    assert!(browser.is_signed_in());
    true
}

#[test]
fn a_leap_of_a_month_costs_one_sign_in_and_one_of_an_hour_none() {
    let (_folder, clock, server) = prepared();
    let mut browser = server.browser();
    browser.get("/login");
    let kept = [("username", "ana"), ("password", PASSWORD), ("remember", "on")];
    assert_eq!(browser.post("/login", &kept).status, 303);
    let mut program = server.log_in("ana", PASSWORD).unwrap().text("refresh_token");
    let client = server.client();
    for (leap, costs) in [(HOUR, 0), (31 * DAY, 1)] {
        clock.move_to(leap);
        let mut signed_in = 0;
        for _ in 0..5 {
            signed_in += i32::from(visit(&mut browser));
        }
        assert_eq!(signed_in, costs, "{leap}");
        let mut signed_in = 0;
        for _ in 0..5 {
            if client.post("/refresh", Some(&program)).status != 200 {
                program = server.log_in("ana", PASSWORD).unwrap().text("refresh_token");
                signed_in += 1;
            }
        }
        assert_eq!(signed_in, costs, "{leap}");
    }
    server.assert_never_panicked();
}

#[test]
fn a_clock_that_stands_still_or_races_throws_nobody_out() {
    let (_folder, clock, server) = prepared();
    let client = server.client();
    let login = json!({ "username": "ana", "password": PASSWORD });
    // The clock stands still at an absolute date, five minutes from now.
    let soon = moment(5 * MINUTE);
    clock.set(&soon);
    let mut browser = server.signed_in("ana");
    for _ in 0..10 {
        assert!(browser.is_signed_in());
        assert_eq!(client.post_json("/login", None, &login).status, 200);
    }
    // The clock runs an hour a second: each access token expires within a quarter of a second, and each
    // session is renewed all the time.
    clock.set("+0 x3600");
    let mut browser = server.signed_in("ana");
    let access = server.log_in("bea", PASSWORD).unwrap().text("access_token");
    let begin = std::time::Instant::now();
    let mut renewed = 0;
    while begin.elapsed() < Duration::from_secs(5) {
        if browser.fetch("/protected").status != 200 {
            let answer = browser.renew();
            assert_eq!(answer.status, 200, "after {:?}: {}", begin.elapsed(), answer.body);
            renewed += 1;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("renewed {renewed} times in five seconds of an hour each");
    assert!(renewed >= 8, "{renewed}");
    assert_eq!(protected(&server, &access), 401, "and what is to expire does");
    server.assert_never_panicked();
}

/// The moment this many seconds from now, written so that libfaketime stands still at it.
fn moment(seconds: i64) -> String {
    let output =
        std::process::Command::new("date").arg(format!("--date={seconds:+} seconds")).arg("+%F %T").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
