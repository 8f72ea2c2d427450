//! The nodes behind HAProxy, set up as `docs/postgres.md` has it.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::nodes::{LEASE, Nodes};
use crate::portero::PASSWORD;
use crate::ports::free_ports;

struct Haproxy {
    process: Child,
    port: u16,
    agent: ureq::Agent,
}

/// The file in the documentation, for these nodes and this port, without TLS.
fn configuration(nodes: &Nodes, port: u16) -> String {
    let document = include_str!("../../docs/postgres.md");
    let from = document.split_once("The whole `haproxy.cfg`").unwrap().1;
    let lines = from.lines().skip_while(|line| *line != "    global");
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    let mut text: String = lines.map(|line| format!("{}\n", line.trim_end())).collect();
    for (node, address) in ["10.0.0.11:8080", "10.0.0.12:8080", "10.0.0.13:8080"].into_iter().enumerate() {
        assert!(text.contains(address), "{text}");
        text = text.replace(address, &nodes.address(node).to_string());
    }
    let bind = "bind :443 ssl crt /etc/haproxy/login.example.org.pem";
    assert!(text.contains(bind), "{text}");
    text.replace(bind, &format!("bind 127.0.0.1:{port}"))
}

impl Haproxy {
    fn before(nodes: &Nodes) -> Self {
        let [port] = free_ports();
        let file = nodes.folder().join("haproxy.cfg");
        std::fs::write(&file, configuration(nodes, port)).unwrap();
        let mut command = Command::new("haproxy");
        // Debian has it in a folder that only root looks into.
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        let process = command.arg("-db").arg("-f").arg(&file).stdin(Stdio::null()).spawn();
        let mut process = process.unwrap_or_else(|error| panic!("haproxy can't be started: {error}"));
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < Duration::from_secs(20), "{ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(20))).build().into();
        Self { process, port, agent }
    }

    fn check(&self, token: &str) -> u16 {
        let url = format!("http://127.0.0.1:{}/protected", self.port);
        let request = self.agent.get(url).header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    }

    fn sign_in(&self) -> String {
        let body = json!({ "username": "ana", "password": PASSWORD }).to_string();
        let url = format!("http://127.0.0.1:{}/login", self.port);
        let mut answer = self.agent.post(url).header("content-type", "application/json").send(body).unwrap();
        let body: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    fn sign_out(&self, token: &str) -> u16 {
        let url = format!("http://127.0.0.1:{}/logout", self.port);
        let request = self.agent.delete(url).header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn behind_haproxy_nobody_notices_a_node_that_is_killed_cut_off_or_stopped() {
    let nodes = Nodes::start(3, &[("PORTERO_TRUSTED_PROXIES", "127.0.0.1")]);
    let haproxy = Haproxy::before(&nodes);
    let token = haproxy.sign_in();
    let all_are_good = |length: Duration| {
        let begin = Instant::now();
        while begin.elapsed() < length {
            assert_eq!(haproxy.check(&token), 200, "after {:?}", begin.elapsed());
        }
    };
    all_are_good(Duration::from_millis(500));
    nodes.hold_network(1);
    // At first it answers for as long as its lease lasts; then it says 503, and another node is asked.
    all_are_good(LEASE * 2);
    nodes.let_network_go(1);
    nodes.kill(2);
    all_are_good(Duration::from_secs(2));
    let ended = haproxy.sign_in();
    assert_eq!(haproxy.sign_out(&ended), 200);
    for _ in 0..20 {
        assert_eq!(haproxy.check(&ended), 401);
    }
    nodes.stop(1);
    all_are_good(Duration::from_secs(1));
    assert_eq!(haproxy.check(&haproxy.sign_in()), 200);
}
