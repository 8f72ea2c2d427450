//! `portero mail`: whether mail works.

use std::sync::Arc;

use clap::Subcommand;

use super::output::{Failure, base_url, warn};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::Mail;
use crate::mail::{Fault, Mailer, Site};
use crate::texts::Texts;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Send a mail that says that mail works, and tell what the server says
    Test {
        /// Whom it goes to
        address: String,
    },
}

pub(super) fn run(loaded: Loaded, command: &Command) -> Result<(), Failure> {
    let Command::Test { address } = command;
    warn(&loaded);
    let config = loaded.config;
    let to = Mail::parse(address).ok().flatten().ok_or_else(|| format!("{address:?} is not an email address"))?;
    let Some(settings) = &config.mail else {
        return Err("Portero sends no mail: set mail.url and mail.from (docs/mail.md)".into());
    };
    let texts = Arc::new(Texts::load(config.languages_dir.as_deref())?);
    let site =
        Site { name: config.site_name.clone(), base_url: base_url(&config)?, time_zone: config.time_zone.clone() };
    let mailer = Mailer::new(settings, site, texts)?;
    let (host, port) = (&settings.server.host, settings.server.port);
    mailer.send_test(&to, Clock::default().now()).map_err(|fault| {
        let hint = hint(&fault);
        format!("no mail was sent by {host}:{port}: {fault}{hint}")
    })?;
    println!("{host}:{port} took a mail to {address}. Whether it arrives is up to the servers after it.");
    Ok(())
}

/// What to look at.
fn hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotReached(_) => "\nLook at host and port in mail.url, and whether a firewall is in the way.",
        Fault::NotSecure(_) => {
            "\nsmtps:// is for a port that begins with TLS (465), smtp+starttls:// for one that changes to it (587). A certificate of one's \
             own authority goes into mail.ca_file."
        }
        Fault::NotLetIn(_) => "\nLook at the user in mail.url and at mail.password_file.",
        Fault::Refused(_) => {
            "\nMany servers take mail only from an address that belongs to the user: look at mail.from."
        }
        Fault::Deferred(_) => "\nTry again in some minutes: that is what Portero does by itself.",
        Fault::NoAnswer(_) => {
            "\nLook at the port in mail.url: something answers there, but not as a mail server would."
        }
        Fault::Unsendable(_) => "",
    }
}
