//! Why a token was not accepted: flask-jwt-extended's statuses and texts, typos included.

use std::borrow::Cow;

/// What is wrong with a token. Its `Display` is the text that goes out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No token in any of the places. The only fault that an optional route forgives.
    #[error("{0}")]
    Missing(String),
    /// A cookie request that changes something came without its CSRF value.
    #[error("Missing CSRF token")]
    CsrfMissing,
    /// Or with another token's.
    #[error("CSRF double submit tokens do not match")]
    CsrfMismatch,
    /// `exp` has passed, and nothing else is wrong.
    #[error("Token has expired")]
    Expired,
    /// The route wants a token from a login or confirmation of late.
    #[error("Fresh token required")]
    NotFresh {
        /// Seconds within which the person must have proved who they are. (RFC 9470)
        max_age: i64,
    },
    /// It is on the blocklist.
    #[error("Token has been revoked")]
    Revoked,
    /// The app does not like its claims. (`token_verification_loader`)
    #[error("User claims verification failed")]
    Unwanted,
    /// Nobody bears this identity any more.
    #[error("Error loading the user {0}")]
    UserGone(String),
    /// A cookie session's token in a header or the reverse. Ours; the library has no such thing.
    #[error("Token is not accepted in this location")]
    WrongTransport,
    /// From the future, by our clock: `iat` or `nbf`, whichever says so.
    #[error("The token is not yet valid ({0})")]
    NotYetValid(&'static str),
    /// Not a token, not ours, or not for here.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
}

impl Fault {
    /// A 422 with this text.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(text.into())
    }

    /// A claim that has to be there is not.
    pub fn missing_claim(name: &str) -> Self {
        Self::invalid(format!("Missing claim: {name}"))
    }

    /// Neither a yes or no nor a moment. Ours; the library answers 500.
    pub(super) fn senseless_freshness() -> Self {
        Self::invalid("Claim fresh must be a boolean or a number")
    }

    /// Over [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES). Ours.
    pub fn too_long() -> Self {
        Self::invalid("Token is too long")
    }

    /// The HTTP status. (flask-jwt-extended, default callbacks)
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing(_)
            | Self::CsrfMissing
            | Self::CsrfMismatch
            | Self::Expired
            | Self::NotFresh { .. }
            | Self::Revoked
            | Self::UserGone(_)
            | Self::WrongTransport => 401,
            Self::Unwanted => 400,
            Self::NotYetValid(_) | Self::Invalid(_) => 422,
        }
    }

    /// The `WWW-Authenticate` challenge that goes with a 401. (RFC 6750 §3, RFC 9470 §3)
    pub fn challenge(&self) -> Option<String> {
        match self {
            // Who showed nothing is told the scheme and no error.
            Self::Missing(_) => Some("Bearer".into()),
            Self::NotFresh { max_age } => Some(format!(
                "Bearer error=\"insufficient_user_authentication\", \
                 error_description=\"A more recent authentication is required\", max_age=\"{max_age}\""
            )),
            Self::Expired | Self::Revoked | Self::UserGone(_) | Self::WrongTransport => {
                Some(format!("Bearer error=\"invalid_token\", error_description=\"{}\"", self.description()))
            }
            Self::CsrfMissing | Self::CsrfMismatch | Self::Unwanted | Self::NotYetValid(_) | Self::Invalid(_) => None,
        }
    }

    /// The same in a word for programs, which stays when a text changes. Ours; sent where
    /// [`error_code_key`](super::options::Options::error_code_key) asks for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "token_missing",
            Self::CsrfMissing => "csrf_missing",
            Self::CsrfMismatch => "csrf_mismatch",
            Self::Expired => "token_expired",
            Self::NotFresh { .. } => "fresh_token_required",
            Self::Revoked => "token_revoked",
            Self::Unwanted => "claims_refused",
            Self::UserGone(_) => "user_not_found",
            Self::WrongTransport => "wrong_location",
            Self::NotYetValid(_) => "token_not_yet_valid",
            Self::Invalid(_) => "token_invalid",
        }
    }

    /// The text without anything a caller could have put into it: it goes into a quoted header value.
    fn description(&self) -> Cow<'static, str> {
        match self {
            Self::UserGone(_) => "Error loading the user".into(),
            other => other.to_string().into(),
        }
    }
}
