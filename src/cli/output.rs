//! What the commands share for their output.

use jiff::Timestamp;
use url::Url;

use crate::config::{Config, Loaded};
use crate::domain::{UnixTime, Username};

/// Why a command failed, for the operator to read.
pub(super) type Failure = Box<dyn std::error::Error>;

/// A failure of which the log has told already.
#[derive(Debug, thiserror::Error)]
#[error("the log says why")]
pub struct Logged;

/// The URL that links begin with.
pub(super) fn public_url(config: &Config) -> Result<Url, Failure> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None => Ok(Url::parse(&format!("http://{}/", config.listen))?),
    }
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
