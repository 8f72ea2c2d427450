//! Promise: a token is looked for in those of four places that are configured, in their order; only
//! "there is none here" leads to the next.

use serde_json::json;

use crate::common::JSON;
use crate::support::{Answer, PASSWORD, TestApp};

fn app(locations: &str) -> TestApp {
    let app = TestApp::with(&[("jwt.token_location", locations)]);
    app.add_user("ana");
    app
}

fn get(app: &TestApp, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    app.client().send("GET", path, None, headers, body.as_bytes())
}

fn post(app: &TestApp, path: &str, body: &str) -> Answer {
    app.client().send("POST", path, None, &[JSON], body.as_bytes())
}

#[test]
fn a_token_in_the_address_is_read_where_the_settings_say_so() {
    let app = app("query_string");
    let tokens = app.tokens("ana");
    assert_eq!(get(&app, &format!("/protected?jwt={}", tokens.access), &[], "").status, 200);
    assert_eq!(get(&app, &format!("/protected?jwt={}&jwt=x", tokens.access), &[], "").status, 200, "the first counts");
    for path in ["/protected", "/protected?jwt=", "/protected?other=x"] {
        let answer = get(&app, path, &[], "");
        assert_eq!((answer.status, answer.msg().as_str()), (401, "Missing 'jwt' query paramater"), "{path}");
    }
    assert_eq!(get(&app, "/protected?jwt=a.b.c", &[], "").status, 422);
    assert_eq!(app.client().get("/protected", Some(&tokens.access)).status, 401, "a header is not looked at");
}

#[test]
fn a_prefix_is_demanded_and_taken_off() {
    let app = TestApp::with(&[("jwt.token_location", "query_string"), ("jwt.query_string_value_prefix", "Bearer ")]);
    app.add_user("ana");
    let access = app.tokens("ana").access;
    assert_eq!(get(&app, &format!("/protected?jwt=Bearer%20{access}"), &[], "").status, 200);
    let answer = get(&app, &format!("/protected?jwt={access}"), &[], "");
    let text = "Invalid value for query parameter 'jwt'. Expected the value to start with 'Bearer '";
    assert_eq!((answer.status, answer.msg().as_str()), (422, text));
}

#[test]
fn a_token_in_the_body_is_read_and_the_body_stays_readable() {
    let app = app("json");
    let tokens = app.tokens("ana");
    assert_eq!(post(&app, "/refresh", &json!({ "refresh_token": tokens.refresh }).to_string()).status, 200);
    let confirm = json!({ "access_token": tokens.access, "password": PASSWORD }).to_string();
    let answer = post(&app, "/confirm", &confirm);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let unknown =
        json!({ "access_token": answer.json()["access_token"], "password": PASSWORD, "other": 1 }).to_string();
    assert_eq!(post(&app, "/confirm", &unknown).status, 400, "any other member is as unknown as ever");
    for (body, text) in [
        ("", r#"Missing "refresh_token" key in json data."#),
        ("{}", r#"Missing "refresh_token" key in json data."#),
        ("not json", r#"Missing "refresh_token" key in json data."#),
        ("[1]", r#"Missing "refresh_token" key in json data."#),
        (r#"{"refresh_token":null}"#, r#"Missing "refresh_token" key in json data."#),
        (r#"{"refresh_token":""}"#, r#"Missing "refresh_token" key in json data."#),
    ] {
        let answer = post(&app, "/refresh", body);
        assert_eq!((answer.status, answer.msg().as_str()), (401, text), "{body}");
    }
    let answer = post(&app, "/refresh", r#"{"refresh_token":7}"#);
    assert_eq!((answer.status, answer.msg().as_str()), (422, "Invalid token type. Token must be a <class 'bytes'>"));
    let answer = get(&app, "/protected", &[("content-type", "text/plain")], "");
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Invalid content-type. Must be application/json."));
}

#[test]
fn with_several_places_only_what_is_not_there_moves_on() {
    let app = app("headers, cookies, query_string, json");
    let access = app.tokens("ana").access;
    let with = |header: &str, path: &str| get(&app, path, &[("authorization", header)], "").status;
    let in_query = format!("/protected?jwt={access}");
    assert_eq!(get(&app, &in_query, &[], "").status, 200);
    assert_eq!(with("Basic YW5hOng=", &in_query), 200, "not here");
    assert_eq!(with("Bearer a, Bearer b", &in_query), 200, "two are as good as none");
    assert_eq!(with("Bearer", &in_query), 422, "malformed ends the search");
    assert_eq!(with("Bearer a.b.c", &in_query), 422, "and so does a bad token");
    let answer = get(&app, "/protected", &[], "");
    assert_eq!(
        answer.msg(),
        "Missing JWT in headers, cookies, query_string or json (Missing Authorization Header; \
         Missing cookie \"access_token_cookie\"; Missing 'jwt' query paramater; \
         Invalid content-type. Must be application/json.)"
    );
}

#[test]
fn pages_read_cookies_whatever_the_settings_say() {
    let app = app("query_string");
    let mut browser = app.signed_in("ana");
    assert!(browser.is_signed_in());
    let access = app.tokens("ana").access;
    let answer = app.browser().get(&format!("/account?jwt={access}"));
    assert_eq!(answer.status, 303, "an address opens no page");
}

#[test]
fn a_broken_header_is_no_fault_of_ours() {
    let app = app("headers");
    for header in [", ,", ",", "Bearer ,", "\t"] {
        let answer = get(&app, "/protected", &[("authorization", header)], "");
        assert!(matches!(answer.status, 401 | 422), "{header:?}: {}", answer.status);
    }
}
