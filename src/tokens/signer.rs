//! What makes signatures. `jsonwebtoken` reads a private key anew for each of them, and checking one of RSA takes about as long as signing
//! with it; here each is read once.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::errors::ErrorKind;

use super::algorithm::Algorithm;
use super::fault::IssueError;

pub(super) enum Signer {
    Shared(Algorithm, EncodingKey),
    Rsa(&'static dyn RsaEncoding, RsaKeyPair),
    Curve(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// `None`: the key is not of the algorithm's family, or it is one of RSA with less than 2048 bits.
    pub(super) fn new(algorithm: Algorithm, key: EncodingKey) -> Option<Self> {
        let rsa = |encoding| Some(Self::Rsa(encoding, RsaKeyPair::from_der(key.as_bytes()).ok()?));
        let curve = |curve: &'static EcdsaSigningAlgorithm| {
            Some(Self::Curve(EcdsaKeyPair::from_pkcs8(curve, key.as_bytes()).ok()?))
        };
        match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Some(Self::Shared(algorithm, key)),
            Algorithm::RS256 => rsa(&RSA_PKCS1_SHA256),
            Algorithm::RS384 => rsa(&RSA_PKCS1_SHA384),
            Algorithm::RS512 => rsa(&RSA_PKCS1_SHA512),
            Algorithm::PS256 => rsa(&RSA_PSS_SHA256),
            Algorithm::PS384 => rsa(&RSA_PSS_SHA384),
            Algorithm::PS512 => rsa(&RSA_PSS_SHA512),
            Algorithm::ES256 => curve(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => curve(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDSA => Some(Self::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_bytes()).ok()?)),
        }
    }

    /// The signature of `message` in base64url, as a JWT carries it. (RFC 7518 §3; RFC 8037 §3.1)
    pub(super) fn sign(&self, message: &str) -> Result<String, IssueError> {
        let message = message.as_bytes();
        let random = SystemRandom::new();
        match self {
            Self::Shared(algorithm, key) => Ok(jsonwebtoken::crypto::sign(message, key, algorithm.to_jsonwebtoken())?),
            Self::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(URL_SAFE_NO_PAD.encode(signature))
            }
            Self::Curve(pair) => Ok(URL_SAFE_NO_PAD.encode(pair.sign(&random, message).map_err(failed)?)),
            Self::Ed25519(pair) => Ok(URL_SAFE_NO_PAD.encode(pair.sign(message))),
        }
    }
}

/// The library keeps its reasons to itself.
fn failed(Unspecified: Unspecified) -> IssueError {
    IssueError::Sign(ErrorKind::Signing("the signature could not be made".into()).into())
}
