//! A server that listens on a Unix socket: for a proxy on the same machine, and for nobody else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::portero::{PASSWORD, ok, portero, text};
use crate::support::ports::free_ports;
use crate::support::proxies::{Certificates, HOSTS, Kind, Proxy, curl};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server on `portero.sock` in its folder. Killed when dropped.
struct OnSocket {
    process: Child,
    folder: PathBuf,
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("portero.sock")
}

/// A command with the settings of that server.
fn with_settings(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = portero(folder);
    command.env("PORTERO_LISTEN", format!("unix:{}", socket(folder).display())).envs(settings.iter().copied());
    command
}

impl OnSocket {
    fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = with_settings(folder, settings);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut server = Self { process, folder: folder.to_owned() };
        let begin = Instant::now();
        while server.ask("/readyz", &[]).0 != 200 {
            let log = fs::read_to_string(folder.join("log")).unwrap();
            assert!(server.process.try_wait().unwrap().is_none() && begin.elapsed() < PATIENCE, "{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// Status and body of the answer; 0: there was none.
    fn ask(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let mut command = Command::new("curl");
        command.args(["-s", "--max-time", "10", "-w", "\n%{http_code}", "--unix-socket"]).arg(socket(&self.folder));
        let output = command.args(arguments).arg(format!("http://localhost{path}")).output().unwrap();
        let said = text(&output.stdout);
        let (body, status) = said.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// Signs ana in as a proxy would that has been asked by `client`; returns the addresses that are noted for her sessions.
    fn noted_for(&self, client: &str) -> BTreeSet<String> {
        let body = format!("{{\"username\":\"ana\",\"password\":\"{PASSWORD}\"}}");
        let forwarded = format!("X-Forwarded-For: {client}");
        let sent = ["-H", &forwarded, "-H", "Content-Type: application/json", "-d", &body];
        assert_eq!(self.ask("/login", &sent).0, 200);
        let listed = with_settings(&self.folder, &[]).args(["session", "list", "--json"]).output().unwrap();
        let listed = text(&listed.stdout);
        let sessions = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        sessions.map(|session| session["ip"].as_str().unwrap().to_owned()).collect()
    }

    fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for OnSocket {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn a_server_on_a_socket_is_found_by_its_commands_and_takes_the_socket_away_when_it_stops() {
    let folder = TempDir::new().unwrap();
    let server = OnSocket::start(folder.path(), &[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket(folder.path())), 0o660, "the server and its group");
    // By what the server has noted: the command's own settings name another address.
    assert_eq!(ok(folder.path(), &["health"], ""), "ready\n");
    server.stop();
    assert!(!socket(folder.path()).exists());
    let open = OnSocket::start(folder.path(), &[("PORTERO_SOCKET_MODE", "666")]);
    assert_eq!(mode(&socket(folder.path())), 0o666);
    open.stop();
}

#[test]
fn a_socket_is_not_taken_from_a_server_that_runs_but_from_one_that_was_killed() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut server = OnSocket::start(folder.path(), &[]);
    // Another installation with the same socket.
    let output = with_settings(folder.path(), &[]).env("PORTERO_DATA_DIR", other.path().join("data")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("could not listen on unix:"), "{}", text(&output.stderr));
    assert!(!other.path().join("data").exists(), "nothing was made");
    assert_eq!(server.ask("/readyz", &[]).0, 200, "the first one is where it was");

    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(socket(folder.path()).exists());
    OnSocket::start(folder.path(), &[]).stop();

    fs::write(socket(folder.path()), "somebody's letters").unwrap();
    let output = with_settings(folder.path(), &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(socket(folder.path())).unwrap(), b"somebody's letters");
}

#[test]
fn whoever_connects_by_a_socket_is_believed_as_a_proxy_only_if_the_settings_say_so() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = OnSocket::start(folder.path(), &[]);
    assert_eq!(server.noted_for("203.0.113.7"), BTreeSet::from(["127.0.0.1".into()]));
    server.stop();
    let server = OnSocket::start(folder.path(), &[("PORTERO_TRUSTED_PROXIES", "127.0.0.1")]);
    assert_eq!(server.noted_for("203.0.113.7"), BTreeSet::from(["127.0.0.1".into(), "203.0.113.7".into()]));
    server.stop();
}

#[test]
fn nginx_leads_people_to_a_server_on_a_socket() {
    let (folder, front) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let Certificates { authority, certificate, key } = Certificates::make(folder.path());
    let url = format!("https://{}", HOSTS[0]);
    let settings = [
        ("PORTERO_PUBLIC_URL", url.as_str()),
        ("PORTERO_TRUSTED_PROXIES", "127.0.0.1"),
        ("PORTERO_PASSWORD_BCRYPT_COST", "10"),
    ];
    let server = OnSocket::start(folder.path(), &settings);
    let [port] = free_ports();
    let nginx = format!(
        "server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate \"{}\";
            ssl_certificate_key \"{}\";
            location / {{
                proxy_pass http://unix:{};
                proxy_http_version 1.1;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
            }}
        }}",
        certificate.display(),
        key.display(),
        socket(folder.path()).display()
    );
    let _nginx = Proxy::start(Kind::Nginx, front.path(), &[nginx], &[port]);
    let login = curl(&authority, HOSTS[0], port, "/login", &[]).unwrap();
    assert_eq!(login.status, 200);
    assert!(login.header("set-cookie").is_some_and(|cookie| cookie.contains("Secure")), "{:?}", login.headers);

    // An app behind the same nginx: its check goes by the socket too.
    let arguments = [
        "--origin",
        "https://wiki.example.org",
        "--upstream",
        "http://127.0.0.1:9",
        "--certificate",
        "/c",
        "--key",
        "/k",
    ];
    let print = |proxy: &str| {
        let mut command = with_settings(folder.path(), &settings);
        command.args(["proxy", "print", proxy, "wiki"]).args(arguments).output().unwrap()
    };
    let printed = print("nginx");
    let upstream = format!("server unix:{};", socket(folder.path()).display());
    assert!(text(&printed.stdout).contains(&upstream), "{}", text(&printed.stderr));
    for proxy in ["caddy", "traefik", "haproxy"] {
        let refused = print(proxy);
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{proxy}");
    }
    server.stop();
}

#[test]
fn systemd_can_open_the_socket() {
    let folder = TempDir::new().unwrap();
    let mut by_systemd = Command::new("systemd-socket-activate");
    by_systemd.arg("-l").arg(socket(folder.path()));
    let server = with_settings(folder.path(), &[]);
    for (name, value) in server.get_envs() {
        if let Some(value) = value {
            by_systemd.arg("-E").arg(format!("{}={}", name.display(), value.display()));
        }
    }
    by_systemd.arg(env!("CARGO_BIN_EXE_portero")).current_dir(folder.path());
    let process = by_systemd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = OnSocket { process, folder: folder.path().to_owned() };
    let begin = Instant::now();
    while server.ask("/readyz", &[]).0 != 200 {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    server.stop();
    assert!(socket(folder.path()).exists(), "it is systemd's to take away");
}
