//! What an app that speaks OpenID Connect is set up by: where its answers go, and what may be told to it.

use serde::Serialize;
use url::{Host, Url};

use super::spelled;

/// An address of an app to which a browser is led with an answer. Kept as it was typed, because it is compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AppUri(String);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppUriFault {
    /// Not a whole address, or with something in it that no such address has.
    #[error(
        "write the whole address, such as https://wiki.example.org/callback, without # and without a name or password in it"
    )]
    Form,
    /// What is sent there could be read on the way.
    #[error("write it with https; plain http is for this machine only (127.0.0.1, [::1] or localhost)")]
    NotHttps,
}

impl AppUri {
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 500;

    /// A scheme of one's own, such as `org.example.app:/callback`, is for programs that are no web sites.
    pub fn parse(text: &str) -> Result<Self, AppUriFault> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
        if !is_plain || text.len() > Self::MAX_BYTES || text.contains(['#', '*']) {
            return Err(AppUriFault::Form);
        }
        let url = Url::parse(text).map_err(|_| AppUriFault::Form)?;
        // What a browser would read another address into is no address.
        let is_nobodys = url.username().is_empty() && url.password().is_none() && !authority(text).contains('@');
        match url.scheme() {
            "https" if is_nobodys && url.host().is_some() && text.starts_with("https://") => Ok(Self(text.to_owned())),
            "http" if is_nobodys && is_loopback(&url) && text.starts_with("http://") => Ok(Self(text.to_owned())),
            "http" => Err(AppUriFault::NotHttps),
            // RFC 8252 §7.1: a scheme after a domain name, so that it is nobody else's.
            scheme if scheme.contains('.') && text.starts_with(scheme) => Ok(Self(text.to_owned())),
            _ => Err(AppUriFault::Form),
        }
    }

    /// The address of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request that names `shown` means this address: letter by letter. `is_native`: at a loopback address the port may be
    /// another, for a program on this machine takes the one that is free. (RFC 8252 §7.3)
    pub fn is_meant_by(&self, shown: &str, is_native: bool) -> bool {
        self.0 == shown || (is_native && without_port(&self.0).is_some_and(|own| without_port(shown) == Some(own)))
    }

    /// What a page has to name in `form-action` whose forms end here: the origin, or the scheme of a program.
    pub fn form_target(&self) -> Option<String> {
        form_target(&self.0)
    }
}

/// The same of an address that was found to be registered.
pub fn form_target(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.scheme() {
        "https" | "http" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An address of plain http at a loopback address, without its port.
fn without_port(text: &str) -> Option<(String, String)> {
    let url = Url::parse(text).ok()?;
    let is_number = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    if url.scheme() != "http" || !is_number || !is_loopback(&url) || !url.username().is_empty() || text.contains('#') {
        return None;
    }
    let rest = text.strip_prefix("http://")?;
    let begins = rest.find(['/', '?']).unwrap_or(rest.len());
    Some((url.host_str()?.to_owned(), rest.get(begins..)?.to_owned()))
}

/// How something is signed that an app reads. Every app can read RS256; ES256 takes a small part of its time and room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the RFCs'")]
pub enum AppAlgorithm {
    #[default]
    RS256,
    ES256,
}

spelled!(AppAlgorithm { RS256 = "RS256", ES256 = "ES256" });

/// How an app signs people in by OpenID Connect. Without redirect URIs it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIdRules {
    /// Where answers go.
    pub redirect_uris: Vec<AppUri>,
    /// Where people may be led after they have signed out.
    pub post_logout_uris: Vec<AppUri>,
    /// Whether it can keep no secret: a program on people's devices, or a page's script.
    pub is_public: bool,
    /// Whether nobody is asked if it may know who they are.
    pub is_trusted: bool,
    /// Whether it has to send a code challenge. A public app always has to.
    pub needs_pkce: bool,
    /// How its ID tokens are signed.
    pub algorithm: AppAlgorithm,
    /// Whether ID tokens say what `/userinfo` says, too: many apps look nowhere else.
    pub tells_in_id_token: bool,
    /// Whether it looks sessions up in the status list, so that its ID tokens say where.
    pub reads_status_list: bool,
}

impl Default for OpenIdRules {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_uris: Vec::new(),
            is_public: false,
            is_trusted: false,
            needs_pkce: true,
            algorithm: AppAlgorithm::default(),
            tells_in_id_token: true,
            reads_status_list: false,
        }
    }
}

impl OpenIdRules {
    /// Whether the app signs people in at all.
    pub fn is_used(&self) -> bool {
        !self.redirect_uris.is_empty()
    }

    /// Whether the app has to show a secret when it asks for tokens.
    pub fn has_secret(&self) -> bool {
        self.is_used() && !self.is_public
    }

    /// Whether a request of the app without a code challenge is refused.
    pub fn requires_pkce(&self) -> bool {
        self.needs_pkce || self.is_public
    }

    /// The same in one spelling.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        for uris in [&mut self.redirect_uris, &mut self.post_logout_uris] {
            uris.sort();
            uris.dedup();
        }
        self
    }
}

/// What an app asks to be told, or to be able to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

const SCOPES: [(Scopes, &str); 5] = [
    (Scopes::OPENID, "openid"),
    (Scopes::PROFILE, "profile"),
    (Scopes::EMAIL, "email"),
    (Scopes::GROUPS, "groups"),
    (Scopes::OFFLINE, "offline_access"),
];

impl Scopes {
    /// Who somebody is.
    pub const OPENID: Self = Self(1);
    /// Their names and their language.
    pub const PROFILE: Self = Self(2);
    /// Their mail address.
    pub const EMAIL: Self = Self(4);
    /// The groups that they are in.
    pub const GROUPS: Self = Self(8);
    /// Refresh tokens.
    pub const OFFLINE: Self = Self(16);

    /// Those that are known; what else is asked for is not given. (RFC 6749 §3.3)
    pub fn parse(text: &str) -> Self {
        let known = text.split(' ').filter_map(|word| SCOPES.iter().find(|(_, known)| *known == word));
        known.fold(Self::default(), |all, (scope, _)| Self(all.0 | scope.0))
    }

    /// Whether all of `others` are among these.
    pub fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// As they are written.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        SCOPES.into_iter().filter(move |(scope, _)| self.include(*scope)).map(|(_, word)| word)
    }

    /// Every scope there is, as discovery lists them.
    pub fn all() -> impl Iterator<Item = &'static str> {
        SCOPES.into_iter().map(|(_, word)| word)
    }
}

/// The words with a blank between them.
impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_letter_by_letter() {
        for text in [
            "https://wiki.example.org/callback",
            "https://WIKI.example.org:443/a/../b?x=1",
            "http://127.0.0.1:3000/cb",
            "http://[::1]/cb",
            "http://localhost:8080/cb",
            "org.example.app:/callback",
        ] {
            assert_eq!(AppUri::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_address() {
        for text in [
            "",
            "/callback",
            "https://",
            "https:wiki.example.org/callback",
            "https://wiki.example.org/callback#x",
            "https://*.example.org/callback",
            "https://me@wiki.example.org/callback",
            "https://@wiki.example.org/callback",
            "https://wiki.example.org\\@evil.example/",
            "https://wiki.example.org/a b",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp://callback",
        ] {
            assert_eq!(AppUri::parse(text), Err(AppUriFault::Form), "{text}");
        }
        for text in ["http://wiki.example.org/callback", "http://127.0.0.1.evil.example/", "http://10.0.0.1/"] {
            assert_eq!(AppUri::parse(text), Err(AppUriFault::NotHttps), "{text}");
        }
    }

    #[test]
    fn only_a_program_on_this_machine_chooses_its_port() {
        let own = AppUri::parse("http://127.0.0.1/cb").unwrap();
        assert!(own.is_meant_by("http://127.0.0.1:51234/cb", true));
        for (shown, is_native) in [
            ("http://127.0.0.1:51234/cb", false),
            ("http://127.0.0.1:51234/other", true),
            ("http://127.0.0.2:51234/cb", true),
            ("http://localhost:51234/cb", true),
            ("https://127.0.0.1:51234/cb", true),
            ("http://x@127.0.0.1:51234/cb", true),
            ("http://127.0.0.1:51234/cb?x", true),
        ] {
            assert!(!own.is_meant_by(shown, is_native), "{shown}");
        }
        let site = AppUri::parse("https://wiki.example.org/cb").unwrap();
        assert!(!site.is_meant_by("https://wiki.example.org:444/cb", true));
    }

    #[test]
    fn scopes_that_nobody_knows_are_not_given() {
        assert_eq!(Scopes::parse("email openid phone openid").to_string(), "openid email");
    }
}
