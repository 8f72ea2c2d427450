//! The listener of metrics as the operator meets it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::portero::{Server, portero, text};

fn with_metrics(folder: &Path) -> (Server, SocketAddr) {
    let mut command = portero(folder);
    command.env("PORTERO_METRICS_LISTEN", "127.0.0.1:0");
    let server = Server::with(folder, command);
    let log = server.log();
    let line = log.lines().find(|line| line.contains("metrics_listening")).unwrap();
    let address = line.split("address=").nth(1).unwrap().trim_matches('"').parse().unwrap();
    (server, address)
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    text(&answer)
}

const SCRAPE: &str = "GET /metrics HTTP/1.1\r\nhost: portero\r\nconnection: close\r\n\r\n";

#[test]
fn metrics_are_read_there_and_end_with_the_server() {
    let folder = TempDir::new().unwrap();
    let (mut server, address) = with_metrics(folder.path());
    let answer = ask(address, SCRAPE);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\nportero_ready 1\n"), "{answer}");
    let resident = answer.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes ")).unwrap();
    assert!(resident.parse::<f64>().unwrap() > 1e6, "{resident}");
    assert_eq!(server.ask("GET", "/metrics", None, None).unwrap().status, 404, "not where everybody asks");
    assert_eq!(server.terminate().0, Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn without_the_setting_nothing_listens() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    assert!(!server.log().contains("metrics"), "{}", server.log());
}

#[test]
fn a_port_for_metrics_that_is_in_use_stops_the_start_before_anything_is_made() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = portero(folder.path()).env("PORTERO_METRICS_LISTEN", &address).arg("serve").output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("could not listen on {address}")), "{said}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn whoever_never_ends_a_request_loses_the_connection_to_metrics_too() {
    let folder = TempDir::new().unwrap();
    let (server, address) = with_metrics(folder.path());
    let slow = std::thread::spawn(move || ask(address, "GET /metrics HTTP/1.1\r\nhost: por"));
    let long = format!("GET /metrics HTTP/1.1\r\nhost: portero\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(!ask(address, &long).contains("portero_ready"));
    let answer = slow.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(ask(address, SCRAPE).contains("portero_ready 1"));
    server.assert_never_panicked();
}
