//! A mail server on this machine: it takes mails as a test wants it to, and keeps them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub to: String,
    pub raw: String,
}

impl Received {
    /// A header, its words decoded.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        words(&line.unwrap_or_default())
    }

    /// The part of this type, `text/plain` or `text/html`.
    fn part(&self, kind: &str) -> String {
        let at = self.raw.find(&format!("Content-Type: {kind}")).unwrap_or_else(|| panic!("{}", self.raw));
        let (head, rest) = self.raw[at..].split_once("\r\n\r\n").unwrap();
        let body = rest.split("\r\n--").next().unwrap();
        if head.contains("quoted-printable") {
            quoted_printable(&body.replace("=\r\n", ""))
        } else if head.contains("base64") {
            String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap()
        } else {
            body.to_owned()
        }
    }

    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    pub fn html(&self) -> String {
        self.part("text/html")
    }

    /// The path behind Portero's own address of the link that contains `/{page}/`.
    pub fn path(&self, page: &str) -> String {
        let text = self.text();
        let at = text.find(&format!("/{page}/")).unwrap_or_else(|| panic!("{text}"));
        text[at..].split_whitespace().next().unwrap().to_owned()
    }
}

/// `=?utf-8?b?…?=` in clear. (RFC 2047)
fn words(value: &str) -> String {
    let (mut text, mut was_encoded) = (String::new(), false);
    for piece in value.split(' ') {
        let encoded = piece.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
        // The space between two of them is none.
        let are_one = was_encoded && encoded.is_some();
        if !text.is_empty() && !are_one {
            text.push(' ');
        }
        match encoded {
            Some(encoded) => text.push_str(&String::from_utf8_lossy(&STANDARD.decode(encoded).unwrap())),
            None => text.push_str(piece),
        }
        was_encoded = encoded.is_some();
    }
    text
}

fn quoted_printable(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, more @ ..] = rest {
        match more {
            [high, low, after @ ..] if *first == b'=' => {
                let hex = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone)]
pub struct MailServer {
    pub address: SocketAddr,
    /// What it answers to each recipient, if not that it takes them.
    refusal: Arc<Mutex<Option<&'static str>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), refusal: Arc::default(), received: Arc::default() };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (serving.clone(), stream.unwrap());
                std::thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    /// For the setting `mail.url`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on each recipient is answered like this; `None`: taken.
    pub fn refuse(&self, answer: Option<&'static str>) {
        *self.refusal.lock().unwrap() = answer;
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many mails have come, and returns all that have.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let begin = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{} of {count} mails came", received.len());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends with the connection, however that ends.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes()).ok();
        say("220 test")?;
        let (mut line, mut to) = (String::new(), String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say("250-test\r\n250 8BITMIME")?,
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    say(self.refusal.lock().unwrap().unwrap_or("250 fine"))?;
                }
                "DATA" => {
                    say("354 go on")?;
                    let mut raw = String::new();
                    loop {
                        line.clear();
                        reader.read_line(&mut line).ok()?;
                        if line == ".\r\n" {
                            break;
                        }
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    }
                    self.received.lock().unwrap().push(Received { to: to.clone(), raw });
                    say("250 taken")?;
                }
                "QUIT" => {
                    say("221 bye")?;
                    return None;
                }
                _ => say("250 fine")?,
            }
        }
    }
}
