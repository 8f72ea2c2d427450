//! In which ways somebody can give a second factor.

use super::connection::{Conn, Error};
use super::{factors, recovery_codes};
use crate::domain::{FactorKind, UserId};

/// The ways in which an account can give a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    pub totp: bool,
    pub passkey: bool,
    pub recovery_code: bool,
}

impl Ways {
    /// Their names, for programs.
    pub fn names(self) -> Vec<&'static str> {
        let all = [(self.totp, "totp"), (self.passkey, "passkey"), (self.recovery_code, "recovery_code")];
        all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name).collect()
    }
}

pub fn ways(conn: &mut Conn, user: UserId) -> Result<Ways, Error> {
    Ok(Ways {
        totp: factors::count_of(conn, user, FactorKind::Totp)? > 0,
        passkey: factors::count_of(conn, user, FactorKind::Passkey)? > 0,
        recovery_code: recovery_codes::left(conn, user)? > 0,
    })
}
