//! What the benchmarks share: servers in processes of their own, requests to them, and databases full of rows.
#![allow(dead_code, reason = "each benchmark uses its part")]

pub(crate) mod bench;
pub(crate) mod cluster;
pub(crate) mod seed;
pub(crate) mod slow_network;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A working folder for the servers: it contains no `portero.toml` that they would read.
pub(crate) const ELSEWHERE: &str = env!("CARGO_TARGET_TMPDIR");

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Adds a user by `portero user add`, with the settings in `environment`. Makes the data folder if there is none.
pub(crate) fn add_user(
    program: &str,
    data: &Path,
    name: &str,
    more: &[&str],
    environment: &[(&str, &str)],
) -> Result<(), Failure> {
    let mut add = Command::new(program)
        .arg("--data-dir")
        .arg(data)
        .args(["user", "add", name, "--password-stdin"])
        .args(more)
        .envs(environment.iter().copied())
        .current_dir(ELSEWHERE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    add.stdin.take().ok_or("no stdin")?.write_all(PASSWORD.as_bytes())?;
    if add.wait()?.success() { Ok(()) } else { Err("the user was not added".into()) }
}

/// A request that signs `name` in as a program. `more`: header lines, each with its line end.
pub(crate) fn log_in_request(name: &str, more: &str) -> String {
    let body = format!(r#"{{"username":"{name}","password":"{PASSWORD}"}}"#);
    format!(
        "POST /login HTTP/1.1\r\nhost: x\r\n{more}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Signs `name` in as a program and returns the access token.
pub(crate) fn log_in(address: SocketAddr, name: &str) -> Result<String, Failure> {
    access_token(&exchange(&mut TcpStream::connect(address)?, &log_in_request(name, ""))?)
}

/// The access token in the answer to a sign-in.
pub(crate) fn access_token(answer: &str) -> Result<String, Failure> {
    let token = answer.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(token.ok_or("no token")?.to_owned())
}

/// A `GET` request. `header`: header lines, each with its line end.
pub(crate) fn get(path: &str, header: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{header}\r\n")
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Sends a request and returns the answer, whose body is as long as its `content-length` says.
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
        let length = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Ok(text.into_owned());
        }
    }
}

/// The value of a header in the head of an answer. `name` in any letter case.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A server in a process of its own, which says on its first line where it listens.
pub(crate) struct Server {
    process: Child,
    // Kept open as long as the server runs; otherwise the server could not print any more.
    _output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("no stdout")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let Some(address) = line.trim().rsplit("http://").next().and_then(|address| address.parse().ok()) else {
            process.kill()?;
            process.wait()?;
            return Err(format!("{command:?} did not say where it listens, but {line:?}").into());
        };
        Ok(Self { process, _output: output, address })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        let asked = Command::new("kill").arg(self.id().to_string()).status()?;
        if asked.success() && self.process.wait()?.success() { Ok(()) } else { Err("the server did not stop".into()) }
    }

    pub(crate) fn resident_megabytes(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(mega(kilobytes * 1024))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
