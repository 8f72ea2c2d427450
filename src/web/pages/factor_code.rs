//! The code of a second factor, at a sign-in and at a confirmation: what was typed, and what is said of a code that is refused.

use crate::domain::{CodeKind, FactorCode};

/// The code; or the catalogue's key of what is wrong with what was typed, which can be none.
pub(in crate::web) fn read(kind: CodeKind, typed: &str) -> Result<FactorCode, &'static str> {
    if typed.trim().is_empty() {
        return Err("error-code-required");
    }
    kind.read(typed).ok_or(match kind {
        CodeKind::Totp => "error-code-form",
        CodeKind::RecoveryCode => "error-recovery-code-form",
    })
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum CodeRefusal {
    Wrong,
    /// It was used before. The next one will do.
    Used,
    /// There were too many wrong ones today; a recovery code is still taken.
    TooManyWrong,
}

impl CodeRefusal {
    /// The catalogue's.
    pub(in crate::web) fn key(self) -> &'static str {
        match self {
            Self::Wrong => "error-code-wrong",
            Self::Used => "error-code-used",
            Self::TooManyWrong => "error-code-too-many",
        }
    }

    /// For programs.
    pub(in crate::web) fn msg(self) -> &'static str {
        match self {
            Self::Wrong => "Bad code",
            Self::Used => "Code was used already",
            Self::TooManyWrong => "Too many wrong codes today; a recovery code is still taken",
        }
    }
}
