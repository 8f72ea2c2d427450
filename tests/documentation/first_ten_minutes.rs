//! `docs/first-ten-minutes.md`, done: its settings for nginx and Portero are the ones that run here, its commands are run in its order, and
//! people come in by the links that those print. Left out is what the packages do: they are tested by themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pages::{Block, Page, all};
use crate::portero::{Server, portero, text};
use crate::ports::free_ports;
use crate::proxies::{Certificates, Kind, Proxy};

const HOST: &str = "login.example.org";
const PASSWORD: &str = "seven herons on one wire";
/// How commands are called there.
const AS_PORTERO: &str = "sudo -u portero portero ";

fn page() -> Page {
    all().into_iter().find(|page| page.path == Path::new("docs/first-ten-minutes.md")).unwrap()
}

fn block(page: &Page, kind: &str) -> String {
    let of_kind: Vec<Block> = page.blocks().into_iter().filter(|block| block.kind == kind).collect();
    assert_eq!(of_kind.len(), 1, "{kind}");
    of_kind.into_iter().next().unwrap().text
}

/// Replaces what is another here, and has to be there.
fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in\n{text}");
        text.replace(old, new)
    })
}

/// A visitor who comes by https, with a jar for cookies.
struct Visitor {
    authority: PathBuf,
    port: u16,
    jar: PathBuf,
}

impl Visitor {
    fn ask(&self, path: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("curl");
        command.args(["-s", "-i", "--max-time", "20", "--http1.1", "-H", "Sec-Fetch-Site: same-origin", "--cacert"]);
        command.arg(&self.authority).arg("--connect-to").arg(format!("{HOST}:443:127.0.0.1:{}", self.port));
        command.arg("-b").arg(&self.jar).arg("-c").arg(&self.jar).args(arguments);
        text(&command.arg(format!("https://{HOST}{path}")).output().unwrap().stdout)
    }

    /// Opens the page that a link leads to, fills in its form and sends it; returns the answer.
    fn fill_in(&self, link: &str, fields: &[(&str, &str)]) -> String {
        let path = link.strip_prefix(&format!("https://{HOST}")).unwrap_or_else(|| panic!("{link}"));
        let form = self.ask(path, &[]);
        let csrf = form.split_once("name=\"csrf_token\" value=\"").unwrap_or_else(|| panic!("{form}")).1;
        let csrf = format!("csrf_token={}", csrf.split_once('"').unwrap().0);
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let all = fields.iter().chain([&csrf]).flat_map(|field| ["--data-urlencode", field.as_str()]);
        self.ask(path, &all.collect::<Vec<_>>())
    }
}

#[test]
fn in_ten_minutes_ana_signs_in_behind_nginx_and_there_is_a_backup() {
    let page = page();
    let (folder, front) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let certificates = Certificates::for_hosts(folder.path(), &[HOST]);
    let [https, http] = free_ports();
    let data = folder.path().join("data");
    let settings = folder.path().join("portero.toml");
    let lines = [("127.0.0.1:8080", "127.0.0.1:0"), ("/var/lib/portero/data", data.to_str().unwrap())];
    std::fs::write(&settings, with(&block(&page, "toml"), &lines)).unwrap();
    let command = || {
        let mut command = portero(folder.path());
        for name in ["PORTERO_LISTEN", "PORTERO_DATA_DIR"] {
            command.env_remove(name);
        }
        // For the price of a password alone: with https a lower one is refused.
        command.env("PORTERO_CONFIG", &settings).env("PORTERO_PASSWORD_BCRYPT_COST", "10");
        command
    };
    // The page's commands, one by one, in its order.
    let shell: String = page.blocks().into_iter().filter(|block| block.kind == "sh").map(|block| block.text).collect();
    let mut commands = shell.lines().filter_map(|line| line.strip_prefix(AS_PORTERO));
    let mut next = |begin: &str, more: &[&str]| {
        let line = commands.next().unwrap_or_default();
        assert!(line.starts_with(begin), "{line}");
        let output = command().args(line.split(' ')).args(more).output().unwrap();
        assert!(output.status.success(), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    };
    let link = |said: &str| said.split_whitespace().find(|word| word.starts_with("https://")).unwrap().to_owned();

    next("config check", &[]);
    let server = Server::with(folder.path(), command());
    let nginx = with(
        &block(&page, "nginx"),
        &[
            ("listen 443 ssl", &format!("listen 127.0.0.1:{https} ssl")),
            ("listen 80;", &format!("listen 127.0.0.1:{http};")),
            ("/etc/letsencrypt/live/login.example.org/fullchain.pem", certificates.certificate.to_str().unwrap()),
            ("/etc/letsencrypt/live/login.example.org/privkey.pem", certificates.key.to_str().unwrap()),
            ("127.0.0.1:8080", &server.address.to_string()),
        ],
    );
    let _nginx = Proxy::start(Kind::Nginx, front.path(), &[nginx], &[https, http]);
    let visitor =
        |name: &str| Visitor { authority: certificates.authority.clone(), port: https, jar: folder.path().join(name) };

    let password = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    let you = visitor("you");
    let answer = you.fill_in(&link(&next("setup-link", &[])), &[&[("username", "you")], &password[..]].concat());
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(you.ask("/admin", &[]).starts_with("HTTP/1.1 200"), "whoever set it up is an admin");

    let answer = visitor("ana").fill_in(&link(&next("user invite ana", &[])), &password);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let body = format!("{{\"username\":\"ana\",\"password\":\"{PASSWORD}\"}}");
    let answer = visitor("program").ask("/login", &["-H", "Content-Type: application/json", "-d", &body]);
    assert!(answer.contains("\"access_token\""), "{answer}");

    // What the unit of systemd runs.
    std::fs::create_dir(folder.path().join("backups")).unwrap();
    let output = command().args(["backup", "backups/tonight.backup"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(folder.path().join("backups/tonight.backup").exists());

    let url = format!("https://{HOST}:{https}");
    let (resolve, http) = (format!("{HOST}=127.0.0.1"), http.to_string());
    let authority = certificates.authority.to_str().unwrap();
    let said = next("doctor", &[&url, "--ca", authority, "--resolve", &resolve, "--plain-http", &http, "--json"]);
    assert!(said.contains("\"good\"") && !said.contains("\"wrong\""), "{said}");
    assert_eq!(commands.next(), None, "a command of the page that nothing runs");
}
