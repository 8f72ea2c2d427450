//! Where an app is told that a session has ended.

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

/// The address at which an app takes sign-outs. (OpenID Connect Back-Channel Logout 1.0, `backchannel_logout_uri`)
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LogoutUri(String);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutUriFault {
    /// Not an address, or one with more in it than a post to an app needs.
    #[error("write it https://wiki.example.org/logout, without user name or #")]
    Form,
    /// Everybody on the way could read and hold back what is sent.
    #[error("an app is told with https; plain http is for trying things out, with Portero and the app on this machine")]
    NotHttps,
}

impl LogoutUri {
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 2000;

    /// `is_local`: people reach Portero on this machine alone, so that an app there may be told by plain http.
    pub fn parse(text: &str, is_local: bool) -> Result<Self, LogoutUriFault> {
        let url = Url::parse(text).map_err(|_| LogoutUriFault::Form)?;
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        // A `#` alone parses as an empty fragment.
        let is_plain = !text.contains(['#', '@']) && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_nobodys || !is_plain || url.host().is_none() || url.as_str().len() > Self::MAX_BYTES {
            return Err(LogoutUriFault::Form);
        }
        match url.scheme() {
            "https" => Ok(Self(url.into())),
            "http" if is_local && is_loopback(&url) => Ok(Self(url.into())),
            "http" => Err(LogoutUriFault::NotHttps),
            _ => Err(LogoutUriFault::Form),
        }
    }

    /// The address of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogoutUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the address names this machine, by the one name for it or by its number.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_told_with_https_or_on_this_machine() {
        for text in ["https://wiki.example.org/logout?backchannel", "https://10.0.0.5:8443/", "https://[fd00::1]/x"] {
            assert_eq!(LogoutUri::parse(text, false).unwrap().as_str(), text);
        }
        for text in ["http://127.0.0.1:5000/logout", "http://localhost:5000/logout", "http://[::1]:5000/logout"] {
            assert_eq!(LogoutUri::parse(text, true).unwrap().as_str(), text);
            assert_eq!(LogoutUri::parse(text, false), Err(LogoutUriFault::NotHttps), "{text}");
        }
        for text in ["http://wiki.example.org/", "http://127.0.0.1.example.org/", "http://localhost.example.org/"] {
            assert_eq!(LogoutUri::parse(text, true), Err(LogoutUriFault::NotHttps), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_address_is_none() {
        let long = format!("https://wiki.example.org/{}", "a".repeat(LogoutUri::MAX_BYTES));
        for text in [
            "",
            "wiki.example.org",
            "/logout",
            "https://",
            "https://wiki.example.org/#",
            "https://wiki.example.org/#a",
            "https://me@wiki.example.org/",
            "https://me:secret@wiki.example.org/",
            "https://wiki.example.org/a b",
            "https://wiki.example.org/\n",
            "ftp://wiki.example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(LogoutUri::parse(text, true), Err(LogoutUriFault::Form), "{text}");
        }
    }
}
