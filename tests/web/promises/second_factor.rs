//! Promise: whoever needs a second factor and has not given it opens nothing from the next request on, however and whenever they signed in.
//!
//! What went wrong with second factors elsewhere, and which test would see it here. Without a file it is in this one.
//!
//! | elsewhere | here |
//! |---|---|
//! | a half-open sign-in was taken for a session | `rooms::second_step::the_password_alone_leaves_no_session_no_token_and_no_cookie_of_one` |
//! | beginning the flow again got past the policy | `nobody_with_a_password_alone_opens_any_door_where_everybody_needs_two_factors` |
//! | a policy counted at the next sign-in only | `a_policy_that_comes_under_running_sessions_closes_every_door_on_them` |
//! | one code was accepted twice | `rooms::second_step::of_a_hundred_equal_codes_at_once_exactly_one_signs_in`; killed: `tests/process/second_factor.rs` |
//! | a half-open sign-in stayed guessable | `rooms::second_step::a_wrong_code_says_so_and_after_five_the_sign_in_begins_again` |
//! | strangers locked somebody out of their codes | `rooms::second_step::after_twenty_wrong_codes_a_day_strangers_need_a_recovery_code_and_a_known_browser_does_not` |
//! | one authenticator was registered twice | `rooms::factors::a_program_adds_an_app_with_a_fresh_token` |
//! | an unlocked browser was enough to remove a factor | `what_somebody_signs_in_with_is_changed_only_by_all_they_sign_in_with` |
//! | the code was asked for again only after the QR code | the same |
//! | a stolen password was enough to reset an admin's colleagues | `an_admin_takes_a_factor_away_only_by_all_they_sign_in_with_given_just_now` |
//! | a reset forgot some factors, or the sessions | `rooms::factors::an_admin_takes_a_lost_factor_away_with_every_session_and_not_their_own` |
//! | after a reset the password alone led to enrolment | `rooms::enrolment_link::with_the_link_and_the_password_somebody_sets_up_another_and_with_neither_alone` |
//! | a link to enrol was replayed | `rooms::enrolment_link::a_link_is_used_by_the_first_factor_that_counts_and_by_nothing_before` |
//! | a link for a password stood in for the factor | `rooms::second_step::a_link_for_a_new_password_replaces_no_second_factor` |
//! | recovery codes lived on, or worked alone | `rooms::factors::with_the_last_app_its_recovery_codes_go`, `rooms::second_step::a_recovery_code_is_no_password` |
//! | a stolen database made codes | `rooms::factors::a_secret_is_neither_readable_in_the_database_nor_shown_again` |
//! | a trusted device outlived the password, or was a fresh proof | `rooms::trusted_browsers`, each test |
//! | nobody told the owner that the password is known | `rooms::second_step::whoever_knew_the_password_but_not_the_code_is_told_to_the_owner` |
//! | names with a factor could be told apart | `decoys::a_name_with_a_second_factor_costs_and_answers_what_one_without_and_nobodys_do` |
//! | a peer's token needed no factor | `an_admin_whom_a_peer_vouches_for_needs_two_factors_as_well` |

use portero::accounts::{LevelNeeded, Mandate, Needs};
use portero::config::SecondFactorPolicy;
use portero::domain::{Role, Username};
use portero::store::users;
use portero::tokens::{Fault, Fresh, NewToken};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::peers::{SHARED, of_a_peer};
use crate::common::{A_QUARTER_OF_AN_HOUR, Asker, FORM, app_with_admin, opens, routes, second_factor, sid};
use crate::support::database::Behind;
use crate::support::{Answer, Browser, PASSWORD, TestApp, Tokens, claims, totp};

/// A peer has the key, and its tokens are taken.
const WITH_A_PEER: [(&str, &str); 2] = [("jwt.secret_key", SHARED), ("foreign_tokens", "access")];

/// Open to somebody who still has to give a second factor.
const STAY_OPEN: [&str; 15] = [
    "/logout",
    "/end-session",
    "/end-session/confirm",
    "/confirm",
    "/account/factors",
    "/account/factors/passkey",
    "/account/factors/totp",
    "/account/factors/totp/{id}/confirm",
    "/language",
    "/login",
    "/login/factor",
    "/link/{token}",
    "/setup/{token}",
    "/not-me/{token}",
    "/forgot-password",
];

/// A program and a browser of one person, signed in by password alone.
struct SignedIn {
    name: &'static str,
    has_factor: bool,
    tokens: Tokens,
    browser: Browser,
}

impl SignedIn {
    fn new(app: &TestApp, name: &'static str, has_factor: bool) -> Self {
        Self { name, has_factor, tokens: app.tokens(name), browser: app.signed_in(name) }
    }
}

/// Starts the server again on the same data, with these settings.
fn restarted(app: TestApp, meanwhile: &str, settings: &[(&str, &str)]) -> (TestApp, TempDir) {
    let folder = app.stop().unwrap();
    if !meanwhile.is_empty() {
        Behind::of(folder.path()).execute(meanwhile);
    }
    (TestApp::in_folder(folder.path(), settings), folder)
}

/// Whether somebody is refused for lack of a second factor, and told what is right for them.
fn is_refused(answer: &Answer, has_factor: bool) -> bool {
    let challenge = || answer.header("www-authenticate").unwrap_or_default();
    match (answer.status, has_factor) {
        (303, true) => {
            answer.location().starts_with("/confirm?next=/") && answer.location().ends_with("&acr_values=aal2")
        }
        (303, false) => answer.location() == "/account/factors",
        (401, true) => {
            let says_so = challenge().starts_with("Bearer error=\"insufficient_user_authentication\"");
            says_so && challenge().ends_with("acr_values=\"aal2\"") && is_told(answer, "Second factor required")
        }
        (403, false) => challenge().is_empty() && is_told(answer, "Second factor enrolment required"),
        _ => false,
    }
}

/// An answer to HEAD has no body.
fn is_told(answer: &Answer, msg: &str) -> bool {
    answer.body.is_empty() || answer.msg() == msg
}

fn page(browser: &Browser, method: &str, path: &str) -> Answer {
    let mut browser = browser.clone();
    let csrf = browser.cookies.get("csrf_access_token").cloned().unwrap_or_default();
    let navigates = ("sec-fetch-mode", "navigate");
    match method {
        "POST" => {
            let body = format!("csrf_token={csrf}&scope=this");
            browser.send("POST", path, &[FORM, navigates, ("sec-fetch-site", "same-origin")], body.as_bytes())
        }
        "DELETE" => browser.send("DELETE", path, &[("x-csrf-token", &csrf), ("sec-fetch-site", "same-origin")], b""),
        method => browser.send(method, path, &[navigates, ("sec-fetch-site", "none")], b""),
    }
}

fn script(browser: &Browser, method: &str, path: &str) -> Answer {
    let csrf = browser.cookies["csrf_access_token"].clone();
    let headers = [("accept", "application/json"), ("x-csrf-token", &csrf), ("sec-fetch-site", "same-origin")];
    browser.clone().send(method, path, &headers, b"")
}

/// Every route that reads a token, with every method, except those that stay open. Its places are filled in as this person would.
fn doors(app: &TestApp, person: &SignedIn) -> Vec<(&'static str, String)> {
    let name = Username::parse(person.name).unwrap();
    let id = app.accounts.db.read(|conn| users::find_by_name(conn, &name)).unwrap().unwrap().id.0;
    let of_route = |path: &'static str| {
        let filled = path.replace("{sid}", &sid(&person.browser)).replace("{id}", &id.to_string());
        let filled = filled.replace("{act}", "disable").replace("{token}", "x");
        let filled = filled.replace("{user}", &id.to_string());
        assert!(!filled.contains('{'), "{path}");
        filled
    };
    // An app's request is read before anybody's token: `rooms::openid::no_app_learns_of_whoever_lacks_the_second_factor…` sends good ones.
    let is_closed = |path: &str| !STAY_OPEN.contains(&path) && path != "/authorize";
    let closed = routes().into_iter().filter(|route| route.reads_token && is_closed(route.path));
    closed
        .flat_map(|route| {
            let head = route.methods.contains(&"GET").then_some("HEAD");
            route.methods.into_iter().chain(head).map(move |method| (method, of_route(route.path)))
        })
        .collect()
}

/// The doors that one of these persons opens, or at which they are told something else than that a second factor is missing.
fn open_doors(app: &TestApp, people: &[SignedIn]) -> Vec<String> {
    let mut open = Vec::new();
    for person in people {
        let peers = of_a_peer(app, NewToken::access(person.name).fresh(Fresh::Yes));
        let mut without_access = person.browser.clone();
        without_access.cookies.remove("access_token_cookie");
        let doors = doors(app, person);
        assert!(doors.len() > 60, "{}", doors.len());
        for (method, path) in &doors {
            let by_token = |token: &str| app.client().send(method, path, Some(token), &[], b"");
            for (kind, answer) in [
                ("access token", by_token(&person.tokens.access)),
                ("refresh token", by_token(&person.tokens.refresh)),
                ("peer's token", by_token(&peers)),
                ("cookies, as a page", page(&person.browser, method, path)),
                ("cookies, as a script", script(&person.browser, method, path)),
                ("refresh cookie, as a page", page(&without_access, method, path)),
            ] {
                // A refresh token is none for an access token's door, and the other way round.
                let is_other_type =
                    (kind == "refresh token" || path == "/refresh") && is_of_another_type(&answer, method, path);
                let gives_cookies = answer.set_cookies().iter().any(|cookie| cookie.contains("token_cookie="));
                if gives_cookies || !(is_other_type || is_refused(&answer, person.has_factor)) {
                    let (name, status) = (person.name, answer.status);
                    open.push(format!(
                        "{name}, {kind}: {method} {path}: {status} {} {}",
                        answer.location(),
                        answer.body
                    ));
                }
            }
        }
    }
    open
}

/// Whether a token is told that it is none for this door. At `/` it is then as if there were none.
fn is_of_another_type(answer: &Answer, method: &str, path: &str) -> bool {
    match answer.status {
        422 => method == "HEAD" || answer.msg().starts_with("Only "),
        303 => path == "/" && answer.location() == "/login",
        _ => false,
    }
}

#[test]
fn nobody_with_a_password_alone_opens_any_door_where_everybody_needs_two_factors() {
    let settings = [WITH_A_PEER.as_slice(), &[("second_factor", "everyone")]].concat();
    let app = TestApp::with(&settings);
    app.add_user("ana");
    app.add_admin("adm");
    let people = [SignedIn::new(&app, "ana", false), SignedIn::new(&app, "adm", false)];
    app.clock.advance(2);
    assert_eq!(open_doors(&app, &people), [""; 0]);
}

#[test]
fn a_policy_that_comes_under_running_sessions_closes_every_door_on_them() {
    let app = TestApp::with(&WITH_A_PEER);
    for name in ["ana", "eva"] {
        app.add_user(name);
    }
    for name in ["adm", "sol"] {
        app.add_admin(name);
    }
    let mut people = ["ana", "eva", "adm", "sol"].map(|name| SignedIn::new(&app, name, ["eva", "sol"].contains(&name)));
    for person in &people {
        assert_eq!(opens(&app, &person.tokens.access), 200);
    }
    let have_factors = "UPDATE users SET factors = 1 WHERE canonical IN ('eva', 'sol')";
    let (app, _folder) =
        restarted(app, have_factors, &[WITH_A_PEER.as_slice(), &[("second_factor", "everyone")]].concat());
    app.clock.advance(5);
    for person in &mut people {
        person.browser = person.browser.clone().moved_to(app.address);
    }
    assert_eq!(open_doors(&app, &people), [""; 0]);
}

#[test]
fn whoever_has_given_two_factors_finds_every_door_as_it_was() {
    let app = TestApp::start();
    app.add_admin("sol");
    let mut sol = SignedIn::new(&app, "sol", true);
    let give = format!(
        "UPDATE users SET factors = 1; UPDATE sessions SET amr = 'otp pwd mfa', factor_time = {}",
        app.clock.now().0
    );
    let (app, _folder) = restarted(app, &give, &[("second_factor", "everyone")]);
    let renewed = app.client().post("/refresh", Some(&sol.tokens.refresh));
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    sol.tokens.access = renewed.json()["access_token"].as_str().unwrap().to_owned();
    sol.browser = sol.browser.clone().moved_to(app.address);
    sol.browser.cookies.remove("access_token_cookie");
    assert!(sol.browser.is_signed_in());
    for (method, path) in doors(&app, &sol).iter().filter(|(method, _)| *method == "GET") {
        let token = &sol.tokens.access;
        for answer in [app.client().get(path, Some(token)), page(&sol.browser, method, path)] {
            // After a renewal nothing is fresh; that is another question.
            let is_stale = answer.status == 401 && answer.msg() == "Fresh token required";
            // What a path is filled in with is not there (404), or a link that is good no longer (410).
            let is_open = answer.status < 401 || matches!(answer.status, 404 | 410) || is_stale;
            assert!(is_open, "{path}: {} {}", answer.status, answer.body);
            assert!(!is_refused(&answer, true) && !is_refused(&answer, false), "{path}: {}", answer.location());
        }
    }
}

#[test]
fn leaving_confirming_and_the_language_stay_open_and_so_does_renewing_for_them() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    let (tokens, mut browser) = (app.tokens("ana"), app.signed_in("ana"));
    let confirm = |token: &str| app.client().post_json("/confirm", Some(token), &json!({ "password": PASSWORD }));
    let confirmed = confirm(&tokens.access);
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let access = confirmed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(opens(&app, &access), 403, "a password once more is no second factor");
    let led = browser.get("/account");
    assert_eq!((led.status, led.location()), (303, "/account/factors"));
    for path in ["/confirm", "/logout", "/login", "/sign-in-help"] {
        let answer = browser.get(path);
        assert!(answer.status == 200 || (path == "/login" && answer.location() == "/account"), "{path}");
    }
    browser.get("/confirm");
    assert_eq!(browser.post("/language", &[("lang", "es"), ("back", "/confirm")]).location(), "/confirm");
    assert!(browser.get("/confirm").body.contains("Confirma que eres tú"));

    let before = browser.cookies["refresh_token_cookie"].clone();
    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let led = browser.get("/account");
    assert_eq!((led.status, led.location()), (303, "/account/factors"), "also when it is time to renew");
    assert_eq!(browser.cookies["refresh_token_cookie"], before);
    assert_eq!(browser.get("/confirm").status, 200);
    assert_ne!(browser.cookies["refresh_token_cookie"], before, "here it renews");
    assert_eq!(browser.get("/account").location(), "/account/factors");
    browser.get("/logout");
    assert_eq!(browser.post("/logout", &[]).location(), "/login");
    assert!(!browser.cookies.contains_key("access_token_cookie"));

    let (others, here) = (app.tokens("ana"), app.tokens("ana"));
    let ended = app.client().post_json("/logout", Some(&here.access), &json!({ "scope": "others" }));
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert_eq!(app.client().delete("/logout", Some(&others.access)).msg(), "Token has been revoked");
    assert_eq!(app.client().delete("/logout", Some(&here.refresh)).status, 200);
}

#[test]
fn a_page_that_is_refused_says_why_and_a_form_that_it_has_changed_nothing() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    let led = browser.get("/account");
    assert!(browser.follow(led).body.contains("This site asks everyone like you for a second factor."));
    let led = browser.post("/change-password", &[("new_password", "x")]);
    assert_eq!(led.location(), "/account/factors");
    assert!(browser.follow(led).body.contains("Nothing has changed yet: you need a second factor first."));
}

#[test]
fn where_only_admins_need_two_factors_it_is_asked_of_whoever_becomes_one_and_of_nobody_else() {
    let app = TestApp::with(&[("second_factor", "admins")]);
    app.add_user("ana");
    app.add_admin("adm");
    app.add_admin("owner");
    let (ana, adm) = (app.tokens("ana"), app.tokens("adm"));
    assert_eq!((opens(&app, &ana.access), opens(&app, &adm.access)), (200, 403));
    app.set_role("ana", true);
    app.set_role("adm", false);
    assert_eq!((opens(&app, &ana.access), opens(&app, &adm.access)), (403, 200));
    assert_eq!(app.client().post("/refresh", Some(&ana.refresh)).msg(), "Second factor enrolment required");
    assert_eq!(app.client().post("/refresh", Some(&adm.refresh)).status, 200);
}

#[test]
fn an_admin_whom_a_peer_vouches_for_needs_two_factors_as_well() {
    for (foreign, status) in [("access", 403), ("trust", 200)] {
        let app =
            TestApp::with(&[("jwt.secret_key", SHARED), ("foreign_tokens", foreign), ("second_factor", "admins")]);
        app.add_admin("adm");
        app.add_user("ana");
        app.clock.advance(2);
        let token = |name: &str| of_a_peer(&app, NewToken::access(name).fresh(Fresh::Yes));
        assert_eq!(opens(&app, &token("adm")), status, "{foreign}");
        assert_eq!(opens(&app, &token("ana")), 200, "{foreign}");
    }
}

#[test]
fn nothing_is_asked_before_the_day_from_which_on_it_is() {
    let day = jiff::Timestamp::now().as_second() + 600;
    let app = TestApp::with(&[("second_factor", "everyone"), ("second_factor_from", &day.to_string())]);
    app.add_user("ana");
    let (asker, tokens, mut browser) = (Asker::of(&app), app.tokens("ana"), app.signed_in("ana"));
    assert_eq!(opens(&app, &tokens.access), 200);
    assert!(browser.is_signed_in() && asker.introspect(&tokens.refresh).is_some());
    app.clock.advance(600);
    assert_eq!(opens(&app, &tokens.access), 403);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 403);
    assert_eq!(browser.get("/account").location(), "/account/factors");
    assert!(asker.introspect(&tokens.access).is_none() && asker.introspect(&tokens.refresh).is_none());
}

#[test]
fn where_it_is_off_or_optional_nothing_is_asked_of_a_session_that_there_is() {
    for wanted in ["off", "optional"] {
        let app = TestApp::start();
        app.add_admin("sol");
        let tokens = app.tokens("sol");
        let (app, _folder) = restarted(app, "UPDATE users SET factors = 1", &[("second_factor", wanted)]);
        assert_eq!(opens(&app, &tokens.access), 200, "{wanted}");
        assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 200, "{wanted}");
        assert_eq!(app.client().get("/admin/users", Some(&tokens.access)).status, 200, "{wanted}");
    }
}

#[test]
fn a_refresh_token_is_worth_what_its_session_is_by_now_and_an_access_token_what_it_was() {
    let app = TestApp::start();
    app.add_user("eva");
    let tokens = app.tokens("eva");
    let has_factor = "UPDATE users SET factors = 1";
    let (app, folder) = restarted(app, has_factor, &[("second_factor", "everyone")]);
    let asker = Asker::of(&app);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).msg(), "Second factor required");
    assert!(asker.introspect(&tokens.access).is_none() && asker.introspect(&tokens.refresh).is_none());

    let give = format!("UPDATE sessions SET amr = 'otp pwd mfa', factor_time = {}", app.clock.now().0);
    Behind::of(folder.path()).execute(&give);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh));
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    let access = renewed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&access)["acr"], "aal2");
    assert_eq!(opens(&app, &access), 200);
    assert_eq!(opens(&app, &tokens.access), 401, "it says of itself that it was given for a password");
    assert!(asker.introspect(&access).is_some() && asker.introspect(&tokens.refresh).is_some());
    assert!(asker.introspect(&tokens.access).is_none());
}

#[test]
fn whoever_is_led_to_set_up_a_factor_goes_on_with_it() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    let tokens = app.tokens("ana");
    let post = |path: &str, body: Value| app.client().post_json(path, Some(&tokens.access), &body);
    assert_eq!(opens(&app, &tokens.access), 403);
    let listed = app.client().get("/account/factors", Some(&tokens.access));
    assert_eq!(listed.status, 200, "{}", listed.body);
    let new = post("/account/factors/totp", json!({})).json();
    let code = totp::code(new["secret"].as_str().unwrap(), app.clock.now().0);
    let confirmed = post(&format!("/account/factors/totp/{}/confirm", new["id"]), json!({ "code": code }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(opens(&app, confirmed.json()["access_token"].as_str().unwrap()), 200);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh)).json();
    assert_eq!(
        opens(&app, renewed["access_token"].as_str().unwrap()),
        200,
        "the refresh token of before is good again"
    );
}

#[test]
fn a_session_from_before_the_factor_goes_on_with_a_code() {
    let app = TestApp::with(&[("second_factor", "everyone")]);
    app.add_user("ana");
    let mut browser = app.signed_in("ana");
    assert_eq!(browser.get("/account/activity").location(), "/account/factors");
    let (secret, _) = second_factor(&app, "ana");
    let led = browser.get("/account/activity");
    assert_eq!((led.status, led.location()), (303, "/confirm?next=/account/activity&acr_values=aal2"));
    browser.follow(led);
    app.clock.advance(30);
    let given = [
        ("password", PASSWORD),
        ("code", &totp::code(&secret, app.clock.now().0)),
        ("acr_values", "aal2"),
        ("next", "/account/activity"),
    ];
    let done = browser.post("/confirm", &given);
    assert_eq!((done.status, done.location()), (303, "/account/activity"), "{}", done.body);
    assert_eq!(browser.get("/account/activity").status, 200);
}

#[test]
fn what_somebody_signs_in_with_is_changed_only_by_all_they_sign_in_with() {
    let app = TestApp::start();
    app.add_user("ana");
    let (tokens, mut browser) = (app.tokens("ana"), app.signed_in("ana"));
    second_factor(&app, "ana");
    let refused = app.client().post_json("/account/factors/totp", Some(&tokens.access), &json!({}));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Second factor required"));
    assert!(refused.header("www-authenticate").unwrap().ends_with("acr_values=\"aal2\", max_age=\"600\""));
    assert_eq!(app.client().delete("/account/factors/1", Some(&tokens.access)).msg(), "Second factor required");
    for path in ["/account/factors/totp", "/account/factors/recovery-codes", "/account/factors/1/remove"] {
        assert_eq!(browser.get(path).location(), format!("/confirm?next={path}&acr_values=aal2"));
    }
    assert_eq!(opens(&app, &tokens.access), 200, "everything else is as open as it was");
}

#[test]
fn an_admin_takes_a_factor_away_only_by_all_they_sign_in_with_given_just_now() {
    let app = app_with_admin();
    for name in ["ana", "bea"] {
        second_factor(&app, name);
    }
    let (before, mut browser) = (app.tokens("adm"), app.signed_in("adm"));
    let (secret, _) = second_factor(&app, "adm");
    let post = |token: &str, path: &str| app.client().post_json(path, Some(token), &json!({}));
    let refused = post(&before.access, "/admin/users/1/reset-factors");
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Second factor required"));
    assert!(refused.header("www-authenticate").unwrap().ends_with("acr_values=\"aal2\", max_age=\"300\""));
    let led = browser.get("/admin/users/1/reset-factors");
    assert_eq!(led.location(), "/confirm?next=/admin/users/1/reset-factors&acr_values=aal2");
    for spelled in ["reset%2Dfactors", "%72eset-factors", "Reset-Factors", "reset-factors/"] {
        let path = format!("/admin/users/1/{spelled}");
        assert_ne!(post(&before.access, &path).status, 200, "{path}");
    }
    let query = "SELECT CAST(factors AS TEXT) AS row FROM users WHERE id = 1";
    assert_eq!(Behind::of(app.folder()).rows(query), ["1"]);
    assert_eq!(post(&before.access, "/admin/users/2/disable").status, 200, "other acts are as open as they were");

    app.clock.advance(30);
    let code = totp::code(&secret, app.clock.now().0);
    let given = [("password", PASSWORD), ("code", &code), ("acr_values", "aal2"), ("next", "/admin/users/1")];
    browser.get("/confirm?next=/admin/users/1&acr_values=aal2");
    assert_eq!(browser.post("/confirm", &given).location(), "/admin/users/1");
    app.clock.advance(301);
    browser.get("/confirm?next=/admin/users/1");
    assert_eq!(browser.post("/confirm", &[("password", PASSWORD), ("next", "/admin/users/1")]).status, 303);
    let led = browser.get("/admin/users/1/reset-factors");
    assert!(
        led.location().ends_with("&acr_values=aal2"),
        "the password is new, and the code is old: {}",
        led.location()
    );
    browser.get("/confirm?next=/admin/users/1&acr_values=aal2");
    let code = totp::code(&secret, app.clock.now().0);
    let given = [("password", PASSWORD), ("code", &code), ("acr_values", "aal2"), ("next", "/admin/users/1")];
    assert_eq!(browser.post("/confirm", &given).status, 303);
    browser.get("/admin/users/1/reset-factors");
    assert_eq!(browser.post("/admin/users/1/reset-factors", &[]).status, 303);
    assert_eq!(Behind::of(app.folder()).rows(query), ["0"]);
}

/// What an act that needs this says to the session of `token`.
fn judged(app: &TestApp, token: &str, needs: Needs) -> Option<Fault> {
    let name = Username::parse("eva").unwrap();
    let claims = app.accounts.engine.decode(token, None, app.clock.now()).unwrap();
    let now = app.clock.now();
    let judged = app.accounts.db.read(|conn| {
        let user = users::find_by_name(conn, &name)?.unwrap().id;
        Mandate::new(user, claims, needs, "127.0.0.1".into()).still_holds(conn, now)
    });
    match judged {
        Ok(()) => None,
        Err(portero::accounts::Error::Refused(fault)) => Some(fault),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_act_that_needs_all_that_the_account_has_needs_both_factors_young() {
    let app = TestApp::start();
    app.add_user("eva");
    let tokens = app.tokens("eva");
    let needs = |level, max_age| Needs { role: Role::User, max_age, level, policy: SecondFactorPolicy::ASKS_NOBODY };
    let required = |max_age| Some(Fault::BelowLevel { level: portero::domain::Level::Two, max_age });
    assert_eq!(judged(&app, &tokens.access, needs(LevelNeeded::Highest, Some(600))), None, "there is none to give");

    let (app, folder) = restarted(app, "UPDATE users SET factors = 1", &[]);
    let set = |amr: &str, factor_time: i64| {
        Behind::of(folder.path()).execute(&format!("UPDATE sessions SET amr = '{amr}', factor_time = {factor_time}"));
    };
    let highest = |token: &str, max_age| judged(&app, token, needs(LevelNeeded::Highest, max_age));
    assert_eq!(highest(&tokens.access, Some(600)), required(Some(600)), "what is fresh is one factor");
    assert_eq!(judged(&app, &tokens.access, needs(LevelNeeded::Any, Some(600))), None);
    let now = app.clock.now();
    set("otp pwd mfa", now.0);
    assert_eq!(highest(&tokens.access, Some(600)), required(Some(600)), "the token counts, not the row");
    // A confirmation gives a fresh token of what the row says now.
    let confirmed = app.client().post_json("/confirm", Some(&tokens.access), &json!({ "password": PASSWORD }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let access = confirmed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(highest(&access, Some(600)), None);
    set("otp pwd mfa", now.0 - 601);
    assert_eq!(highest(&access, Some(600)), required(Some(600)), "the row restricts");
    assert_eq!(highest(&access, None), None);
    set("pwd", now.0);
    assert_eq!(highest(&access, None), required(None));
}
