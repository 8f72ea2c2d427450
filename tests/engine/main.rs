//! The token engine, tested through its public interface.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod algorithms;
mod creation;
mod malformed;
mod memory;
mod properties;
mod rings;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portero::domain::UnixTime;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys};
use serde_json::Value;

const NOW: UnixTime = UnixTime(1_795_374_306);

fn new_key(algorithm: Algorithm) -> Key {
    Key::new(algorithm, &Key::generate(algorithm).unwrap()).unwrap()
}

fn options(algorithm: Algorithm) -> Options {
    Options { algorithm, ..Options::default() }
}

fn engine(algorithm: Algorithm) -> Engine {
    Engine::new(options(algorithm), Keys::one(new_key(algorithm)))
}

/// An engine that signs and checks with this secret (HS256).
fn shared(secret: &str) -> Engine {
    let key = Key::new(Algorithm::HS256, &Secret::new(secret)).unwrap();
    Engine::new(Options::default(), Keys::one(key))
}

fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

/// A token of these two segments, signed with HS256 without the engine.
fn signed_by_hand(secret: &str, header: &str, payload: &str) -> String {
    use aws_lc_rs::hmac;
    let message = format!("{header}.{payload}");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
