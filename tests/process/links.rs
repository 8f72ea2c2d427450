//! The links that commands print: they begin where people reach the server, or say what is missing.

use std::process::Command;

use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero, run, text};

fn server(folder: &TempDir, settings: &[(&str, &str)]) -> Server {
    let mut command: Command = portero(folder.path());
    command.envs(settings.iter().copied());
    Server::with(folder.path(), command)
}

#[test]
fn a_command_without_the_servers_flag_prints_links_to_the_port_that_it_listens_on() {
    let folder = TempDir::new().unwrap();
    let mut server = server(&folder, &[]);
    let begins = format!("http://{}/", server.address);
    let link = ok(folder.path(), &["--listen", "127.0.0.1:1", "setup-link"], "");
    assert!(link.starts_with(&format!("{begins}setup/")), "{link}");
    let link = ok(folder.path(), &["--listen", "127.0.0.1:1", "user", "invite", "ana"], "");
    assert!(link.starts_with(&format!("{begins}link/")), "{link}");
    let link = ok(folder.path(), &["--public-url", "http://login.example", "user", "reset-link", "ana"], "");
    assert!(link.starts_with("http://login.example/link/"), "{link}");

    // What a killed server left says nothing, and neither does one that stopped.
    server.kill();
    let lock = folder.path().join("data/portero.db.lock");
    assert!(std::fs::read_to_string(&lock).unwrap().starts_with(&server.address.to_string()));
    let link = ok(folder.path(), &["--listen", "127.0.0.1:1", "user", "reset-link", "ana"], "");
    assert!(link.starts_with("http://127.0.0.1:1/link/"), "{link}");
    Server::start(folder.path()).terminate();
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "");
}

#[test]
fn a_command_takes_the_public_url_that_the_server_was_started_with() {
    let folder = TempDir::new().unwrap();
    let _server = server(&folder, &[("PORTERO_PUBLIC_URL", "http://portero.lan:8080")]);
    let link = ok(folder.path(), &["user", "invite", "ana"], "");
    assert!(link.starts_with("http://portero.lan:8080/link/"), "{link}");
}

#[test]
fn a_link_that_can_not_be_whole_is_a_path_and_a_warning_says_what_to_set() {
    let folder = TempDir::new().unwrap();
    let open = [("PORTERO_LISTEN", "0.0.0.0:0"), ("PORTERO_ALLOW_PLAIN_HTTP", "true")];
    let server = server(&folder, &open);
    let said = server.said();
    assert!(
        said.contains("public_url is not set") && said.contains("    /setup/") && !said.contains("0/setup"),
        "{said}"
    );
    let invited = run(folder.path(), &["user", "invite", "ana"], "");
    let (printed, warned) = (text(&invited.stdout), text(&invited.stderr));
    assert!(printed.starts_with("/link/") && warned.contains("public_url is not set"), "{printed} {warned}");
    // Nor does anybody know the port that a server will listen on.
    drop(server);
    let link = ok(folder.path(), &["user", "reset-link", "ana"], "");
    assert!(link.starts_with("/link/"), "{link}");
}

#[test]
fn a_check_of_the_settings_says_that_a_server_on_every_address_needs_a_public_url() {
    let folder = TempDir::new().unwrap();
    let check = |listen: &str, more: &[&str]| {
        let arguments = [&["--listen", listen, "--set", "allow_plain_http=true"], more, &["config", "check"]].concat();
        let output = run(folder.path(), &arguments, PASSWORD);
        assert!(output.status.success());
        text(&output.stderr)
    };
    for listen in ["0.0.0.0:8080", "[::]:8080"] {
        let warned = check(listen, &[]);
        assert!(warned.contains("public_url (unset)") && warned.contains("every address"), "{warned}");
        assert_eq!(check(listen, &["--public-url", "http://portero.lan:8080"]), "");
    }
    assert_eq!(check("192.0.2.7:8080", &[]), "");
}

#[test]
fn a_refused_form_is_told_with_where_it_came_from_and_where_it_had_to() {
    let folder = TempDir::new().unwrap();
    let open = [("PORTERO_LISTEN", "0.0.0.0:0"), ("PORTERO_ALLOW_PLAIN_HTTP", "true")];
    let server = server(&folder, &open);
    let request = "POST /login HTTP/1.1\r\nhost: portero.lan:8080\r\nconnection: close\r\ncontent-length: 0\r\n";
    let mut answer = String::new();
    let bytes = format!("{request}referer: https://evil.example/link/KEEP-THIS\r\n\r\n");
    std::io::Read::read_to_string(&mut server.connect(bytes.as_bytes()), &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let log = server.log();
    assert!(log.contains("origin=\"https://evil.example\" ours=\"http://portero.lan:8080\""), "{log}");
    assert!(!log.contains("KEEP-THIS"), "{log}");
}
