//! Tokens that an attacker would try. They are refused, unless flask-jwt-extended accepts them and
//! `docs/deviations.md` names no difference.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, MAX_TOKEN_BYTES};
use serde_json::{Value, json};

use super::{NOW, engine, segment, shared, signed_by_hand};

const SECRET: &str = "one secret of more than thirty-two bytes";

fn verdict(token: &str) -> Result<(), String> {
    shared(SECRET).decode(token, None, NOW).map(drop).map_err(|fault| fault.to_string())
}

fn refused(token: &str) -> String {
    let shown: String = token.chars().take(80).collect();
    verdict(token).expect_err(&shown)
}

/// A correctly signed token with these texts as header and payload.
fn with_texts(header: &str, payload: &str) -> String {
    signed_by_hand(SECRET, &URL_SAFE_NO_PAD.encode(header), &URL_SAFE_NO_PAD.encode(payload))
}

fn with_claims(claims: &Value) -> String {
    with_texts(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

const GOOD: &str = r#"{"sub":"ana"}"#;

#[test]
fn no_algorithm_but_ours_whatever_its_spelling() {
    let payload = URL_SAFE_NO_PAD.encode(GOOD);
    for algorithm in ["none", "None", "nOnE", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256", "ES256K", ""] {
        let header = segment(&json!({ "alg": algorithm, "typ": "JWT" }));
        for token in [format!("{header}.{payload}."), signed_by_hand(SECRET, &header, &payload)] {
            assert_eq!(refused(&token), "The specified alg value is not allowed", "{algorithm}");
        }
    }
    assert_eq!(refused(&with_texts(r#"{"typ":"JWT"}"#, GOOD)), "Algorithm not specified");
    assert_eq!(refused(&with_texts(r#"{"alg":["HS256"]}"#, GOOD)), "The specified alg value is not allowed");
    // `alg` twice: the last one counts, as in Python, and the signature has to be made by that algorithm.
    assert_eq!(refused(&with_texts(r#"{"alg":"HS256","alg":"none"}"#, GOOD)), "The specified alg value is not allowed");
}

#[test]
fn a_key_or_an_address_in_the_header_is_not_looked_at() {
    let forged = "a secret of the attacker's own, of 32 bytes";
    let header = json!({
        "alg": "HS256", "jku": "http://127.0.0.1:9/jwks.json", "x5u": "http://127.0.0.1:9/", "x5c": ["MA=="],
        "jwk": { "kty": "oct", "k": URL_SAFE_NO_PAD.encode(forged) },
    });
    let payload = URL_SAFE_NO_PAD.encode(GOOD);
    assert_eq!(refused(&signed_by_hand(forged, &segment(&header), &payload)), "Signature verification failed");
    assert_eq!(verdict(&signed_by_hand(SECRET, &segment(&header), &payload)), Ok(()));
}

#[test]
fn what_is_critical_is_refused_for_we_know_no_extension() {
    for crit in [r#"["b64"],"b64":false"#, r#"["exp"]"#, "[]", r#"["a","a"]"#, "null"] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit}}}"#);
        assert_eq!(refused(&with_texts(&header, GOOD)), "Unsupported critical extension");
    }
}

#[test]
fn other_forms_of_jose_are_no_tokens() {
    let good = with_claims(&json!({ "sub": "ana" }));
    let (header, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    assert_eq!(refused(&format!("{header}.{payload}.{signature}.{payload}.{signature}")), "Invalid payload padding");
    let json_form = json!({ "protected": header, "payload": payload, "signature": signature }).to_string();
    assert_eq!(refused(&json_form), "Not enough segments");
    // `zip` means nothing in a signed token.
    assert_eq!(verdict(&with_texts(r#"{"alg":"HS256","zip":"DEF"}"#, GOOD)), Ok(()));
}

#[test]
fn moments_out_of_every_range_are_refused_or_mean_what_they_say() {
    for (exp, verdict_of) in [
        ("null", "Expiration Time claim (exp) must be an integer."),
        ("\"soon\"", "Expiration Time claim (exp) must be an integer."),
        ("\"\"", "Expiration Time claim (exp) must be an integer."),
        ("-1", "Token has expired"),
        ("-9223372036854775808", "Token has expired"),
        ("0", "Token has expired"),
        ("1.5", "Token has expired"),
    ] {
        assert_eq!(refused(&with_texts(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"ana","exp":{exp}}}"#))), verdict_of);
    }
    for exp in ["18446744073709551615", "9223372036854775807", "1e300"] {
        let token = with_texts(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"ana","exp":{exp}}}"#));
        assert_eq!(verdict(&token), Ok(()), "{exp}: for ever, which its issuer may say");
    }
    assert_eq!(
        refused(&with_texts(r#"{"alg":"HS256"}"#, r#"{"sub":"ana","exp":1e400}"#)),
        "Invalid payload string: not json"
    );
    assert_eq!(refused(&with_claims(&json!({ "sub": "ana", "nbf": NOW.0 + 1 }))), "The token is not yet valid (nbf)");
    assert_eq!(refused(&with_claims(&json!({ "sub": "ana", "iat": NOW.0 + 1 }))), "The token is not yet valid (iat)");
}

#[test]
fn no_leeway_is_given_that_nobody_asked_for() {
    assert_eq!(refused(&with_claims(&json!({ "sub": "ana", "exp": NOW.0 }))), "Token has expired");
    assert_eq!(refused(&with_claims(&json!({ "sub": "ana", "exp": NOW.0 - 30 }))), "Token has expired");
    // The largest leeway that fits the type, with an `exp` of 0: nothing overflows.
    let options = Options { decode_leeway: i64::MAX, ..Options::default() };
    let lenient = Engine::new(options, Keys::one(Key::new(Algorithm::HS256, &Secret::new(SECRET)).unwrap()));
    assert!(lenient.decode(&with_claims(&json!({ "sub": "ana", "exp": 0 })), None, NOW).is_ok());
}

#[test]
fn a_claim_that_comes_twice_counts_as_it_came_last() {
    let token = with_texts(r#"{"alg":"HS256"}"#, r#"{"sub":"eva","sub":"ana"}"#);
    assert_eq!(shared(SECRET).decode(&token, None, NOW).unwrap().identity, "ana");
}

#[test]
fn text_that_is_no_text_is_refused() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    for payload in [
        &b"{\"sub\":\"\xff\"}"[..],
        b"\xef\xbb\xbf{\"sub\":\"ana\"}",
        br#"{"sub":"\ud800"}"#,
        b"",
        b"{\"sub\":\"ana\"}x",
    ] {
        let token = signed_by_hand(SECRET, &header, &URL_SAFE_NO_PAD.encode(payload));
        assert_eq!(refused(&token), "Invalid payload string: not json", "{payload:?}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let good = with_claims(&json!({ "sub": "ana~~?" }));
    assert_eq!(verdict(&good), Ok(()));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for other in [
        URL_SAFE.encode(&raw),
        STANDARD.encode(&raw),
        format!("{signature}="),
        format!(" {signature}"),
        format!("{signature}\n"),
    ] {
        if other != signature {
            assert_eq!(refused(&format!("{message}.{other}")), "Invalid crypto padding", "{other}");
        }
    }
    for other in [format!("{payload}="), format!("{payload}\n"), format!("{payload} ")] {
        assert_eq!(refused(&format!("{header}.{other}.{signature}")), "Invalid payload padding");
    }
    // 32 bytes leave two bits of the last character unused: if they could be set, the same signature would have a second spelling.
    let mut stray = signature.to_owned();
    let last = stray.pop().unwrap();
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = ALPHABET.find(last).unwrap();
    stray.push(ALPHABET.as_bytes()[at + 1] as char);
    assert_eq!(refused(&format!("{message}.{stray}")), "Invalid crypto padding");
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    assert_eq!(refused(&"x".repeat(MAX_TOKEN_BYTES + 1)), "Token is too long");
    let deep = format!("{{\"sub\":\"ana\",\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(refused(&with_texts(r#"{"alg":"HS256"}"#, &deep)), "Invalid payload string: not json");
    let deep_header = format!("{{\"alg\":\"HS256\",\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(refused(&with_texts(&deep_header, GOOD)), "Invalid header string: not json");
}

#[test]
fn every_part_that_is_missing_is_a_refusal() {
    for token in ["", ".", "..", "...", "a", "a.b", "a.b.c", "Bearer", "null", "{}"] {
        assert!(verdict(token).is_err(), "{token}");
    }
    for &algorithm in Algorithm::ALL {
        let engine = engine(algorithm);
        let token = engine.issue(&portero::tokens::NewToken::access("ana"), NOW).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        for signature in ["", &signature[..signature.len() / 8 * 4], "AAAA"] {
            let fault = engine.decode(&format!("{message}.{signature}"), None, NOW).unwrap_err();
            assert_eq!(fault.to_string(), "Signature verification failed", "{}", algorithm.as_str());
        }
    }
}
