//! Values that are right by construction. No I/O, no framework: every other part may use this one, and it uses none of them.
#![warn(missing_docs)]

#[cfg(feature = "server")]
mod apps;
#[cfg(feature = "server")]
mod database;
#[cfg(feature = "server")]
mod details;
#[cfg(feature = "server")]
mod drill;
#[cfg(feature = "server")]
mod factors;
#[cfg(feature = "server")]
mod groups;
#[cfg(feature = "server")]
mod joiners;
#[cfg(feature = "server")]
mod known_words;
#[cfg(feature = "server")]
mod listen;
#[cfg(feature = "server")]
mod logout_uri;
mod methods;
#[cfg(feature = "server")]
mod moment;
#[cfg(feature = "server")]
mod names;
#[cfg(feature = "server")]
mod openid;
#[cfg(feature = "server")]
mod passwords;
#[cfg(feature = "server")]
mod records;
#[cfg(feature = "server")]
mod schemas;
#[cfg(feature = "server")]
mod search;
#[cfg(feature = "server")]
mod status;

#[cfg(feature = "server")]
use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "server")]
pub use apps::{
    Allowed, App, AppId, AppName, AppOrigin, AppRules, Entrant, OpenPath, OriginFault, OriginId, PASS_LIFE, PassKey,
};
#[cfg(feature = "server")]
pub use database::{DatabaseUrl, PostgresUrl};
#[cfg(feature = "server")]
pub use details::{DetailFault, DisplayName, Mail, Notes};
#[cfg(feature = "server")]
pub use drill::DrillOutcome;
#[cfg(feature = "server")]
pub use factors::{CodeKind, FactorChange, FactorCode, FactorId, FactorKind, FactorName, spell_recovery_code};
#[cfg(feature = "server")]
pub use groups::{GroupId, GroupName, GroupNameFault, Groups, fit_in_headers, joined};
#[cfg(feature = "server")]
pub use known_words::Known;
#[cfg(feature = "server")]
pub use listen::{ListenAddress, ListenFault};
#[cfg(feature = "server")]
pub use logout_uri::{LogoutUri, LogoutUriFault, is_loopback};
pub use methods::{Level, Means, Methods};
#[cfg(feature = "server")]
pub use moment::BareDate;
#[cfg(feature = "server")]
pub use names::{NameKey, Role, UserId, UserState, Username, UsernameFault};
#[cfg(feature = "server")]
pub use openid::{AppAlgorithm, AppUri, AppUriFault, OpenIdRules, Scopes, form_target};
#[cfg(feature = "server")]
pub use passwords::{NewPassword, Password, PasswordFault, PasswordRules, PasswordTooLong};
#[cfg(feature = "server")]
pub use records::{By, Reason, StepKind};
#[cfg(feature = "server")]
pub use search::{Search, first_with, name_parts};
#[cfg(feature = "server")]
pub use status::{StatusListId, StatusPlace};

/// Seconds since the epoch, the unit of `iat` and `exp` (RFC 7519, NumericDate). The clock is read once for a request or a change;
/// whatever is called from there takes the time as a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Moves by `seconds`, which may be negative. Stops at the end of the range instead of wrapping.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; negative if `self` is the earlier one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The id of a session, which is one sign-in of one browser or program: claim `sid` in every token the session ever gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new, random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Parses the 36-character form in lower case and no other: one session has one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(id))
    }

    /// The id as a number, for use as a map's key.
    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }

    /// The first eight digits: enough to tell sessions apart in a log, too little to be of use to a thief.
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

/// What a session id begins with, as [`SessionId::short`] writes it. Nearly always there is one such session, but there may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortId(u32);

impl ShortId {
    /// Parses eight hexadecimal digits, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_short = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(text, 16).ok().filter(|_| is_short).map(Self)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

#[cfg(feature = "server")]
const DIGEST: &str = "sha256:";
/// PostgreSQL takes 2,704 into an index.
#[cfg(feature = "server")]
const MOST_BYTES_OF_A_KEY: usize = 1024;

/// The text under which a database keeps a claim `jti`: the claim itself or, if that can't be a key there because it is too long or
/// has a NUL, its SHA-256.
#[cfg(feature = "server")]
pub fn stored_jti(jti: &str) -> Cow<'_, str> {
    if can_be_key(jti) && !jti.starts_with(DIGEST) {
        return jti.into();
    }
    let hash = digest::digest(&digest::SHA256, jti.as_bytes());
    hash.as_ref().iter().fold(DIGEST.to_owned(), |text, byte| format!("{text}{byte:02x}")).into()
}

/// Whether every database can keep this text as a key. PostgreSQL knows no NUL.
#[cfg(feature = "server")]
pub fn can_be_key(text: &str) -> bool {
    text.len() <= MOST_BYTES_OF_A_KEY && !text.contains('\0')
}

/// A token's id in sixteen bytes, for looking it up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenId(u128);

impl TokenId {
    /// The id for a claim `jti`: a UUID in lower case with hyphens is taken as it is, anything else becomes the first half of
    /// its SHA-256.
    pub fn from_jti(jti: &str) -> Self {
        Self(match Uuid::try_parse(jti) {
            Ok(id) if id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == jti => id.as_u128(),
            Ok(_) | Err(_) => {
                let hash = digest::digest(&digest::SHA256, jti.as_bytes());
                hash.as_ref().iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
            }
        })
    }

    /// The id for what [`stored_jti`] made of a claim `jti`.
    #[cfg(feature = "server")]
    pub fn from_stored(text: &str) -> Self {
        let digest = text.strip_prefix(DIGEST).filter(|hex| hex.len() == 64);
        let digest = digest.and_then(|hex| u128::from_str_radix(hex.get(..32)?, 16).ok());
        digest.map_or_else(|| Self::from_jti(text), Self)
    }

    /// The id as a number, for use as a map's key.
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

/// What a token is for: claim `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// Opens pages and endpoints.
    Access,
    /// Gets new access tokens.
    Refresh,
}

/// Gives each variant of an enum one spelling, used in the database, the settings and JSON.
macro_rules! spelled {
    ($type:ty { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $type {
            /// All variants, in the order listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The variant's one spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The variant that is spelled exactly so; `None` if there is none.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "server")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        #[cfg(feature = "server")]
        impl utoipa::ToSchema for $type {}
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
        assert_ne!(TokenId::from_jti(id), TokenId::from_jti(&id.to_uppercase()));
        assert_ne!(TokenId::from_jti("a"), TokenId::from_jti("b"));
    }

    #[test]
    fn a_token_id_that_can_be_no_key_is_stored_as_its_hash_and_is_the_same_token() {
        let long = "x".repeat(10_000);
        for jti in ["5116c888-512e-48e3-9949-c87e30a6b899", "a", "", "sha256:ab", "with a \0", long.as_str()] {
            let stored = stored_jti(jti);
            assert!(can_be_key(&stored), "{stored}");
            assert_eq!(TokenId::from_stored(&stored), TokenId::from_jti(jti), "{stored}");
        }
        assert_eq!(stored_jti("a"), "a");
        let digest = stored_jti(&long).into_owned();
        assert_ne!(
            TokenId::from_jti(&digest),
            TokenId::from_stored(&digest),
            "a peer's token may have that very text as its id"
        );
    }

    #[test]
    fn a_session_id_has_one_spelling() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(SessionId::parse(&id.to_string().replace('-', "")), None);
        assert_eq!(ShortId::parse(&id.short()).map(|short| short.to_string()), Some(id.short()));
        assert_eq!(ShortId::parse("00AB12cd").map(|short| short.to_string()).as_deref(), Some("00ab12cd"));
        assert!(
            ["", "+0000001", "0000001", "000000001", "0000000g"].into_iter().all(|text| ShortId::parse(text).is_none())
        );
    }
}
