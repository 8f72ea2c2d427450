//! Of whom a second factor is asked.

use crate::domain::{Role, UnixTime};

/// What the operator wants of second factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Nobody can set one up. Whoever has one is still asked for it.
    Off,
    /// Whoever wants one sets it up.
    Optional,
    /// Admins need one.
    Admins,
    /// Everybody needs one.
    Everyone,
}

/// Of whom a second factor is asked, and from when on. It is looked at for every request, so whoever is signed in with less when the
/// moment comes gets no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactorPolicy {
    pub wanted: SecondFactor,
    /// From when on it is asked for. `None`: from the start.
    pub from: Option<UnixTime>,
}

impl SecondFactorPolicy {
    /// Asks nobody: for what stays open to those who still have to prove more.
    pub const ASKS_NOBODY: Self = Self { wanted: SecondFactor::Optional, from: None };

    /// Whether somebody with this role needs two factors.
    pub fn asks(self, role: Role, now: UnixTime) -> bool {
        let concerns = match self.wanted {
            SecondFactor::Off | SecondFactor::Optional => false,
            SecondFactor::Admins => role == Role::Admin,
            SecondFactor::Everyone => true,
        };
        concerns && self.from.is_none_or(|from| from <= now)
    }

    /// Whether anybody is asked, now or later.
    pub fn asks_somebody(self) -> bool {
        match self.wanted {
            SecondFactor::Off | SecondFactor::Optional => false,
            SecondFactor::Admins | SecondFactor::Everyone => true,
        }
    }

    /// Whether people can set up a second factor.
    pub fn allows_enrolment(self) -> bool {
        self.wanted != SecondFactor::Off
    }
}
