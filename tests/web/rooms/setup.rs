//! Room /setup/{token}: the one-time link that creates the first admin.

use crate::support::{PASSWORD, TestApp};

fn form(name: &str) -> Vec<(&str, &str)> {
    vec![("username", name), ("new_password", PASSWORD), ("new_password_again", PASSWORD)]
}

#[test]
fn whoever_holds_the_link_becomes_the_first_admin_and_is_signed_in() {
    let app = TestApp::start();
    let mut browser = app.browser();
    assert_eq!(browser.get(&app.setup_path()).status, 200);
    let answer = browser.post(&app.setup_path(), &form("Íñigo"));
    assert_eq!((answer.status, answer.location()), (303, "/admin"), "{}", answer.body);
    let overview = browser.follow(answer);
    assert!(overview.body.contains("Íñigo") && overview.body.contains("Next steps"), "{}", overview.body);
    assert_eq!(browser.get("/admin/revoked").status, 200);
}

#[test]
fn before_the_set_up_the_home_page_says_how_to_begin_and_no_more() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let page = browser.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("No account yet") && page.body.contains("portero setup-link"), "{}", page.body);
    assert!(!page.body.contains("/setup/") && !page.body.contains(env!("CARGO_PKG_VERSION")), "{}", page.body);
    let mut spanish = app.browser();
    spanish.headers.push(("accept-language".into(), "es".into()));
    assert!(spanish.get("/").body.contains("Aún no hay ninguna cuenta"));
    assert_eq!(app.client().get("/", None).location(), "/login", "programs read no pages");
    browser.get(&app.setup_path());
    browser.post(&app.setup_path(), &form("ana"));
    assert_eq!(app.browser().get("/").location(), "/login");
}

#[test]
fn the_link_works_once() {
    let app = TestApp::start();
    let mut browser = app.browser();
    browser.get(&app.setup_path());
    browser.post(&app.setup_path(), &form("ana"));
    assert_eq!(app.browser().get(&app.setup_path()).status, 410);
    let mut late = app.browser();
    late.get("/login");
    assert_eq!(late.post(&app.setup_path(), &form("bea")).status, 410);
}

#[test]
fn looking_at_the_link_uses_nothing_up() {
    let app = TestApp::start();
    for _ in 0..3 {
        assert_eq!(app.browser().get(&app.setup_path()).status, 200);
    }
}

#[test]
fn the_link_is_dead_after_an_hour_and_another_was_never_alive() {
    let app = TestApp::start();
    assert_eq!(app.browser().get(&format!("{}x", app.setup_path())).status, 410);
    app.clock.advance(60 * 60);
    assert_eq!(app.browser().get(&app.setup_path()).status, 410);
}

#[test]
fn what_is_wrong_with_the_form_is_said_and_the_name_is_kept() {
    let app = TestApp::start();
    let mut browser = app.browser();
    browser.get(&app.setup_path());
    for (name, new, again, text) in [
        ("", PASSWORD, PASSWORD, "Enter a username"),
        ("a b", PASSWORD, PASSWORD, "Use only letters"),
        ("ana", "short", "short", "too short"),
        ("ana", "password1234", "password1234", "too easy to guess"),
        ("ana", PASSWORD, "correct horse", "don’t match"),
    ] {
        let fields = [("username", name), ("new_password", new), ("new_password_again", again)];
        let page = browser.post(&app.setup_path(), &fields);
        assert_eq!(page.status, 400, "{text}");
        assert!(page.body.contains(text), "{text}: {}", page.body);
        assert!(page.body.contains(&format!("name=\"username\" value=\"{name}\"")), "{text}");
        assert!(!page.body.contains(PASSWORD), "{text}");
    }
    let page = browser.post(&app.setup_path(), &[("username", ""), ("new_password", ""), ("new_password_again", "")]);
    for text in ["Enter a username", "Choose a password"] {
        assert!(page.body.contains(text), "all at once: {text}");
    }
    assert_eq!(browser.post(&app.setup_path(), &form("ana")).status, 303);
}

#[test]
fn of_two_who_hold_the_link_one_wins() {
    let app = TestApp::start();
    let path = app.setup_path();
    let browsers = ["ana", "bea"].map(|name| {
        let mut browser = app.browser();
        browser.get(&path);
        (browser, name)
    });
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let path = &path;
        let visits = browsers.map(|(mut browser, name)| scope.spawn(move || browser.post(path, &form(name)).status));
        visits.into_iter().map(|visit| visit.join().unwrap()).collect()
    });
    let mut sorted = statuses.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [303, 410], "{statuses:?}");
}
