//! Promise: nobody honest is signed out by a page that was asked for without cookies, by a clock that
//! is set right, or by the cookies of a neighbour (another site on the same domain).

use crate::common::{A_QUARTER_OF_AN_HOUR, app};

#[test]
fn a_page_that_was_asked_for_without_cookies_takes_none_away() {
    let app = app();
    let answer = app.browser().get("/account");
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.contains("token")), "{:?}", answer.set_cookies());
}

#[test]
fn a_clock_that_is_set_back_a_little_signs_nobody_out() {
    let app = app();
    let mut browser = app.signed_in("ana");
    let tokens = app.tokens("ana");
    let opens = |token| app.client().get("/protected", Some(token)).status;
    for back in [3, 60 - 3 - 2] {
        app.clock.advance(-back);
        assert!(browser.is_signed_in(), "{back}");
        assert_eq!(opens(&tokens.access), 200, "{back}");
        assert_eq!(browser.get("/change-password").status, 200, "the proof of identity is as fresh as before");
    }
    app.clock.advance(-10);
    assert_eq!(opens(&tokens.access), 422, "not valid yet");
    browser.get("/account");
    app.clock.advance(70);
    assert!(browser.is_signed_in(), "the cookies are still there");

    app.clock.advance(A_QUARTER_OF_AN_HOUR);
    let mut second_tab = browser.clone();
    assert!(browser.is_signed_in());
    app.clock.advance(-2);
    second_tab.get("/account");
    app.clock.advance(3);
    assert!(second_tab.is_signed_in() && browser.is_signed_in());
}

#[test]
fn a_neighbours_cookie_of_the_same_name_shuts_nobody_out() {
    let app = app();
    let browser = app.signed_in("ana");
    for planted in
        ["access_token_cookie=x; ", "access_token_cookie=; ", "access_token_cookie=a.b.c; refresh_token_cookie=x; "]
    {
        let (access, refresh) = (&browser.cookies["access_token_cookie"], &browser.cookies["refresh_token_cookie"]);
        let request = format!(
            "GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: {planted}access_token_cookie={access}; \
             refresh_token_cookie={refresh}\r\n\r\n"
        );
        assert!(app.raw(request.as_bytes()).starts_with("HTTP/1.1 200"), "{planted}");
    }
}

#[test]
fn a_broken_cookie_of_a_neighbour_signs_nobody_out() {
    let app = app();
    let mut browser = app.signed_in("ana");
    assert!(browser.is_signed_in());
    let token = &browser.cookies["access_token_cookie"];
    let mut request = b"GET /account HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: tracking=caf\xff; ".to_vec();
    request.extend_from_slice(format!("access_token_cookie={token}\r\n\r\n").as_bytes());
    assert!(app.raw(&request).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_browser_with_hundreds_of_other_cookies_stays_signed_in_and_of_forged_tokens_a_few_are_checked() {
    let app = app();
    let browser = app.signed_in("ana");
    let access = &browser.cookies["access_token_cookie"];
    let (head, tail) = access.rsplit_once('.').unwrap();
    let reversed: String = tail.chars().rev().collect();
    let forged = format!("access_token_cookie={head}.{reversed}; ");
    let others: String = (0..300).map(|n| format!("app{n}_session=some-value-{n}; ")).collect();
    let status = |before: &str| {
        let cookie = format!("{before}access_token_cookie={access}");
        app.client().send("GET", "/protected", None, &[("cookie", &cookie)], b"").status
    };
    assert_eq!(status(&others), 200);
    assert_eq!(status(&(forged.repeat(7) + &others)), 200);
    assert_eq!(status(&forged.repeat(100)), 422, "the last is not looked at");
}
