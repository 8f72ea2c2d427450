//! The keys that sign and verify, by `kid`. A token is checked with exactly one of them, never with "all".

use aws_lc_rs::digest;
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::options::Algorithm;

/// One key and the one algorithm it serves.
pub struct Key {
    kid: String,
    algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    /// A key for one of the HMAC algorithms. Its `kid` is the beginning of the secret's SHA-256.
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self {
            kid: fingerprint(secret),
            algorithm,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The base64url signature of `message`.
    pub(super) fn sign(&self, message: &str) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.encoding, in_crate(self.algorithm))
    }

    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        // An error here is a signature that is not even base64 or not of this algorithm's form: no signature of ours.
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.decoding, in_crate(self.algorithm))
            .unwrap_or(false)
    }
}

/// Sixteen hexadecimal digits that name a secret without telling it.
pub fn fingerprint(secret: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, secret);
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The key that signs, and those that still verify.
pub struct Keys {
    primary: Key,
    verify_only: Vec<Key>,
}

impl Keys {
    pub fn one(primary: Key) -> Self {
        Self { primary, verify_only: Vec::new() }
    }

    pub fn primary(&self) -> &Key {
        &self.primary
    }

    /// Whether new tokens name their key: needed as soon as there could be a doubt.
    pub(super) fn named(&self) -> bool {
        !self.verify_only.is_empty() || self.primary.algorithm.min_shared_key().is_none()
    }

    /// The one key a token with this `kid` is checked with. A ring of one needs no name: a peer may write any.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match kid {
            Some(kid) if !self.verify_only.is_empty() => {
                [&self.primary].into_iter().chain(&self.verify_only).find(|key| key.kid == kid)
            }
            Some(_) | None => Some(&self.primary),
        }
    }
}

fn in_crate(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::HS384 => jsonwebtoken::Algorithm::HS384,
        Algorithm::HS512 => jsonwebtoken::Algorithm::HS512,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::RS384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::RS512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::PS384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::PS512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}
