//! Promise: a token that a peer (an app with the same key) has issued is good for what the settings grant, and for no more.

use base64::Engine as _;
use portero::accounts::people::rename::{Renamed, rename};
use portero::accounts::people::restore::{Restored, restore};
use portero::domain::{UserId, Username};
use portero::store::users;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, NewToken};
use serde_json::Value;

use crate::common::{Asker, opens};
use crate::support::{TestApp, operator};

pub(super) const SHARED: &str = "one key that a peer has too, of 32 bytes and more";

/// A token as a Flask app with the same key would issue it.
pub(super) fn of_a_peer(app: &TestApp, token: NewToken) -> String {
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
    let settings = [("refuse", 422, 422), ("access", 200, 422), ("observe", 200, 200), ("trust", 200, 200)];
    for (foreign, access, refresh) in settings {
        let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", foreign)]);
        app.add_admin("ana");
        // The cut-off is set when a user is added; a peer's token has to be younger.
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
fn a_peers_token_from_before_a_user_was_restored_is_refused() {
    let app = TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", "access")]);
    app.add_user("ana");
    app.clock.advance(2);
    let before = of_a_peer(&app, NewToken::access("ana"));
    assert_eq!(opens(&app, &before), 200);
    app.delete("ana");
    app.clock.advance(2);
    let meanwhile = of_a_peer(&app, NewToken::access("ana"));
    assert_eq!(opens(&app, &meanwhile), 401);
    app.clock.advance(2);
    let ana =
        app.accounts.db.read(|conn| users::find_deleted(conn, &Username::parse("ana").unwrap())).unwrap().unwrap();
    let restored = restore(&app.accounts, operator(), ana.id).committed().unwrap();
    assert!(matches!(restored, Restored::Restored(_)));
    app.clock.advance(2);
    assert_eq!([opens(&app, &before), opens(&app, &meanwhile)], [401, 401]);
    assert_eq!(opens(&app, &of_a_peer(&app, NewToken::access("ana"))), 200);
}

#[test]
fn a_peers_token_by_an_old_name_is_refused_even_after_the_name_is_taken_back() {
    for (subject, by_new_name) in [("username", "bea"), ("id", "1")] {
        let settings = [("jwt.secret_key", SHARED), ("foreign_tokens", "trust"), ("subject", subject)];
        let app = TestApp::with(&settings);
        app.add_user("ana");
        app.clock.advance(2);
        let of = |sub: &str| of_a_peer(&app, NewToken::access(sub));
        let sub = if subject == "id" { "1" } else { "ana" };
        let before = of(sub);
        let refresh = of_a_peer(&app, NewToken::refresh(sub));
        assert_eq!(opens(&app, &before), 200);
        let rename_to = |name: &str| {
            let name = Username::parse(name).unwrap();
            let renamed = rename(&app.accounts, operator(), UserId(1), name).committed().unwrap();
            assert!(matches!(renamed, Renamed::Done { .. }), "{renamed:?}");
            app.clock.advance(2);
        };
        rename_to("bea");
        let by_old_name = of("ana");
        assert_eq!([opens(&app, &before), opens(&app, &by_old_name)], [401, 401], "{subject}");
        assert_eq!(app.client().post("/refresh", Some(&refresh)).status, 401, "{subject}");
        assert_eq!(opens(&app, &of(by_new_name)), 200, "{subject}");
        rename_to("ana");
        assert_eq!([opens(&app, &before), opens(&app, &by_old_name)], [401, 401], "{subject}");
        assert_eq!(opens(&app, &of(sub)), 200, "{subject}");
        assert_eq!(opens(&app, &of("bea")), 401, "{subject}");
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
