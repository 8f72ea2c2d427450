//! Issuing and checking, against each other and against tokens made by hand.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::options::{Options, Secret};
use super::{Algorithm, Claims, Engine, Fault, Fresh, Key, Keys, Life, NewToken, SessionClaims};
use crate::domain::{Level, Methods, SessionId, TokenType, Transport, UnixTime};

const SECRET: &[u8] = b"thirty-two bytes are the least for HS256";
const NOW: UnixTime = UnixTime(1_795_374_306);

fn key() -> Key {
    Key::new(Algorithm::HS256, &Secret::new(SECRET)).unwrap()
}

fn engine_with(options: Options) -> Engine {
    Engine::new(options, Keys::one(key())).with_sessions()
}

fn engine() -> Engine {
    engine_with(Options::default())
}

fn new_token(session: Option<SessionClaims>) -> NewToken {
    NewToken {
        jti: Some(Uuid::new_v4()),
        life: Life::Until(NOW.plus(900)),
        csrf: Some("5116c888-512e-48e3-9949-c87e30a6b899".into()),
        session,
        ..NewToken::access("ana")
    }
}

/// A token with exactly these claims and a good signature.
fn signed(claims: &Value) -> String {
    with_header(&json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

fn with_header(header: &Value, claims: &Value) -> String {
    let segment = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", segment(header), segment(claims));
    let signature = key().sign(&message).unwrap();
    format!("{message}.{signature}")
}

fn checked(claims: &Value) -> Result<Arc<Claims>, Fault> {
    engine().decode(&signed(claims), None, NOW)
}

fn refused(claims: &Value) -> String {
    checked(claims).unwrap_err().to_string()
}

#[test]
fn what_is_issued_is_what_is_read() {
    let session = SessionClaims {
        sid: SessionId::random(),
        generation: 7,
        auth_time: NOW.plus(-60),
        transport: Transport::Cookie,
        methods: Methods::PASSWORD,
        factor_time: None,
    };
    let engine = engine();
    let token = NewToken { fresh: Fresh::Until(1_795_374_906.0), ..new_token(Some(session)) };
    let claims = engine.decode(&engine.issue(&token, NOW).unwrap(), token.csrf.as_deref(), NOW).unwrap();
    assert_eq!(claims.identity, "ana");
    assert_eq!(claims.jti, token.jti.map(|jti| jti.to_string()));
    assert_eq!((claims.token_type, claims.fresh), (TokenType::Access, token.fresh));
    assert_eq!((claims.issued_at, claims.expires_at), (Some(NOW), Some(NOW.plus(900))));
    assert_eq!(claims.session, Some(session));
}

#[test]
fn the_same_token_can_be_made_again() {
    let (engine, token) = (engine(), new_token(None));
    assert_eq!(engine.issue(&token, NOW).unwrap(), engine.issue(&token, NOW).unwrap());
}

#[test]
fn the_header_is_the_one_the_library_writes() {
    let token = engine().issue(&new_token(None), NOW).unwrap();
    assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."), "{token}");
}

#[test]
fn the_least_a_peer_can_send_is_a_subject() {
    let claims = checked(&json!({ "sub": "ana" })).unwrap();
    assert_eq!((claims.token_type, claims.fresh), (TokenType::Access, Fresh::No));
    assert_eq!((&claims.jti, claims.expires_at, claims.session), (&None, None, None));
}

#[test]
fn a_token_is_expired_in_the_very_second_of_its_exp() {
    assert!(checked(&json!({ "sub": "ana", "exp": NOW.0 + 1 })).is_ok());
    assert_eq!(refused(&json!({ "sub": "ana", "exp": NOW.0 })), "Token has expired");
    let lenient = engine_with(Options { decode_leeway: 5, ..Options::default() });
    let decode = |exp: i64| lenient.decode(&signed(&json!({ "sub": "ana", "exp": exp })), None, NOW);
    assert!(decode(NOW.0 - 4).is_ok());
    assert_eq!(decode(NOW.0 - 5).unwrap_err(), Fault::Expired);
}

#[test]
fn a_token_from_the_future_is_refused() {
    assert_eq!(refused(&json!({ "sub": "ana", "iat": NOW.0 + 1 })), "The token is not yet valid (iat)");
    assert_eq!(refused(&json!({ "sub": "ana", "nbf": NOW.0 + 1 })), "The token is not yet valid (nbf)");
}

#[test]
fn numbers_are_read_as_the_library_reads_them() {
    for exp in [json!(NOW.0 + 9), json!(1_795_374_316.9), json!(format!(" {} ", NOW.0 + 9))] {
        assert!(checked(&json!({ "sub": "ana", "exp": exp })).is_ok(), "{exp}");
    }
    for exp in [json!(null), json!([]), json!("soon"), json!({}), json!("1e99")] {
        assert_eq!(refused(&json!({ "sub": "ana", "exp": exp })), "Expiration Time claim (exp) must be an integer.");
    }
    assert_eq!(refused(&json!({ "sub": "ana", "exp": true })), "Token has expired", "true is 1");
    assert_eq!(refused(&json!({ "sub": "ana", "nbf": "soon" })), "Not Before claim (nbf) must be an integer.");
    assert_eq!(refused(&json!({ "sub": "ana", "iat": [] })), "Issued At claim (iat) must be an integer.");
}

#[test]
fn subject_and_token_id_have_to_be_text() {
    assert_eq!(refused(&json!({ "sub": 1 })), "Subject must be a string");
    assert_eq!(refused(&json!({ "sub": "ana", "jti": null })), "JWT ID must be a string");
    assert_eq!(refused(&json!({})), "Missing claim: sub");
}

#[test]
fn any_other_fault_outranks_expiry() {
    let old = NOW.0 - 100;
    assert_eq!(refused(&json!({ "exp": old })), "Missing claim: sub");
    let with_issuer = engine_with(Options { decode_issuer: Some("us".into()), ..Options::default() });
    let token = signed(&json!({ "sub": "ana", "exp": old, "iss": "them" }));
    assert_eq!(with_issuer.decode(&token, None, NOW).unwrap_err().to_string(), "Invalid issuer");
    let token = signed(&json!({ "sub": "ana", "exp": old, "csrf": "right" }));
    assert_eq!(engine().decode(&token, Some("wrong"), NOW).unwrap_err(), Fault::CsrfMismatch);
}

#[test]
fn issuer_and_audience_are_looked_at_only_when_expected() {
    assert!(checked(&json!({ "sub": "ana", "iss": 7, "aud": { "odd": true } })).is_ok());
    let options =
        Options { decode_issuer: Some("us".into()), decode_audience: vec!["here".into()], ..Options::default() };
    let engine = engine_with(options);
    let verdict =
        |claims: Value| engine.decode(&signed(&claims), None, NOW).map_err(|fault| fault.to_string()).map(drop);
    let fault = |text: &str| Err(text.to_owned());
    assert_eq!(verdict(json!({ "sub": "a" })), fault("Token is missing the \"iss\" claim"));
    assert_eq!(verdict(json!({ "sub": "a", "iss": 7 })), fault("Payload Issuer (iss) must be a string"));
    assert_eq!(verdict(json!({ "sub": "a", "iss": "us" })), fault("Token is missing the \"aud\" claim"));
    assert_eq!(verdict(json!({ "sub": "a", "iss": "us", "aud": "there" })), fault("Audience doesn't match"));
    assert_eq!(verdict(json!({ "sub": "a", "iss": "us", "aud": [1, "here"] })), fault("Invalid claim format in token"));
    assert_eq!(verdict(json!({ "sub": "a", "iss": "us", "aud": ["there", "here"] })), Ok(()));
}

#[test]
fn a_token_by_another_algorithm_is_refused() {
    let claims = json!({ "sub": "ana" });
    for algorithm in
        [json!("none"), json!("None"), json!("HS384"), json!("RS256"), json!("hs256"), json!(null), json!(7)]
    {
        let fault = engine().decode(&with_header(&json!({ "alg": algorithm }), &claims), None, NOW).unwrap_err();
        assert_eq!(fault.to_string(), "The specified alg value is not allowed", "{algorithm}");
    }
    let fault = engine().decode(&with_header(&json!({ "typ": "JWT" }), &claims), None, NOW).unwrap_err();
    assert_eq!(fault.to_string(), "Algorithm not specified");
}

#[test]
fn headers_that_mean_nothing_are_ignored_and_critical_ones_refused() {
    let claims = json!({ "sub": "ana" });
    let decode =
        |header: Value| engine().decode(&with_header(&header, &claims), None, NOW).map_err(|fault| fault.to_string());
    assert!(decode(json!({ "alg": "HS256", "kid": "../../key", "jku": "http://evil.example", "zip": "DEF" })).is_ok());
    assert_eq!(decode(json!({ "alg": "HS256", "kid": 7 })).unwrap_err(), "Key ID header parameter must be a string");
    assert_eq!(decode(json!({ "alg": "HS256", "crit": [] })).unwrap_err(), "Unsupported critical extension");
}

#[test]
fn what_is_no_token_is_told_what_it_lacks() {
    let good = signed(&json!({ "sub": "ana" }));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let text = URL_SAFE_NO_PAD.encode("[1]");
    for (token, expected) in [
        (String::new(), "Not enough segments"),
        ("a.b".into(), "Not enough segments"),
        (format!("!.{payload}.{signature}"), "Invalid header padding"),
        (format!("{text}.{payload}.{signature}"), "Invalid header string: must be a json object"),
        (format!("{header}.{payload}.x.{signature}"), "Invalid payload padding"),
        (format!("{header}.{payload}.!"), "Invalid crypto padding"),
        (format!("{header}.{payload}."), "Signature verification failed"),
        (format!("{header}.{text}.{signature}"), "Signature verification failed"),
        ("x".repeat(5000), "Token is too long"),
    ] {
        assert_eq!(engine().decode(&token, None, NOW).unwrap_err().to_string(), expected, "{token:.60}");
    }
}

#[test]
fn no_bit_of_a_token_can_be_turned() {
    let (engine, good) = (engine(), signed(&json!({ "sub": "ana" })));
    assert!(engine.decode(&good, None, NOW).is_ok());
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let turned = String::from_utf8(bytes).unwrap();
            assert!(engine.decode(&turned, None, NOW).is_err(), "byte {at}, bit {bit}: {turned}");
        }
    }
}

#[test]
fn half_a_session_is_refused() {
    let whole = json!({ "sub": "ana", "sid": SessionId::random(), "gen": 0, "auth_time": NOW, "transport": "cookie" });
    assert!(checked(&whole).unwrap().session.is_some());
    for member in ["gen", "auth_time", "transport"] {
        let mut half = whole.clone();
        half.as_object_mut().unwrap().remove(member);
        assert_eq!(refused(&half), "Invalid session claims", "without {member}");
    }
}

#[test]
fn freshness_ends_with_the_claim_and_with_the_proof() {
    let claims = |fresh: Value, auth_time: i64| {
        let sid = SessionId::random();
        checked(&json!({ "sub": "ana", "fresh": fresh, "sid": sid, "gen": 0, "auth_time": auth_time, "transport": "cookie" })).unwrap()
    };
    let is_fresh = |claims: Arc<Claims>| claims.require_fresh(600, NOW).is_ok();
    assert!(is_fresh(claims(json!(NOW.0), NOW.0 - 600)));
    assert!(is_fresh(claims(json!(true), NOW.0)));
    assert!(!is_fresh(claims(json!(NOW.0 - 1), NOW.0)), "the claim is over");
    assert!(!is_fresh(claims(json!(NOW.0 + 900), NOW.0 - 601)), "the proof is too old");
    assert!(is_fresh(claims(json!(true), NOW.0 + 60)), "the clock was set back a little");
    assert!(!is_fresh(claims(json!(true), NOW.0 + 61)), "a proof from the future");
    assert!(!is_fresh(claims(json!(false), NOW.0)));
    for senseless in [json!("true"), json!(null), json!([])] {
        assert_eq!(claims(senseless, NOW.0).require_fresh(600, NOW).unwrap_err().status(), 422);
    }
    assert_eq!(claims(json!(NOW.0 + 100), NOW.0 - 550).freshness_left(600, NOW), 50);
}

#[test]
fn two_factors_are_those_of_the_session_and_each_has_its_age() {
    let claims = |amr: Value, first: i64, second: Option<i64>| {
        let mut session = json!({ "sub": "ana", "sid": SessionId::random(), "gen": 0, "auth_time": NOW.0 - first,
            "transport": "cookie", "amr": amr, "acr": "aal2" });
        if let Some(ago) = second {
            session["factor_time"] = json!(NOW.0 - ago);
        }
        checked(&session).unwrap()
    };
    let needs = |claims: &Claims, max_age| claims.require_level(Level::Two, max_age, NOW);
    let too_low = |max_age| Err(Fault::BelowLevel { level: Level::Two, max_age });
    let both = json!(["otp", "pwd", "mfa"]);
    let [young, old] = [300, 301];
    assert_eq!(needs(&claims(both.clone(), 9000, Some(9000)), None), Ok(()));
    assert_eq!(needs(&claims(both.clone(), young, Some(young)), Some(300)), Ok(()));
    assert_eq!(
        needs(&claims(both.clone(), old, Some(young)), Some(300)),
        too_low(Some(300)),
        "the password is too old"
    );
    assert_eq!(needs(&claims(both.clone(), young, Some(old)), Some(300)), too_low(Some(300)), "the code is too old");
    assert_eq!(needs(&claims(both.clone(), young, None), Some(300)), too_low(Some(300)), "nobody knows how old");
    assert_eq!(needs(&claims(both.clone(), -60, Some(-60)), Some(300)), Ok(()), "the clock was set back a little");
    assert_eq!(needs(&claims(both, young, Some(-61)), Some(300)), too_low(Some(300)), "a code from the future");
    for one in [json!(["pwd"]), json!(["mfa"]), json!(["otp"]), json!([])] {
        assert_eq!(needs(&claims(one, 0, Some(0)), None), too_low(None), "the claim acr alone proves nothing");
    }
    let password = claims(json!(["pwd"]), young, None);
    assert_eq!(password.require_level(Level::One, Some(300), NOW), Ok(()));
    assert_eq!(password.require_level(Level::One, Some(299), NOW), Err(Fault::NotFresh { max_age: 299 }));
    let peers = checked(&json!({ "sub": "ana", "amr": ["otp", "pwd"], "acr": "aal2", "auth_time": NOW.0 })).unwrap();
    assert_eq!((peers.level(), peers.require_level(Level::One, None, NOW)), (Level::One, Ok(())));
    assert_eq!(needs(&peers, None), too_low(None), "a peer's word is no proof");
}

#[test]
fn what_lacks_a_second_factor_says_so_as_rfc_9470_has_it() {
    let challenge = |max_age| Fault::BelowLevel { level: Level::Two, max_age }.challenge().unwrap();
    let common = "Bearer error=\"insufficient_user_authentication\", error_description=\"A second factor is required\"";
    assert_eq!(challenge(None), format!("{common}, acr_values=\"aal2\""));
    assert_eq!(challenge(Some(300)), format!("{common}, acr_values=\"aal2\", max_age=\"300\""));
    let fault = Fault::NotEnrolled;
    assert_eq!((fault.status(), fault.to_string().as_str()), (403, "Second factor enrolment required"));
    assert_eq!(fault.challenge(), None, "no proof that could be given now is enough");
}

#[test]
fn a_token_too_long_to_be_accepted_is_not_issued() {
    let token = NewToken { identity: "x".repeat(4000).into(), ..new_token(None) };
    assert!(engine().issue(&token, NOW).is_err());
}

#[test]
fn a_token_found_good_is_remembered_until_the_keys_change() {
    let engine = engine();
    let token = engine.issue(&new_token(None), NOW).unwrap();
    let read = || engine.decode(&token, None, NOW).unwrap();
    let first = read();
    engine.set_keys(Keys::one(key()));
    assert!(Arc::ptr_eq(&first, &read()), "the same keys, read again");
    let other = Key::new(Algorithm::HS256, &Secret::new("another secret of at least 32 bytes")).unwrap();
    engine.set_keys(Keys::ring(vec![], key(), vec![other]));
    assert!(!Arc::ptr_eq(&first, &read()), "another ring, in which the key is still good");
}
