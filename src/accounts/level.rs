//! Whether what somebody has proved is worth what the operator asks of people like them. Judged per request, and once more in the
//! transaction of each act: by the session and the user as they are then, never by the way in which they came.

use super::context::Accounts;
use crate::config::SecondFactorPolicy;
use crate::domain::{Level, Role, UnixTime};
use crate::tokens::{Claims, Fault};

impl Accounts {
    /// The policy for whoever shows such a token. A peer's says nothing of a second factor; one that is trusted needs none.
    pub fn second_factor_policy(&self, claims: &Claims) -> SecondFactorPolicy {
        match claims.session {
            None if self.config.foreign_tokens.are_trusted() => SecondFactorPolicy::ASKS_NOBODY,
            Some(_) | None => self.config.second_factor,
        }
    }
}

/// Fails if policy asks a user for two factors, and `given` is one: what the proofs count as for policy.
pub(super) fn require_by_policy(
    policy: SecondFactorPolicy,
    role: Role,
    has_factor: bool,
    given: Level,
    now: UnixTime,
) -> Result<(), Fault> {
    if given >= Level::Two || !policy.asks(role, now) {
        return Ok(());
    }
    Err(if has_factor { Fault::BelowLevel { level: Level::Two, max_age: None } } else { Fault::NotEnrolled })
}
