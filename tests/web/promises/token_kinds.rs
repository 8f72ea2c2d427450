//! Promise: a token of one kind opens no door that is another kind's.

use portero::domain::AppAlgorithm;
use portero::tokens::{sign_for_apps, verify_for_apps};

use crate::common::{Asker, form};
use crate::openid::{Party, VERIFIER, text};
use crate::rooms::status_list::{fetch, place};
use crate::support::{TestApp, claims};

/// A door: its name, whether it lets such a token through, and the kinds that may.
type Door<'a> = (&'static str, Box<dyn Fn(&str) -> bool + 'a>, &'static [&'static str]);

#[test]
fn every_kind_of_token_is_refused_at_every_door_that_is_not_its_own() {
    // With a key pair for sessions too, so that nothing but the ring tells them apart.
    let app = TestApp::with(&[("jwt.algorithm", "ES256")]);
    app.add_admin("ana");
    let asker = Asker::of(&app);
    let open = |rules: &mut portero::domain::AppRules| {
        rules.openid.is_trusted = true;
        rules.openid.needs_pkce = false;
    };
    let (wiki, elliptic) = (
        Party::with(&app, "wiki", open),
        Party::with(&app, "elliptic", |rules| {
            open(rules);
            rules.openid.algorithm = AppAlgorithm::ES256;
            rules.openid.reads_status_list = true;
        }),
    );
    let session = app.tokens("ana");
    let mut browser = app.signed_in("ana");
    let offline = [("scope", "openid offline_access")];
    let given = wiki.tokens(&mut browser, &offline);
    let id_token_es256 = elliptic.tokens(&mut browser, &[])["id_token"].as_str().unwrap().to_owned();
    let (list, keys_of_lists) = (place(&id_token_es256).uri, app.accounts.app_keys.get(AppAlgorithm::ES256).unwrap());
    let keys = app.accounts.app_keys.get(AppAlgorithm::RS256).unwrap();
    let id_token = text(&given, "id_token").to_owned();
    let said = claims(&id_token).as_object().unwrap().clone();
    // Signed by the right key, for something else.
    let signed = |typ| sign_for_apps(&keys, typ, said.clone()).unwrap();
    let tokens: Vec<(&str, String)> = vec![
        ("session access", session.access.clone()),
        ("session refresh", session.refresh.clone()),
        ("cookie access", browser.cookies["access_token_cookie"].clone()),
        ("cookie refresh", browser.cookies["refresh_token_cookie"].clone()),
        ("assertion", app.assertion(&session.access, "wiki", 1)),
        ("ID token", id_token),
        ("ID token by ES256", id_token_es256),
        ("logout token", signed("logout+jwt")),
        ("status list", fetch(&app, &list).body),
        ("status list that says what an ID token does", signed("statuslist+jwt")),
        ("at+jwt", signed("at+jwt")),
        ("app access", text(&given, "access_token").to_owned()),
        ("app refresh", text(&given, "refresh_token").to_owned()),
        ("code", wiki.code(&mut browser, &offline)),
        ("client secret", wiki.secret.clone().unwrap()),
    ];
    let client = app.client();
    let bearer = |method: &'static str, path: &'static str| {
        let client = client.clone();
        Box::new(move |token: &str| client.send(method, path, Some(token), &[], b"").status < 300)
    };
    let cookie = |name: &'static str, path: &'static str| {
        let client = client.clone();
        Box::new(move |token: &str| {
            let cookie = format!("{name}={token}");
            client.send("GET", path, None, &[("cookie", &cookie), ("accept", "text/html")], b"").status == 200
        })
    };
    let doors: Vec<Door<'_>> = vec![
        ("/protected", bearer("GET", "/protected"), &["session access"]),
        ("/account", bearer("GET", "/account"), &["session access"]),
        ("/admin/users", bearer("GET", "/admin/users"), &["session access"]),
        ("/refresh", bearer("POST", "/refresh"), &["session refresh"]),
        ("/account by cookie", cookie("access_token_cookie", "/account"), &["cookie access"]),
        ("/admin by cookie", cookie("access_token_cookie", "/admin/users"), &["cookie access"]),
        ("/userinfo", bearer("GET", "/userinfo"), &["app access"]),
        (
            "/introspect of sessions",
            Box::new(|token| asker.introspect(token).is_some()),
            &["session access", "session refresh", "cookie access", "cookie refresh"],
        ),
        (
            "/introspect of an app",
            Box::new(|token| wiki.post("/introspect", &[("token", token)]).json()["active"] == true),
            &["app access", "app refresh"],
        ),
        (
            "id_token_hint",
            Box::new(|token| {
                let mut nobody = app.browser();
                let pkce = [("prompt", "none"), ("id_token_hint", token)];
                wiki.error(&mut nobody, &pkce) == "login_required"
            }),
            &["ID token", "ID token by ES256"],
        ),
        (
            "an app's status list",
            Box::new(|token| verify_for_apps(&keys_of_lists, "statuslist+jwt", token).is_some()),
            &["status list"],
        ),
        ("DELETE /logout", bearer("DELETE", "/logout"), &["session access", "session refresh"]),
        ("/token as a refresh token", Box::new(|token| wiki.refresh(token).status == 200), &["app refresh"]),
        (
            "/token as a code",
            Box::new(|token| wiki.redeem_with(token, &[("code_verifier", VERIFIER)]).status == 200),
            &["code"],
        ),
        (
            "/token as a secret",
            Box::new(|token| {
                let fields = [
                    ("grant_type", "refresh_token"),
                    ("refresh_token", "none"),
                    ("client_id", wiki.id.as_str()),
                    ("client_secret", token),
                ];
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                form(&app, "/token", None, &body).status != 401
            }),
            &["client secret"],
        ),
    ];
    let mut wrong = Vec::new();
    // What spends or ends something comes last, so that each is shown while it is good; its own door comes after the others.
    for (door, lets_in, own) in &doors {
        for (kind, token) in tokens.iter().filter(|(kind, _)| !own.contains(kind)) {
            if lets_in(token) {
                wrong.push(format!("{door} takes a {kind}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (door, lets_in, own) in doors.iter().filter(|(door, ..)| *door != "DELETE /logout") {
        for (kind, token) in tokens.iter().filter(|(kind, _)| own.contains(kind)) {
            assert!(lets_in(token), "{door} refuses a {kind}, which is its own: the test would show nothing");
        }
    }
}
