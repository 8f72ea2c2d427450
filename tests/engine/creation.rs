//! Issuing tokens: what each argument does, and which tokens the engine refuses to issue.

use portero::tokens::options::{Lifetime, Options, Secret};
use portero::tokens::{Algorithm, Engine, Fresh, Key, Keys, Life, NewToken, unverified_header};
use serde_json::{Value, json};

use super::{NOW, engine, header_of, shared};

const SECRET: &str = "one secret of more than thirty-two bytes";

fn with(options: Options) -> Engine {
    Engine::new(options, Keys::one(Key::new(Algorithm::HS256, &Secret::new(SECRET)).unwrap()))
}

fn refusal(token: &NewToken) -> String {
    shared(SECRET).issue(token, NOW).unwrap_err().to_string()
}

#[test]
fn a_new_token_has_the_claims_that_the_library_gives_it() {
    let engine = engine(Algorithm::HS256);
    let decode = |token: &NewToken| engine.decode(&engine.issue(token, NOW).unwrap(), None, NOW).unwrap().all.clone();
    let access = decode(&NewToken::access("ana").fresh(Fresh::Yes));
    let names: Vec<_> = access.keys().map(String::as_str).collect();
    assert_eq!(names, ["csrf", "exp", "fresh", "iat", "jti", "nbf", "sub", "type"]);
    assert_eq!((&access["sub"], &access["type"], &access["fresh"]), (&json!("ana"), &json!("access"), &json!(true)));
    assert_eq!((&access["iat"], &access["nbf"], &access["exp"]), (&json!(NOW.0), &json!(NOW.0), &json!(NOW.0 + 900)));
    assert_eq!((access["jti"].as_str().unwrap().len(), access["csrf"].as_str().unwrap().len()), (36, 36));

    let refresh = decode(&NewToken::refresh("ana").fresh(Fresh::Yes));
    assert_eq!(
        (&refresh["type"], &refresh["fresh"]),
        (&json!("refresh"), &json!(false)),
        "a refresh token is never fresh"
    );
    assert_eq!(refresh["exp"], json!(NOW.0 + 30 * 24 * 60 * 60));
}

#[test]
fn the_options_say_what_every_token_has() {
    let options = Options {
        access_token_expires: Lifetime::Never,
        encode_issuer: Some("us".into()),
        encode_audience: vec!["here".into(), "there".into()],
        encode_nbf: false,
        identity_claim: "uid".into(),
        cookie_csrf_protect: false,
        ..Options::default()
    };
    let engine = with(options);
    let token = engine.issue(&NewToken::access("ana"), NOW).unwrap();
    let claims = engine.decode(&token, None, NOW).unwrap();
    assert_eq!(claims.identity, "ana");
    let names: Vec<_> = claims.all.keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "fresh", "iat", "iss", "jti", "type", "uid"]);
    assert_eq!(claims.all["aud"], json!(["here", "there"]));
}

#[test]
fn each_token_can_have_a_life_of_its_own() {
    let engine = shared(SECRET);
    let end = |life| {
        let token = engine.issue(&NewToken::access("ana").life(life), NOW).unwrap();
        engine.decode(&token, None, NOW).unwrap().expires_at
    };
    assert_eq!(end(Life::Seconds(5)), Some(NOW.plus(5)));
    assert_eq!(end(Life::Until(NOW.plus(7))), Some(NOW.plus(7)));
    assert_eq!(end(Life::Never), None);
    for seconds in [0, -1] {
        let fault = refusal(&NewToken::access("ana").life(Life::Seconds(seconds)));
        assert_eq!(fault, format!("a token can't live for {seconds} seconds"));
    }
}

#[test]
fn additional_claims_stand_in_the_place_of_what_is_built_in() {
    let engine = shared(SECRET);
    let token = NewToken::access("ana").claim("role", "admin").claim("jti", "mine").claim("fresh", true);
    let claims = engine.decode(&engine.issue(&token, NOW).unwrap(), None, NOW).unwrap();
    assert_eq!((&claims.all["role"], claims.jti.as_deref(), claims.fresh), (&json!("admin"), Some("mine"), Fresh::Yes));
}

#[test]
fn what_our_own_check_would_refuse_is_not_made() {
    for (claim, value, fault) in [
        ("sub", json!(7), "Subject must be a string"),
        ("jti", json!(null), "JWT ID must be a string"),
        ("exp", json!("soon"), "Expiration Time claim (exp) must be an integer."),
        ("iat", json!([]), "Issued At claim (iat) must be an integer."),
        ("nbf", json!({}), "Not Before claim (nbf) must be an integer."),
        ("iss", json!(7), "Payload Issuer (iss) must be a string"),
        ("fresh", json!("yes"), "Claim fresh must be a boolean or a number"),
    ] {
        let said = refusal(&NewToken::access("ana").claim(claim, value));
        assert_eq!(said, format!("a token with these claims would be refused: {fault}"));
    }
    for identity in [json!(7), json!({ "id": 7 }), Value::Null] {
        assert!(refusal(&NewToken::access(identity)).ends_with("Subject must be a string"));
    }
    let lenient = with(Options { verify_sub: false, ..Options::default() });
    let token = lenient.issue(&NewToken::access(7), NOW).unwrap();
    assert_eq!(lenient.decode(&token, None, NOW).unwrap().identity, "7");
}

#[test]
fn headers_can_be_added_but_not_those_that_say_how_to_check() {
    let engine = shared(SECRET);
    let token = engine.issue(&NewToken::access("ana").header("typ", "at+jwt").header("x", 1), NOW).unwrap();
    assert_eq!(header_of(&token), json!({ "alg": "HS256", "typ": "at+jwt", "x": 1 }));
    assert_eq!(Value::Object(unverified_header(&token).unwrap()), header_of(&token));
    let token = engine.issue(&NewToken::access("ana").header("typ", Value::Null), NOW).unwrap();
    assert_eq!(header_of(&token), json!({ "alg": "HS256" }));
    for (name, value) in [("alg", json!("none")), ("crit", json!(["exp"])), ("kid", json!(7))] {
        assert_eq!(refusal(&NewToken::access("ana").header(name, value)), format!("the header {name} can't be set"));
    }
}

#[test]
fn a_tokens_id_and_csrf_value_can_be_asked_for() {
    let engine = shared(SECRET);
    let token = engine.issue(&NewToken::access("ana").claim("jti", "mine").claim("csrf", "value"), NOW).unwrap();
    assert_eq!(engine.jti(&token, NOW).unwrap().as_deref(), Some("mine"));
    assert_eq!(engine.csrf(&token, NOW).unwrap(), "value");
    assert!(engine.jti(&token, NOW.plus(901)).is_err(), "an expired one tells nothing");
    let bare = with(Options { cookie_csrf_protect: false, ..Options::default() });
    let token = bare.issue(&NewToken::access("ana"), NOW).unwrap();
    assert_eq!(bare.csrf(&token, NOW).unwrap_err().to_string(), "Missing claim: csrf");
}

#[test]
fn an_expired_tokens_claims_can_be_read_by_who_asks_for_that() {
    let engine = shared(SECRET);
    let token = engine.issue(&NewToken::access("ana"), NOW).unwrap();
    let checked = engine.decode_allow_expired(&token, None, NOW.plus(900)).unwrap();
    assert!(checked.expired);
    assert_eq!(checked.claims.identity, "ana");
    assert_eq!(checked.unexpired().unwrap_err().to_string(), "Token has expired");
}
