//! `cargo +nightly fuzz run verify`: looks for bytes, signed or not, that make the check of a token panic.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use portero::domain::UnixTime;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, unverified_header};

const SECRET: &str = "one secret of more than thirty-two bytes";
const NOW: UnixTime = UnixTime(1_795_374_306);

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let options = Options {
        decode_algorithms: Algorithm::ALL.to_vec(),
        decode_issuer: Some("us".into()),
        decode_audience: vec!["here".into()],
        ..Options::default()
    };
    let key = Key::new(Algorithm::HS256, &Secret::new(SECRET)).expect("it is a key");
    Engine::new(options, Keys::one(key)).with_sessions()
});

fn check(token: &str) {
    drop(unverified_header(token));
    if let Ok(checked) = ENGINE.decode_allow_expired(token, Some("csrf"), NOW) {
        drop(checked.claims.require_fresh(600, NOW));
    }
}

/// A token that the holder of the key could make. Without a good signature no later check would ever be reached.
fn signed(header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(token) = std::str::from_utf8(bytes) {
        check(token);
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
        check(&signed(&bytes[..at], &bytes[at + 1..]));
    }
    check(&signed(br#"{"alg":"HS256"}"#, bytes));
});
