//! An authenticator app.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses its part, and in a test a panic is the report"
)]

use aws_lc_rs::hmac;

/// The code that an app with this secret (in Base32) shows at this moment. (RFC 6238, RFC 4226 §5.3)
pub fn code(secret: &str, now: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Another code than that, and than the ones beside it.
pub fn wrong_code(secret: &str, now: i64) -> String {
    let near: Vec<_> = (-2..=2).map(|step| code(secret, now + 30 * step)).collect();
    (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
}

fn base32(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes().filter(|c| *c != b' ') {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == c).unwrap();
        bits = (bits << 5) | u32::try_from(value).unwrap();
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap());
        }
    }
    bytes
}
