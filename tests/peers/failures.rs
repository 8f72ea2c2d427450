//! Every failure of a token or a request that the library knows, and which of two wins, compared with the library's own answers.

use serde_json::{Value, json};

use crate::Request;
use crate::cases::{
    CSRF, Case, by_hand, case, claims, good, good_refresh, now, signed, signed_bytes, signed_texts, with,
};
use crate::oracle::Oracle;

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn post(path: &str) -> Request {
    Request::new("POST", path)
}

fn shown(token: &str) -> Request {
    get("/access").bearer(token)
}

fn all_locations() -> Value {
    json!({ "JWT_TOKEN_LOCATION": ["headers", "cookies", "query_string", "json"] })
}

fn cookies_only() -> Value {
    json!({ "JWT_TOKEN_LOCATION": ["cookies"] })
}

fn from(location: &str) -> Value {
    json!({ "JWT_TOKEN_LOCATION": [location] })
}

fn access_cookie(token: &str) -> String {
    format!("access_token_cookie={token}")
}

fn ask_all(cases: impl IntoIterator<Item = Case>) {
    let mut oracle = Oracle::start();
    for case in cases {
        oracle.ask(&case);
    }
}

#[test]
fn where_no_token_is_found_the_answer_is_the_librarys() {
    let header = |value: &str| get("/access").header("Authorization", value);
    let token = good();
    ask_all([
        case("nothing at all", get("/access")).is(401),
        case("an empty header", header("")).is(401),
        case("another scheme", header("Basic YTpi")).is(401),
        case("the scheme in lower case", header(&format!("bearer {token}"))).is(401),
        case("two Bearers", header(&format!("Bearer {token}, Bearer {token}"))).is(401),
        case("Bearer behind Basic", header(&format!("Basic YTpi, Bearer {token}"))).is(200),
        case("a trailing comma", header(&format!("Bearer {token},"))).is(200),
        case("tabs and blanks", header(&format!("Bearer \t  {token}"))).is(200),
        case("two lines of the header", header("Basic YTpi").bearer(&token)).is(200),
        case("Bearer alone", header("Bearer")).is(422),
        case("three words", header("Bearer a b")).is(422),
        case("commas alone", header(", ,")).deviates("500", 500, 401),
        case("a refresh route without a token", post("/refresh-only")).is(401),
        case("no cookie", get("/access")).under(cookies_only()).is(401),
        case("an empty cookie", get("/access").header("Cookie", access_cookie(""))).under(cookies_only()).is(401),
        case("no refresh cookie", post("/refresh-only")).under(cookies_only()).is(401),
        case(
            "the access cookie on a refresh route",
            post("/refresh-only").header("Cookie", access_cookie(&good_refresh())),
        )
        .under(cookies_only())
        .is(401),
        case("no parameter", get("/access")).under(from("query_string")).is(401),
        case("an empty parameter", get("/access?jwt=")).under(from("query_string")).is(401),
        case("no JSON", post("/access")).under(from("json")).is(401),
        case("a form", post("/access").body("application/x-www-form-urlencoded", "access_token=x"))
            .under(from("json"))
            .is(401),
        case("JSON without the key", post("/access").json(&json!({ "a": 1 }))).under(from("json")).is(401),
        case("an empty value", post("/access").json(&json!({ "access_token": "" }))).under(from("json")).is(401),
        case("a null value", post("/access").json(&json!({ "access_token": null }))).under(from("json")).is(401),
        case("a null body", post("/access").body("application/json", "null")).under(from("json")).is(401),
        case("broken JSON", post("/access").body("application/json", "{")).under(from("json")).is(401),
        case("an empty JSON body", post("/access").body("application/json", "")).under(from("json")).is(401),
        case("a list", post("/access").body("application/json", "[1]")).under(from("json")).deviates("500", 500, 401),
        case("a string", post("/access").body("application/json", "\"abc\""))
            .under(from("json"))
            .deviates("500", 500, 401),
        case("a number for a token", post("/access").json(&json!({ "access_token": 7 }))).under(from("json")).is(422),
        case("no refresh token in JSON", post("/refresh-only").json(&json!({ "access_token": "x" })))
            .under(from("json"))
            .is(401),
        case("nowhere of four", get("/access")).under(all_locations()).is(401),
        case("nowhere of two", get("/cookies-then-headers")).is(401),
    ]);
}

#[test]
fn each_place_gives_its_token_and_only_not_found_moves_on() {
    let (token, refresh) = (good(), good_refresh());
    let query = |token: &str| get(&format!("/access?jwt={token}"));
    let body = json!({ "access_token": token });
    ask_all([
        case("a header", shown(&token)).is(200),
        case("a cookie", get("/access").header("Cookie", access_cookie(&token))).under(cookies_only()).is(200),
        case("a quoted cookie", get("/access").header("Cookie", access_cookie(&format!("\"{token}\""))))
            .under(cookies_only())
            .is(200),
        case("a parameter", query(&token)).under(from("query_string")).is(200),
        case("two parameters", query(&format!("{token}&jwt=x"))).under(from("query_string")).is(200),
        case("a body", post("/access").json(&body)).under(from("json")).is(200),
        case("a body of a kin of JSON", post("/access").body("application/vnd.api+json", body.to_string()))
            .under(from("json"))
            .is(200),
        case("a body with a charset", post("/access").body("application/json; charset=utf-8", body.to_string()))
            .under(from("json"))
            .is(200),
        case("a body with GET", get("/access").json(&body)).under(from("json")).is(200),
        case("a refresh token in a body", post("/refresh-only").json(&json!({ "refresh_token": refresh })))
            .under(from("json"))
            .not_on_portero()
            .is(200),
        case("nothing in the header, a cookie", get("/access").header("Cookie", access_cookie(&token)))
            .under(all_locations())
            .is(200),
        case(
            "Basic in the header, a cookie",
            get("/access").header("Authorization", "Basic YTpi").header("Cookie", access_cookie(&token)),
        )
        .under(all_locations())
        .is(200),
        case("garbage in the header, a cookie", shown("x.y").header("Cookie", access_cookie(&token)))
            .under(all_locations())
            .status_only()
            .is(422),
        case(
            "a bare Bearer, a cookie",
            get("/access").header("Authorization", "Bearer").header("Cookie", access_cookie(&token)),
        )
        .under(all_locations())
        .is(422),
        case(
            "a cookie without its CSRF value, a body",
            post("/access").header("Cookie", access_cookie(&token)).json(&body),
        )
        .under(all_locations())
        .is(401),
        case("a route for headers alone", get("/headers-only").header("Cookie", access_cookie(&token)))
            .under(all_locations())
            .is(401),
        case("a route for cookies alone", get("/cookies-only").header("Cookie", access_cookie(&token))).is(200),
        case("a route for parameters alone", get(&format!("/query-only?jwt={token}"))).is(200),
        case("a route for bodies alone", post("/json-only").json(&body)).is(200),
        case("a route of cookies, then headers", get("/cookies-then-headers").bearer(&token)).is(200),
        case("the body stays readable", post("/echo").json(&body)).under(from("json")).status_only().is(200),
    ]);
}

#[test]
fn a_body_that_was_read_for_its_token_is_there_for_the_handler() {
    let mut oracle = Oracle::start();
    let body = json!({ "access_token": good(), "note": "ñ" });
    let by_json = post("/echo").json(&body);
    let form = format!("a=1&csrf_token={CSRF}");
    let by_form =
        post("/echo").header("Cookie", access_cookie(&good())).body("application/x-www-form-urlencoded", form);
    let form_counts = json!({ "JWT_TOKEN_LOCATION": ["cookies"], "JWT_CSRF_CHECK_FORM": true });
    for (options, request) in [(from("json"), by_json), (form_counts, by_form)] {
        let theirs = request.send(oracle.flask(&options, &json!({})));
        let ours = request.send(oracle.mirror(&options, &json!({})));
        assert_eq!((ours.status, ours.body.as_bytes()), (200, request.body.as_slice()));
        assert_eq!(ours.body, theirs.body);
    }
}

#[test]
fn csrf_values_are_demanded_as_the_library_demands_them() {
    let token = good();
    let cookie = |method: &'static str| Request::new(method, "/access").header("Cookie", access_cookie(&token));
    let refresh = || post("/refresh-only").header("Cookie", format!("refresh_token_cookie={}", good_refresh()));
    let form_counts = || json!({ "JWT_TOKEN_LOCATION": ["cookies"], "JWT_CSRF_CHECK_FORM": true });
    let form = |method: &'static str, body: &str| cookie(method).body("application/x-www-form-urlencoded", body);
    let multipart = format!("--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{CSRF}\r\n--x--\r\n");
    let without = signed(&with(json!({ "csrf": null })));
    ask_all([
        case("none", cookie("POST")).under(cookies_only()).is(401),
        case("the right one", cookie("POST").header("X-CSRF-TOKEN", CSRF)).under(cookies_only()).is(200),
        case("a wrong one", cookie("PUT").header("X-CSRF-TOKEN", "x")).under(cookies_only()).is(401),
        case("an empty one", cookie("PATCH").header("X-CSRF-TOKEN", "")).under(cookies_only()).is(401),
        case("a wrong one with GET", cookie("GET").header("X-CSRF-TOKEN", "x")).under(cookies_only()).is(200),
        case("with DELETE", cookie("DELETE")).under(cookies_only()).is(401),
        case(
            "none and expired",
            post("/access").header("Cookie", access_cookie(&signed(&with(json!({ "exp": now() - 5 }))))),
        )
        .under(cookies_only())
        .is(401),
        case(
            "a wrong one and expired",
            post("/access")
                .header("Cookie", access_cookie(&signed(&with(json!({ "exp": now() - 5 })))))
                .header("X-CSRF-TOKEN", "x"),
        )
        .under(cookies_only())
        .is(401),
        case(
            "a token without one",
            post("/access").header("Cookie", access_cookie(&without)).header("X-CSRF-TOKEN", CSRF),
        )
        .under(cookies_only())
        .is(422),
        case("the refresh token's", refresh().header("X-CSRF-TOKEN", CSRF))
            .under(cookies_only())
            .not_on_portero()
            .is(200),
        case("none with the refresh token", refresh()).under(cookies_only()).is(401),
        case("a form that does not count", form("POST", &format!("csrf_token={CSRF}"))).under(cookies_only()).is(401),
        case("a form", form("POST", &format!("csrf_token={CSRF}"))).under(form_counts()).is(200),
        case("a form with DELETE", form("DELETE", &format!("csrf_token={CSRF}"))).under(form_counts()).is(200),
        case("a form without it", form("POST", "a=b")).under(form_counts()).is(401),
        case("a form of parts", cookie("POST").body("multipart/form-data; boundary=x", multipart))
            .under(form_counts())
            .is(200),
        case(
            "a wrong header and a right form",
            form("POST", &format!("csrf_token={CSRF}")).header("X-CSRF-TOKEN", "x"),
        )
        .under(form_counts())
        .is(401),
        case("in a JSON body it does not count", cookie("POST").json(&json!({ "csrf_token": CSRF })))
            .under(form_counts())
            .is(401),
        case("not asked for with a header", post("/access").bearer(&token)).is(200),
        case("a header beside a cookie", post("/access").bearer(&token).header("Cookie", access_cookie(&token)))
            .under(all_locations())
            .is(200),
        case("bytes that are no text", cookie("POST").header("X-CSRF-TOKEN", [0xc3, 0xb1]))
            .under(cookies_only())
            .deviates("500", 500, 401),
        case(
            "a claim that is no text",
            post("/access")
                .header("Cookie", access_cookie(&signed(&with(json!({ "csrf": 7 })))))
                .header("X-CSRF-TOKEN", "7"),
        )
        .under(cookies_only())
        .deviates("500", 500, 422),
    ]);
}

#[test]
fn what_is_wrong_with_a_token_is_told_in_the_librarys_order() {
    let token = good();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let changed = |changes: Value| shown(&signed(&with(changes)));
    let headed = |header: &str| shown(&signed_texts(header, &claims().to_string()));
    let expired = now() - 5;
    ask_all([
        case("no dots", shown("abc")).is(422),
        case("one dot", shown("a.b")).is(422),
        case("a header that is no base64url", shown(&format!("!!!!.{payload}.{signature}"))).status_only().is(422),
        case("a header that is no JSON", shown(&signed_bytes(b"x", b"{}"))).status_only().is(422),
        case("a header that is no object", headed("[1]")).status_only().is(422),
        case("a payload that is no base64url", shown(&format!("{header}.!!!!.{signature}"))).status_only().is(422),
        case("a payload that is no JSON", shown(&signed_texts(r#"{"alg":"HS256"}"#, "x"))).status_only().is(422),
        case("a payload that is no object", shown(&signed_texts(r#"{"alg":"HS256"}"#, "[1]"))).is(422),
        case("four segments", shown(&format!("{header}.{payload}.{payload}.{signature}"))).status_only().is(422),
        case("a signature that is no base64url", shown(&format!("{message}.!!!!"))).status_only().is(422),
        case("no signature", shown(&format!("{message}."))).is(422),
        case("another's signature", shown(&format!("{message}.{}", "A".repeat(43)))).is(422),
        case("alg none", headed(r#"{"alg":"none"}"#)).is(422),
        case("alg null", headed(r#"{"alg":null}"#)).status_only().is(422),
        case("another alg", headed(r#"{"alg":"HS384"}"#)).is(422),
        case("no alg", headed(r#"{"typ":"JWT"}"#)).is(422),
        case("a kid that is no text", headed(r#"{"alg":"HS256","kid":7}"#)).is(422),
        case("any kid", headed(r#"{"alg":"HS256","kid":"theirs"}"#)).is(200),
        case("an odd typ", headed(r#"{"alg":"HS256","typ":"odd"}"#)).is(200),
        case("an unknown critical extension", headed(r#"{"alg":"HS256","crit":["foo"],"foo":1}"#))
            .status_only()
            .is(422),
        case("iat in the future", changed(json!({ "iat": now() + 60 }))).is(422),
        case("iat no number", changed(json!({ "iat": "soon" }))).is(422),
        case("nbf in the future", changed(json!({ "nbf": now() + 60 }))).is(422),
        case("nbf no number", changed(json!({ "nbf": "soon" }))).is(422),
        case("exp no number", changed(json!({ "exp": "soon" }))).is(422),
        case("exp a list", changed(json!({ "exp": [] }))).is(422),
        case("exp in quotes", changed(json!({ "exp": (now() + 60).to_string() }))).is(200),
        case("exp with a fraction", changed(json!({ "exp": now() as f64 + 60.5 }))).is(200),
        case("no exp", changed(json!({ "exp": null }))).is(200),
        case("expired", changed(json!({ "exp": expired }))).is(401),
        case("sub a number", changed(json!({ "sub": 7 }))).is(422),
        case("no sub", changed(json!({ "sub": null }))).is(422),
        case("jti a number", changed(json!({ "jti": 7 }))).is(422),
        case("no jti", changed(json!({ "jti": null }))).is(200),
        case("no type", changed(json!({ "type": null }))).is(200),
        case("another type", changed(json!({ "type": "REFRESH" }))).is(200),
        case("more claims", changed(json!({ "role": "x", "nested": { "a": [1, 2.5, null] } }))).is(200),
        case("a refresh token", shown(&good_refresh())).is(422),
        case("an access token to refresh", post("/refresh-only").bearer(&token)).is(422),
        case("a refresh token to refresh", post("/refresh-only").bearer(&good_refresh())).not_on_portero().is(200),
        case("expired and of the wrong type", shown(&signed(&with(json!({ "type": "refresh", "exp": expired })))))
            .is(401),
        case("expired and without sub", changed(json!({ "sub": null, "exp": expired }))).is(422),
        case("expired and from the future", changed(json!({ "iat": now() + 60, "exp": expired }))).is(422),
        case("iat and nbf in the future", changed(json!({ "iat": now() + 60, "nbf": now() + 60 }))).is(422),
        case("a number in the place of the header", shown("7.e30.AAAA")).status_only().is(422),
        case("padding", shown(&by_hand(&format!("{header}=.{payload}")))).status_only().is(422),
        case("a token over 4096 bytes", changed(json!({ "long": "x".repeat(4000) }))).deviates("length", 200, 422),
    ]);
}

#[test]
fn padded_tokens_are_taken_by_the_library_and_not_by_us() {
    // With these spaces the header is 29 bytes long, a length at which base64 needs padding.
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE;
    let message =
        format!("{}.{}", engine.encode(r#"{"alg": "HS256","typ": "JWT"}"#), engine.encode(claims().to_string()));
    assert!(message.contains('='));
    ask_all([case("padded", shown(&by_hand(&message))).deviates("padding", 200, 422)]);
}

#[test]
fn freshness_is_judged_as_the_library_judges_it() {
    let fresh = |value: Value| get("/fresh").bearer(&signed(&with(json!({ "fresh": value }))));
    ask_all([
        case("true", fresh(json!(true))).is(200),
        case("false", fresh(json!(false))).is(401),
        case("until later", fresh(json!(now() + 60))).is(200),
        case("until later, with a fraction", fresh(json!(now() as f64 + 60.25))).is(200),
        case("until before", fresh(json!(now() - 60))).is(401),
        case("no claim", get("/fresh").bearer(&signed(&with(json!({ "fresh": null }))))).is(401),
        case("text", fresh(json!("true"))).deviates("500", 500, 422),
        case("a list", fresh(json!([]))).deviates("500", 500, 422),
        case("a refresh token", get("/fresh").bearer(&good_refresh())).is(422),
        case("fresh and refresh", post("/fresh-refresh").bearer(&good_refresh())).is(401),
    ]);
}

#[test]
fn optional_forgives_absence_only() {
    let optional = || get("/optional");
    ask_all([
        case("nothing", optional()).is(200),
        case("another scheme", optional().header("Authorization", "Basic YTpi")).is(200),
        case("a good one", optional().bearer(&good())).is(200),
        case("a bad one", optional().bearer("x.y")).is(422),
        case("an expired one", optional().bearer(&signed(&with(json!({ "exp": now() - 5 }))))).is(401),
        case("a bare Bearer", optional().header("Authorization", "Bearer")).is(422),
        case("one of the wrong type", optional().bearer(&good_refresh())).is(422),
        case("without its CSRF value", post("/optional").header("Cookie", access_cookie(&good())))
            .under(cookies_only())
            .is(401),
    ]);
}

#[test]
fn either_type_is_taken_where_the_type_does_not_matter() {
    let cookie = |name: &str, token: &str| get("/any-type").header("Cookie", format!("{name}={token}"));
    ask_all([
        case("an access token", get("/any-type").bearer(&good())).is(200),
        case("a refresh token", get("/any-type").bearer(&good_refresh())).is(200),
        case("a refresh token in the access cookie", cookie("access_token_cookie", &good_refresh()))
            .under(cookies_only())
            .is(200),
        case("the refresh cookie is not seen", cookie("refresh_token_cookie", &good_refresh()))
            .under(cookies_only())
            .is(401),
    ]);
}

#[test]
fn the_callbacks_are_asked_in_the_librarys_order() {
    let jti = claims()["jti"].clone();
    let blocked = || json!({ "blocked": [jti], "users": [] });
    let fresh = || get("/fresh").bearer(&good());
    ask_all([
        case("blocked", shown(&good())).answered(blocked()).is(401),
        case("blocked, and nobody looks", get("/unchecked").bearer(&good()))
            .answered(json!({ "blocked": [jti] }))
            .is(200),
        case("blocked and not fresh", fresh()).answered(blocked()).is(401),
        case("blocked and of the wrong type", shown(&good_refresh())).answered(blocked()).is(422),
        case("blocked and expired", shown(&signed(&with(json!({ "exp": now() - 5 }))))).answered(blocked()).is(401),
        case("claims that the app refuses", shown(&good()))
            .answered(json!({ "refuse_claims": true, "users": [] }))
            .is(400),
        case("refused claims of a blocked one", shown(&good()))
            .answered(json!({ "refuse_claims": true, "blocked": [jti] }))
            .is(401),
        case("nobody's", shown(&good())).answered(json!({ "users": ["eva"] })).is(401),
        case("somebody's", shown(&good())).answered(json!({ "users": ["ana"] })).is(200),
        case("nobody's, optional", get("/optional").bearer(&good())).answered(json!({ "users": [] })).is(401),
        case("nothing, optional", get("/optional")).answered(json!({ "users": [], "refuse_claims": true })).is(200),
    ]);
}

#[test]
fn options_passes_whatever_it_carries() {
    let options = || Request::new("OPTIONS", "/access");
    ask_all([case("nothing", options()).is(200), case("garbage", options().bearer("x")).is(200)]);
}

#[test]
fn head_is_answered_like_get() {
    ask_all([
        case("a good one", Request::new("HEAD", "/access").bearer(&good())).status_only(),
        case("nothing", Request::new("HEAD", "/access")).status_only().is(401),
    ]);
}

#[test]
fn a_peers_token_without_iat_can_not_be_told_from_an_old_one() {
    let mut oracle = Oracle::start();
    let request = get("/protected").bearer(&signed(&with(json!({ "iat": null }))));
    let none = json!({});
    assert_eq!(request.send(oracle.flask(&none, &json!({}))).status, 200);
    assert_eq!(request.send(oracle.portero(&none)).status, 401);
}

#[test]
fn a_401_comes_with_a_challenge_which_the_library_leaves_out() {
    let mut oracle = Oracle::start();
    let none = json!({});
    let has_challenge = |reply: &crate::Reply| reply.headers.iter().any(|(name, _)| name == "www-authenticate");
    let request = get("/protected");
    assert!(!has_challenge(&request.send(oracle.flask(&none, &none))));
    assert!(has_challenge(&request.send(oracle.portero(&none))));
}
