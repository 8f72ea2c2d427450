//! An app that is told of sign-outs: it answers as a test wants it to, and keeps what it was told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;

use super::claims;

/// What the app does with a request.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Answers with this status.
    Status(u16),
    /// Sends on to this address.
    Redirect(String),
    /// Answers with 200, but only after this time.
    Slow(Duration),
    /// Breaks off in the middle of its answer.
    Cut,
}

/// Something that came to the app.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub token: String,
    pub at: Instant,
}

impl Received {
    pub fn claims(&self) -> Value {
        claims(&self.token)
    }
}

#[derive(Clone)]
pub struct ToldApp {
    pub address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl ToldApp {
    pub fn start(manner: Manner) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), manner)
    }

    /// The app at the address of one that is not there yet.
    pub fn on(listener: TcpListener, manner: Manner) -> Self {
        Self::with(listener, manner, |stream| stream)
    }

    /// An app that is reached by https, with the certificate and the key of these files (PEM).
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        let certificate = CertificateDer::from_pem_file(certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
        Self::with(TcpListener::bind("127.0.0.1:0").unwrap(), Manner::Status(200), move |stream| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
        })
    }

    fn with<S: Read + Write>(
        listener: TcpListener,
        manner: Manner,
        open: impl Fn(TcpStream) -> S + Clone + Send + 'static,
    ) -> Self {
        let app = Self {
            address: listener.local_addr().unwrap(),
            manner: Arc::new(Mutex::new(manner)),
            received: Arc::default(),
        };
        let serving = app.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (app, open, stream) = (serving.clone(), open.clone(), stream.unwrap());
                std::thread::spawn(move || app.answer(open(stream)));
            }
        });
        app
    }

    pub fn uri(&self) -> String {
        format!("http://{}/logout", self.address)
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many requests have come, and returns all that have.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let begin = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{} of {count} came", received.len());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn answer(&self, mut stream: impl Read + Write) {
        let Some((path, body)) = read(&mut stream) else { return };
        let fields: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let [(name, token)] = fields.as_slice() else { panic!("{body}") };
        assert_eq!(name, "logout_token");
        let manner = self.manner.lock().unwrap().clone();
        self.received.lock().unwrap().push(Received { path, token: token.clone(), at: Instant::now() });
        let (status, location) = match manner {
            Manner::Status(status) => (status, String::new()),
            Manner::Redirect(to) => (307, format!("location: {to}\r\n")),
            Manner::Slow(time) => {
                std::thread::sleep(time);
                (200, String::new())
            }
            Manner::Cut => {
                drop(stream.write_all(b"HTTP/1.1 20"));
                return;
            }
        };
        let head = format!("HTTP/1.1 {status} As the test wants it\r\n{location}content-length: 0\r\n\r\n");
        drop(stream.write_all(head.as_bytes()));
        drop(stream.flush());
    }
}

fn read(stream: &mut impl Read) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut room = [0; 4096];
    loop {
        let count = stream.read(&mut room).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&room[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_lowercase();
        assert!(lower.contains("content-type: application/x-www-form-urlencoded"), "{head}");
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.trim().parse::<usize>().unwrap() {
            return Some((head.split(' ').nth(1).unwrap().to_owned(), body.to_owned()));
        }
    }
}
