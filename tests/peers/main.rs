//! Portero beside the software that it has to agree with: flask-jwt-extended as the oracle, PyJWT, Node's jose, py_webauthn,
//! @simplewebauthn/server, OpenID clients and a certified OpenID provider, and a Flask app that asks Portero about tokens.
//! `tests/peers/install`, which `tests/run` calls, puts what they need into `target/peers`.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod assertions;
mod cases;
mod clients;
mod deviations;
mod failures;
mod flask_peer;
mod mirror;
mod openapi;
mod openid;
mod openid_oracle;
mod options;
mod oracle;
mod other_libraries;
mod passkeys;
mod status_list;
mod tokens;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::ports::free_address;

/// The key that Flask and Portero share.
const SECRET: &str = "one key for Flask and for Portero, of 32 bytes and more";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The path at which `tests/peers/install` has put something.
fn installed(what: &str) -> PathBuf {
    let path = root().join("target/peers").join(what);
    assert!(path.exists(), "{} is not there: run tests/peers/install", path.display());
    path
}

/// A Python program that listens on a port of its own.
struct Python {
    process: Child,
    address: SocketAddr,
}

impl Python {
    /// Starts a program and waits until it listens. `prepare` gets the command, and the address that the program is to listen on.
    fn start(program: &str, prepare: impl FnOnce(&mut Command, SocketAddr)) -> Self {
        let address = free_address();
        let mut command = Command::new(installed("python/bin/python"));
        command.arg(root().join(program)).stdout(Stdio::piped()).stderr(Stdio::inherit());
        prepare(&mut command, address);
        let mut process = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "listening", "{program} did not start");
        Self { process, address }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A request, byte for byte: Flask and Portero are sent the same.
#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn new(method: &'static str, path: &str) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    fn send(&self, to: SocketAddr) -> Reply {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: peer.example\r\nConnection: close\r\n", self.method, self.path)
                .into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if !self.body.is_empty() || self.method != "GET" {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        let mut stream = TcpStream::connect(to).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Reply::read(&String::from_utf8_lossy(&answer))
    }
}

#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        Self { status, headers, body: body.into() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn cookies(&self) -> Vec<&str> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect()
    }
}
