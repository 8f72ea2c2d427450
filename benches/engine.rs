//! `cargo bench --bench engine`: what issuing and checking a token costs for each algorithm, beside the bare crate that signs,
//! in turn in one run. No network, no pages.

use std::hint::black_box;
use std::time::Instant;

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use portero::guards::Hooks;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Family, Key, Keys, NewToken};
use serde_json::{Map, Value};

const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:6}  {:>9}  {:>9}  {:>9}  {:>7}", "", "issue", "check", "crate", "ratio");
    println!("{:6}  {:>9}  {:>9}  {:>9}  {:>7}", "", "µs", "µs", "µs", "");
    for &algorithm in Algorithm::ALL {
        let material = Key::generate(algorithm)?;
        let engine =
            Engine::new(Options { algorithm, ..Options::default() }, Keys::one(Key::new(algorithm, &material)?));
        let now = Hooks::now(&engine);
        let token = engine.issue(&NewToken::access("ana"), now)?;
        let bare = bare(algorithm, &material)?;
        // As many as fill a few milliseconds, found by the first call.
        let begin = Instant::now();
        drop(black_box(engine.decode(&token, None, now)));
        let times = (3_000_000 / begin.elapsed().as_nanos().max(1)).clamp(20, 4_000) as usize;

        let (mut issues, mut checks, mut crates) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            checks.push(micros(times, || drop(black_box(engine.decode(black_box(&token), None, now)))));
            crates.push(micros(times, || drop(black_box(bare.decode(black_box(&token))))));
            issues.push(micros(times.min(200), || drop(black_box(engine.issue(&NewToken::access("ana"), now)))));
        }
        assert!(engine.decode(&token, None, now).is_ok() && bare.decode(&token).is_ok(), "both take it");
        let (issue, check, alone) = (median(issues), median(checks), median(crates));
        println!("{:6}  {issue:9.2}  {check:9.2}  {alone:9.2}  {:7.2}", algorithm.as_str(), check / alone);
    }
    Ok(())
}

/// The crate alone, told to check what it can.
struct Bare {
    key: DecodingKey,
    validation: Validation,
}

impl Bare {
    fn decode(&self, token: &str) -> Result<jsonwebtoken::TokenData<Map<String, Value>>, jsonwebtoken::errors::Error> {
        jsonwebtoken::decode(token, &self.key, &self.validation)
    }
}

fn bare(algorithm: Algorithm, material: &Secret) -> Result<Bare, Box<dyn std::error::Error>> {
    let name: jsonwebtoken::Algorithm = algorithm.as_str().parse()?;
    let pem = material.as_bytes();
    let key = match algorithm.family() {
        Family::Shared => DecodingKey::from_secret(pem),
        Family::Rsa => public(&EncodingKey::from_rsa_pem(pem)?, name)?,
        Family::P256 | Family::P384 => public(&EncodingKey::from_ec_pem(pem)?, name)?,
        Family::Ed25519 => public(&EncodingKey::from_ed_pem(pem)?, name)?,
    };
    let mut validation = Validation::new(Header::new(name).alg);
    validation.leeway = 0;
    validation.validate_nbf = true;
    Ok(Bare { key, validation })
}

fn public(private: &EncodingKey, name: jsonwebtoken::Algorithm) -> Result<DecodingKey, jsonwebtoken::errors::Error> {
    DecodingKey::from_jwk(&jsonwebtoken::jwk::Jwk::from_encoding_key(private, name)?)
}

fn micros(times: usize, mut act: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        act();
    }
    begin.elapsed().as_secs_f64() * 1e6 / times as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
