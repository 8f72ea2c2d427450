//! Room /introspect: tells an app whose a token is and until when. The test of who may ask covers /revoke as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portero::accounts::apps::manage::remove_client;

use serde_json::json;

use crate::common::{Asker, form, opens};
use crate::support::TestApp;
use crate::support::operator;

#[test]
fn an_app_learns_whose_a_token_is_and_until_when() {
    let app = TestApp::start();
    app.add_user("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    let told = asker.introspect(&tokens.access).unwrap();
    assert_eq!((told["sub"].as_str(), told["username"].as_str()), (Some("ana"), Some("ana")));
    assert_eq!((told["token_type"].as_str(), told["type"].as_str()), (Some("Bearer"), Some("access")));
    assert!(told["exp"].is_i64() && told["jti"].is_string() && told["sid"].is_string());
    assert!(told.get("csrf").is_none(), "that is between the browser and us");
    assert_eq!(asker.introspect(&tokens.refresh).unwrap()["type"], "refresh");
}

#[test]
fn what_is_not_good_is_not_active_and_nothing_is_told_of_it() {
    let app = TestApp::start();
    app.add_user("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    for token in ["x", "a.b.c", &format!("{}x", tokens.access)] {
        assert_eq!(asker.introspect(token), None);
    }
    app.clock.advance(901);
    assert_eq!(asker.introspect(&tokens.access), None, "expired");
    assert!(asker.introspect(&tokens.refresh).is_some());
    app.client().delete("/logout", Some(&tokens.refresh));
    assert_eq!(asker.introspect(&tokens.refresh), None, "signed out");
    let tokens = app.tokens("ana");
    assert!(asker.introspect(&tokens.access).is_some());
    app.disable("ana");
    assert_eq!(asker.introspect(&tokens.access), None, "disabled");
}

#[test]
fn a_spent_refresh_token_is_not_active_and_asking_spends_none() {
    let app = TestApp::with(&[("session.rotate", "always")]);
    app.add_user("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    app.clock.advance(60);
    for _ in 0..3 {
        assert!(asker.introspect(&tokens.refresh).is_some());
    }
    let next = app.client().post("/refresh", Some(&tokens.refresh)).json();
    let next = next["refresh_token"].as_str().unwrap();
    assert_eq!(opens(&app, next), 422, "an app's question does not make an access token of it");
    app.clock.advance(60);
    assert!(asker.introspect(next).is_some(), "and now it was seen");
    assert_eq!(asker.introspect(&tokens.refresh), None, "spent");
    assert!(asker.introspect(next).is_some(), "asking about a spent one ends nothing: the app is no thief");
}

#[test]
fn a_question_that_cannot_be_read_is_told_apps_as_oauth_tells_it() {
    let app = TestApp::start();
    app.add_user("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    let (right, body) = (asker.authorization(), format!("token={}", tokens.access));
    for path in ["/introspect", "/revoke"] {
        let send = |content_type: &str, body: &[u8]| {
            let headers = [("authorization", right.as_str()), ("content-type", content_type)];
            app.client().send("POST", path, None, &headers, body)
        };
        let in_json = send("application/json", &serde_json::to_vec(&json!({ "token": tokens.access })).unwrap());
        let no_json = send("application/json", b"{");
        let twice = form(&app, path, Some(&right), &format!("{body}&{body}"));
        let bytes = send("application/x-www-form-urlencoded", b"token=%ff");
        let nothing = app.client().send("POST", path, None, &[("authorization", &right)], b"");
        for answer in [in_json, no_json, twice, bytes, nothing] {
            assert_eq!((answer.status, answer.json()), (400, json!({ "error": "invalid_request" })), "{path}");
        }
    }
    assert_eq!(opens(&app, &tokens.access), 200, "nobody has revoked anything");
}

#[test]
fn only_an_app_that_we_know_may_ask() {
    let app = TestApp::start();
    app.add_user("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    let body = format!("token={}", tokens.access);
    let wrong = format!("Basic {}", STANDARD.encode(format!("{}:wrong", asker.credentials.id)));
    let nobody = format!("Basic {}", STANDARD.encode("nobody:x"));
    let bearer = format!("Bearer {}", tokens.access);
    for path in ["/introspect", "/revoke"] {
        for authorization in [None, Some(wrong.as_str()), Some(&nobody), Some(&bearer), Some("Basic"), Some("Basic %%")]
        {
            let answer = form(&app, path, authorization, &body);
            assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        }
        let right = asker.authorization();
        let without = form(&app, path, Some(&right), "token_type_hint=access_token");
        assert_eq!((without.status, without.json()["error"].as_str()), (400, Some("invalid_request")));
        let (id, secret) = (&asker.credentials.id, &asker.credentials.secret);
        let twice = form(&app, path, Some(&right), &format!("{body}&client_id={id}&client_secret={secret}"));
        assert_eq!(twice.status, 400, "credentials in two places");
    }
    assert_eq!(opens(&app, &tokens.access), 200, "nobody has revoked anything");
    let (id, secret) = (&asker.credentials.id, &asker.credentials.secret);
    let in_form = form(&app, "/introspect", None, &format!("{body}&client_id={id}&client_secret={secret}"));
    assert_eq!(in_form.json()["active"], true);
    assert!(remove_client(&app.accounts, operator(), "shop".into()).committed().unwrap());
    assert_eq!(asker.post("/introspect", &tokens.access).status, 401);
}
