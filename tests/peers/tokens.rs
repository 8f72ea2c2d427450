//! New tokens and cookies of Flask and of Portero: compared with each other, and each accepted by the other.

use std::collections::BTreeMap;

use portero::domain::UnixTime;
use portero::tokens::options::Secret;
use portero::tokens::{Algorithm, Engine, Fresh, Key, Keys, Life, NewToken};
use serde_json::{Value, json};

use crate::cases::now;
use crate::mirror::{Mirror, no_answers};
use crate::oracle::{Oracle, our_options};
use crate::support::{TestApp, claims};
use crate::{Reply, Request, SECRET};

fn engine(options: &Value) -> Engine {
    let options = our_options(options);
    let key = Key::new(options.algorithm, &Secret::new(SECRET)).unwrap();
    Engine::new(options, Keys::one(key))
}

/// The claims, with names in place of values that are new each time and only have to look alike.
fn comparable(token: &str) -> Value {
    let mut claims = claims(token);
    let all = claims.as_object_mut().unwrap();
    for random in ["jti", "csrf"] {
        if let Some(value) = all.get_mut(random) {
            assert_eq!(value.as_str().unwrap().len(), 36);
            *value = "a UUID".into();
        }
    }
    let issued = all["iat"].as_i64().unwrap();
    assert!((now() - issued).abs() < 30);
    for moment in ["iat", "nbf", "exp"] {
        if let Some(value) = all.get_mut(moment) {
            *value = (value.as_i64().unwrap() - issued).into();
        }
    }
    claims
}

fn header(token: &str) -> Value {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[test]
fn new_tokens_say_what_the_librarys_say() {
    let mut oracle = Oracle::start();
    let all_options = [
        json!({}),
        json!({ "JWT_ACCESS_TOKEN_EXPIRES": 60, "JWT_REFRESH_TOKEN_EXPIRES": 120 }),
        json!({ "JWT_ACCESS_TOKEN_EXPIRES": false, "JWT_REFRESH_TOKEN_EXPIRES": false }),
        json!({ "JWT_ENCODE_NBF": false, "JWT_ENCODE_ISSUER": "us", "JWT_ENCODE_AUDIENCE": "here" }),
        json!({ "JWT_ENCODE_AUDIENCE": ["here", "there"], "JWT_IDENTITY_CLAIM": "uid", "JWT_COOKIE_CSRF_PROTECT": false }),
    ];
    for options in all_options {
        let ours = engine(&options);
        let flask = oracle.flask(&options, &json!({}));
        for (asked, token) in [
            (json!({ "type": "access", "identity": "ana" }), NewToken::access("ana")),
            (
                json!({ "type": "access", "identity": "ñ \"x\"", "fresh": true }),
                NewToken::access("ñ \"x\"").fresh(Fresh::Yes),
            ),
            (
                json!({ "type": "access", "identity": "ana", "expires": 30 }),
                NewToken::access("ana").life(Life::Seconds(30)),
            ),
            (
                json!({ "type": "access", "identity": "ana", "expires": false }),
                NewToken::access("ana").life(Life::Never),
            ),
            (
                json!({ "type": "access", "identity": "ana", "claims": { "role": "x", "type": "app" }, "headers": { "typ": "at+jwt" } }),
                NewToken::access("ana").claim("role", "x").claim("type", "app").header("typ", "at+jwt"),
            ),
            (
                json!({ "type": "refresh", "identity": "ana", "claims": { "n": 1.5 } }),
                NewToken::refresh("ana").claim("n", 1.5),
            ),
        ] {
            let theirs = Request::new("POST", "/_create").json(&asked).send(flask).json();
            let theirs = theirs["token"].as_str().unwrap();
            let own = ours.issue(&token, UnixTime(now())).unwrap();
            assert_eq!(comparable(&own), comparable(theirs), "{options} {asked}");
            assert_eq!(header(&own), header(theirs), "{options} {asked}");
        }
    }
}

#[test]
fn what_the_library_makes_by_mistake_is_an_error_here() {
    let mut oracle = Oracle::start();
    let flask = oracle.flask(&json!({}), &json!({}));
    let make = |asked: Value| Request::new("POST", "/_create").json(&asked).send(flask);
    let ours = engine(&json!({}));
    // To the library, a life of zero means for ever.
    let theirs = make(json!({ "type": "access", "identity": "ana", "expires": 0 })).json();
    assert!(claims(theirs["token"].as_str().unwrap()).get("exp").is_none());
    assert!(ours.issue(&NewToken::access("ana").life(Life::Seconds(0)), UnixTime(now())).is_err());
    // The library notices only when the token is shown that its identity is a number.
    let theirs = make(json!({ "type": "access", "identity": 7 })).json();
    let shown = Request::new("GET", "/access").bearer(theirs["token"].as_str().unwrap()).send(flask);
    assert_eq!(shown.status, 422);
    assert!(ours.issue(&NewToken::access(7), UnixTime(now())).is_err());
    // In the library another `alg` in the header changes how the token is signed, so that it can't be checked.
    let theirs = make(json!({ "type": "access", "identity": "ana", "headers": { "alg": "HS512" } })).json();
    let shown = Request::new("GET", "/access").bearer(theirs["token"].as_str().unwrap()).send(flask);
    assert_eq!(shown.status, 422);
    assert!(ours.issue(&NewToken::access("ana").header("alg", "HS512"), UnixTime(now())).is_err());
}

/// The cookies that an answer sets: for each name the value, and the attributes by their names in lower case.
fn cookies(reply: &Reply) -> BTreeMap<String, (String, BTreeMap<String, String>)> {
    reply
        .cookies()
        .iter()
        .map(|cookie| {
            let mut parts = cookie.split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let attributes = parts.map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (name.to_lowercase(), value.to_owned())
            });
            (name.to_owned(), (value.trim_matches('"').to_owned(), attributes.collect()))
        })
        .collect()
}

#[test]
fn cookies_are_set_and_removed_as_the_library_does() {
    let mut oracle = Oracle::start();
    for options in [
        json!({}),
        json!({ "JWT_COOKIE_SECURE": true, "JWT_COOKIE_SAMESITE": "Strict" }),
        json!({ "JWT_COOKIE_SAMESITE": "Lax", "JWT_CSRF_IN_COOKIES": false }),
        json!({ "JWT_COOKIE_CSRF_PROTECT": false }),
        json!({
            "JWT_ACCESS_COOKIE_NAME": "ac", "JWT_REFRESH_COOKIE_NAME": "rc", "JWT_ACCESS_COOKIE_PATH": "/a",
            "JWT_REFRESH_COOKIE_PATH": "/r", "JWT_ACCESS_CSRF_COOKIE_NAME": "ca", "JWT_REFRESH_CSRF_COOKIE_NAME": "cr",
            "JWT_ACCESS_CSRF_COOKIE_PATH": "/ca", "JWT_REFRESH_CSRF_COOKIE_PATH": "/cr",
        }),
    ] {
        let (flask, ours) = (oracle.flask(&options, &json!({})), engine(&options));
        let mirror = Mirror::start(our_options(&options), None, no_answers());
        let access = ours.issue(&NewToken::access("ana"), UnixTime(now())).unwrap();
        let refresh = ours.issue(&NewToken::refresh("ana"), UnixTime(now())).unwrap();
        for body in [
            json!({ "access": access }),
            json!({ "access": access, "refresh": refresh }),
            json!({ "access": access, "domain": "example.org", "max_age": 60 }),
            json!({ "refresh": refresh, "domain": "example.org" }),
        ] {
            let set = Request::new("POST", "/_cookies").json(&body);
            let (mut theirs, own) = (cookies(&set.send(flask)), cookies(&set.send(mirror.address)));
            // Werkzeug writes the end of a cookie twice: `expires` is for browsers of another age.
            theirs.values_mut().filter(|(_, attributes)| attributes.contains_key("max-age")).for_each(
                |(_, attributes)| {
                    attributes.remove("expires");
                },
            );
            assert_eq!(own, theirs, "{options} {body}");
        }
        let unset = Request::new("POST", "/_unset").json(&json!({}));
        let (mut theirs, mut own) = (cookies(&unset.send(flask)), cookies(&unset.send(mirror.address)));
        for side in [&mut theirs, &mut own] {
            for (_, attributes) in side.values_mut() {
                let end = attributes.insert("expires".into(), "past".into()).unwrap();
                assert!(end.contains("1970"), "{end}");
                attributes.remove("max-age");
            }
        }
        assert_eq!(own, theirs, "{options}");
    }
}

#[test]
fn kept_cookies_end_with_their_token_and_the_domain_is_the_access_tokens() {
    let mut oracle = Oracle::start();
    let options = json!({ "JWT_SESSION_COOKIE": false, "JWT_COOKIE_DOMAIN": "example.org" });
    let ours = engine(&options);
    let body = json!({
        "access": ours.issue(&NewToken::access("ana"), UnixTime(now())).unwrap(),
        "refresh": ours.issue(&NewToken::refresh("ana"), UnixTime(now())).unwrap(),
    });
    let set = Request::new("POST", "/_cookies").json(&body);
    let theirs = cookies(&set.send(oracle.flask(&options, &json!({}))));
    let own = cookies(&set.send(Mirror::start(our_options(&options), None, no_answers()).address));
    let seconds = |(_, attributes): &(String, BTreeMap<String, String>)| attributes["max-age"].parse::<i64>().unwrap();
    assert!(theirs.values().all(|cookie| seconds(cookie) == 31_540_000), "one year for every one");
    for (name, life) in [("access_token_cookie", 900), ("csrf_access_token", 900), ("refresh_token_cookie", 2_592_000)]
    {
        assert!((life - 30..=life).contains(&seconds(&own[name])), "{name}: {:?}", own[name]);
    }
    let domains = |all: &BTreeMap<String, (String, BTreeMap<String, String>)>| {
        all.iter()
            .filter(|(_, (_, attributes))| attributes.contains_key("domain"))
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(domains(&theirs).len(), 4);
    assert_eq!(domains(&own), ["access_token_cookie", "csrf_access_token"]);
}

#[test]
fn flask_takes_porteros_tokens_by_header_and_by_cookie() {
    let mut oracle = Oracle::start();
    let app = TestApp::with(&[("jwt.secret_key", SECRET)]);
    app.add_user("ana");
    let options = json!({ "JWT_TOKEN_LOCATION": ["headers", "cookies"] });
    let flask = oracle.flask(&options, &json!({}));
    let tokens = app.tokens("ana");
    for path in ["/access", "/fresh"] {
        let reply = Request::new("GET", path).bearer(&tokens.access).send(flask);
        assert_eq!((reply.status, reply.json()["identity"].as_str()), (200, Some("ana")), "{path}");
    }
    assert_eq!(Request::new("POST", "/refresh-only").bearer(&tokens.refresh).send(flask).status, 200);

    let browser = app.signed_in("ana");
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let posted = |path: &str, csrf: Option<&str>| {
        let mut request = Request::new("POST", path).header("Cookie", cookies.join("; "));
        if let Some(csrf) = csrf {
            request = request.header("X-CSRF-TOKEN", csrf);
        }
        request.send(flask).status
    };
    for (path, csrf) in [("/access", "csrf_access_token"), ("/refresh-only", "csrf_refresh_token")] {
        assert_eq!(posted(path, Some(&browser.cookies[csrf])), 200, "{path}");
        assert_eq!((posted(path, None), posted(path, Some("x"))), (401, 401), "{path}");
    }
}

#[test]
fn portero_takes_flasks_tokens_by_header_and_by_cookie() {
    let mut oracle = Oracle::start();
    let options = json!({ "JWT_TOKEN_LOCATION": ["headers", "cookies"] });
    let flask = oracle.flask(&options, &json!({}));
    let make = |asked: Value| {
        let made = Request::new("POST", "/_create").json(&asked).send(flask).json();
        made["token"].as_str().unwrap().to_owned()
    };
    let access = make(json!({ "type": "access", "identity": "ana", "fresh": true }));
    let refresh = make(json!({ "type": "refresh", "identity": "ana" }));
    let portero = oracle.portero(&options);
    let by_header = Request::new("GET", "/protected").bearer(&access).send(portero);
    assert_eq!((by_header.status, by_header.json()["logged_in_as"].as_str()), (200, Some("ana")));
    let renewed = Request::new("POST", "/refresh").bearer(&refresh).send(portero);
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    let renewed = renewed.json()["access_token"].as_str().unwrap().to_owned();
    let back = Request::new("GET", "/access").bearer(&renewed).send(flask);
    assert_eq!(back.json()["claims"]["fresh"], false);

    let cookie = format!("refresh_token_cookie={refresh}");
    let by_cookie = |csrf: &str| {
        Request::new("POST", "/refresh").header("Cookie", &cookie).header("X-CSRF-TOKEN", csrf).send(portero).status
    };
    let csrf = claims(&refresh)["csrf"].as_str().unwrap().to_owned();
    assert_eq!((by_cookie(&csrf), by_cookie("x")), (200, 401));
}

#[test]
fn key_pairs_are_shared_as_shared_keys_are() {
    let mut oracle = Oracle::start();
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let material = Key::generate(algorithm).unwrap();
        let private = String::from_utf8(material.as_bytes().to_vec()).unwrap();
        let public = crate::other_libraries::public_pem(&private);
        let name = algorithm.as_str();
        let options = json!({ "JWT_ALGORITHM": name, "JWT_PRIVATE_KEY": private, "JWT_PUBLIC_KEY": public });
        let flask = oracle.flask(&options, &json!({}));
        let made =
            Request::new("POST", "/_create").json(&json!({ "type": "access", "identity": "ana" })).send(flask).json();
        let theirs = made["token"].as_str().unwrap();
        let key = || Key::new(algorithm, &material).unwrap().with_public(public.as_bytes()).unwrap();
        let ours = Engine::new(our_options(&json!({ "JWT_ALGORITHM": name })), Keys::one(key()));
        assert_eq!(ours.decode(theirs, None, UnixTime(now())).unwrap().identity, "ana", "{name}");
        let own = ours.issue(&NewToken::access("ana"), UnixTime(now())).unwrap();
        assert_eq!(Request::new("GET", "/access").bearer(&own).send(flask).status, 200, "{name}");
        // The same for a token of Portero itself, with the key pair in its settings.
        let app = TestApp::with(&[("jwt.algorithm", name), ("jwt.private_key", &private), ("jwt.public_key", &public)]);
        app.add_user("ana");
        assert_eq!(Request::new("GET", "/access").bearer(&app.tokens("ana").access).send(flask).status, 200, "{name}");
    }
}

/// The attack that a list of accepted algorithms of two families invites.
#[test]
fn a_shared_keys_algorithm_is_never_taken_with_a_public_key() {
    let mut oracle = Oracle::start();
    let material = Key::generate(Algorithm::RS256).unwrap();
    let private = String::from_utf8(material.as_bytes().to_vec()).unwrap();
    let public = crate::other_libraries::public_pem(&private);
    let options = json!({
        "JWT_ALGORITHM": "RS256", "JWT_DECODE_ALGORITHMS": ["HS256"], "JWT_PRIVATE_KEY": private, "JWT_PUBLIC_KEY": public,
    });
    let forged = crate::cases::good();
    let theirs = Request::new("GET", "/access").bearer(&forged).send(oracle.flask(&options, &json!({})));
    let of_ours = our_options(&json!({ "JWT_ALGORITHM": "RS256", "JWT_DECODE_ALGORITHMS": ["HS256"] }));
    let mirror = Mirror::start(of_ours, Some(Key::new(Algorithm::RS256, &material).unwrap()), no_answers());
    let ours = Request::new("GET", "/access").bearer(&forged).send(mirror.address);
    assert_eq!((theirs.status, ours.status), (500, 422), "{}", ours.body);
}
