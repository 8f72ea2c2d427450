//! Signing in to an app by OpenID Connect: rooms `openid/…`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use portero::accounts::people::details::{Change, Changes, Edited, edit};
use portero::accounts::sessions::end::end_anybodys;
use portero::domain::{Allowed, AppAlgorithm, DisplayName, Level, Mail, SessionId, Username};
use portero::store::session_ends::Which;
use portero::store::users;
use serde_json::json;

use crate::common::{second_factor, sid};
use crate::openid::{Party, VERIFIER, challenge, refusal, server, text, uri};
use crate::support::{Browser, PASSWORD, TestApp, operator};

#[test]
fn an_app_learns_who_is_signed_in() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let begun = app.accounts.now().0;
    let answer = wiki.send(&mut ana, &[]);
    assert_eq!((answer.status, answer.header("referrer-policy")), (303, Some("no-referrer")));
    let fields = wiki.read(&answer);
    assert_eq!(fields["state"], "a state");

    let tokens = wiki.redeem(&fields["code"]);
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, Some("no-store")), "{}", tokens.body);
    let tokens = tokens.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"], &tokens["scope"]),
        (&json!("Bearer"), &json!(900), &json!("openid"))
    );
    assert_eq!(tokens.get("refresh_token"), None, "none was asked for");
    let said = wiki.id_token(&tokens);
    assert_eq!((text(&said, "nonce"), text(&said, "acr"), &said["amr"]), ("a nonce", "aal1", &json!(["pwd"])));
    assert!(said["iat"].as_i64().unwrap() >= begun && said["exp"].as_i64() > said["iat"].as_i64());
    assert!(said["auth_time"].as_i64().unwrap() <= said["iat"].as_i64().unwrap());
    assert_ne!(text(&said, "sid"), sid(&ana), "a handle into Portero is nobody's");
    let told = wiki.userinfo(text(&tokens, "access_token"));
    assert_eq!((told.status, told.json()), (200, json!({ "sub": said["sub"] })));
    assert_eq!(text(&said, "sub").len(), 36, "what stays when the name changes");

    let camera = Party::trusted(&app, "camera");
    let there = camera.tokens(&mut ana, &[]);
    let there = camera.id_token(&there);
    assert_eq!(there["sub"], said["sub"]);
    assert_ne!(there["sid"], said["sid"], "two apps can't tell that it is one session");
    let again = wiki.tokens(&mut ana, &[]);
    assert_eq!(wiki.id_token(&again)["sid"], said["sid"]);
}

#[test]
fn whoever_is_not_signed_in_signs_in_on_the_way() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut browser = app.browser();
    let state = "s".repeat(600);
    let page = wiki.send(&mut browser, &[("state", &state), ("login_hint", "ana")]);
    assert!(page.body.contains("name=\"password\"") && page.body.contains("value=\"ana\""), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://wiki.example.org;"), "{policy}");
    let next = between(&page.body, "name=\"next\" value=\"", "\"");
    let done = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", &next)]);
    let done = wiki.follow(&mut browser, done);
    let fields = wiki.read(&done);
    assert_eq!(fields["state"], state);
    assert_eq!(wiki.redeem(&fields["code"]).status, 200);
    assert!(!browser.cookies.keys().any(|name| name.contains("portero_app")), "the request waits no longer");
    let page = browser.get("/account");
    assert!(!page.header("content-security-policy").unwrap().contains("wiki"), "the policy is as ever");
}

pub(crate) fn between(text: &str, begin: &str, end: &str) -> String {
    let rest = text.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {text}")).1;
    rest.split_once(end).unwrap().0.to_owned()
}

#[test]
fn two_tabs_on_the_way_to_two_apps_do_not_spoil_each_others() {
    let app = server();
    let (wiki, camera) = (Party::trusted(&app, "wiki"), Party::trusted(&app, "camera"));
    let mut browser = app.browser();
    let (first, second) = (wiki.send(&mut browser, &[]), camera.send(&mut browser, &[("state", "another")]));
    let next = |page: &str| between(page, "name=\"next\" value=\"", "\"");
    let (to_wiki, to_camera) = (next(&first.body), next(&second.body));
    let done = browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", &to_camera)]);
    let done = camera.follow(&mut browser, done);
    assert_eq!(camera.read(&done)["state"], "another");
    let done = browser.get(&to_wiki);
    assert_eq!(wiki.read(&done)["state"], "a state");
    let gone = browser.get(&to_wiki);
    assert_eq!((gone.status, gone.body.contains("That took too long")), (400, true));
}

#[test]
fn a_code_is_good_once_and_shown_again_it_ends_what_it_gave() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let code = wiki.code(&mut ana, &[("scope", "openid offline_access")]);
    let tokens = wiki.redeem(&code).json();
    assert!(wiki.is_open(&tokens));
    assert_eq!(refusal(&wiki.redeem(&code)), (400, "invalid_grant".into()));
    assert!(!wiki.is_open(&tokens));
    assert_eq!(refusal(&wiki.refresh(text(&tokens, "refresh_token"))), (400, "invalid_grant".into()));
    assert!(ana.is_signed_in(), "the person's session goes on");
}

#[test]
fn a_code_is_good_for_a_minute_and_not_after_its_session() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let (early, late) = (wiki.code(&mut ana, &[]), wiki.code(&mut ana, &[]));
    app.clock.advance(50);
    assert_eq!(wiki.redeem(&early).status, 200);
    app.clock.advance(10);
    assert_eq!(refusal(&wiki.redeem(&late)), (400, "invalid_grant".into()));
    let code = wiki.code(&mut ana, &[]);
    end_session(&app, &ana);
    assert_eq!(refusal(&wiki.redeem(&code)), (400, "invalid_grant".into()));
}

fn end_session(app: &TestApp, browser: &Browser) {
    let sid = SessionId::parse(&sid(browser)).unwrap();
    end_anybodys(&app.accounts, operator(), Which::One(sid)).committed().unwrap();
}

/// Client × code × address × verifier: only all four together are good, and a wrong one spends nothing.
#[test]
fn a_code_is_good_only_for_its_own_app_at_its_own_address_with_its_own_verifier() {
    let app = server();
    let wiki = Party::with(&app, "wiki", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.redirect_uris.push(uri("https://wiki.example.org/other"));
    });
    let camera = Party::with(&app, "camera", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.redirect_uris.push(uri("https://wiki.example.org/callback"));
    });
    let public = Party::with(&app, "phone", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.is_public = true;
        rules.openid.redirect_uris = vec![uri("https://wiki.example.org/callback")];
    });
    let camera = Party { redirect_uri: "https://wiki.example.org/callback".into(), ..camera };
    let mut ana = app.signed_in("ana");
    let own_challenge = challenge(VERIFIER);
    let other_verifier = "another verifier that is at least forty-three characters long";
    let mut accepted = Vec::new();
    for asking in [&wiki, &camera, &public] {
        let code = asking.code(&mut ana, &[("redirect_uri", "https://wiki.example.org/callback")]);
        for showing in [&wiki, &camera, &public] {
            for address in [
                "https://wiki.example.org/callback",
                "https://wiki.example.org/other",
                "https://wiki.example.org/callback/",
            ] {
                for verifier in [VERIFIER, other_verifier, "", &own_challenge] {
                    let is_right = showing.id == asking.id && address.ends_with("callback") && verifier == VERIFIER;
                    if is_right {
                        continue;
                    }
                    let answer = showing.redeem_with(&code, &[("redirect_uri", address), ("code_verifier", verifier)]);
                    if answer.status == 200 {
                        accepted.push((showing.id.clone(), address, verifier));
                    }
                    assert_eq!(refusal(&answer), (400, "invalid_grant".into()));
                }
            }
        }
        let right = [("redirect_uri", "https://wiki.example.org/callback")];
        assert_eq!(asking.redeem_with(&code, &right).status, 200, "a wrong try spends nothing");
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn a_verifier_where_no_challenge_was_is_refused() {
    let app = server();
    let old = Party::with(&app, "old", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.needs_pkce = false;
    });
    let mut ana = app.signed_in("ana");
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = old.code(&mut ana, &without);
    assert_eq!(
        refusal(&old.redeem(&code)),
        (400, "invalid_grant".into()),
        "somebody left the challenge out on the way"
    );
    assert_eq!(old.redeem_with(&code, &[("code_verifier", "")]).status, 200);
    let wiki = Party::trusted(&app, "wiki");
    assert_eq!(wiki.error(&mut ana, &without), "invalid_request", "an app has to send one unless the operator lets it");
    let public = Party::with(&app, "phone", |rules| {
        rules.openid.is_public = true;
        rules.openid.needs_pkce = false;
    });
    assert_eq!(public.error(&mut ana, &without), "invalid_request", "a public app always has to");
}

/// `PORTERO_TEST_REDEMPTIONS`: how many, in the place of 80; `tests/run --long` asks for 10,000.
#[test]
fn of_many_who_show_one_code_at_once_one_is_served() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let code = wiki.code(&mut ana, &[]);
    let all: usize = std::env::var("PORTERO_TEST_REDEMPTIONS").map_or(80, |text| text.parse().unwrap());
    let (at_once, begin) = ((all / 10).clamp(1, 100), std::time::Instant::now());
    let (wiki, code) = (&wiki, &code);
    let redeem = move || (0..all / at_once).map(|_| wiki.redeem(code).status).collect::<Vec<_>>();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(redeem)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((statuses.len(), count(200), count(400)), (all, 1, all - 1));
    println!("one code redeemed {all} times, {at_once} at once: one was served, in {:?}", begin.elapsed());
}

#[test]
fn an_app_says_who_it_is_in_one_way() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let code = wiki.code(&mut ana, &[]);
    let secret = wiki.secret.clone().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", &wiki.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let post = |more: &[(&str, &str)], authorization: Option<&str>| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form.iter().chain(more));
        crate::common::form(&app, "/token", authorization, &body.finish())
    };
    let id = wiki.id.as_str();
    assert_eq!(refusal(&post(&[], None)), (401, "invalid_client".into()));
    assert_eq!(refusal(&post(&[("client_id", id)], None)), (401, "invalid_client".into()), "it has a secret to show");
    assert_eq!(refusal(&post(&[("client_id", id), ("client_secret", "wrong")], None)), (401, "invalid_client".into()));
    let both = post(&[("client_id", id), ("client_secret", &secret)], wiki.authorization().as_deref());
    assert_eq!(refusal(&both), (400, "invalid_request".into()));
    let refused = post(&[], Some("Basic bm9ib2R5Om5vdGhpbmc="));
    assert_eq!(refusal(&refused), (401, "invalid_client".into()));
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic "));
    assert_eq!(refusal(&wiki.post("/token", &[("grant_type", "password")])), (400, "unsupported_grant_type".into()));
    assert_eq!(refusal(&wiki.post("/token", &[])), (400, "invalid_request".into()));
    let twice = wiki.post("/token", &[("grant_type", "authorization_code"), ("code", "a"), ("code", "b")]);
    assert_eq!(refusal(&twice), (400, "invalid_request".into()));
    assert_eq!(post(&[("client_id", id), ("client_secret", &secret)], None).status, 200, "client_secret_post");

    let phone = Party::with(&app, "phone", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.is_public = true;
    });
    assert_eq!(phone.secret, None);
    phone.tokens(&mut ana, &[]);
}

#[test]
fn what_is_wrong_with_a_request_is_told_here_until_it_is_certain_whom_to_tell() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    for (field, value) in [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "https://wiki.example.org/callback/"),
        ("redirect_uri", "https://wiki.example.org/callback?x=1"),
        ("redirect_uri", "https://wiki.example.org:443/callback"),
        ("redirect_uri", "https://wiki.example.org/callback\n"),
    ] {
        for others in [
            vec![(field, value)],
            vec![(field, value), ("prompt", "none")],
            vec![(field, value), ("response_type", "x")],
        ] {
            let page = wiki.send(&mut ana, &others);
            assert_eq!((page.status, page.header("location")), (400, None), "{field} {value}");
            assert!(page.body.contains("Ask whoever runs the app"), "{}", page.body);
        }
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2F", wiki.path(&[]));
    assert_eq!(ana.get(&twice).status, 400);
    for (field, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("scope", "", "invalid_scope"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request_uri", "https://wiki.example.org/request", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
        ("id_token_hint", "nonsense", "invalid_request"),
    ] {
        assert_eq!(wiki.error(&mut ana, &[(field, value)]), error, "{field}={value}");
    }
    assert_eq!(wiki.read(&ana.get(&format!("{}&nonce=another", wiki.path(&[]))))["error"], "invalid_request");
    wiki.code(&mut ana, &[("anything", "else"), ("display", "popup"), ("claims_locales", "es"), ("claims", "{}")]);
}

#[test]
fn in_spanish_too_a_page_says_what_is_wrong() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut browser = app.browser();
    browser.headers.push(("accept-language".into(), "es".into()));
    let page = wiki.send(&mut browser, &[("client_id", "nadie")]);
    assert!(page.body.contains("Esa aplicación no existe"), "{}", page.body);
    let mut english = app.browser();
    let page = wiki.send(&mut english, &[("ui_locales", "xx es en")]);
    assert!(page.body.contains("lang=\"es\""), "the app asks for Spanish");
}

#[test]
fn with_prompt_none_nobody_is_asked_anything() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut browser = app.browser();
    assert_eq!(wiki.error(&mut browser, &[("prompt", "none")]), "login_required");
    let mut ana = app.signed_in("ana");
    wiki.code(&mut ana, &[("prompt", "none")]);
    app.clock.advance(crate::common::A_QUARTER_OF_AN_HOUR);
    let onward = wiki.send(&mut ana, &[("prompt", "none")]);
    assert_eq!(onward.status, 200, "a link of another site renews no session; this page may");
    let path = between(&onward.body, "class=\"button primary\" href=\"", "\"");
    let done = ana.get(&path.replace("&amp;", "&"));
    assert!(wiki.read(&done).contains_key("code"));
    assert_eq!(wiki.error(&mut ana, &[("prompt", "none"), ("max_age", "1")]), "login_required");
    let untrusted = Party::with(&app, "untrusted", |_| {});
    assert_eq!(untrusted.error(&mut ana, &[("prompt", "none")]), "consent_required");
    untrusted.set(|rules| rules.level = Level::Two);
    assert_eq!(untrusted.error(&mut ana, &[("prompt", "none")]), "interaction_required");
    untrusted.set(|rules| {
        rules.level = Level::One;
        rules.allowed = Allowed::Listed(Vec::new());
    });
    assert_eq!(untrusted.error(&mut ana, &[("prompt", "none")]), "access_denied");
    end_session(&app, &ana);
    assert_eq!(wiki.error(&mut ana, &[("prompt", "none")]), "login_required");
}

#[test]
fn whoever_has_to_sign_in_anew_confirms_and_the_app_sees_when() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[]);
    let first = wiki.id_token(&tokens)["auth_time"].as_i64().unwrap();
    for others in [[("prompt", "login")], [("max_age", "1")], [("max_age", "0")]] {
        app.clock.advance(5);
        let page = wiki.send(&mut ana, &others);
        assert!(page.body.contains("name=\"password\""), "{others:?}: {}", page.body);
        assert!(page.header("content-security-policy").unwrap().contains("https://wiki.example.org"));
        let next = between(&page.body, "name=\"next\" value=\"", "\"");
        let done = ana.post("/confirm", &[("password", PASSWORD), ("next", &next)]);
        let done = wiki.follow(&mut ana, done);
        let tokens = wiki.redeem(&wiki.read(&done)["code"]).json();
        assert!(wiki.id_token(&tokens)["auth_time"].as_i64().unwrap() > first, "{others:?}");
    }
    wiki.code(&mut ana, &[("max_age", "10000")]);
}

#[test]
fn an_app_that_is_not_trusted_is_told_only_by_whoever_agrees() {
    let app = server();
    let wiki = Party::with(&app, "wiki", |_| {});
    let mut ana = app.signed_in("ana");
    let ask = |ana: &mut Browser, scope: &str| wiki.send(ana, &[("scope", scope)]);
    let page = ask(&mut ana, "openid profile");
    assert_eq!(page.status, 200, "{}", page.location());
    for told in ["Sign in to wiki?", "Your user name", "https://wiki.example.org"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' https://wiki.example.org;"));
    let kept = between(&page.body, "name=\"kept\" value=\"", "\"");
    let forged = ana.clone().post_bare("/authorize/consent", &[("kept", &kept), ("decision", "allow")]);
    assert_eq!(forged.status, 403, "only by the page's own form");
    let denied = ana.post("/authorize/consent", &[("kept", &kept), ("decision", "deny")]);
    assert_eq!(wiki.read(&denied)["error"], "access_denied");

    let page = ask(&mut ana, "openid profile");
    let kept = between(&page.body, "name=\"kept\" value=\"", "\"");
    let agreed = ana.post("/authorize/consent", &[("kept", &kept), ("decision", "allow")]);
    let tokens = wiki.redeem(&wiki.read(&agreed)["code"]).json();
    assert_eq!(wiki.id_token(&tokens)["preferred_username"], "ana");
    wiki.code(&mut ana, &[("scope", "openid profile")]);
    assert_eq!(ask(&mut ana, "openid email").status, 200, "more than was agreed to is asked for");
    assert_eq!(wiki.send(&mut ana, &[("prompt", "consent")]).status, 200);
    assert_eq!(wiki.send(&mut ana, &[("prompt", "select_account")]).status, 200);

    let page = ana.get("/account");
    assert!(page.body.contains("Apps that know you") && page.body.contains("wiki"), "{}", page.body);
    let path = format!("/account/apps/{}/withdraw", wiki.number.0);
    assert!(wiki.is_open(&tokens));
    let done = ana.post(&path, &[]);
    assert_eq!((done.status, done.location()), (303, "/account"));
    assert!(!wiki.is_open(&tokens), "what the app was given has ended");
    assert_eq!(ask(&mut ana, "openid profile").status, 200, "it has to ask again");
    assert_eq!(ana.post(&path, &[]).status, 404);
}

#[test]
fn whoever_is_not_the_one_who_is_signed_in_signs_in_and_goes_on_with_the_apps_request() {
    let app = server();
    app.add_user("bea");
    let wiki = Party::with(&app, "wiki", |_| {});
    let mut browser = app.signed_in("ana");
    let page = wiki.send(&mut browser, &[("scope", "openid profile")]);
    let not_you = between(&page.body, "<a href=\"/logout", "\"");
    let question = browser.get(&format!("/logout{not_you}"));
    let next = between(&question.body, "name=\"next\" value=\"", "\"");
    assert!(
        next.starts_with("/authorize?kept=") && question.body.contains(&format!("href=\"{next}\"")),
        "{}",
        question.body
    );
    let left = browser.post("/logout", &[("scope", "this"), ("next", &next)]);
    assert_eq!(left.location(), format!("/login?next={}", next.replace('?', "%3F")), "{}", left.location());
    let to = left.location().to_owned();
    let page = browser.get(&to);
    assert!(page.header("content-security-policy").unwrap().contains("https://wiki.example.org"));
    let next = between(&page.body, "name=\"next\" value=\"", "\"");
    let done = browser.post("/login", &[("username", "bea"), ("password", PASSWORD), ("next", &next)]);
    let page = wiki.follow(&mut browser, done);
    assert!(page.body.contains("signed in as bea"), "{}", page.body);
    let kept = between(&page.body, "name=\"kept\" value=\"", "\"");
    let agreed = browser.post("/authorize/consent", &[("kept", &kept), ("decision", "allow")]);
    let tokens = wiki.redeem(&wiki.read(&agreed)["code"]).json();
    assert_eq!(wiki.id_token(&tokens)["preferred_username"], "bea");
    for elsewhere in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        browser.get("/logout");
        let left = browser.post("/logout", &[("next", elsewhere)]);
        assert_eq!(left.location(), "/login", "{elsewhere}");
    }
}

#[test]
fn who_may_not_enter_an_app_is_told_so_here_and_can_go_back() {
    let app = server();
    let wiki = Party::with(&app, "wiki", |rules| rules.allowed = Allowed::Listed(Vec::new()));
    let mut ana = app.signed_in("ana");
    let page = wiki.send(&mut ana, &[]);
    assert_eq!(page.status, 403);
    assert!(page.body.contains("is not open to you") && page.body.contains("error=access_denied"), "{}", page.body);
}

#[test]
fn an_app_that_asks_for_two_factors_gets_them() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[("acr_values", "aal2")]);
    assert_eq!(wiki.id_token(&tokens)["acr"], "aal1", "it is a wish, and she has no second factor");
    wiki.set(|rules| rules.level = Level::Two);
    let page = wiki.send(&mut ana, &[]);
    assert!(
        page.body.contains("action=\"/account/factors/totp\"") || page.body.contains("/account/factors"),
        "{}",
        page.body
    );
    assert!(!wiki.is_open(&tokens), "the rule holds from the next request on");
    drop(second_factor(&app, "ana"));
    let mut ana = app.signed_in("ana");
    let page = wiki.send(&mut ana, &[("acr_values", "aal2")]);
    assert!(page.location().is_empty() && !page.body.contains("code="), "{}", page.body);
}

#[test]
fn no_app_learns_of_whoever_lacks_the_second_factor_that_policy_asks_for() {
    let policy = [("second_factor", "everyone")];
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[]);
    let (access, path) = (text(&tokens, "access_token").to_owned(), wiki.path(&[]));
    assert_eq!(wiki.userinfo(&access).status, 200);
    let folder = app.stop().unwrap();

    let app = TestApp::in_folder(folder.path(), &policy);
    assert_eq!(app.client().send("GET", "/userinfo", Some(&access), &[], b"").status, 401);
    let mut ana = ana.moved_to(app.address);
    let kept = ana.get(&path).location().to_owned();
    assert!(kept.starts_with("/authorize?kept="), "{kept}");
    assert_eq!(ana.get(&kept).location(), "/account/factors");
    let silent = ana.get(&format!("{path}&prompt=none"));
    assert!(silent.location().contains("error=interaction_required"), "{}", silent.location());
    assert!(!silent.location().contains("code="), "{}", silent.location());
    let bearer = app.client().send("GET", &path, Some(&app.tokens("ana").access), &[], b"");
    assert!(bearer.status != 200 && !bearer.location().contains("code="), "{} {}", bearer.status, bearer.location());
}

#[test]
fn an_answer_can_come_by_a_form() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let page = wiki.send(&mut ana, &[("response_mode", "form_post"), ("state", "\"><script>")]);
    assert_eq!((page.status, page.header("referrer-policy")), (200, Some("no-referrer")));
    assert!(
        page.body.contains("<form method=\"post\" action=\"https://wiki.example.org/callback\" data-send>"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("\"><script>"), "{}", page.body);
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' https://wiki.example.org;"));
    let code = between(&page.body, "name=\"code\" value=\"", "\"");
    assert_eq!(wiki.redeem(&code).status, 200);
    let page = wiki.send(&mut ana, &[("response_mode", "form_post"), ("response_type", "token")]);
    assert!(page.body.contains("name=\"error\" value=\"unsupported_response_type\""), "{}", page.body);
}

#[test]
fn a_request_by_post_is_gone_on_with_at_porteros_own_address() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let cookies = std::mem::take(&mut ana.cookies);
    let headers = [crate::common::FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://wiki.example.org")];
    let answer = ana.send("POST", "/authorize", &headers, wiki.query(&[]).as_bytes());
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Browsers send no cookies along with another site's form, but with the page to which it leads.
    ana.cookies.extend(cookies);
    let done = wiki.follow(&mut ana, answer);
    assert!(wiki.read(&done).contains_key("code"));
}

#[test]
fn a_hint_never_leads_to_somebody_else() {
    let app = server();
    app.add_user("bea");
    let wiki = Party::trusted(&app, "wiki");
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));
    let tokens = wiki.tokens(&mut ana, &[]);
    let hint = text(&tokens, "id_token").to_owned();
    wiki.code(&mut ana, &[("id_token_hint", &hint), ("prompt", "none")]);
    assert_eq!(wiki.error(&mut bea, &[("id_token_hint", &hint)]), "login_required");
    app.clock.advance(2 * 60 * 60);
    let onward = wiki.send(&mut ana, &[("id_token_hint", &hint)]);
    assert!(onward.status == 200 || onward.status == 303, "one that has expired is good as a hint");
    let mut forged = hint.clone();
    forged
        .replace_range(hint.len() - 6..hint.len() - 5, if hint.as_bytes()[hint.len() - 6] == b'A' { "B" } else { "A" });
    let mut again = app.signed_in("ana");
    assert_eq!(wiki.error(&mut again, &[("id_token_hint", &forged)]), "invalid_request");
}

/// A display name and a mail address that is known to be theirs.
pub(crate) fn give_details(app: &TestApp, user: &str) {
    let details = Changes {
        display_name: Change::To(DisplayName::parse("Ana Ruiz").unwrap()),
        mail: Change::To(Mail::parse("ana@example.org").unwrap()),
        mail_is_verified: Some(true),
        ..Changes::default()
    };
    set_details(app, user, details);
}

fn set_details(app: &TestApp, user: &str, details: Changes) {
    let name = Username::parse(user).unwrap();
    let id = app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap().id;
    assert_eq!(edit(&app.accounts, operator(), id, details).committed().unwrap(), Edited::Done);
}

#[test]
fn scopes_say_what_is_told_and_mail_is_verified_only_if_it_is() {
    let app = server();
    give_details(&app, "ana");
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let all = wiki.tokens(&mut ana, &[("scope", "openid profile email groups phone")]);
    assert_eq!(all["scope"], "openid profile email groups");
    let told = wiki.userinfo(text(&all, "access_token")).json();
    assert_eq!((&told["preferred_username"], &told["name"]), (&json!("ana"), &json!("Ana Ruiz")));
    assert_eq!((&told["email"], &told["email_verified"]), (&json!("ana@example.org"), &json!(true)));
    set_details(&app, "ana", Changes { mail_is_verified: Some(false), ..Changes::default() });
    assert_eq!(wiki.userinfo(text(&all, "access_token")).json()["email_verified"], false, "on the next request");
    assert_eq!(told.get("phone_number"), None);
    assert_eq!(wiki.id_token(&all)["email"], "ana@example.org");
    wiki.set(|rules| rules.openid.tells_in_id_token = false);
    let few = wiki.tokens(&mut ana, &[("scope", "openid email")]);
    assert_eq!(wiki.id_token(&few).get("email"), None);
    assert_eq!(wiki.userinfo(text(&few, "access_token")).json()["email"], "ana@example.org");
}

#[test]
fn a_refresh_token_is_good_once_and_shown_again_it_ends_its_grant_alone() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let asked = [("scope", "openid offline_access")];
    let (first, other) = (wiki.tokens(&mut ana, &asked), wiki.tokens(&mut ana, &asked));
    let second = wiki.refresh(text(&first, "refresh_token"));
    assert_eq!(second.status, 200, "{}", second.body);
    let second = second.json();
    let (said, before) = (wiki.id_token(&second), wiki.id_token(&first));
    assert_eq!(
        (&said["sub"], &said["sid"], &said["auth_time"]),
        (&before["sub"], &before["sid"], &before["auth_time"])
    );
    assert_eq!(said.get("nonce"), None);
    assert!(wiki.is_open(&first) && wiki.is_open(&second));
    let camera = Party::trusted(&app, "camera");
    assert_eq!(refusal(&camera.refresh(text(&second, "refresh_token"))), (400, "invalid_grant".into()));
    assert!(wiki.is_open(&second), "another app's try ends nothing");
    assert_eq!(refusal(&wiki.refresh(text(&first, "refresh_token"))), (400, "invalid_grant".into()));
    assert!(!wiki.is_open(&second), "a thief and the app can't both go on");
    assert!(wiki.is_open(&other) && ana.is_signed_in(), "nothing else ends");
    let more = wiki.post(
        "/token",
        &[("grant_type", "refresh_token"), ("refresh_token", text(&other, "refresh_token")), ("scope", "openid email")],
    );
    assert_eq!(refusal(&more), (400, "invalid_scope".into()));
    assert_eq!(wiki.refresh(text(&other, "refresh_token")).status, 200, "which used nothing up");
}

#[test]
fn all_that_an_app_was_given_dies_with_the_session() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let asked = [("scope", "openid offline_access")];
    let is_dead = |tokens: &serde_json::Value| {
        let refused = (400, "invalid_grant".to_owned());
        !wiki.is_open(tokens)
            && refusal(&wiki.refresh(text(tokens, "refresh_token"))) == refused
            && introspected(&wiki, text(tokens, "access_token")) == json!({ "active": false })
    };
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &asked);
    end_session(&app, &ana);
    assert!(is_dead(&tokens), "ended by an admin");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &asked);
    ana.get("/account");
    ana.post("/logout", &[]);
    assert!(is_dead(&tokens), "signed out");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &asked);
    wiki.set(|rules| rules.allowed = Allowed::Listed(Vec::new()));
    assert!(is_dead(&tokens), "no longer let in");
    wiki.set(|rules| rules.allowed = Allowed::Everyone);
    assert!(wiki.is_open(&tokens), "the grant itself goes on");
    app.disable("ana");
    assert!(is_dead(&tokens), "disabled");
}

fn introspected(party: &Party<'_>, token: &str) -> serde_json::Value {
    let answer = party.post("/introspect", &[("token", token)]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn an_app_asks_about_its_own_tokens_and_gives_them_back() {
    let app = server();
    let (wiki, camera) = (Party::trusted(&app, "wiki"), Party::trusted(&app, "camera"));
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[("scope", "openid offline_access")]);
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let said = introspected(&wiki, access);
    let id_token = wiki.id_token(&tokens);
    assert_eq!((&said["active"], &said["sub"], &said["sid"]), (&json!(true), &id_token["sub"], &id_token["sid"]));
    assert_eq!((&said["client_id"], &said["scope"]), (&json!(wiki.id), &json!("openid offline_access")));
    assert_eq!(introspected(&wiki, refresh)["active"], true);
    for token in [access, refresh] {
        assert_eq!(introspected(&camera, token), json!({ "active": false }), "another app's");
        assert_eq!(camera.post("/revoke", &[("token", token)]).status, 200);
    }
    assert!(wiki.is_open(&tokens), "nothing was changed by another app");
    let session = app.tokens("ana");
    assert_eq!(introspected(&wiki, &session.access), json!({ "active": false }), "sessions are not its business");
    assert_eq!(wiki.post("/revoke", &[("token", &session.access)]).status, 200);
    assert_eq!(crate::common::opens(&app, &session.access), 200);
    assert_eq!(wiki.post("/revoke", &[("token", access)]).status, 200);
    assert!(!wiki.is_open(&tokens));
    assert_eq!(introspected(&wiki, refresh), json!({ "active": false }));

    let phone = Party::with(&app, "phone", |rules| {
        rules.openid.is_trusted = true;
        rules.openid.is_public = true;
    });
    let tokens = phone.tokens(&mut ana, &[]);
    assert_eq!(refusal(&phone.post("/introspect", &[("token", text(&tokens, "access_token"))])).0, 401);
    assert_eq!(phone.post("/revoke", &[("token", text(&tokens, "access_token"))]).status, 200);
    assert!(!phone.is_open(&tokens));
}

#[test]
fn userinfo_takes_the_token_in_one_way() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[]);
    let access = text(&tokens, "access_token");
    let client = app.client();
    let body = format!("access_token={access}");
    let form = [crate::common::FORM];
    assert_eq!(client.send("POST", "/userinfo", Some(access), &[], b"").status, 200);
    assert_eq!(client.send("POST", "/userinfo", None, &form, body.as_bytes()).status, 200);
    assert_eq!(client.send("POST", "/userinfo", Some(access), &form, body.as_bytes()).status, 400);
    let twice = client.send("POST", "/userinfo", None, &form, format!("{body}&{body}").as_bytes());
    assert_eq!((twice.status, &twice.json()["error"]), (400, &json!("invalid_request")));
    assert!(twice.header("www-authenticate").unwrap().contains("error=\"invalid_request\""));
    assert_eq!(client.get(&format!("/userinfo?access_token={access}"), None).status, 401, "never in an address");
    let nobody = client.get("/userinfo", None);
    assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, Some("Bearer realm=\"portero\"")));
    let wrong = client.get("/userinfo", Some("nonsense"));
    assert_eq!(
        (wrong.status, wrong.header("www-authenticate")),
        (401, Some("Bearer realm=\"portero\", error=\"invalid_token\""))
    );
    app.clock.advance(15 * 60);
    assert!(!wiki.is_open(&tokens), "its time is over");
}

#[test]
fn an_app_chooses_how_its_id_tokens_are_signed() {
    let app = server();
    let mut ana = app.signed_in("ana");
    for algorithm in AppAlgorithm::ALL {
        let party = Party::with(&app, &algorithm.as_str().to_lowercase(), |rules| {
            rules.openid.is_trusted = true;
            rules.openid.algorithm = *algorithm;
        });
        let tokens = party.tokens(&mut ana, &[]);
        let header = portero::tokens::unverified_header(text(&tokens, "id_token")).unwrap();
        assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some(algorithm.as_str()), Some("JWT")));
        party.id_token(&tokens);
    }
}

#[test]
fn scripts_of_other_origins_read_what_all_may_know_and_public_apps_their_own() {
    let app = server();
    let wiki = Party::trusted(&app, "wiki");
    let page = Party::with(&app, "page", |rules| rules.openid.is_public = true);
    let client = app.client();
    let allowed = |method: &str, path: &str, origin: &str| {
        let asks = [("origin", origin), ("access-control-request-method", "POST"), ("sec-fetch-site", "cross-site")];
        let answer = client.send(method, path, None, &asks, b"");
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    let evil = "https://evil.example";
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/portero/apps.jwks.json",
    ] {
        assert_eq!(allowed("GET", path, evil).as_deref(), Some("*"), "{path}");
    }
    let (public, confidential) = ("https://page.example.org", "https://wiki.example.org");
    for path in ["/token", "/userinfo"] {
        for method in ["OPTIONS", "POST"] {
            assert_eq!(allowed(method, path, public).as_deref(), Some(public), "{method} {path}");
            for origin in [evil, confidential, "null", "https://page.example.org.evil.example"] {
                assert_eq!(allowed(method, path, origin), None, "{method} {path} {origin}");
            }
        }
    }
    for path in ["/authorize", "/login", "/introspect", "/revoke", "/.well-known/jwks.json", "/account", "/protected"] {
        assert_eq!(allowed("GET", path, public), None, "{path}");
        assert_eq!(allowed("OPTIONS", path, public), None, "{path}");
    }
    drop((wiki, page));
}

/// The body of the person's answer takes its time, and meanwhile the session ends.
#[test]
fn whoever_is_signed_out_while_they_agree_agrees_to_nothing() {
    let app = server();
    let wiki = Party::with(&app, "wiki", |_| {});
    let mut ana = app.signed_in("ana");
    let page = wiki.send(&mut ana, &[]);
    let (kept, csrf) = (
        between(&page.body, "name=\"kept\" value=\"", "\""),
        between(&page.body, "name=\"csrf_token\" value=\"", "\""),
    );
    let body = format!("csrf_token={csrf}&kept={kept}&decision=allow");
    let cookies: Vec<_> = ana.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut stream = TcpStream::connect(app.address).unwrap();
    let head = format!(
        "POST /authorize/consent HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\naccept: text/html\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        app.address,
        cookies.join("; "),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..3]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    end_session(&app, &ana);
    stream.write_all(&body.as_bytes()[3..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(!answer.contains("code="), "{answer}");
    let mut again = app.signed_in("ana");
    assert_eq!(wiki.error(&mut again, &[("prompt", "none")]), "consent_required", "nothing was noted");
}
