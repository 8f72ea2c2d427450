//! What the commands share for their output.

use jiff::Timestamp;
use url::Url;

use crate::config::{Config, Loaded};
use crate::domain::{UnixTime, Username};
use crate::installation::{Reached, Running, running};

/// Why a command failed, for the operator to read.
pub(super) type Failure = Box<dyn std::error::Error>;

/// A failure of which the log has told already.
#[derive(Debug, thiserror::Error)]
#[error("the log says why")]
pub struct Logged;

/// A failure of which the command's answer has told already.
#[derive(Debug, thiserror::Error)]
#[error("the answer says what is wrong")]
pub struct Told;

/// The command could not find out what it was asked; it exits with another code than if it had found something.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CouldNotAsk(pub String);

/// What the address of a page begins with: `public_url`; or else that of the server that runs beside, or what it listens on; or else
/// what one would listen on by the settings. `None`: nobody knows where people reach it.
pub(super) fn base_url(config: &Config) -> Result<Option<Url>, Failure> {
    match running(&config.beside_database())? {
        Running::Yes(Some(Reached { public_url: Some(theirs), .. })) if config.public_url.is_none() => Ok(Some(theirs)),
        Running::Yes(Some(Reached { listening, .. })) => Ok(config.base_url(&listening)),
        Running::Yes(None) | Running::No => Ok(config.base_url(&config.listen)),
    }
}

/// As [`base_url`], for a link to hand over: standard error says what a link without it lacks.
pub(super) fn base_of_links(config: &Config) -> Result<Option<Url>, Failure> {
    let base_url = base_url(config)?;
    if base_url.is_none() {
        eprintln!(
            "warning: public_url is not set, so nobody knows by which address people reach this server, and the link is only a path: \
             put that address before it, such as http://portero.lan:8080, or set public_url"
        );
    }
    Ok(base_url)
}

/// The whole address of the page at this path, as [`base_url`] found it.
pub(super) fn address(base_url: Option<&Url>, path: &str) -> Option<String> {
    base_url.map(|url| format!("{}{path}", url.as_str().trim_end_matches('/')))
}

/// The last column of a row: the address of the page of what the row is about. Empty if nobody knows where people reach the server.
pub(super) fn address_column(base_url: Option<&Url>, path: &str) -> String {
    address(base_url, path).map(|address| format!("  {address}")).unwrap_or_default()
}

/// A moment in a list, in UTC; `never` for `None`.
pub(super) fn moment(moment: Option<UnixTime>) -> String {
    let timestamp = moment.and_then(|moment| Timestamp::from_second(moment.0).ok());
    timestamp.map_or_else(|| "never".into(), |timestamp| timestamp.to_string())
}

pub(super) fn sessions(count: usize) -> String {
    if count == 1 { "1 session".into() } else { format!("{count} sessions") }
}

/// A name as a shell takes it, in a command that is printed to be copied.
pub(super) fn shell_word(name: &Username) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@');
    let name = name.as_str();
    if name.chars().all(is_plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// Prints the settings' warnings to standard error, where a person sees them and a pipe does not.
pub(super) fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
}
