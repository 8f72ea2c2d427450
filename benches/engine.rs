//! `cargo bench --bench engine`: what it costs to issue and to check a token, for each algorithm. A check is measured in three
//! ways: in full; again, as for every request after a token's first; and by jsonwebtoken alone. And what it costs to judge a new
//! password, at worst. No network, no pages.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use portero::guards::Hooks;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Family, Key, Keys, NewToken, Unverified};
use serde_json::{Map, Value};

#[cfg(feature = "server")]
criterion_group!(benches, engine, new_password);
#[cfg(not(feature = "server"))]
criterion_group!(benches, engine);
criterion_main!(benches);

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    group.sample_size(30).warm_up_time(std::time::Duration::from_millis(200));
    group.measurement_time(std::time::Duration::from_millis(600));
    for &algorithm in Algorithm::ALL {
        let material = Key::generate(algorithm).expect("the system makes keys");
        let key = || Key::new(algorithm, &material).expect("what was generated is a key");
        let engine = Engine::new(Options { algorithm, ..Options::default() }, Keys::one(key()));
        let now = Hooks::now(&engine);
        let token = engine.issue(&NewToken::access("ana"), now).expect("a token");
        let bare = bare(algorithm, &material).expect("the crate takes the key");
        // A check with a key of its own is always a full one: the engine remembers only what its own keys found good.
        let own = key();
        let anew = |token: &str| engine.check(&Unverified::parse(token)?, Some(&own), None, now);
        assert!(anew(&token).is_ok() && engine.decode(&token, None, now).is_ok() && bare.decode(&token).is_ok());

        let name = algorithm.as_str();
        group.bench_function(BenchmarkId::new("check again", name), |b| {
            b.iter(|| engine.decode(black_box(&token), None, now));
        });
        group.bench_function(BenchmarkId::new("check anew", name), |b| b.iter(|| anew(black_box(&token))));
        group.bench_function(BenchmarkId::new("crate alone", name), |b| b.iter(|| bare.decode(black_box(&token))));
        group.bench_function(BenchmarkId::new("issue", name), |b| {
            b.iter(|| engine.issue(&NewToken::access("ana"), now));
        });
    }
    group.finish();
}

/// Ordinary passwords, and the dearest ones known: `zxcvbn` reads a text once for each way to turn its symbols into letters.
#[cfg(feature = "server")]
fn new_password(criterion: &mut Criterion) {
    use portero::domain::{NewPassword, PasswordRules};
    let mut group = criterion.benchmark_group("new password");
    group.sample_size(20).warm_up_time(std::time::Duration::from_millis(200));
    group.measurement_time(std::time::Duration::from_millis(600));
    let context = ["Portero".to_owned(), "localhost".to_owned()];
    let rules = PasswordRules { min_length: 12, context: &context };
    for (name, text) in [
        ("good", "seven herons on one wire".to_owned()),
        ("guessable", "password1234".to_owned()),
        ("all symbols, 100 characters", "4@8({[<369&#!1/|0$5+7%2".repeat(5).chars().take(100).collect()),
        ("three symbols, 32 characters", "!|+1234567890!|+1234567890!|+123".to_owned()),
        ("three symbols, guessable at both ends", "!|+1234567890".repeat(19)),
        ("one character, 256 times", "a".repeat(256)),
    ] {
        group.bench_function(BenchmarkId::new("judge", name), |b| {
            b.iter(|| NewPassword::parse(black_box(text.clone()), None, rules).is_ok());
        });
    }
    group.finish();
}

/// jsonwebtoken alone, set to check as much as it can.
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
