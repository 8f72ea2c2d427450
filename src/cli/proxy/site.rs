//! What the proxies' settings are made of, each value such that no proxy reads more into it.

use std::path::Path;

use url::Url;

use crate::cli::output::Failure;
use crate::config::ClientIpHeader;
use crate::domain::ListenAddress;

pub(super) struct Site {
    /// The app's name, for comments.
    pub(super) name: String,
    pub(super) origins: Vec<Listener>,
    pub(super) upstream: Url,
    /// Whether programs show tokens of Portero's, which the app is not to get: with one it could act as whoever it belongs to.
    pub(super) takes_tokens: bool,
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) portero: ListenAddress,
    /// In which header Portero looks for the client's address.
    pub(super) address_header: ClientIpHeader,
}

/// One origin of an app.
pub(super) struct Listener {
    /// As browsers write it: without the port if that is 443.
    pub(super) origin: String,
    /// Without its port.
    pub(super) host: String,
    pub(super) port: u16,
}

/// The headers that an app is told who somebody is by, as people write them.
pub(super) const IDENTITY: [&str; 5] =
    ["Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups", "X-Portero-Assertion"];
/// Headers by which some apps take a request for another one. No client may send them.
pub(super) const MISLEADING: [&str; 6] =
    ["Forwarded", "X-Forwarded-Prefix", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-URL", "X-Rewrite-URL"];

impl Listener {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = bare(text, &["https"])?;
        let host = url.host_str()?.to_owned();
        Some(Self { origin: url.origin().ascii_serialization(), host, port: url.port_or_known_default()? })
    }

    /// Host and port, as browsers write them in `Host`.
    pub(super) fn authority(&self) -> &str {
        self.origin.trim_start_matches("https://")
    }

    /// A word for the names of things in a proxy's settings, another one for each origin.
    pub(super) fn word(&self) -> String {
        self.authority().replace([':', '[', ']'], "-")
    }
}

impl Site {
    /// Host and port of the app behind the proxy.
    pub(super) fn upstream_address(&self) -> String {
        let host = self.upstream.host_str().unwrap_or_default();
        format!("{host}:{}", self.upstream.port_or_known_default().unwrap_or_default())
    }

    /// The same with its scheme.
    pub(super) fn upstream_origin(&self) -> String {
        self.upstream.origin().ascii_serialization()
    }

    pub(super) fn upstream_speaks_tls(&self) -> bool {
        self.upstream.scheme() == "https"
    }
}

/// Scheme, host and port alone.
pub(super) fn bare(text: &str, schemes: &[&str]) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte));
    let has_host = url.host_str().is_some_and(|host| is_name(host) && !host.ends_with('.'));
    (schemes.contains(&url.scheme()) && is_bare && nobody && has_host && !text.ends_with(['?', '#'])).then_some(url)
}

/// One line for each of these headers.
pub(super) fn lines<'a>(names: impl IntoIterator<Item = &'a &'static str>, line: impl Fn(&str) -> String) -> String {
    names.into_iter().map(|name| format!("{}\n", line(name))).collect()
}

/// A text for a comment.
pub(super) fn one_line(text: &str) -> Result<String, Failure> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("an app's name has no control characters and is not empty".into());
    }
    Ok(text.to_owned())
}

/// The name of a file, which stands in double quotes.
pub(super) fn file(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().unwrap_or_default();
    let is_plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\' | '$' | '{' | '}' | '\'');
    if text.is_empty() || !text.chars().all(is_plain) {
        let shown = path.display();
        return Err(format!(
            "{shown}: a proxy's settings can't name a file with quotes, backslashes, braces or $ in its name"
        )
        .into());
    }
    Ok(text.to_owned())
}
