//! How other systems write down a password's hash: what is read when people move in.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};

use super::brought::{Brought, Pbkdf2Digest, Scheme, argon2_algorithm};
use super::{PLAIN_MAX_COST, SALT_AND_DIGEST, SHA256_BCRYPT, cost_of};

/// With `=` at its end or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A hash from elsewhere, in the spelling in which it is stored here. Has no `Debug`, so that it can't be logged.
#[derive(Clone)]
pub struct BroughtHash(String);

/// Why a text is not a hash that can be taken over. Says nothing of the text itself, which may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// Of a kind that is not taken over, by its name.
    #[error("{0} is not taken over: it is too fast to guess")]
    TooWeak(&'static str),
    /// Another Portero's, whose pepper is not at hand.
    #[error("a hash of another Portero can be checked with its pepper only: give its file with --pepper")]
    OtherPepper,
    /// Known by its beginning, and then not as that kind is written, or it would cost too much to check.
    #[error("this is no {0} hash, or one that costs too much to check")]
    Malformed(&'static str),
    #[error("this is no hash of bcrypt, PBKDF2, scrypt or Argon2, as Django, Werkzeug, passlib or htpasswd write them")]
    Unknown,
}

impl BroughtHash {
    /// Reads a hash as Django, Werkzeug, passlib, Authelia or `htpasswd -B` write it.
    pub fn parse(text: &str) -> Result<Self, HashFault> {
        let first = text.trim_start_matches('$').split(['$', ':']).next().unwrap_or_default();
        let (kind, stored) = match (text.starts_with('$'), first) {
            (true, "2a" | "2b" | "2y") => ("bcrypt", bcrypt(text)),
            (true, "2" | "2x") => return Err(HashFault::TooWeak("bcrypt of before 2011")),
            (true, "portero1" | "portero1-moved") => return Err(HashFault::OtherPepper),
            (true, "argon2id" | "argon2i" | "argon2d") => ("Argon2", argon2(text)),
            (true, "scrypt") => ("scrypt", passlib_scrypt(text)),
            (true, "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512") => ("PBKDF2", passlib_pbkdf2(text)),
            (true, "1" | "apr1") => return Err(HashFault::TooWeak("MD5-crypt")),
            (true, "5" | "6") => return Err(HashFault::TooWeak("SHA-crypt")),
            (false, "pbkdf2_sha256" | "pbkdf2_sha1") => ("PBKDF2", django_pbkdf2(text)),
            (false, "bcrypt") => ("bcrypt", text.strip_prefix("bcrypt$").and_then(bcrypt)),
            (false, "bcrypt_sha256") => ("bcrypt", text.strip_prefix("bcrypt_sha256$").and_then(sha256_bcrypt)),
            (false, "argon2") => ("Argon2", text.strip_prefix("argon2").and_then(argon2)),
            (false, "scrypt") if text.starts_with("scrypt:") => ("scrypt", werkzeug_scrypt(text)),
            (false, "scrypt") => ("scrypt", django_scrypt(text)),
            (false, "pbkdf2") => ("PBKDF2", werkzeug_pbkdf2(text)),
            (false, "md5" | "sha1" | "sha256" | "sha512") if text.contains('$') => {
                return Err(HashFault::TooWeak("a plain digest"));
            }
            (false, _) if text.starts_with('{') => return Err(HashFault::TooWeak("an LDAP or htpasswd digest")),
            _ => return Err(HashFault::Unknown),
        };
        stored.map(Self).ok_or(HashFault::Malformed(kind))
    }

    /// One that a Portero made, as it is stored. `bcrypt`: what bcrypt wrote of it.
    pub(super) fn with_bcrypt(stored: String, bcrypt: &str) -> Result<Self, HashFault> {
        match self::bcrypt(bcrypt) {
            Some(_) => Ok(Self(stored)),
            None => Err(HashFault::Malformed("bcrypt")),
        }
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored hash as [`BroughtHash::parse`] reads it, and other systems do, unless it was made here: that one stays as it is, and is of use
/// with the pepper only.
pub fn spelled_for_others(stored: &str) -> String {
    match (Brought::parse(stored), stored.strip_prefix(SHA256_BCRYPT)) {
        (Some(brought), _) => brought.as_passlib(),
        (None, Some(bcrypt)) => format!("bcrypt_sha256${bcrypt}"),
        (None, None) => stored.to_owned(),
    }
}

fn bcrypt(text: &str) -> Option<String> {
    let is_bcrypt64 = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    let (form, rest) = text.split_at_checked(text.len().checked_sub(SALT_AND_DIGEST)?)?;
    let is_form = form.len() == "$2b$12$".len() && cost_of(form).is_ok_and(|cost| cost <= PLAIN_MAX_COST);
    (is_form && rest.bytes().all(is_bcrypt64)).then(|| text.to_owned())
}

fn sha256_bcrypt(text: &str) -> Option<String> {
    Some(format!("{SHA256_BCRYPT}{}", bcrypt(text)?))
}

fn stored(scheme: Scheme, salt: &[u8], digest: Vec<u8>) -> Option<String> {
    Some(Brought::new(scheme, salt.to_vec(), digest)?.to_string())
}

/// `$argon2id$v=19$m=65536,t=3,p=4$salt$digest`
fn argon2(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.strip_prefix('$')?.split('$').collect();
    let [name, version, numbers, salt, digest] = fields.as_slice() else { return None };
    let [memory, passes, lanes] = numbers_of(numbers, ["m", "t", "p"])?;
    let [version] = numbers_of(version, ["v"])?;
    let (algorithm, version) = (argon2_algorithm(name)?, argon2::Version::try_from(version).ok()?);
    let scheme = Scheme::Argon2 { algorithm, version, memory, passes, lanes };
    stored(scheme, &STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(digest).ok()?)
}

/// `$scrypt$ln=16,r=8,p=1$salt$digest`
fn passlib_scrypt(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.strip_prefix("$scrypt$")?.split('$').collect();
    let [numbers, salt, digest] = fields.as_slice() else { return None };
    let [log_n, r, p] = numbers_of(numbers, ["ln", "r", "p"])?;
    let scheme = Scheme::Scrypt { log_n: u8::try_from(log_n).ok()?, r, p };
    stored(scheme, &STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(digest).ok()?)
}

/// `$pbkdf2-sha512$310000$salt$digest`, with `.` for `+` in both.
fn passlib_pbkdf2(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.strip_prefix('$')?.split('$').collect();
    let [name, rounds, salt, digest] = fields.as_slice() else { return None };
    let with = if *name == "pbkdf2" { Pbkdf2Digest::Sha1 } else { Pbkdf2Digest::named(name)? };
    let decoded = |text: &str| BASE64.decode(text.replace('.', "+")).ok();
    stored(pbkdf2(with, rounds)?, &decoded(salt)?, decoded(digest)?)
}

/// `pbkdf2_sha256$600000$salt$digest`
fn django_pbkdf2(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split('$').collect();
    let [name, rounds, salt, digest] = fields.as_slice() else { return None };
    let with = Pbkdf2Digest::named(&name.replace('_', "-"))?;
    stored(pbkdf2(with, rounds)?, salt.as_bytes(), BASE64.decode(digest).ok()?)
}

/// `scrypt$16384$salt$8$5$digest`
fn django_scrypt(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split('$').collect();
    let [_, n, salt, r, p, digest] = fields.as_slice() else { return None };
    stored(scrypt(n, r, p)?, salt.as_bytes(), BASE64.decode(digest).ok()?)
}

/// `pbkdf2:sha256:600000$salt$digest`, the digest in hexadecimal digits.
fn werkzeug_pbkdf2(text: &str) -> Option<String> {
    let (method, salt, digest) = werkzeug(text)?;
    let fields: Vec<&str> = method.split(':').collect();
    let [name, with, rounds] = fields.as_slice() else { return None };
    let with = Pbkdf2Digest::named(&format!("{name}-{with}"))?;
    stored(pbkdf2(with, rounds)?, salt.as_bytes(), digest)
}

/// `scrypt:32768:8:1$salt$digest`
fn werkzeug_scrypt(text: &str) -> Option<String> {
    let (method, salt, digest) = werkzeug(text)?;
    let fields: Vec<&str> = method.split(':').collect();
    let [_, n, r, p] = fields.as_slice() else { return None };
    stored(scrypt(n, r, p)?, salt.as_bytes(), digest)
}

fn werkzeug(text: &str) -> Option<(&str, &str, Vec<u8>)> {
    let (method, rest) = text.split_once('$')?;
    let (salt, digest) = rest.split_once('$')?;
    Some((method, salt, hex::decode(digest).ok()?))
}

fn pbkdf2(digest: Pbkdf2Digest, rounds: &str) -> Option<Scheme> {
    Some(Scheme::Pbkdf2 { digest, rounds: NonZeroU32::new(rounds.parse().ok()?)? })
}

fn scrypt(n: &str, r: &str, p: &str) -> Option<Scheme> {
    let n: u32 = n.parse().ok()?;
    let log_n = u8::try_from(n.trailing_zeros()).ok().filter(|_| n.is_power_of_two())?;
    Some(Scheme::Scrypt { log_n, r: r.parse().ok()?, p: p.parse().ok()? })
}

/// The numbers of `a=1,b=2`, in this order.
fn numbers_of<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut pairs = text.split(',');
    let mut numbers = [0; N];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = pairs.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok()?;
    }
    pairs.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Passwords};
    use super::*;
    use crate::domain::Password;

    const PASSWORD: &str = "correct horse señal";
    /// Made by Django 5.2, Werkzeug 3.1, passlib 1.7 and argon2-cffi.
    const MADE_ELSEWHERE: [(&str, &str); 16] = [
        ("Django PBKDF2", "pbkdf2_sha256$1000$SaltOfDjango22charsXYZ$isQn0I8VVrYWJTksjuZdsJeUMIvzQSPK/AWvdWB0qaQ="),
        ("Django PBKDF2 SHA-1", "pbkdf2_sha1$1000$SaltOfDjango22charsXYZ$Kydq6Z1ZTKEv1PqBH5zXbpy4tig="),
        (
            "Django Argon2",
            "argon2$argon2id$v=19$m=64,t=1,p=2$U2FsdE9mRGphbmdvMjJjaGFyc1hZWg$7SRfcBbC/RZHSuxI9FNOLKL8zEfac0mbS7uyhXQneoE",
        ),
        ("Django bcrypt over SHA-256", "bcrypt_sha256$$2b$04$xyzMnPpY7L1S.TNO2lb/zeJlyJvCNzBpJwV86gdEyaKL1Qv19Srsi"),
        ("Django bcrypt", "bcrypt$$2b$04$ijTDXlYADfPNrld32rM9W.6ieyWobRoVNvlZBF6sz4m/fW2Nv9QE2"),
        (
            "Django scrypt",
            "scrypt$16$SaltOfDjango22charsXYZ$8$1$LC3LPn4ztQRBlrjDlcUU+sQW79ft1Cp7M2gRrXhiV/eOdur8xlE8b/Ynmu6zDREpT5drHr3f+YjzbWslAkqJ/g==",
        ),
        (
            "Werkzeug scrypt",
            "scrypt:1024:8:1$GbUwvh9A6QeuOKUn$b2f8d15bfaa6137f9ab0d769aca3f418a751b6eaa3f1dce6ebf2af6cfd2bfda225f0d5bf29aa99fc73313f0917b1e59f14acda49e912f4447d54cdb0d3f818ff",
        ),
        (
            "Werkzeug PBKDF2",
            "pbkdf2:sha256:1000$zWyBJKHINTQA5FT4$60c72d200eb36fecdf4154e254429c7ca3dc6d823784cd6c68b5978c84f1884c",
        ),
        (
            "Werkzeug PBKDF2 SHA-512",
            "pbkdf2:sha512:1000$X0fHZKkqWhg94ua1$f07a5fc3c633b8f4749fccc24d8c48c5fb19d42857267c59f797034b99020ad88d097b64b11f96c06c540ef093c8473f02131ccd09762f5dabbc34581ff4f558",
        ),
        ("Werkzeug PBKDF2 SHA-1", "pbkdf2:sha1:1000$6rLFMMvIuG0j7ClV$98665f0e3d06d916c1d1cad5e3f9f01f0e82b946"),
        (
            "passlib PBKDF2 SHA-512",
            "$pbkdf2-sha512$1000$Nsa4l/I.J0RozVmrdQ4B4A$dGgERCcaA2XInN1mAfuROaH0tLvPE1oMUwR8Oi3hTtSGvFUQsowUV7KTdAY8t.sdqtipTdGP6JDgCIMlgunruQ",
        ),
        (
            "passlib PBKDF2 SHA-256",
            "$pbkdf2-sha256$1000$.v./t9YaI.R8j5ESYozReg$YJZAI38eE5m.v0t3Hc8jzJ/Xx0uzEKRh1kQyQIUEmU4",
        ),
        ("passlib PBKDF2 SHA-1", "$pbkdf2$1000$.V9LiRFijFGqVcoZo1SqtQ$qGa0qX9rxfstjY2GxgBooO86ISc"),
        ("passlib scrypt", "$scrypt$ln=4,r=8,p=1$zJkz5lxr7f1/D4EwJiSk9A$m1JxorPX21VYt1GuDR5hUl0i71Sn75GuAnJ6WKJqO8c"),
        (
            "passlib Argon2",
            "$argon2id$v=19$m=64,t=1,p=1$pVSKkXJOCUGo1fof4/yfMw$XlpsYURvP6L1SYcPw5eB8Zyt5Pv2+Xs2JW4lBUQ7FyM",
        ),
        ("argon2i", "$argon2i$v=19$m=64,t=1,p=1$N8Z4b20NYSyFcA6BECIkZA$l9YGBgLDDoI6/+hfN6JD0sqanpCa6fqsfimypO4viFs"),
    ];

    fn passwords() -> Passwords {
        Passwords::new(b"a pepper of at least thirty-two bytes", "0123456789abcdef", 4)
    }

    fn typed(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn a_hash_from_elsewhere_is_right_but_old_and_its_form_has_a_decoy() {
        let passwords = passwords();
        for (maker, made) in MADE_ELSEWHERE {
            let hash = BroughtHash::parse(made).unwrap_or_else(|fault| panic!("{maker}: {fault}"));
            let stored = hash.as_str();
            assert_eq!(passwords.check(&typed(PASSWORD), stored).unwrap(), Check::RightButOld, "{maker}");
            assert_eq!(passwords.check(&typed("correct horse"), stored).unwrap(), Check::Wrong, "{maker}");
            let (form, rest) = stored.rsplit_once('$').unwrap();
            let form = format!("{form}$");
            assert!(passwords.cost_of_form(&form).is_ok(), "{maker}: {form}");
            passwords.check_decoy(&typed("x"), &form).unwrap();
            let altered = format!("{form}{}{}", if rest.starts_with('A') { 'B' } else { 'A' }, &rest[1..]);
            assert_ne!(passwords.check(&typed(PASSWORD), &altered).ok(), Some(Check::RightButOld), "{maker}");
        }
    }

    #[test]
    fn a_hash_that_is_taken_along_again_is_the_same_hash() {
        for (maker, made) in MADE_ELSEWHERE {
            let stored = BroughtHash::parse(made).ok().unwrap();
            let again = BroughtHash::parse(&spelled_for_others(stored.as_str())).ok().unwrap();
            assert_eq!(again.as_str(), stored.as_str(), "{maker}");
            if maker.starts_with("passlib") {
                assert_eq!(spelled_for_others(stored.as_str()), made, "{maker}");
            }
        }
    }

    #[test]
    fn a_hash_made_here_is_taken_over_where_its_pepper_is() {
        let (passwords, other) = (passwords(), Passwords::new(b"another pepper of thirty-two bytes!!", "fedcba98", 4));
        let stored = passwords.hash_again(&typed(PASSWORD)).unwrap();
        assert_eq!(spelled_for_others(&stored), stored);
        assert_eq!(passwords.take_over(&stored, &[]).ok().unwrap().as_str(), stored);
        assert_eq!(other.take_over(&stored, &[]).err(), Some(HashFault::OtherPepper));
        for broken in [&stored[..stored.len() - 1], &format!("{stored}."), &stored.replace("$2b$04$", "$2b$31$")] {
            assert_eq!(passwords.take_over(broken, &[]).err(), Some(HashFault::Malformed("bcrypt")), "{broken}");
        }
        assert!(passwords.take_over(MADE_ELSEWHERE[0].1, &[]).is_ok());
    }

    #[test]
    fn what_can_not_be_taken_over_is_named_and_never_repeated() {
        for (text, fault) in [
            ("", HashFault::Unknown),
            ("correct horse", HashFault::Unknown),
            ("$y$j9T$salt$digest", HashFault::Unknown),
            ("$2y$10$tooshort", HashFault::Malformed("bcrypt")),
            ("$2b$16$5eYhvK0fTTR6xk1b3NcwmuMSk1mxqTTnZZr8yAcD7VpxTRZ0Qxw8e", HashFault::Malformed("bcrypt")),
            ("pbkdf2_sha256$4000000000$salt$AAAAAAAAAAAAAAAAAAAAAA==", HashFault::Malformed("PBKDF2")),
            ("scrypt:1048576:64:1$salt$00112233445566778899aabbccddeeff", HashFault::Malformed("scrypt")),
            ("$argon2id$v=19$m=4000000,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", HashFault::Malformed("Argon2")),
            ("$argon2id$v=19$m=64,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA", HashFault::Malformed("Argon2")),
            ("$portero1$0123456789abcdef$2b$04$", HashFault::OtherPepper),
            ("$apr1$salt$digest", HashFault::TooWeak("MD5-crypt")),
            ("$6$rounds=5000$salt$digest", HashFault::TooWeak("SHA-crypt")),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", HashFault::TooWeak("an LDAP or htpasswd digest")),
            ("sha256$salt$00ff", HashFault::TooWeak("a plain digest")),
        ] {
            assert_eq!(BroughtHash::parse(text).map(|hash| hash.0), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_stored_hash_that_was_tampered_with_costs_nothing() {
        for stored in [
            "$pbkdf2-sha256$i=4294967295,s=16,l=32$AAAA",
            "$pbkdf2-sha256$i=1000,s=4294967295,l=4294967295$AAAA",
            "$scrypt$ln=63,r=4294967295,p=4294967295,s=1,l=16$AAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19,m=4294967295,t=4294967295,p=1,s=8,l=16$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(passwords().check(&typed("x"), stored).is_err(), "{stored}");
            let form = &stored[..=stored.rfind('$').unwrap()];
            assert!(passwords().cost_of_form(form).is_err(), "{form}");
        }
    }
}
