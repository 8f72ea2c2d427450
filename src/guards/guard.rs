//! What a route demands of a token. `middleware.rs` makes a middleware of it.

use super::caller::Refusal;
use crate::domain::TokenType;
use crate::tokens::Fault;
use crate::tokens::options::Location;

/// What a route demands of a token: `.wrap(Guard::access().fresh())`. A request that does not meet it is refused before any
/// handler runs. (`jwt_required`, `verify_jwt_in_request`)
#[derive(Clone, Debug)]
pub struct Guard {
    /// The token's type: decides which cookie, CSRF header and field, and JSON member are read, and which type is demanded.
    pub(super) token: TokenType,
    pub(super) verifies_type: bool,
    pub(super) wants_fresh: bool,
    pub(super) is_optional: bool,
    pub(super) checks_revocation: bool,
    /// Where the token is looked for. `None`: where the options say.
    pub(super) locations: Option<Vec<Location>>,
    pub(super) csrf: CsrfCheck,
    pub(super) leaves_to_handlers: bool,
}

/// Whether a token from a cookie has to be accompanied by its CSRF value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsrfCheck {
    /// As the options say.
    Configured,
    /// For every method but GET and HEAD, in the header or in a form, whatever the options say.
    Always,
    /// Not by the guard: the route checks the value itself.
    Never,
}

impl Guard {
    /// Demands a good access token. (`jwt_required()`)
    pub fn access() -> Self {
        Self {
            token: TokenType::Access,
            verifies_type: true,
            wants_fresh: false,
            is_optional: false,
            checks_revocation: true,
            locations: None,
            csrf: CsrfCheck::Configured,
            leaves_to_handlers: false,
        }
    }

    /// Demands a good refresh token. (`refresh=True`)
    pub fn refresh() -> Self {
        Self { token: TokenType::Refresh, ..Self::access() }
    }

    /// Demands a good token of either type; cookies and JSON are read under the access token's names. (`verify_type=False`)
    pub fn any_type() -> Self {
        Self { verifies_type: false, ..Self::access() }
    }

    /// Demands a good access token or none at all; a bad one is refused. (`optional=True`)
    pub fn optional() -> Self {
        Self { is_optional: true, ..Self::access() }
    }

    /// Also demands that the token is fresh. (`fresh=True`)
    #[must_use]
    pub fn fresh(self) -> Self {
        Self { wants_fresh: true, ..self }
    }

    /// Does not ask whether the token was revoked. Has an effect only with the default [`Hooks::accept`](super::Hooks::accept).
    /// (`skip_revocation_check=True`)
    #[must_use]
    pub fn skip_revocation_check(self) -> Self {
        Self { checks_revocation: false, ..self }
    }

    /// Looks for the token in these locations only, in this order. (`locations`)
    #[must_use]
    pub fn locations(self, locations: impl Into<Vec<Location>>) -> Self {
        Self { locations: Some(locations.into()), ..self }
    }

    /// Sets whether a token from a cookie needs its CSRF value.
    #[must_use]
    pub fn csrf(self, csrf: CsrfCheck) -> Self {
        Self { csrf, ..self }
    }

    /// What [`csrf`](Self::csrf) was set to. Default: [`CsrfCheck::Configured`].
    pub fn csrf_check(&self) -> CsrfCheck {
        self.csrf
    }

    /// Leaves refusing to each handler's extractors: the guard itself refuses nobody. A handler without an extractor lets
    /// everybody in.
    #[must_use]
    pub fn leave_to_handlers(self) -> Self {
        Self { leaves_to_handlers: true, ..self }
    }

    pub(super) fn lets_pass(&self, refusal: &Refusal) -> bool {
        self.leaves_to_handlers || (self.is_optional && matches!(refusal, Refusal::Fault(Fault::Missing(_))))
    }
}
