//! Rings of several keys: each token is checked with the key that it names.

use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, NewToken};
use serde_json::json;

use super::{NOW, header_of, segment, signed_by_hand};

const FIRST: &str = "the first secret, of more than thirty-two bytes";
const SECOND: &str = "the second secret, of more than thirty-two bytes";

fn hs(secret: &str) -> Key {
    Key::new(Algorithm::HS256, &Secret::new(secret)).unwrap()
}

fn token_of(engine: &Engine) -> String {
    engine.issue(&NewToken::access("ana"), NOW).unwrap()
}

#[test]
fn a_rotation_signs_nobody_out() {
    let engine = Engine::new(Options::default(), Keys::one(hs(FIRST)));
    let before = token_of(&engine);
    assert!(header_of(&before).get("kid").is_none(), "one shared key needs no name, as with the library");

    engine.set_keys(Keys::ring(vec![], hs(FIRST), vec![hs(SECOND)]));
    let pending = token_of(&engine);
    assert_eq!(header_of(&pending)["kid"], hs(FIRST).kid());

    engine.set_keys(Keys::ring(vec![hs(FIRST)], hs(SECOND), vec![]));
    let after = token_of(&engine);
    assert_eq!(header_of(&after)["kid"], hs(SECOND).kid());
    for token in [&before, &pending, &after] {
        assert_eq!(engine.decode(token, None, NOW).unwrap().identity, "ana");
    }

    engine.set_keys(Keys::one(hs(SECOND)));
    assert!(engine.decode(&after, None, NOW).is_ok());
    for token in [&before, &pending] {
        assert_eq!(engine.decode(token, None, NOW).unwrap_err().to_string(), "Signature verification failed");
    }
}

#[test]
fn a_change_from_a_shared_key_to_a_pair_signs_nobody_out() {
    let old = Engine::new(Options::default(), Keys::one(hs(FIRST)));
    let before = token_of(&old);
    let options =
        Options { algorithm: Algorithm::ES256, decode_algorithms: vec![Algorithm::HS256], ..Options::default() };
    let ring = Keys::ring(vec![hs(FIRST)], super::new_key(Algorithm::ES256), vec![]);
    let engine = Engine::new(options, ring);
    assert!(engine.decode(&before, None, NOW).is_ok());
    assert!(engine.decode(&token_of(&engine), None, NOW).is_ok());
    assert_eq!(engine.keys().jwks()["keys"].as_array().unwrap().len(), 1, "the shared one is nobody's to read");
}

#[test]
fn all_is_never_tried() {
    let engine = Engine::new(Options::default(), Keys::ring(vec![hs(FIRST)], hs(SECOND), vec![]));
    let payload = segment(&json!({ "sub": "ana" }));
    let with_kid = |kid: serde_json::Value, secret| {
        let token = signed_by_hand(secret, &segment(&json!({ "alg": "HS256", "kid": kid })), &payload);
        engine.decode(&token, None, NOW).map(drop).map_err(|fault| fault.to_string())
    };
    let refused = Err("Signature verification failed".to_owned());
    assert_eq!(with_kid(hs(FIRST).kid().into(), FIRST), Ok(()));
    assert_eq!(with_kid(hs(FIRST).kid().into(), SECOND), refused, "signed by the other");
    for kid in ["../../signing.key", "' OR 1=1", "\0", "", &"k".repeat(1000)] {
        assert_eq!(with_kid(kid.into(), FIRST), refused, "{kid:.20}");
    }
    assert_eq!(with_kid(7.into(), FIRST).unwrap_err(), "Key ID header parameter must be a string");
}
