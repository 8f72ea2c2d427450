//! `portero audit`: what was recorded is listed, a log that somebody changed is found out, and a crash makes no false alarm.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use crate::faults::database;
use crate::portero::{PASSWORD, Server, fails, ok, run, text};

fn installation() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    folder
}

fn tamper(folder: &Path, sql: &str) {
    let triggers = "DROP TRIGGER audit_events_are_not_changed; DROP TRIGGER audit_events_are_not_removed;";
    database(folder).batch_execute(&format!("{triggers}{sql}")).unwrap();
}

/// What `verify` says of a log that is not whole.
fn found(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, &[&["audit", "verify"], arguments].concat(), "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stdout)
}

/// The newest event as `verify` names it, to be noted elsewhere.
fn newest(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("Newest event: "));
    line.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
fn what_was_recorded_is_listed_by_whatever_one_looks_for() {
    let folder = installation();
    let folder = folder.path();
    let server = Server::start(folder);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert_eq!(server.log_in("bea", "not it at all").unwrap().status, 401);
    ok(folder, &["user", "disable", "bea"], "");

    let of_bea = ok(folder, &["audit", "list", "--user", "bea"], "");
    let kinds: Vec<_> = of_bea.lines().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(kinds, ["user_disabled", "sign_in_failed", "user_added"], "{of_bea}");
    assert!(of_bea.lines().next().unwrap().contains("operator "), "{of_bea}");
    let failed = ok(folder, &["audit", "list", "--what", "sign_in_failed", "--json"], "");
    let failed: serde_json::Value = serde_json::from_str(&failed).unwrap();
    assert_eq!((&failed["user"], &failed["ip"]), (&"bea".into(), &"127.0.0.1".into()));
    assert_eq!(ok(folder, &["audit", "list", "--ip", "::ffff:127.0.0.1"], "").lines().count(), 2);
    assert_eq!(ok(folder, &["audit", "list", "--by", "bea"], ""), "No matching events.\n");
    assert_eq!(ok(folder, &["audit", "list", "--until", "2020-01-01"], ""), "No matching events.\n");
    assert_eq!(ok(folder, &["audit", "list", "--limit", "2"], "").lines().count(), 2);
    for wrong in [["--what", "nonsense"], ["--ip", "300.1.1.1"], ["--user", "nobody"], ["--from", "yesterday"]] {
        assert!(!run(folder, &["audit", "list", wrong[0], wrong[1]], "").status.success(), "{wrong:?}");
    }
}

#[test]
fn a_log_that_nobody_touched_is_whole_beside_a_running_server_too() {
    let folder = installation();
    let folder = folder.path();
    let server = Server::start(folder);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    let said = ok(folder, &["audit", "verify"], "");
    assert!(said.contains("The audit log is whole."), "{said}");
    let noted = newest(&said);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    let said = ok(folder, &["audit", "verify", "--past", &noted], "");
    assert!(said.contains("The audit log is whole."), "{said}");
    let last = newest(&said).split_once(':').unwrap().0.to_owned();
    let said = ok(folder, &["audit", "verify", "--from", &last], "");
    assert!(said.starts_with("Looked at 1 event"), "{said}");
    fails(folder, &["audit", "verify", "--past", "nonsense"], "");
}

#[test]
fn an_event_that_was_changed_or_removed_is_named() {
    let folder = installation();
    ok(folder.path(), &["user", "disable", "bea"], "");
    tamper(
        folder.path(),
        "UPDATE audit_events SET what = 'user_enabled' WHERE n = 1; DELETE FROM audit_events WHERE n = 3",
    );
    let said = found(folder.path(), &[]);
    assert!(said.contains("Event 1 is not what was recorded."), "{said}");
    assert!(said.contains("Event 3 is missing."), "{said}");
}

#[test]
fn an_older_copy_of_the_database_is_told_at_the_start_and_from_then_on() {
    let folder = installation();
    let folder = folder.path();
    let copy = std::fs::read(folder.join("data/portero.db")).unwrap();
    let noted = newest(&ok(folder, &["audit", "verify"], ""));
    ok(folder, &["user", "disable", "bea"], "");
    let later = newest(&ok(folder, &["audit", "verify"], ""));
    std::fs::write(folder.join("data/portero.db"), copy).unwrap();
    let server = Server::start(folder);
    assert!(server.log().contains("audit_did_not_fit"), "{}", server.log());
    let said = found(folder, &["--past", &noted]);
    assert!(
        said.contains("says that Portero found the log cut off or exchanged, when it started or while it ran"),
        "{said}"
    );
    assert!(!said.contains("noted elsewhere"), "{said}");
    assert!(found(folder, &["--past", &later]).contains("noted elsewhere"));
}

#[test]
fn a_server_that_is_killed_leaves_a_whole_log_and_no_alarm() {
    let folder = installation();
    let folder = folder.path();
    for round in 0..5 {
        let mut server = Server::start(folder);
        for _ in 0..=round {
            assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
        }
        server.kill();
    }
    let said = ok(folder, &["audit", "verify"], "");
    assert!(said.contains("The audit log is whole."), "{said}");
    assert_eq!(ok(folder, &["audit", "list", "--what", "signed_in"], "").lines().count(), 15);
}

#[test]
fn commands_beside_a_busy_server_raise_no_alarm() {
    let folder = installation();
    let folder = folder.path();
    let server = Server::start(folder);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
            }
        });
        for _ in 0..10 {
            let said = ok(folder, &["audit", "verify"], "");
            assert!(said.contains("The audit log is whole."), "{said}");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_restored_backup_has_a_whole_log_and_says_that_it_was_restored() {
    let folder = installation();
    ok(folder.path(), &["backup", "portero.backup"], "");
    let backup = folder.path().join("portero.backup");
    ok(folder.path(), &["user", "disable", "bea"], "");
    let copy = TempDir::new().unwrap();
    ok(copy.path(), &["restore", backup.to_str().unwrap(), "--yes"], "");
    let said = ok(copy.path(), &["audit", "verify"], "");
    assert!(said.contains("The audit log is whole."), "{said}");
    assert_eq!(ok(copy.path(), &["audit", "list", "--what", "restored"], "").lines().count(), 1);
    let server = Server::start(copy.path());
    assert!(!server.log().contains("audit_did_not_fit"), "{}", server.log());
}
