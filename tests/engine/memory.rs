//! The memory of checked tokens: a token that the engine has seen before is judged as if it never had.

use std::sync::Arc;

use portero::tokens::options::Options;
use portero::tokens::{Algorithm, Engine, Fault, Keys, Life, NewToken};

use super::{NOW, engine, new_key, options};

fn until(seconds: i64) -> NewToken {
    NewToken { life: Life::Until(NOW.plus(seconds)), csrf: Some("its value".into()), ..NewToken::access("ana") }
}

/// Has the engine check the token so often that it is remembered.
fn show(engine: &Engine, token: &str) {
    for _ in 0..100 {
        assert_eq!(engine.decode(token, Some("its value"), NOW).unwrap().identity, "ana");
    }
}

#[test]
fn a_remembered_token_still_expires() {
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let engine = engine(algorithm);
        let token = engine.issue(&until(900), NOW).unwrap();
        show(&engine, &token);
        assert!(engine.decode(&token, None, NOW.plus(899)).is_ok());
        for _ in 0..2 {
            assert_eq!(engine.decode(&token, None, NOW.plus(900)).unwrap_err(), Fault::Expired);
            assert!(engine.decode_allow_expired(&token, None, NOW.plus(900)).unwrap().expired);
        }
        // The clock was wrong and is set right: the token is good again.
        show(&engine, &token);
    }
}

#[test]
fn a_remembered_token_is_not_valid_before_its_nbf_when_the_clock_goes_back() {
    let engine = engine(Algorithm::ES256);
    let token = engine.issue(&until(900), NOW).unwrap();
    show(&engine, &token);
    assert_eq!(engine.decode(&token, None, NOW.plus(-1)).unwrap_err(), Fault::NotYetValid("iat"));
    let later = serde_json::json!({ "nbf": NOW.0 + 100, "iat": NOW.0 }).as_object().unwrap().clone();
    let later = engine.issue(&NewToken { additional_claims: later, ..until(900) }, NOW).unwrap();
    assert!(engine.decode(&later, None, NOW.plus(100)).is_ok());
    assert_eq!(engine.decode(&later, None, NOW.plus(99)).unwrap_err(), Fault::NotYetValid("nbf"));
}

#[test]
fn the_csrf_value_of_a_remembered_token_is_checked_each_time() {
    let engine = engine(Algorithm::HS256);
    let token = engine.issue(&until(900), NOW).unwrap();
    show(&engine, &token);
    assert_eq!(engine.decode(&token, Some("another"), NOW).unwrap_err(), Fault::CsrfMismatch);
    // Expired and with a wrong CSRF value: the wrong value is reported, as for a token never seen.
    assert_eq!(engine.decode(&token, Some("another"), NOW.plus(900)).unwrap_err(), Fault::CsrfMismatch);
}

#[test]
fn a_token_that_differs_in_one_byte_is_not_taken_for_the_remembered_one() {
    for algorithm in [Algorithm::HS256, Algorithm::ES256] {
        let engine = engine(algorithm);
        let token = engine.issue(&until(900), NOW).unwrap();
        show(&engine, &token);
        for at in 0..token.len() {
            for byte in [b'A', b'B', b'.', b' '] {
                let mut other = token.clone().into_bytes();
                if other[at] == byte {
                    continue;
                }
                other[at] = byte;
                let other = String::from_utf8(other).unwrap();
                assert!(engine.decode(&other, None, NOW).is_err(), "byte {at}: {other}");
            }
        }
        for other in [&token[1..], &token[..token.len() - 1], &format!("{token}="), &format!(" {token}")] {
            assert!(engine.decode(other, None, NOW).is_err(), "{other}");
        }
    }
}

#[test]
fn a_remembered_token_is_refused_as_soon_as_its_key_is_gone() {
    let (first, second) = (new_key(Algorithm::ES256), new_key(Algorithm::ES256));
    let engine = Engine::new(options(Algorithm::ES256), Keys::ring(vec![], first, vec![]));
    let token = engine.issue(&until(900), NOW).unwrap();
    show(&engine, &token);
    let apart = engine.take_apart(&token, NOW).unwrap();
    engine.set_keys(Keys::one(second));
    for refused in [engine.decode(&token, None, NOW), engine.check(&apart, None, None, NOW).map(|good| good.claims)] {
        assert_eq!(refused.unwrap_err().to_string(), "Signature verification failed");
    }
}

#[test]
fn a_token_remembered_under_the_engines_key_is_not_good_under_an_apps_own_key() {
    let engine = engine(Algorithm::HS256);
    let token = engine.issue(&until(900), NOW).unwrap();
    show(&engine, &token);
    let other = new_key(Algorithm::HS256);
    let apart = engine.take_apart(&token, NOW).unwrap();
    assert_eq!(apart.claims().unwrap()["sub"], "ana");
    assert!(engine.check(&apart, Some(&other), None, NOW).is_err());

    // And a token that only the app's key has signed is not remembered as good for the engine's key.
    let theirs = Engine::new(Options::default(), Keys::one(new_key(Algorithm::HS256)));
    let token = theirs.issue(&until(900), NOW).unwrap();
    let keys = theirs.keys();
    for _ in 0..3 {
        let apart = engine.take_apart(&token, NOW).unwrap();
        assert!(engine.check(&apart, Some(keys.signing()), None, NOW).is_ok());
        assert!(engine.decode(&token, None, NOW).is_err());
    }
}

#[test]
fn threads_that_remember_and_drop_the_same_token_at_once_agree() {
    let engine = Arc::new(engine(Algorithm::HS256));
    let tokens: Vec<_> = (0..64).map(|_| engine.issue(&until(900), NOW).unwrap()).collect();
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let (engine, tokens) = (Arc::clone(&engine), &tokens);
            scope.spawn(move || {
                for round in 0..200 {
                    let now = if (turn + round) % 2 == 0 { NOW } else { NOW.plus(900) };
                    for token in tokens {
                        assert_eq!(engine.decode(token, None, now).is_ok(), now == NOW);
                    }
                }
            });
        }
    });
}
