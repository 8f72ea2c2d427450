//! The signing algorithms, and the kind of key that each takes.

use crate::domain::spelled;

/// The signing algorithms (RFC 7518, RFC 8037) that flask-jwt-extended and this engine have in common. Of PyJWT's algorithms, the
/// `jsonwebtoken` crate lacks ES256K, ES512 and EdDSA with Ed448.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the RFCs'")]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

spelled!(Algorithm {
    HS256 = "HS256",
    HS384 = "HS384",
    HS512 = "HS512",
    RS256 = "RS256",
    RS384 = "RS384",
    RS512 = "RS512",
    PS256 = "PS256",
    PS384 = "PS384",
    PS512 = "PS512",
    ES256 = "ES256",
    ES384 = "ES384",
    EdDSA = "EdDSA",
});

/// The kind of key that an algorithm takes. A key serves the algorithms of its own family and no other: that is what stops a
/// public key from being used as a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One secret that signs and verifies.
    Shared,
    /// RSA.
    Rsa,
    /// An elliptic curve, P-256.
    P256,
    /// An elliptic curve, P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    /// The kind of key that this algorithm takes.
    pub fn family(self) -> Family {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Shared,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa,
            Self::ES256 => Family::P256,
            Self::ES384 => Family::P384,
            Self::EdDSA => Family::Ed25519,
        }
    }

    /// The least length of a shared key in bytes: that of the hash (RFC 7518 §3.2). `None`: the algorithm takes a key pair.
    /// [`Key::new`](super::Key::new) does not insist on it.
    pub fn min_shared_key(self) -> Option<usize> {
        match self {
            Self::HS256 => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            Self::RS256 | Self::RS384 | Self::RS512 => None,
            Self::PS256 | Self::PS384 | Self::PS512 => None,
            Self::ES256 | Self::ES384 | Self::EdDSA => None,
        }
    }

    pub(super) fn to_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::HS256 => jsonwebtoken::Algorithm::HS256,
            Self::HS384 => jsonwebtoken::Algorithm::HS384,
            Self::HS512 => jsonwebtoken::Algorithm::HS512,
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::RS384 => jsonwebtoken::Algorithm::RS384,
            Self::RS512 => jsonwebtoken::Algorithm::RS512,
            Self::PS256 => jsonwebtoken::Algorithm::PS256,
            Self::PS384 => jsonwebtoken::Algorithm::PS384,
            Self::PS512 => jsonwebtoken::Algorithm::PS512,
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::ES384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
