//! Where to lead a browser next: to a path on this server, and nowhere else.

use std::fmt;

use actix_web::HttpRequest;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use url::Url;

use crate::domain::Role;

/// Longer paths are refused.
const MAX_BYTES: usize = 512;
/// The characters that must not stand bare in a query's value.
const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>').add(b'?');

/// A path with its query on this very server. It is parsed and written out again, so that no browser can read another host into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct LocalPath(String);

/// The query of a page on the way to another one, which it names.
#[derive(Default, Deserialize)]
pub(in crate::web) struct Next {
    #[serde(default)]
    pub(in crate::web) next: String,
}

/// The page where somebody begins who asked for none.
pub(in crate::web) fn home(role: Role) -> &'static str {
    match role {
        Role::User => "/account",
        Role::Admin => "/admin",
    }
}

impl LocalPath {
    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        let begins_well = text.starts_with('/') && !text.starts_with("//");
        // Browsers drop tabs and line ends and take a backslash for a slash; no path of Portero has either.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !begins_well || !plain || text.len() > MAX_BYTES {
            return None;
        }
        let base = Url::parse("http://here.invalid/").ok()?;
        let mut url = base.join(text).ok()?;
        url.set_fragment(None);
        let stays = url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        (stays && !path.starts_with("//")).then_some(Self(path))
    }

    /// `text` if it is a local path, otherwise `/account`, the page that everybody has.
    pub(in crate::web) fn or_account(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self("/account".into()))
    }

    /// Where a sign-in leads: `text` if it is a local path, otherwise the page where this person begins.
    pub(in crate::web) fn or_home(text: &str, role: Role) -> Self {
        Self::parse(text).filter(|path| path.0 != "/").unwrap_or_else(|| Self(home(role).into()))
    }

    /// The path of the request itself. If the request changes something, the page with its form has the same path.
    pub(in crate::web) fn of_request(req: &HttpRequest) -> Self {
        Self::or_account(req.uri().path_and_query().map_or("/", |path| path.as_str()))
    }

    pub(in crate::web) fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as a value in a query.
    pub(in crate::web) fn encoded(&self) -> String {
        utf8_percent_encode(&self.0, IN_QUERY).to_string()
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_stays_as_it_is() {
        for path in ["/", "/account", "/change-password", "/admin/revoked?user=ana&reason=logout", "/a%20b"] {
            assert_eq!(LocalPath::parse(path).unwrap().as_str(), path);
        }
        assert_eq!(LocalPath::parse("/a/../account#x").unwrap().as_str(), "/account");
    }

    #[test]
    fn nothing_leads_elsewhere() {
        let foreign = [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/\\/evil.example",
            "https:evil.example",
            "https://evil.example",
            "http://user@evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nLocation: //evil.example",
            " //evil.example",
            "/.//evil.example",
            "/x/..//evil.example",
            "/\u{3002}evil.example",
            "/%5c\\evil.example",
            "?next=//evil.example",
            "#x",
        ];
        for text in foreign {
            assert_eq!(LocalPath::parse(text), None, "{text:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(600))), None);
    }
}
