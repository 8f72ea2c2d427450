//! PyJWT and Node's jose accept Portero's tokens, and Portero accepts theirs, for each algorithm.

use std::io::Write;
use std::process::{Command, Stdio};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use portero::domain::UnixTime;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Family, Key, Keys, NewToken};
use serde_json::{Value, json};

use crate::cases::{now, with};
use crate::{SECRET, installed, root};

/// The public half of a private key in PEM form (PKCS#8).
pub(crate) fn public_pem(private: &str) -> String {
    let der = pem::parse(private).unwrap();
    let der = der.contents();
    let curve = |curve| EcdsaKeyPair::from_pkcs8(curve, der).ok().map(|pair| x509(pair.public_key()));
    let public = rsa::KeyPair::from_pkcs8(der)
        .ok()
        .map(|pair| x509(pair.public_key()))
        .or_else(|| curve(&ECDSA_P256_SHA256_FIXED_SIGNING))
        .or_else(|| curve(&ECDSA_P384_SHA384_FIXED_SIGNING))
        .or_else(|| Ed25519KeyPair::from_pkcs8(der).ok().map(|pair| x509(pair.public_key())));
    pem::encode(&pem::Pem::new("PUBLIC KEY", public.unwrap()))
}

fn x509(public: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    public.as_der().unwrap().as_ref().to_vec()
}

/// Runs one of the scripts on a JSON document that says what to verify and what to sign; returns its answer.
pub(crate) fn ask(mut command: Command, question: &Value) -> Value {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn pyjwt() -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(root().join("tests/peers/pyjwt.py"));
    command
}

pub(crate) fn jose() -> Command {
    let mut command = Command::new("node");
    command.arg(root().join("tests/peers/jose.mjs")).env("PEERS", installed("node_modules").parent().unwrap());
    command
}

struct Ours {
    algorithm: Algorithm,
    engine: Engine,
    /// What a peer signs and verifies with: keys in PEM, or a shared secret.
    private: String,
    public: String,
}

impl Ours {
    fn new(algorithm: Algorithm) -> Self {
        let (material, public) = match algorithm.family() {
            Family::Shared => (Secret::new(SECRET.repeat(2)), None),
            Family::Rsa | Family::P256 | Family::P384 | Family::Ed25519 => {
                let material = Key::generate(algorithm).unwrap();
                let public = public_pem(std::str::from_utf8(material.as_bytes()).unwrap());
                (material, Some(public))
            }
        };
        let private = String::from_utf8(material.as_bytes().to_vec()).unwrap();
        let options = Options { algorithm, ..Options::default() };
        let engine = Engine::new(options, Keys::one(Key::new(algorithm, &material).unwrap()));
        Self { algorithm, engine, public: public.unwrap_or_else(|| private.clone()), private }
    }
}

fn each_takes_the_others(command: impl Fn() -> Command) {
    let all: Vec<Ours> = Algorithm::ALL.iter().copied().map(Ours::new).collect();
    let token = |one: &Ours| one.engine.issue(&NewToken::access("ana").claim("note", "ñ"), UnixTime(now())).unwrap();
    let mut verify = Vec::new();
    for one in &all {
        let algorithm = one.algorithm.as_str();
        verify.push(json!({ "token": token(one), "algorithm": algorithm, "key": one.public }));
        if one.algorithm.family() != Family::Shared {
            verify.push(json!({ "token": token(one), "algorithm": algorithm, "jwks": one.engine.keys().jwks() }));
        }
    }
    let sign: Vec<_> = all
        .iter()
        .map(|one| json!({ "algorithm": one.algorithm.as_str(), "key": one.private, "claims": with(json!({})), "headers": {} }))
        .collect();
    let answer = ask(command(), &json!({ "verify": verify, "sign": sign }));
    for (asked, claims) in verify.iter().zip(answer["verify"].as_array().unwrap()) {
        assert_eq!((claims["sub"].as_str(), claims["note"].as_str()), (Some("ana"), Some("ñ")), "{asked} {claims}");
    }
    assert_eq!(answer["verify"].as_array().unwrap().len(), 12 + 9);
    for (one, signed) in all.iter().zip(answer["sign"].as_array().unwrap()) {
        let read = one.engine.decode(signed.as_str().unwrap(), None, UnixTime(now()));
        assert_eq!(read.unwrap().identity, "ana", "{}", one.algorithm.as_str());
    }
}

#[test]
fn pyjwt_takes_our_tokens_and_we_take_its() {
    each_takes_the_others(pyjwt);
}

#[test]
fn jose_takes_our_tokens_and_we_take_its() {
    each_takes_the_others(jose);
}
