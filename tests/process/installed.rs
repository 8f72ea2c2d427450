//! `portero doctor`: it finds nothing wrong with a good installation, and each mistake that is planted.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use serde_json::Value;
use tempfile::TempDir;

use crate::faults::{database, portero_by};
use crate::portero::{Server, portero, text};
use crate::support::ports::free_ports;
use crate::support::proxies::{Certificates, HOSTS, Kind, Proxy};

/// Changes of a proxy's settings: in each, the first text is replaced by the other.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// Portero as the operator has set it up for https.
struct House {
    folder: TempDir,
    certificates: Certificates,
    server: Server,
}

impl House {
    fn start() -> Self {
        Self::with(&[("PORTERO_TRUSTED_PROXIES", "127.0.0.1")])
    }

    fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let certificates = Certificates::make(folder.path());
        let mut command = portero(folder.path());
        command.envs(settings.iter().copied());
        set_up(&mut command);
        let server = Server::with(folder.path(), command);
        Self { folder, certificates, server }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// nginx before this Portero.
    fn nginx(&self, changes: Changes<'_>) -> Front {
        self.front(Kind::Nginx, changes)
    }

    /// A proxy before this Portero, in a folder of its own.
    fn front(&self, kind: Kind, changes: Changes<'_>) -> Front {
        let folder = TempDir::new().unwrap();
        let [https, http] = free_ports();
        let mut settings = match kind {
            Kind::Nginx => NGINX,
            Kind::OldCaddy | Kind::Caddy => CADDY,
            Kind::Haproxy => HAPROXY,
            Kind::Traefik => panic!("it is set up by arguments, too"),
        }
        .to_owned();
        for (old, new) in changes {
            assert!(settings.contains(old), "{old}");
            settings = settings.replacen(old, new, 1);
        }
        let Certificates { authority, certificate, key } = &self.certificates;
        let (https_port, http_port, portero) = (https.to_string(), http.to_string(), self.server.address.to_string());
        for (name, value) in [
            ("HTTPS", https_port.as_str()),
            ("HTTP", &http_port),
            ("HOST", HOSTS[0]),
            ("CERTIFICATE", certificate.to_str().unwrap()),
            ("KEY", key.to_str().unwrap()),
            ("PORTERO", &portero),
        ] {
            settings = settings.replace(&format!("<{name}>"), value);
        }
        let proxy = Proxy::start(kind, folder.path(), &[settings], &[https, http]);
        Front { https, http, authority: authority.clone(), _proxy: proxy, folder }
    }

    fn examine(&self, front: &Front) -> Found {
        self.examine_by(front, portero(self.path()))
    }

    fn examine_by(&self, front: &Front, mut command: Command) -> Found {
        set_up(&mut command);
        command.arg("doctor").args(front.arguments());
        Found::of(command.output().unwrap())
    }
}

/// Good settings, to be filled in.
const NGINX: &str = "server {
    listen 127.0.0.1:<HTTPS> ssl;
    server_name <HOST>;
    ssl_certificate \"<CERTIFICATE>\";
    ssl_certificate_key \"<KEY>\";
    location / {
        proxy_pass http://<PORTERO>;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffer_size 16k; proxy_buffers 4 16k;
        proxy_read_timeout 60s;
    }
}
server { listen 127.0.0.1:<HTTP>; server_name <HOST>; return 308 https://<HOST>:<HTTPS>$request_uri; }";

const CADDY: &str = "https://<HOST>:<HTTPS> {
    bind 127.0.0.1
    tls \"<CERTIFICATE>\" \"<KEY>\"
    reverse_proxy <PORTERO> {
        transport http {
            dial_timeout 5s
        }
    }
}
http://<HOST>:<HTTP> {
    bind 127.0.0.1
    redir https://<HOST>:<HTTPS>{uri} permanent
}";

const HAPROXY: &str = "defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend https
    bind 127.0.0.1:<HTTPS> ssl crt <CERTIFICATE>
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https
    default_backend portero
frontend http
    bind 127.0.0.1:<HTTP>
    http-request redirect scheme https code 308
backend portero
    server one <PORTERO>
";

/// What server and commands have in common.
fn set_up(command: &mut Command) {
    command.env("PORTERO_PUBLIC_URL", format!("https://{}", HOSTS[0])).env("PORTERO_PASSWORD_BCRYPT_COST", "10");
}

struct Front {
    https: u16,
    http: u16,
    authority: PathBuf,
    _proxy: Proxy,
    folder: TempDir,
}

impl Front {
    fn arguments(&self) -> Vec<String> {
        let authority = self.authority.to_str().unwrap();
        let url = format!("https://{}:{}", HOSTS[0], self.https);
        let (resolve, http) = (format!("{}=127.0.0.1", HOSTS[0]), self.http.to_string());
        let all = [url.as_str(), "--ca", authority, "--resolve", &resolve, "--plain-http", &http, "--json"];
        all.map(str::to_owned).to_vec()
    }
}

struct Found {
    code: Option<i32>,
    lines: Vec<Value>,
    said: String,
}

impl Found {
    fn of(output: Output) -> Self {
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        let lines = text(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Self { code: output.status.code(), lines, said }
    }

    fn with(&self, result: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line["result"] == result);
        lines.map(|line| line["check"].as_str().unwrap()).collect()
    }

    /// What is wrong, by the words for it.
    fn wrong(&self) -> Vec<&str> {
        self.with("wrong")
    }

    fn change(&self, check: &str) -> &str {
        self.lines.iter().find(|line| line["check"] == check).and_then(|line| line["change"].as_str()).unwrap()
    }
}

#[test]
fn nothing_is_found_in_a_good_installation() {
    let house = House::start();
    let found = house.examine(&house.nginx(&[]));
    assert_eq!((found.wrong(), found.with("not_judged")), (vec![], vec![]), "{}", found.said);
    assert_eq!((found.code, found.with("good").len()), (Some(0), 21), "{}", found.said);
}

#[test]
fn each_mistake_in_the_proxys_settings_is_found_and_nothing_else() {
    let house = House::start();
    let (redirect, serve) = ("return 308 https://<HOST>", "location / { proxy_pass http://<PORTERO>; } } #");
    let buffers = "proxy_buffer_size 16k; proxy_buffers 4 16k;";
    let mistakes: [(Changes<'_>, &[&str], &str); 9] = [
        (&[("proxy_set_header Host $http_host;", "")], &["host"], "proxy_set_header Host $http_host;"),
        (&[("proxy_set_header X-Forwarded-Proto $scheme;", "")], &["scheme"], "X-Forwarded-Proto $scheme;"),
        (
            &[("proxy_set_header X-Forwarded-For $remote_addr;", "")],
            &["client_address", "client_address_forged"],
            "proxy_set_header X-Forwarded-For $remote_addr;",
        ),
        (&[("proxy_buffers", "proxy_cookie_flags ~ nosecure; proxy_buffers")], &["cookies"], "proxy_cookie_flags"),
        (
            &[("proxy_buffers", "proxy_hide_header Strict-Transport-Security; proxy_buffers")],
            &["hsts"],
            "proxy_hide_header",
        ),
        (&[("proxy_buffers", "proxy_hide_header X-Frame-Options; proxy_buffers")], &["headers"], "proxy_hide_header"),
        (&[(buffers, "")], &["header_size"], "proxy_buffer_size 16k;"),
        (&[("proxy_read_timeout 60s", "proxy_read_timeout 3s")], &["timeout"], "proxy_read_timeout 60s;"),
        (&[(redirect, serve)], &["no_redirect"], "return 308 https://$host$request_uri;"),
    ];
    // Each waits ten seconds for an answer that takes as long.
    std::thread::scope(|scope| {
        for (changes, expected, line) in &mistakes {
            let house = &house;
            scope.spawn(move || {
                let found = house.examine(&house.nginx(changes));
                assert_eq!(found.wrong(), *expected, "{changes:?}: {}", found.said);
                assert_eq!(found.code, Some(1), "{changes:?}");
                for check in *expected {
                    let change = found.change(check);
                    assert!(change.contains(line) && change.contains("/etc/nginx"), "{changes:?}: {change}");
                }
            });
        }
    });
}

#[test]
fn behind_caddy_and_haproxy_a_good_installation_is_told_from_a_bad_one_too() {
    let house = House::start();
    let host = [("dial_timeout 5s\n        }", "dial_timeout 5s\n        }\n        header_up Host 127.0.0.1")];
    let scheme = [("    http-request set-header X-Forwarded-Proto https\n", "")];
    let fronts: [(Kind, Changes<'_>, &[&str]); 4] = [
        (Kind::OldCaddy, &[], &[]),
        (Kind::OldCaddy, &host, &["host"]),
        (Kind::Haproxy, &[], &[]),
        (Kind::Haproxy, &scheme, &["scheme"]),
    ];
    std::thread::scope(|scope| {
        for (kind, changes, expected) in fronts {
            let house = &house;
            scope.spawn(move || {
                let found = house.examine(&house.front(kind, changes));
                assert_eq!(found.wrong(), expected, "{kind:?}: {}", found.said);
                assert_eq!(found.code, Some(i32::from(!expected.is_empty())), "{kind:?}");
            });
        }
    });
}

#[test]
fn a_header_that_a_client_may_write_is_found_though_it_comes() {
    let house = House::start();
    let front =
        house.nginx(&[("X-Forwarded-For $remote_addr", "X-Forwarded-For \"$remote_addr, $http_x_forwarded_for\"")]);
    let found = house.examine(&front);
    assert_eq!((found.wrong(), found.code), (vec!["client_address_forged"], Some(1)), "{}", found.said);
    let front = house.nginx(&[("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for")]);
    let found = house.examine(&front);
    assert_eq!((found.wrong(), found.code), (vec![], Some(0)), "what is appended counts: {}", found.said);
}

#[test]
fn a_proxy_that_portero_does_not_believe_is_named_by_its_address() {
    let house = House::with(&[]);
    let found = house.examine(&house.nginx(&[]));
    assert_eq!(found.wrong(), ["untrusted_proxy"], "{}", found.said);
    assert!(found.said.contains("its address is 127.0.0.1"), "{}", found.said);
}

#[test]
fn a_certificate_that_should_have_been_renewed_is_found_and_so_is_a_bad_one() {
    let mut house = House::start();
    let openssl =
        "x509 -req -in apps.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile names -out old.pem";
    let mut command = Command::new("faketime");
    command.args(["-85 days", "openssl"]).args(openssl.split(' ')).current_dir(house.path());
    assert!(command.output().unwrap().status.success());
    house.certificates.certificate = house.path().join("old.pem");
    let mut front = house.nginx(&[]);
    let found = house.examine(&front);
    assert_eq!((found.wrong(), found.code), (vec!["certificate_ends"], Some(1)), "{}", found.said);
    assert!(found.said.contains("of 90"), "{}", found.said);
    // Whoever signed it is trusted no longer.
    front.authority = Certificates::make(front.folder.path()).authority;
    let found = house.examine(&front);
    assert_eq!((found.wrong(), found.code), (vec!["certificate"], Some(1)), "{}", found.said);
}

#[test]
fn a_certificate_that_signed_itself_is_taken_as_a_servers_and_not_as_an_authoritys() {
    let mut house = House::start();
    let make = |name: &str, more: &[&str]| {
        let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN={}", HOSTS[0]);
        let names = format!("subjectAltName=DNS:{}", HOSTS[0]);
        let mut command = Command::new("openssl");
        command.args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", &subject, "-addext", &names,
        ]);
        command.args(["-keyout", &key, "-out", &file]).args(more).current_dir(house.path());
        assert!(command.output().unwrap().status.success());
        (house.path().join(key), house.path().join(file))
    };
    let of_authority = make("authority", &[]);
    let of_server = make("server", &["-addext", "basicConstraints=critical,CA:FALSE"]);
    for ((key, file), wrong) in [(of_authority, vec!["certificate"]), (of_server, vec![])] {
        (house.certificates.key, house.certificates.certificate) = (key, file.clone());
        let mut front = house.nginx(&[]);
        front.authority = file;
        let found = house.examine(&front);
        assert_eq!(found.wrong(), wrong, "{}", found.said);
        assert_eq!(
            found.said.contains("-addext basicConstraints=critical,CA:FALSE"),
            !wrong.is_empty(),
            "{}",
            found.said
        );
    }
}

#[test]
fn another_server_at_the_public_address_is_not_taken_for_this_one() {
    let (house, other) = (House::start(), House::start());
    let front = house.nginx(&[("<PORTERO>", &other.server.address.to_string())]);
    let found = house.examine(&front);
    assert_eq!((found.wrong(), found.code), (vec!["other_server"], Some(1)), "{}", found.said);
}

#[test]
fn what_is_wrong_on_the_machine_is_found_before_anything_is_asked() {
    let house = House::start();
    let front = house.nginx(&[]);
    let data = house.path().join("data");
    let set_mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set_mode(&data, 0o755);
    set_mode(&data.join("pepper.key"), 0o644);
    // As if the first start had been ten days ago.
    let long_ago = "UPDATE instance SET value = CAST(value - 864000 AS TEXT) WHERE name = 'begun'";
    database(house.path()).batch_execute(long_ago).unwrap();
    let found = house.examine_by(&front, portero_by(house.path(), "faketime", &["+10 minutes"]));
    assert_eq!(
        (found.wrong(), found.code),
        (vec!["folder_is_public", "file_is_public", "backup", "clock"], Some(1)),
        "{}",
        found.said
    );
    let mode = std::fs::metadata(data.join("pepper.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "to open the installation takes it away");
}

#[test]
fn a_disk_that_is_almost_full_and_a_server_that_is_not_there_are_found() {
    let house = House::start();
    let front = house.nginx(&[]);
    let fill = "mkdir small && mount -t tmpfs -o size=30m none small && cp -a data/. small/ && exec \"$0\" \"$@\"";
    let mut command = portero_by(house.path(), "unshare", &["-rm", "sh", "-c", fill]);
    command.env("PORTERO_DATA_DIR", house.path().join("small"));
    let found = house.examine_by(&front, command);
    assert_eq!((found.wrong(), found.code), (vec!["disk", "not_ready"], Some(1)), "{}", found.said);
}

#[test]
fn where_nothing_can_be_asked_it_says_so_with_another_code() {
    let house = House::start();
    let [nowhere] = free_ports();
    let mut command = portero(house.path());
    set_up(&mut command);
    command.args(["doctor", &format!("https://127.0.0.1:{nowhere}")]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("can't connect"), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("21 checks: 7 as they should be, 0 wrong, 14 not judged"),
        "{}",
        text(&output.stdout)
    );
    let mut command = portero(house.path());
    set_up(&mut command);
    let output = command.args(["doctor", "https://nowhere.invalid"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--resolve nowhere.invalid=ADDRESS"), "{}", text(&output.stderr));
    let empty = TempDir::new().unwrap();
    let output = portero(empty.path()).args(["doctor", "https://login.example.org"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(!empty.path().join("data").exists());
}

#[test]
fn in_words_each_finding_says_what_it_means_for_people() {
    let house = House::start();
    let front = house.nginx(&[("proxy_set_header Host $http_host;", "")]);
    let mut command = portero(house.path());
    set_up(&mut command);
    let arguments = front.arguments();
    command.arg("doctor").args(arguments.iter().filter(|argument| *argument != "--json"));
    let output = command.output().unwrap();
    let said = text(&output.stdout);
    for part in
        ["WRONG  Portero is not told by which name", "  For people: ", "nginx", "21 checks: 20 as they should be"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}
