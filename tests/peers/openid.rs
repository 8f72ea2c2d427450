//! Apps that speak OpenID Connect with libraries that others made: Authlib in Flask, and openid-client with oauth4webapi in Node.

use std::process::Command;

use portero::accounts::apps::manage::{Added, add};
use portero::domain::{AppAlgorithm, AppName, AppRules, AppUri, OpenIdRules};
use serde_json::Value;

use crate::support::{PASSWORD, TestApp, operator};
use crate::{installed, root};

/// What the program has printed, beside a server with ana and an app at these addresses: where it takes answers, and people who have signed out.
/// It leaves ana's second session by the app's own sign-out.
fn signs_in_and_out(mut command: Command, redirect_uri: &str, signed_out: &str) -> Value {
    let app = TestApp::start();
    app.add_user("ana");
    let openid = OpenIdRules {
        redirect_uris: vec![AppUri::parse(redirect_uri).unwrap()],
        post_logout_uris: vec![AppUri::parse(signed_out).unwrap()],
        is_trusted: true,
        ..OpenIdRules::default()
    };
    let rules = AppRules { openid, ..AppRules::default() };
    let added = add(&app.accounts, operator(), AppName::parse("wiki").unwrap(), rules).committed().unwrap();
    let Ok(Added { credentials: Some(credentials), .. }) = added else { panic!("the app was not added") };
    app.make_app_keys_of(AppAlgorithm::RS256);
    let output = command
        .env("ISSUER", format!("http://{}", app.address))
        .env("CLIENT_ID", &credentials.id)
        .env("CLIENT_SECRET", &credentials.secret)
        .env("NAME", "ana")
        .env("PASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let led_to = read["led_to"].as_str().unwrap_or_else(|| panic!("{read}"));
    assert!(led_to.starts_with(&format!("{signed_out}?state=")), "{read}");
    app.add_admin("adm");
    let ended = app.client().get("/admin/revoked?user=ana", Some(&app.tokens("adm").access)).json();
    let mut reasons: Vec<_> =
        ended["revoked"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["logout", "logout_at_app"], "{ended}");
    read
}

#[test]
fn authlib_in_flask_signs_in_asks_refreshes_signs_out_and_is_refused_after_either_sign_out() {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(root().join("tests/peers/openid_authlib.py"));
    let read = signs_in_and_out(command, "http://localhost/callback", "http://localhost/");
    assert_eq!(
        (&read["id_token"]["preferred_username"], &read["told"]["preferred_username"]),
        (&"ana".into(), &"ana".into())
    );
    assert_eq!(
        (&read["refreshed"], &read["after"], &read["after_leaving"]),
        (&true.into(), &401.into(), &401.into()),
        "{read}"
    );
}

#[test]
fn openid_client_in_node_signs_in_asks_refreshes_signs_out_and_is_refused_after_either_sign_out() {
    let mut command = Command::new("node");
    command.arg(root().join("tests/peers/openid_client.mjs")).env("PEERS", installed("node_modules").parent().unwrap());
    let read = signs_in_and_out(command, "https://wiki.example.org/callback", "https://wiki.example.org/signed-out");
    assert_eq!((&read["id_token"]["sub"], &read["told"]["preferred_username"]), (&read["told"]["sub"], &"ana".into()));
    assert_eq!(
        (&read["refreshed"], &read["active"], &read["after"], &read["after_leaving"]),
        (&true.into(), &true.into(), &false.into(), &false.into()),
        "{read}"
    );
}

/// A Flask app with the same key, or with the public keys of sessions, takes none of what an app is given for a token of somebody's.
#[test]
fn flask_takes_nothing_that_an_app_was_given_for_a_token() {
    use portero::tokens::sign_for_apps;

    use crate::SECRET;
    use crate::flask_peer::{orders, peer};
    for (settings, peers) in [
        ([("jwt.secret_key", SECRET)], [("JWT_SECRET_KEY", SECRET)]),
        ([("jwt.algorithm", "ES256")], [("JWT_ALGORITHM", "ES256")]),
    ] {
        let app = TestApp::with(&settings);
        app.add_user("ana");
        let access = app.tokens("ana").access;
        let peer = peer(&app, &peers);
        assert_eq!(orders(&peer, &access).status, 200);
        let claims = crate::support::claims(&access).as_object().unwrap().clone();
        for algorithm in AppAlgorithm::ALL {
            app.make_app_keys_of(*algorithm);
            let keys = app.accounts.app_keys.get(*algorithm).unwrap();
            // With the claims of a session's own token, so that nothing but the key tells them apart.
            for typ in ["JWT", "logout+jwt", "at+jwt", "statuslist+jwt", "portero-assertion+jwt"] {
                let status = orders(&peer, &sign_for_apps(&keys, typ, claims.clone()).unwrap()).status;
                assert!(matches!(status, 401 | 422), "{} {typ}: {status}", algorithm.as_str());
                let here =
                    app.client().get("/protected", Some(&sign_for_apps(&keys, typ, claims.clone()).unwrap())).status;
                assert_eq!(here, 422, "{} {typ}", algorithm.as_str());
            }
        }
    }
}
