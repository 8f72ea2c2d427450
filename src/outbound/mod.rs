//! Calls to apps: all that Portero asks of other hosts by HTTP. Whatever an app's name leads to is looked at before anything connects to
//! it; no redirect is followed, and no answer takes long or much room. What is sent, and what an answer means, is the caller's.

pub mod address;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use address::Reach;

/// How long it may take until the app takes the connection, and until its whole answer is there.
const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(5);
/// How many bytes the head of an answer may have.
const MOST_OF_HEAD: usize = 16 * 1024;

/// Calls apps. Cheap to share.
#[derive(Debug)]
pub struct Outbound {
    reach: Reach,
    ca_file: Option<PathBuf>,
    /// Made for the first call: the system's certificates are some hundred.
    agent: OnceLock<Result<Agent, String>>,
}

/// Why there is no answer. The messages are for the log and for admins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    #[error("its name leads to an address that Portero does not call")]
    AddressRefused,
    #[error("it could not be reached: {0}")]
    NotReached(String),
    #[error("it did not answer: {0}")]
    NoAnswer(String),
}

/// The certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("could not read certificates of apps from {path}")]
pub struct NoCertificates {
    path: String,
    source: io::Error,
}

impl Outbound {
    /// `ca_file`: certificates of authorities (PEM) that are trusted besides the system's own.
    pub fn new(reach: Reach, ca_file: Option<PathBuf>) -> Result<Self, NoCertificates> {
        if let Some(path) = &ca_file {
            // So that a wrong file is found at the start and not when somebody signs out.
            certificates_in(path).map_err(|source| NoCertificates { path: path.display().to_string(), source })?;
        }
        Ok(Self { reach, ca_file, agent: OnceLock::new() })
    }

    /// Posts a form with one field. Returns the status of the answer, whatever it is. Blocks for 5 s at most.
    pub fn post_form(&self, address: &str, field: &str, value: &str) -> Result<u16, CallFault> {
        let agent = self.agent.get_or_init(|| self.make_agent());
        let agent = agent.as_ref().map_err(|fault| CallFault::NotReached(fault.clone()))?;
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair(field, value).finish();
        let sent = agent.post(address).content_type("application/x-www-form-urlencoded").send(body);
        // Of the body nothing is needed: it is not waited for.
        Ok(sent.map_err(|error| fault(&error))?.status().as_u16())
    }

    fn make_agent(&self) -> Result<Agent, String> {
        let mut trusted: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .into_iter()
            .map(|one| Certificate::from_der(&one).to_owned())
            .collect();
        if let Some(path) = &self.ca_file {
            trusted.extend(certificates_in(path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(trusted)))
            .build();
        let config = Config::builder()
            .tls_config(tls)
            // Whatever the environment says of proxies: they would look up names where nobody looks at the addresses.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // A connection that the app has closed meanwhile would look like an app that broke off.
            .max_idle_connections(0)
            .max_response_header_size(MOST_OF_HEAD)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .user_agent("Portero")
            .build();
        let resolver = LookedAt { inner: DefaultResolver::default(), reach: self.reach };
        Ok(Agent::with_parts(config, DefaultConnector::default(), resolver))
    }
}

fn certificates_in(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let text = std::fs::read(path)?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(one)) => found.push(one),
            Ok(_) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    if found.is_empty() {
        return Err(io::Error::other("it holds no certificate"));
    }
    Ok(found)
}

fn fault(error: &Error) -> CallFault {
    match error {
        Error::Io(cause) if cause.get_ref().is_some_and(|cause| cause.is::<Refused>()) => CallFault::AddressRefused,
        Error::Io(cause) if is_before_connection(cause) => CallFault::NotReached(cause.to_string()),
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::Rustls(_) => {
            CallFault::NotReached(error.to_string())
        }
        Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => CallFault::NotReached(error.to_string()),
        _ => CallFault::NoAnswer(error.to_string()),
    }
}

fn is_before_connection(cause: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    // Looking up a name fails as something uncategorised, and a handshake of TLS as data that are not valid.
    matches!(cause.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable)
        || cause.get_ref().is_some_and(|cause| cause.is::<rustls::Error>())
        || cause.to_string().contains("failed to lookup address")
}

/// Looks up names, and gives addresses only if Portero calls every one of them.
#[derive(Debug)]
struct LookedAt {
    inner: DefaultResolver,
    reach: Reach,
}

#[derive(Debug, thiserror::Error)]
#[error("the address is refused")]
struct Refused;

impl Resolver for LookedAt {
    /// What is connected to are these addresses: the name is not looked up again.
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.reach.covers_all(found.iter().map(|address| address.ip())) {
            Ok(found)
        } else {
            Err(Error::Io(io::Error::other(Refused)))
        }
    }
}
