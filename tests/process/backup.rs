//! `portero backup` beside a running server, and `portero restore`: what is in a backup comes back, and nothing that was ended since lives
//! again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::{QueryableByName, RunQueryDsl};
use serde_json::json;
use tempfile::TempDir;

use crate::database::execute;
use crate::faults::{assert_is_whole, database};
use crate::portero::{PASSWORD, Server, fails, ok, portero};
use crate::support::claims;
use crate::support::told_app::{Manner, ToldApp};

fn installation() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    folder
}

fn back_up(folder: &Path) -> PathBuf {
    let said = ok(folder, &["backup", "portero.backup"], "");
    assert!(said.contains("is a whole backup"), "{said}");
    folder.join("portero.backup")
}

/// A new folder, into which the backup has been restored.
fn restored(backup: &Path) -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["restore", backup.to_str().unwrap(), "--yes"], "");
    folder
}

/// What is in the folder, but for the database's own files.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_private_replaces_no_file_and_leaves_nothing_beside_it() {
    let folder = installation();
    let before = names(folder.path());
    let backup = back_up(folder.path());
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = fs::read(&backup).unwrap();
    assert!(fails(folder.path(), &["backup", "portero.backup"], "").contains("exists already"));
    assert!(bytes == fs::read(&backup).unwrap());
    assert!(fails(folder.path(), &["backup", "nowhere/portero.backup"], "").contains("nowhere"));
    fs::remove_file(backup).unwrap();
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_is_restored_lets_people_in_again_and_nothing_from_before_lives() {
    let folder = installation();
    let mut server = Server::start(folder.path());
    let known = server.log_in("ana", PASSWORD).unwrap();
    let link = ok(folder.path(), &["user", "invite", "bea"], "");
    let link = link.lines().next().unwrap().rsplit('/').next().unwrap().to_owned();
    let backup = back_up(folder.path());
    // This session is not in the backup, and its tokens would be good for a while.
    let later = server.log_in("ana", PASSWORD).unwrap();
    ok(folder.path(), &["user", "add", "cleo", "--password-stdin"], PASSWORD);
    let cleo = user_id(folder.path(), "cleo");
    server.terminate();

    let copy = restored(&backup);
    assert_is_whole(copy.path());
    std::thread::sleep(Duration::from_secs(1));
    let server = Server::start(copy.path());
    let again = server.log_in("ana", PASSWORD).unwrap();
    assert_eq!(again.status, 200);
    for tokens in [&known, &later] {
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 401);
        assert_eq!(server.ask("POST", "/refresh", Some(&refresh), None).unwrap().status, 401);
    }
    let access = again.text("access_token");
    assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200);
    assert_ne!(server.ask("GET", &format!("/link/{link}"), None, None).unwrap().status, 200);
    assert_eq!(server.log_in("cleo", PASSWORD).unwrap().status, 401);
    ok(copy.path(), &["user", "add", "dora", "--password-stdin"], PASSWORD);
    assert!(user_id(copy.path(), "dora") > cleo, "the id of a user who is lost means nobody else");
    let told = audit(copy.path());
    assert!(told.iter().any(|what| what == "restored"), "{told:?}");
    assert!(audit(folder.path()).iter().any(|what| what == "backup_made"));
}

#[test]
fn tokens_of_peers_from_before_the_restore_are_refused() {
    let key = "9bYv0S2mTqf7XJd1LrW5aKc8uHnZ3pEo6GiR4tVxQsMyBwDk";
    let folder = installation();
    let with_key = |folder: &Path| {
        let mut command = portero(folder);
        command.env("JWT_SECRET_KEY", key).env("PORTERO_FOREIGN_TOKENS", "access");
        command
    };
    let run = |folder: &Path, arguments: &[&str]| with_key(folder).args(arguments).output().unwrap();
    assert!(run(folder.path(), &["user", "list"]).status.success());
    let said = String::from_utf8(run(folder.path(), &["backup", "portero.backup"]).stdout).unwrap();
    assert!(said.contains("Not in it") && said.contains("jwt.secret_key"), "{said}");
    std::thread::sleep(Duration::from_secs(1));
    let token = peers_token(key);
    let server = Server::with(folder.path(), with_key(folder.path()));
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 200);
    drop(server);

    let copy = TempDir::new().unwrap();
    let backup = folder.path().join("portero.backup");
    let complaint = fails(copy.path(), &["restore", backup.to_str().unwrap(), "--yes"], "");
    assert!(complaint.contains("jwt.secret_key") && complaint.contains("is not in this backup"), "{complaint}");
    assert!(!copy.path().join("data").exists());
    assert!(run(copy.path(), &["restore", backup.to_str().unwrap(), "--yes"]).status.success());
    let server = Server::with(copy.path(), with_key(copy.path()));
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
}

/// A token for ana that an app beside Portero has made just now, by the same key.
fn peers_token(key: &str) -> String {
    use base64::Engine as _;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "sub": "ana", "jti": uuid::Uuid::new_v4(), "type": "access", "fresh": false, "iat": now, "nbf": now, "exp": now + 900
    });
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.as_bytes());
    format!("{message}.{}", encode(aws_lc_rs::hmac::sign(&key, message.as_bytes()).as_ref()))
}

#[test]
fn a_backup_while_two_hundred_people_sign_in_is_whole_and_nobody_waits_in_vain() {
    let folder = installation();
    let server = Server::start(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).for_each(|_| assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200)));
        }
        for number in 0..3 {
            ok(folder.path(), &["backup", &format!("{number}.backup")], "");
        }
    });
    for number in 0..3 {
        let copy = restored(&folder.path().join(format!("{number}.backup")));
        assert_is_whole(copy.path());
        assert_eq!(Server::start(copy.path()).log_in("ana", PASSWORD).unwrap().status, 200);
    }
}

#[test]
fn a_backup_that_is_killed_leaves_no_file_of_that_name_and_the_next_one_cleans_up() {
    let folder = installation();
    let place = folder.path().join("backups");
    fs::create_dir(&place).unwrap();
    for delay in [2, 5, 8, 10, 12, 15, 20, 30, 50] {
        let mut process = portero(folder.path()).args(["backup", "backups/one"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        process.kill().unwrap();
        process.wait().unwrap();
        if place.join("one").exists() {
            restored(&place.join("one"));
            fs::remove_file(place.join("one")).unwrap();
        }
    }
    ok(folder.path(), &["backup", "backups/one"], "");
    assert_eq!(names(&place), ["one"]);
}

#[test]
fn a_backup_that_was_cut_or_changed_anywhere_is_refused_and_nothing_is_made() {
    let folder = installation();
    let backup = back_up(folder.path());
    let whole = fs::read(&backup).unwrap();
    let (copy, bad) = (TempDir::new().unwrap(), folder.path().join("bad"));
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&bad, bytes).unwrap();
        let complaint = fails(copy.path(), &["restore", bad.to_str().unwrap(), "--yes"], "");
        assert!(complaint.contains("damaged") || complaint.contains("no backup of Portero's"), "{what}: {complaint}");
        assert!(!copy.path().join("data").exists(), "{what}");
    };
    for part in [0, 1, 10, 50, 90] {
        refused(&whole[..whole.len() * part / 100], &format!("{part} %"));
    }
    // In each file's header and content, as they lie in the archive.
    let database = whole.windows(16).position(|text| text == b"SQLite format 3\0").unwrap();
    for at in [0, 100, 512, 700, 1600, 2100, database - 512, database + 20, database + 5000, database + 100_000] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&bytes, &format!("byte {at}"));
    }
    refused(b"this is a letter\n", "a letter");
    assert!(fails(copy.path(), &["restore", "nowhere"], "").contains("nowhere"));
}

/// An archive whose checksums are right, with a file of this name.
fn forged(format: u32, name: &str) -> Vec<u8> {
    let sum = |bytes: &[u8]| hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes));
    let file = json!({ "name": name, "bytes": 4, "sha256": sum(b"evil") });
    let manifest =
        json!({ "format": format, "made_at": 1, "version": "99.0", "files": [file], "not_included": [] }).to_string();
    let of_manifest = format!("{}  manifest.json\n", sum(manifest.as_bytes()));
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("manifest.json", &*manifest), ("manifest.json.sha256", &of_manifest), (name, "evil")] {
        let mut header = tar::Header::new_old();
        // Not by the method for it, which refuses such names.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn an_archive_is_not_trusted_with_names_nor_one_of_a_newer_version_with_anything() {
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("forged");
    for (format, name, words) in [
        (1, "../../evil", "its manifest does not name"),
        (1, "/tmp/evil.key", "its manifest does not name"),
        (1, "signing/../../evil.key", "its manifest does not name"),
        (1, "portero.toml", "its manifest does not name"),
        (1, "pepper.key", "it holds no database"),
        (2, "portero.db", "made by a newer Portero (99.0)"),
    ] {
        fs::write(&backup, forged(format, name)).unwrap();
        let complaint = fails(folder.path(), &["restore", backup.to_str().unwrap(), "--yes"], "");
        assert!(complaint.contains(words), "{name}: {complaint}");
        assert_eq!(names(folder.path()), ["forged"], "{name}");
    }
}

#[test]
fn a_restore_touches_no_folder_that_holds_anything() {
    let folder = installation();
    let server = Server::start(folder.path());
    let backup = back_up(folder.path());
    let backup = backup.to_str().unwrap();
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let complaint = fails(folder.path(), &["restore", backup, "--yes"], "");
    assert!(complaint.contains("is not empty"), "{complaint}");
    assert_eq!(server.ask("GET", "/protected", Some(&tokens.text("access_token")), None).unwrap().status, 200);
    let other = TempDir::new().unwrap();
    assert!(fails(other.path(), &["restore", backup], "").contains("--yes"), "without a terminal nobody can agree");
    assert!(names(other.path()).is_empty());
    ok(other.path(), &["restore", backup, "--yes", "--into", "elsewhere"], "");
    assert_eq!(
        names(&other.path().join("elsewhere")),
        ["factors.key", "pepper.key", "portero.db", "portero.db.audit-head", "signing.key"]
    );
}

/// People are still signed in at the installation that the copy was made of.
#[test]
fn a_copy_to_try_a_backup_out_tells_no_app_of_it_and_a_restored_installation_does() {
    let app = ToldApp::start(Manner::Status(200));
    let folder = installation();
    ok(folder.path(), &["app", "add", "wiki", "--backchannel-logout-uri", &app.uri()], "");
    let mut server = Server::start(folder.path());
    let enter = |server: &Server, folder: &Path| {
        let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
        let sid = claims(&token)["sid"].as_str().unwrap().to_owned();
        execute(folder, &format!("INSERT INTO app_entries VALUES ('{sid}', 1, 'wiki', 1, 1, 1)"));
        token
    };
    enter(&server, folder.path());
    let backup = back_up(folder.path());
    server.terminate();

    let (copy, again) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let said = ok(copy.path(), &["restore", backup.to_str().unwrap(), "--yes", "--into", "data"], "");
    assert!(said.contains("portero --data-dir data --listen 127.0.0.1:8081 serve"), "{said}");
    // A token of the second of the restore would be refused.
    std::thread::sleep(Duration::from_secs(1));
    server = Server::start(copy.path());
    let token = enter(&server, copy.path());
    assert_eq!(server.ask("DELETE", "/logout", Some(&token), None).unwrap().status, 200);
    app.wait_for(1);
    assert_eq!(app.received().len(), 1, "of what is done in the copy, and of nothing else");
    server.terminate();

    ok(again.path(), &["restore", backup.to_str().unwrap(), "--yes"], "");
    let _server = Server::start(again.path());
    app.wait_for(2);
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

fn user_id(folder: &Path, name: &str) -> i64 {
    let query = diesel::sql_query("SELECT id FROM users WHERE canonical = ?");
    query.bind::<diesel::sql_types::Text, _>(name).get_result::<Number>(&mut database(folder)).unwrap().id
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = diesel::sql_types::Text)]
    what: String,
}

fn audit(folder: &Path) -> Vec<String> {
    let told = diesel::sql_query("SELECT what FROM audit_events ORDER BY n").load::<Told>(&mut database(folder));
    told.unwrap().into_iter().map(|told| told.what).collect()
}

#[test]
fn a_database_that_was_put_back_by_hand_lets_nothing_live_again_once_that_is_noted() {
    let folder = installation();
    let mut server = Server::start(folder.path());
    let signed_in = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    server.terminate();
    let file = folder.path().join("data/portero.db");
    let earlier = fs::read(&file).unwrap();
    let mut server = Server::start(folder.path());
    let later = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    assert_eq!(server.ask("DELETE", "/logout", Some(&signed_in), None).unwrap().status, 200);
    assert!(fails(folder.path(), &["restore", "--note", "--yes"], "").contains("another Portero already serves"));
    server.terminate();
    fs::write(&file, earlier).unwrap();
    let refused = fails(folder.path(), &["restore", "--note"], "");
    assert!(refused.contains("nothing was changed"), "{refused}");
    let said = ok(folder.path(), &["restore", "--note", "--yes"], "");
    assert!(said.contains("Noted; 1 session ended."), "{said}");
    std::thread::sleep(Duration::from_millis(1100));
    let server = Server::start(folder.path());
    for token in [&signed_in, &later] {
        assert_eq!(server.ask("GET", "/protected", Some(token), None).unwrap().status, 401);
    }
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert!(ok(folder.path(), &["audit", "verify"], "").contains("The audit log is whole."));
}
