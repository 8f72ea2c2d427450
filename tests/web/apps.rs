//! Apps beside Portero: they ask about tokens, have them revoked, and show tokens of their own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portero::accounts::{AppCredentials, add_app, remove_app};
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, NewToken};
use serde_json::Value;

use crate::support::{Answer, TestApp};

struct Asker<'a> {
    app: &'a TestApp,
    credentials: AppCredentials,
}

impl<'a> Asker<'a> {
    fn of(app: &'a TestApp) -> Self {
        Self { app, credentials: add_app(&app.accounts, "shop".into(), app.clock.now()).unwrap().unwrap() }
    }

    fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.credentials.id, self.credentials.secret)))
    }

    fn post(&self, path: &str, token: &str) -> Answer {
        let authorization = self.authorization();
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        form(self.app, path, Some(&authorization), &body)
    }

    /// What is said of a token: `None`, it is not active.
    fn introspect(&self, token: &str) -> Option<Value> {
        let answer = self.post("/introspect", token);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.json();
        match told["active"].as_bool().unwrap() {
            true => Some(told),
            false => {
                assert_eq!(answer.body, r#"{"active":false}"#, "nothing else is told");
                None
            }
        }
    }

    fn revoke(&self, token: &str) {
        assert_eq!(self.post("/revoke", token).status, 200);
    }
}

fn form(app: &TestApp, path: &str, authorization: Option<&str>, body: &str) -> Answer {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(authorization.map(|value| ("authorization", value)));
    app.client().send("POST", path, None, &headers, body.as_bytes())
}

fn opens(app: &TestApp, token: &str) -> u16 {
    app.client().get("/protected", Some(token)).status
}

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
fn an_app_has_an_access_token_revoked_alone_and_a_refresh_token_with_its_session() {
    let app = TestApp::start();
    app.add_admin("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    asker.revoke(&tokens.access);
    assert_eq!(opens(&app, &tokens.access), 401);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh)).json();
    let renewed = renewed["access_token"].as_str().unwrap();
    assert_eq!(opens(&app, renewed), 200, "the session goes on");

    asker.revoke(&tokens.refresh);
    assert_eq!(opens(&app, renewed), 401);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);

    // Twice, and what is no token: nothing to complain of. (RFC 7009 §2.2)
    for token in [tokens.refresh.as_str(), &tokens.access, "x"] {
        asker.revoke(token);
    }
    let list = app.client().get("/admin/revoked", Some(&app.tokens("ana").access)).body;
    assert_eq!(list.matches("revoked_by_app").count(), 2, "{list}");
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
        let in_json = app.client().post_json(path, None, &serde_json::json!({ "token": tokens.access }));
        assert_eq!(in_json.status, 415);
    }
    assert_eq!(opens(&app, &tokens.access), 200, "nobody has revoked anything");
    let (id, secret) = (&asker.credentials.id, &asker.credentials.secret);
    let in_form = form(&app, "/introspect", None, &format!("{body}&client_id={id}&client_secret={secret}"));
    assert_eq!(in_form.json()["active"], true);
    assert!(remove_app(&app.accounts, "shop".into(), app.clock.now()).unwrap());
    assert_eq!(asker.post("/introspect", &tokens.access).status, 401);
}

const SHARED: &str = "one key that a peer has too, of 32 bytes and more";

/// What a Flask app with our key would issue.
fn of_a_peer(app: &TestApp, token: NewToken) -> String {
    let key = Key::new(Algorithm::HS256, &Secret::new(SHARED)).unwrap();
    Engine::new(Options::default(), Keys::one(key)).issue(&token, app.clock.now()).unwrap()
}

fn without_jti(app: &TestApp) -> String {
    let claims = serde_json::json!({ "sub": "ana", "iat": app.clock.now().0 });
    use aws_lc_rs::hmac;
    let segment = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", segment(&serde_json::json!({ "alg": "HS256" })), segment(&claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SHARED.as_bytes()), message.as_bytes());
    format!("{message}.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn a_peers_token_is_good_for_what_the_settings_grant() {
    for (foreign, access, refresh) in [("refuse", 422, 422), ("access", 200, 422), ("trust", 200, 200)] {
        let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", foreign)]);
        app.add_admin("ana");
        // The cut-off is set when a user is made.
        app.clock.advance(2);
        let token = of_a_peer(&app, NewToken::access("ana").fresh(portero::tokens::Fresh::Yes));
        assert_eq!(opens(&app, &token), access, "{foreign}");
        let token_for_refresh = of_a_peer(&app, NewToken::refresh("ana"));
        assert_eq!(app.client().post("/refresh", Some(&token_for_refresh)).status, refresh, "{foreign}");
        if foreign == "access" {
            assert_eq!(app.client().get("/admin/sessions", Some(&token)).status, 403, "never admin");
            let body = serde_json::json!({ "current_password": "x", "new_password": "y" });
            let answer = app.client().post_json("/change-password", Some(&token), &body);
            assert_eq!((answer.status, answer.msg().as_str()), (401, "Fresh token required"));
        }
        assert_eq!(
            opens(&app, &of_a_peer(&app, NewToken::access("nobody"))),
            if foreign == "refuse" { 422 } else { 401 }
        );
    }
}

#[test]
fn a_peers_token_is_no_way_around_the_limit_of_tries() {
    let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", "trust")]);
    app.add_user("ana");
    app.clock.advance(2);
    let tried: Vec<_> = (0..12)
        .map(|_| {
            let token = of_a_peer(&app, NewToken::access("ana").fresh(portero::tokens::Fresh::Yes));
            app.client().post_json("/confirm", Some(&token), &serde_json::json!({ "password": "wrong" })).status
        })
        .collect();
    assert_eq!(tried, [vec![401; 5], vec![429; 7]].concat());
    let sign_in = serde_json::json!({ "username": "ana", "password": "wrong" });
    assert_eq!(app.client().post_json("/login", None, &sign_in).status, 429, "the same tries as at the front door");
}

#[test]
fn a_peers_token_without_an_id_is_refused_unless_the_operator_does_without() {
    for (setting, status) in [("on", 422), ("off", 200)] {
        let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", "access"), ("require_jti", setting)]);
        app.add_user("ana");
        app.clock.advance(2);
        assert_eq!(opens(&app, &without_jti(&app)), status);
    }
}

#[test]
fn a_peers_token_can_be_revoked_and_is_told_of() {
    let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", "access")]);
    app.add_user("ana");
    app.clock.advance(2);
    let asker = Asker::of(&app);
    let token = of_a_peer(&app, NewToken::access("ana"));
    assert_eq!(asker.introspect(&token).unwrap()["username"], "ana");
    asker.revoke(&token);
    assert_eq!((asker.introspect(&token), opens(&app, &token)), (None, 401));
}
