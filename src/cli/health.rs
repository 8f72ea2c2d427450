//! `portero health`: asks the running server whether it is ready, for containers without curl.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::output::Failure;
use crate::config::{Config, Loaded, Source};
use crate::domain::ListenAddress;
use crate::installation::{Reached, Running, running};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 16 * 1024;

pub(super) fn run(loaded: &Loaded) -> Result<(), Failure> {
    let address = address(loaded)?.on_this_machine();
    let answer = ask(&address, "/readyz");
    let answer = answer.map_err(|source| format!("the server at {address} does not answer: {source}"))?;
    let Some((status, body)) = answer else {
        return Err(format!("what listens on {address} does not answer as a server").into());
    };
    let member = |name: &str| body.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    if status == 200 && member("status") == "ready" {
        println!("ready");
        return Ok(());
    }
    match member("reason") {
        reason if !reason.is_empty() => Err(format!("not ready: {reason}").into()),
        _ => Err(format!("not ready: {address} answered with {status}").into()),
    }
}

/// Where to ask: as the command line says, or where the server that runs on the database has noted that it listens, or else as the other
/// settings say.
fn address(loaded: &Loaded) -> Result<ListenAddress, Failure> {
    let config: &Config = &loaded.config;
    if loaded.shown.iter().any(|setting| setting.key == "listen" && setting.source == Source::Flag) {
        return Ok(config.listen.clone());
    }
    match running(&config.beside_database())? {
        Running::Yes(Some(Reached { listening, .. })) => Ok(listening),
        Running::No if config.listen.tcp().is_some_and(|address| address.port() == 0) => {
            Err("no server is running".into())
        }
        Running::Yes(None) | Running::No => Ok(config.listen.clone()),
    }
}

/// Whether the server at this address answers at all.
pub(super) fn is_alive(address: &ListenAddress) -> bool {
    ask(&address.on_this_machine(), "/healthz").is_ok_and(|answer| answer.is_some_and(|(status, _)| status == 200))
}

/// Status and body of the answer to one request, for which the server closes the connection. `None`: that is no answer of HTTP.
pub(super) fn ask(address: &ListenAddress, path: &str) -> io::Result<Option<(u16, serde_json::Value)>> {
    let answer = match address {
        ListenAddress::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, PATIENCE)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            exchange(&stream, |left| stream.set_read_timeout(Some(left)), &address.to_string(), path)
        }
        ListenAddress::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            exchange(&stream, |left| stream.set_read_timeout(Some(left)), "localhost", path)
        }
    }?;
    Ok(read(&answer))
}

/// `wait`: bounds how long the next read may take.
fn exchange(
    mut stream: impl Read + Write,
    wait: impl Fn(Duration) -> io::Result<()>,
    host: &str,
    path: &str,
) -> io::Result<Vec<u8>> {
    let begin = Instant::now();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    while answer.len() < MOST_BYTES {
        let left = PATIENCE.checked_sub(begin.elapsed()).filter(|left| !left.is_zero());
        wait(left.ok_or(io::ErrorKind::TimedOut)?)?;
        match stream.read(&mut part)? {
            0 => break,
            length => answer.extend(part.iter().take(length)),
        }
    }
    Ok(answer)
}

/// Status and body. `None`: that is no answer of HTTP with JSON.
fn read(answer: &[u8]) -> Option<(u16, serde_json::Value)> {
    let text = str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}
