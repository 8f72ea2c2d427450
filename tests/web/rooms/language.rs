//! Room /language: a language chosen by hand, before and after signing in.

use crate::common::app;

#[test]
fn a_language_chosen_by_hand_stays_also_in_the_next_browser() {
    let app = app();
    let mut browser = app.signed_in("ana");
    browser.get("/account");
    let answer = browser.post("/language", &[("lang", "es"), ("back", "/account")]);
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert!(browser.get("/account").body.contains("<html lang=\"es\">"));
    let mut next = app.signed_in("ana");
    assert!(next.get("/account").body.contains("Tu cuenta"));
}

#[test]
fn a_language_is_chosen_also_before_signing_in_and_leads_nowhere_else() {
    let app = app();
    let mut browser = app.browser();
    browser.get("/login");
    assert_eq!(browser.post("/language", &[("lang", "es"), ("back", "//evil.example")]).location(), "/account");
    let page = browser.get("/login");
    assert!(page.body.contains("Iniciar sesión"), "{}", page.body);
    assert_eq!(browser.post("/language", &[("lang", "xx"), ("back", "/login")]).status, 400);
}

#[test]
fn a_page_of_an_earlier_session_changes_nothing_and_says_what_to_do() {
    let app = app();
    for (page, path, fields) in
        [("/account", "/language", &[("lang", "es"), ("back", "/account")][..]), ("/logout", "/logout", &[])]
    {
        let mut old_page = app.signed_in("ana");
        old_page.get(page);
        let mut browser = app.signed_in("ana");
        old_page.cookies = browser.cookies.clone();
        let refused = old_page.post(path, fields);
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.body.contains("because you’ve signed in again since"), "{path} {}", refused.body);
        assert!(browser.get("/account").body.contains("<html lang=\"en\">"), "{path}");
    }
}
