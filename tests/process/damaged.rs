//! A data folder that is not as Portero left it: files are missing, do not fit each other, or are damaged. Each is told before anything is
//! changed, with what to do.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use crate::faults::{database, portero_by};
use crate::portero::{PASSWORD, Server, fails, ok};

const PAGE: u64 = 4096;

fn installation() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    folder
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("data").join(name)
}

/// A server in which somebody signs in before it is killed, so that `-wal` holds something.
fn use_and_kill(folder: &TempDir) {
    let mut server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    server.kill();
    assert!(fs::metadata(file(folder, "portero.db-wal")).unwrap().len() > 0);
}

/// Makes the database some hundred pages bigger, in its own file.
fn grow(folder: &TempDir) {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
        INSERT INTO audit_events (at, what, details) SELECT 1, 'confirmed', hex(randomblob(100)) FROM n";
    database(folder.path()).batch_execute(rows).unwrap();
}

/// What lies in the data folder, by name.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder.join("data")).unwrap().map(|entry| entry.unwrap().path());
    let kept = files.filter(|path| !path.ends_with("portero.db-shm") && !path.ends_with("portero.db.lock"));
    let contents = kept.map(|path| (path.clone(), fs::read(path).unwrap()));
    // An empty `-wal` says nothing, and even whoever only reads makes one.
    let mut contents: Vec<_> =
        contents.filter(|(path, bytes)| !path.ends_with("portero.db-wal") || !bytes.is_empty()).collect();
    contents.sort();
    contents
}

/// Asserts that neither the server nor a command opens the database, that both say all this, and that they change nothing.
fn assert_refused(folder: &TempDir, words: &[&str]) {
    let before = contents(folder.path());
    for arguments in [&["serve"][..], &["user", "list"], &["user", "add", "bea", "--password-stdin"]] {
        let complaint = fails(folder.path(), arguments, PASSWORD);
        for word in words {
            assert!(complaint.contains(word), "{arguments:?}, {word}: {complaint}");
        }
        assert!(before == contents(folder.path()), "{arguments:?} changed something");
    }
}

fn assert_serves(folder: &TempDir) {
    let mut server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert_eq!(server.ask("GET", "/readyz", None, None).unwrap().status, 200);
    server.terminate();
}

#[test]
fn keys_without_a_database_are_no_new_installation() {
    let folder = installation();
    let database = fs::read(file(&folder, "portero.db")).unwrap();
    fs::remove_file(file(&folder, "portero.db")).unwrap();
    assert_refused(&folder, &["pepper.key", "is no database that was used with it", "restore a backup"]);
    File::create(file(&folder, "portero.db")).unwrap();
    assert_refused(&folder, &["pepper.key", "is no database that was used with it"]);
    fs::write(file(&folder, "portero.db"), database).unwrap();
    assert_serves(&folder);
    // For a new installation, as the words say.
    fs::remove_file(file(&folder, "portero.db")).unwrap();
    for key in ["pepper.key", "signing.key"] {
        fs::remove_file(file(&folder, key)).unwrap();
    }
    assert!(Server::start(folder.path()).said().contains("/setup/"));
}

#[test]
fn a_database_that_was_copied_without_its_wal_is_no_new_installation() {
    let folder = TempDir::new().unwrap();
    // All that a first start makes is still in `-wal` when it is killed.
    Server::start(folder.path()).kill();
    assert!(fs::metadata(file(&folder, "portero.db")).unwrap().len() <= PAGE);
    fs::remove_file(file(&folder, "portero.db-wal")).unwrap();
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("is no database that was used with it"), "{complaint}");
}

#[test]
fn a_first_start_that_was_killed_at_any_moment_is_finished_by_the_next() {
    let folder = TempDir::new().unwrap();
    for delay in [5, 10, 15, 20, 25, 30, 40, 50, 70, 100] {
        let data = folder.path().join("data");
        drop(fs::remove_dir_all(&data));
        let mut process = crate::portero::portero(folder.path()).arg("serve").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        process.kill().unwrap();
        process.wait().unwrap();
        let server = Server::start(folder.path());
        assert!(server.said().contains("/setup/"), "killed after {delay} ms");
    }
}

#[test]
fn a_wal_without_its_database_is_not_thrown_away() {
    let folder = installation();
    use_and_kill(&folder);
    let database = fs::read(file(&folder, "portero.db")).unwrap();
    fs::remove_file(file(&folder, "portero.db")).unwrap();
    assert_refused(&folder, &["portero.db-wal", "is missing or empty", "Put the database back"]);
    fs::write(file(&folder, "portero.db"), database).unwrap();
    assert_serves(&folder);
}

#[test]
fn a_wal_of_another_database_is_not_written_into_a_good_copy() {
    let folder = installation();
    let good = fs::read(file(&folder, "portero.db")).unwrap();
    grow(&folder);
    use_and_kill(&folder);
    fs::write(file(&folder, "portero.db"), &good).unwrap();
    assert_refused(&folder, &["portero.db-wal does not belong to the database", "Move"]);
    // As the words say.
    for name in ["portero.db-wal", "portero.db-shm"] {
        drop(fs::remove_file(file(&folder, name)));
    }
    assert_serves(&folder);
}

#[test]
fn a_wal_that_is_older_than_the_database_is_not_written_into_it_even_if_the_result_were_whole() {
    let folder = installation();
    use_and_kill(&folder);
    let later = SystemTime::now() + Duration::from_secs(120);
    let database = File::options().write(true).open(file(&folder, "portero.db")).unwrap();
    database.set_modified(later).unwrap();
    assert_refused(&folder, &["does not belong", "Move", "touch"]);
    // As the words say, for files that belong together.
    File::options().write(true).open(file(&folder, "portero.db-wal")).unwrap().set_modified(later).unwrap();
    assert_serves(&folder);
}

#[test]
fn files_that_were_copied_one_after_the_other_beside_a_running_server_are_refused() {
    let folder = installation();
    let server = Server::start(folder.path());
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("data")).unwrap();
    let take = |name: &str| fs::copy(file(&folder, name), file(&copy, name)).unwrap();
    for name in ["portero.db", "pepper.key", "signing.key"] {
        take(name);
    }
    grow(&folder);
    database(folder.path()).batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    take("portero.db-wal");
    assert_refused(&copy, &["does not belong to the database"]);
}

#[test]
fn damage_is_found_at_the_start_after_an_unclean_stop_also_if_a_command_ran_in_between() {
    let folder = installation();
    grow(&folder);
    use_and_kill(&folder);
    ok(folder.path(), &["user", "list"], "");
    assert_eq!(fs::metadata(file(&folder, "portero.db-wal")).map_or(0, |wal| wal.len()), 0);
    spoil_the_audit_log(&folder);
    assert_refused(&folder, &["is damaged", "portero backup"]);
}

#[test]
fn damage_that_is_found_only_later_shows_in_readyz_and_in_the_log() {
    let folder = installation();
    grow(&folder);
    use_and_kill(&folder);
    ok(folder.path(), &["user", "list"], "");
    spoil_the_audit_log(&folder);
    // Every read takes 20 ms, so that the check takes longer than the start waits for it.
    let slowly = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=20000"];
    let server = Server::with(folder.path(), portero_by(folder.path(), "strace", &slowly));
    assert!(!server.log().contains("database_malformed"), "not known yet: {}", server.log());
    server.wait_until(Duration::from_secs(30), |client| client.get("/readyz", None).body.contains("is malformed"));
    assert_eq!(server.ask("GET", "/healthz", None, None).unwrap().status, 200);
    assert!(server.log().contains("database_malformed"), "{}", server.log());
}

/// Overwrites a page of the audit log that neither a start nor a command reads, and a check comes to last: it begins at the end.
fn spoil_the_audit_log(folder: &TempDir) {
    let database = File::options().read(true).write(true).open(file(folder, "portero.db")).unwrap();
    let pages = database.metadata().unwrap().len() / PAGE;
    let is_leaf_of_text = |page: &u64| {
        let mut bytes = [0; PAGE as usize];
        database.read_exact_at(&mut bytes, page * PAGE).unwrap();
        bytes[0] == 13 && bytes.windows(9).any(|text| text == b"confirmed")
    };
    let first = (0..pages).find(is_leaf_of_text).unwrap();
    database.write_all_at(&[0xa5; 2048], first * PAGE).unwrap();
}
