//! Why a token was not accepted: flask-jwt-extended's statuses and texts, typos included.

use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No token in any of the places. The only fault that an optional route forgives.
    #[error("{0}")]
    Missing(String),
    #[error("Missing CSRF token")]
    CsrfMissing,
    #[error("CSRF double submit tokens do not match")]
    CsrfMismatch,
    #[error("Token has expired")]
    Expired,
    /// `max_age`: seconds within which the person must have proved who they are. (RFC 9470)
    #[error("Fresh token required")]
    NotFresh { max_age: i64 },
    #[error("Token has been revoked")]
    Revoked,
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
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(text.into())
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
            Self::CsrfMissing | Self::CsrfMismatch | Self::NotYetValid(_) | Self::Invalid(_) => None,
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
