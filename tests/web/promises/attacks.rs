//! Promise: attacks on sessions, cookies and forms (S), and on passwords and names (B), fail. The numbers are those of a list
//! of attacks that is not part of this repository. A neighbour is another site on the same domain. What holds each attack off:
//!
//! | row | what | held by |
//! |-----|------|---------|
//! | S1  | session fixation | here, and `rooms::login::signing_in_again_in_the_same_browser_ends_the_session_it_held` |
//! | S2  | an old sealed cookie replayed | `rooms::login::a_login_form_that_stood_open_too_long_is_shown_again_with_the_name_and_then_works`, and here: it carries no authority |
//! | S3  | cookies tossed by a neighbour | `honest::a_neighbours_cookie_of_the_same_name_shuts_nobody_out`, and here for the forms |
//! | S4  | a cookie without a name | here |
//! | S5  | broken bytes in a neighbour's cookie | here |
//! | S6  | a cookie bomb | here |
//! | S7  | a cookie of Portero's that is too large for a browser | here |
//! | S8  | forms forged in other shapes | here, `csrf::without_the_value_no_form_changes_anything`, `csrf::a_get_changes_nothing` |
//! | S9  | forms from another site | `csrf::with_the_value_but_from_another_site_no_form_changes_anything` |
//! | S10 | signing somebody in by force | `csrf::nobody_is_signed_in_by_another_site` |
//! | S11 | signing somebody out by force | `csrf::without_the_value_no_form_changes_anything`, `rooms::logout::signing_out_asks_first_and_then_ends_the_session_for_good` |
//! | S12 | renewing by force | `renewal::what_a_page_loads_besides_renews_nothing`, `renewal::a_link_from_another_site_renews_only_by_a_step_of_our_own` |
//! | S13 | open redirects | here, and `local_path::nothing_leads_elsewhere` beside the code |
//! | S14 | framing | `headers::every_answer_says_what_a_browser_may_do_with_it` |
//! | S15 | the back button | the same, and `rooms::logout::signing_out_asks_first_and_then_ends_the_session_for_good` |
//! | S16 | deceived caches | here |
//! | S17 | many renewals at once | `rotation::two_tabs_that_renew_at_once_get_the_very_same_tokens`, `rotation::a_storm_of_tabs_rotates_once_a_round_and_throws_nobody_out` |
//! | S18 | a spent token after the grace | `rotation::a_spent_token_shown_again_ends_the_session_and_the_person_is_told` |
//! | S19 | a lost answer | `process::lost_answers::an_answer_lost_with_its_server_can_be_asked_for_again` |
//! | S20 | one tab signs out, the other sends | here |
//! | S21 | one tab signs in as somebody else, the other sends | here |
//! | S22 | a password changed elsewhere | `rooms::change_password::changing_the_password_puts_every_other_browser_out_and_keeps_this_one` |
//! | S23 | disabled or demoted while in use | `ended::a_disabled_user_is_out_on_the_next_click`, `store::races::of_two_last_admins_one_stays` |
//! | S24 | sessions without a limit | `rotation::the_oldest_of_too_many_programs_ends` |
//! | S25 | ids of other people's sessions | here, and `permissions::nobody_sees_or_ends_what_is_not_theirs` |
//! | S26 | https | `headers::behind_https_cookies_and_connections_are_bound_to_it` |
//! | B1  | names told by the answer | here, and `rooms::login::a_wrong_password_keeps_the_name_and_says_no_more_than_an_unknown_one` |
//! | B2  | names told by the time it takes | `passwords::nothing_matches_the_decoy`, beside the code |
//! | B5  | passwords beyond 72 bytes | here |
//! | B6  | NUL in passwords | here, and `bad_input::a_password_that_is_too_long_or_has_a_nul_is_wrong_and_costs_nothing_more` |
//! | B7  | a hash that leaked | `passwords::a_hash_made_with_another_pepper_is_an_error_not_a_wrong_password`, beside the code |
//! | B8  | different bytes read as the same text | here, and `bad_input::bytes_that_are_not_text_are_refused_and_not_replaced` |
//! | B9  | endless passwords | `bad_input::a_password_that_is_too_long_or_has_a_nul_is_wrong_and_costs_nothing_more` |
//! | B11 | a tampered hash | `passwords::a_hash_that_was_tampered_with_is_an_error_and_costs_nothing`, beside the code |
//! | B12 | links with a foreign host | here, and `raw_http::a_host_of_garbage_stands_in_no_answer_and_breaks_nothing` |
//! | B13 | one-time links | `rooms::setup::the_link_works_once`, `rooms::setup::the_link_is_dead_after_an_hour_and_another_was_never_alive` |
//! | B14 | the first admin | `rooms::setup::whoever_holds_the_link_becomes_the_first_admin_and_is_signed_in` |
//! | B15 | guessing the password while signed in | here: it takes a token and its CSRF value, and from a program a recent proof; then as in `throttle` |
//! | B16 | twins of a name | here, and `domain::names::two_spellings_of_a_name_are_one_user` |
//!
//! Attacks that limits on tries hold off (B3, B4, B10) have tests of their own, such as those in `throttle`.

use serde_json::json;

use crate::common::{FORM, sid};
use crate::support::{Answer, Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

fn app() -> TestApp {
    let app = TestApp::with(&[("throttle", "off")]);
    app.add_user("ana");
    app
}

/// Opens a page with these very bytes as the cookie header.
fn page_with_cookies(app: &TestApp, path: &str, cookies: &[u8]) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\ncookie: ");
    app.raw(&[head.as_bytes(), cookies, b"\r\n\r\n"].concat())
}

fn cookies_of(browser: &Browser) -> String {
    browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_was_planted_before_a_sign_in_is_worth_nothing_after_it() {
    let app = app();
    app.add_user("eve");
    // A form's cookie: the victim signs in with it, and the attacker holds a copy.
    let mut attacker = app.browser();
    attacker.get("/login");
    let mut victim = attacker.clone();
    assert_eq!(victim.sign_in("ana", PASSWORD).status, 303);
    assert!(victim.is_signed_in());
    assert!(!attacker.is_signed_in());
    // A whole session: the victim signs in over it, and it never becomes the victim's.
    let mut attacker = app.signed_in("eve");
    let planted = sid(&attacker);
    let mut victim = app.browser();
    victim.get("/login");
    victim.cookies.extend(attacker.cookies.clone().into_iter().filter(|(name, _)| name.contains("token")));
    let answer = victim.post("/login", &[("username", "ana"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_ne!(sid(&victim), planted);
    let seen = attacker.get("/account");
    assert!(seen.status == 303 || !seen.body.contains(">ana<"), "{}", seen.body);
    assert!(victim.is_signed_in());
}

#[test]
fn a_forms_cookie_opens_no_page_and_changes_nothing_for_who_is_signed_in() {
    let app = app();
    let mut visitor = app.browser();
    visitor.get("/login");
    assert_eq!(visitor.get("/account").status, 303);
    // The CSRF value of a signed-out form does not count in a session.
    let page = visitor.get("/login").body;
    let value = page.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut browser = app.signed_in("ana");
    browser.cookies.extend(visitor.cookies.clone());
    assert_eq!(browser.post_bare("/confirm", &[("csrf_token", value), ("password", PASSWORD)]).status, 403);
    assert_eq!(browser.post_bare("/logout", &[("csrf_token", value)]).status, 403);
    assert!(browser.is_signed_in());
}

#[test]
fn a_cookie_without_a_name_is_no_token_and_harms_none() {
    let app = app();
    let browser = app.signed_in("ana");
    let access = &browser.cookies["access_token_cookie"];
    for nameless in [
        format!("=access_token_cookie={access}"),
        format!("=__Host-access_token_cookie={access}"),
        format!("={access}"),
        access.clone(),
    ] {
        let answer = page_with_cookies(&app, "/account", nameless.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 303"), "{nameless}: {answer}");
        let answer = page_with_cookies(&app, "/account", format!("{nameless}; {}", cookies_of(&browser)).as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200"), "{nameless}: {answer}");
    }
}

#[test]
fn broken_bytes_in_a_neighbours_cookie_sign_nobody_out() {
    let app = app();
    let own = cookies_of(&app.signed_in("ana"));
    for broken in [&b"x=\xff"[..], b"\xff\xfe=x", b"x=%ff", b"x=\"", b"x", b";;;=;", b"\xc3\xa9=\xc3\xa9", b"x=\t"] {
        for cookies in [[broken, b"; ", own.as_bytes()].concat(), [own.as_bytes(), b"; ", broken].concat()] {
            let answer = page_with_cookies(&app, "/account", &cookies);
            assert!(answer.starts_with("HTTP/1.1 200"), "{broken:?}: {answer}");
        }
    }
}

/// Signs in by the form, with a neighbour's cookies before or behind Portero's in the header.
fn sign_in_beside(app: &TestApp, planted: &[u8], before: bool) -> String {
    let mut browser = app.browser();
    let page = browser.get("/login").body;
    let value = page.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let own = cookies_of(&browser).into_bytes();
    let cookies = if before { [planted, b"; ", &own].concat() } else { [&own, &b"; "[..], planted].concat() };
    let body = format!("csrf_token={value}&username=ana&password={}", PASSWORD.replace(' ', "+"));
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\ncookie: ",
        body.len()
    );
    app.raw(&[head.as_bytes(), &cookies, b"\r\n\r\n", body.as_bytes()].concat())
}

#[test]
fn a_neighbours_cookies_keep_nobody_from_signing_in() {
    let app = app();
    for planted in [
        &b"x=y"[..],
        b"x=%ff",
        b"portero_language=xx",
        b"portero_was_here=\"",
        b"access_token_cookie=x",
        // Names of Portero's cookies in disguise, and bytes that are UTF-8 beside bytes that are not.
        b"portero%5Fform=x",
        b"%70ortero_form=x",
        b"z=\xc3\xa9; y=\xff",
        b"portero_device=x; portero_device=y",
    ] {
        for before in [true, false] {
            let answer = sign_in_beside(&app, planted, before);
            assert!(answer.starts_with("HTTP/1.1 303"), "{planted:?} {before}: {answer}");
        }
    }
}

#[test]
fn a_cookie_bomb_is_refused_and_the_next_request_is_not() {
    let app = app();
    let own = cookies_of(&app.signed_in("ana"));
    let bomb = (0..200).map(|number| format!("c{number}={}", "x".repeat(4000))).collect::<Vec<_>>().join("; ");
    let answer = page_with_cookies(&app, "/account", format!("{bomb}; {own}").as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer:.300}");
    let crumbs = (0..2000).map(|number| format!("c{number}=x")).collect::<Vec<_>>().join("; ");
    let answer = page_with_cookies(&app, "/account", format!("{crumbs}; {own}").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:.300}");
}

#[test]
fn no_cookie_of_ours_is_too_large_for_a_browser_whatever_was_asked_for() {
    let app = app();
    let long = format!("/{}", "a".repeat(8000));
    let mut browser = app.browser();
    let asked = [format!("{long}?x"), format!("/account?x={long}"), format!("/login?next={long}")];
    let mut answers: Vec<Answer> = asked.iter().map(|path| browser.get(path)).collect();
    browser.get("/login");
    answers.push(browser.post("/login", &[("username", &long), ("password", "x"), ("next", &long)]));
    answers.push(browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", &long)]));
    assert!(browser.is_signed_in());
    for answer in &answers {
        assert!(answer.status < 500);
        for cookie in answer.set_cookies() {
            assert!(cookie.len() < 4096, "{} bytes: {cookie:.100}", cookie.len());
        }
        assert!(answer.location().len() < 2000);
    }
}

#[test]
fn a_form_in_another_shape_changes_nothing() {
    let app = app();
    let browser = app.signed_in("ana");
    let value = browser.cookies["csrf_access_token"].clone();
    let json = json!({ "password": PASSWORD, "csrf_token": value }).to_string();
    let part =
        |name: &str, value: &str| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let multipart = format!("{}{}--b--\r\n", part("csrf_token", &value), part("password", PASSWORD));
    let form = format!("csrf_token={value}&password={}", PASSWORD.replace(' ', "+"));
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut browser = browser.clone();
        let answer = browser.send(method, path, headers, body.as_bytes());
        assert!((300..500).contains(&answer.status), "{method} {path} {headers:?}: {}", answer.status);
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token_cookie=")), "{path} {headers:?}");
        answer.status
    };
    for path in ["/confirm", "/logout", "/change-password", "/language"] {
        // What a page on another site can send without a preflight; and, last, the CSRF value in a header named like the field.
        send("POST", path, &[("content-type", "text/plain"), OURS], &json);
        send("POST", path, &[("content-type", "text/plain;application/json"), OURS], &json);
        send("POST", path, &[("content-type", "multipart/form-data; boundary=b"), OURS], &multipart);
        send("POST", path, &[OURS], &form);
        send("POST", path, &[FORM, OURS, ("csrf_token", &value)], "password=x");
    }
    // Neither a field nor a header turns one method into another.
    for (name, field) in [("x-http-method-override", "_method"), ("x-method-override", "method")] {
        let page = |method: &str, path: &str| browser.clone().send(method, path, &[(name, "POST"), OURS], b"").status;
        assert_eq!(page("GET", "/logout"), 200);
        assert_eq!(page("GET", &format!("/logout?{field}=POST&csrf_token={value}")), 200);
        assert_eq!(page("GET", &format!("/logout?{field}=DELETE&csrf_token={value}")), 200);
        assert_eq!(page("POST", "/account"), 405);
        let answer = browser.clone().send("POST", "/login", &[(name, "DELETE"), FORM, OURS], b"_method=DELETE");
        assert_eq!(answer.status, 400);
    }
    // A CSRF value in the address does not count as one in the form.
    let answer = browser.clone().send("POST", &format!("/logout?csrf_token={value}"), &[FORM, OURS], b"");
    assert_eq!(answer.status, 403);
    assert!(browser.clone().is_signed_in());
    assert_eq!(app.browser().sign_in("ana", PASSWORD).status, 303);
}

/// Values of `next` that one reader or another takes for an address on another site.
const WAYS_ON: [&str; 64] = [
    "//e.example",
    "///e.example",
    "////e.example",
    "//e.example/account",
    "//e.example@x",
    "//user@e.example",
    "http://e.example",
    "HTTP://e.example",
    "https://e.example",
    "https:e.example",
    "https:/e.example",
    "https:///e.example",
    "http:\\\\e.example",
    "http://127.0.0.1@e.example",
    "http://127.0.0.1:80@e.example",
    "http://e.example#127.0.0.1",
    "http://e.example?127.0.0.1",
    "/\\e.example",
    "\\/e.example",
    "\\\\e.example",
    "\\/\\/e.example",
    "/\\/e.example",
    "//\\e.example",
    "/\t/e.example",
    "\t//e.example",
    "/\n/e.example",
    "/\r/e.example",
    "\n//e.example",
    " //e.example",
    "//e.example ",
    "/ /e.example",
    "/.//e.example",
    "/..//e.example",
    "/x/..//e.example",
    "/x/../..//e.example",
    "/%2f/e.example",
    "/%2f%2fe.example",
    "/%5ce.example",
    "/%09/e.example",
    "/%0d%0alocation:%20//e.example",
    "/\r\nlocation: //e.example",
    "/\r\n\r\n<script>",
    "/\0/e.example",
    "\0//e.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "javascript://e.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:x",
    "ftp://e.example",
    "mailto:x@e.example",
    "/\u{3002}e.example",
    "//e\u{3002}example",
    "\u{ff0f}/e.example",
    "/\u{ff0f}e.example",
    "/\u{2044}/e.example",
    "/\u{200b}/e.example",
    "\u{feff}//e.example",
    "?next=//e.example",
    "#//e.example",
    "e.example",
];

/// Whether a browser that reads this in `Location` stays on the host: one slash, and then nothing that can be read as another one.
fn stays_here(location: &str) -> bool {
    let bytes = location.as_bytes();
    bytes.first() == Some(&b'/')
        && !matches!(bytes.get(1), Some(b'/' | b'\\'))
        && bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\')
        && url::Url::parse("http://here.invalid/").unwrap().join(location).unwrap().host_str() == Some("here.invalid")
}

#[test]
fn no_way_on_leads_from_any_form_or_page_to_another_site() {
    let app = app();
    let mut signed_in = app.signed_in("ana");
    signed_in.get("/account");
    for next in WAYS_ON {
        let mut browser = app.browser();
        browser.get("/login");
        let answers = [
            browser.post("/login", &[("username", "ana"), ("password", PASSWORD), ("next", next)]),
            signed_in.post("/confirm", &[("password", PASSWORD), ("next", next)]),
            signed_in.post("/language", &[("lang", "en"), ("back", next)]),
        ];
        for answer in answers {
            assert_eq!(answer.status, 303, "{next:?}: {}", answer.body);
            assert!(stays_here(answer.location()), "{next:?} leads to {:?}", answer.location());
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        // Somebody who is signed in already is led on at once.
        let answer = signed_in.get(&format!("/login?{query}"));
        assert_eq!(answer.status, 303, "{next:?}");
        assert!(stays_here(answer.location()), "{next:?} leads to {:?}", answer.location());
        for (page, path) in [
            (app.browser().get(&format!("/login?{query}")), "/login"),
            (signed_in.get(&format!("/confirm?{query}")), "/confirm"),
        ] {
            assert_eq!(page.status, 200, "{next:?}");
            let kept = page.body.split("name=\"next\" value=\"").nth(1).unwrap().split('"').next().unwrap();
            // Empty: whoever signs in is led to where they begin.
            assert!(kept.is_empty() || stays_here(kept), "{next:?} is kept by {path} as {kept:?}");
        }
    }
}

#[test]
fn no_path_that_was_asked_for_while_signed_out_leads_to_another_site() {
    let app = app();
    for path in [
        "//e.example",
        "///e.example/",
        "/\\e.example",
        "/%2f/e.example",
        "/%5ce.example",
        "/account/..//e.example",
        "/admin/sessions/..%2f..%2f/e.example",
        "http://e.example/account",
        "/account?x=//e.example",
        "/account#//e.example",
        "/account?next=%0d%0alocation:%20//e.example",
    ] {
        let answer = app.raw(
            format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\n\r\n").as_bytes(),
        );
        assert!(!answer.starts_with("HTTP/1.1 5"), "{path}: {answer}");
        for line in answer.split("\r\n\r\n").next().unwrap_or_default().lines() {
            if let Some(location) = line.strip_prefix("location: ") {
                assert!(stays_here(location), "{path} leads to {location}");
            }
        }
    }
}

#[test]
fn a_path_that_looks_like_a_file_shows_nobodys_page_and_is_kept_by_no_cache() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let sid = sid(&browser);
    for path in [
        "/account/x.css",
        "/account/style.css",
        "/account.css",
        "/account;.js",
        "/account;x.css",
        "/account%0a.css",
        "/account%00.css",
        "/account%23.css",
        "/account%3f.css",
        "/account%2fx.css",
        "/account/..%2fstatic/style.css",
        "/account//x.css",
        "/account/.css",
        "/static/..%2faccount",
        "/static/%2e%2e%2faccount",
        "/whoami/x.js",
        "/account/",
        "/%61ccount.png",
        &format!("/account/sessions/{sid}.css"),
        &format!("/account/sessions/{sid}/x.css"),
        &format!("/account/sessions/{sid};x.css"),
        &format!("/account/sessions/{sid}%0a.css"),
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(!answer.body.contains("TestBrowser") && !answer.body.contains("127.0.0.1"), "{path}: {}", answer.body);
    }
    // With a query it is the same page.
    let answer = browser.get("/account?x.css");
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
}

#[test]
fn what_a_tab_sends_after_another_has_signed_out_leads_to_the_sign_in_and_back() {
    let app = app();
    let mut first = app.signed_in("ana");
    first.get("/change-password");
    let mut second = first.clone();
    first.get("/logout");
    assert_eq!(first.post("/logout", &[]).status, 303);
    // The tabs share their cookies.
    second.cookies = first.cookies.clone();
    let fields =
        [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    let answer = second.post("/change-password", &fields);
    assert_eq!((answer.status, answer.location()), (303, "/login?next=/change-password"));
    let page = second.follow(answer);
    assert!(!page.body.contains(PASSWORD) && !page.body.contains(OTHER_PASSWORD), "{}", page.body);
    let fields = [("username", "ana"), ("password", PASSWORD), ("next", "/change-password")];
    assert_eq!(second.post("/login", &fields).location(), "/change-password");
    assert!(second.is_signed_in(), "nothing was changed");
}

#[test]
fn a_form_of_one_user_changes_nothing_once_the_other_tab_is_another_users() {
    let app = app();
    app.add_user("bea");
    let mut first = app.signed_in("ana");
    let mut second = first.clone();
    second.get("/change-password");
    first.get("/logout");
    first.post("/logout", &[]);
    assert_eq!(first.sign_in("bea", PASSWORD).status, 303);
    second.cookies = first.cookies.clone();
    let fields =
        [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)];
    assert_eq!(second.post("/change-password", &fields).status, 403);
    for name in ["ana", "bea"] {
        assert_eq!(app.browser().sign_in(name, PASSWORD).status, 303, "{name}");
    }
    assert!(first.is_signed_in());
}

#[test]
fn the_id_of_anothers_session_is_answered_like_one_that_never_was() {
    let app = app();
    app.add_user("bea");
    app.add_admin("adm");
    let (mut ana, bea) = (app.signed_in("ana"), app.signed_in("bea"));
    let (own, others) = (sid(&ana), sid(&bea));
    // An id that never existed, one digit away from ana's own: even so close, nothing can be guessed.
    let mut never: Vec<u8> = own.clone().into_bytes();
    let last = never.last_mut().unwrap();
    *last = if *last == b'0' { b'1' } else { b'0' };
    let never = String::from_utf8(never).unwrap();
    let mut answered = |path: &str, id: &str| {
        let mut answer = ana.get(&path.replace("ID", id));
        answer.headers.retain(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date" | "set-cookie"));
        answer.headers.sort_unstable();
        // The page names its path and the id of the request; nothing else may differ.
        let lines = answer.body.lines().filter(|line| !line.contains("class=\"code\""));
        let text: Vec<_> = lines.map(|line| line.replace(id, "ID")).collect();
        (answer.status, answer.headers, text)
    };
    for path in ["/account/sessions/ID", "/account/sessions/ID/end", "/receipts/ID"] {
        let foreign = answered(path, &others);
        assert_eq!(foreign.0, 404, "{path}");
        assert_eq!(foreign, answered(path, &never), "{path}");
    }
    ana.get("/account");
    for id in [&others, &never] {
        assert_eq!(ana.post(&format!("/account/sessions/{id}/end"), &[]).status, 404);
    }
    // To somebody who is no admin, an admin's paths tell nothing either.
    for id in [&own, &others, &never] {
        assert_eq!(ana.get(&format!("/admin/sessions/{id}")).status, 403);
    }
    for spelt in [others.to_uppercase(), format!("{others}%20"), format!("%20{others}"), format!("{{{others}}}")] {
        assert_eq!(ana.get(&format!("/account/sessions/{spelt}")).status, 404, "{spelt}");
    }
    assert!(bea.clone().is_signed_in());
}

#[test]
fn a_wrong_password_an_unknown_name_and_a_disabled_user_are_answered_alike_to_the_byte() {
    let app = app();
    app.add_user("off");
    app.disable("off");
    let answer = |name: &str| {
        let body = json!({ "username": name, "password": "wrong wrong wrong" });
        let mut answer = app.client().post_json("/login", None, &body);
        answer.headers.retain(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"));
        // Actix sends headers in an order that changes from answer to answer.
        answer.headers.sort_unstable();
        (answer.status, answer.headers, answer.body)
    };
    let known = answer("ana");
    assert_eq!(known.0, 401);
    for name in ["bob", "off", "", "a\0b", "<script>", "\u{202e}ana"] {
        assert_eq!(answer(name), known, "{name:?}");
    }
}

/// Changes the password in a new bearer session; returns the answer.
fn change_password(app: &TestApp, name: &str, new: &str) -> Answer {
    let tokens = app.tokens(name);
    let body = json!({ "current_password": PASSWORD, "new_password": new });
    app.client().post_json("/change-password", Some(&tokens.access), &body)
}

fn signs_in(app: &TestApp, name: &str, password: &str) -> bool {
    let answer = app.client().post_json("/login", None, &json!({ "username": name, "password": password }));
    assert!(matches!(answer.status, 200 | 401), "{}", answer.body);
    answer.status == 200
}

#[test]
fn every_byte_of_a_long_password_counts() {
    let app = app();
    // bcrypt by itself stops at 72 bytes, and at the first NUL.
    let long = "x1 y2 ".repeat(40);
    assert_eq!(long.len(), 240);
    assert_eq!(change_password(&app, "ana", &long).status, 200);
    assert!(signs_in(&app, "ana", &long));
    for at in [0, 70, 71, 72, 73, 100, 239] {
        let mut other: Vec<u8> = long.clone().into_bytes();
        other[at] ^= 1;
        assert!(!signs_in(&app, "ana", &String::from_utf8(other).unwrap()), "byte {at} did not count");
    }
    assert!(!signs_in(&app, "ana", &long[..72]));
    assert!(!signs_in(&app, "ana", &long[..239]));
    assert!(!signs_in(&app, "ana", &format!("{long}x")));
}

#[test]
fn a_password_with_a_nul_is_none_or_counts_beyond_it() {
    let app = app();
    let with_nul = "green trees\0and blue skies";
    let kept = change_password(&app, "ana", with_nul).status == 200;
    assert_eq!(signs_in(&app, "ana", with_nul), kept);
    for other in ["green trees", "green trees\0and blue skieS", "green trees\0green trees\0green", "", "\0"] {
        assert!(!signs_in(&app, "ana", other), "{other:?}");
    }
    assert_eq!(signs_in(&app, "ana", PASSWORD), !kept);
}

#[test]
fn two_bytes_that_are_not_text_are_not_the_same_password() {
    let app = app();
    // If bytes that are no text were replaced by U+FFFD, each of the passwords below would be this one.
    let replaced = "verde que te quiero \u{fffd}";
    assert_eq!(change_password(&app, "ana", replaced).status, 200);
    assert!(signs_in(&app, "ana", replaced));
    for raw in ["%ff", "%fe", "%c0", "%ed%a0%80"] {
        let mut browser = app.browser();
        let page = browser.get("/login").body;
        let value = page.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let body = format!("csrf_token={value}&username=ana&password=verde+que+te+quiero+{raw}");
        assert_eq!(browser.send("POST", "/login", &[FORM, OURS], body.as_bytes()).status, 400, "{raw}");
    }
}

#[test]
fn no_link_and_no_way_on_is_made_from_what_a_client_says_of_the_host() {
    for settings in [&[][..], &[("trusted_proxies", "127.0.0.1")]] {
        let app = TestApp::with(settings);
        app.add_user("ana");
        let mut browser = app.browser();
        for header in [
            "x-forwarded-host",
            "x-forwarded-server",
            "x-host",
            "x-original-host",
            "x-forwarded-prefix",
            "x-original-url",
            "x-rewrite-url",
            "x-http-host-override",
        ] {
            browser.headers.push((header.into(), "evil.example".into()));
        }
        browser.headers.push(("forwarded".into(), "for=1.2.3.4;host=evil.example;proto=https".into()));
        browser.headers.push(("x-forwarded-proto".into(), "https".into()));
        browser.headers.push(("x-forwarded-port".into(), "6666".into()));
        let setup = app.setup_link.clone();
        assert!(setup.is_none_or(|link| link.starts_with("http://127.0.0.1:")));
        let mut answers = vec![
            browser.get("/account"),
            browser.get("/.well-known/change-password"),
            browser.sign_in("ana", PASSWORD),
        ];
        for path in ["/", "/account", "/confirm", "/change-password", "/logout", "/nowhere", "/login"] {
            answers.push(browser.get(path));
        }
        assert!(browser.is_signed_in(), "and our own forms are still ours");
        for answer in answers {
            assert!(!answer.body.contains("evil.example") && !answer.body.contains(":6666"), "{}", answer.body);
            assert!(answer.headers.iter().all(|(_, value)| !value.contains("evil.example")), "{:?}", answer.headers);
            assert!(answer.location().is_empty() || stays_here(answer.location()), "{}", answer.location());
        }
    }
}

#[test]
fn a_page_whose_name_was_made_to_lead_here_gets_neither_pages_nor_passwords_tried() {
    let public = [("public_url", "https://login.example.org"), ("password.bcrypt_cost", "10")];
    let app = TestApp::with(&public);
    app.add_user("ana");
    let by = |app: &TestApp, method: &str, path: &str, host: &str, headers: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        let answer = app.raw(request.as_bytes());
        (answer[9..12].parse::<u16>().unwrap(), answer)
    };
    let right = json!({ "username": "ana", "password": PASSWORD }).to_string();
    let json = "content-type: application/json\r\nsec-fetch-site: same-origin\r\n";
    let token = "content-type: application/json\r\nauthorization: Bearer x\r\n";
    let page = "accept: text/html\r\naccept-language: es\r\n";
    for headers in [json, token] {
        let (status, answer) = by(&app, "POST", "/login", "evil.example:8080", headers, &right);
        assert!(status == 421 && answer.contains("Use https://login.example.org/"), "{answer}");
    }
    for path in ["/login", "/setup/x", "/link/x", "/account", "/nowhere"] {
        let (status, answer) = by(&app, "GET", path, "evil.example", page, "");
        assert!(status == 421 && answer.contains("https://login.example.org/"), "{path}: {answer}");
        assert!(!answer.contains("evil.example"), "{answer}");
    }
    for host in ["login.example.org", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "portero:8080"] {
        assert_eq!(by(&app, "POST", "/login", host, json, &right).0, 200, "{host}");
    }
    // Monitoring, apps and the browser's own questions.
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/protected", 401), ("/static/style.css", 200)] {
        assert_eq!(by(&app, "GET", path, "portero.internal.example", "", "").0, status, "{path}");
    }
    let proxied = TestApp::with(&[public[0], public[1], ("trusted_proxies", "127.0.0.1")]);
    proxied.add_user("ana");
    assert_eq!(by(&proxied, "POST", "/login", "upstream.of.the.proxy", json, &right).0, 200);
    // Without a public_url nobody knows what the names of this server are.
    let unnamed = TestApp::start();
    unnamed.add_user("ana");
    assert_eq!(by(&unnamed, "POST", "/login", "login.example.org", json, &right).0, 200);
}

#[test]
fn who_holds_a_copied_session_cannot_guess_the_password_without_the_value_or_beyond_the_limit() {
    let app = TestApp::start();
    app.add_user("ana");
    let browser = app.signed_in("ana");
    let value = browser.cookies["csrf_access_token"].clone();
    let new = OTHER_PASSWORD.replace(' ', "+");
    let guess = |value: &str| {
        let body = format!("csrf_token={value}&current_password=x&new_password={new}&new_password_again={new}");
        browser.clone().send("POST", "/change-password", &[FORM, OURS], body.as_bytes())
    };
    assert_eq!(guess("").status, 403);
    app.clock.advance(601);
    for _ in 0..10 {
        assert_eq!(guess(&value).status, 401);
    }
    let refused = guess(&value);
    assert_eq!(refused.status, 429, "as often as by a confirmation: {}", refused.body);
    let right = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let tokens = app.tokens("ana");
    app.clock.advance(601);
    let refused = app.client().post_json("/change-password", Some(&tokens.access), &right);
    let wrong = json!({ "current_password": "wrong", "new_password": OTHER_PASSWORD });
    let guessed = app.client().post_json("/change-password", Some(&tokens.access), &wrong);
    assert_eq!((refused.status, &refused.body), (401, &guessed.body), "right or wrong is not told");
}

#[test]
fn the_twins_of_a_name_are_the_same_user_or_nobody() {
    let app = app();
    for name in ["ana", "ANA", "Ana", "\u{ff41}\u{ff4e}\u{ff41}"] {
        let answer = app.client().post_json("/login", None, &json!({ "username": name, "password": PASSWORD }));
        if answer.status == 200 {
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            let told = app.client().get("/protected", Some(&token)).body;
            assert!(told.contains("ana"), "{name}: {told}");
        }
    }
    assert!(signs_in(&app, "ANA", PASSWORD));
    // Names that look like ana: in Cyrillic letters, with an accent, a dot, spaces, or characters that can't be seen.
    for name in ["\u{430}n\u{430}", "an\u{e1}", "ana.", "a\u{200b}na", "ana\u{301}", "a n a", "ana\0", "ana\u{feff}"] {
        assert!(!signs_in(&app, name, PASSWORD), "{name:?}");
    }
}

#[test]
fn a_neighbours_broken_or_equally_named_cookie_keeps_nobody_from_signing_in() {
    let app = app();
    for planted in [&b"x=\xff"[..], b"\xff=x", b"portero_language=\xff", b"portero_form=x", b"portero_form=", b"x"] {
        for before in [true, false] {
            let answer = sign_in_beside(&app, planted, before);
            assert!(answer.starts_with("HTTP/1.1 303"), "{planted:?} {before}: {answer:.200}");
        }
    }
}
