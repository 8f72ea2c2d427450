//! `/readyz`, `portero health` and the commands say what is wrong with the database, and that it works again.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use crate::faults::{database, portero_by};
use crate::portero::{PASSWORD, Server, fails, ok, portero, text};

fn with_ana() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    folder
}

/// Whether the server is ready, or why not.
fn readiness(server: &Server) -> Result<(), String> {
    let answer = server.client().get("/readyz", None);
    match answer.status {
        200 => Ok(()),
        503 => {
            assert!(answer.header("retry-after").is_some());
            Err(answer.json()["reason"].as_str().unwrap().to_owned())
        }
        status => panic!("{status}: {}", answer.body),
    }
}

#[test]
fn while_another_process_holds_the_database_the_server_is_not_ready_and_then_it_is_again() {
    let folder = with_ana();
    let server = Server::start(folder.path());
    let mut other = database(folder.path());
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    let mut reasons = Vec::new();
    while !reasons.contains(&"another process holds the database".to_owned()) {
        assert!(begin.elapsed() < Duration::from_secs(10), "{reasons:?}");
        let asked = Instant::now();
        reasons.push(readiness(&server).unwrap_err());
        assert!(asked.elapsed() < Duration::from_secs(2), "a watcher gives up soon");
        std::thread::sleep(Duration::from_millis(200));
    }
    let complaint = fails(folder.path(), &["user", "disable", "ana"], "");
    assert!(complaint.contains("another process holds the database"), "{complaint}");
    let health = fails(folder.path(), &["health"], "");
    assert_eq!(health, "portero: not ready: another process holds the database\n");
    other.batch_execute("ROLLBACK").unwrap();
    server.wait_until(Duration::from_secs(5), |client| client.get("/readyz", None).status == 200);
    assert_eq!(ok(folder.path(), &["health"], ""), "ready\n");
    server.assert_never_panicked();
}

/// Has the database's file hold everything, and then garbage from its second page on.
fn overwrite(folder: &Path) {
    database(folder).batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(folder.join("data/portero.db")).unwrap();
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    file.write_all_at(&vec![0xa5; length - 4096], 4096).unwrap();
}

#[test]
fn a_malformed_database_is_told_by_the_server_and_by_commands() {
    let folder = with_ana();
    let server = Server::start(folder.path());
    overwrite(folder.path());
    let reason = readiness(&server).unwrap_err();
    assert!(reason.starts_with("the database is malformed"), "{reason}");
    assert_eq!(server.client().get("/healthz", None).status, 200);
    drop(server);
    for arguments in [&["user", "list"][..], &["session", "list"], &["user", "disable", "ana"], &["serve"]] {
        let complaint = fails(folder.path(), arguments, "");
        assert!(complaint.contains("the database is malformed"), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named_by_every_command() {
    let folder = with_ana();
    std::fs::write(folder.path().join("data/portero.db"), "this is a letter, not a database\n".repeat(100)).unwrap();
    for arguments in [&["user", "list"][..], &["session", "list"], &["key", "list"], &["serve"]] {
        let complaint = fails(folder.path(), arguments, "");
        assert!(complaint.contains("the file is not a database"), "{arguments:?}: {complaint}");
    }
}

#[test]
fn on_a_full_disk_every_command_that_changes_something_says_that_it_is_full() {
    let folder = with_ana();
    let fill = "mkdir small && mount -t tmpfs -o size=2m none small && cp -a data/. small/ && \
                { cat /dev/zero > small/filler 2>/dev/null; true; } && exec \"$0\"";
    for arguments in
        ["user disable ana", "user invite bea", "session end --yes --user ana", "key new", "client add shop"]
    {
        let script = format!("{fill} {arguments}");
        let mut command = portero_by(folder.path(), "unshare", &["-rm", "sh", "-c", &script]);
        let output = command.env("PORTERO_DATA_DIR", folder.path().join("small")).output().unwrap();
        std::fs::remove_dir(folder.path().join("small")).unwrap();
        let complaint = text(&output.stderr);
        assert!(!output.status.success() && complaint.contains("the disk is full"), "{arguments}: {complaint}");
    }
}

#[test]
fn health_asks_the_server_wherever_it_listens() {
    let folder = with_ana();
    assert!(fails(folder.path(), &["health"], "").contains("no server is running"));
    let mut command = portero(folder.path());
    command.env("PORTERO_LISTEN", "0.0.0.0:0").env("PORTERO_ALLOW_PLAIN_HTTP", "true");
    let mut server = Server::with(folder.path(), command);
    assert_eq!(ok(folder.path(), &["health"], ""), "ready\n");
    // By its flag also a server of which this data folder knows nothing.
    let other = TempDir::new().unwrap();
    let address = format!("127.0.0.1:{}", server.address.port());
    assert_eq!(ok(other.path(), &["--listen", &address, "health"], ""), "ready\n");
    assert!(!other.path().join("data").exists());
    server.kill();
    assert!(fails(folder.path(), &["health"], "").contains("no server is running"));
    assert!(fails(folder.path(), &["--listen", &address, "health"], "").contains("does not answer"));

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let begin = Instant::now();
    assert!(fails(folder.path(), &["--listen", &address, "health"], "").contains("does not answer"));
    assert!(begin.elapsed() < Duration::from_secs(8));
}
