//! Signing out at an app, which leads the browser to Portero: `/end-session`.

use portero::domain::{AppRules, LogoutUri};
use portero::tokens::{sign_for_apps, verify_for_apps};
use serde_json::{Value, json};

use crate::common::{A_QUARTER_OF_AN_HOUR, FORM, as_json, sid};
use crate::openid::{Party, server, text, uri};
use crate::rooms::openid::between;
use crate::support::database::Behind;
use crate::support::told_app::{Manner, ToldApp};
use crate::support::{Answer, Browser, TestApp, claims};

/// Where the party's people are led after they have signed out.
pub(crate) fn onward(party: &Party<'_>) -> String {
    format!("{}/signed-out?from=portero", party.redirect_uri.strip_suffix("/callback").unwrap())
}

pub(crate) fn party<'a>(app: &'a TestApp, name: &str) -> Party<'a> {
    party_with(app, name, |_| {})
}

fn party_with<'a>(app: &'a TestApp, name: &str, change: impl FnOnce(&mut AppRules)) -> Party<'a> {
    let to = uri(&format!("https://{name}.example.org/signed-out?from=portero"));
    Party::with(app, name, |rules| {
        rules.openid.is_trusted = true;
        rules.openid.post_logout_uris = vec![to];
        change(rules);
    })
}

pub(crate) fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A link on an app's page.
pub(crate) const FROM_APP: [(&str, &str); 3] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")];

/// Leads the browser to Portero with these fields, and on as far as Portero's own pages lead.
pub(crate) fn lead(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let answer = browser.get_with(&format!("/end-session?{}", query(fields)), &FROM_APP);
    follow(browser, answer)
}

fn follow(browser: &mut Browser, answer: Answer) -> Answer {
    let mut answer = answer;
    for _ in 0..5 {
        if answer.status != 303 || !answer.location().starts_with('/') {
            return answer;
        }
        let location = answer.location().to_owned();
        answer = browser.get_with(&location, &FROM_APP);
    }
    panic!("led about for ever");
}

/// Answers the question on this page with yes.
pub(crate) fn agree(browser: &mut Browser, page: &Answer) -> Answer {
    let kept = between(&page.body, "name=\"kept\" value=\"", "\"");
    browser.post("/end-session/confirm", &[("kept", &kept)])
}

fn is_asked(page: &Answer) -> bool {
    page.status == 200 && page.body.contains("action=\"/end-session/confirm\"")
}

fn id_token(party: &Party<'_>, browser: &mut Browser) -> String {
    text(&party.tokens(browser, &[]), "id_token").to_owned()
}

/// Why the newest session of ana's that has ended did so.
fn last_reason(app: &TestApp) -> String {
    let list = app.client().get("/admin/revoked", Some(&app.tokens("adm").access)).json();
    let of_ana = list["revoked"].as_array().unwrap().iter().find(|one| one["user"] == "ana");
    of_ana.unwrap_or_else(|| panic!("{list}"))["reason"].as_str().unwrap().to_owned()
}

#[test]
fn an_app_that_shows_its_id_token_signs_the_person_out_at_once_and_gets_them_back() {
    let app = server();
    app.add_admin("adm");
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[("scope", "openid offline_access")]);
    let (mut copy, session) = (ana.clone(), sid(&ana));
    let state = "s&=é ".repeat(26);
    let fields = [
        ("id_token_hint", text(&tokens, "id_token")),
        ("client_id", &wiki.id),
        ("post_logout_redirect_uri", &onward(&wiki)),
        ("state", &state),
        ("logout_hint", "ana"),
        ("anything", "else"),
    ];
    let answer = ana.get_with(&format!("/end-session?{}", query(&fields)), &FROM_APP);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.location(), format!("{}&{}", onward(&wiki), query(&[("state", &state)])));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "the ID token stands in the address");
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert!(
        !ana.cookies.keys().any(|name| name.contains("token") || name.contains("portero_leave")),
        "{:?}",
        ana.cookies
    );
    assert!(!copy.is_signed_in(), "a copy of the cookies opens nothing");
    assert!(!wiki.is_open(&tokens), "and what the app was given is refused");
    assert_eq!(wiki.error(&mut ana, &[("prompt", "none")]), "login_required");
    assert_eq!(last_reason(&app), "logout_at_app");

    let mut again = app.signed_in("ana");
    let story = again.get(&format!("/account/sessions/{session}")).body;
    assert!(story.contains("Signed out at an app") && story.contains("/receipts/"), "{story}");
    let receipt = between(&story, "href=\"/receipts/", "\"");
    let receipt = as_json(&mut again, &format!("/receipts/{receipt}"));
    assert_eq!(
        (&receipt["reason"], &receipt["sessions"].as_array().map(Vec::len)),
        (&json!("logout_at_app"), &Some(1)),
        "{receipt}"
    );
}

#[test]
fn an_id_token_that_has_expired_is_good_and_so_is_a_session_that_sleeps() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    app.clock.advance(2 * 60 * 60);
    let mut copy = ana.clone();
    let answer = lead(&mut ana, &[("id_token_hint", &hint), ("post_logout_redirect_uri", &onward(&wiki))]);
    assert_eq!(answer.location(), onward(&wiki), "{}", answer.body);
    assert!(!copy.is_signed_in());
}

#[test]
fn without_an_id_token_the_person_is_asked_and_then_led_on() {
    let app = server();
    app.add_admin("adm");
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let fields = [("client_id", wiki.id.as_str()), ("post_logout_redirect_uri", &onward(&wiki)), ("state", "a state")];
    // Some time after the last page of Portero's.
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let page = lead(&mut ana, &fields);
    assert!(is_asked(&page), "{} {}", page.status, page.body);
    for told in ["Sign out?", "wiki", "signed in as ana", "https://wiki.example.org<"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://wiki.example.org;"), "{policy}");
    let kept = between(&page.body, "name=\"kept\" value=\"", "\"");
    for csrf in ["", "guessed"] {
        let forged = [("kept", kept.as_str()), ("csrf_token", csrf)];
        assert_eq!(ana.clone().post_bare("/end-session/confirm", &forged).status, 403, "only by the page's own form");
    }
    let csrf = between(&page.body, "name=\"csrf_token\" value=\"", "\"");
    let form = query(&[("kept", &kept), ("csrf_token", &csrf)]);
    let foreign = ana.clone().send("POST", "/end-session/confirm", &[FORM, FROM_APP[1]], form.as_bytes());
    assert_eq!(foreign.status, 403, "and from nowhere else");
    let mut tab = ana.clone();
    assert!(tab.is_signed_in());
    let second = lead(&mut tab, &fields);

    let done = agree(&mut ana, &page);
    assert_eq!((done.status, done.location()), (303, format!("{}&state=a+state", onward(&wiki)).as_str()));
    assert!(
        !ana.cookies.keys().any(|name| name.contains("token") || name.contains("portero_leave")),
        "{:?}",
        ana.cookies
    );
    assert!(!tab.is_signed_in());
    assert_eq!(last_reason(&app), "logout");
    let done = agree(&mut tab, &second);
    assert_eq!(done.location(), format!("{}&state=a+state", onward(&wiki)), "a second tab is led on, too");
}

#[test]
fn an_id_token_of_another_person_or_session_asks_first() {
    let app = server();
    app.add_user("bea");
    let (wiki, camera) = (party(&app, "wiki"), party(&app, "camera"));
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));
    let of_bea = id_token(&wiki, &mut bea);
    let of_another_session = id_token(&wiki, &mut app.signed_in("ana"));
    for hint in [&of_bea, &of_another_session] {
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &onward(&wiki))];
        let page = lead(&mut ana, &fields);
        assert!(is_asked(&page) && ana.is_signed_in() && bea.is_signed_in(), "{} {}", page.status, page.body);
    }
    // The name of the app that the token is for counts, whatever else is said.
    let of_camera = id_token(&camera, &mut ana);
    let page = lead(&mut ana, &[("id_token_hint", &of_camera), ("client_id", &wiki.id)]);
    assert!(page.status == 400 && page.body.contains("made for another app"), "{}", page.body);
    let page = lead(&mut ana, &[("id_token_hint", &of_camera), ("post_logout_redirect_uri", &onward(&wiki))]);
    assert_eq!((page.status, page.location()), (400, ""), "{}", page.body);
    assert!(ana.is_signed_in());
    // It is her own session that she ends.
    let page = lead(&mut ana, &[("id_token_hint", &of_bea), ("post_logout_redirect_uri", &onward(&wiki))]);
    assert_eq!(agree(&mut ana, &page).location(), onward(&wiki));
    assert!(!ana.is_signed_in() && bea.is_signed_in());
}

#[test]
fn what_is_no_id_token_of_ours_signs_nobody_out_and_leads_nowhere() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[]);
    let hint = text(&tokens, "id_token");
    let (head, rest) = hint.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let keys = app.accounts.app_keys.get(portero::domain::AppAlgorithm::RS256).unwrap();
    let said = verify_for_apps(&keys, "JWT", hint).unwrap();
    let signed = |typ: &str, change: &[(&str, Value)]| {
        let mut claims = said.clone();
        claims.extend(change.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        sign_for_apps(&keys, typ, claims).unwrap()
    };
    for bad in [
        "nonsense".to_owned(),
        "..".into(),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."),
        format!("{head}.{body}.{}", signature.chars().rev().collect::<String>()),
        signed("logout+jwt", &[]),
        signed("JWT", &[("iss", json!("https://evil.example"))]),
        signed("JWT", &[("sid", json!(7))]),
        ana.cookies["access_token_cookie"].clone(),
        text(&tokens, "access_token").into(),
    ] {
        let fields = [
            ("id_token_hint", bad.as_str()),
            ("client_id", &wiki.id),
            ("post_logout_redirect_uri", &onward(&wiki)),
            ("state", "a state"),
        ];
        let page = lead(&mut ana, &fields);
        assert!(page.status == 200 && page.body.contains("action=\"/logout\""), "{bad}: {} {}", page.status, page.body);
        assert!(!page.body.contains("wiki") && ana.is_signed_in(), "{bad}");
    }
    let good = signed("JWT", &[]);
    let answer = lead(&mut ana, &[("id_token_hint", &good), ("post_logout_redirect_uri", &onward(&wiki))]);
    assert_eq!(
        answer.location(),
        onward(&wiki),
        "signed anew as it was, it is good: so it is the changes that are refused"
    );
}

#[test]
fn nobody_is_led_to_an_address_that_the_app_has_not_registered() {
    let app = server();
    let (wiki, camera) = (party(&app, "wiki"), party(&app, "camera"));
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let good = onward(&wiki);
    let wrong = [
        "https://evil.example/".to_owned(),
        "https://wiki.example.org/signed-out".into(),
        format!("{good}&x=1"),
        format!("{good}#x"),
        format!("{good}/"),
        format!(" {good}"),
        good.replace("https", "HTTPS"),
        good.replace(".org", ".org:443"),
        good.replace("wiki.", "me@wiki."),
        wiki.redirect_uri.clone(),
        onward(&camera),
        "javascript:alert(1)".into(),
        "/account".into(),
        "//evil.example".into(),
    ];
    for to in &wrong {
        for by in [("id_token_hint", hint.as_str()), ("client_id", wiki.id.as_str())] {
            let page = lead(&mut ana, &[by, ("post_logout_redirect_uri", to), ("state", "s")]);
            assert_eq!((page.status, page.location()), (400, ""), "{to}");
            assert!(
                page.body.contains("The app would lead you elsewhere") && page.body.contains("href=\"/logout\""),
                "{}",
                page.body
            );
        }
    }
    let page = lead(&mut ana, &[("post_logout_redirect_uri", &good), ("state", "s")]);
    assert_eq!((page.status, page.location()), (400, ""), "nobody says which app it is");
    let page = lead(&mut ana, &[("client_id", "nobody"), ("post_logout_redirect_uri", &good)]);
    assert!(page.status == 400 && page.body.contains("No such app"), "{}", page.body);
    for twice in ["client_id", "post_logout_redirect_uri", "state", "id_token_hint", "ui_locales"] {
        let more = query(&[("client_id", &wiki.id), ("post_logout_redirect_uri", &good), (twice, "a"), (twice, "b")]);
        let page = ana.get_with(&format!("/end-session?{more}"), &FROM_APP);
        assert_eq!((page.status, page.location()), (400, ""), "{twice}");
    }
    let long = "s".repeat(3000);
    let page = lead(&mut ana, &[("client_id", &wiki.id), ("post_logout_redirect_uri", &good), ("state", &long)]);
    assert_eq!((page.status, page.location()), (400, ""));
    assert!(ana.is_signed_in());

    let mut nobody = app.browser();
    let page =
        lead(&mut nobody, &[("client_id", &wiki.id), ("post_logout_redirect_uri", &wrong[0]), ("ui_locales", "xx es")]);
    assert!(page.status == 400 && page.body.contains("La aplicación quiere llevarte a otro sitio"), "{}", page.body);
    assert!(!page.body.contains("Cerrar sesión aquí"), "there is nothing to sign out of");
    wiki.set(|rules| rules.openid.post_logout_uris.clear());
    let page = lead(&mut ana, &[("id_token_hint", &hint), ("post_logout_redirect_uri", &good)]);
    assert!(page.status == 400 && ana.is_signed_in(), "it is an address of the app's no longer");
}

/// A request that waits is compared once more when it is answered.
#[test]
fn an_address_that_is_taken_away_while_somebody_thinks_is_not_followed() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let page = lead(&mut ana, &[("client_id", &wiki.id), ("post_logout_redirect_uri", &onward(&wiki))]);
    wiki.set(|rules| rules.openid.post_logout_uris.clear());
    let done = agree(&mut ana, &page);
    assert_eq!((done.status, done.location()), (303, "/login"));
    assert!(!ana.is_signed_in());
    let mut ana = app.signed_in("ana");
    let page = lead(&mut ana, &[("client_id", &wiki.id)]);
    app.clock.advance(A_QUARTER_OF_AN_HOUR + 1);
    let done = agree(&mut ana, &page);
    assert_eq!(done.location(), "/login", "and whoever thinks for long is signed out all the same");
    assert!(!ana.is_signed_in());
}

#[test]
fn whoever_is_not_signed_in_is_led_on_or_told() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let mut stale = ana.clone();
    ana.get("/account");
    ana.post("/logout", &[]);
    for browser in [&mut ana, &mut app.browser(), &mut stale] {
        for by in [("id_token_hint", hint.as_str()), ("client_id", wiki.id.as_str())] {
            let answer = lead(browser, &[by, ("post_logout_redirect_uri", &onward(&wiki)), ("state", "x")]);
            assert_eq!(answer.location(), format!("{}&state=x", onward(&wiki)));
        }
    }
    for fields in
        [vec![], vec![("client_id", wiki.id.as_str())], vec![("id_token_hint", hint.as_str())], vec![("state", "x")]]
    {
        let page = lead(&mut ana, &fields);
        assert!(page.status == 200 && page.body.contains("You’re not signed in"), "{fields:?}: {}", page.body);
    }
}

#[test]
fn what_is_no_request_that_waits_names_no_cookie() {
    let app = server();
    let mut nobody = app.browser();
    nobody.get("/login");
    for kept in ["", "x=1; domain=example.org; y", "x\r\nset-cookie: y=1", "é", &"x".repeat(9000)] {
        let answer = nobody.clone().post("/end-session/confirm", &[("kept", kept)]);
        assert_eq!((answer.status, answer.location()), (303, "/login"), "{kept}: {}", answer.body);
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("portero_leave")), "{kept}");
    }
}

#[test]
fn signed_out_without_an_address_to_go_on_to_the_person_stays_here() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let page = lead(&mut ana, &[("id_token_hint", &hint), ("state", "x")]);
    assert!(page.status == 200 && page.body.contains("You’re signed out."), "{}", page.body);
    assert!(!ana.is_signed_in());
    // Without an app there is nothing but the page that asks anyway.
    let mut ana = app.signed_in("ana");
    for fields in [vec![], vec![("state", "x")], vec![("logout_hint", "ana")]] {
        let page = lead(&mut ana, &fields);
        assert!(page.body.contains("action=\"/logout\"") && ana.is_signed_in(), "{fields:?}: {}", page.body);
    }
}

#[test]
fn a_form_of_an_apps_page_is_gone_on_with_at_porteros_own_address() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let headers = [FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://wiki.example.org")];
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &onward(&wiki)), ("state", "x")];
    // Browsers send no cookies along with another site's form, but with the page to which it leads.
    let cookies = std::mem::take(&mut ana.cookies);
    let answer = ana.send("POST", "/end-session", &headers, query(&fields).as_bytes());
    assert!(answer.status == 303 && answer.location().starts_with("/end-session?kept="), "{}", answer.body);
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains(&hint[..40])));
    ana.cookies.extend(cookies);
    let mut copy = ana.clone();
    let answer = follow(&mut ana, answer);
    assert_eq!(answer.location(), format!("{}&state=x", onward(&wiki)));
    assert!(!copy.is_signed_in());

    let mut ana = app.signed_in("ana");
    let answer = ana.send("POST", "/end-session", &headers, query(&fields[1..]).as_bytes());
    assert_eq!(follow(&mut ana, answer).status, 400, "nobody says which app it is");
    let answer = ana.send("POST", "/end-session", &headers, query(&[("client_id", &wiki.id)]).as_bytes());
    assert!(is_asked(&follow(&mut ana, answer)) && ana.is_signed_in());
    let json = ana.send("POST", "/end-session", &[("content-type", "application/json")], b"{}");
    assert_eq!(json.status, 415);
}

/// A link with an ID token in it may be looked at ahead of time, or by a program.
#[test]
fn nobody_is_signed_out_before_the_address_is_opened() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let path =
        format!("/end-session?{}", query(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &onward(&wiki))]));
    ana.clone().send("HEAD", &path, &[], b"");
    for purpose in ["prefetch", "prefetch;prerender"] {
        let looked = ana.clone().get_with(&path, &[("sec-purpose", purpose)]);
        assert!(looked.location().starts_with("/end-session?kept="), "{purpose}: {}", looked.location());
    }
    assert!(ana.is_signed_in());
    assert_eq!(ana.get_with(&path, &FROM_APP).location(), onward(&wiki));
}

#[test]
fn cookies_that_stay_behind_on_another_sites_link_do_not_keep_the_session_open() {
    let app = TestApp::with(&[("jwt.cookie_samesite", "strict")]);
    app.add_user("ana");
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let tokens = wiki.tokens(&mut ana, &[]);
    let fields = [("id_token_hint", text(&tokens, "id_token")), ("post_logout_redirect_uri", &onward(&wiki))];
    let strict: Vec<_> = ana.cookies.keys().filter(|name| name.contains("token")).cloned().collect();
    let held: Vec<_> = strict.into_iter().map(|name| (name.clone(), ana.cookies.remove(&name).unwrap())).collect();
    let page = lead(&mut ana, &fields);
    assert!(page.status == 200 && page.location().is_empty(), "{}", page.location());
    let path = between(&page.body, "class=\"button primary\" href=\"", "\"");
    ana.cookies.extend(held);
    let from_here = [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")];
    assert_eq!(ana.get_with(&path, &from_here).location(), onward(&wiki));
    assert!(!wiki.is_open(&tokens));
}

/// The app would say that they are signed out.
#[test]
fn a_sign_out_that_could_not_be_stored_leads_nowhere() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let mut copy = ana.clone();
    let mut other = Behind::of(app.folder());
    other.lock();
    let page = lead(&mut ana, &[("id_token_hint", &hint), ("post_logout_redirect_uri", &onward(&wiki))]);
    other.let_go();
    assert_eq!((page.status, page.location()), (503, ""), "{}", page.body);
    assert!(!ana.cookies.keys().any(|name| name.contains("token")), "this browser forgets the session all the same");
    assert!(copy.is_signed_in(), "as the page says");
}

#[test]
fn every_app_that_was_entered_is_told_and_so_is_the_one_that_asked() {
    let app = server();
    let (at_wiki, at_camera) = (ToldApp::start(Manner::Status(200)), ToldApp::start(Manner::Status(200)));
    let told = |to: &ToldApp| Some(LogoutUri::parse(&to.uri(), true).unwrap());
    let wiki = party_with(&app, "wiki", |rules| rules.backchannel_logout = told(&at_wiki));
    let camera = party_with(&app, "camera", |rules| rules.backchannel_logout = told(&at_camera));
    let mut ana = app.signed_in("ana");
    let (hint, other) = (id_token(&wiki, &mut ana), id_token(&camera, &mut ana));
    lead(&mut ana, &[("id_token_hint", &hint)]);
    for (to, hint) in [(&at_wiki, &hint), (&at_camera, &other)] {
        let (says, said) = (to.wait_for(1).remove(0).claims(), claims(hint));
        assert_eq!((&says["sub"], &says["sid"], &says["aud"]), (&said["sub"], &said["sid"], &said["aud"]));
    }
}

#[test]
fn whoever_lacks_the_second_factor_that_policy_asks_for_can_sign_out() {
    let app = server();
    let wiki = party(&app, "wiki");
    let mut ana = app.signed_in("ana");
    let hint = id_token(&wiki, &mut ana);
    let client_id = wiki.id.clone();
    let to = onward(&wiki);
    let folder = app.stop().unwrap();
    let app = TestApp::in_folder(
        folder.path(),
        &[("second_factor", "everyone"), ("public_url", text(&claims(&hint), "iss"))],
    );
    let mut ana = ana.moved_to(app.address);
    let page = lead(&mut ana, &[("client_id", &client_id), ("post_logout_redirect_uri", &to)]);
    assert!(is_asked(&page), "{} {}", page.status, page.body);
    assert_eq!(agree(&mut ana, &page).location(), to);
}

/// The session that counts is a browser's, whatever token comes along in a header.
#[test]
fn a_programs_token_signs_nobody_out_here() {
    let app = server();
    let wiki = party(&app, "wiki");
    let program = app.tokens("ana");
    let answer = app.client().get(&format!("/end-session?client_id={}", wiki.id), Some(&program.access));
    assert_eq!((answer.status, answer.location()), (303, "/logout"));
    let form = query(&[("kept", "x"), ("csrf_token", "x")]);
    app.client().send("POST", "/end-session/confirm", Some(&program.access), &[FORM], form.as_bytes());
    assert_eq!(crate::common::opens(&app, &program.access), 200);
}
