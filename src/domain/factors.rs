//! Second factors: what kinds there are, and the codes that people type.

use std::fmt;

use serde::Deserialize;

use super::spelled;

/// The number of a second factor in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorId(pub i64);

impl fmt::Display for FactorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a second factor is. Recovery codes are none: they stand in for one that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactorKind {
    /// An authenticator app, whose codes follow the time. (RFC 6238)
    Totp,
    /// A passkey, which is a whole sign-in by itself. (WebAuthn)
    Passkey,
}

spelled!(FactorKind { Totp = "totp", Passkey = "passkey" });

/// What has become of somebody's second factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorChange {
    /// One came to count.
    Added,
    /// The person removed one.
    Removed,
    /// An admin or the operator took them away.
    Reset,
}

spelled!(FactorChange { Added = "added", Removed = "removed", Reset = "reset" });

/// What somebody calls their second factor: up to 40 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorName(String);

impl FactorName {
    const MAX_CHARS: usize = 40;

    /// Without blanks around it. `None`: nothing is left, it is too long, or there is something in it that nobody can see.
    pub fn parse(typed: &str) -> Option<Self> {
        let name = typed.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&name.chars().count());
        (fits && !name.chars().any(char::is_control)).then(|| Self(name.to_owned()))
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code that somebody typed as their second factor, in its one spelling.
#[derive(Clone, PartialEq, Eq)]
pub enum FactorCode {
    /// Of an authenticator app: six digits.
    Totp(String),
    /// A recovery code: ten characters of Crockford's Base32.
    Recovery(String),
}

/// What is in one is a secret until it was used.
impl fmt::Debug for FactorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Totp(_) => f.write_str("Totp(…)"),
            Self::Recovery(_) => f.write_str("Recovery(…)"),
        }
    }
}

impl FactorCode {
    /// How many digits an authenticator app shows.
    pub const TOTP_DIGITS: usize = 6;
    /// How many characters a recovery code has: five bits each, 50 in all.
    pub const RECOVERY_CHARS: usize = 10;

    /// A code of an authenticator app, with blanks and hyphens or without. `None`: it can be none.
    pub fn totp(typed: &str) -> Option<Self> {
        let digits = without_gaps(typed)?;
        let is_code = digits.len() == Self::TOTP_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self::Totp(digits))
    }

    /// A recovery code, in capitals or not, with blanks and hyphens or without, and with letters for digits that look like them. `None`:
    /// it can be none.
    pub fn recovery(typed: &str) -> Option<Self> {
        let typed = without_gaps(typed)?;
        let code: String = typed.chars().map(|c| as_crockford(c.to_ascii_uppercase())).collect::<Option<_>>()?;
        (code.len() == Self::RECOVERY_CHARS).then_some(Self::Recovery(code))
    }
}

/// What kind of code somebody gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// Of an authenticator app.
    #[default]
    Totp,
    /// A recovery code.
    RecoveryCode,
}

impl CodeKind {
    /// `None`: what was typed can be no such code.
    pub fn read(self, typed: &str) -> Option<FactorCode> {
        match self {
            Self::Totp => FactorCode::totp(typed),
            Self::RecoveryCode => FactorCode::recovery(typed),
        }
    }
}

/// Longer than any spelling of a code.
const LONGEST_CODE: usize = 64;

fn without_gaps(typed: &str) -> Option<String> {
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}');
    (typed.len() <= LONGEST_CODE).then(|| typed.chars().filter(|c| !is_gap(*c)).collect())
}

/// Crockford's Base32, without letters that look like digits, and without U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn as_crockford(c: char) -> Option<char> {
    let c = match c {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    (c.is_ascii() && ALPHABET.contains(&u8::try_from(c).ok()?)).then_some(c)
}

/// The recovery code with these bits, of which the lowest 50 count, as people are shown it: `7QK2M-9XW4T`.
pub fn spell_recovery_code(bits: u64) -> String {
    let mut code = String::with_capacity(FactorCode::RECOVERY_CHARS + 1);
    for nth in (0..FactorCode::RECOVERY_CHARS).rev() {
        let five = usize::try_from((bits >> (5 * nth)) & 31).unwrap_or_default();
        code.push(char::from(ALPHABET[five]));
        if nth == FactorCode::RECOVERY_CHARS / 2 {
            code.push('-');
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_in_any_spelling() {
        for typed in ["012345", "012 345", " 01-23-45 ", "012\u{2013}345"] {
            assert_eq!(FactorCode::totp(typed), Some(FactorCode::Totp("012345".into())), "{typed}");
        }
        for typed in ["7QK2M-9XW01", "7qk2m9xw01", " 7QK2M 9XWO1", "7QK2M-9XWol", "7 Q K 2 M 9 X W 0 i"] {
            assert_eq!(FactorCode::recovery(typed), Some(FactorCode::Recovery("7QK2M9XW01".into())), "{typed}");
        }
    }

    #[test]
    fn what_can_be_no_code_is_none() {
        for typed in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", &"1".repeat(1000)] {
            assert_eq!(FactorCode::totp(typed), None, "{typed}");
        }
        for typed in ["", "7QK2M-9XW4", "7QK2M-9XW4TT", "7QK2M-9XW4U", "7QK2M-9XW4ñ"] {
            assert_eq!(FactorCode::recovery(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_recovery_code_spells_all_of_its_50_bits() {
        assert_eq!(spell_recovery_code(0), "00000-00000");
        assert_eq!(spell_recovery_code((1 << 50) - 1), "ZZZZZ-ZZZZZ");
        assert_eq!(spell_recovery_code(u64::MAX), "ZZZZZ-ZZZZZ");
        assert_eq!(spell_recovery_code((31 << 45) | 1), "Z0000-00001");
    }
}
