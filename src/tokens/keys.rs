//! The keys that sign and verify, by `kid`. A token is checked with exactly one of them, never with each in turn.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair,
};
use aws_lc_rs::{digest, rand, rsa};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::algorithm::{Algorithm, Family};
use super::fault::IssueError;
use super::options::Secret;
use super::signer::Signer;

/// Length of a generated shared key in bytes: enough for every HMAC algorithm (RFC 7518 §3.2).
const SHARED_KEY_BYTES: usize = 64;

/// A key that signs and verifies, or a public key, which only verifies.
pub struct Key {
    kid: String,
    algorithm: Algorithm,
    /// `None`: the key only verifies.
    signing: Option<Signer>,
    verifying: DecodingKey,
    /// The public key, which may be published. `None`: a shared key has none.
    public: Option<Jwk>,
}

/// Why a key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// An HMAC algorithm was given what looks like a public key, which anybody may have. (CVE-2022-29217)
    #[error("a public key is no secret: {algorithm} would let anybody who has it sign tokens", algorithm = .0.as_str())]
    PublicAsSecret(Algorithm),
    /// The material is not PEM, or a key of another kind than the algorithm takes.
    #[error("it is not {wanted}", wanted = wanted(*.0, *.1))]
    Unfit(Algorithm, Half),
    /// The public key belongs to another private key.
    #[error("the public key does not belong to the private key")]
    NotAPair,
    /// The system could not make a key.
    #[error("no key could be made")]
    NotMade,
}

/// Which half of a key pair is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Signs.
    Private,
    /// Verifies.
    Public,
}

fn wanted(algorithm: Algorithm, half: Half) -> String {
    let half = match half {
        Half::Private => "private",
        Half::Public => "public",
    };
    let kind = match algorithm.family() {
        Family::Shared => return format!("a secret for {}", algorithm.as_str()),
        // Fewer bits are refused. (RFC 7518 §3.3)
        Family::Rsa => "RSA (2048 bits or more)",
        Family::P256 => "elliptic curve (P-256)",
        Family::P384 => "elliptic curve (P-384)",
        Family::Ed25519 => "Ed25519",
    };
    format!("a {half} {kind} key in PEM form, which {} needs", algorithm.as_str())
}

impl Key {
    /// Returns a key that signs. `material`: the secret of an HMAC algorithm, otherwise a private key in PEM form (PKCS#8; also
    /// PKCS#1 for RSA and SEC 1 for elliptic curves). (`JWT_SECRET_KEY`, `JWT_PRIVATE_KEY`)
    pub fn new(algorithm: Algorithm, material: &Secret) -> Result<Self, KeyError> {
        if algorithm.family() == Family::Shared {
            return Self::shared(algorithm, material.as_bytes());
        }
        let signing = private(algorithm, material.as_bytes())?;
        let unfit = |_| KeyError::Unfit(algorithm, Half::Private);
        let public = Jwk::from_encoding_key(&signing, algorithm.to_jsonwebtoken()).map_err(unfit)?;
        let verifying = DecodingKey::from_jwk(&public).map_err(unfit)?;
        let signing = Signer::new(algorithm, signing).ok_or(KeyError::Unfit(algorithm, Half::Private))?;
        Ok(Self { signing: Some(signing), ..Self::of_public(algorithm, public, verifying)? })
    }

    /// Returns a key that only verifies, from a public key in PEM form. (`JWT_PUBLIC_KEY`)
    pub fn verify_only(algorithm: Algorithm, public_pem: &[u8]) -> Result<Self, KeyError> {
        let unfit = || KeyError::Unfit(algorithm, Half::Public);
        let verifying = match algorithm.family() {
            Family::Shared => return Err(unfit()),
            Family::Rsa => DecodingKey::from_rsa_pem(public_pem),
            Family::P256 | Family::P384 => DecodingKey::from_ec_pem(public_pem),
            Family::Ed25519 => DecodingKey::from_ed_pem(public_pem),
        };
        let verifying = verifying.map_err(|_| unfit())?;
        let public = Jwk::from_decoding_key(&verifying, Some(algorithm.to_jsonwebtoken())).map_err(|_| unfit())?;
        Self::of_public(algorithm, public, verifying)
    }

    /// Returns this key unchanged if `public_pem` is its public half. Another key's public half is [`KeyError::NotAPair`].
    pub fn with_public(self, public_pem: &[u8]) -> Result<Self, KeyError> {
        let public = Self::verify_only(self.algorithm, public_pem)?;
        if public.kid == self.kid { Ok(self) } else { Err(KeyError::NotAPair) }
    }

    /// Makes a new key and returns what has to be kept of it, in the form that [`new`](Self::new) takes.
    pub fn generate(algorithm: Algorithm) -> Result<Secret, KeyError> {
        let pem = |der: &[u8]| Secret::new(pem::encode(&pem::Pem::new("PRIVATE KEY", der)));
        let not_made = |_| KeyError::NotMade;
        let curve = |curve| {
            let pair = EcdsaKeyPair::generate(curve).map_err(not_made)?;
            Ok(pem(pair.to_pkcs8v1().map_err(not_made)?.as_ref()))
        };
        match algorithm.family() {
            Family::Shared => {
                let mut secret = [0; SHARED_KEY_BYTES];
                rand::fill(&mut secret).map_err(not_made)?;
                Ok(Secret::new(secret))
            }
            Family::Rsa => {
                let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(not_made)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(not_made)?;
                Ok(pem(der.as_ref()))
            }
            Family::P256 => curve(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Family::P384 => curve(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(not_made)?;
                Ok(pem(pair.to_pkcs8v1().map_err(not_made)?.as_ref()))
            }
        }
    }

    fn shared(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if looks_public(secret) {
            return Err(KeyError::PublicAsSecret(algorithm));
        }
        Ok(Self {
            kid: fingerprint(secret),
            algorithm,
            signing: Some(Signer::Shared(algorithm, EncodingKey::from_secret(secret))),
            verifying: DecodingKey::from_secret(secret),
            public: None,
        })
    }

    fn of_public(algorithm: Algorithm, mut public: Jwk, verifying: DecodingKey) -> Result<Self, KeyError> {
        let unfit = || KeyError::Unfit(algorithm, Half::Public);
        if !is_of(algorithm.family(), &public) {
            return Err(unfit());
        }
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| unfit())?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_algorithm = algorithm.as_str().parse::<KeyAlgorithm>().ok();
        Ok(Self { kid, algorithm, signing: None, verifying, public: Some(public) })
    }

    /// The key's name in tokens: for a key pair its thumbprint (RFC 7638), for a shared key its [`fingerprint`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The base64url signature of `message`.
    pub(super) fn sign(&self, message: &str) -> Result<String, super::IssueError> {
        self.signing.as_ref().ok_or(IssueError::VerifiesOnly)?.sign(message)
    }

    /// Whether this signature was made with this key and `algorithm`, which has to be of the key's family.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &str, signature: &str) -> bool {
        // An error means that the signature is not base64 or not of this algorithm's form, and so not made with this key.
        algorithm.family() == self.algorithm.family()
            && jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.verifying, algorithm.to_jsonwebtoken())
                .unwrap_or(false)
    }
}

fn is_of(family: Family, public: &Jwk) -> bool {
    use jsonwebtoken::jwk::EllipticCurve;
    match &public.algorithm {
        // The modulus is in base64url, in which a character carries six bits.
        AlgorithmParameters::RSA(rsa) => family == Family::Rsa && rsa.n.len() * 6 >= 2048,
        AlgorithmParameters::EllipticCurve(ec) => match ec.curve {
            EllipticCurve::P256 => family == Family::P256,
            EllipticCurve::P384 => family == Family::P384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(_) => family == Family::Ed25519,
        _ => false,
    }
}

fn private(algorithm: Algorithm, material: &[u8]) -> Result<EncodingKey, KeyError> {
    let unfit = || KeyError::Unfit(algorithm, Half::Private);
    match algorithm.family() {
        Family::Shared => Err(unfit()),
        Family::Rsa => EncodingKey::from_rsa_pem(material).map_err(|_| unfit()),
        Family::Ed25519 => EncodingKey::from_ed_pem(material).map_err(|_| unfit()),
        Family::P256 => curve(material, &ECDSA_P256_SHA256_FIXED_SIGNING).ok_or_else(unfit),
        Family::P384 => curve(material, &ECDSA_P384_SHA384_FIXED_SIGNING).ok_or_else(unfit),
    }
}

/// Reads an elliptic curve's private key, also as `openssl ecparam -genkey` writes it, which `jsonwebtoken` can't read.
fn curve(material: &[u8], algorithm: &'static EcdsaSigningAlgorithm) -> Option<EncodingKey> {
    // That command writes the curve's name in a block of its own before the key.
    let blocks = pem::parse_many(material).ok()?;
    let block = blocks.into_iter().find(|block| block.tag().ends_with("PRIVATE KEY"))?;
    let pair = EcdsaKeyPair::from_private_key_der(algorithm, block.contents()).ok()?;
    Some(EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref()))
}

/// Whether the secret has the form of a public key or a certificate. (After PyJWT's check, which refuses private keys as well.)
fn looks_public(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret);
    let text = text.trim_start();
    (text.starts_with("-----BEGIN ") && (text.contains("PUBLIC KEY-----") || text.contains("CERTIFICATE-----")))
        || text.starts_with("ssh-")
        || text.starts_with("ecdsa-sha2-")
}

/// Returns 16 hexadecimal digits that name a secret without revealing it: the first 8 bytes of its SHA-256.
pub fn fingerprint(secret: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, secret);
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The key that signs, and those that verify beside it.
pub struct Keys {
    signing: Arc<Key>,
    /// Every key, including the one that signs, oldest first.
    all: Vec<Arc<Key>>,
    /// The key that a token without a `kid` is checked with.
    for_tokens_without_kid: Arc<Key>,
}

impl Keys {
    /// A single key, for everything.
    pub fn one(key: Key) -> Self {
        let key = Arc::new(key);
        Self { signing: Arc::clone(&key), all: vec![Arc::clone(&key)], for_tokens_without_kid: key }
    }

    /// A ring of keys, oldest first: those that signed earlier, the one that signs, and those that will sign later. All verify.
    ///
    /// A token without a `kid` was made while a shared key was alone, which can only have been the oldest of them; it is checked
    /// with that key, or, in a ring without a shared key, with the one that signs. A peer that shares only a newer key has to
    /// write its `kid`.
    pub fn ring(older: Vec<Key>, signing: Key, newer: Vec<Key>) -> Self {
        let signing = Arc::new(signing);
        let arcs = |keys: Vec<Key>| keys.into_iter().map(Arc::new);
        let all: Vec<_> = arcs(older).chain([Arc::clone(&signing)]).chain(arcs(newer)).collect();
        let without_kid = all.iter().find(|key| key.algorithm.family() == Family::Shared).unwrap_or(&signing);
        Self { for_tokens_without_kid: Arc::clone(without_kid), signing, all }
    }

    /// The key that signs.
    pub fn signing(&self) -> &Key {
        &self.signing
    }

    /// Whether both are the same keys in the same order, and the same one signs.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        let names = |keys: &Self| -> Vec<_> {
            keys.all.iter().map(|key| (key.kid.clone(), key.algorithm, key.signing.is_some())).collect()
        };
        self.signing.kid == other.signing.kid && names(self) == names(other)
    }

    /// Whether new tokens carry a `kid`: always, unless a shared key is the only one, so that there can be no doubt.
    pub(super) fn writes_kid(&self) -> bool {
        self.all.len() > 1 || self.signing.algorithm.family() != Family::Shared
    }

    /// The key that a token with this `kid` is checked with; `None`: no key has that name. If there is only one key, any `kid` is
    /// taken, because a peer may write its own.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&Arc<Key>> {
        match kid {
            Some(kid) if self.all.len() > 1 => self.all.iter().find(|key| key.kid == kid),
            Some(_) | None => Some(&self.for_tokens_without_kid),
        }
    }

    /// The key of this name, also if it is the only one.
    pub(super) fn named(&self, kid: &str) -> Option<&Arc<Key>> {
        self.all.iter().find(|key| key.kid == kid)
    }

    /// The public keys as a JWK Set, for peers to read (RFC 7517 §5).
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.public() })
    }

    /// The public keys, each as a JWK. Shared keys are nobody's to read and are left out.
    pub fn public(&self) -> Vec<serde_json::Value> {
        self.all.iter().filter_map(|key| key.public.as_ref()).map(|public| serde_json::json!(public)).collect()
    }
}
