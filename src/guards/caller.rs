//! What a guard found out about a request.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};

use super::body::BodyFault;
use crate::tokens::options::Location;
use crate::tokens::{Claims, Fault};

/// A user of the app, of whatever type the app has for it.
pub type AnyUser = Arc<dyn Any + Send + Sync>;

/// Whoever sent the request, as their token says. In a handler the token has passed every check; a callback in
/// [`Hooks`](super::Hooks) may also get one that has not, or not yet.
#[derive(Clone)]
pub struct Caller {
    /// The token's claims. (`get_jwt`)
    pub claims: Arc<Claims>,
    /// Where in the request the token was found. (`get_jwt_request_location`)
    pub location: Location,
    /// The user that [`Hooks::accept`](super::Hooks::accept) found, by default through
    /// [`Hooks::user_lookup`](super::Hooks::user_lookup). `None`: no user was looked up.
    pub user: Option<AnyUser>,
}

impl Caller {
    /// The field `user`, if it is a `T`. (`get_current_user`)
    pub fn user<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.user.clone()?.downcast().ok()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("claims", &self.claims).field("location", &self.location).finish_non_exhaustive()
    }
}

/// Why a guard refuses a request.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// Something is wrong with the token.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Whether the token is good could not be found out, and a guard never guesses.
    #[error("the token could not be checked")]
    Unavailable,
    /// The body, in which a token or a CSRF value had to be looked for, could not be read.
    #[error(transparent)]
    Body(#[from] BodyFault),
}

/// What the guard found, kept in the request for the extractors.
#[derive(Clone)]
pub(super) struct Finding {
    pub(super) result: Result<(), Refusal>,
    /// Also present beside a refusal, if the token could be read.
    pub(super) caller: Option<Caller>,
}

/// Returns the caller that the guard found. `None`: there is no good token, or no guard. For what is shown beside the answer,
/// never for deciding what may be done.
pub fn found(req: &HttpRequest) -> Option<Caller> {
    let finding = req.extensions().get::<Finding>().cloned()?;
    finding.result.ok().and(finding.caller)
}
