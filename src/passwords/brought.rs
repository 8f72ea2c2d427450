//! Hashes that people brought along from elsewhere and that are not plain bcrypt: PBKDF2, scrypt, Argon2, and bcrypt over SHA-256. They are
//! stored in one spelling, whoever made them: everything but salt and digest stands before the last `$`, and is the hash's form. How others
//! spell them: [`spellings`](super::spellings).

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use argon2::Argon2;
use aws_lc_rs::{constant_time, digest, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Error;

/// The bytes of a salt, and those of a digest, that are taken over.
const SALT_BYTES: RangeInclusive<usize> = 1..=64;
const DIGEST_BYTES: RangeInclusive<usize> = 16..=64;
/// RFC 9106 asks for as many; the crate refuses fewer.
const ARGON2_SALT_BYTES: usize = 8;
/// What checking a hash may cost at most. Nobody here chose it, and whoever tries a password spends it, on a password worker: a few seconds,
/// and in each worker so much memory.
const MOST_ROUNDS: u32 = 10_000_000;
const MOST_BYTES: u64 = 256 << 20;
/// Bytes of memory that are gone over, times how often.
const MOST_BYTES_PASSED: u64 = 2 << 30;

/// The hash function in PBKDF2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pbkdf2Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// How a digest is made of password and salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Pbkdf2 {
        digest: Pbkdf2Digest,
        rounds: NonZeroU32,
    },
    /// `n` = 2 to the power of `log_n`.
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    /// `memory` in KiB.
    Argon2 {
        algorithm: argon2::Algorithm,
        version: argon2::Version,
        memory: u32,
        passes: u32,
        lanes: u32,
    },
}

/// A hash that was brought along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Brought {
    scheme: Scheme,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Brought {
    /// `None`: it would cost too much, its salt or digest is of no length that is taken over, or the scheme allows no such numbers.
    pub(super) fn new(scheme: Scheme, salt: Vec<u8>, digest: Vec<u8>) -> Option<Self> {
        let is_long_enough = !matches!(scheme, Scheme::Argon2 { .. }) || salt.len() >= ARGON2_SALT_BYTES;
        let fits = SALT_BYTES.contains(&salt.len()) && DIGEST_BYTES.contains(&digest.len()) && is_long_enough;
        (fits && scheme.is_affordable(digest.len())).then_some(Self { scheme, salt, digest })
    }

    /// From the spelling in which it is stored.
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let (form, bytes) = stored.rsplit_once('$')?;
        let (scheme, salt_bytes, digest_bytes) = Scheme::parse(form)?;
        let mut salt = STANDARD_NO_PAD.decode(bytes).ok()?;
        if salt.len() != salt_bytes.checked_add(digest_bytes)? {
            return None;
        }
        let digest = salt.split_off(salt_bytes);
        Self::new(scheme, salt, digest)
    }

    /// A hash of this form that no password is known to have: all its bytes are zeros.
    pub(super) fn decoy(form: &str) -> Option<Self> {
        let (scheme, salt_bytes, digest_bytes) = Scheme::parse(form.strip_suffix('$')?)?;
        if !SALT_BYTES.contains(&salt_bytes) || !DIGEST_BYTES.contains(&digest_bytes) {
            return None;
        }
        Self::new(scheme, vec![0; salt_bytes], vec![0; digest_bytes])
    }

    /// Blocks for as long as the hash takes.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, Error> {
        let Self { scheme, salt, digest } = self;
        let mut made = vec![0; digest.len()];
        match scheme {
            Scheme::Pbkdf2 { digest: with, rounds } => {
                pbkdf2::derive(with.algorithm(), *rounds, salt, password, &mut made);
            }
            Scheme::Scrypt { log_n, r, p } => {
                let parameters = scrypt::Params::new(*log_n, *r, *p).map_err(|_| Error::UnknownForm)?;
                scrypt::scrypt(password, salt, &parameters, &mut made).map_err(|_| Error::UnknownForm)?;
            }
            Scheme::Argon2 { algorithm, version, memory, passes, lanes } => {
                let parameters = argon2::Params::new(*memory, *passes, *lanes, Some(digest.len()));
                let argon2 = Argon2::new(*algorithm, *version, parameters.map_err(|_| Error::UnknownForm)?);
                argon2.hash_password_into(password, salt, &mut made).map_err(|_| Error::UnknownForm)?;
            }
        }
        Ok(constant_time::verify_slices_are_equal(&made, digest).is_ok())
    }
}

impl Brought {
    /// The spelling that other systems read: passlib's, which for Argon2 is the PHC string format.
    pub(super) fn as_passlib(&self) -> String {
        let Self { scheme, salt, digest } = self;
        let (salt, digest) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(digest));
        match scheme {
            Scheme::Pbkdf2 { digest: with, rounds } => {
                let name = if *with == Pbkdf2Digest::Sha1 { "pbkdf2" } else { with.name() };
                format!("${name}${rounds}${}${}", salt.replace('+', "."), digest.replace('+', "."))
            }
            Scheme::Scrypt { log_n, r, p } => format!("$scrypt$ln={log_n},r={r},p={p}${salt}${digest}"),
            Scheme::Argon2 { algorithm, version, memory, passes, lanes } => {
                let version = u32::from(*version);
                format!("${algorithm}$v={version}$m={memory},t={passes},p={lanes}${salt}${digest}")
            }
        }
    }
}

/// The spelling in which it is stored.
impl fmt::Display for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, salt, digest } = self;
        match scheme {
            Scheme::Pbkdf2 { digest, rounds } => write!(f, "${}$i={rounds}", digest.name())?,
            Scheme::Scrypt { log_n, r, p } => write!(f, "$scrypt$ln={log_n},r={r},p={p}")?,
            Scheme::Argon2 { algorithm, version, memory, passes, lanes } => {
                write!(f, "${algorithm}$v={},m={memory},t={passes},p={lanes}", u32::from(*version))?;
            }
        }
        let bytes = STANDARD_NO_PAD.encode([salt.as_slice(), digest].concat());
        write!(f, ",s={},l={}${bytes}", salt.len(), digest.len())
    }
}

impl Scheme {
    /// Takes a form without its last `$` apart: the scheme, and how many bytes salt and digest have.
    fn parse(form: &str) -> Option<(Self, usize, usize)> {
        let (name, numbers) = form.strip_prefix('$')?.split_once('$')?;
        let numbers: Vec<(&str, u32)> = numbers
            .split(',')
            .map(|pair| pair.split_once('=').and_then(|(key, value)| Some((key, value.parse().ok()?))))
            .collect::<Option<_>>()?;
        let (scheme, lengths) = match (name, numbers.as_slice()) {
            ("scrypt", [("ln", log_n), ("r", r), ("p", p), lengths @ ..]) => {
                (Self::Scrypt { log_n: u8::try_from(*log_n).ok()?, r: *r, p: *p }, lengths)
            }
            (_, [("v", version), ("m", memory), ("t", passes), ("p", lanes), lengths @ ..]) => {
                let (memory, passes, lanes) = (*memory, *passes, *lanes);
                let (algorithm, version) = (argon2_algorithm(name)?, argon2::Version::try_from(*version).ok()?);
                (Self::Argon2 { algorithm, version, memory, passes, lanes }, lengths)
            }
            (_, [("i", rounds), lengths @ ..]) => {
                (Self::Pbkdf2 { digest: Pbkdf2Digest::named(name)?, rounds: NonZeroU32::new(*rounds)? }, lengths)
            }
            _ => return None,
        };
        let [("s", salt), ("l", digest)] = lengths else { return None };
        Some((scheme, usize::try_from(*salt).ok()?, usize::try_from(*digest).ok()?))
    }

    fn is_affordable(&self, digest_bytes: usize) -> bool {
        match *self {
            Self::Pbkdf2 { rounds, .. } => rounds.get() <= MOST_ROUNDS,
            Self::Scrypt { log_n, r, p } => {
                let bytes = 1_u64.checked_shl(u32::from(log_n)).and_then(|n| n.checked_mul(128 * u64::from(r)));
                let passed = bytes.and_then(|bytes| bytes.checked_mul(2 * u64::from(p)));
                bytes.is_some_and(|bytes| bytes <= MOST_BYTES)
                    && passed.is_some_and(|passed| passed <= MOST_BYTES_PASSED)
                    && scrypt::Params::new(log_n, r, p).is_ok()
            }
            Self::Argon2 { memory, passes, lanes, .. } => {
                let bytes = 1024 * u64::from(memory);
                bytes <= MOST_BYTES
                    && bytes * u64::from(passes) <= MOST_BYTES_PASSED
                    && argon2::Params::new(memory, passes, lanes, Some(digest_bytes)).is_ok()
            }
        }
    }
}

impl Pbkdf2Digest {
    const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "pbkdf2-sha1",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

pub(super) fn argon2_algorithm(name: &str) -> Option<argon2::Algorithm> {
    use argon2::Algorithm::{Argon2d, Argon2i, Argon2id};
    [Argon2d, Argon2i, Argon2id].into_iter().find(|one| one.as_str() == name)
}

/// What Django gives bcrypt in its `bcrypt_sha256`: the digest in hexadecimal digits, so that no password is too long.
pub(super) fn sha256_hex(password: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, password))
}
