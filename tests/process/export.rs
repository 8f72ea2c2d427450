//! `portero … export`: lists as files, whole or not there at all.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use crate::faults::{database, portero_by};
use crate::portero::{PASSWORD, Server, fails, ok, portero, run, text};

fn installation() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    folder
}

/// Adds so many audit events of 2 kB each.
fn add_events(folder: &Path, count: usize) {
    let sql = format!(
        "WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < {count})
         INSERT INTO audit_events (n, at, what, details)
         SELECT (SELECT max(n) FROM audit_events) + i, 1700000000, 'signed_in', '{{\"x\":\"' || hex(zeroblob(1000)) || '\"}}' FROM i"
    );
    database(folder).batch_execute(&sql).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_list_is_exported_with_the_filters_of_its_list() {
    let folder = installation();
    let folder = folder.path();
    let server = Server::start(folder);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 200);
    ok(folder, &["user", "disable", "bea"], "");
    let sessions = ok(folder, &["session", "export", "--user", "ana"], "");
    assert_eq!(sessions.lines().count(), 2, "{sessions}");
    assert!(sessions.starts_with("sid,user,transport,") && sessions.contains(",ana,bearer,127.0.0.1,"), "{sessions}");
    let revoked = ok(folder, &["revoked", "export", "--reason", "disabled", "--format", "jsonl"], "");
    let revoked: serde_json::Value = serde_json::from_str(&revoked).unwrap();
    assert_eq!((&revoked["user"], &revoked["what"]), (&"bea".into(), &"session".into()));
    assert_eq!(ok(folder, &["revoked", "export", "--user", "ana"], "").lines().count(), 1);
    let users = ok(folder, &["user", "export"], "");
    assert!(users.contains(",bea,,,,user,disabled,") && users.lines().count() == 3, "{users}");
    assert_eq!(ok(folder, &["user", "export", "--deleted", "--format", "jsonl"], ""), "");
    let audit = ok(folder, &["audit", "export", "--what", "exported", "--format", "jsonl"], "");
    let events: Vec<serde_json::Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 6, "each is on record, this one too: {audit}");
    assert_eq!(events[0]["details"]["filters"]["what"], "exported");
    assert_eq!(events[4]["details"]["filters"]["reason"], "disabled");
    assert!(events.iter().all(|event| event["details"]["operator"].is_string()), "{audit}");
    assert!(server.log().contains("act=\"exported\""), "{}", server.log());
    assert!(ok(folder, &["audit", "verify"], "").contains("The audit log is whole."));
    for wrong in [["--format", "xlsx"], ["--what", "nonsense"], ["--user", "nobody"]] {
        assert!(!run(folder, &["audit", "export", wrong[0], wrong[1]], "").status.success(), "{wrong:?}");
    }
    assert_eq!(ok(folder, &["audit", "list", "--what", "exported"], "").lines().count(), 6);
}

#[test]
fn a_file_is_for_its_owner_and_never_replaces_another() {
    let folder = installation();
    let folder = folder.path();
    let said = ok(folder, &["user", "export", "--output", "users.csv"], "");
    assert_eq!(said, "users.csv has 2 rows.\n");
    let file = folder.join("users.csv");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let whole = std::fs::read_to_string(&file).unwrap();
    assert_eq!(whole.lines().count(), 3, "{whole}");
    let recorded = || ok(folder, &["audit", "list", "--what", "exported"], "");
    let before = recorded();
    let complaint = fails(folder, &["audit", "export", "--output", "users.csv"], "");
    assert!(complaint.contains("there is a file users.csv already; nothing was exported"), "{complaint}");
    std::os::unix::fs::symlink("nowhere", folder.join("link")).unwrap();
    fails(folder, &["audit", "export", "--output", "link"], "");
    fails(folder, &["audit", "export", "--output", "no/such/folder/audit.csv"], "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
    assert_eq!(recorded(), before);
    assert_eq!(names(folder), ["data", "link", "users.csv"]);
}

#[test]
fn on_a_full_disk_no_part_of_a_file_stays() {
    let folder = installation();
    add_events(folder.path(), 3_000);
    let on_a_small_disk = "mkdir small && mount -t tmpfs -o size=2m none small && ! \"$0\" audit export --output small/audit.csv && ls -A small";
    let mut command = portero_by(folder.path(), "unshare", &["-rm", "sh", "-c", on_a_small_disk]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("small/audit.csv could not be written"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn whoever_stops_reading_in_the_middle_ends_the_command_without_a_panic() {
    let folder = installation();
    add_events(folder.path(), 3_000);
    for format in ["csv", "jsonl"] {
        let mut command = portero(folder.path());
        command.args(["audit", "export", "--format", format]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0; 1_000]).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = text(&output.stderr);
        assert!(complaint.contains("stopped before its end") && !complaint.contains("panicked"), "{complaint}");
    }
}

#[test]
fn a_killed_export_leaves_no_file_of_that_name_and_the_next_one_tidies_up() {
    let folder = installation();
    add_events(folder.path(), 3_000);
    let begun = portero(folder.path()).args(["audit", "export", "--output", "audit.csv"]).spawn();
    let mut child = begun.unwrap();
    while !names(folder.path()).iter().any(|name| name.starts_with(".portero-new-")) {
        assert!(child.try_wait().unwrap().is_none(), "it was too quick");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = names(folder.path());
    assert!(!left.contains(&"audit.csv".into()) && left.len() == 2, "{left:?}");
    ok(folder.path(), &["audit", "export", "--output", "audit.csv"], "");
    assert_eq!(names(folder.path()), ["audit.csv", "data"]);
}

#[test]
fn progress_is_told_at_a_terminal_and_not_among_the_rows() {
    let folder = installation();
    let at_a_terminal = |arguments: &[&str]| {
        let script = "import pty, sys; pty.spawn(sys.argv[1:])";
        let mut command = portero_by(folder.path(), "python3", &["-c", script]);
        text(&command.args(arguments).stdin(Stdio::null()).output().unwrap().stdout)
    };
    let shown = at_a_terminal(&["user", "export", "--output", "users.csv"]);
    assert!(shown.contains("\r2 rows"), "{shown}");
    let shown = at_a_terminal(&["user", "export"]);
    assert!(shown.contains("bea") && !shown.contains("2 rows"), "{shown}");
}
