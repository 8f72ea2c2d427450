//! Sends bytes to a server as they are, and reads the answer: attacks are what HTTP clients refuse to send.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use url::Url;
use x509_parser::parse_x509_certificate;

use crate::cli::output::Failure;
use crate::domain::UnixTime;

/// How long a server may take for an answer.
pub(in crate::cli) const PATIENCE: Duration = Duration::from_secs(10);
/// Longer answers are cut off.
const MOST_BYTES: usize = 256 * 1024;

/// Where systems keep what they trust: Debian, Alpine and Arch; Fedora; openSUSE; OpenSSL by itself.
const SYSTEM_AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Who sends.
pub(in crate::cli) struct Caller {
    tls: Arc<ClientConfig>,
    /// Hosts that are looked for at other addresses than their own.
    hosts: Vec<(String, IpAddr)>,
}

/// A server by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Peer {
    is_https: bool,
    pub(in crate::cli) host: String,
    pub(in crate::cli) port: u16,
}

#[derive(Debug)]
pub(in crate::cli) struct Answer {
    pub(in crate::cli) status: u16,
    /// Names in lower case.
    pub(in crate::cli) headers: Vec<(String, String)>,
    pub(in crate::cli) body: String,
}

/// Why nothing could be sent.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Unreachable {
    #[error("no address is known for {0} ({1}); --resolve {0}=ADDRESS says where it is")]
    NoAddress(String, io::Error),
    #[error("can't connect to {0}: {1}")]
    Connect(String, io::Error),
    #[error("{0} has no certificate for this name that is trusted here ({1}); --ca names the authority that signed it")]
    Tls(String, io::Error),
    /// What `openssl req -x509` makes unless it is told otherwise.
    #[error(
        "{0} shows a certificate that is made to sign others, which not all programs take from a server; make it again, \
         with openssl req … -addext basicConstraints=critical,CA:FALSE"
    )]
    OfAuthority(String),
}

impl Peer {
    /// `None`: that is no address of http or https.
    pub(in crate::cli) fn of(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Self { is_https, host: url.host_str()?.to_owned(), port: url.port_or_known_default()? })
    }

    /// The same host over plain http.
    pub(in crate::cli) fn plain(&self, port: u16) -> Self {
        Self { is_https: false, host: self.host.clone(), port }
    }
}

impl Answer {
    pub(in crate::cli) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(in crate::cli) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(in crate::cli) fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status)
    }
}

impl Caller {
    /// `authority`: a file with certificates that are trusted besides those that the system trusts.
    pub(in crate::cli) fn new(authority: Option<&Path>, hosts: Vec<(String, IpAddr)>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        // What the system trusts and can't be read here, is not trusted.
        let system = system_authorities();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&system).flatten());
        if let Some(path) = authority {
            let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let pem = std::fs::read(path).map_err(|error| wrong(&error))?;
            let mut count = 0;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
                count += 1;
            }
            if count == 0 {
                return Err(wrong(&"the file holds no certificate in PEM").into());
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = versions.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), hosts })
    }

    /// Sends these bytes on a connection of their own. `None`: it was closed, or nothing came for [`PATIENCE`].
    pub(in crate::cli) fn send(&self, to: &Peer, bytes: &[u8]) -> Result<Option<Answer>, Unreachable> {
        self.send_within(PATIENCE, to, bytes)
    }

    pub(in crate::cli) fn send_within(
        &self,
        patience: Duration,
        to: &Peer,
        bytes: &[u8],
    ) -> Result<Option<Answer>, Unreachable> {
        let end = Instant::now() + patience;
        let mut tcp = self.open(to, patience)?;
        let has_body = !bytes.starts_with(b"HEAD ");
        if !to.is_https {
            return Ok(exchange(&mut tcp, bytes, has_body, end));
        }
        let tls = self.shake_hands(to, &mut tcp)?;
        Ok(exchange(&mut StreamOwned::new(tls, tcp), bytes, has_body, end))
    }

    /// From when until when the certificate of this server is good. `None`: it shows none that can be read.
    pub(in crate::cli) fn certificate_dates(&self, to: &Peer) -> Result<Option<(UnixTime, UnixTime)>, Unreachable> {
        let tls = self.shake_hands(to, &mut self.open(to, PATIENCE)?)?;
        let first = tls.peer_certificates().and_then(<[_]>::first);
        let parsed = first.and_then(|certificate| parse_x509_certificate(certificate).ok());
        Ok(parsed.map(|(_, certificate)| {
            let dates = certificate.validity();
            (UnixTime(dates.not_before.timestamp()), UnixTime(dates.not_after.timestamp()))
        }))
    }

    fn open(&self, to: &Peer, patience: Duration) -> Result<TcpStream, Unreachable> {
        let failed = |error| Unreachable::Connect(format!("{}:{}", to.host, to.port), error);
        let addresses = self.addresses(to).map_err(|error| Unreachable::NoAddress(to.host.clone(), error))?;
        let tcp = connect(addresses).map_err(failed)?;
        tcp.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
        tcp.set_read_timeout(Some(patience)).map_err(failed)?;
        // Otherwise each request waits for what acknowledges the end of the handshake.
        tcp.set_nodelay(true).map_err(failed)?;
        Ok(tcp)
    }

    fn shake_hands(&self, to: &Peer, tcp: &mut TcpStream) -> Result<ClientConnection, Unreachable> {
        let refused = |error| match is_of_authority(&error) {
            true => Unreachable::OfAuthority(to.host.clone()),
            false => Unreachable::Tls(to.host.clone(), error),
        };
        let name = ServerName::try_from(to.host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|error| refused(io::Error::other(error)))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.tls), name).map_err(|e| refused(io::Error::other(e)))?;
        while tls.is_handshaking() {
            tls.complete_io(tcp).map_err(refused)?;
        }
        Ok(tls)
    }

    fn addresses(&self, of: &Peer) -> io::Result<Vec<SocketAddr>> {
        let known = self.hosts.iter().find(|(host, _)| host.eq_ignore_ascii_case(&of.host));
        match known {
            Some((_, ip)) => Ok(vec![SocketAddr::new(*ip, of.port)]),
            None => Ok((of.host.trim_matches(['[', ']']), of.port).to_socket_addrs()?.collect()),
        }
    }
}

/// To the first of these addresses that answers.
fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Whether a server was refused because its certificate is one of an authority.
fn is_of_authority(error: &io::Error) -> bool {
    let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = reason else { return false };
    // rustls has no name of its own for it, and the crate that has is not ours to name.
    format!("{other:?}").contains("CaUsedAsEndEntity")
}

/// Reads where a host is to be looked for, from an argument.
pub(in crate::cli) fn host_and_address(text: &str) -> Result<(String, IpAddr), String> {
    let (host, address) = text.split_once('=').ok_or("write HOST=ADDRESS")?;
    let address = address.parse().map_err(|_| format!("{address} is no IP address"))?;
    Ok((host.to_owned(), address))
}

/// The certificates that the system trusts, in PEM; none if it has no such file.
fn system_authorities() -> Vec<u8> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let files = named.map_or_else(|| SYSTEM_AUTHORITIES.map(PathBuf::from).to_vec(), |file| vec![file]);
    files.into_iter().find_map(|file| std::fs::read(file).ok()).unwrap_or_default()
}

fn exchange(stream: &mut (impl Read + Write), bytes: &[u8], has_body: bool, end: Instant) -> Option<Answer> {
    // A server that refuses what it reads may close before it has read everything.
    stream.write_all(bytes).and_then(|()| stream.flush()).ok();
    let (mut received, mut part) = (Vec::new(), vec![0; 16 * 1024]);
    while received.len() < MOST_BYTES && Instant::now() < end {
        match stream.read(&mut part) {
            // Also: closed without a word, which some proxies do.
            Ok(0) | Err(_) => return read(&received, has_body).map(|(answer, _)| answer),
            Ok(length) => received.extend(part.iter().take(length)),
        }
        if let Some((answer, true)) = read(&received, has_body) {
            return Some(answer);
        }
    }
    read(&received, has_body).map(|(answer, _)| answer)
}

/// The first answer in these bytes, and whether all of it is there.
fn read(received: &[u8], has_body: bool) -> Option<(Answer, bool)> {
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, rest) = received.split_at(end + 4);
    let head = String::from_utf8_lossy(head);
    let status: u16 = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()?;
    if (100..200).contains(&status) && status != 101 {
        return read(rest, has_body);
    }
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut answer = Answer { status, headers, body: String::new() };
    let (body, is_whole) = if !has_body || matches!(status, 101 | 204 | 304) {
        (Vec::new(), true)
    } else if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        unchunked(rest)
    } else if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
        (rest.iter().take(length).copied().collect(), rest.len() >= length)
    } else {
        (rest.to_vec(), false)
    };
    answer.body = String::from_utf8_lossy(&body).into_owned();
    Some((answer, is_whole))
}

/// What the chunks hold, and whether the last one is there.
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = str::from_utf8(&rest[..end]).ok().and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some(size) = size else { return (body, true) };
        if size == 0 {
            return (body, true);
        }
        let chunk = &rest[end + 2..];
        body.extend(chunk.iter().take(size));
        let Some(next) = size.checked_add(2).and_then(|end| chunk.get(end..)) else { break };
        rest = next;
    }
    (body, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_however_its_length_is_told() {
        let whole = |text: &str| read(text.as_bytes(), true).map(|(answer, whole)| (answer.status, answer.body, whole));
        let expected = Some((200, "abcde".to_owned(), true));
        assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"), expected);
        assert_eq!(whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcdefg"), expected);
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(whole(chunked), expected);
        assert_eq!(whole(chunked.trim_end_matches("0\r\n\r\n")), Some((200, "abcde".to_owned(), false)));
        assert_eq!(whole("HTTP/1.0 200 OK\r\n\r\nabcde"), Some((200, "abcde".to_owned(), false)));
        let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc";
        assert_eq!(whole(endless), Some((200, "abc".to_owned(), false)));
        assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), None);
        assert_eq!(whole("what is this\r\n\r\n"), None);
    }
}
