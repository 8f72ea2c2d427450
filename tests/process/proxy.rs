//! Behind nginx, which keeps connections open.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::portero::{Server, portero};
use crate::support::ports::free_ports;

/// How long nginx keeps an idle connection to Portero: its 60 s, made short for the test.
const NGINX_KEEPS: Duration = Duration::from_secs(2);

const WAYS: usize = 40;

/// An nginx of its own, with several ways to the same server. Each keeps eight connections.
struct Nginx {
    process: Child,
    ports: Vec<u16>,
}

impl Nginx {
    fn before(server: SocketAddr, folder: &Path) -> Self {
        let ports = free_ports::<WAYS>().to_vec();
        let keeps = NGINX_KEEPS.as_secs();
        let mut sites = String::new();
        for port in &ports {
            write!(
                sites,
                "upstream portero{port} {{ server {server}; keepalive 8; keepalive_timeout {keeps}s; }}
                 server {{
                   listen 127.0.0.1:{port};
                   location / {{
                     proxy_pass http://portero{port};
                     proxy_http_version 1.1;
                     proxy_set_header Connection \"\";
                   }}
                 }}\n"
            )
            .unwrap();
        }
        let folder_name = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {folder_name}/{name};"))
            .join(" ");
        let settings = format!(
            "daemon off; master_process off; pid {folder_name}/nginx.pid; error_log {folder_name}/nginx.log;
             events {{ worker_connections 512; }}
             http {{ access_log off; {temporary}\n{sites} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new("nginx");
        // Debian has it in a folder that only root looks into.
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        let process =
            command.arg("-e").arg(folder.join("nginx.log")).arg("-c").arg(&file).stdin(Stdio::null()).spawn().unwrap();
        let nginx = Self { process, ports };
        let begin = Instant::now();
        while nginx.ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            assert!(
                begin.elapsed() < Duration::from_secs(10),
                "{:?}",
                std::fs::read_to_string(folder.join("nginx.log"))
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A POST that Portero refuses by itself.
fn post(port: u16) -> u16 {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20)));
    let agent: ureq::Agent = config.build().into();
    agent.post(format!("http://127.0.0.1:{port}/refresh")).send_empty().unwrap().status().as_u16()
}

#[test]
fn no_form_is_lost_when_a_proxy_sends_it_just_before_it_would_close_the_connection() {
    let folder = TempDir::new().unwrap();
    let mut command = portero(folder.path());
    // Longer by as much, in proportion, as the default is beyond nginx's.
    command.env("PORTERO_KEEP_ALIVE", "3s");
    let server = Server::with(folder.path(), command);
    // A way for each of forty at once, so that every request takes a connection that has waited, and not one that another has just used.
    let nginx = Nginx::before(server.address, folder.path());
    let everybody = |wait: Duration| {
        std::thread::sleep(wait);
        std::thread::scope(|scope| {
            let sent: Vec<_> = nginx.ports.iter().map(|port| scope.spawn(|| post(*port))).collect();
            sent.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    };
    everybody(Duration::ZERO);
    let mut statuses = Vec::new();
    // Around the moment at which nginx closes: a little before, at it, and a little after.
    for round in 0..10 {
        statuses.extend(everybody(NGINX_KEEPS - Duration::from_millis(50) + Duration::from_millis(10 * round)));
    }
    assert_eq!(statuses.len(), 400);
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
}
