//! Hashes that another installation of Portero has made. Each is stored with that installation's pepper, sealed by a key that is derived from
//! the pepper here: so it can be checked wherever the database is served, and nobody who has only the database can guess at it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Passwords;
use crate::sealing::{KEY_BYTES, NoRandomNumbers, SealingKey};

/// The start of such a hash. After it come the sealed pepper and what bcrypt itself writes.
const SCHEME: &str = "$portero1-moved$";
const PLACE: &str = "pepper";

/// The pepper of another installation, as hashes that were made with it are stored with it. Has no `Debug`, so that it can't be logged.
pub struct MovedPepper {
    pub(super) id: String,
    sealed: String,
}

impl MovedPepper {
    /// The stored spelling of what bcrypt wrote of a password with this pepper.
    pub(super) fn spelled(&self, bcrypt: &str) -> String {
        format!("{SCHEME}{}{bcrypt}", self.sealed)
    }
}

impl Passwords {
    /// Seals another installation's pepper. Once for all hashes that it belongs to: how they are spelled up to the salt is their form, and each
    /// call gives another. `id`: by which its hashes name it.
    pub fn seal_pepper(&self, pepper: &[u8], id: String) -> Result<MovedPepper, NoRandomNumbers> {
        let sealed = self.moved_key.seal(pepper, PLACE)?;
        Ok(MovedPepper { id, sealed: URL_SAFE_NO_PAD.encode(sealed) })
    }
}

pub(super) fn key(pepper: &[u8]) -> SealingKey {
    let mut key = [0; KEY_BYTES];
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, pepper), b"portero moved peppers");
    key.copy_from_slice(derived.as_ref());
    SealingKey::new(&key)
}

/// The sealed pepper, and what bcrypt wrote. `None`: it is no such hash.
pub(super) fn parts(stored: &str) -> Option<(&str, &str)> {
    let rest = stored.strip_prefix(SCHEME)?;
    rest.find('$').map(|at| rest.split_at(at))
}

pub(super) fn open(key: &SealingKey, sealed: &str) -> Option<Vec<u8>> {
    key.open(&URL_SAFE_NO_PAD.decode(sealed).ok()?, PLACE)
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Error, HashFault};
    use super::*;
    use crate::domain::Password;

    const PEPPER: &[u8] = b"the pepper of the first installation";

    fn passwords(pepper: &[u8], id: &str) -> Passwords {
        Passwords::new(pepper, id, 4)
    }

    fn typed(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn a_hash_moves_with_its_pepper_and_is_right_but_old() {
        let (first, second) = (passwords(PEPPER, "01"), passwords(b"another pepper of thirty-two bytes!!", "02"));
        let made = first.hash_again(&typed("correct horse")).unwrap();
        assert_eq!(second.take_over(&made, &[]).err(), Some(HashFault::OtherPepper));
        let pepper = second.seal_pepper(PEPPER, "01".into()).unwrap();
        let moved = second.take_over(&made, &[pepper]).ok().unwrap();
        let moved = moved.as_str();
        assert_eq!(second.check(&typed("correct horse"), moved).unwrap(), Check::RightButOld);
        assert_eq!(second.check(&typed("wrong"), moved).unwrap(), Check::Wrong);
        let form = &moved[..=moved.rfind('$').unwrap()];
        assert_eq!(second.cost_of_form(form).unwrap(), 4);
        second.check_decoy(&typed("x"), form).unwrap();
        assert!(matches!(first.check(&typed("correct horse"), moved), Err(Error::UnknownForm)), "sealed by the second");
        assert!(second.take_over(moved, &[]).is_ok(), "back where it was exported");
    }
}
