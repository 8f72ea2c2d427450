//! Real proxies with https on two unrelated host names, and an app behind them that tells what reached it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a websocket's handshake is answered with is made of the key and this. (RFC 6455 §1.3)
const WEBSOCKET: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Hosts of apps that have no domain in common.
pub const HOSTS: [&str; 2] = ["wiki.example.org", "camera.example.net"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    /// Debian's, 2.6.
    OldCaddy,
    Caddy,
    Traefik,
    Haproxy,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Nginx, Self::OldCaddy, Self::Caddy, Self::Traefik, Self::Haproxy];

    /// What `portero proxy print` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::OldCaddy | Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::Haproxy => "haproxy",
        }
    }
}

/// A certificate for both hosts, and the authority that signed it.
pub struct Certificates {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    pub fn make(folder: &Path) -> Self {
        Self::for_hosts(folder, &HOSTS)
    }

    /// The same for these hosts.
    pub fn for_hosts(folder: &Path, hosts: &[&str]) -> Self {
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        openssl(
            &[&["req", "-x509", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem"], &key[..]]
                .concat(),
        );
        openssl(&[&["req", "-subj", "/CN=apps", "-keyout", "apps.pem.key", "-out", "apps.csr"], &key[..]].concat());
        let names = hosts.iter().map(|host| format!("DNS:{host}")).collect::<Vec<_>>().join(",");
        std::fs::write(folder.join("names"), format!("subjectAltName={names}\n")).unwrap();
        openssl(&[
            "x509",
            "-req",
            "-in",
            "apps.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "names",
            "-out",
            "apps.pem",
        ]);
        let file = |name| folder.join(name);
        Self { authority: file("ca.pem"), certificate: file("apps.pem"), key: file("apps.pem.key") }
    }
}

/// A proxy that runs. Killed when dropped.
pub struct Proxy {
    process: Child,
    log: PathBuf,
}

impl Proxy {
    /// Starts it with these settings, one text for each app, as `portero proxy print` printed them; `script`: what `portero proxy lua`
    /// printed is in this file already. Returns when it listens on all ports.
    pub fn start(kind: Kind, folder: &Path, settings: &[String], ports: &[u16]) -> Self {
        let at = folder.display();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let all = settings.join("\n");
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proxies/python/bin");
        let mut command = match kind {
            Kind::Nginx => {
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|name| format!("{name}_temp_path {at}/{name};"))
                    .join(" ");
                // Two apps' files, as in conf.d.
                let included: String = settings
                    .iter()
                    .enumerate()
                    .map(|(number, text)| format!("include {};\n", file(&format!("app{number}.conf"), text)))
                    .collect();
                let config = file(
                    "nginx.conf",
                    &format!(
                        "daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/proxy.log;
                         events {{ worker_connections 512; }}
                         http {{ access_log off; {temporary}\n{included} }}\n"
                    ),
                );
                let mut command = Command::new("nginx");
                command.args(["-e", &format!("{at}/proxy.log"), "-c", &config]);
                command
            }
            Kind::OldCaddy | Kind::Caddy => {
                let config = file("Caddyfile", &format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{all}"));
                let mut command = match kind {
                    Kind::Caddy => Command::new(tools.join("caddy")),
                    _ => Command::new("/usr/bin/caddy"),
                };
                command.args(["run", "--adapter", "caddyfile", "--config", &config]);
                command.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder).env("HOME", folder);
                command
            }
            Kind::Traefik => {
                let dynamic = folder.join("dynamic");
                std::fs::create_dir_all(&dynamic).unwrap();
                for (number, text) in settings.iter().enumerate() {
                    std::fs::write(dynamic.join(format!("app{number}.yml")), text).unwrap();
                }
                let mut command = Command::new(tools.join("traefik"));
                command.arg(format!("--entryPoints.websecure.address=127.0.0.1:{}", ports[0]));
                if let Some(port) = ports.iter().find(|port| **port != ports[0]) {
                    command.arg(format!("--entryPoints.web.address=127.0.0.1:{port}"));
                }
                // Apps such as a forge have slashes in names. What Traefik does by itself with them is no part of the gate.
                command.arg("--entryPoints.websecure.http.encodedCharacters.allowEncodedSlash=true");
                command.arg(format!("--providers.file.directory={}", dynamic.display()));
                command.args([
                    "--global.checkNewVersion=false",
                    "--global.sendAnonymousUsage=false",
                    "--log.level=INFO",
                ]);
                command
            }
            Kind::Haproxy => {
                let config = file("haproxy.cfg", &all);
                let mut command = Command::new("haproxy");
                command.args(["-db", "-f", &config]);
                command
            }
        };
        // Debian has two of them in a folder that only root looks into.
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        let log = folder.join("proxy.log");
        let output = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let errors = output.try_clone().unwrap();
        let process = command.current_dir(folder).stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let process = process.unwrap_or_else(|error| panic!("{kind:?} can't be started, see tests/run: {error}"));
        let mut proxy = Self { process, log };
        let begin = Instant::now();
        while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            let ended = proxy.process.try_wait().unwrap();
            assert!(
                ended.is_none() && begin.elapsed() < Duration::from_secs(20),
                "{kind:?} {ended:?}: {}",
                proxy.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        // Traefik listens before it has read what to do.
        while kind == Kind::Traefik && !is_set_up(&folder.join("ca.pem"), ports[0]) {
            assert!(begin.elapsed() < Duration::from_secs(20), "{}", proxy.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        proxy
    }

    /// Ends it, so that another can take its ports.
    pub fn stop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_set_up(authority: &Path, port: u16) -> bool {
    curl(authority, HOSTS[0], port, "/.portero/", &[]).is_some_and(|answer| answer.body != "404 page not found\n")
}

/// What curl got.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Asks with curl, which sends whatever it is told to. `None`: there was no answer.
pub fn curl(authority: &Path, host: &str, port: u16, target: &str, arguments: &[&str]) -> Option<Answer> {
    let mut command = Command::new("curl");
    command.args(["-s", "-i", "--path-as-is", "--max-time", "20", "--http1.1"]).arg("--cacert").arg(authority);
    command.arg("--resolve").arg(format!("{host}:{port}:127.0.0.1")).args(arguments);
    let output = command.arg(format!("https://{host}:{port}{target}")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rest = text.as_str();
    loop {
        let (head, body) = rest.split_once("\r\n\r\n")?;
        let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
        if status == 100 {
            rest = body;
            continue;
        }
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        return Some(Answer { status, headers, body: body.to_owned() });
    }
}

/// A request as it reached a small server.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// Names as they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    /// All values of the header, whatever the case of its name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }

    pub fn one(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} came twice: {self:?}");
        all.first().copied()
    }
}

/// The answer to the handshake of a websocket, which is then told this. `None`: it is none.
pub fn accepted(seen: &Seen, text: &str) -> Option<Reply> {
    seen.one("upgrade").filter(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))?;
    let key = seen.one("sec-websocket-key").unwrap_or_default();
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{WEBSOCKET}").as_bytes());
    let accept = STANDARD.encode(digest);
    let headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", &accept)];
    Some((101, headers.map(|(name, value)| (name.into(), value.into())).into(), text.to_owned()))
}

/// A small server on a port of its own, which answers by a function and remembers what it saw.
pub struct SmallServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Status, headers and body.
pub type Reply = (u16, BTreeMap<String, String>, String);

impl SmallServer {
    pub fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || serve(stream.unwrap(), answer.as_ref(), &log));
            }
        });
        Self { address, seen }
    }

    /// The app: it tells what reached it as lines of `name: value`, after the request's line. A websocket's handshake is accepted, and then
    /// whatever comes is sent back.
    pub fn app() -> Self {
        Self::start(|seen| {
            if let Some(accepted) = accepted(seen, "") {
                return accepted;
            }
            let mut text = format!("{} {}\n", seen.method, seen.target);
            for (name, value) in &seen.headers {
                text.push_str(&format!("{name}: {value}\n"));
            }
            text.push_str(&format!("\n{} bytes", seen.body.len()));
            (200, BTreeMap::new(), text)
        })
    }

    /// What it saw since it was asked last.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Seen) -> Reply, log: &Mutex<Vec<Seen>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(seen) = read_request(&mut reader, &mut writer) {
        log.lock().unwrap().push(seen.clone());
        let (status, headers, body) = answer(&seen);
        let mut head = format!("HTTP/1.1 {status} Answer\r\n");
        for (name, value) in &headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if status == 101 {
            drop(writer.write_all(format!("{head}\r\n").as_bytes()));
            if let Some(length) = u8::try_from(body.len()).ok().filter(|length| (1..126).contains(length)) {
                // A frame of text. (RFC 6455 §5.2)
                drop(writer.write_all(&[&[0x81, length], body.as_bytes()].concat()));
            }
            drop(std::io::copy(&mut reader, &mut writer));
            return;
        }
        let length = body.len();
        let body = if seen.method == "HEAD" { "" } else { body.as_str() };
        if writer.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// `None`: the connection is at its end, or what came can't be read.
fn read_request(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let mut seen = Seen { method: words.next()?.into(), target: words.next()?.into(), ..Seen::default() };
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        seen.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if seen.one("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if seen.one("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            seen.body.extend_from_slice(&chunk[..size]);
        }
    } else if let Some(length) = seen.one("content-length") {
        seen.body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut seen.body).ok()?;
    }
    Some(seen)
}
