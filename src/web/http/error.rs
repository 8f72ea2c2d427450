//! What can go wrong with a request. `pages/error_page.rs` decides how a program or a person is told.

use actix_web::HttpResponse;
use actix_web::error::ResponseError;
use actix_web::http::StatusCode;

use crate::accounts;
use crate::error_chain::chain;
use crate::guards::body::BodyFault;
use crate::guards::{Refusal, refusal_in};
use crate::throttle::Wait;
use crate::tokens::Fault;

#[derive(Debug, thiserror::Error)]
pub(in crate::web) enum Error {
    /// The text is for programs; people read the catalogue's text for the status.
    #[error("{0}")]
    BadInput(String),
    #[error("Refused: the request comes from another site")]
    ForeignOrigin,
    /// The address that should have been asked for.
    #[error("Refused: this server is not at the host that was asked for. Use {0}")]
    ForeignHost(String),
    #[error("Missing or wrong CSRF token")]
    Csrf,
    #[error("Admins only!")]
    NotAdmin,
    #[error("Not found")]
    NotFound,
    /// The methods that the path has.
    #[error("Method not allowed")]
    MethodNotAllowed(&'static str),
    /// A one-time link that was used or voided, or is too old.
    #[error("This link is not valid any more")]
    Gone,
    #[error("Unsupported content type. Send {0}")]
    UnsupportedMediaType(&'static str),
    #[error(transparent)]
    Body(#[from] BodyFault),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("{}", .0.as_str())]
    App(AppFault),
    #[error(transparent)]
    Throttled(#[from] Wait),
    #[error("Too busy, try again in a moment")]
    Busy,
    /// What is revoked is not in memory yet.
    #[error("Starting, try again in a moment")]
    Starting,
    /// The cause is for the log alone.
    #[error("Temporarily unavailable, try again in a moment")]
    Unavailable(String),
    /// Who signed out is signed out in this browser, and the session is still open: that could not be stored. The cause is for the log
    /// alone.
    #[error("Signed out in this browser only, because the change could not be stored")]
    StillOpen(String),
    /// The cause is for the log alone.
    #[error("Something went wrong")]
    Internal(String),
}

/// Why the question of an app is not answered. (RFC 6749 §5.2)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum AppFault {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
}

impl AppFault {
    /// The RFC's error code.
    pub(in crate::web) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }
}

impl Error {
    pub(in crate::web) fn status(&self) -> StatusCode {
        match self {
            Self::App(AppFault::InvalidClient) => StatusCode::UNAUTHORIZED,
            Self::BadInput(_) | Self::Body(BodyFault::Broken) | Self::App(_) => StatusCode::BAD_REQUEST,
            Self::ForeignOrigin | Self::Csrf | Self::NotAdmin => StatusCode::FORBIDDEN,
            Self::ForeignHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone => StatusCode::GONE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyFault::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyFault::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::Fault(fault) => {
                StatusCode::from_u16(fault.status()).expect("Fault::status gives only statuses that exist")
            }
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Starting | Self::Unavailable(_) | Self::StillOpen(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The middle of the catalogue's keys for the error page: `error-{key}-title` and `error-{key}-text`.
    pub(in crate::web) fn text_key(&self) -> &'static str {
        match self {
            Self::App(AppFault::InvalidClient) => "401",
            Self::BadInput(_) | Self::Body(BodyFault::Broken) | Self::App(_) => "400",
            Self::ForeignOrigin | Self::Csrf => "403-csrf",
            Self::NotAdmin => "403",
            Self::NotFound => "404",
            Self::MethodNotAllowed(_) => "405",
            Self::Body(BodyFault::TooSlow) => "408",
            Self::Gone => "410",
            Self::Body(BodyFault::TooLarge(_)) => "413",
            Self::UnsupportedMediaType(_) => "415",
            Self::ForeignHost(_) => "421",
            Self::Fault(_) => "401",
            Self::Throttled(_) => "429",
            Self::Busy | Self::Unavailable(_) => "503",
            Self::Starting => "503-starting",
            Self::StillOpen(_) => "503-still-open",
            Self::Internal(_) => "500",
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The bare status. What the answer says is decided by `answer_to` in `pages/error_page.rs`, which knows the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        if error.is_temporary() { Self::Unavailable(chain(&error)) } else { Self::Internal(chain(&error)) }
    }
}

impl From<accounts::Error> for Error {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::Store(error) => error.into(),
            accounts::Error::Refused(fault) => Self::Fault(fault),
            accounts::Error::NotAdmin => Self::NotAdmin,
            // The acts that take a proof answer this with an outcome or a fault of their own.
            accounts::Error::ProofLapsed => Self::Fault(Fault::Revoked),
            accounts::Error::UnknownApp => Self::App(AppFault::InvalidClient),
            accounts::Error::Password(_)
            | accounts::Error::Issue(_)
            | accounts::Error::Random
            | accounts::Error::BrokenFactor
            | accounts::Error::Passkey(_)
            // The acts that begin sessions ask for it first.
            | accounts::Error::SecondFactorMissing => {
                Self::Internal(chain(&error))
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => Self::Fault(fault),
            Refusal::Unavailable => Self::Unavailable("whether the token is good could not be found out".into()),
            Refusal::Body(fault) => Self::Body(fault),
        }
    }
}

impl Error {
    /// Returns Portero's own error if `error` wraps one, otherwise the one nearest to it by its status.
    pub(in crate::web) fn read(error: &actix_web::Error, status: StatusCode) -> Self {
        if let Some(refusal) = refusal_in(error) {
            return refusal.into();
        }
        if let Some(error) = error.as_error::<Self>() {
            return error.again();
        }
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            status if status.is_client_error() => {
                Self::BadInput(status.canonical_reason().unwrap_or("Bad request").into())
            }
            _ => Self::Internal(error.to_string()),
        }
    }

    /// Returns a copy, because Actix only lends the original.
    fn again(&self) -> Self {
        match self {
            Self::BadInput(text) => Self::BadInput(text.clone()),
            Self::ForeignOrigin => Self::ForeignOrigin,
            Self::ForeignHost(ours) => Self::ForeignHost(ours.clone()),
            Self::Csrf => Self::Csrf,
            Self::NotAdmin => Self::NotAdmin,
            Self::NotFound => Self::NotFound,
            Self::MethodNotAllowed(allow) => Self::MethodNotAllowed(allow),
            Self::Gone => Self::Gone,
            Self::UnsupportedMediaType(wanted) => Self::UnsupportedMediaType(wanted),
            Self::Body(fault) => Self::Body(*fault),
            Self::Fault(fault) => Self::Fault(fault.clone()),
            Self::App(fault) => Self::App(*fault),
            Self::Throttled(wait) => Self::Throttled(*wait),
            Self::Busy => Self::Busy,
            Self::Starting => Self::Starting,
            Self::Unavailable(cause) => Self::Unavailable(cause.clone()),
            Self::StillOpen(cause) => Self::StillOpen(cause.clone()),
            Self::Internal(cause) => Self::Internal(cause.clone()),
        }
    }
}
