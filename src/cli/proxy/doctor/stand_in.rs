//! A small server that stands in for the app while the doctor is at work, and notes which of its requests reached it, and with what.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli::output::Failure;
use crate::gate::probes::PROBE;

/// Longer heads and bodies are cut off: who sends them is not the doctor.
const MOST_HEAD: u64 = 64 * 1024;
const MOST_BODY: u64 = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);
/// What a websocket's handshake is answered with is made of the key and this. (RFC 6455 §1.3)
const WEBSOCKET: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request of the doctor's as it reached the app.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) target: String,
    /// Names as they came.
    pub(super) headers: Vec<(String, String)>,
    /// How long the body is.
    pub(super) body: usize,
}

impl Seen {
    /// All values of the header, in the order in which they came.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }
}

pub(super) struct StandIn {
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl StandIn {
    /// `run`: what the ids of this run's requests begin with. Nothing is kept of what others send.
    pub(super) fn start(address: SocketAddr, run: &str) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).map_err(|error| {
            format!("can't listen on {address} in place of the app ({error}); is the app stopped, and is this where the proxy looks for it?")
        })?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, run) = (Arc::clone(&seen), run.to_owned());
        std::thread::Builder::new().name("stand-in".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, run) = (Arc::clone(&log), run.clone());
                // Without a thread, the connection is closed.
                drop(std::thread::Builder::new().spawn(move || serve(&stream, &run, &log)));
            }
        })?;
        Ok(Self { seen })
    }

    /// The requests with this id that came so far.
    pub(super) fn seen(&self, id: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.id == id).cloned().collect()
    }
}

/// `None` in the end: there is nothing more to read, or nobody to answer.
fn serve(stream: &TcpStream, run: &str, log: &Mutex<Vec<Seen>>) -> Option<()> {
    let text = "`portero proxy doctor` stands in for this app for a moment.\n";
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_nodelay(true).ok()?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    // Connections go on, so that a request that was hidden in another is read as one.
    while let Some(seen) = read(&mut reader, writer) {
        let is_ours = seen.id.starts_with(run);
        let asks = seen.all("upgrade").iter().any(|to| to.eq_ignore_ascii_case("websocket"));
        let key = seen.all("sec-websocket-key").first().map(|key| (*key).to_owned()).filter(|_| asks);
        if is_ours {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        }
        if let Some(key) = key.filter(|_| is_ours) {
            let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{WEBSOCKET}").as_bytes()));
            let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
            write!(writer, "{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").ok()?;
            return None;
        }
        let status = if is_ours { "200 OK" } else { "503 Service Unavailable\r\nRetry-After: 10" };
        let head = "Content-Type: text/plain\r\nCache-Control: no-store\r\nContent-Length";
        write!(writer, "HTTP/1.1 {status}\r\n{head}: {}\r\n\r\n{text}", text.len()).ok()?;
    }
    None
}

/// `None`: the connection is at its end, or what came can't be read.
fn read(reader: &mut BufReader<&TcpStream>, mut writer: &TcpStream) -> Option<Seen> {
    let mut head = reader.by_ref().take(MOST_HEAD);
    let mut line = String::new();
    head.read_line(&mut line).ok()?;
    let mut seen = Seen { id: String::new(), target: line.split(' ').nth(1)?.to_owned(), headers: Vec::new(), body: 0 };
    loop {
        let mut line = Vec::new();
        head.read_until(b'\n', &mut line).ok().filter(|length| *length > 0)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        seen.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let one = |name: &str| seen.all(name).first().map(|value| (*value).to_owned());
    let (id, length, is_chunked) =
        (one(PROBE).unwrap_or_default(), one("content-length"), one("transfer-encoding").is_some());
    if one("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let mut body = Vec::new();
    if is_chunked {
        // How long the chunks are together, is near enough.
        let mut chunks = reader.by_ref().take(MOST_BODY);
        while !body.ends_with(b"0\r\n\r\n") && chunks.read_until(b'\n', &mut body).ok()? > 0 {}
    } else if let Some(length) = length.and_then(|length| length.parse::<u64>().ok()) {
        reader.by_ref().take(length.min(MOST_BODY)).read_to_end(&mut body).ok()?;
    }
    seen.body = body.len();
    seen.id = id;
    Some(seen)
}
