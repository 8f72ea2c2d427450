//! Each of the library's options, set to something else than its default in Flask and in Portero, changes both in the same way.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Request;
use crate::cases::{CSRF, Case, case, good, good_refresh, now, signed, with};
use crate::oracle::Oracle;

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn post(path: &str) -> Request {
    Request::new("POST", path)
}

/// Requests under options without which they would be answered differently.
fn cases() -> Vec<Case> {
    let shown = |token: &str| get("/access").bearer(token);
    let of = |changes: Value| shown(&signed(&with(changes)));
    let cookies = |more: Value| {
        let mut options = json!({ "JWT_TOKEN_LOCATION": ["cookies"] });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let cookie = |method: &'static str, name: &str, token: &str| {
        Request::new(method, "/access").header("Cookie", format!("{name}={token}"))
    };
    let posted = || cookie("POST", "access_token_cookie", &good());
    let refresh = || post("/refresh-only").header("Cookie", format!("refresh_token_cookie={}", good_refresh()));
    let form = |request: Request, body: String| request.body("application/x-www-form-urlencoded", body);
    vec![
        case("an issuer that fits", of(json!({ "iss": "us" })))
            .under(json!({ "JWT_DECODE_ISSUER": "us", "JWT_ENCODE_ISSUER": "us" }))
            .is(200),
        case("another issuer", of(json!({ "iss": "them" })))
            .under(json!({ "JWT_DECODE_ISSUER": "us", "JWT_ENCODE_ISSUER": "us" }))
            .is(422),
        case("no issuer", of(json!({}))).under(json!({ "JWT_DECODE_ISSUER": "us", "JWT_ENCODE_ISSUER": "us" })).is(422),
        case("an issuer that is no text", of(json!({ "iss": 7 })))
            .under(json!({ "JWT_DECODE_ISSUER": "us", "JWT_ENCODE_ISSUER": "us" }))
            .is(422),
        case("an issuer nobody asked for", of(json!({ "iss": 7 }))).is(200),
        case("expired and another issuer", of(json!({ "iss": "them", "exp": now() - 5 })))
            .under(json!({ "JWT_DECODE_ISSUER": "us", "JWT_ENCODE_ISSUER": "us" }))
            .is(422),
        case("an audience that fits", of(json!({ "aud": ["there", "here"] })))
            .under(json!({ "JWT_DECODE_AUDIENCE": "here", "JWT_ENCODE_AUDIENCE": "here" }))
            .is(200),
        case("one of several audiences", of(json!({ "aud": "b" })))
            .under(json!({ "JWT_DECODE_AUDIENCE": ["a", "b"], "JWT_ENCODE_AUDIENCE": ["b"] }))
            .is(200),
        case("another audience", of(json!({ "aud": "there" })))
            .under(json!({ "JWT_DECODE_AUDIENCE": "here", "JWT_ENCODE_AUDIENCE": "here" }))
            .is(422),
        case("no audience", of(json!({})))
            .under(json!({ "JWT_DECODE_AUDIENCE": "here", "JWT_ENCODE_AUDIENCE": "here" }))
            .is(422),
        case("an audience that makes no sense", of(json!({ "aud": [7] })))
            .under(json!({ "JWT_DECODE_AUDIENCE": "here", "JWT_ENCODE_AUDIENCE": "here" }))
            .is(422),
        case("an audience nobody asked for", of(json!({ "aud": { "odd": true } }))).is(200),
        case("leeway for exp", of(json!({ "exp": now() - 5 }))).under(json!({ "JWT_DECODE_LEEWAY": 60 })).is(200),
        case("leeway for iat", of(json!({ "iat": now() + 30 }))).under(json!({ "JWT_DECODE_LEEWAY": 60 })).is(200),
        case("leeway for nbf", of(json!({ "nbf": now() + 30 }))).under(json!({ "JWT_DECODE_LEEWAY": 60 })).is(200),
        case("too late for the leeway", of(json!({ "exp": now() - 65 })))
            .under(json!({ "JWT_DECODE_LEEWAY": 60 }))
            .is(401),
        case("another key of errors", get("/access")).under(json!({ "JWT_ERROR_MESSAGE_KEY": "message" })).is(401),
        case("another identity claim", of(json!({ "uid": "ana", "sub": null })))
            .under(json!({ "JWT_IDENTITY_CLAIM": "uid" }))
            .is(200),
        case("and it is missing", of(json!({}))).under(json!({ "JWT_IDENTITY_CLAIM": "uid" })).is(422),
        case("and sub is still looked at", of(json!({ "uid": "ana", "sub": 7 })))
            .under(json!({ "JWT_IDENTITY_CLAIM": "uid" }))
            .is(422),
        case("sub of any type", of(json!({ "sub": 7 })))
            .under(json!({ "JWT_VERIFY_SUB": false }))
            .status_only()
            .not_on_portero()
            .is(200),
        case("another algorithm", of(json!({})))
            .under(json!({ "JWT_ALGORITHM": "HS512", "JWT_SECRET_KEY": "x".repeat(10) + crate::SECRET }))
            .is(422),
        case("an algorithm beside it", of(json!({})))
            .under(json!({ "JWT_ALGORITHM": "HS384", "JWT_DECODE_ALGORITHMS": ["HS256"] }))
            .is(200),
        case("another secret", of(json!({})))
            .under(json!({ "JWT_SECRET_KEY": "another key, which also has its 32 bytes" }))
            .is(422),
        case("another header", get("/access").header("X-Token", format!("Bearer {}", good())))
            .under(json!({ "JWT_HEADER_NAME": "X-Token" }))
            .is(200),
        case("and nothing in it", get("/access")).under(json!({ "JWT_HEADER_NAME": "X-Token" })).is(401),
        case("and of the wrong shape", get("/access").header("X-Token", "Bearer"))
            .under(json!({ "JWT_HEADER_NAME": "X-Token" }))
            .is(422),
        case("another word", get("/access").header("Authorization", format!("JWT {}", good())))
            .under(json!({ "JWT_HEADER_TYPE": "JWT" }))
            .is(200),
        case("and Bearer is none", shown(&good())).under(json!({ "JWT_HEADER_TYPE": "JWT" })).is(401),
        case("no word", get("/access").header("Authorization", good())).under(json!({ "JWT_HEADER_TYPE": "" })).is(200),
        case("no word and two", shown(&good())).under(json!({ "JWT_HEADER_TYPE": "" })).is(422),
        case("another cookie", cookie("GET", "ac", &good()))
            .under(cookies(json!({ "JWT_ACCESS_COOKIE_NAME": "ac" })))
            .is(200),
        case("and not the usual one", cookie("GET", "access_token_cookie", &good()))
            .under(cookies(json!({ "JWT_ACCESS_COOKIE_NAME": "ac" })))
            .is(401),
        case(
            "another refresh cookie",
            post("/refresh-only").header("Cookie", format!("rc={}", good_refresh())).header("X-CSRF-TOKEN", CSRF),
        )
        .under(cookies(json!({ "JWT_REFRESH_COOKIE_NAME": "rc" })))
        .not_on_portero()
        .is(200),
        case("no CSRF at all", posted())
            .under(cookies(json!({ "JWT_COOKIE_CSRF_PROTECT": false })))
            .not_on_portero()
            .is(200),
        case("CSRF for GET alone", cookie("GET", "access_token_cookie", &good()))
            .under(cookies(json!({ "JWT_CSRF_METHODS": ["GET"] })))
            .is(401),
        case("and not for POST", posted()).under(cookies(json!({ "JWT_CSRF_METHODS": ["GET"] }))).is(200),
        case("in a form", form(posted(), format!("csrf_token={CSRF}")))
            .under(cookies(json!({ "JWT_CSRF_CHECK_FORM": true })))
            .is(200),
        case("another CSRF header", posted().header("X-Mine", CSRF))
            .under(cookies(json!({ "JWT_ACCESS_CSRF_HEADER_NAME": "X-Mine" })))
            .is(200),
        case("another with refresh", refresh().header("X-Mine", CSRF))
            .under(cookies(json!({ "JWT_REFRESH_CSRF_HEADER_NAME": "X-Mine" })))
            .not_on_portero()
            .is(200),
        case("another field", form(posted(), format!("mine={CSRF}")))
            .under(cookies(json!({ "JWT_CSRF_CHECK_FORM": true, "JWT_ACCESS_CSRF_FIELD_NAME": "mine" })))
            .is(200),
        case("another field with refresh", form(refresh(), format!("mine={CSRF}")))
            .under(cookies(json!({ "JWT_CSRF_CHECK_FORM": true, "JWT_REFRESH_CSRF_FIELD_NAME": "mine" })))
            .not_on_portero()
            .is(200),
        case("another parameter", get(&format!("/access?token={}", good())))
            .under(json!({ "JWT_TOKEN_LOCATION": ["query_string"], "JWT_QUERY_STRING_NAME": "token" }))
            .is(200),
        case("a prefix", get(&format!("/access?jwt=Bearer%20{}", good())))
            .under(json!({ "JWT_TOKEN_LOCATION": ["query_string"], "JWT_QUERY_STRING_VALUE_PREFIX": "Bearer " }))
            .is(200),
        case("without the prefix", get(&format!("/access?jwt={}", good())))
            .under(json!({ "JWT_TOKEN_LOCATION": ["query_string"], "JWT_QUERY_STRING_VALUE_PREFIX": "Bearer " }))
            .is(422),
        case("another member", post("/access").json(&json!({ "token": good() })))
            .under(json!({ "JWT_TOKEN_LOCATION": ["json"], "JWT_JSON_KEY": "token" }))
            .is(200),
        case("another member to refresh", post("/refresh-only").json(&json!({ "token": good_refresh() })))
            .under(json!({ "JWT_TOKEN_LOCATION": ["json"], "JWT_REFRESH_JSON_KEY": "token" }))
            .not_on_portero()
            .is(200),
        case("and the usual one is none", post("/refresh-only").json(&json!({ "refresh_token": good_refresh() })))
            .under(json!({ "JWT_TOKEN_LOCATION": ["json"], "JWT_REFRESH_JSON_KEY": "token" }))
            .is(401),
    ]
}

#[test]
fn each_option_changes_the_answer_as_it_does_in_the_library() {
    let mut oracle = Oracle::start();
    for case in cases() {
        oracle.ask(&case);
    }
}

/// Options that change new tokens and cookies, which `tokens.rs` compares.
const SHOWN_BY_NEW_TOKENS: [&str; 18] = [
    "JWT_ACCESS_TOKEN_EXPIRES",
    "JWT_REFRESH_TOKEN_EXPIRES",
    "JWT_ENCODE_AUDIENCE",
    "JWT_ENCODE_ISSUER",
    "JWT_ENCODE_NBF",
    "JWT_PRIVATE_KEY",
    "JWT_PUBLIC_KEY",
    "JWT_ACCESS_COOKIE_PATH",
    "JWT_REFRESH_COOKIE_PATH",
    "JWT_COOKIE_DOMAIN",
    "JWT_COOKIE_SAMESITE",
    "JWT_COOKIE_SECURE",
    "JWT_SESSION_COOKIE",
    "JWT_CSRF_IN_COOKIES",
    "JWT_ACCESS_CSRF_COOKIE_NAME",
    "JWT_REFRESH_CSRF_COOKIE_NAME",
    "JWT_ACCESS_CSRF_COOKIE_PATH",
    "JWT_REFRESH_CSRF_COOKIE_PATH",
];

#[test]
fn every_one_of_the_librarys_options_is_compared() {
    let here: BTreeSet<String> =
        cases().iter().flat_map(|case| case.options.as_object().unwrap().keys().cloned()).collect();
    let in_tokens = include_str!("tokens.rs");
    for name in SHOWN_BY_NEW_TOKENS {
        assert!(in_tokens.contains(name), "{name} is compared nowhere");
    }
    let all: BTreeSet<String> = here.into_iter().chain(SHOWN_BY_NEW_TOKENS.map(str::to_owned)).collect();
    let settings = std::fs::read_to_string(crate::root().join("docs/settings.md")).unwrap();
    let documented: BTreeSet<String> = settings
        .split('`')
        .filter(|word| {
            word.starts_with("JWT_")
                && !word.ends_with("_FILE")
                && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        })
        // Portero's own option, which the library does not have.
        .filter(|word| *word != "JWT_ERROR_CODE_KEY")
        .map(str::to_owned)
        .collect();
    assert_eq!(documented.len(), 43, "the library has 43");
    assert_eq!(all, documented);
}
