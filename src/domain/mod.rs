//! Values that are right by construction. No I/O, no framework: everything else may use this, it uses nothing of ours.
#![warn(missing_docs)]

#[cfg(feature = "server")]
mod names;
#[cfg(feature = "server")]
mod passwords;
#[cfg(feature = "server")]
mod records;

use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "server")]
pub use names::{Role, UserId, Username, UsernameFault};
#[cfg(feature = "server")]
pub use passwords::{NewPassword, Password, PasswordFault, PasswordRules, PasswordTooLong};
#[cfg(feature = "server")]
pub use records::{Reason, StepKind};

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

/// One sign-in of one browser or client: claim `sid` in every token it ever gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The 36-character form only, in lower case: one session has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(id))
    }

    /// As a number, for a map's key.
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

/// Sixteen bytes for a token's id, to look it up by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenId(u128);

impl TokenId {
    /// Of claim `jti`: a UUID in its one spelling as it is, anything else by the first half of its SHA-256.
    pub fn of(jti: &str) -> Self {
        Self(match Uuid::try_parse(jti) {
            Ok(id) if id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == jti => id.as_u128(),
            Ok(_) | Err(_) => {
                let hash = digest::digest(&digest::SHA256, jti.as_bytes());
                hash.as_ref().iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
            }
        })
    }

    /// As a number, for a map's key.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenId(…)")
    }
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
    /// Opens pages and endpoints.
    Access,
    /// Gets new access tokens.
    Refresh,
}

/// Gives an enum one spelling, for the database, the settings and JSON.
macro_rules! spelled {
    ($type:ty { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $type {
            /// Every one, as they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its one spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one that is spelled so, letter for letter.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use spelled;

spelled!(Transport { Cookie = "cookie", Bearer = "bearer" });
spelled!(TokenType { Access = "access", Refresh = "refresh" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_uuid_are_two_tokens() {
        let id = "5116c888-512e-48e3-9949-c87e30a6b899";
        assert_ne!(TokenId::of(id), TokenId::of(&id.to_uppercase()));
        assert_ne!(TokenId::of("a"), TokenId::of("b"));
    }

    #[test]
    fn a_session_id_has_one_spelling() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(SessionId::parse(&id.to_string().replace('-', "")), None);
    }
}
