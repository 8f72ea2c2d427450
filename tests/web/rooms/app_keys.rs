//! What Portero signs for apps, and the keys with which they check it.

use portero::domain::AppAlgorithm;
use serde_json::{Value, json};

use crate::support::{TestApp, claims};

/// With key pairs for sessions too, so that each ring has public keys.
fn app() -> TestApp {
    let app = TestApp::with(&[("jwt.algorithm", "ES256")]);
    app.add_user("ana");
    app
}

fn kids(app: &TestApp, path: &str) -> Vec<String> {
    let set = app.client().get(path, None);
    assert_eq!((set.status, set.header("content-type")), (200, Some("application/jwk-set+json")));
    set.json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

const FOR_APPS: &str = "/.well-known/portero/apps.jwks.json";

#[test]
fn keys_for_apps_are_made_when_one_needs_them_and_are_no_keys_of_sessions() {
    let app = app();
    assert!(kids(&app, FOR_APPS).is_empty());
    let sessions = kids(&app, "/.well-known/jwks.json");
    app.make_app_keys();
    let for_apps = kids(&app, FOR_APPS);
    assert_eq!((sessions.len(), for_apps.len()), (1, 1));
    assert_eq!(kids(&app, "/.well-known/jwks.json"), sessions);
    assert_ne!(for_apps, sessions);
    let text = app.client().get(FOR_APPS, None).body;
    assert!(!text.contains("\"d\""), "no private half: {text}");

    let folder = app.folder().to_owned();
    let files = || {
        std::fs::read_dir(&folder)
            .unwrap()
            .filter(|file| file.as_ref().unwrap().file_name().to_str().unwrap().starts_with("signing-apps-"))
    };
    assert_eq!(files().count(), 1);
    let kept = app.stop().unwrap();
    let app = TestApp::in_folder(kept.path(), &[("jwt.algorithm", "ES256")]);
    assert_eq!(kids(&app, FOR_APPS), for_apps, "a restart keeps them");
}

/// Many apps can read nothing but RS256.
#[test]
fn keys_of_each_algorithm_are_made_when_one_needs_them_and_can_be_read_in_one_place() {
    let app = app();
    app.make_app_keys();
    let es256 = kids(&app, FOR_APPS);
    app.make_app_keys_of(AppAlgorithm::RS256);
    let both = kids(&app, FOR_APPS);
    assert_eq!((both.len(), both.contains(&es256[0])), (2, true));
    let set = app.client().get(FOR_APPS, None);
    let kinds: Vec<_> = set.json()["keys"].as_array().unwrap().iter().map(|key| key["alg"].clone()).collect();
    assert_eq!(kinds, [json!("RS256"), json!("ES256")]);
    assert!(!set.body.contains("\"d\""), "no private half");
    assert!(!kids(&app, "/.well-known/jwks.json").iter().any(|kid| both.contains(kid)));

    let kept = app.stop().unwrap();
    let app = TestApp::in_folder(kept.path(), &[("jwt.algorithm", "ES256")]);
    assert_eq!(kids(&app, FOR_APPS), both, "a restart keeps them");
}

#[test]
fn an_assertion_says_who_asks_and_at_which_app() {
    let app = app();
    app.make_app_keys();
    let access = app.tokens("ana").access;
    let text = app.assertion(&access, "wiki", 1);
    let header = portero::tokens::unverified_header(&text).unwrap();
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("portero-assertion+jwt"), Some("ES256")));
    assert_eq!(header["kid"].as_str(), Some(kids(&app, FOR_APPS)[0].as_str()));
    let said = claims(&text);
    let now = app.accounts.now().0;
    let told = |claim: &str| said[claim].as_str().unwrap().to_owned();
    assert_eq!((told("aud"), told("preferred_username")), ("wiki".into(), "ana".into()));
    assert_eq!((&said["iat"], &said["exp"], &said["groups"]), (&json!(now), &json!(now + 60), &json!([])));
    assert_eq!(told("sub").len(), 36, "what stays when the name changes: {said}");

    let at_the_camera = claims(&app.assertion(&access, "camera", 2));
    assert_eq!(at_the_camera["sub"], said["sub"]);
    let sid = |claims: &Value| claims["sid"].as_str().unwrap().to_owned();
    let own = sid(&claims(&access));
    assert!(
        sid(&said) != sid(&at_the_camera) && sid(&said) != own && sid(&at_the_camera) != own,
        "nobody can join them"
    );
    assert_eq!(sid(&claims(&app.assertion(&access, "wiki", 3))), sid(&said), "another pass of the same session");
}

#[test]
fn an_assertion_is_kept_for_half_a_minute_and_no_longer_than_it_is_right() {
    let app = app();
    app.make_app_keys();
    let access = app.tokens("ana").access;
    let first = app.assertion(&access, "wiki", 1);
    app.clock.advance(29);
    assert_eq!(app.assertion(&access, "wiki", 1), first, "a check signs nothing");
    app.clock.advance(1);
    let second = app.assertion(&access, "wiki", 1);
    assert_ne!(second, first);
    assert_ne!(app.assertion(&access, "wiki", 2), second, "another pass");
    assert_eq!(claims(&app.assertion(&access, "camera", 1))["aud"], "camera", "never the one of another app");
    let before = app.assertion(&access, "wiki", 1);
    app.set_role("ana", true);
    assert_ne!(app.assertion(&access, "wiki", 1), before, "something about the user has changed");
}

#[test]
fn no_more_assertions_are_kept_than_there_is_room_for() {
    let app = app();
    app.make_app_keys();
    let access = app.tokens("ana").access;
    let first = app.assertion(&access, "wiki", 1);
    for pass in 2..=255 {
        assert_ne!(app.assertion(&access, "wiki", pass), first);
    }
    assert_eq!(app.assertion(&access, "wiki", 1), first);
}

#[test]
fn an_assertion_opens_no_door_of_porteros() {
    let app = app();
    app.make_app_keys();
    app.add_admin("root");
    let tokens = app.tokens("root");
    let assertion = app.assertion(&tokens.access, "wiki", 1);
    let client = app.client();
    for (method, path) in [
        ("GET", "/protected"),
        ("GET", "/account"),
        ("GET", "/account/activity"),
        ("GET", "/admin"),
        ("GET", "/admin/users"),
        ("POST", "/refresh"),
        ("DELETE", "/logout"),
    ] {
        let by_header = client.send(method, path, Some(&assertion), &[], b"");
        assert!(matches!(by_header.status, 401 | 422), "{method} {path}: {}", by_header.status);
        for name in ["access_token_cookie", "refresh_token_cookie", "__Host-access_token_cookie"] {
            let cookie = format!("{name}={assertion}");
            let by_cookie = client.send(method, path, None, &[("cookie", &cookie)], b"");
            assert!(matches!(by_cookie.status, 303 | 401 | 403 | 422), "{method} {path} {name}: {}", by_cookie.status);
        }
    }
    assert_eq!(client.get("/protected", Some(&tokens.access)).status, 200, "the session goes on");
    for (name, value) in [("x-portero-assertion", assertion.as_str()), ("remote-user", "root")] {
        assert_eq!(client.send("GET", "/protected", None, &[(name, value)], b"").status, 401, "{name}");
    }
}
