//! Ids, names and roles of users.

use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::joiners::{self, is_joiner};
use super::spelled;

/// The database's number for a user. Never given out twice, so that a token of a deleted user can't come to mean somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's name. 1 to 64 characters: letters, digits and combining marks of any script, and `. _ - + @ '` between them. It may begin
/// with `_`, have a domain before one `\` (`DOMAIN\bob`), and hold the joiners of its script where they are seen (UAX 31).
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
    #[error(
        "a user name consists of letters, digits and . _ - + @ ', with at most one \\ after a domain; it begins with a letter, a digit \
         or _, and ends with a letter or digit"
    )]
    Characters,
}

impl Username {
    /// The longest name, in characters, not bytes.
    pub const MAX_CHARS: usize = 64;

    /// Checks `text` and brings it into NFC. Spaces and line ends around it are left out: no name begins or ends with one, and
    /// keyboards, clipboards and shells add them unasked. For the same reason a typographic apostrophe is a plain one.
    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        let text = text.trim();
        // A text far over the limit is refused before it is normalised, because the cost of that grows with the text.
        if text.is_empty() || text.len() > Self::MAX_CHARS * 16 {
            return Err(UsernameFault::Length);
        }
        let name: String = if text.is_ascii() { text.to_owned() } else { text.replace('’', "'").nfc().collect() };
        if name.chars().count() > Self::MAX_CHARS {
            return Err(UsernameFault::Length);
        }
        if is_well_formed(&name) { Ok(Self(name)) } else { Err(UsernameFault::Characters) }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared: case folded, NFKC, without joiners, which not every keyboard has. `Íñigo` and `íñigo` are
    /// one user, and so are `ﬁn` and `fin`.
    pub fn canonical(&self) -> String {
        let plain: String = self.0.nfkc().filter(|c| !is_joiner(*c)).collect();
        unicase::UniCase::unicode(plain).to_folded_case().nfkc().collect()
    }

    /// What the name looks like: names with the same skeleton can be mistaken for each other. It is that of UTS 39, made coarser by
    /// leaving case out, because names are compared without it: a Cyrillic `А` looks like `A`, and so like somebody called `a`.
    pub fn skeleton(&self) -> String {
        let shown: String = skeleton(&self.0).collect();
        let lower: String = skeleton(&shown.to_lowercase()).collect();
        // `I` looks like `l`, and `i` is the same name as `I`.
        lower.replace('i', "l")
    }

    /// Whether one name could be mistaken for the other. Two names of ASCII characters never are: everybody can tell their letters
    /// apart, if only by looking twice, and there were such pairs always.
    pub fn looks_like(&self, other: &Self) -> bool {
        !(self.0.is_ascii() && other.0.is_ascii()) && self.skeleton() == other.skeleton()
    }
}

fn is_well_formed(name: &str) -> bool {
    let is_mark = unicode_normalization::char::is_combining_mark;
    let inside = |c: char| {
        c.is_alphanumeric() || is_mark(c) || is_joiner(c) || matches!(c, '.' | '_' | '-' | '+' | '@' | '\\' | '\'')
    };
    let first = name.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let last = name.chars().rfind(|c| !is_joiner(*c)).is_some_and(|c| c.is_alphanumeric() || is_mark(c));
    let domains = name.bytes().filter(|byte| *byte == b'\\').count();
    first && last && domains <= 1 && name.chars().all(inside) && joiners::are_in_place(name)
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

/// What became of a user's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserState {
    /// The user can sign in.
    Enabled,
    /// The user has not chosen a password yet.
    Invited,
    /// Nobody can sign in with it, until an admin enables it again.
    Disabled,
    /// It is gone; only its names stay taken.
    Deleted,
}

spelled!(UserState { Enabled = "enabled", Invited = "invited", Disabled = "disabled", Deleted = "deleted" });

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
    fn names_have_what_people_and_systems_put_into_them() {
        for name in
            ["O'Brien", r"DOMAIN\bob", r"DOMAIN\_svc", "_svc", "__x", "نامه\u{200c}ای", "ශ්\u{200d}රී", "അവന്\u{200d}"]
        {
            let parsed = Username::parse(name).unwrap();
            assert_eq!(parsed.as_str(), name);
            assert_eq!(Username::parse(&parsed.canonical()).unwrap().canonical(), parsed.canonical(), "{name}");
        }
        assert_eq!(Username::parse("O’Brien").unwrap().as_str(), "O'Brien");
    }

    #[test]
    fn names_that_could_be_mistaken_for_each_other_look_alike() {
        let looks_like = |one, other| Username::parse(one).unwrap().looks_like(&Username::parse(other).unwrap());
        for (one, other) in [
            ("ana", "аna"),          // Cyrillic а
            ("ana", "АNА"),          // in capitals
            ("nina", "ΝΙΝΑ"),        // all Greek
            ("ivan", "іvan"),        // Cyrillic і
            ("Ivan", "ӏvan"),        // palochka, which looks like l and so like I
            ("o'brien", "oʼbrien"),  // a letter that looks like an apostrophe
            ("scope", "ѕсоре"),      // all Cyrillic
            ("Niva", "Νiνa"),        // capital as shown
            ("josé", "josе\u{301}"), // Cyrillic е with an accent
            ("maria", "rnarıa"),     // dotless ı, and rn for m
        ] {
            assert!(looks_like(one, other) && looks_like(other, one), "{one} and {other}");
        }
        for (one, other) in
            [("bob1", "bobl"), ("vlad", "v1ad"), ("jose", "josé"), ("ana", "anna"), ("анна", "ana"), ("niño", "nino")]
        {
            assert!(!looks_like(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn a_joiner_makes_no_other_user() {
        let canonical = |name| Username::parse(name).unwrap().canonical();
        assert_eq!(canonical("نامه\u{200c}ای"), canonical("نامهای"));
    }

    #[test]
    fn a_name_that_could_deceive_is_refused() {
        for name in [
            "",
            " ",
            "a b",
            "ana\u{202e}",
            "a\u{200b}na",
            "a\u{200c}na",
            "a\u{200d}na",
            "a\0b",
            "-ana",
            "ana.",
            "<ana>",
            "a\nb",
            "'ana",
            "ana'",
            "ana_",
            "_",
            "\\ana",
            "ana\\",
            "A\\B\\ana",
            "a\"b",
            "a/b",
        ] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameFault::Length));
        assert!(Username::parse(&"ñ".repeat(64)).is_ok());
    }
}
