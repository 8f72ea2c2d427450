//! Hashing and checking passwords: the only bcrypt. It blocks, so acts that hash run on the password workers.

mod brought;
mod moved;
mod spellings;

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization;

use self::brought::{Brought, sha256_hex};
pub use self::moved::MovedPepper;
pub use self::spellings::{BroughtHash, HashFault, spelled_for_others};
use crate::domain::{NewPassword, Password};
use crate::sealing::SealingKey;

/// The start of a hash that Portero made. After it come the pepper's id and what bcrypt itself writes.
const SCHEME: &str = "$portero1$";
/// The start of a stored hash of Django's `bcrypt_sha256`. After it comes what bcrypt writes.
const SHA256_BCRYPT: &str = "$sha256-bcrypt";
/// The costs that the setting allows, and a stored hash with them. A higher one could stall a thread for minutes: somebody has tampered
/// with the database.
const COSTS: RangeInclusive<u32> = 4..=16;
/// The highest cost in a hash of plain bcrypt. Nobody here chose it, and whoever tries a password spends it: each step beyond this one
/// keeps a password worker busy for over two seconds more.
const PLAIN_MAX_COST: u32 = 15;
/// The length of salt and digest, with which bcrypt's hashes end. What stands before them is the hash's form.
const SALT_AND_DIGEST: usize = 53;
/// How many bytes of a password bcrypt itself looks at; it would cut off the rest.
const PLAIN_MAX_BYTES: usize = 72;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("bcrypt failed")]
    Bcrypt(#[from] bcrypt::BcryptError),
    #[error("a stored password hash is of a form this version does not know")]
    UnknownForm,
    #[error("a stored password hash was made with another pepper ({found}) than the one at hand ({at_hand})")]
    OtherPepper { found: String, at_hand: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Right,
    /// Right, but the hash should be made again: its form is an older one, or its cost another.
    RightButOld,
    Wrong,
}

/// Makes and checks hashes with one pepper and one cost.
pub struct Passwords {
    pepper: hmac::Key,
    pepper_id: String,
    cost: u32,
    /// Seals the peppers of other installations.
    moved_key: SealingKey,
}

/// A stored hash, taken apart.
enum Stored<'a> {
    /// Of Portero's own scheme: what bcrypt wrote, and its cost.
    Peppered(&'a str, u32),
    /// The same, of another installation with this pepper.
    Moved(Box<hmac::Key>, &'a str, u32),
    /// Of plain bcrypt, brought along from elsewhere.
    Plain(&'a str, u32),
    /// Of bcrypt over the password's SHA-256, brought along.
    Sha256(&'a str, u32),
    /// Brought along, of another scheme.
    Brought(Brought),
}

impl Passwords {
    /// `pepper_id` is written into every hash, to name the pepper. `cost`: bcrypt's, 4 to 16.
    pub fn new(pepper: &[u8], pepper_id: &str, cost: u32) -> Self {
        let moved_key = moved::key(pepper);
        Self { pepper: hmac::Key::new(hmac::HMAC_SHA384, pepper), pepper_id: pepper_id.to_owned(), cost, moved_key }
    }

    /// The hash to store for a password. Blocks for as long as one hash takes, as do the other methods that hash or check.
    pub fn hash(&self, password: &NewPassword) -> Result<String, Error> {
        self.hash_again(password.as_password())
    }

    /// Like [`hash`](Self::hash), for a password that was right: its hash is made again, its strength is not questioned.
    pub fn hash_again(&self, password: &Password) -> Result<String, Error> {
        let bcrypt = bcrypt::hash(peppered(&self.pepper, password), self.cost)?;
        Ok(format!("{SCHEME}{}{bcrypt}", self.pepper_id))
    }

    /// Reads a hash as [`BroughtHash::parse`] does, or one that a Portero has made with this pepper or with one of `peppers`.
    pub fn take_over(&self, text: &str, peppers: &[MovedPepper]) -> Result<BroughtHash, HashFault> {
        match self.take_apart(text) {
            Ok(Stored::Peppered(bcrypt, _) | Stored::Moved(_, bcrypt, _)) => {
                BroughtHash::with_bcrypt(text.to_owned(), bcrypt)
            }
            Err(Error::OtherPepper { found, .. }) => {
                let pepper = peppers.iter().find(|pepper| pepper.id == found).ok_or(HashFault::OtherPepper)?;
                let bcrypt = &text[SCHEME.len() + found.len()..];
                BroughtHash::with_bcrypt(pepper.spelled(bcrypt), bcrypt)
            }
            Err(_) if text.starts_with(SCHEME) => Err(HashFault::Malformed("bcrypt")),
            Ok(_) | Err(_) => BroughtHash::parse(text),
        }
    }

    /// Compares the password with a stored hash. Takes the time of one hash, whether it is right or wrong.
    pub fn check(&self, password: &Password, stored: &str) -> Result<Check, Error> {
        match self.take_apart(stored)? {
            Stored::Plain(bcrypt, _) => check_plain(password, bcrypt),
            Stored::Sha256(bcrypt, _) => Ok(old_if(bcrypt::verify(sha256_hex(password.as_str().as_bytes()), bcrypt)?)),
            Stored::Brought(brought) => Ok(old_if(brought.matches(password.as_str().as_bytes())?)),
            Stored::Moved(pepper, bcrypt, _) => Ok(old_if(bcrypt::verify(peppered(&pepper, password), bcrypt)?)),
            Stored::Peppered(bcrypt, cost) => Ok(match bcrypt::verify(peppered(&self.pepper, password), bcrypt)? {
                true if cost == self.cost => Check::Right,
                true => Check::RightButOld,
                false => Check::Wrong,
            }),
        }
    }

    /// Does all that checking a hash of this form does, for a name that has none: an unknown user can't be told apart by the time an
    /// answer takes.
    pub fn check_decoy(&self, password: &Password, form: &str) -> Result<(), Error> {
        self.check(password, &decoy(form))?;
        Ok(())
    }

    /// The form of the hashes that are made now.
    pub fn current_form(&self) -> String {
        format!("{SCHEME}{}$2b${:02}$", self.pepper_id, self.cost)
    }

    /// The cost of hashes of this form; 0: of another scheme than bcrypt, which the present one takes the place of. An error if such a
    /// hash can't be checked.
    pub fn cost_of_form(&self, form: &str) -> Result<u32, Error> {
        match self.take_apart(&decoy(form))? {
            Stored::Peppered(_, cost)
            | Stored::Moved(_, _, cost)
            | Stored::Plain(_, cost)
            | Stored::Sha256(_, cost) => Ok(cost),
            Stored::Brought(_) => Ok(0),
        }
    }

    fn take_apart<'a>(&self, stored: &'a str) -> Result<Stored<'a>, Error> {
        if let Some((sealed, bcrypt)) = moved::parts(stored) {
            let pepper = moved::open(&self.moved_key, sealed).ok_or(Error::UnknownForm)?;
            let pepper = Box::new(hmac::Key::new(hmac::HMAC_SHA384, &pepper));
            return Ok(Stored::Moved(pepper, bcrypt, cost_of(bcrypt)?));
        }
        let Some(ours) = stored.strip_prefix(SCHEME) else {
            if let Some(brought) = Brought::parse(stored) {
                return Ok(Stored::Brought(brought));
            }
            let over_sha256 = stored.strip_prefix(SHA256_BCRYPT);
            let bcrypt = over_sha256.unwrap_or(stored);
            let cost = cost_of(bcrypt)?;
            return match over_sha256 {
                _ if cost > PLAIN_MAX_COST => Err(Error::UnknownForm),
                Some(_) => Ok(Stored::Sha256(bcrypt, cost)),
                None => Ok(Stored::Plain(bcrypt, cost)),
            };
        };
        let at = ours.find('$').ok_or(Error::UnknownForm)?;
        let (pepper_id, bcrypt) = ours.split_at(at);
        if pepper_id != self.pepper_id {
            return Err(Error::OtherPepper { found: pepper_id.to_owned(), at_hand: self.pepper_id.clone() });
        }
        Ok(Stored::Peppered(bcrypt, cost_of(bcrypt)?))
    }
}

/// What bcrypt is given: 64 characters without NUL for a password of any length, and of no use to anybody without the pepper.
fn peppered(pepper: &hmac::Key, password: &Password) -> String {
    let normal: String = password.as_str().nfc().collect();
    STANDARD_NO_PAD.encode(hmac::sign(pepper, normal.as_bytes()))
}

/// A well-formed hash of this form that no password is known to have.
fn decoy(form: &str) -> String {
    match Brought::decoy(form) {
        Some(brought) => brought.to_string(),
        // A dot is a zero in bcrypt's base64.
        None => format!("{form}{}", ".".repeat(SALT_AND_DIGEST)),
    }
}

fn check_plain(password: &Password, stored: &str) -> Result<Check, Error> {
    let text = password.as_str();
    let matches = bcrypt::verify(text, stored)?;
    // bcrypt repeats the password, a NUL after each, and cuts at 72 bytes: a password with a NUL, or longer than that, has the
    // hash of another one.
    let has_twins = text.contains('\0') || text.len() > PLAIN_MAX_BYTES;
    Ok(old_if(matches && !has_twins))
}

/// Whatever was brought along is an older form.
fn old_if(matches: bool) -> Check {
    if matches { Check::RightButOld } else { Check::Wrong }
}

/// The cost in `$2b$12$…`, unless bcrypt or Portero would not use it.
fn cost_of(bcrypt: &str) -> Result<u32, Error> {
    let after_version = ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| bcrypt.strip_prefix(version));
    let cost = after_version.and_then(|rest| rest.split('$').next()).and_then(|text| text.parse().ok());
    cost.filter(|cost| COSTS.contains(cost)).ok_or(Error::UnknownForm)
}

/// Measures how long one hash of this cost takes on this machine. Blocks for as long.
pub fn time_of_hash(cost: u32) -> Result<Duration, Error> {
    let begin = Instant::now();
    bcrypt::hash("correct horse battery staple", cost)?;
    Ok(begin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(b"a pepper of at least thirty-two bytes", "0123456789abcdef", 4)
    }

    fn typed(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn only_the_very_password_is_right() {
        let passwords = passwords();
        let stored = passwords.hash_again(&typed("correct horse")).unwrap();
        assert!(stored.starts_with("$portero1$0123456789abcdef$2b$04$"), "{stored}");
        assert_eq!(passwords.check(&typed("correct horse"), &stored).unwrap(), Check::Right);
        for wrong in ["correct horse ", "Correct horse", "correct horse\0", "correct horse\0correct horse", ""] {
            assert_eq!(passwords.check(&typed(wrong), &stored).unwrap(), Check::Wrong, "{wrong:?}");
        }
    }

    #[test]
    fn a_long_password_counts_to_its_last_character() {
        let passwords = passwords();
        let long = "x".repeat(200);
        let stored = passwords.hash_again(&typed(&format!("{long}a"))).unwrap();
        assert_eq!(passwords.check(&typed(&format!("{long}b")), &stored).unwrap(), Check::Wrong);
    }

    #[test]
    fn two_keyboards_write_the_same_password() {
        let passwords = passwords();
        let stored = passwords.hash_again(&typed("ma\u{f1}ana")).unwrap();
        assert_eq!(passwords.check(&typed("man\u{303}ana"), &stored).unwrap(), Check::Right);
    }

    #[test]
    fn a_plain_bcrypt_hash_is_right_but_old() {
        let passwords = passwords();
        let stored = bcrypt::hash("correct horse", 4).unwrap();
        for stored in [stored.clone(), stored.replacen("$2b$", "$2y$", 1)] {
            assert_eq!(passwords.check(&typed("correct horse"), &stored).unwrap(), Check::RightButOld);
            assert_eq!(passwords.check(&typed("wrong"), &stored).unwrap(), Check::Wrong);
        }
    }

    #[test]
    fn the_twins_of_plain_bcrypt_are_wrong() {
        let passwords = passwords();
        let stored = bcrypt::hash("a", 4).unwrap();
        assert_eq!(passwords.check(&typed("a\0a"), &stored).unwrap(), Check::Wrong);
        let stored = bcrypt::hash("x".repeat(72), 4).unwrap();
        assert_eq!(passwords.check(&typed(&"x".repeat(73)), &stored).unwrap(), Check::Wrong);
    }

    #[test]
    fn another_cost_is_right_but_old() {
        let passwords = passwords();
        let dearer = Passwords::new(b"a pepper of at least thirty-two bytes", "0123456789abcdef", 5);
        let stored = dearer.hash_again(&typed("correct horse")).unwrap();
        assert_eq!(passwords.check(&typed("correct horse"), &stored).unwrap(), Check::RightButOld);
    }

    #[test]
    fn a_hash_that_was_tampered_with_is_an_error_and_costs_nothing() {
        let passwords = passwords();
        let cost_31 = passwords.hash_again(&typed("x")).unwrap().replace("$2b$04$", "$2b$31$");
        for stored in [cost_31.as_str(), "", "plain text", "$portero1$", "$portero1$0123456789abcdef$", "$1$md5"] {
            assert!(passwords.check(&typed("x"), stored).is_err(), "{stored:?}");
        }
    }

    #[test]
    fn a_hash_made_with_another_pepper_is_an_error_not_a_wrong_password() {
        let other = Passwords::new(b"another pepper of thirty-two bytes!!", "fedcba9876543210", 4);
        let stored = other.hash_again(&typed("x")).unwrap();
        assert!(matches!(passwords().check(&typed("x"), &stored), Err(Error::OtherPepper { .. })));
    }

    #[test]
    fn a_cost_that_was_brought_along_is_bounded() {
        let passwords = passwords();
        for (form, cost) in [("$2a$04$", Some(4)), ("$2y$15$", Some(15)), ("$2y$16$", None), ("$2b$03$", None)] {
            assert_eq!(passwords.cost_of_form(form).ok(), cost, "{form}");
        }
        assert!(passwords.check_decoy(&typed("x"), "$2y$16$").is_err());
        assert!(passwords.check_decoy(&typed("x"), "$2b$03$").is_err());
    }

    #[test]
    fn the_decoy_of_any_form_is_checked_like_a_hash_and_matches_nothing() {
        let passwords = passwords();
        assert!(passwords.hash_again(&typed("x")).unwrap().starts_with(&passwords.current_form()));
        for form in [passwords.current_form().as_str(), "$2a$04$", "$2b$05$", "$2y$04$"] {
            let decoy = format!("{form}{}", ".".repeat(SALT_AND_DIGEST));
            assert_eq!(passwords.check(&typed("anything"), &decoy).unwrap(), Check::Wrong, "{form}");
        }
    }
}
