//! Handing a mail to its server by SMTP. Nothing that matters is said before the connection is safe.

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::NoCertificates;
use super::words::Words;
use crate::config::{MailSecurity, MailServer, MailSettings};

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a mail was not taken. The messages are for the log and for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the server could not be reached: {0}")]
    NotReached(String),
    #[error("the connection is not safe, so nothing was sent: {0}")]
    NotSecure(String),
    #[error("the server does not let Portero in: {0}")]
    NotLetIn(Refusal),
    #[error("the server does not take it now: {0}")]
    Deferred(Refusal),
    #[error("the server refuses it: {0}")]
    Refused(Refusal),
    #[error("the server did not answer as it should: {0}")]
    NoAnswer(String),
    #[error("the mail can't be sent as it is: {0}")]
    Unsendable(String),
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {text}")]
pub struct Refusal {
    pub status: u16,
    pub text: String,
}

impl Fault {
    /// The status of the server's answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotLetIn(refusal) | Self::Deferred(refusal) | Self::Refused(refusal) => Some(refusal.status),
            Self::NotReached(_) | Self::NotSecure(_) | Self::NoAnswer(_) | Self::Unsendable(_) => None,
        }
    }
}

/// The server that takes the mails.
pub(super) struct Server {
    at: MailServer,
    credentials: Option<Credentials>,
    /// How Portero greets it.
    hello: ClientId,
    authorities: Option<Certificate>,
    /// Made for the first mail: the system's certificates are some hundred.
    tls: OnceLock<Result<TlsParameters, String>>,
}

impl Server {
    /// `host`: Portero's own.
    pub(super) fn new(settings: &MailSettings, host: &str) -> Result<Self, NoCertificates> {
        let authorities = match &settings.ca_file {
            Some(path) => {
                // So that a wrong file is found at the start and not when somebody is to get a mail.
                let read = std::fs::read(path).and_then(|pem| certificates(&pem));
                Some(read.map_err(|source| NoCertificates { path: path.display().to_string(), source })?)
            }
            None => None,
        };
        let at = settings.server.clone();
        let password = settings.password.as_ref().and_then(|secret| str::from_utf8(secret.as_bytes()).ok());
        let credentials = match (&at.user, password) {
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.to_owned())),
            (Some(_), None) | (None, _) => None,
        };
        let hello = match host.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(host.to_owned()),
        };
        Ok(Self { at, credentials, hello, authorities, tls: OnceLock::new() })
    }

    pub(super) fn send(&self, message: &Message) -> Result<(), Fault> {
        let mut connection = self.connect()?;
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).map_err(|error| fault(&error, Step::SignIn))?;
        }
        connection.send(message.envelope(), &message.formatted()).map_err(|error| fault(&error, Step::Mail))?;
        // It was taken; how the server says goodbye does not matter.
        drop(connection.quit());
        Ok(())
    }

    fn connect(&self) -> Result<SmtpConnection, Fault> {
        let tls = match self.at.security {
            MailSecurity::Tls | MailSecurity::StartTls => {
                let made = self.tls.get_or_init(|| self.parameters());
                Some(made.as_ref().map_err(|fault| Fault::NotSecure(fault.clone()))?)
            }
            MailSecurity::Loopback => None,
        };
        let from_the_start = tls.filter(|_| self.at.security == MailSecurity::Tls);
        let server = (self.at.host.as_str(), self.at.port);
        let connected = SmtpConnection::connect(server, Some(PATIENCE), &self.hello, from_the_start, None);
        let mut connection = connected.map_err(|error| fault(&error, Step::Connect))?;
        if let (MailSecurity::StartTls, Some(tls)) = (self.at.security, tls) {
            if !connection.can_starttls() {
                return Err(Fault::NotSecure(
                    "the server offers no STARTTLS, or somebody on the way took it out".into(),
                ));
            }
            connection.starttls(tls, &self.hello).map_err(|error| match fault(&error, Step::Connect) {
                Fault::Deferred(refusal) | Fault::Refused(refusal) => Fault::NotSecure(refusal.to_string()),
                other => other,
            })?;
        }
        Ok(connection)
    }

    fn parameters(&self) -> Result<TlsParameters, String> {
        let builder = TlsParameters::builder(self.at.host.clone());
        let builder = match &self.authorities {
            Some(certificates) => builder.add_root_certificate(certificates.clone()),
            None => builder,
        };
        builder.build().map_err(|error| causes(&error))
    }
}

fn certificates(pem: &[u8]) -> io::Result<Certificate> {
    if !pem.windows(11).any(|window| window == b"-----BEGIN ") {
        return Err(io::Error::other("it holds no certificate"));
    }
    Certificate::from_pem(pem).map_err(|error| io::Error::other(causes(&error)))
}

/// How far it came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Connect,
    SignIn,
    Mail,
}

fn fault(error: &smtp::Error, step: Step) -> Fault {
    let text = causes(error);
    if let Some(code) = error.status() {
        let refusal = Refusal { status: code.into(), text: server_said(error) };
        return match refusal.status {
            // (RFC 4954, section 6)
            530 | 534 | 535 | 538 => Fault::NotLetIn(refusal),
            400..=499 => Fault::Deferred(refusal),
            // Whoever fixes the password has the mails sent after all.
            _ if step == Step::SignIn => Fault::NotLetIn(refusal),
            _ => Fault::Refused(refusal),
        };
    }
    if error.is_tls() || is_of_tls(error) {
        return Fault::NotSecure(text);
    }
    match step {
        // The address is not one that this server can take.
        Step::Mail if error.is_client() => Fault::Unsendable(text),
        Step::SignIn if error.is_client() => Fault::NotSecure(text),
        Step::Connect if !error.is_timeout() && !error.is_response() => Fault::NotReached(text),
        Step::Connect | Step::SignIn | Step::Mail => Fault::NoAnswer(text),
    }
}

/// Whether TLS failed: a certificate that is not good comes as an error of reading.
fn is_of_tls(error: &smtp::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(one) = cause {
        let inner = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if one.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = one.source();
    }
    false
}

/// The server's words, on one line.
fn server_said(error: &smtp::Error) -> String {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The error with its causes, on one line.
fn causes(error: &smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let more = one.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = one.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// The address with its host as every server can take it. (RFC 5891)
fn with_ascii_host(address: &str) -> String {
    let ascii = |(name, host): (&str, &str)| Some(format!("{name}@{}", url::Host::parse(host).ok()?));
    address.rsplit_once('@').and_then(ascii).unwrap_or_else(|| address.to_owned())
}

/// The message itself: text, and the same as HTML. `from`: name and address.
pub(super) fn message(from: (&str, &str), to: &str, id: String, words: &Words) -> Result<Message, Fault> {
    let unsendable = |error: &dyn StdError| Fault::Unsendable(error.to_string());
    let (name, address) = from;
    let from = Mailbox::new(Some(name.to_owned()), address.parse().map_err(|error| unsendable(&error))?);
    let to = Mailbox::new(None, with_ascii_host(to).parse().map_err(|error| unsendable(&error))?);
    let body = MultiPart::alternative_plain_html(words.text().map_err(|error| unsendable(&error))?, {
        words.html().map_err(|error| unsendable(&error))?
    });
    Message::builder()
        .from(from)
        .to(to)
        .subject(words.subject.clone())
        .message_id(Some(id))
        // Nobody's absence is answered to it. (RFC 3834, section 5)
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
        .multipart(body)
        .map_err(|error| unsendable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_in_any_script_can_be_written_to() {
        assert_eq!(with_ascii_host("ana@Exámple.org"), "ana@xn--exmple-qta.org");
        assert_eq!(with_ascii_host("Ana@example.org"), "Ana@example.org");
    }
}
