//! Time-based codes: the only TOTP. As authenticator apps make them: SHA-1, six digits, a new one each 30 seconds. (RFC 6238)

use aws_lc_rs::rand;
use totp_rs::{Builder, Secret, Totp};

use crate::domain::{FactorCode, UnixTime};

/// Seconds for which a code is shown.
const STEP: i64 = 30;
/// So many steps a clock may be behind or ahead.
const SKEW: i64 = 1;
/// Length of a secret, in bytes. (RFC 4226 §4, R6)
pub const SECRET_BYTES: usize = 20;

/// What came of comparing a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is the code of this time step.
    Right(i64),
    /// It would be right, had it or a later one not been used already.
    Used,
    Wrong,
}

/// A new secret. `None`: the system has no random numbers.
pub fn new_secret() -> Option<[u8; SECRET_BYTES]> {
    let mut secret = [0; SECRET_BYTES];
    rand::fill(&mut secret).ok()?;
    Some(secret)
}

/// The secret as people type it, in Base32. (RFC 4648)
pub fn spelled(secret: &[u8; SECRET_BYTES]) -> String {
    Secret::new_stack(*secret).to_base32()
}

/// What a QR code of the secret says, for authenticator apps. (Key URI format) `site` and `user` name the account in the app.
pub fn key_uri(secret: &[u8; SECRET_BYTES], site: &str, user: &str) -> String {
    // In the format a colon separates the two.
    let label = |text: &str| text.replace(':', " ");
    let named = builder(secret).with_issuer(Some(label(site))).with_account_name(label(user)).build_noncompliant();
    named.to_url().expect("neither name has a colon in it")
}

/// Compares six digits with the codes of now and of a step before and after. `last_step`: the newest step whose code was accepted.
pub fn check(secret: &[u8; SECRET_BYTES], digits: &str, last_step: i64, now: UnixTime) -> Check {
    let totp = totp(secret);
    let this_step = now.0.div_euclid(STEP);
    let is_code_of = |step: &i64| u64::try_from(*step * STEP).is_ok_and(|begin| totp.check(digits, begin).is_some());
    // All are compared, so that the time tells nothing.
    let fitting: Vec<i64> = (this_step - SKEW..=this_step + SKEW).filter(is_code_of).collect();
    match fitting.iter().find(|step| **step > last_step) {
        Some(step) => Check::Right(*step),
        None if fitting.is_empty() => Check::Wrong,
        None => Check::Used,
    }
}

fn totp(secret: &[u8; SECRET_BYTES]) -> Totp {
    builder(secret).build_noncompliant()
}

fn builder(secret: &[u8; SECRET_BYTES]) -> Builder {
    Builder::new()
        .with_secret(Secret::new_stack(*secret))
        .with_digits(u8::try_from(FactorCode::TOTP_DIGITS).expect("there are six"))
        .with_skew(0)
        .with_step_duration(STEP.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";

    /// The vectors of RFC 6238, appendix B, with the last six of their eight digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(check(SECRET, code, 0, UnixTime(time)), Check::Right(time / 30), "{time}");
        }
        assert_eq!(spelled(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_good_a_step_early_and_late_and_never_twice() {
        // The code of the step that begins at 30.
        let code = "287082";
        for (time, expected) in [(-31, Check::Wrong), (0, Check::Right(1)), (89, Check::Right(1)), (90, Check::Wrong)] {
            assert_eq!(check(SECRET, code, 0, UnixTime(time)), expected, "{time}");
        }
        assert_eq!(check(SECRET, code, 1, UnixTime(59)), Check::Used);
        assert_eq!(check(SECRET, code, 2, UnixTime(59)), Check::Used, "a later one was accepted already");
        assert_eq!(check(SECRET, "287083", 1, UnixTime(59)), Check::Wrong);
    }
}
