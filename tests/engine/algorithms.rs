//! The signing algorithms and their keys: each algorithm verifies what it signs, and accepts no other's keys.

use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Family, Half, Key, KeyError, Keys, NewToken};
use serde_json::json;

use super::{NOW, engine, header_of, new_key, options, segment};

#[test]
fn what_every_algorithm_signs_it_verifies_and_no_other_key_does() {
    for &algorithm in Algorithm::ALL {
        let (ours, others) = (engine(algorithm), engine(algorithm));
        let token = ours.issue(&NewToken::access("ana"), NOW).unwrap();
        assert_eq!(header_of(&token)["alg"], algorithm.as_str());
        assert_eq!(ours.decode(&token, None, NOW).unwrap().identity, "ana");
        let fault = others.decode(&token, None, NOW).unwrap_err();
        assert_eq!(fault.to_string(), "Signature verification failed", "{}", algorithm.as_str());
    }
}

#[test]
fn a_public_key_verifies_and_cannot_sign() {
    let material = Key::generate(Algorithm::ES256).unwrap();
    let signer = Engine::new(options(Algorithm::ES256), Keys::one(Key::new(Algorithm::ES256, &material).unwrap()));
    let token = signer.issue(&NewToken::access("ana"), NOW).unwrap();
    let public = public_pem(&material);
    let verifier = Engine::new(
        options(Algorithm::ES256),
        Keys::one(Key::verify_only(Algorithm::ES256, public.as_bytes()).unwrap()),
    );
    assert_eq!(verifier.decode(&token, None, NOW).unwrap().identity, "ana");
    assert_eq!(verifier.issue(&NewToken::access("ana"), NOW).unwrap_err().to_string(), "the key can only verify");
}

/// The public half of a P-256 key in PEM, as openssl writes it.
fn public_pem(material: &Secret) -> String {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    let pem = pem::parse(material.as_bytes()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pem.contents()).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()))
}

/// The attack: a token signed by HMAC with the published public key as the secret. (RFC 8725 §2.1)
#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let material = Key::generate(Algorithm::ES256).unwrap();
    let public = public_pem(&material);
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let fault = Key::new(algorithm, &Secret::new(public.as_str())).err().unwrap();
        assert!(matches!(fault, KeyError::PublicAsSecret(_)), "{fault}");
    }
    assert!(Key::new(Algorithm::HS256, &Secret::new("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI")).is_err());

    // Even if both families of algorithms are accepted, a key serves only its own.
    let accepting = Options { decode_algorithms: vec![Algorithm::HS256], ..options(Algorithm::ES256) };
    let ours = Engine::new(accepting, Keys::one(Key::new(Algorithm::ES256, &material).unwrap()));
    let forged = super::signed_by_hand(
        &public,
        &segment(&json!({ "alg": "HS256", "typ": "JWT" })),
        &segment(&json!({ "sub": "ana" })),
    );
    assert_eq!(ours.decode(&forged, None, NOW).unwrap_err().to_string(), "Signature verification failed");
}

#[test]
fn further_algorithms_are_accepted_where_named_and_only_with_a_key_of_their_kind() {
    let material = Key::generate(Algorithm::HS512).unwrap();
    let of = |algorithm, decode_algorithms| {
        let options = Options { decode_algorithms, ..options(algorithm) };
        Engine::new(options, Keys::one(Key::new(algorithm, &material).unwrap()))
    };
    let token = of(Algorithm::HS512, vec![]).issue(&NewToken::access("ana"), NOW).unwrap();
    let strict = of(Algorithm::HS256, vec![]).decode(&token, None, NOW).unwrap_err();
    assert_eq!(strict.to_string(), "The specified alg value is not allowed");
    assert!(of(Algorithm::HS256, vec![Algorithm::HS512]).decode(&token, None, NOW).is_ok());
}

#[test]
fn a_key_of_the_wrong_kind_or_half_is_refused_with_what_is_needed() {
    let rsa = Key::generate(Algorithm::RS256).unwrap();
    let p256 = Key::generate(Algorithm::ES256).unwrap();
    for (algorithm, material, wanted) in [
        (Algorithm::ES256, &rsa, "a private elliptic curve (P-256) key in PEM form, which ES256 needs"),
        (Algorithm::ES384, &p256, "a private elliptic curve (P-384) key in PEM form, which ES384 needs"),
        (Algorithm::PS256, &p256, "a private RSA (2048 bits or more) key in PEM form, which PS256 needs"),
        (Algorithm::EdDSA, &rsa, "a private Ed25519 key in PEM form, which EdDSA needs"),
    ] {
        let fault = Key::new(algorithm, material).err().unwrap();
        assert_eq!(fault.to_string(), format!("it is not {wanted}"));
    }
    let fault = Key::verify_only(Algorithm::ES384, public_pem(&p256).as_bytes()).err().unwrap();
    assert!(matches!(fault, KeyError::Unfit(Algorithm::ES384, Half::Public)), "{fault}");
    let own = Key::new(Algorithm::ES256, &p256).unwrap();
    assert!(own.with_public(public_pem(&p256).as_bytes()).is_ok());
    let other = Key::new(Algorithm::ES256, &Key::generate(Algorithm::ES256).unwrap()).unwrap();
    assert!(matches!(other.with_public(public_pem(&p256).as_bytes()), Err(KeyError::NotAPair)));
}

/// `openssl ecparam -genkey` writes the curve's name first and then SEC 1, `openssl genrsa -traditional` writes PKCS#1.
#[test]
fn older_forms_of_key_files_are_read() {
    let sec1 = Key::new(Algorithm::ES256, &Secret::new(include_str!("sec1.pem"))).unwrap();
    let pkcs1 = Key::new(Algorithm::PS384, &Secret::new(include_str!("pkcs1.pem"))).unwrap();
    for (algorithm, key) in [(Algorithm::ES256, sec1), (Algorithm::PS384, pkcs1)] {
        let engine = Engine::new(options(algorithm), Keys::one(key));
        let token = engine.issue(&NewToken::access("ana"), NOW).unwrap();
        assert!(engine.decode(&token, None, NOW).is_ok());
    }
}

#[test]
fn a_short_rsa_key_is_refused() {
    let fault = Key::new(Algorithm::RS256, &Secret::new(include_str!("rsa1024.pem"))).err().unwrap();
    assert_eq!(fault.to_string(), "it is not a private RSA (2048 bits or more) key in PEM form, which RS256 needs");
}

#[test]
fn a_key_pairs_name_is_its_thumbprint_and_the_public_half_tells_it_too() {
    let material = Key::generate(Algorithm::ES256).unwrap();
    let private = Key::new(Algorithm::ES256, &material).unwrap();
    let public = Key::verify_only(Algorithm::ES256, public_pem(&material).as_bytes()).unwrap();
    assert_eq!(private.kid(), public.kid());
    assert_eq!(private.kid().len(), 43, "SHA-256 in base64url (RFC 7638)");
}

#[test]
fn public_keys_are_published_and_shared_ones_never() {
    for &algorithm in Algorithm::ALL {
        let key = new_key(algorithm);
        let kid = key.kid().to_owned();
        let jwks = Keys::one(key).jwks();
        let keys = jwks["keys"].as_array().unwrap();
        if algorithm.family() == Family::Shared {
            assert!(keys.is_empty());
            continue;
        }
        assert_eq!((keys[0]["kid"].as_str(), keys[0]["use"].as_str()), (Some(&*kid), Some("sig")));
        assert_eq!(keys[0]["alg"], algorithm.as_str());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(keys[0].get(private).is_none(), "{private} of {}", algorithm.as_str());
        }
    }
}
