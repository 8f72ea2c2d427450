//! Keys that are derived from a secret. (HKDF, RFC 5869)

use aws_lc_rs::hkdf;

use super::error::OpenError;

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Derives a key from `secret`, a different one for each purpose.
pub(super) fn derived<const N: usize>(secret: &[u8], purpose: &[u8]) -> Result<[u8; N], OpenError> {
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"portero").extract(secret);
    let mut key = [0; N];
    root.expand(&[purpose], Length(N)).and_then(|okm| okm.fill(&mut key)).map_err(|_| OpenError::Random)?;
    Ok(key)
}
