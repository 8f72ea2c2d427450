//! What the benchmarks share: servers in processes of their own, and requests to them.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "correct horse battery";

type Failure = Box<dyn std::error::Error>;

pub(crate) fn add_user(program: &str, data: &Path, name: &str, more: &[&str]) -> Result<(), Failure> {
    let mut add = Command::new(program)
        .arg("--data-dir")
        .arg(data)
        .args(["user", "add", name, "--password-stdin"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    add.stdin.take().ok_or("no stdin")?.write_all(PASSWORD.as_bytes())?;
    if add.wait()?.success() { Ok(()) } else { Err("the user was not added".into()) }
}

/// An access token, as a program gets one.
pub(crate) fn log_in(address: SocketAddr, name: &str) -> Result<String, Failure> {
    let body = format!(r#"{{"username":"{name}","password":"{PASSWORD}"}}"#);
    let login = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(&mut TcpStream::connect(address)?, &login)?;
    let token = answer.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(token.ok_or("no token")?.to_owned())
}

pub(crate) fn get(path: &str, header: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{header}\r\n")
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Sends a request and reads head and body, by `content-length`.
pub(crate) fn exchange(stream: &mut TcpStream, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 64 * 1024]);
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Ok(text.into_owned());
        }
    }
}

/// A server in a process of its own, which says on its first line where it listens.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().ok_or("no address")?.parse()?;
        Ok(Self { process, address })
    }

    pub(crate) fn resident_megabytes(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(mega(kilobytes * 1024))
    }

    pub(crate) fn stop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
