//! What Portero signs for apps (`X-Portero-Assertion`), read by other libraries; and that it is no token of a session, nor the other way
//! round.

use serde_json::{Value, json};

use crate::SECRET;
use crate::flask_peer::{orders, peer};
use crate::other_libraries::{ask, jose, pyjwt};
use crate::support::TestApp;

const FOR_APPS: &str = "/.well-known/portero/apps.jwks.json";
const OF_SESSIONS: &str = "/.well-known/jwks.json";

#[test]
fn apps_read_an_assertion_with_pyjwt_and_jose_and_take_nothing_else_for_one() {
    let app = TestApp::with(&[("jwt.algorithm", "ES256")]);
    app.add_user("ana");
    app.make_app_keys();
    let tokens = app.tokens("ana");
    let assertion = app.assertion(&tokens.access, "wiki", 1);
    let set = |path: &str| app.client().get(path, None).json();
    let question = |token: &str, path: &str, audience: &str| json!({ "token": token, "algorithm": "ES256", "jwks": set(path), "audience": audience });
    let asked = [
        question(&assertion, FOR_APPS, "wiki"),
        question(&assertion, FOR_APPS, "camera"),
        question(&assertion, OF_SESSIONS, "wiki"),
        question(&tokens.access, FOR_APPS, "wiki"),
        question(&tokens.refresh, FOR_APPS, "wiki"),
    ];
    for command in [pyjwt(), jose()] {
        let answer = ask(command, &json!({ "verify": asked, "sign": [] }));
        let [right, wrong @ ..] = answer["verify"].as_array().unwrap().as_slice() else { panic!("{answer}") };
        assert_eq!((&right["preferred_username"], &right["aud"]), (&json!("ana"), &json!("wiki")), "{right}");
        assert!(wrong.len() == 4 && wrong.iter().all(|read| read["error"].is_string()), "{answer}");
    }
}

#[test]
fn flask_takes_no_assertion_for_a_token() {
    for (settings, peers) in [
        ([("jwt.secret_key", SECRET)], [("JWT_SECRET_KEY", SECRET)]),
        ([("jwt.algorithm", "ES256")], [("JWT_ALGORITHM", "ES256")]),
    ] {
        let app = TestApp::with(&settings);
        app.add_user("ana");
        app.make_app_keys();
        let access = app.tokens("ana").access;
        let peer = peer(&app, &peers);
        let reply = orders(&peer, &access);
        assert_eq!(reply.status, 200, "{:?}", reply.json());
        let refused = orders(&peer, &app.assertion(&access, "wiki", 1));
        assert!(matches!(refused.status, 401 | 422), "{}", refused.status);
        assert!(refused.json().get("user").unwrap_or(&Value::Null).is_null());
    }
}
