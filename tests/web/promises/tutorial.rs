//! Promise: the calls of the tutorial, made as a programmer makes them with curl, are answered as it says.

use serde_json::json;

use crate::common::app;
use crate::support::{OTHER_PASSWORD, PASSWORD, claims};

#[test]
fn a_login_gives_two_tokens_and_no_cookies() {
    let app = app();
    let answer = app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!(answer.status, 200);
    assert!(answer.set_cookies().is_empty());
    let tokens = answer.json();
    let (access, refresh) =
        (claims(tokens["access_token"].as_str().unwrap()), claims(tokens["refresh_token"].as_str().unwrap()));
    assert_eq!((&access["type"], &refresh["type"]), (&json!("access"), &json!("refresh")));
    assert_eq!((&access["sub"], &access["sid"], &access["gen"]), (&json!("ana"), &refresh["sid"], &json!(0)));
    let (iat, auth_time) = (access["iat"].as_i64().unwrap(), access["auth_time"].as_i64().unwrap());
    assert_eq!(iat, auth_time);
    assert_eq!(access["fresh"].as_i64(), Some(iat + 600), "fresh until ten minutes from now");
    assert_eq!(refresh["fresh"], json!(false));
    assert_eq!(access["exp"].as_i64(), Some(iat + 15 * 60));
    assert_eq!(refresh["exp"].as_i64(), Some(iat + 30 * 24 * 3600));
    assert_eq!(access["csrf"], refresh["csrf"]);
    for claim in ["jti", "csrf", "sid"] {
        assert_eq!(access[claim].as_str().unwrap().len(), 36, "{claim}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = app();
    for body in
        [json!({ "username": "ana", "password": "wrong" }), json!({ "username": "nobody", "password": "wrong" })]
    {
        let answer = app.client().post_json("/login", None, &body);
        assert_eq!((answer.status, answer.msg().as_str()), (401, "Bad username or password"));
    }
}

#[test]
fn a_protected_route_tells_who_is_logged_in() {
    let app = app();
    let tokens = app.tokens("ana");
    let answer = app.client().get("/protected", Some(&tokens.access));
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"logged_in_as":"ana"}"#));

    let answer = app.client().get("/protected", None);
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(
        answer.msg(),
        "Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie \"access_token_cookie\")"
    );
}

#[test]
fn an_optional_route_forgives_absence_only() {
    let app = app();
    let tokens = app.tokens("ana");
    let client = app.client();
    assert_eq!(client.get("/whoami", Some(&tokens.access)).body, r#"{"logged_in_as":"ana"}"#);
    assert_eq!(client.get("/whoami", None).body, r#"{"logged_in_as":"anonymous user"}"#);
    assert_eq!(client.get("/whoami", Some("no.such.token")).status, 422);
    app.clock.advance(16 * 60);
    let expired = client.get("/whoami", Some(&tokens.access));
    assert_eq!((expired.status, expired.msg().as_str()), (401, "Token has expired"));
}

#[test]
fn a_refresh_gives_an_access_token_that_is_not_fresh() {
    let app = app();
    let tokens = app.tokens("ana");
    app.clock.advance(60);
    let answer = app.client().post("/refresh", Some(&tokens.refresh));
    assert_eq!(answer.status, 200);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.json().as_object().unwrap().len(), 1, "a bearer session keeps its refresh token");
    assert_eq!(claims(&access)["fresh"], json!(false));
    assert_eq!(claims(&access)["auth_time"], claims(&tokens.access)["auth_time"]);
    assert_eq!(app.client().get("/protected", Some(&access)).status, 200);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200, "and may use it again");
}

#[test]
fn each_token_opens_only_its_own_doors() {
    let app = app();
    let tokens = app.tokens("ana");
    let answer = app.client().get("/protected", Some(&tokens.refresh));
    assert_eq!((answer.status, answer.msg().as_str()), (422, "Only non-refresh tokens are allowed"));
    let answer = app.client().post("/refresh", Some(&tokens.access));
    assert_eq!((answer.status, answer.msg().as_str()), (422, "Only refresh tokens are allowed"));
}

#[test]
fn a_confirmation_makes_a_session_fresh_again() {
    let app = app();
    let tokens = app.tokens("ana");
    app.clock.advance(11 * 60);
    let stale =
        app.client().post("/refresh", Some(&tokens.refresh)).json()["access_token"].as_str().unwrap().to_owned();

    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&stale), &change);
    assert_eq!((answer.status, answer.msg().as_str()), (401, "Fresh token required"));
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication") && challenge.contains("max_age=\"600\""),
        "{challenge}"
    );

    let wrong = app.client().post_json("/confirm", Some(&stale), &json!({ "password": "wrong" }));
    assert_eq!((wrong.status, wrong.msg().as_str()), (401, "Bad password"));
    let answer = app.client().post_json("/confirm", Some(&stale), &json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 200);
    let fresh = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&fresh)["sid"], claims(&stale)["sid"]);
    let old = app.client().get("/protected", Some(&stale));
    assert_eq!((old.status, old.msg().as_str()), (401, "Token has been revoked"));
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200, "the refresh token is left alone");
    assert_eq!(app.client().post_json("/change-password", Some(&fresh), &change).status, 200);
}

#[test]
fn a_password_change_ends_every_other_session_and_starts_a_new_one() {
    let app = app();
    let (own, other) = (app.tokens("ana"), app.tokens("ana"));
    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let answer = app.client().post_json("/change-password", Some(&own.access), &change);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["sessions_ended"], json!(1));
    for token in [&own.access, &other.access] {
        assert_eq!(app.client().get("/protected", Some(token)).msg(), "Token has been revoked");
    }
    for token in [&own.refresh, &other.refresh] {
        assert_eq!(app.client().post("/refresh", Some(token)).msg(), "Token has been revoked");
    }
    let new = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.client().get("/protected", Some(&new)).status, 200);
    let login =
        |password| app.client().post_json("/login", None, &json!({ "username": "ana", "password": password })).status;
    assert_eq!((login(PASSWORD), login(OTHER_PASSWORD)), (401, 200));
}

#[test]
fn a_logout_by_either_token_ends_both() {
    let app = app();
    for by_refresh in [false, true] {
        let tokens = app.tokens("ana");
        let shown = if by_refresh { &tokens.refresh } else { &tokens.access };
        let answer = app.client().delete("/logout", Some(shown));
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"msg":"logout successful"}"#));
        for (method, path, token) in [("GET", "/protected", &tokens.access), ("POST", "/refresh", &tokens.refresh)] {
            let answer = app.client().send(method, path, Some(token), &[], b"");
            assert_eq!((answer.status, answer.msg().as_str()), (401, "Token has been revoked"), "{path}");
        }
        assert_eq!(app.client().delete("/logout", Some(shown)).msg(), "Token has been revoked");
    }
}

#[test]
fn a_logout_ends_one_session_and_no_other() {
    let app = app();
    let (one, other) = (app.tokens("ana"), app.tokens("ana"));
    app.client().delete("/logout", Some(&one.access));
    assert_eq!(app.client().get("/protected", Some(&other.access)).status, 200);
    assert_eq!(app.client().post("/refresh", Some(&other.refresh)).status, 200);
}
