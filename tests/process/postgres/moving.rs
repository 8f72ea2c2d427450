//! `portero move`: from SQLite to PostgreSQL.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use tempfile::TempDir;

use super::super::portero::{PASSWORD, Server, ok, portero, text};
use super::{sign_in, url};
use crate::database::Behind;

/// A command of the installation as it was before the move.
fn on_sqlite(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = portero(folder);
    command.env_remove("PORTERO_DATABASE_URL").args(arguments);
    command
}

fn add_user(folder: &Path, name: &str) {
    let mut add = on_sqlite(folder, &["user", "add", name, "--password-stdin"]);
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn move_to(folder: &Path) -> Output {
    on_sqlite(folder, &["move", "--yes", "--to", &url(folder).0]).output().unwrap()
}

fn moves(folder: &Path) -> String {
    let output = move_to(folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

fn does_not_move(folder: &Path) -> String {
    let output = move_to(folder);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

fn old(folder: &Path) -> SqliteConnection {
    SqliteConnection::establish(folder.join("data/portero.db").to_str().unwrap()).unwrap()
}

fn count(folder: &Path, table: &str) -> String {
    Behind::of(folder).rows(&format!("SELECT CAST(count(*) AS TEXT) AS row FROM {table}")).remove(0)
}

#[test]
fn after_a_move_tokens_passwords_and_the_audit_log_are_as_before_and_what_has_ended_stays_so() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    add_user(folder, "gone");
    let mut server = Server::with(folder, on_sqlite(folder, &["serve"]));
    let (kept, ended) = (sign_in(&server), sign_in(&server));
    assert_eq!(server.ask("DELETE", "/logout", Some(&ended), None).unwrap().status, 200);
    server.terminate();
    // The number of a user who is gone never comes to mean another.
    old(folder)
        .batch_execute(
            "DELETE FROM name_parts WHERE user_id = 2; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'users'",
        )
        .unwrap();
    let said = moves(folder);
    assert!(said.contains("in both databases they are the same") && said.contains("The audit log is whole."), "{said}");
    assert!(said.contains(&format!("database_url = \"{}\"", url(folder).0)), "{said}");
    assert_eq!(count(folder, "users_present WHERE users = 2"), "1", "the count is not kept twice");

    let server = Server::start(folder);
    assert_eq!(server.ask("GET", "/protected", Some(&kept), None).unwrap().status, 200);
    assert_eq!(server.ask("GET", "/protected", Some(&ended), None).unwrap().status, 401);
    sign_in(&server);
    ok(folder, &["user", "add", "new", "--password-stdin"], PASSWORD);
    assert_eq!(Behind::of(folder).rows("SELECT CAST(id AS TEXT) AS row FROM users WHERE canonical = 'new'"), ["8"]);
    assert_eq!(count(folder, "users_present WHERE users = 3"), "1", "triggers work again");
    assert!(ok(folder, &["audit", "verify"], "").contains("The audit log is whole."));
    let log = ok(folder, &["audit", "list"], "");
    assert!(log.contains("database_moved") && !log.contains("audit_did_not_fit"), "{log}");
}

#[test]
fn the_old_database_is_served_no_more_unless_somebody_says_so() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    moves(folder);
    for arguments in [&["serve"][..], &["user", "list"], &["move", "--yes", "--to", &url(folder).0]] {
        let output = on_sqlite(folder, arguments).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains("was moved to postgres://") && error.contains("portero.db.moved"), "{error}");
    }
    std::fs::remove_file(folder.join("data/portero.db.moved")).unwrap();
    let listed = on_sqlite(folder, &["user", "list"]).output().unwrap();
    assert!(text(&listed.stdout).contains("ana"), "{}", text(&listed.stderr));
}

#[test]
fn a_move_that_is_killed_leaves_the_new_database_empty_and_the_old_one_as_it_was() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    let mut server = Server::with(folder, on_sqlite(folder, &["serve"]));
    let token = sign_in(&server);
    server.terminate();
    // The move has come as far as the sessions, after the users, when it has to wait.
    let (url, _) = url(folder);
    let mut behind = Behind::of(folder);
    behind.execute("SELECT 1");
    match &mut behind {
        Behind::Postgres(conn) => conn.batch_execute("BEGIN; LOCK TABLE sessions IN SHARE MODE").unwrap(),
        Behind::Sqlite(_) => unreachable!(),
    }
    let mut child = on_sqlite(folder, &["move", "--yes", "--to", &url]).stdout(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    let waits = "SELECT CAST(count(*) AS TEXT) AS row FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%sessions%'";
    while Behind::of(folder).rows(waits) != ["1"] {
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", child.try_wait());
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(behind);
    assert_eq!(count(folder, "users"), "0");
    // It is usable, and the move can be tried again.
    let listed = on_sqlite(folder, &["user", "list"]).output().unwrap();
    assert!(text(&listed.stdout).contains("ana"), "{}", text(&listed.stderr));
    std::thread::sleep(Duration::from_millis(100));
    moves(folder);
    let server = Server::start(folder);
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 200);
}

#[test]
fn a_move_that_ended_before_it_could_say_so_is_finished_by_the_next() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    let marker = folder.join("data/portero.db.moved");
    // There is no writing into a folder.
    std::os::unix::fs::symlink("/nowhere/at/all", &marker).unwrap();
    let error = does_not_move(folder);
    assert!(error.contains("all rows are in postgres://") && error.contains("Run the same command again"), "{error}");
    std::fs::remove_file(&marker).unwrap();
    let said = moves(folder);
    assert!(said.contains("already, from an earlier try"), "{said}");
    assert!(marker.exists());
}

#[test]
fn a_move_is_refused_while_a_server_runs_on_either_database_or_the_new_one_is_not_empty() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    let mut server = Server::with(folder, on_sqlite(folder, &["serve"]));
    let error = does_not_move(folder);
    assert!(error.contains("another Portero already serves the database"), "{error}");
    server.terminate();
    ok(folder, &["config", "check"], "");
    let elsewhere = TempDir::new().unwrap();
    let mut add = portero(elsewhere.path());
    let theirs = add.env("PORTERO_DATABASE_URL", url(folder).0).args(["user", "invite", "bea"]).output().unwrap();
    assert!(theirs.status.success(), "{}", text(&theirs.stderr));
    let error = does_not_move(folder);
    assert!(error.contains("holds a Portero already"), "{error}");
    assert_eq!(count(folder, "users"), "1");
    let listed = on_sqlite(folder, &["user", "list"]).output().unwrap();
    assert!(text(&listed.stdout).contains("ana"), "{}", text(&listed.stderr));
}

#[test]
fn tables_of_others_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    let (url, name) = url(folder);
    let postgres = format!("{}/postgres", url.rsplit_once('/').unwrap().0);
    let mut conn = diesel::PgConnection::establish(&postgres).unwrap();
    conn.batch_execute(&format!("DROP DATABASE \"{name}\"")).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0")).unwrap();
    let mut theirs = diesel::PgConnection::establish(&url).unwrap();
    theirs.batch_execute("CREATE TABLE wiki (page TEXT)").unwrap();
    let error = does_not_move(folder);
    assert!(error.contains("has tables that are not Portero's, such as \"wiki\""), "{error}");
    theirs.batch_execute("DROP TABLE wiki").unwrap();
    drop(theirs);
    moves(folder);
    assert_eq!(count(folder, "users"), "1");
}

#[test]
fn a_table_that_is_added_later_moves_too_whatever_its_values_are() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    old(folder)
        .batch_execute(
            "CREATE TABLE added (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id BIGINT NOT NULL REFERENCES users (id), flag BOOLEAN, \
             bytes BLOB, text TEXT);
             INSERT INTO added (user_id, flag, bytes, text) VALUES
             (1, 1, x'00ff5c', 'tab\t, line\n, \"quoted\" '' \\ \\N é 👩‍🚀'), (1, 0, x'', ''), (1, NULL, NULL, NULL)",
        )
        .unwrap();
    let error = does_not_move(folder);
    assert!(error.contains("the table \"added\" is not the same in both databases"), "{error}");
    let there = "CREATE TABLE added (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \
                 user_id BIGINT NOT NULL REFERENCES users (id), flag BOOLEAN, bytes BYTEA, text TEXT)";
    Behind::of(folder).execute(there);
    let said = moves(folder);
    assert!(said.contains("         3  added\n"), "{said}");
    let rows = "SELECT concat_ws('|', id, flag, encode(bytes, 'hex'), text) AS row FROM added ORDER BY id";
    assert_eq!(Behind::of(folder).rows(rows), ["1|t|00ff5c|tab\t, line\n, \"quoted\" ' \\ \\N é 👩‍🚀", "2|f||", "3"]);
    let next = "INSERT INTO added (user_id) VALUES (1)";
    Behind::of(folder).execute(next);
    assert_eq!(count(folder, "added WHERE id = 4"), "1");
}

#[test]
fn what_postgresql_cannot_hold_is_named_and_nothing_is_moved() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    add_user(folder, "ana");
    old(folder).batch_execute("UPDATE users SET notes = 'a' || char(0) || 'b'").unwrap();
    let error = does_not_move(folder);
    assert!(error.contains("PostgreSQL did not take rows of the table \"users\""), "{error}");
    assert_eq!(count(folder, "instance"), "0");
}

#[test]
fn an_address_to_which_nothing_can_move_is_refused_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    let (url, _) = url(folder.path());
    let with_password = url.replace("portero@", "portero:hunter22@");
    for (to, says) in [
        ("sqlite:other.db", "--to: names no PostgreSQL database"),
        ("wherever", "--to: has no scheme"),
        (with_password.as_str(), "--to: contains a password"),
    ] {
        let output = on_sqlite(folder.path(), &["move", "--yes", "--to", to]).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(says) && !error.contains("hunter22"), "{error}");
        assert!(!folder.path().join("data").exists());
    }
    let mut already = portero(folder.path());
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let output = already.args(["move", "--yes", "--to", &url]).output().unwrap();
    assert!(text(&output.stderr).contains("is on PostgreSQL already"), "{}", text(&output.stderr));
}

#[test]
fn a_password_for_the_new_database_comes_from_its_setting() {
    let folder = TempDir::new().unwrap();
    add_user(folder.path(), "ana");
    std::fs::write(folder.path().join("password"), "wrong\n").unwrap();
    let to = url(folder.path()).0.replace("portero@", "with_password@");
    let mut command = on_sqlite(folder.path(), &["move", "--yes", "--to", &to]);
    let output = command.env("PORTERO_DATABASE_PASSWORD_FILE", folder.path().join("password")).output().unwrap();
    assert!(text(&output.stderr).contains("user or password"), "{}", text(&output.stderr));
    std::fs::write(folder.path().join("password"), "right one's \\ here\n").unwrap();
    let mut command = on_sqlite(folder.path(), &["move", "--yes", "--to", &to]);
    let output = command.env("PORTERO_DATABASE_PASSWORD_FILE", folder.path().join("password")).output().unwrap();
    // It gets as far as the tables, which belong to another role.
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("permission denied"), "{error}");
}
