//! Properties that hold for any token, tried with many random ones.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portero::tokens::{Algorithm, Engine, NewToken, Unverified};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{NOW, engine, segment, shared, signed_by_hand};

const SECRET: &str = "one secret of more than thirty-two bytes";

/// One engine per algorithm, made only once because generating an RSA key takes long.
static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| Algorithm::ALL.iter().copied().map(engine).collect());

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(".{0,6}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Claims under names that mean nothing to the engine.
fn own_claims() -> impl Strategy<Value = Map<String, Value>> {
    btree_map("x_.{0,8}", json(), 0..5).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_claims_survive_issue_and_check(identity in ".{0,40}", claims in own_claims(), which in 0..Algorithm::ALL.len()) {
        let engine = &ENGINES[which];
        let token = NewToken { additional_claims: claims.clone(), ..NewToken::access(identity.as_str()) };
        let text = engine.issue(&token, NOW).unwrap();
        let read = engine.decode(&text, None, NOW).unwrap();
        prop_assert_eq!(&read.identity, &identity);
        for (name, value) in &claims {
            prop_assert_eq!(read.all.get(name), Some(value));
        }
    }

    #[test]
    fn the_members_of_a_token_stand_in_the_order_of_their_names(claims in own_claims(), headers in own_claims(), sub in json()) {
        let replaced = sub.is_string().then(|| ("sub".to_owned(), sub));
        let token = NewToken {
            additional_claims: claims.into_iter().chain(replaced).collect(),
            additional_headers: headers,
            ..NewToken::access("ana")
        };
        let text = ENGINES[0].issue(&token, NOW).unwrap();
        for which in [0, 1] {
            let json = String::from_utf8(URL_SAFE_NO_PAD.decode(text.split('.').nth(which).unwrap()).unwrap()).unwrap();
            // A map that keeps its names in order, and each once.
            let read: Map<String, Value> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&read).unwrap());
        }
    }

    #[test]
    fn no_bit_of_any_segment_can_be_turned(which in 0..Algorithm::ALL.len(), at in any::<prop::sample::Index>(), bit in 0..7_u32) {
        let engine = &ENGINES[which];
        let good = engine.issue(&NewToken::access("ana"), NOW).unwrap();
        let mut bytes = good.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let turned = String::from_utf8(bytes).unwrap();
        prop_assert!(engine.decode(&turned, None, NOW).is_err(), "{}", turned);
    }

    #[test]
    fn no_text_makes_the_check_panic(text in ".{0,200}", csrf in proptest::option::of(".{0,10}")) {
        for engine in ENGINES.iter() {
            prop_assert!(engine.decode_allow_expired(&text, csrf.as_deref(), NOW).is_err());
        }
    }

    /// Tokens of the right form, with any JSON as header and claims.
    #[test]
    fn no_contents_make_the_check_panic(header in json(), claims in json(), signed in any::<bool>()) {
        let (header, claims) = (segment(&header), segment(&claims));
        let token = if signed { signed_by_hand(SECRET, &header, &claims) } else { format!("{header}.{claims}.AAAA") };
        drop(shared(SECRET).decode_allow_expired(&token, Some("x"), NOW));
        drop(Unverified::parse(&token).map(|token| token.claims()));
    }

    /// Correctly signed tokens in which one of the claims that the engine knows has any value.
    #[test]
    fn no_claim_makes_the_check_panic(
        name in prop::sample::select(&["exp", "iat", "nbf", "sub", "jti", "type", "fresh", "csrf", "iss", "aud", "sid"][..]),
        value in json(),
    ) {
        let mut claims = Map::from_iter([("sub".to_owned(), "ana".into()), ("csrf".to_owned(), "x".into())]);
        claims.insert(name.into(), value);
        let header = segment(&serde_json::json!({ "alg": "HS256" }));
        let token = signed_by_hand(SECRET, &header, &segment(&Value::Object(claims)));
        if let Ok(checked) = shared(SECRET).decode_allow_expired(&token, Some("x"), NOW) {
            drop(checked.claims.require_fresh(600, NOW));
            checked.claims.freshness_left(600, NOW);
        }
    }
}
