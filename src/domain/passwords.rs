//! Passwords as somebody typed them, and passwords that may be set.

use super::Username;

/// A password as somebody typed it, to be compared with a stored hash. Has no `Debug`, so that it can't be logged.
#[derive(Clone)]
pub struct Password(String);

/// The password is longer than [`Password::MAX_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {} bytes", Password::MAX_BYTES)]
pub struct PasswordTooLong;

impl Password {
    /// The longest password, in bytes: as long as a [`NewPassword`] can be, with 256 characters of four bytes. Anything longer is
    /// not worth a hash.
    pub const MAX_BYTES: usize = 1024;

    /// Takes `text` as it was typed, unless it is too long.
    pub fn parse(text: String) -> Result<Self, PasswordTooLong> {
        if text.len() > Self::MAX_BYTES { Err(PasswordTooLong) } else { Ok(Self(text)) }
    }

    /// The text, for hashing and for nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that may be set: long enough and not guessable. Never trimmed or cut.
#[derive(Clone)]
pub struct NewPassword(Password);

/// What a new password is checked against.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules<'a> {
    /// The shortest password, in characters. The settings allow no less than 8.
    pub min_length: usize,
    /// Words that a guesser would try first: the site's name, its host, and what the operator added.
    pub context: &'a [String],
}

/// Why a password may not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer characters than [`PasswordRules::min_length`], which is given here.
    #[error("the password needs at least {0} characters")]
    TooShort(usize),
    /// More characters than [`NewPassword::MAX_CHARS`].
    #[error("the password may have at most {} characters", NewPassword::MAX_CHARS)]
    TooLong,
    /// As `zxcvbn` estimates, too few guesses find it, given the user's name and the words of the context.
    #[error("the password is too easy to guess")]
    Guessable,
}

impl NewPassword {
    /// The longest password, in characters, not bytes.
    pub const MAX_CHARS: usize = 256;
    /// The fewest guesses that a password has to withstand, as a power of ten. `zxcvbn`'s score 3 (of 0 to 4; "safely
    /// unguessable") begins here, and an attacker has to ask a server that throttles.
    const MIN_GUESSES_LOG10: f64 = 8.0;

    /// Checks `text` against `rules`. `username`: whose password it is to be, if that is known already.
    pub fn parse(text: String, username: Option<&Username>, rules: PasswordRules<'_>) -> Result<Self, PasswordFault> {
        let characters = text.chars().count();
        if characters < rules.min_length {
            return Err(PasswordFault::TooShort(rules.min_length));
        }
        if characters > Self::MAX_CHARS {
            return Err(PasswordFault::TooLong);
        }
        // zxcvbn looks at 100 characters at most, so its cost does not grow with the text.
        let lower = text.to_lowercase();
        let words: Vec<&str> = rules
            .context
            .iter()
            .map(String::as_str)
            .chain(username.map(Username::as_str))
            .chain(["portero"])
            .chain(SPANISH_COMMON.split_whitespace())
            .collect();
        if zxcvbn::zxcvbn(&lower, &words).guesses_log10() < Self::MIN_GUESSES_LOG10 {
            return Err(PasswordFault::Guessable);
        }
        let password = Password::parse(text).map_err(|_| PasswordFault::TooLong)?;
        Ok(Self(password))
    }

    /// The password, to be hashed.
    pub fn as_password(&self) -> &Password {
        &self.0
    }
}

/// Passwords that are common in Spanish and unknown to `zxcvbn`, whose lists are English.
const SPANISH_COMMON: &str = include_str!("spanish_common_passwords.txt");

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PasswordRules<'_> = PasswordRules { min_length: 12, context: &[] };

    fn new_password(text: &str) -> Result<NewPassword, PasswordFault> {
        NewPassword::parse(text.into(), Some(&Username::parse("ana").unwrap()), RULES)
    }

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        assert_eq!(new_password("eleven char").err(), Some(PasswordFault::TooShort(12)));
        assert_eq!(new_password(&"x y".repeat(100)).err(), Some(PasswordFault::TooLong));
        for guessable in
            ["password1234", "aaaaaaaaaaaaaaa", "123456789012", "ana-ana-ana-", "porteroportero", "contraseña1234"]
        {
            assert_eq!(new_password(guessable).err(), Some(PasswordFault::Guessable), "{guessable}");
        }
    }

    #[test]
    fn a_new_password_stays_as_typed() {
        for good in
            ["correct horse battery", "  verde que te quiero  ", "ñandú llueve sobre Cádiz", "🦔🌋🪕🧶🥝🛶🪁🧂🦩🐌🫐🪲"]
        {
            assert_eq!(new_password(good).map(|p| p.as_password().as_str().to_owned()).ok().as_deref(), Some(good));
        }
    }
}
