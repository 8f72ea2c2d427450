//! The signing algorithms, and which keys go with which.

use crate::domain::spelled;

/// The signing algorithms of RFC 7518 and RFC 8037 that flask-jwt-extended and we have in common. Of PyJWT's, the crate that signs
/// lacks ES256K, ES512 and EdDSA with Ed448.
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

/// What kind of key an algorithm takes. One key serves the algorithms of its family and no other: that is what stops a public key
/// from being used as a shared secret.
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
    /// The keys that go with it.
    pub fn family(self) -> Family {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Shared,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa,
            Self::ES256 => Family::P256,
            Self::ES384 => Family::P384,
            Self::EdDSA => Family::Ed25519,
        }
    }

    /// Bytes that a shared key has at the least: as many as the hash gives (RFC 7518, 3.2). `None`: needs a key pair.
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

    pub(super) fn in_crate(self) -> jsonwebtoken::Algorithm {
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
