//! How a mail reads, and how it is handed to the server that `mail.url` names: the only lettre. Which mails there are and what becomes of
//! them is left to `accounts/mails/`, and when one is sent to `mailing.rs`.

mod smtp;
mod words;

use std::io;
use std::sync::Arc;

use url::Url;

pub use smtp::{Fault, Refusal};

use crate::accounts::mails::letter::Letter;
use crate::config::{MailSettings, Sender};
use crate::domain::{Mail, UnixTime};
use crate::store::outbox::Kind;
use crate::texts::Texts;
use jiff::tz::TimeZone;
use smtp::Server;
use uuid::Uuid;
use words::Words;

/// The certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("could not read certificates of mail servers from {path}")]
pub struct NoCertificates {
    path: String,
    source: io::Error,
}

/// Puts mails into words and sends them.
pub struct Mailer {
    server: Server,
    from: Sender,
    site: Site,
    texts: Arc<Texts>,
}

/// What mails say of the site that they come from.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    /// Where people reach it. `None`: nobody knows, and links come without their beginning.
    pub base_url: Option<Url>,
    /// The zone in which mails show times.
    pub time_zone: TimeZone,
}

impl Site {
    /// Stands in the mails' ids. (RFC 5322, section 3.6.4)
    fn host(&self) -> &str {
        self.base_url.as_ref().and_then(Url::host_str).unwrap_or("localhost")
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_ref().map_or("", |url| url.as_str().trim_end_matches('/')))
    }
}

impl Mailer {
    pub fn new(settings: &MailSettings, site: Site, texts: Arc<Texts>) -> Result<Self, NoCertificates> {
        let server = Server::new(settings, site.host())?;
        Ok(Self { server, from: settings.from.clone(), site, texts })
    }

    /// Sends a mail from the outbox. `uid`: its own there, so that whoever gets it twice can tell. Blocks for minutes at most.
    pub fn send(&self, kind: Kind, letter: &Letter, uid: &str) -> Result<(), Fault> {
        let words = Words::of(&self.texts, &self.site, kind, letter);
        self.hand_in(&letter.to, &words, uid)
    }

    /// Sends a mail that says that mail works. Blocks likewise.
    pub fn send_test(&self, to: &Mail, now: UnixTime) -> Result<(), Fault> {
        self.hand_in(to.as_str(), &Words::of_test(&self.texts, &self.site, now), &Uuid::new_v4().to_string())
    }

    fn hand_in(&self, to: &str, words: &Words, uid: &str) -> Result<(), Fault> {
        let name = self.from.name.clone().unwrap_or_else(|| self.site.name.clone());
        let id = format!("<{uid}@{}>", self.site.host());
        let message = smtp::message((&name, self.from.address.as_str()), to, id, words)?;
        self.server.send(&message)
    }
}
