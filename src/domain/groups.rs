//! Groups of people, for apps.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The database's number for a group. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub i64);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group's name. 1 to 64 letters, digits and `. _ - + @ : /`, of ASCII: apps get them in a header, with commas between them.
/// Two names are the same if they differ in upper and lower case only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct GroupName(Box<str>);

/// Why a text is not a group's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a group's name has 1 to 64 characters: letters without accents, digits, and . _ - + @ : / but no spaces or commas"
)]
pub struct GroupNameFault;

impl GroupName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Spaces around the text are left out.
    pub fn parse(text: &str) -> Result<Self, GroupNameFault> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@:/".contains(&byte);
        let is_name = (1..=Self::MAX_CHARS).contains(&text.len()) && text.bytes().all(fits);
        if is_name { Ok(Self(text.into())) } else { Err(GroupNameFault) }
    }

    /// The name of a row in the database, which was parsed when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this one, whose name is written [as it is compared](Self::canonical).
    pub fn is(&self, canonical: &str) -> bool {
        self.0.eq_ignore_ascii_case(canonical)
    }

    /// The same for names that differ in upper and lower case only.
    pub fn canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The groups that somebody is in, in the order of their names.
pub type Groups = Arc<[GroupName]>;

/// The names with commas between, as apps get them.
pub fn joined(names: &[GroupName]) -> String {
    names.iter().map(GroupName::as_str).collect::<Vec<_>>().join(",")
}

/// How long the names of all groups of one user are together, at most: proxies read 4 kB of headers, in which these stand twice, once of them
/// in Base64.
const MOST_IN_HEADERS: usize = 1000;

/// Whether headers have room for the names of these groups.
pub fn fit_in_headers(names: &[GroupName]) -> bool {
    names.iter().map(|name| name.as_str().len() + 1).sum::<usize>() <= MOST_IN_HEADERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_name_can_stand_in_a_list_with_commas() {
        for text in ["editors", " Editors ", "org/team:wiki", "a.b_c-d+e@f", "7", &"a".repeat(64)] {
            assert_eq!(GroupName::parse(text).unwrap().as_str(), text.trim(), "{text}");
        }
        for text in ["", " ", "a b", "a,b", "a\nb", "a;b", "edición", "a\"b", "*", &"a".repeat(65)] {
            assert_eq!(GroupName::parse(text), Err(GroupNameFault), "{text}");
        }
        assert_eq!(GroupName::parse("Editors").unwrap().canonical(), "editors");
    }
}
