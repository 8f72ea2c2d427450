//! Room apps/check for those who can't sign in on a page: browsers' preflights, and programs that show a token.

use portero::accounts::sessions::end::end_anybodys;
use portero::domain::{Allowed, Entrant, Level, SessionId};
use portero::store::session_ends::Which;
use serde_json::json;

use super::apps::{AtApp, PAGE, SCRIPT, WIKI, entered, only, set, with_wiki};
use crate::support::{Answer, PASSWORD, TestApp, claims, operator};

const PREFLIGHT: [(&str, &str); 4] = [
    ("origin", "https://other.example"),
    ("access-control-request-method", "PUT"),
    ("access-control-request-headers", "authorization"),
    ("sec-fetch-mode", "cors"),
];

#[test]
fn a_preflight_passes_only_where_the_app_says_so_and_nothing_that_only_looks_like_one() {
    let (app, id) = with_wiki();
    let mut at = AtApp::new(&app, WIKI);
    assert_eq!(at.check("OPTIONS", "/api", &PREFLIGHT).status, 401);
    set(&app, id, |rules| rules.passes_preflights = true);
    let passed = at.check("OPTIONS", "/api", &PREFLIGHT);
    assert_eq!(passed.status, 200);
    for name in ["remote-user", "remote-name", "remote-email", "remote-groups", "x-portero-assertion"] {
        assert_eq!(passed.header(name), Some(""), "{name}");
    }
    for method in ["GET", "POST", "PUT", "DELETE", "OPTION", "OPTIONS-"] {
        assert_eq!(at.check(method, "/api", &PREFLIGHT).status, 401, "{method}");
    }
    for left_out in 0..2 {
        let mut headers = PREFLIGHT.to_vec();
        headers.remove(left_out);
        assert_eq!(at.check("OPTIONS", "/api", &headers).status, 401, "{headers:?}");
    }
    let socket = [&PREFLIGHT[..], &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]].concat();
    assert_eq!(at.check("OPTIONS", "/api", &socket).status, 401);
}

/// What is answered about a page that shows these values of `Authorization`.
fn show(at: &mut AtApp, values: &[&str]) -> Answer {
    let shown = values.iter().map(|value| ("authorization", *value));
    let headers: Vec<_> = PAGE.into_iter().chain(shown).collect();
    at.check("GET", "/page", &headers)
}

/// Refused as a program understands it: no redirect, whatever asked.
fn is_refused(answer: &Answer) -> bool {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    answer.status == 401 && answer.location().is_empty() && challenge.starts_with("Bearer ") && !answer.msg().is_empty()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn an_access_token_opens_an_app_that_takes_tokens_for_as_long_as_its_session_goes_on() {
    let (app, id) = with_wiki();
    app.make_app_keys();
    let tokens = app.tokens("ana");
    let token = bearer(&tokens.access);
    let mut at = AtApp::new(&app, WIKI);
    let ignored = show(&mut at, &[&token]);
    assert!(ignored.status == 401 && !ignored.location().is_empty(), "the header is the app's own");
    set(&app, id, |rules| rules.takes_tokens = true);
    for shown in [token.clone(), token.replace("Bearer", "bearer"), token.replace("Bearer", "BEARER ")] {
        let answer = show(&mut at, &[&shown]);
        assert_eq!((answer.status, answer.header("remote-user")), (200, Some("ana")), "{}", answer.body);
    }
    let signed = show(&mut at, &[&token]).header("x-portero-assertion").unwrap().to_owned();
    let said = claims(&signed);
    assert_eq!((said["aud"].as_str(), said["preferred_username"].as_str()), (Some("wiki"), Some("ana")), "{said}");
    assert_ne!(said["sid"], claims(&tokens.access)["sid"]);
    assert_eq!(show(&mut at, &[&token]).header("x-portero-assertion"), Some(signed.as_str()), "a check signs nothing");
    let headers = [("authorization", token.as_str()), ("x-original-method", "POST"), ("x-original-url", START)];
    assert_eq!(at.send("GET", "/gate/check/haproxy", &headers).status, 200);

    let sid = SessionId::parse(claims(&tokens.access)["sid"].as_str().unwrap()).unwrap();
    end_anybodys(&app.accounts, operator(), Which::One(sid)).committed().unwrap();
    let refused = show(&mut at, &[&token]);
    assert!(is_refused(&refused) && refused.msg() == "Token has been revoked", "{} {}", refused.status, refused.body);
    let whole = at.send("GET", "/gate/check/haproxy", &headers);
    assert!(is_refused(&whole), "{} {}", whole.status, whole.body);
}

const START: &str = "https://wiki.example.org/page";

#[test]
fn a_token_that_is_not_good_is_refused_also_beside_a_good_pass() {
    let (app, id) = with_wiki();
    let (mut at, browser) = entered(&app, WIKI, "ana");
    set(&app, id, |rules| rules.takes_tokens = true);
    let (bea, revoked) = (app.tokens("bea"), app.tokens("bea"));
    assert_eq!(app.client().delete("/logout", Some(&revoked.access)).status, 200);
    assert_eq!(show(&mut at, &[]).status, 200);
    let of_cookie = browser.cookies["access_token_cookie"].clone();
    let pass = at.pass().to_owned();
    for token in ["", "x", "a.b.c", &bea.refresh, &revoked.access, &of_cookie, &pass] {
        let answer = show(&mut at, &[&bearer(token)]);
        assert!(is_refused(&answer), "{token}: {} {} {:?}", answer.status, answer.body, answer.headers);
    }
    let good = bearer(&bea.access);
    for pair in [[good.as_str(), "Bearer x"], ["Basic eDp5", &good], [&good, &good], [&good, ""]] {
        assert!(is_refused(&show(&mut at, &pair)), "{pair:?}: nobody can say which one counts");
    }
    assert!(is_refused(&show(&mut at, &["Bearer"])));
    for other in ["Basic eDp5", "Bearers x", "Token x", ""] {
        let answer = show(&mut at, &[other]);
        assert_eq!((answer.status, answer.header("remote-user")), (200, Some("ana")), "{other}: by the pass");
    }
    let answer = show(&mut at, &[&good]);
    assert_eq!((answer.status, answer.header("remote-user")), (200, Some("bea")), "and not the pass");
    app.clock.advance(16 * 60);
    assert!(is_refused(&show(&mut at, &[&good])), "expired");
}

#[test]
fn a_token_is_asked_for_the_same_as_a_pass() {
    let (app, id) = with_wiki();
    let mut at = AtApp::new(&app, WIKI);
    let mut tokens = app.tokens("ana");
    let bea = only(&app, "bea");
    set(&app, id, move |rules| (rules.takes_tokens, rules.allowed) = (true, bea));
    let shown = bearer(&tokens.access);
    let denied = at.check("GET", "/", &[&SCRIPT[..], &[("authorization", shown.as_str())]].concat());
    assert_eq!((denied.status, denied.msg()), (403, "You may not enter this app".into()));
    set(&app, id, |rules| rules.allowed = Allowed::Listed(vec![Entrant::Admins]));
    assert_eq!(show(&mut at, &[&bearer(&app.tokens("adm").access)]).status, 200);
    assert_eq!(show(&mut at, &[&bearer(&tokens.access)]).status, 403);

    set(&app, id, |rules| (rules.allowed, rules.max_age) = (Allowed::Everyone, Some(60)));
    assert_eq!(show(&mut at, &[&bearer(&tokens.access)]).status, 200);
    app.clock.advance(61);
    let old = show(&mut at, &[&bearer(&tokens.access)]);
    let challenge = old.header("www-authenticate").unwrap();
    assert!(is_refused(&old) && challenge.contains("max_age=\"60\""), "{challenge}");
    let proved = app.client().post_json("/confirm", Some(&tokens.access), &json!({ "password": PASSWORD }));
    tokens.access = proved.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(show(&mut at, &[&bearer(&tokens.access)]).status, 200);
    set(&app, id, |rules| rules.level = Level::Two);
    let one = show(&mut at, &[&bearer(&tokens.access)]);
    let challenge = one.header("www-authenticate").unwrap();
    assert!(is_refused(&one) && challenge.contains("insufficient_user_authentication"), "{challenge}");
    set(&app, id, |rules| rules.level = Level::One);
    app.disable("ana");
    assert!(is_refused(&show(&mut at, &[&bearer(&tokens.access)])));
}

#[test]
fn where_policy_asks_for_a_second_factor_a_token_without_one_opens_no_app() {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1"), ("second_factor", "admins")]);
    app.add_user("ana");
    let mut promoted = super::apps::rules(&[WIKI]);
    promoted.takes_tokens = true;
    super::apps::add_app(&app, "wiki", promoted);
    let (mut at, token) = (AtApp::new(&app, WIKI), bearer(&app.tokens("ana").access));
    assert_eq!(show(&mut at, &[&token]).status, 200);
    app.set_role("ana", true);
    let refused = show(&mut at, &[&token]);
    assert!(is_refused(&refused), "{} {} {:?}", refused.status, refused.body, refused.headers);
}

#[test]
fn an_app_that_only_observes_lets_a_bad_token_pass_as_nobody() {
    let (app, id) = with_wiki();
    set(&app, id, |rules| (rules.takes_tokens, rules.observes) = (true, true));
    let answer = show(&mut AtApp::new(&app, WIKI), &["Bearer x"]);
    assert_eq!((answer.status, answer.header("remote-user")), (200, Some("")));
}
