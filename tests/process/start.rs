//! Starting and stopping the server: the first start, the second, and the starts that are refused.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, fails, ok, portero, run};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_what_it_needs_private_and_prints_a_link() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let data = folder.path().join("data");
    assert_eq!(mode(&data), 0o700);
    for file in ["portero.db", "portero.db-wal", "signing.key", "pepper.key"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let said = server.said();
    let link = said.lines().find_map(|line| line.trim().strip_prefix("http://")).unwrap();
    assert!(link.contains("/setup/") || said.contains("/setup/"), "{said}");
    let token = said.split("/setup/").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(token.len(), 43, "256 bits in base64url");
    assert_eq!(server.ask("GET", &format!("/setup/{token}"), None, None).unwrap().status, 200);
    assert!(!server.log().contains(token), "the log does not tell the link");
}

/// The threads of the server by name, and whether they run only when nobody else wants the core: the
/// 17th field behind the name is the nice value, of which 19 is the highest. (`proc_pid_stat(5)`)
fn threads(server: &Server) -> Vec<(String, bool)> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap();
    // One that has ended meanwhile has no file any more.
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("stat")).ok());
    stats
        .map(|stat| {
            let (name, fields) = stat.split_once('(').unwrap().1.rsplit_once(')').unwrap();
            (name.to_owned(), fields.split_whitespace().nth(16) == Some("19"))
        })
        .collect()
}

#[test]
fn the_threads_that_hash_and_those_that_sign_for_apps_give_way_and_no_others() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let cores = std::thread::available_parallelism().unwrap().get();
    server
        .wait_until(Duration::from_secs(5), |_| threads(&server).iter().filter(|(_, last)| *last).count() == cores + 1);
    for (name, last) in threads(&server) {
        assert_eq!(last, name.starts_with("password-") || name.starts_with("signer-"), "{name}");
    }
}

/// It would not, now and then, if a thread of its beginning were still at work.
#[test]
fn a_start_that_fails_at_once_ends_by_itself_every_time() {
    let folder = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for _ in 0..40 {
        let output = portero(folder.path()).args(["--listen", &address, "serve"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{:?}", output.status);
    }
}

#[test]
fn a_second_start_finds_everything_and_prints_no_link_once_there_is_a_user() {
    let folder = TempDir::new().unwrap();
    Server::start(folder.path()).terminate();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let keys = || ["signing.key", "pepper.key"].map(|key| std::fs::read(folder.path().join("data").join(key)).unwrap());
    let before = keys();
    let server = Server::start(folder.path());
    assert!(!server.said().contains("/setup/"), "{}", server.said());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert!(before == keys());
}

#[test]
fn a_lost_key_is_not_made_anew_beside_a_database_that_was_used() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    for key in ["pepper.key", "signing.key"] {
        let path = folder.path().join("data").join(key);
        let away = folder.path().join(key);
        std::fs::rename(&path, &away).unwrap();
        let complaint = fails(folder.path(), &["serve"], "");
        assert!(complaint.contains(key) && complaint.contains("backup"), "{complaint}");
        assert!(!path.exists());
        std::fs::write(&path, "bm90IHRoZSByaWdodCBvbmU\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(fails(folder.path(), &["serve"], "").contains("is not one of Portero's"));
        std::fs::rename(&away, &path).unwrap();
    }
    let server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
}

#[test]
fn a_key_of_another_installation_is_refused() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&folder, &other] {
        ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    }
    let key = "data/pepper.key";
    std::fs::copy(other.path().join(key), folder.path().join(key)).unwrap();
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("fingerprint"), "{complaint}");
}

const PRIVATE: [&str; 3] = ["signing.key", "pepper.key", "portero.db"];

#[test]
fn a_key_or_database_that_others_can_read_is_closed_to_them_and_the_log_says_so() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let data = folder.path().join("data");
    let open = |name: &str| std::fs::set_permissions(data.join(name), PermissionsExt::from_mode(0o644)).unwrap();
    PRIVATE.into_iter().for_each(open);
    let server = Server::start(folder.path());
    for name in PRIVATE {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
        let log = server.log();
        assert!(log.lines().any(|line| line.contains("file_was_public") && line.contains(name)), "{name}: {log}");
    }
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    drop(server);
    open("pepper.key");
    let listed = run(folder.path(), &["user", "list"], "");
    let said = String::from_utf8(listed.stderr).unwrap();
    assert!(listed.status.success() && said.contains("file_was_public"), "a command says it too: {said}");
    assert_eq!(mode(&data.join("pepper.key")), 0o600);
}

#[test]
fn a_key_or_database_of_another_user_that_others_can_read_is_refused_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    for name in PRIVATE {
        let path = folder.path().join("data").join(name);
        // Only root can give a file away, and only then is there anything to test.
        if std::os::unix::fs::chown(&path, Some(12345), None).is_err() {
            return;
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let complaint = fails(folder.path(), &["serve"], "");
        assert!(complaint.contains(&format!("chmod 600 {}", path.display())), "{complaint}");
        assert_eq!(mode(&path), 0o644, "nothing is changed");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    Server::start(folder.path());
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_the_words_say_where_it_belongs() {
    let folder = TempDir::new().unwrap();
    let secret = "q8Zr3kT7Lm2Xv9Bn4Wp6Yd1Hs5Jf0Gc8";
    for (key, file, environment) in [
        ("pepper", "pepper_file", "PORTERO_PEPPER"),
        ("jwt.secret_key", "jwt.secret_key_file", "JWT_SECRET_KEY"),
        ("jwt.private_key", "jwt.private_key_file", "JWT_PRIVATE_KEY"),
    ] {
        let complaint = fails(folder.path(), &["--set", &format!("{key}={secret}"), "config", "check"], "");
        assert!(complaint.contains(&format!("{key} on the command line: ")), "{complaint}");
        assert!(complaint.contains(&format!("--set {file}=PATH")) && complaint.contains(environment), "{complaint}");
        assert!(!complaint.contains(secret), "{complaint}");
    }
    std::fs::write(folder.path().join("secret"), secret).unwrap();
    ok(folder.path(), &["--set", "pepper_file=secret", "config", "check"], "");
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let database = folder.path().join("data/portero.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    conn.batch_execute(
        "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('29990101000000', CURRENT_TIMESTAMP)",
    )
    .unwrap();
    drop(conn);
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("newer version") && complaint.contains("nothing was touched"), "{complaint}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let database = folder.path().join("data/portero.db");
    std::fs::write(&database, "this is a letter, not a database\n".repeat(100)).unwrap();
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("portero.db") && complaint.contains("not a database"), "{complaint}");
    assert!(std::fs::read_to_string(&database).unwrap().starts_with("this is a letter"));
}

#[test]
fn a_busy_port_is_named_and_nothing_is_made() {
    let folder = TempDir::new().unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let complaint = fails(folder.path(), &["--listen", &address, "serve"], "");
    assert!(complaint.contains(&address) && complaint.contains("something else"), "{complaint}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_data_folder_that_can_not_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("data"), "a file, where a folder should be").unwrap();
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("data") && complaint.contains("because"), "{complaint}");
}

#[test]
fn broken_settings_are_named_all_at_once() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("portero.toml"), "listn = '127.0.0.1:1'\n[session]\nidle = 'soon'\n").unwrap();
    let complaint = fails(folder.path(), &["--set", "throttle=perhaps", "serve"], "");
    for part in ["did you mean listen?", "session.idle in portero.toml", "throttle on the command line"] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn one_server_owns_a_database() {
    let folder = TempDir::new().unwrap();
    let _server = Server::start(folder.path());
    let complaint = fails(folder.path(), &["serve"], "");
    assert!(complaint.contains("another Portero already serves"), "{complaint}");
}

#[test]
fn asked_to_stop_it_finishes_and_exits_well() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    // An idle connection and one whose request never comes to an end do not hold the server up for long.
    let _idle = server.connect(b"");
    let _endless = server.connect(b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n");
    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// Copies `portero.db` and the keys to a new folder, without the files beside the database.
fn copied_without_wal(from: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    std::fs::create_dir(copy.path().join("data")).unwrap();
    for name in PRIVATE {
        std::fs::copy(from.join("data").join(name), copy.path().join("data").join(name)).unwrap();
    }
    copy
}

#[test]
fn after_a_clean_stop_or_a_command_the_database_is_whole_in_its_own_file() {
    let folder = TempDir::new().unwrap();
    let wal = folder.path().join("data/portero.db-wal");
    let left = || std::fs::metadata(&wal).map_or(0, |wal| wal.len());
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    assert_eq!(left(), 0, "after a command");
    let mut server = Server::start(folder.path());
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    // A command beside the server leaves the file to it.
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 200);
    let (code, _) = server.terminate();
    assert_eq!((code, left()), (Some(0), 0), "{}", server.log());
    let copy = copied_without_wal(folder.path());
    let server = Server::start(copy.path());
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 200);
    let access = tokens.text("access_token");
    assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200);
}

#[test]
fn a_refused_command_leaves_the_database_whole_in_its_own_file_too() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    server.kill();
    let wal = folder.path().join("data/portero.db-wal");
    assert!(std::fs::metadata(&wal).unwrap().len() > 0, "a killed server leaves it");
    fails(folder.path(), &["user", "disable", "nobody"], "");
    assert_eq!(std::fs::metadata(&wal).map_or(0, |wal| wal.len()), 0);
}

#[test]
fn a_body_that_trickles_is_given_up_after_ten_seconds() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let begin = Instant::now();
    let mut slow = server.connect(
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"user",
    );
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!((9..14).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
}

#[test]
fn settings_are_shown_with_their_source_and_without_secrets() {
    let folder = TempDir::new().unwrap();
    let secret = "9bYv0S2mTqf7XJd1LrW5aKc8uHnZ3pEo6GiR4tVxQsMyBwDk";
    let mut command = portero(folder.path());
    let output = command.env("JWT_SECRET_KEY", secret).args(["config", "show"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("(hidden)  (environment)") && !shown.contains(secret), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("listen ") && line.ends_with("(environment)")), "{shown}");
    assert_eq!(ok(folder.path(), &["config", "check"], ""), "Settings OK.\n");
}
