//! Why a token was not accepted: flask-jwt-extended's statuses and texts, typos included.

use std::borrow::Cow;

use crate::domain::Level;

/// Tokens longer than this are refused unread.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// What is wrong with a token. Its `Display` is the text of the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no token in any of the locations. The only fault with which an optional route lets a request pass.
    #[error("{0}")]
    Missing(String),
    /// The token came in a cookie, and its CSRF value is missing from a request that has to show it.
    #[error("Missing CSRF token")]
    CsrfMissing,
    /// The CSRF value is not the one of the token in the cookie.
    #[error("CSRF double submit tokens do not match")]
    CsrfMismatch,
    /// `exp` has passed, and everything else that [`Engine::decode`](super::Engine::decode) checks is right.
    #[error("Token has expired")]
    Expired,
    /// The route wants a token from a recent login or confirmation.
    #[error("Fresh token required")]
    NotFresh {
        /// Seconds within which the person must have proved who they are. (RFC 9470)
        max_age: i64,
    },
    /// The route wants more proofs of who the person is than their session has, or newer ones. Portero's own; the library has no
    /// fault like it.
    #[error("Second factor required")]
    BelowLevel {
        /// What they have to be worth together.
        level: Level,
        /// Seconds within which every one of them must have been given. `None`: it does not matter when. (RFC 9470)
        max_age: Option<i64>,
    },
    /// The app wants a second factor of everybody like this person, who has none yet. Portero's own, like the one before.
    #[error("Second factor enrolment required")]
    NotEnrolled,
    /// The token is on the blocklist.
    #[error("Token has been revoked")]
    Revoked,
    /// The app does not accept the token's claims. (`token_verification_loader`)
    #[error("User claims verification failed")]
    Unwanted,
    /// There is no user with this identity, or no longer. Holds the identity.
    #[error("Error loading the user {0}")]
    UserGone(String),
    /// A cookie session's token came in another location, or a bearer session's token in a cookie. Portero's own; the library has
    /// no fault like it.
    #[error("Token is not accepted in this location")]
    WrongTransport,
    /// The token is from the future by this server's clock. Holds the name of the claim that says so, `iat` or `nbf`.
    #[error("The token is not yet valid ({0})")]
    NotYetValid(&'static str),
    /// Not a token, not signed with the right key, or not meant for this route. Holds the text of the answer.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
}

impl Fault {
    /// A fault that is answered with this text and status 422.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(text.into())
    }

    /// The token lacks a claim that it has to have.
    pub fn missing_claim(name: &str) -> Self {
        Self::invalid(format!("Missing claim: {name}"))
    }

    /// Claim `fresh` is neither a boolean nor a number. Portero's own; the library answers 500.
    pub(super) fn senseless_freshness() -> Self {
        Self::invalid("Claim fresh must be a boolean or a number")
    }

    /// The token is longer than [`MAX_TOKEN_BYTES`]. Portero's own; the library has no limit.
    pub fn too_long() -> Self {
        Self::invalid("Token is too long")
    }

    /// The HTTP status of the answer. (flask-jwt-extended, default callbacks)
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing(_)
            | Self::CsrfMissing
            | Self::CsrfMismatch
            | Self::Expired
            | Self::NotFresh { .. }
            | Self::BelowLevel { .. }
            | Self::Revoked
            | Self::UserGone(_)
            | Self::WrongTransport => 401,
            // Not 401: no proof that the person could give now would be enough.
            Self::NotEnrolled => 403,
            Self::Unwanted => 400,
            Self::NotYetValid(_) | Self::Invalid(_) => 422,
        }
    }

    /// The `WWW-Authenticate` challenge that goes with a 401. `None`: none is sent. (RFC 6750 §3, RFC 9470 §3)
    pub fn challenge(&self) -> Option<String> {
        match self {
            // A request without a token is told the scheme and no error.
            Self::Missing(_) => Some("Bearer".into()),
            Self::NotFresh { max_age } => Some(format!(
                "Bearer error=\"insufficient_user_authentication\", \
                 error_description=\"A more recent authentication is required\", max_age=\"{max_age}\""
            )),
            Self::BelowLevel { level, max_age } => {
                let age = max_age.map(|seconds| format!(", max_age=\"{seconds}\"")).unwrap_or_default();
                Some(format!(
                    "Bearer error=\"insufficient_user_authentication\", \
                     error_description=\"A second factor is required\", acr_values=\"{}\"{age}",
                    level.acr()
                ))
            }
            Self::Expired | Self::Revoked | Self::UserGone(_) | Self::WrongTransport => {
                Some(format!("Bearer error=\"invalid_token\", error_description=\"{}\"", self.description()))
            }
            Self::CsrfMissing
            | Self::CsrfMismatch
            | Self::NotEnrolled
            | Self::Unwanted
            | Self::NotYetValid(_)
            | Self::Invalid(_) => None,
        }
    }

    /// The fault as one word for programs, which stays the same when a text changes. Portero's own; sent if
    /// [`error_code_key`](super::options::Options::error_code_key) names a key for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "token_missing",
            Self::CsrfMissing => "csrf_missing",
            Self::CsrfMismatch => "csrf_mismatch",
            Self::Expired => "token_expired",
            Self::NotFresh { .. } => "fresh_token_required",
            Self::BelowLevel { .. } => "second_factor_required",
            Self::NotEnrolled => "second_factor_enrolment_required",
            Self::Revoked => "token_revoked",
            Self::Unwanted => "claims_refused",
            Self::UserGone(_) => "user_not_found",
            Self::WrongTransport => "wrong_location",
            Self::NotYetValid(_) => "token_not_yet_valid",
            Self::Invalid(_) => "token_invalid",
        }
    }

    /// The text without anything that the caller could have put into it, because it goes into a quoted header value.
    fn description(&self) -> Cow<'static, str> {
        match self {
            Self::UserGone(_) => "Error loading the user".into(),
            other => other.to_string().into(),
        }
    }
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key does not fit its algorithm, or the system failed.
    #[error("could not sign a token")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// There is only a public key, which can't sign.
    #[error("the key can only verify")]
    VerifiesOnly,
    /// The token would be longer than [`MAX_TOKEN_BYTES`] and therefore never be accepted. Holds its length, or that of header
    /// and claims if they alone are too long.
    #[error("the token would have {0} bytes, more than the {MAX_TOKEN_BYTES} that are accepted")]
    TooLong(usize),
    /// The lifetime is less than one second. To flask-jwt-extended zero means for ever, which nobody expects.
    #[error("a token can't live for {0} seconds")]
    NoLife(i64),
    /// This header is the engine's to set: with another value the token could not be checked.
    #[error("the header {0} can't be set")]
    Header(String),
    /// The engine itself would refuse the token.
    #[error("a token with these claims would be refused: {0}")]
    Refused(Fault),
}
