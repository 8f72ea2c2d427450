//! Rooms /link/… and /admin/users/…/enrolment-link: setting up a second factor again, after an admin took the old ones away where policy
//! asks for one.

use portero::accounts::factors::reset::{Reset, reset_factors};
use portero::domain::Username;
use serde_json::json;

use crate::common::second_factor;
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, claims, operator, totp};

const TOTP: &str = "/account/factors/totp";

/// A server that asks everybody for a second factor, with ana and bea, who have one.
fn app() -> TestApp {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    app.add_user("bea");
    for name in ["ana", "bea"] {
        second_factor(&app, name);
    }
    app
}

/// Takes the user's factors away, as the operator does; the path of the link that comes of it.
fn reset(app: &TestApp, name: &str) -> String {
    let done = reset_factors(&app.accounts, operator(), Username::parse(name).unwrap()).committed().unwrap();
    match done {
        Reset::Done { link: Some(link), .. } => link.url(None),
        other => panic!("{other:?}"),
    }
}

/// Opens the link and goes on from its page; where that leads.
fn open(browser: &mut Browser, link: &str) -> String {
    let page = browser.get(link);
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = browser.post(link, &[]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

/// Adds an app on the pages; the answer to its first code.
fn enrol(app: &TestApp, browser: &mut Browser) -> crate::support::Answer {
    browser.get(TOTP);
    let started = browser.post(TOTP, &[("name", "New phone")]);
    let path = started.location().to_owned();
    assert!(path.ends_with("/confirm"), "{}: {path}", started.status);
    confirm(app, browser, &path)
}

fn confirm(app: &TestApp, browser: &mut Browser, path: &str) -> crate::support::Answer {
    let page = browser.get(path).body;
    let (_, rest) = page.split_once("class=\"secret\"><span class=\"code\">").unwrap();
    let key = rest.split_once('<').unwrap().0.to_owned();
    browser.post(path, &[("code", &totp::code(&key, app.accounts.now().0))])
}

#[test]
fn with_the_link_and_the_password_somebody_sets_up_another_and_with_neither_alone() {
    let app = app();
    let link = reset(&app, "ana");
    // The password alone.
    let mut thief = app.signed_in("ana");
    assert_eq!(thief.get("/account").location(), "/account/factors");
    let page = thief.get("/account/factors").body;
    assert!(
        page.contains("open the link that your admin gives you") && !page.contains("Add an authenticator app"),
        "{page}"
    );
    assert_eq!(thief.get(TOTP).location(), "/account/factors");
    assert_eq!(thief.post(TOTP, &[("name", "mine")]).location(), "/account/factors");
    let token = app.tokens("ana").access;
    let refused = app.client().post_json(TOTP, Some(&token), &json!({ "name": "mine" }));
    assert_eq!((refused.status, refused.msg().as_str()), (403, "An enrolment link is needed"));
    // The link alone.
    let mut finder = app.browser();
    assert_eq!(open(&mut finder, &link), format!("/login?next={TOTP}"));
    assert_eq!(finder.get(TOTP).status, 303);
    finder.get("/login");
    assert_eq!(finder.post("/login", &[("username", "ana"), ("password", OTHER_PASSWORD)]).status, 401);
    // Both.
    let mut ana = app.browser();
    assert_eq!(open(&mut ana, &link), format!("/login?next={TOTP}"));
    ana.get("/login");
    let answer = ana.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", TOTP)]);
    assert_eq!(answer.location(), TOTP);
    assert_eq!(ana.get(TOTP).status, 200);
    let done = enrol(&app, &mut ana);
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("recovery-codes"));
    assert_eq!(claims(&ana.cookies["access_token_cookie"])["acr"], "aal2");
    assert_eq!(ana.get("/account").status, 200);
    // It was used up by that, and ana adds others as ever.
    assert_eq!(app.browser().get(&link).status, 410);
    assert_eq!(enrol(&app, &mut ana).status, 200);
}

#[test]
fn a_link_is_used_by_the_first_factor_that_counts_and_by_nothing_before() {
    let app = app();
    let link = reset(&app, "ana");
    let mut first = app.browser();
    open(&mut first, &link);
    first.sign_in("ana", PASSWORD);
    first.get(TOTP);
    let path = first.post(TOTP, &[("name", "one")]).location().to_owned();
    first.get(&path);
    assert_eq!(first.post(&path, &[("code", "no")]).status, 400);
    assert_eq!(first.post(&path, &[("code", "000000")]).status, 401);
    // A second browser with the same link, as when somebody forwards it.
    let mut second = app.browser();
    open(&mut second, &link);
    second.sign_in("ana", PASSWORD);
    assert_eq!(enrol(&app, &mut second).status, 200);
    // The first one's app is gone with that, and the link opens nothing any more.
    assert_eq!(first.get(&path).status, 303, "a session below the account's level is asked for the code");
    assert_eq!(first.get("/account").status, 303);
}

#[test]
fn a_link_that_goes_dead_while_the_form_stands_open_adds_nothing() {
    let app = app();
    let link = reset(&app, "ana");
    let mut ana = app.browser();
    open(&mut ana, &link);
    ana.sign_in("ana", PASSWORD);
    ana.get(TOTP);
    let path = ana.post(TOTP, &[("name", "one")]).location().to_owned();
    let newer = new_link(&app, 1);
    let answer = confirm(&app, &mut ana, &path);
    assert_eq!((answer.status, answer.location()), (303, "/account/factors"), "{}", answer.body);
    assert_eq!(ana.get("/account").location(), "/account/factors");
    assert_eq!(open(&mut ana, &newer), TOTP);
    assert_eq!(confirm(&app, &mut ana, &path).status, 200, "the same app counts with the newer link");
    let after_a_day = reset(&app, "bea");
    app.clock.advance(24 * 60 * 60);
    assert_eq!(app.browser().get(&after_a_day).status, 410);
}

/// Another link, as the operator makes it.
fn new_link(app: &TestApp, user: i64) -> String {
    use portero::accounts::factors::enrolment_link::new_enrolment_link;
    use portero::domain::UserId;
    let made = new_enrolment_link(&app.accounts, operator(), UserId(user)).committed().unwrap();
    made.unwrap().url(None)
}

#[test]
fn a_new_password_voids_the_link_and_a_link_for_one_enrols_nobody() {
    let app = app();
    let link = reset(&app, "ana");
    app.set_password("ana", PASSWORD);
    assert_eq!(app.browser().get(&link).status, 410);
    let mut ana = app.signed_in("ana");
    assert_eq!(ana.get(TOTP).location(), "/account/factors", "it is needed all the same");

    // Whoever holds both links and no password chooses one, and is asked for it before they enrol.
    let made = portero::accounts::people::links::new_link(&app.accounts, operator(), portero::domain::UserId(1));
    let for_password = made.committed().unwrap().unwrap().url(None);
    let mut holder = app.browser();
    holder.get(&for_password);
    let chosen = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(holder.post(&for_password, &chosen).status, 303);
    let link = new_link(&app, 1);
    assert_eq!(open(&mut holder, &link), TOTP);
    holder.get(TOTP);
    let path = holder.post(TOTP, &[("name", "one")]).location().to_owned();
    let answer = confirm(&app, &mut holder, &path);
    assert_eq!((answer.status, &answer.location()[..14]), (303, "/confirm?next="), "{}", answer.body);
    holder.get("/confirm");
    assert_eq!(holder.post("/confirm", &[("password", OTHER_PASSWORD), ("next", &*path)]).location(), path);
    assert_eq!(confirm(&app, &mut holder, &path).status, 200);
}

#[test]
fn a_link_sets_no_password_and_is_good_for_its_own_user_only() {
    let app = app();
    let (link, of_bea) = (reset(&app, "ana"), reset(&app, "bea"));
    let mut browser = app.browser();
    browser.get(&link);
    let chosen = [("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answer = browser.post(&link, &chosen);
    assert_eq!(answer.location(), format!("/login?next={TOTP}"));
    browser.get("/login");
    assert_eq!(browser.post("/login", &[("username", "ana"), ("password", OTHER_PASSWORD)]).status, 401);
    // bea's link in ana's browser, planted before the sign-in.
    let mut ana = app.browser();
    open(&mut ana, &of_bea);
    ana.sign_in("ana", PASSWORD);
    assert_eq!(ana.get(TOTP).location(), "/account/factors");
    ana.get("/account/factors");
    assert_eq!(ana.post(TOTP, &[("name", "one")]).location(), "/account/factors");
    assert_eq!(app.browser().get(&of_bea).status, 200, "nothing was used up");
    // And after it.
    ana.get(&of_bea);
    assert_eq!(ana.post(&of_bea, &[]).location(), "/logout");
    assert!(ana.get("/logout").body.contains("this link is for someone else"));
    // A form of another site keeps nothing.
    let mut other = app.browser();
    other.get(&link);
    let foreign = other.send("POST", &link, &[("content-type", "application/x-www-form-urlencoded")], b"csrf_token=x");
    assert!(matches!(foreign.status, 400 | 403), "{}", foreign.status);
}

#[test]
fn where_no_policy_asks_the_password_is_enough_and_no_link_is_made() {
    let app = TestApp::start();
    app.add_user("ana");
    second_factor(&app, "ana");
    let done = reset_factors(&app.accounts, operator(), Username::parse("ana").unwrap()).committed().unwrap();
    assert!(matches!(done, Reset::Done { link: None, .. }), "{done:?}");
    let mut ana = app.signed_in("ana");
    assert_eq!(enrol(&app, &mut ana).status, 200);
    // Who has never had one enrols under the policy by the password, as ever.
    let app = self::app();
    app.add_user("new");
    let mut new = app.signed_in("new");
    assert_eq!(enrol(&app, &mut new).status, 200);
}

#[test]
fn an_admin_hands_the_link_over_and_makes_another_only_with_all_they_sign_in_with() {
    let app = app();
    app.add_admin("adm");
    let mut adm = app.signed_in("adm");
    assert_eq!(enrol(&app, &mut adm).status, 200);
    let page = adm.get("/admin/users/1/reset-factors").body;
    assert!(page.contains("You get a link for ana"), "{page}");
    let answer = adm.post("/admin/users/1/reset-factors", &[]);
    assert_eq!(answer.location(), "/admin/users/1/made-link", "{}", answer.body);
    let page = adm.get("/admin/users/1/made-link").body;
    assert!(page.contains("Second factor link for ana") && page.contains("and 1 session ended"), "{page}");
    let first = page.split_once("spellcheck=\"false\" aria-describedby=\"link-hint\">").unwrap().1;
    let first = first.split_once('<').unwrap().0;
    let first = first[first.find("/link/").unwrap()..].to_owned();
    assert!(adm.get("/admin/users/1").body.contains("None, to be set up by a link"));
    adm.get("/admin/users/1/enrolment-link");
    assert_eq!(adm.post("/admin/users/1/enrolment-link", &[]).location(), "/admin/users/1/made-link");
    assert_eq!(app.browser().get(&first).status, 410, "there is a newer one");
    assert!(adm.get("/admin/audit").body.contains("To set up a second factor"));
    // For somebody who needs none.
    adm.get("/admin/users/2/enrolment-link");
    let answer = adm.post("/admin/users/2/enrolment-link", &[]);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("needs no link"));
    // With an old proof of the second factor and a young one of the password.
    app.clock.advance(6 * 60);
    adm.get("/admin");
    adm.get("/confirm?next=/admin");
    assert_eq!(adm.post("/confirm", &[("password", PASSWORD), ("next", "/admin")]).status, 303);
    let led = adm.get("/admin/users/1/enrolment-link");
    assert_eq!(led.location(), "/confirm?next=/admin/users/1/enrolment-link&acr_values=aal2");
    adm.get("/admin/users/1");
    assert_eq!(adm.post("/admin/users/1/enrolment-link", &[]).status, 303);
    assert_eq!(adm.get("/admin/users/1/made-link").status, 200, "the one of before is still shown");
}

#[test]
fn a_program_gets_the_link_with_the_answer() {
    let app = app();
    app.add_admin("adm");
    let (secret, _) = second_factor(&app, "adm");
    let client = app.client();
    let login = client.post_json("/login", None, &json!({ "username": "adm", "password": PASSWORD })).json();
    app.clock.advance(30);
    let code = totp::code(&secret, app.accounts.now().0);
    let given = json!({ "attempt": login["attempt"], "method": "totp", "code": code });
    let tokens = client.post_json("/login/factor", None, &given).json();
    let token = tokens["access_token"].as_str();
    let done = client.post_json("/admin/users/1/reset-factors", token, &json!({}));
    assert_eq!((done.status, &done.json()["sessions_ended"]), (200, &json!(1)), "{}", done.body);
    let again = client.post_json("/admin/users/1/enrolment-link", token, &json!({}));
    assert_eq!((again.status, &again.json()["username"]), (201, &json!("ana")), "{}", again.body);
    for (answer, status) in [(done, 410), (again, 200)] {
        let url = answer.json()["link"].as_str().unwrap().to_owned();
        let page = app.browser().get(&url[url.find("/link/").unwrap()..]);
        assert_eq!(page.status, status);
        assert!(status == 410 || page.body.contains("For ana"), "{}", page.body);
    }
}
