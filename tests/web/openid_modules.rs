//! The modules of the OpenID Foundation's conformance suite for Basic and Config providers, RP-Initiated Logout and Back-Channel Logout,
//! re-created from what each of them looks at, under its name. That is no certificate: the suite itself has not run. `docs/openid-modules.md` is the table that this makes; with
//! `PORTERO_WRITE_TABLES=1` it is written anew.

use std::fmt::Write as _;
use std::path::Path;

use portero::domain::{AppAlgorithm, AppRules, LogoutUri};
use serde_json::{Value, json};

use crate::openid::{Party, VERIFIER, challenge, refusal, text, uri};
use crate::rooms::openid::between;
use crate::rooms::rp_logout::{lead, onward, query};
use crate::support::told_app::{Manner, ToldApp};
use crate::support::{Answer, Browser, PASSWORD, TestApp};

/// What a module has found.
enum Found {
    Passed,
    /// There is nothing to look at, because Portero leaves that out and says so.
    Skipped(&'static str),
    /// The suite warns of it, and lets it pass.
    Warned(&'static str),
}

/// What the modules look at: a server, two apps that send no code challenge, as the suite's own, and somebody who is signed in.
struct Place<'a> {
    app: &'a TestApp,
    wiki: Party<'a>,
    other: Party<'a>,
    /// The first app, as it is told of sign-outs.
    told: ToldApp,
    ana: Browser,
}

impl Place<'_> {
    fn tokens(&mut self, others: &[(&str, &str)]) -> Value {
        let code = self.wiki.code(&mut self.ana, &[WITHOUT_PKCE.as_slice(), others].concat());
        let answer = self.wiki.redeem_with(&code, &[("code_verifier", "")]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    fn claims(&mut self, others: &[(&str, &str)]) -> Value {
        let tokens = self.tokens(others);
        self.wiki.id_token(&tokens)
    }

    fn told(&mut self, scope: &str) -> Value {
        let tokens = self.tokens(&[("scope", scope)]);
        let told = self.wiki.userinfo(text(&tokens, "access_token"));
        assert_eq!(told.status, 200);
        let told = told.json();
        assert_eq!(told["sub"], self.wiki.id_token(&tokens)["sub"]);
        told
    }

    fn error(&mut self, others: &[(&str, &str)]) -> String {
        self.wiki.error(&mut self.ana, &[WITHOUT_PKCE.as_slice(), others].concat())
    }

    /// Signs in to the app, and leads the browser to the sign-out with these fields beside the usual ones, which an empty value leaves out.
    fn sign_out(&mut self, others: &[(&str, &str)]) -> Left {
        let tokens = self.tokens(&[]);
        let (hint, to) = (text(&tokens, "id_token").to_owned(), onward(&self.wiki));
        let usual = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &to), ("state", STATE)];
        let is_other = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = usual.iter().filter(|(name, _)| !is_other(name));
        let fields: Vec<_> = kept.chain(others.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
        let answer = lead(&mut self.ana, &fields);
        let session = self.wiki.id_token(&tokens);
        Left { answer, session }
    }

    /// Whether the app learns that nobody is signed in in this browser.
    fn is_signed_out(&mut self) -> bool {
        let silent = [WITHOUT_PKCE.as_slice(), &[("prompt", "none")]].concat();
        let answer = self.wiki.send(&mut self.ana, &silent);
        self.wiki.read(&answer).get("error").is_some_and(|error| error == "login_required")
    }

    /// The person confirms who they are, and the app reads the ID token.
    fn anew(&mut self, others: &[(&str, &str)]) -> Value {
        let page = self.wiki.send(&mut self.ana, &[WITHOUT_PKCE.as_slice(), others].concat());
        assert!(page.body.contains("name=\"password\""), "nobody is asked: {} {}", page.status, page.location());
        let next = between(&page.body, "name=\"next\" value=\"", "\"");
        let done = self.ana.post("/confirm", &[("password", PASSWORD), ("next", &next)]);
        let done = self.wiki.follow(&mut self.ana, done);
        let code = self.wiki.read(&done)["code"].clone();
        let tokens = self.wiki.redeem_with(&code, &[("code_verifier", "")]).json();
        self.wiki.id_token(&tokens)
    }
}

/// What came of a sign-out at the app.
struct Left {
    answer: Answer,
    /// What the ID token of the session said.
    session: Value,
}

impl Left {
    /// Whether a page was shown instead of leading back: one that says what is wrong, or that asks.
    fn is_told_here(&self) -> bool {
        let asks = self.answer.status == 200 && self.answer.body.contains("Sign out?");
        self.answer.location().is_empty() && (asks || self.answer.status == 400)
    }
}

/// As long as the suite's.
const STATE: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!*'()abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567";

const WITHOUT_PKCE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

type Module = (&'static str, fn(&mut Place<'_>) -> Found);

const BASIC: [Module; 38] = [
    ("oidcc-server", |place| {
        let said = place.claims(&[("state", &"s".repeat(128))]);
        assert!(said["exp"].as_i64() > said["iat"].as_i64() && said["nonce"] == "a nonce");
        Found::Passed
    }),
    ("oidcc-response-type-missing", |place| {
        assert_eq!(place.error(&[("response_type", "")]), "invalid_request");
        Found::Passed
    }),
    ("oidcc-idtoken-signature", |place| {
        let tokens = place.tokens(&[]);
        let header = portero::tokens::unverified_header(text(&tokens, "id_token")).unwrap();
        assert_eq!((&header["alg"], header["kid"].is_string()), (&json!("RS256"), true));
        place.wiki.id_token(&tokens);
        Found::Passed
    }),
    ("oidcc-idtoken-unsigned", |_| Found::Skipped("`none` is not supported")),
    ("oidcc-userinfo-get", |place| {
        place.told("openid");
        Found::Passed
    }),
    ("oidcc-userinfo-post-header", |place| {
        let tokens = place.tokens(&[]);
        let told = place.app.client().send("POST", "/userinfo", Some(text(&tokens, "access_token")), &[], b"");
        assert_eq!(told.json()["sub"], place.wiki.id_token(&tokens)["sub"]);
        Found::Passed
    }),
    ("oidcc-userinfo-post-body", |place| {
        let tokens = place.tokens(&[]);
        let body = format!("access_token={}", text(&tokens, "access_token"));
        let told = place.app.client().send("POST", "/userinfo", None, &[crate::common::FORM], body.as_bytes());
        assert_eq!(told.json()["sub"], place.wiki.id_token(&tokens)["sub"]);
        Found::Passed
    }),
    ("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", |place| {
        assert_eq!(place.claims(&[("nonce", "")]).get("nonce"), None);
        Found::Passed
    }),
    ("oidcc-scope-profile", |place| {
        let told = place.told("openid profile");
        assert_eq!((&told["preferred_username"], &told["name"]), (&json!("ana"), &json!("Ana Ruiz")));
        Found::Passed
    }),
    ("oidcc-scope-email", |place| {
        let told = place.told("openid email");
        assert_eq!((&told["email"], &told["email_verified"]), (&json!("ana@example.org"), &json!(true)));
        Found::Passed
    }),
    ("oidcc-scope-address", |place| {
        assert_eq!(place.told("openid address").get("address"), None);
        Found::Skipped("no addresses are kept; the scope is not listed, and ignored")
    }),
    ("oidcc-scope-phone", |place| {
        assert_eq!(place.told("openid phone").get("phone_number"), None);
        Found::Skipped("no telephone numbers are kept; the scope is not listed, and ignored")
    }),
    ("oidcc-scope-all", |place| {
        let told = place.told("openid profile email address phone");
        assert!(told["name"].is_string() && told["email"].is_string());
        Found::Passed
    }),
    ("oidcc-alternate-happy-flow", |place| {
        place.tokens(&[("scope", "openid email profile"), ("state", ""), ("response_mode", "query")]);
        Found::Passed
    }),
    ("oidcc-display-page", |place| {
        place.tokens(&[("display", "page")]);
        Found::Passed
    }),
    ("oidcc-display-popup", |place| {
        place.tokens(&[("display", "popup")]);
        Found::Passed
    }),
    ("oidcc-prompt-login", |place| {
        let first = place.claims(&[])["auth_time"].as_i64().unwrap();
        place.app.clock.advance(2);
        assert!(place.anew(&[("prompt", "login")])["auth_time"].as_i64().unwrap() > first);
        Found::Passed
    }),
    ("oidcc-prompt-none-not-logged-in", |place| {
        let mut nobody = place.app.browser();
        let asked = [WITHOUT_PKCE.as_slice(), &[("prompt", "none")]].concat();
        assert_eq!(place.wiki.error(&mut nobody, &asked), "login_required");
        Found::Passed
    }),
    ("oidcc-prompt-none-logged-in", |place| {
        let (first, second) = (place.claims(&[]), place.claims(&[("prompt", "none")]));
        assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
        Found::Passed
    }),
    ("oidcc-max-age-1", |place| {
        let first = place.claims(&[])["auth_time"].as_i64().unwrap();
        place.app.clock.advance(2);
        assert!(place.anew(&[("max_age", "1")])["auth_time"].as_i64().unwrap() > first);
        Found::Passed
    }),
    ("oidcc-max-age-10000", |place| {
        let (first, second) = (place.claims(&[]), place.claims(&[("max_age", "10000")]));
        assert_eq!(first["auth_time"], second["auth_time"]);
        Found::Passed
    }),
    ("oidcc-ensure-request-with-unknown-parameter-succeeds", |place| {
        place.tokens(&[("extra", "foobar")]);
        Found::Passed
    }),
    ("oidcc-id-token-hint", |place| {
        let tokens = place.tokens(&[]);
        let second = place.claims(&[("prompt", "none"), ("id_token_hint", text(&tokens, "id_token"))]);
        assert_eq!(second["sub"], place.wiki.id_token(&tokens)["sub"]);
        Found::Passed
    }),
    ("oidcc-login-hint", |place| {
        place.tokens(&[("login_hint", "bea@example.org")]);
        Found::Passed
    }),
    ("oidcc-ui-locales", |place| {
        place.tokens(&[("ui_locales", "se")]);
        Found::Passed
    }),
    ("oidcc-claims-locales", |place| {
        place.tokens(&[("claims_locales", "se")]);
        Found::Passed
    }),
    ("oidcc-ensure-request-with-acr-values-succeeds", |place| {
        assert!(place.claims(&[("acr_values", "aal1 aal2")])["acr"].is_string());
        Found::Passed
    }),
    ("oidcc-codereuse", |place| {
        let code = place.wiki.code(&mut place.ana, &WITHOUT_PKCE);
        assert_eq!(place.wiki.redeem_with(&code, &[("code_verifier", "")]).status, 200);
        assert_eq!(refusal(&place.wiki.redeem_with(&code, &[("code_verifier", "")])), (400, "invalid_grant".into()));
        Found::Passed
    }),
    ("oidcc-codereuse-30seconds", |place| {
        let code = place.wiki.code(&mut place.ana, &WITHOUT_PKCE);
        let tokens = place.wiki.redeem_with(&code, &[("code_verifier", "")]).json();
        place.app.clock.advance(30);
        assert_eq!(refusal(&place.wiki.redeem_with(&code, &[("code_verifier", "")])), (400, "invalid_grant".into()));
        assert!(!place.wiki.is_open(&tokens), "the first access token is dead, too");
        Found::Passed
    }),
    ("oidcc-ensure-registered-redirect-uri", |place| {
        let page = place.wiki.send(&mut place.ana, &[("redirect_uri", "https://wiki.example.org/unregistered")]);
        assert_eq!((page.status, page.location()), (400, ""));
        Found::Passed
    }),
    ("oidcc-ensure-post-request-succeeds", |place| {
        let form = place.wiki.query(&WITHOUT_PKCE);
        let answer = place.ana.send("POST", "/authorize", &[crate::common::FORM], form.as_bytes());
        let done = place.wiki.follow(&mut place.ana, answer);
        assert!(place.wiki.read(&done).contains_key("code"));
        Found::Passed
    }),
    ("oidcc-server-client-secret-post", |place| {
        let code = place.wiki.code(&mut place.ana, &WITHOUT_PKCE);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &place.wiki.redirect_uri),
                ("client_id", &place.wiki.id),
                ("client_secret", place.wiki.secret.as_deref().unwrap()),
            ])
            .finish();
        assert_eq!(crate::common::form(place.app, "/token", None, &form).status, 200);
        Found::Passed
    }),
    ("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", |place| {
        assert_eq!(place.error(&[("request_uri", "https://wiki.example.org/request")]), "request_uri_not_supported");
        Found::Passed
    }),
    ("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", |place| {
        assert_eq!(place.error(&[("request", "eyJhbGciOiJub25lIn0.e30.")]), "request_not_supported");
        Found::Passed
    }),
    ("oidcc-claims-essential", |place| {
        let tokens = place.tokens(&[("claims", r#"{"userinfo":{"name":{"essential":true}}}"#)]);
        assert_eq!(place.wiki.userinfo(text(&tokens, "access_token")).json().get("name"), None);
        Found::Warned(
            "the parameter `claims` is not supported, discovery says so, and it is ignored: scopes say what is told",
        )
    }),
    ("oidcc-ensure-request-object-with-redirect-uri", |place| {
        assert_eq!(place.error(&[("request", "eyJhbGciOiJub25lIn0.e30.")]), "request_not_supported");
        Found::Passed
    }),
    ("oidcc-refresh-token", |place| {
        let first = place.tokens(&[("scope", "openid offline_access"), ("prompt", "consent")]);
        let second = place.wiki.refresh(text(&first, "refresh_token"));
        assert_eq!(second.status, 200, "{}", second.body);
        let (before, after) = (place.wiki.id_token(&first), place.wiki.id_token(&second.json()));
        assert_eq!((&before["sub"], &before["aud"], &before["iss"]), (&after["sub"], &after["aud"], &after["iss"]));
        assert_ne!(first["access_token"], second.json()["access_token"]);
        assert_eq!(
            refusal(&place.other.refresh(text(&second.json(), "refresh_token"))),
            (400, "invalid_grant".into()),
            "another app's is not taken"
        );
        Found::Passed
    }),
    ("oidcc-ensure-request-with-valid-pkce-succeeds", |place| {
        let pkce = [("code_challenge", challenge(VERIFIER)), ("code_challenge_method", "S256".into())];
        let pkce: Vec<_> = pkce.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let code = place.wiki.code(&mut place.ana, &pkce);
        assert_eq!(place.wiki.redeem(&code).status, 200);
        Found::Passed
    }),
];

const CONFIG: [Module; 1] = [("oidcc-discovery-endpoint-verification", |place| {
    let answer = place.app.client().get("/.well-known/openid-configuration", None);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let said = answer.json();
    let issuer = place.wiki.issuer();
    assert_eq!(said["issuer"], issuer);
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "introspection_endpoint",
        "revocation_endpoint",
    ] {
        let path = text(&said, name).strip_prefix(issuer.as_str()).unwrap();
        assert_ne!(place.app.client().get(path, None).status, 404, "{name}");
    }
    let lists = |name: &str, wanted: &[&str]| {
        let all = said[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        assert!(wanted.iter().all(|one| all.contains(&json!(one))), "{name}: {all:?}");
    };
    lists("scopes_supported", &["openid"]);
    lists("response_types_supported", &["code"]);
    lists("subject_types_supported", &["public"]);
    lists("id_token_signing_alg_values_supported", &["RS256"]);
    lists("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post"]);
    lists("grant_types_supported", &["authorization_code", "refresh_token"]);
    lists("response_modes_supported", &["query", "form_post"]);
    lists("claim_types_supported", &["normal"]);
    lists("claims_supported", &["sub", "iss", "auth_time", "acr"]);
    lists("acr_values_supported", &["aal1", "aal2"]);
    lists("code_challenge_methods_supported", &["S256"]);
    for name in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(said[name], false, "{name}: left out would mean something else");
    }
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    let keys = place.app.client().get(&text(&said, "jwks_uri")[issuer.len()..], None).json();
    let keys = keys["keys"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["kty"] == "RSA" && key["use"] == "sig" && key["kid"].is_string()));
    assert!(keys.iter().all(|key| key.get("d").is_none() && key.get("k").is_none()), "no private half");
    let mut kids: Vec<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), keys.len(), "each has a name of its own");
    Found::Passed
})];

const RP_LOGOUT: [Module; 11] = [
    ("oidcc-rp-initiated-logout-discovery-endpoint-verification", |place| {
        let said = place.app.client().get("/.well-known/openid-configuration", None).json();
        let path = text(&said, "end_session_endpoint").strip_prefix(place.wiki.issuer().as_str()).unwrap().to_owned();
        assert_ne!(place.app.client().get(&path, None).status, 404);
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout", |place| {
        let left = place.sign_out(&[]);
        assert_eq!(left.answer.location(), format!("{}&{}", onward(&place.wiki), query(&[("state", STATE)])));
        assert!(place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", |place| {
        assert!(place.sign_out(&[("post_logout_redirect_uri", "https://wiki.example.org/other")]).is_told_here());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-modified-id-token-hint", |place| {
        let tokens = place.tokens(&[]);
        let body = text(&tokens, "id_token").split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
        assert!(place.sign_out(&[("id_token_hint", &unsigned)]).is_told_here() && !place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-no-id-token-hint", |place| {
        assert!(place.sign_out(&[("id_token_hint", "")]).is_told_here() && !place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-no-params", |place| {
        assert!(
            place.sign_out(&[("id_token_hint", ""), ("post_logout_redirect_uri", ""), ("state", "")]).is_told_here()
        );
        assert_eq!(place.ana.post("/logout", &[]).location(), "/login");
        assert!(place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-no-post-logout-redirect-uri", |place| {
        let left = place.sign_out(&[("post_logout_redirect_uri", "")]);
        assert!(left.answer.body.contains("You’re signed out.") && place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-no-state", |place| {
        assert_eq!(place.sign_out(&[("state", "")]).answer.location(), onward(&place.wiki));
        assert!(place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-only-state", |place| {
        assert!(place.sign_out(&[("id_token_hint", ""), ("post_logout_redirect_uri", "")]).is_told_here());
        assert_eq!(place.ana.post("/logout", &[]).location(), "/login");
        assert!(place.is_signed_out());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", |place| {
        let added = format!("{}&foo=bar", onward(&place.wiki));
        assert!(place.sign_out(&[("post_logout_redirect_uri", &added)]).is_told_here());
        Found::Passed
    }),
    ("oidcc-rp-initiated-logout-bad-id-token-hint", |place| {
        let claims = place.claims(&[]);
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        let secret = place.wiki.secret.clone().unwrap();
        let by_app = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let fake = jsonwebtoken::encode(&header, &claims, &by_app).unwrap();
        assert!(place.sign_out(&[("id_token_hint", &fake)]).is_told_here() && !place.is_signed_out());
        Found::Passed
    }),
];

const BACKCHANNEL: [Module; 2] = [
    ("oidcc-backchannel-logout-discovery-endpoint-verification", |place| {
        let said = place.app.client().get("/.well-known/openid-configuration", None).json();
        assert_eq!(
            (&said["backchannel_logout_supported"], &said["backchannel_logout_session_supported"]),
            (&json!(true), &json!(true))
        );
        Found::Passed
    }),
    ("oidcc-backchannel-rp-initiated-logout", |place| {
        let before = place.told.received().len();
        let left = place.sign_out(&[]);
        assert!(left.answer.location().ends_with(&query(&[("state", STATE)])));
        let token = place.told.wait_for(before + 1).remove(before).token;
        let keys = place.app.accounts.app_keys.get(AppAlgorithm::RS256).unwrap();
        let says = Value::Object(portero::tokens::verify_for_apps(&keys, "logout+jwt", &token).unwrap());
        assert_eq!(says["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        let now = place.app.accounts.now().0;
        assert!((now - 60..=now).contains(&says["iat"].as_i64().unwrap()) && says["exp"].as_i64().unwrap() > now);
        assert!(says["jti"].is_string() && says.get("nonce").is_none(), "{says}");
        for claim in ["iss", "aud", "sub", "sid"] {
            assert_eq!(says[claim], left.session[claim], "{claim}");
        }
        assert!(place.is_signed_out());
        Found::Passed
    }),
];

#[test]
fn the_foundations_modules_pass_as_far_as_they_can_be_re_created() {
    let app = TestApp::start();
    app.add_user("ana");
    crate::rooms::openid::give_details(&app, "ana");
    let told = ToldApp::start(Manner::Status(200));
    let rules = |rules: &mut AppRules| {
        rules.openid.is_trusted = true;
        rules.openid.needs_pkce = false;
        rules.openid.post_logout_uris.push(uri("https://wiki.example.org/signed-out?from=portero"));
    };
    let wiki = Party::with(&app, "wiki", |all| {
        rules(all);
        all.backchannel_logout = Some(LogoutUri::parse(&told.uri(), true).unwrap());
    });
    let other = Party::with(&app, "other", rules);
    let mut place = Place { app: &app, wiki, other, told, ana: app.browser() };
    let mut table = String::from(HEAD);
    for (plan, modules) in [
        ("Basic", BASIC.as_slice()),
        ("Config", CONFIG.as_slice()),
        ("RP-Initiated Logout", RP_LOGOUT.as_slice()),
        ("Back-Channel Logout", BACKCHANNEL.as_slice()),
    ] {
        for (name, module) in modules {
            // Each begins with a sign-in of its own, as in the suite.
            place.ana = app.signed_in("ana");
            let (result, why) = match module(&mut place) {
                Found::Passed => ("passed", ""),
                Found::Skipped(why) => ("skipped", why),
                Found::Warned(why) => ("warning", why),
            };
            writeln!(table, "| {plan} | {name} | {result} | {why} |").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openid-modules.md");
    if std::env::var_os("PORTERO_WRITE_TABLES").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), table, "PORTERO_WRITE_TABLES=1 writes it anew");
}

const HEAD: &str = "# The OpenID Foundation's modules

What the Foundation's conformance suite looks at in a Basic and in a Config provider, in RP-Initiated Logout and in Back-Channel Logout,
re-created in `tests/web/openid_modules.rs` under the suite's names. A test run makes this table. **Re-created, not certified**: the suite itself has not run against Portero.

| plan | module | result | why |
|---|---|---|---|
";
