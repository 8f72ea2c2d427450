//! Values that are right by construction. No I/O, no framework: everything else may use this, it uses nothing of ours.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// Seconds since the epoch, the unit of `iat` and `exp` (RFC 7519, NumericDate). Read once at the edge, then passed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// `self` moved by `seconds`, forwards or backwards; stays at the end of the range instead of wrapping.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; negative when `self` lies before it.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The database's number of a user. Never given out twice, so a token of a deleted user can't come to mean another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One sign-in of one browser or client: claim `sid` in every token it ever gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

impl SessionId {
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The 36-character form only, in lower case: one session has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(id))
    }

    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }

    /// Enough of the id to tell sessions apart in a log, too little to be of use to a thief.
    pub fn short(self) -> String {
        self.0.simple().to_string().chars().take(8).collect()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", self.short())
    }
}

/// A user's name as it is shown. 1 to 64 characters: letters and digits of any script, and `. _ - + @` between them.
/// Stored and shown in NFC; two names are the same when their [`canonical`](Self::canonical) forms are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameFault {
    #[error("a user name has 1 to 64 characters")]
    Length,
    #[error("a user name consists of letters, digits and . _ - + @, and begins and ends with a letter or digit")]
    Characters,
}

impl Username {
    pub const MAX_CHARS: usize = 64;

    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        // Far over the limit is refused before any normalising, whose cost grows with the text.
        if text.is_empty() || text.len() > Self::MAX_CHARS * 16 {
            return Err(UsernameFault::Length);
        }
        let name: String = text.nfc().collect();
        if name.chars().count() > Self::MAX_CHARS {
            return Err(UsernameFault::Length);
        }
        let is_mark = unicode_normalization::char::is_combining_mark;
        let inside = |c: char| c.is_alphanumeric() || is_mark(c) || matches!(c, '.' | '_' | '-' | '+' | '@');
        let first = name.chars().next().is_some_and(char::is_alphanumeric);
        let last = name.chars().last().is_some_and(|c| c.is_alphanumeric() || is_mark(c));
        if first && last && name.chars().all(inside) { Ok(Self(name)) } else { Err(UsernameFault::Characters) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes two spellings one name: case folded, NFKC. `Íñigo` and `íñigo` are one user, and so are `ﬁn` and `fin`.
    pub fn canonical(&self) -> String {
        unicase::UniCase::unicode(self.0.nfkc().collect::<String>()).to_folded_case().nfkc().collect()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person typed as a password, to be compared with a stored hash. Has no `Debug`: it can't be logged.
#[derive(Clone)]
pub struct Password(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {} bytes", Password::MAX_BYTES)]
pub struct PasswordTooLong;

impl Password {
    /// Far above any password that [`NewPassword`] lets through; anything longer is not worth a hash.
    pub const MAX_BYTES: usize = 1024;

    pub fn parse(text: String) -> Result<Self, PasswordTooLong> {
        if text.len() > Self::MAX_BYTES { Err(PasswordTooLong) } else { Ok(Self(text)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that may be set: long enough and not guessable. Never trimmed or cut.
#[derive(Clone)]
pub struct NewPassword(Password);

/// What a password is measured against.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules<'a> {
    /// In characters; the settings see to it that it is at least 8.
    pub min_length: usize,
    /// Words that a guesser would try first: the site's name, its host.
    pub context: &'a [String],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    #[error("the password needs at least {0} characters")]
    TooShort(usize),
    #[error("the password may have at most {} characters", NewPassword::MAX_CHARS)]
    TooLong,
    #[error("the password is too easy to guess")]
    Guessable,
}

impl NewPassword {
    pub const MAX_CHARS: usize = 256;
    /// Guesses, as a power of ten, that a password has to stand: `zxcvbn`'s third of four steps, "safely unguessable"
    /// against an attacker who has to ask a server that throttles.
    const MIN_GUESSES_LOG10: f64 = 8.0;

    /// `username`: whose it is to be, if that is known already.
    pub fn parse(text: String, username: Option<&Username>, rules: PasswordRules<'_>) -> Result<Self, PasswordFault> {
        let characters = text.chars().count();
        if characters < rules.min_length {
            return Err(PasswordFault::TooShort(rules.min_length));
        }
        if characters > Self::MAX_CHARS {
            return Err(PasswordFault::TooLong);
        }
        // zxcvbn looks at 100 characters at most, so what it costs does not grow with the text.
        let lower = text.to_lowercase();
        let words: Vec<&str> = rules
            .context
            .iter()
            .map(String::as_str)
            .chain(username.map(Username::as_str))
            .chain(["portero"])
            .chain(SPANISH_COMMON.split_whitespace())
            .collect();
        if zxcvbn::zxcvbn(&lower, &words).guesses_log10() < Self::MIN_GUESSES_LOG10 {
            return Err(PasswordFault::Guessable);
        }
        let password = Password::parse(text).map_err(|_| PasswordFault::TooLong)?;
        Ok(Self(password))
    }

    pub fn as_password(&self) -> &Password {
        &self.0
    }
}

/// Common in Spanish and unknown to `zxcvbn`, whose lists are English.
const SPANISH_COMMON: &str = include_str!("spanish_common_passwords.txt");

/// What a user may do. Stands in no token: a change bites on the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    User,
    Admin,
}

/// How a session carries its tokens. Fixed at sign-in; a token shown the other way is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Signed in on a page.
    Cookie,
    /// Signed in by JSON.
    Bearer,
}

/// Claim `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    Access,
    Refresh,
}

/// Why a session ended or a single token was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The person signed out.
    Logout,
    /// The password was changed, here or elsewhere.
    PasswordChange,
    /// Signed in again in the same browser.
    Replaced,
    /// The person ended it from another session.
    EndedByUser,
    /// An admin ended it.
    EndedByAdmin,
    /// The user was disabled.
    Disabled,
    /// Its time was up.
    Expired,
    /// It was not used for too long.
    Idle,
    /// The user has too many sessions of programs: the oldest ends.
    Limit,
    /// A spent refresh token was shown again: taken as theft.
    Reuse,
    /// A confirmation put another token in its place (single tokens only).
    Superseded,
    /// Given out by a renewal whose answer nobody was seen to use, and replaced when the client asked again (single tokens
    /// only). Whoever shows it is not that client: it is a trap.
    Lost,
}

impl Reason {
    /// Whether somebody else may have had a hand in it.
    pub fn is_danger(self) -> bool {
        match self {
            Self::Reuse => true,
            // An answer that was lost is mostly just that; shown after all, it ends the session for reuse.
            Self::Lost
            | Self::Logout
            | Self::PasswordChange
            | Self::Replaced
            | Self::EndedByUser
            | Self::EndedByAdmin
            | Self::Disabled
            | Self::Expired
            | Self::Idle
            | Self::Limit
            | Self::Superseded => false,
        }
    }
}

/// What happened in a session's story. How it ended stands with the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Name and password; also a change of password, which begins a new session.
    SignedIn,
    Renewed,
    /// A token that had just been renewed was shown again, and answered as before: a second tab, a double click.
    Repeated,
    /// A token that had been renewed was shown again, and the answer had never been seen to arrive: a new one was given.
    Retried,
    Confirmed,
    /// A spent token was shown.
    Reused,
}

/// Gives an enum one spelling, for the database, the settings and JSON.
macro_rules! spelled {
    ($type:ty { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $type {
            /// Every one, as they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

spelled!(Role { User = "user", Admin = "admin" });
spelled!(Transport { Cookie = "cookie", Bearer = "bearer" });
spelled!(TokenType { Access = "access", Refresh = "refresh" });
spelled!(StepKind {
    SignedIn = "signed_in",
    Renewed = "renewed",
    Repeated = "repeated",
    Retried = "retried",
    Confirmed = "confirmed",
    Reused = "reused",
});
spelled!(Reason {
    Logout = "logout",
    PasswordChange = "password_change",
    Replaced = "replaced",
    EndedByUser = "ended_by_user",
    EndedByAdmin = "ended_by_admin",
    Disabled = "disabled",
    Expired = "expired",
    Idle = "idle",
    Limit = "limit",
    Reuse = "reuse",
    Superseded = "superseded",
    Lost = "lost",
});

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PasswordRules<'_> = PasswordRules { min_length: 12, context: &[] };

    fn new_password(text: &str) -> Result<NewPassword, PasswordFault> {
        NewPassword::parse(text.into(), Some(&Username::parse("ana").unwrap()), RULES)
    }

    #[test]
    fn two_spellings_of_a_name_are_one_user() {
        for (one, other) in [("Íñigo", "íñigo"), ("I\u{301}n\u{303}igo", "íñigo"), ("STRASSE", "straße"), ("ﬁn", "FIN")]
        {
            let canonical = |name| Username::parse(name).unwrap().canonical();
            assert_eq!(canonical(one), canonical(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_name_that_could_deceive_is_refused() {
        for name in ["", " ana", "ana ", "a b", "ana\u{202e}", "a\u{200b}na", "a\0b", "-ana", "ana.", "<ana>", "a\nb"] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameFault::Length));
        assert!(Username::parse(&"ñ".repeat(64)).is_ok());
    }

    #[test]
    fn a_session_id_has_one_spelling() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(SessionId::parse(&id.to_string().replace('-', "")), None);
    }

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        assert_eq!(new_password("eleven char").err(), Some(PasswordFault::TooShort(12)));
        assert_eq!(new_password(&"x y".repeat(100)).err(), Some(PasswordFault::TooLong));
        for guessable in
            ["password1234", "aaaaaaaaaaaaaaa", "123456789012", "ana-ana-ana-", "porteroportero", "contraseña1234"]
        {
            assert_eq!(new_password(guessable).err(), Some(PasswordFault::Guessable), "{guessable}");
        }
    }

    #[test]
    fn a_new_password_stays_as_typed() {
        for good in
            ["correct horse battery", "  verde que te quiero  ", "ñandú llueve sobre Cádiz", "🦔🌋🪕🧶🥝🛶🪁🧂🦩🐌🫐🪲"]
        {
            assert_eq!(new_password(good).map(|p| p.as_password().as_str().to_owned()).ok().as_deref(), Some(good));
        }
    }
}
