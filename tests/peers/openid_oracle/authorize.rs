//! Requests to `/authorize`.

use super::requests::{CAMERA, CHALLENGE, Fields, SCRIPT, Side, WIKI, fields, led, told};
use super::{Case, case};

/// A parameter in the place of the usual one, or beside the usual ones; an empty value leaves it out.
const ONE: [(&str, &str); 116] = [
    ("response_type", ""),
    ("response_type", "token"),
    ("response_type", "id_token"),
    ("response_type", "code id_token"),
    ("response_type", "code token"),
    ("response_type", "none"),
    ("response_type", "CODE"),
    ("response_type", "code code"),
    ("response_mode", "query"),
    ("response_mode", "form_post"),
    ("response_mode", "fragment"),
    ("response_mode", "query.jwt"),
    ("response_mode", "web_message"),
    ("response_mode", "QUERY"),
    ("scope", ""),
    ("scope", " "),
    ("scope", "profile"),
    ("scope", "openid profile"),
    ("scope", "profile openid"),
    ("scope", "openid email"),
    ("scope", "openid groups"),
    ("scope", "openid openid"),
    ("scope", "openid  profile"),
    ("scope", "openid unknown"),
    ("scope", "openid offline_access"),
    ("scope", "OPENID"),
    ("scope", "openid \"x\""),
    ("scope", "openid\nprofile"),
    ("client_id", ""),
    ("client_id", "nobody"),
    ("client_id", " "),
    ("client_id", "nobody\n"),
    ("redirect_uri", ""),
    ("redirect_uri", "https://wiki.example.org/callback/"),
    ("redirect_uri", "https://wiki.example.org/Callback"),
    ("redirect_uri", "https://WIKI.example.org/callback"),
    ("redirect_uri", "https://wiki.example.org:443/callback"),
    ("redirect_uri", "https://wiki.example.org/callback?x=1"),
    ("redirect_uri", "https://wiki.example.org/callback#x"),
    ("redirect_uri", "https://wiki.example.org/x/../callback"),
    ("redirect_uri", "https://wiki.example.org/%63allback"),
    ("redirect_uri", "https://wiki.example.org@evil.example/callback"),
    ("redirect_uri", "https://camera.example.org/callback"),
    ("redirect_uri", "http://wiki.example.org/callback"),
    ("redirect_uri", "//wiki.example.org/callback"),
    ("redirect_uri", "/callback"),
    ("redirect_uri", "javascript:alert(1)"),
    ("redirect_uri", " https://wiki.example.org/callback"),
    ("state", ""),
    ("state", "á & ñ = 😀"),
    ("state", "a\"b<c>'d"),
    ("state", "a+b%20c"),
    ("nonce", ""),
    ("nonce", "ñ"),
    ("code_challenge", ""),
    ("code_challenge", "short"),
    ("code_challenge", "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfz"),
    ("code_challenge", "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfzII"),
    ("code_challenge", "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfzI="),
    ("code_challenge", "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfz!"),
    ("code_challenge", "fHqnnK8JVGn9Act2vp52KGPBGNKHlxFsjRMgelmsfz."),
    ("code_challenge_method", ""),
    ("code_challenge_method", "plain"),
    ("code_challenge_method", "s256"),
    ("code_challenge_method", "S512"),
    ("prompt", "none"),
    ("prompt", "login"),
    ("prompt", "consent"),
    ("prompt", "login consent"),
    ("prompt", "consent login"),
    ("prompt", "none login"),
    ("prompt", "none consent"),
    ("prompt", "none none"),
    ("prompt", "create"),
    ("prompt", "unknown"),
    ("prompt", "LOGIN"),
    ("prompt", " "),
    ("max_age", "0"),
    ("max_age", "10000"),
    ("max_age", "-1"),
    ("max_age", "1.5"),
    ("max_age", "abc"),
    ("max_age", "010000"),
    ("max_age", "4294967295"),
    ("max_age", "9007199254740991"),
    ("max_age", "99999999999999999999"),
    ("max_age", "+10000"),
    ("login_hint", "ana"),
    ("login_hint", "nobody"),
    ("id_token_hint", "x"),
    ("id_token_hint", "a.b.c"),
    ("id_token_hint", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."),
    ("acr_values", "aal1"),
    ("acr_values", "unknown"),
    ("acr_values", "unknown aal1"),
    ("ui_locales", "es"),
    ("ui_locales", "es-ES en"),
    ("ui_locales", "not a language!"),
    ("display", "page"),
    ("display", "popup"),
    ("display", "unknown"),
    ("claims_locales", "es en"),
    ("claims", "{}"),
    ("claims", "{\"id_token\":{\"name\":null}}"),
    ("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"),
    ("claims", "not json"),
    ("request", "eyJhbGciOiJub25lIn0.e30."),
    ("request_uri", "https://wiki.example.org/request"),
    ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
    ("registration", "{}"),
    ("resource", "https://api.example.org"),
    ("dpop_jkt", "x"),
    ("authorization_details", "[]"),
    ("id_token_signed_response_alg", "none"),
    ("unknown", "1"),
    ("client_secret", "x"),
];

/// Parameters that can't be there twice.
const TWICE: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "acr_values",
    "ui_locales",
    "unknown",
];

fn state(request: &Fields) -> String {
    request.iter().find(|(name, _)| name == "state").map_or_else(String::new, |(_, value)| value.clone())
}

fn asks(name: impl Into<String>, is_ana: bool, make: impl Fn(&mut Side) -> Fields + 'static) -> Case {
    case(name, move |side| {
        let request = make(side);
        let to = side.lead(is_ana, &request);
        led(side, to, &state(&request))
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = vec![
        asks("authorize: as usual", true, |side| side.request(WIKI, &[])),
        asks("authorize: as usual, for a public app", true, |side| side.request(SCRIPT, &[])),
        asks("authorize: nothing at all", true, |_| Fields::new()),
        asks("authorize: a state of 128 characters", true, |side| side.request(WIKI, &[("state", &"s".repeat(128))])),
        asks("authorize: a nonce of 600 characters", true, |side| side.request(WIKI, &[("nonce", &"n".repeat(600))])),
        asks("authorize: a state of 3000 characters", true, |side| side.request(WIKI, &[("state", &"s".repeat(3000))])),
        asks("authorize: a scope of 3000 characters", true, |side| {
            side.request(WIKI, &[("scope", &format!("openid {}", "x".repeat(3000)))])
        }),
        asks("authorize: no challenge and no method", true, |side| {
            side.request(WIKI, &[("code_challenge", ""), ("code_challenge_method", "")])
        }),
        asks("authorize: a public app without a challenge", true, |side| {
            side.request(SCRIPT, &[("code_challenge", ""), ("code_challenge_method", "")])
        }),
        asks("authorize: another app's address", true, |side| {
            let uri = side.apps[CAMERA].redirect_uri.clone();
            side.request(WIKI, &[("redirect_uri", &uri)])
        }),
        asks("authorize: the id token as a hint", true, |side| {
            let hint = side.given("id_token");
            side.request(WIKI, &[("id_token_hint", &hint)])
        }),
        asks("authorize: the id token as a hint, prompt=none", true, |side| {
            let hint = side.given("id_token");
            side.request(WIKI, &[("id_token_hint", &hint), ("prompt", "none")])
        }),
        asks("authorize: the id token as another app's hint", true, |side| {
            let hint = side.given("id_token");
            side.request(CAMERA, &[("id_token_hint", &hint)])
        }),
        asks("authorize: a changed id token as a hint", true, |side| {
            let hint = side.given("id_token");
            let (head, rest) = hint.split_once('.').unwrap();
            side.request(WIKI, &[("id_token_hint", &format!("{head}.x{rest}"))])
        }),
        asks("authorize: the access token as a hint", true, |side| {
            let hint = side.given("access_token");
            side.request(WIKI, &[("id_token_hint", &hint)])
        }),
        asks("authorize: unsupported type, by form_post", true, |side| {
            side.request(WIKI, &[("response_type", "token"), ("response_mode", "form_post")])
        }),
        asks("authorize: unsupported type, by fragment", true, |side| {
            side.request(WIKI, &[("response_type", "token"), ("response_mode", "fragment")])
        }),
        asks("authorize: as usual, by form_post, of nobody, prompt=none", false, |side| {
            side.request(WIKI, &[("response_mode", "form_post"), ("prompt", "none")])
        }),
        case("authorize: by POST", |side| {
            let request = side.request(WIKI, &[]);
            let to = side.lead_by_post(&request);
            led(side, to, &state(&request))
        }),
        case("authorize: by POST, unsupported type", |side| {
            let request = side.request(WIKI, &[("response_type", "token")]);
            let to = side.lead_by_post(&request);
            led(side, to, &state(&request))
        }),
        case("authorize: by POST, JSON", |side| {
            let answer = side.send("POST", "/authorize", &[("content-type", "application/json")], "{}");
            told(side, &answer)
        }),
        case("authorize: by PUT", |side| told(side, &side.send("PUT", "/authorize", &[], ""))),
        case("authorize: by DELETE", |side| told(side, &side.send("DELETE", "/authorize", &[], ""))),
    ];
    for (name, value) in ONE {
        all.push(asks(format!("authorize: {name}={}", shown(value)), true, move |side| {
            side.request(WIKI, &[(name, value)])
        }));
    }
    for name in TWICE {
        all.push(asks(format!("authorize: {name} twice"), true, move |side| {
            let mut request = side.request(WIKI, &[]);
            let value = request.iter().find(|(found, _)| found == name).map_or("1", |(_, value)| value).to_owned();
            let more = if request.iter().any(|(found, _)| found == name) { 1 } else { 2 };
            request.extend(fields(&vec![(name, value.as_str()); more]));
            request
        }));
    }
    // Nobody is signed in.
    let for_nobody: [(&str, &str); 12] = [
        ("prompt", ""),
        ("prompt", "none"),
        ("prompt", "login"),
        ("prompt", "consent"),
        ("prompt", "none login"),
        ("max_age", "0"),
        ("max_age", "abc"),
        ("scope", "profile"),
        ("login_hint", "ana"),
        ("acr_values", "aal1"),
        ("response_type", "token"),
        ("redirect_uri", "https://evil.example/callback"),
    ];
    for (name, value) in for_nobody {
        all.push(asks(format!("authorize, signed out: {name}={}", shown(value)), false, move |side| {
            side.request(WIKI, &[(name, value)])
        }));
    }
    // What is wrong is not told in an order that says more than it should.
    for (name, value) in
        [("response_type", "token"), ("scope", "profile"), ("code_challenge", "short"), ("max_age", "abc")]
    {
        all.push(asks(format!("authorize, signed out, prompt=none: {name}={value}"), false, move |side| {
            side.request(WIKI, &[(name, value), ("prompt", "none")])
        }));
    }
    assert_eq!(CHALLENGE.len(), 43);
    all
}

/// A value as a case is named by it.
fn shown(value: &str) -> String {
    value.replace('|', "/").replace('\n', "\\n").replace("`", "'")
}
