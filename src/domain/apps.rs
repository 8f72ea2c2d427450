//! Apps that take Portero's word: what they are called, where they are, and what is asked of whoever wants to enter.

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

use super::{Level, LogoutUri, OpenIdRules, UnixTime, UserId, spelled};

/// The database's number for an app. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub i64);

/// The database's number for an app's origin. Never given out twice, so that a pass for an origin that was taken away opens no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(pub i64);

/// What an app is called: 1 to 64 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AppName(String);

impl AppName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// `None`: the text is no name.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.trim().is_empty() && text.chars().count() <= Self::MAX_CHARS;
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The name of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where people reach an app: `https://`, its host and, unless it is 443, its port. In the one spelling in which browsers send it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AppOrigin(String);

/// Why a text is no app's origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginFault {
    /// Not scheme, host and port alone.
    #[error("an origin is written https://wiki.example.org, without anything after it")]
    Form,
    /// Browsers keep a cookie that only its own host gets with https alone.
    #[error("an app is reached with https only: browsers keep no pass for http")]
    NotHttps,
}

impl AppOrigin {
    /// Upper case, a port of 443 and one `/` at the end are understood.
    pub fn parse(text: &str) -> Result<Self, OriginFault> {
        let url = Url::parse(text).map_err(|_| OriginFault::Form)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        // A host as the header has it: without the dot that may end a name. And one host, not a pattern for several.
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_plain = match url.host() {
            Some(Host::Domain(name)) => !name.is_empty() && !name.ends_with('.') && name.chars().all(is_of_name),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            None => false,
        };
        if !is_bare || !is_nobodys || !is_plain || text.ends_with(['?', '#', '@']) {
            return Err(OriginFault::Form);
        }
        if url.scheme() != "https" {
            return Err(OriginFault::NotHttps);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// The origin of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Without a `/` at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and, unless it is 443, port: what browsers send as `Host`.
    pub fn authority(&self) -> &str {
        self.0.trim_start_matches("https://")
    }
}

impl fmt::Display for AppOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of paths that anybody may ask for: `/public` stands for itself and for everything beneath it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OpenPath(String);

impl OpenPath {
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 200;

    /// `None`: it is no plain path. One that two programs could read in two ways is none, and neither is Portero's own.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&byte);
        let is_path = text.starts_with('/') && text.len() <= Self::MAX_BYTES && text.bytes().all(plain);
        let trimmed = text.trim_end_matches('/');
        let has_odd_part = trimmed.split('/').skip(1).any(|part| matches!(part, "" | "." | ".."));
        let is_ours = trimmed.split('/').nth(1) == Some(".portero");
        (is_path && !trimmed.is_empty() && !has_odd_part && !is_ours).then(|| Self(trimmed.to_owned()))
    }

    /// The path of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Without a `/` at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody who may enter an app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entrant {
    /// A user.
    User(UserId),
    /// Whoever is in the group of this name, which is in lower case.
    Group(String),
    /// Whoever is an admin.
    Admins,
}

/// Who may enter an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// Everybody who is signed in.
    #[default]
    Everyone,
    /// These only.
    Listed(Vec<Entrant>),
}

/// How an app is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRules {
    /// Where people reach it.
    pub origins: Vec<AppOrigin>,
    /// Who may enter.
    pub allowed: Allowed,
    /// What people must have proved.
    pub level: Level,
    /// In the last so many seconds; `None`: at any time in their session.
    pub max_age: Option<i64>,
    /// Whether it is told who is there.
    pub sends_identity: bool,
    /// What anybody may ask for.
    pub open_paths: Vec<OpenPath>,
    /// Whether everybody is let through, and only noted who would not be.
    pub observes: bool,
    /// Whether preflights pass: a browser asks, without a cookie, what another site's page may send.
    pub passes_preflights: bool,
    /// Whether programs may show an access token of a session of theirs in place of a pass.
    pub takes_tokens: bool,
    /// Whether it may ask about tokens of Portero's own sessions, and revoke them.
    pub introspects: bool,
    /// Where it is told that a session has ended. `None`: nowhere.
    pub backchannel_logout: Option<LogoutUri>,
    /// How it signs people in by OpenID Connect.
    pub openid: OpenIdRules,
}

impl AppRules {
    /// Whether it has secrets to show when it asks.
    pub fn has_secret(&self) -> bool {
        self.introspects || self.openid.has_secret()
    }

    /// The seconds that [`max_age`](Self::max_age) may be: from a minute, or nobody would get in, to a year.
    pub const MAX_AGES: std::ops::RangeInclusive<i64> = 60..=365 * 24 * 60 * 60;

    /// The same in one spelling: nothing twice, and in order where the order does not matter.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        if let Allowed::Listed(entrants) = &mut self.allowed {
            entrants.sort();
            entrants.dedup();
        }
        self.open_paths.sort();
        self.open_paths.dedup();
        let mut seen = std::collections::BTreeSet::new();
        self.origins.retain(|origin| seen.insert(origin.clone()));
        self.openid = self.openid.tidied();
        self
    }
}

impl Default for AppRules {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            allowed: Allowed::Everyone,
            level: Level::One,
            max_age: None,
            sends_identity: true,
            open_paths: Vec::new(),
            observes: false,
            passes_preflights: false,
            takes_tokens: false,
            introspects: false,
            backchannel_logout: None,
            openid: OpenIdRules::default(),
        }
    }
}

/// An app, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its number.
    pub id: AppId,
    /// What it names itself by when it asks.
    pub client_id: String,
    /// What it is called.
    pub name: AppName,
    /// When it was added.
    pub created_at: UnixTime,
    /// How it is set up.
    pub rules: AppRules,
    /// The numbers of its origins, in the order of `rules.origins`.
    pub origin_ids: Vec<OriginId>,
}

/// How long a pass lasts, in seconds; never longer than its session.
pub const PASS_LIFE: i64 = 24 * 60 * 60;

/// What is kept of the secret in a pass: enough to find it, too little to make one. The first 128 bits of its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PassKey(pub [u8; 16]);

impl fmt::Debug for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassKey(…)")
    }
}

spelled!(Level { One = "one", Two = "two" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for text in ["https://wiki.example.org", "https://wiki.example.org/", "HTTPS://WIKI.example.org:443"] {
            assert_eq!(AppOrigin::parse(text).unwrap().as_str(), "https://wiki.example.org", "{text}");
        }
        assert_eq!(AppOrigin::parse("https://wiki.example.org:8443").unwrap().authority(), "wiki.example.org:8443");
        assert_eq!(AppOrigin::parse("https://ñ.example").unwrap().as_str(), "https://xn--ida.example");
    }

    #[test]
    fn nothing_but_scheme_host_and_port_is_an_origin() {
        for text in [
            "",
            "wiki.example.org",
            "https://",
            "https://wiki.example.org/path",
            "https://wiki.example.org/?",
            "https://wiki.example.org/?a",
            "https://wiki.example.org#",
            "https://me@wiki.example.org",
            "https://wiki.example.org.",
            "https://*.example.org",
            "javascript:alert(1)",
        ] {
            assert_eq!(AppOrigin::parse(text), Err(OriginFault::Form), "{text}");
        }
        assert_eq!(AppOrigin::parse("http://wiki.example.org"), Err(OriginFault::NotHttps));
    }

    #[test]
    fn an_open_path_can_be_read_in_one_way_only() {
        assert_eq!(OpenPath::parse("/public/").unwrap().as_str(), "/public");
        for text in
            ["", "/", "public", "/a/../b", "/a//b", "/a%2fb", "/a;b", "/a?b", "/a#b", "/a\\b", "/.portero/x", "/á"]
        {
            assert_eq!(OpenPath::parse(text), None, "{text}");
        }
    }
}
