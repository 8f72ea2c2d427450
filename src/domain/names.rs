//! Ids, names and roles of users.

use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::spelled;

/// The database's number for a user. Never given out twice, so that a token of a deleted user can't come to mean somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's name. 1 to 64 characters: letters, digits and combining marks of any script, and `. _ - + @` between them.
/// Stored and shown in NFC; two names are the same if their [`canonical`](Self::canonical) forms are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

/// Why a text is not a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameFault {
    /// Empty, or too long.
    #[error("a user name has 1 to 64 characters")]
    Length,
    /// A character that could deceive, or one that a name may not begin or end with.
    #[error("a user name consists of letters, digits and . _ - + @, and begins and ends with a letter or digit")]
    Characters,
}

impl Username {
    /// The longest name, in characters, not bytes.
    pub const MAX_CHARS: usize = 64;

    /// Checks `text` and brings it into NFC. Spaces and line ends around it are left out: no name begins or ends with one, and
    /// keyboards, clipboards and shells add them unasked.
    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        let text = text.trim();
        // A text far over the limit is refused before it is normalised, because the cost of that grows with the text.
        if text.is_empty() || text.len() > Self::MAX_CHARS * 16 {
            return Err(UsernameFault::Length);
        }
        let name: String = if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
        if name.chars().count() > Self::MAX_CHARS {
            return Err(UsernameFault::Length);
        }
        let is_mark = unicode_normalization::char::is_combining_mark;
        let inside = |c: char| c.is_alphanumeric() || is_mark(c) || matches!(c, '.' | '_' | '-' | '+' | '@');
        let first = name.chars().next().is_some_and(char::is_alphanumeric);
        let last = name.chars().last().is_some_and(|c| c.is_alphanumeric() || is_mark(c));
        if first && last && name.chars().all(inside) { Ok(Self(name)) } else { Err(UsernameFault::Characters) }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared: case folded, NFKC. `Íñigo` and `íñigo` are one user, and so are `ﬁn` and `fin`.
    pub fn canonical(&self) -> String {
        unicase::UniCase::unicode(self.0.nfkc().collect::<String>()).to_folded_case().nfkc().collect()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Stands for the name of an account, whether that exists or not, without revealing the name: people type passwords into the field
/// for the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameKey(pub u128);

/// What a user may do. No token contains it, so a change takes effect on the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Manage their own account.
    User,
    /// Manage users and everybody's sessions, too.
    Admin,
}

spelled!(Role { User = "user", Admin = "admin" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_name_are_one_user() {
        for (one, other) in [("Íñigo", "íñigo"), ("I\u{301}n\u{303}igo", "íñigo"), ("STRASSE", "straße"), ("ﬁn", "FIN")]
        {
            let canonical = |name| Username::parse(name).unwrap().canonical();
            assert_eq!(canonical(one), canonical(other), "{one} and {other}");
        }
    }

    #[test]
    fn spaces_and_line_ends_around_a_name_are_no_part_of_it() {
        for typed in ["ana ", " ana", "ana\n", "\t ana\r\n", "\u{a0}ana"] {
            assert_eq!(Username::parse(typed).unwrap().as_str(), "ana", "{typed:?}");
        }
        assert!(Username::parse(&format!("{}\n", "a".repeat(64))).is_ok());
    }

    #[test]
    fn a_name_that_could_deceive_is_refused() {
        for name in ["", " ", "a b", "ana\u{202e}", "a\u{200b}na", "a\0b", "-ana", "ana.", "<ana>", "a\nb"] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameFault::Length));
        assert!(Username::parse(&"ñ".repeat(64)).is_ok());
    }
}
