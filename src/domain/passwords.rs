//! Passwords as somebody typed them, and passwords that may be set.

use super::Username;
use super::known_words::{Known, KnownWords};

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

impl PasswordRules<'_> {
    /// The part of [`NewPassword::parse`] that costs nothing: too short or too long.
    pub fn check_length(&self, text: &str) -> Result<(), PasswordFault> {
        let characters = text.chars().count();
        if characters < self.min_length {
            return Err(PasswordFault::TooShort(self.min_length));
        }
        if characters > NewPassword::MAX_CHARS {
            return Err(PasswordFault::TooLong);
        }
        Ok(())
    }
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
    /// What a guesser knows beforehand, and too little else: the user's name, a word of the context, a famous phrase.
    #[error("the password is too easy to guess: {0}")]
    Known(Known),
}

impl NewPassword {
    /// The longest password, in characters, not bytes.
    pub const MAX_CHARS: usize = 256;
    /// The fewest guesses that a password has to withstand, as a power of ten. `zxcvbn`'s score 3 (of 0 to 4; "safely
    /// unguessable") begins here, and an attacker has to ask a server that throttles.
    const MIN_GUESSES_LOG10: f64 = 8.0;
    /// The same for what remains besides words that a guesser knows beforehand. Where those stand, how they are written and what
    /// punctuation is around them adds to it, about as much as two more characters would.
    const MIN_REMAINDER_LOG10: f64 = 6.0;

    /// Checks `text` against `rules`. `username`: whose password it is to be, if that is known already. Takes milliseconds of CPU
    /// (`cargo bench --bench engine`), so a server does this on the password workers.
    pub fn parse(text: String, username: Option<&Username>, rules: PasswordRules<'_>) -> Result<Self, PasswordFault> {
        rules.check_length(&text)?;
        let site_words = || rules.context.iter().map(String::as_str).chain(["portero"]);
        let mut known = KnownWords::phrases();
        username.into_iter().for_each(|name| known.add(Known::UserName, name.as_str()));
        site_words().for_each(|word| known.add(Known::SiteWord, word));
        let name = username.map(Username::as_str);
        let words: Vec<&str> = site_words().chain(name).chain(SPANISH_COMMON.split_whitespace()).collect();
        if let Some((known, remainder)) = known.remainder(&text)
            && !withstands(&remainder, &words, Self::MIN_REMAINDER_LOG10)
        {
            return Err(PasswordFault::Known(known));
        }
        if !withstands(&text.to_lowercase(), &words, Self::MIN_GUESSES_LOG10) {
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

/// Whether it takes so many guesses to find `text`, as a power of ten. Whoever guesses the whole guesses each part of it, so one good
/// part will do.
fn withstands(text: &str, words: &[&str], guesses_log10: f64) -> bool {
    parts(text).iter().any(|part| zxcvbn::zxcvbn(part, words).guesses_log10() >= guesses_log10)
}

/// How many characters `zxcvbn` is given at a time: its cost grows with their square, and beyond that.
const PART_CHARS: usize = 32;
/// The symbols that `zxcvbn` reads as letters (its `L33T_TABLE`).
const SYMBOLS_FOR_LETTERS: &str = "@({[<!|$+%";
/// How many of these symbols are left in a part. `zxcvbn` reads a text once for each way to turn its symbols and digits into letters:
/// ten digits and three symbols make up to about fifty ways, all the symbols more than a thousand.
const MOST_SYMBOLS: usize = 3;

/// The parts of a password that are judged: its beginning and, of a long one, its end. Symbols beyond the first [`MOST_SYMBOLS`] are
/// replaced, each by another character that stands for no letter.
fn parts(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let parts = match characters.len().checked_sub(PART_CHARS) {
        None | Some(0) => vec![characters.as_slice()],
        Some(rest) => vec![&characters[..PART_CHARS], &characters[rest..]],
    };
    parts.into_iter().map(with_few_symbols).collect()
}

fn with_few_symbols(part: &[char]) -> String {
    let mut kept = Vec::new();
    let replaced = part.iter().map(|&c| {
        if !SYMBOLS_FOR_LETTERS.contains(c) || kept.contains(&c) {
            return c;
        }
        if kept.len() < MOST_SYMBOLS {
            kept.push(c);
            return c;
        }
        // From the private use area, so that different symbols stay different.
        char::from_u32(0xE000 + u32::from(c)).unwrap_or(c)
    });
    replaced.collect()
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
        for guessable in ["password1234", "aaaaaaaaaaaaaaa", "123456789012", "contraseña1234"] {
            assert_eq!(new_password(guessable).err(), Some(PasswordFault::Guessable), "{guessable}");
        }
    }

    #[test]
    fn a_password_built_on_a_name_or_a_famous_phrase_is_refused_and_the_reason_says_which() {
        let valeria = Username::parse("valeria").unwrap();
        let context = ["Acme Login".to_owned(), "id.example.org".to_owned()];
        let rules = PasswordRules { min_length: 12, context: &context };
        let judge = |text: &str| NewPassword::parse(text.into(), Some(&valeria), rules).err();
        for (text, known) in [
            ("valeria2026!!", Known::UserName),
            ("V4l3r1@-V4l3r1@", Known::UserName),
            ("Valeria123456!", Known::UserName),
            ("valeria.madrid.99", Known::UserName),
            ("Portero2026!!", Known::SiteWord),
            ("Acme#Login#2026", Known::SiteWord),
            ("example.org 1999", Known::SiteWord),
            ("correct horse battery staple", Known::Phrase),
            ("Ser o no ser... 2026", Known::Phrase),
        ] {
            assert_eq!(judge(text), Some(PasswordFault::Known(known)), "{text}");
        }
        for good in [
            "valeria and seven herons on a wire",
            "las garzas de valeria cuentan once",
            "valeria kT7-qm2-Zr",
            "portero: paraguas y caracol",
            "correct horse battery staple, said the snail with an umbrella",
            "login is what herons never do",
        ] {
            assert_eq!(judge(good), None, "{good}");
        }
    }

    #[test]
    fn what_zxcvbn_is_given_is_short_and_has_few_symbols_to_read_as_letters() {
        let dear = "4@8({[<369&#!1/|0$5+7%2".repeat(11);
        for part in parts(&dear) {
            assert_eq!(part.chars().count(), PART_CHARS);
            let symbols: std::collections::HashSet<_> =
                part.chars().filter(|c| SYMBOLS_FOR_LETTERS.contains(*c)).collect();
            assert!(symbols.len() <= MOST_SYMBOLS, "{part}");
        }
        assert_eq!(parts("p@$$w0rd!"), ["p@$$w0rd!"], "an ordinary password is judged as it is");
    }

    #[test]
    fn a_long_password_is_as_good_as_the_better_of_its_ends() {
        let (weak, good) = ("a".repeat(40), "seven herons on one wire");
        assert!(new_password(&format!("{good}{weak}")).is_ok());
        assert!(new_password(&format!("{weak}{good}")).is_ok());
        for guessable in [weak.repeat(6), "password".repeat(20)] {
            assert_eq!(new_password(&guessable).err(), Some(PasswordFault::Guessable), "{guessable}");
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
