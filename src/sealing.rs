//! Sealing: what is stored or handed out so that only this installation can read or make it. (AES-256-GCM, NIST SP 800-38D)

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system has no random numbers")]
pub struct NoRandomNumbers;

/// A key that seals. Each sealed text has a nonce of its own, at random: one key may seal some four thousand million of them.
pub struct SealingKey(RandomizedNonceKey);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl SealingKey {
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("a key of 32 bytes is one for AES-256"))
    }

    /// `place`: says where the sealed text belongs; it opens nowhere else.
    pub fn seal(&self, text: &[u8], place: &str) -> Result<Vec<u8>, NoRandomNumbers> {
        let mut sealed = text.to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed).map_err(|_| NoRandomNumbers)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// The text. `None`: it was not sealed with this key for this place, or was changed.
    pub fn open(&self, sealed: &[u8], place: &str) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self.0.open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest).ok()?;
        Some(text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_at_the_same_place_unchanged() {
        let (key, other) = (SealingKey::new(&[7; KEY_BYTES]), SealingKey::new(&[8; KEY_BYTES]));
        let sealed = key.seal(b"a secret", "here").unwrap();
        assert_eq!(key.open(&sealed, "here").as_deref(), Some(&b"a secret"[..]));
        assert_eq!(key.open(&sealed, "there"), None);
        assert_eq!(other.open(&sealed, "here"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed, "here"), None, "byte {at}");
            assert_eq!(key.open(&sealed[..at], "here"), None, "cut at {at}");
        }
        assert_ne!(key.seal(b"a secret", "here").unwrap(), sealed, "the same text never looks the same");
    }
}
