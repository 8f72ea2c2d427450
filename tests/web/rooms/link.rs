//! Room /link/{token}: a one-time link that an admin gives to somebody who is invited, or forgot their password.

use crate::common::{act, add_by_form, admin, link_on, path_of};
use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp};

const NEW_PASSWORD: &str = "lluvia de estrellas en agosto";

fn chosen() -> [(&'static str, &'static str); 2] {
    [("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)]
}

#[test]
fn who_is_invited_chooses_a_password_and_is_signed_in() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let link = link_on(&add_by_form(&mut ana, "Íñigo"));
    let mut inigo = app.browser();
    for _ in 0..3 {
        // Chat programs fetch links to preview them, which must not use them up.
        let page = inigo.get(&link);
        assert!(page.status == 200 && page.body.contains("Íñigo"), "{}", page.body);
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let weak = inigo.post(&link, &[("new_password", "short"), ("new_password_again", "short")]);
    assert!(weak.status == 400 && weak.body.contains("at least 12 characters"), "{}", weak.body);
    let differ = inigo.post(&link, &[("new_password", NEW_PASSWORD), ("new_password_again", OTHER_PASSWORD)]);
    assert_eq!(differ.status, 400, "nothing is used up yet");
    let done = inigo.post(&link, &chosen());
    let account = inigo.follow(done);
    assert!(account.body.contains("Your password is set") && inigo.is_signed_in());

    assert_eq!(app.browser().get(&link).status, 410, "it works once");
    assert_eq!(app.browser().sign_in("íñigo", NEW_PASSWORD).status, 303);
}

#[test]
fn who_forgot_the_password_gets_a_link_and_every_session_ends() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let (mut first, mut second) = (app.signed_in("bea"), app.signed_in("bea"));
    let user = path_of(&mut ana, "bea");
    let old = link_on(&act(&mut ana, &user, "link", &[]));
    let new = link_on(&act(&mut ana, &user, "link", &[]));
    assert_eq!(app.browser().get(&old).status, 410, "a new link voids the one before");
    assert!(first.is_signed_in() && second.is_signed_in(), "a link alone changes nothing");
    let mut bea = app.browser();
    bea.get(&new);
    let done = bea.post(&new, &chosen());
    let account = bea.follow(done);
    assert!(account.body.contains("2 other sessions were signed out"), "{}", account.body);
    assert!(!first.is_signed_in() && !second.is_signed_in() && bea.is_signed_in());
    assert_eq!(app.browser().sign_in("bea", PASSWORD).status, 401);
}

#[test]
fn who_uses_a_link_in_a_browser_where_somebody_is_signed_in_takes_their_place() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let link = link_on(&act(&mut ana, &user, "link", &[]));
    let before = ana.clone();
    ana.get(&link);
    let done = ana.post(&link, &chosen());
    let account = ana.follow(done);
    assert!(account.body.contains("bea") && !account.body.contains("/admin/users"), "{}", account.body);
    assert!(!before.clone().is_signed_in(), "nobody is left signed in behind it");
}

#[test]
fn a_link_dies_with_time_and_with_its_user() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "eva", "leo"] {
        app.add_user(name);
    }
    let link_for = |ana: &mut Browser, name: &str| {
        let user = path_of(ana, name);
        link_on(&act(ana, &user, "link", &[]))
    };
    let (bea, eva, leo) = (link_for(&mut ana, "bea"), link_for(&mut ana, "eva"), link_for(&mut ana, "leo"));
    app.disable("bea");
    let user = path_of(&mut ana, "leo");
    act(&mut ana, &user, "delete", &[("name", "leo")]);
    for dead in [&bea, &leo, &"/link/x".to_owned(), &format!("{eva}x")] {
        let mut browser = app.browser();
        assert_eq!(browser.get(dead).status, 410, "{dead}");
        browser.get("/login");
        assert_eq!(browser.post(dead, &chosen()).status, 410, "{dead}");
    }
    assert_eq!(app.browser().get(&eva).status, 200);
    app.clock.advance(24 * 60 * 60);
    assert_eq!(app.browser().get(&eva).status, 410);
}

#[test]
fn a_link_dies_with_every_other_way_to_a_new_password() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    for name in ["bea", "eva"] {
        app.add_user(name);
    }
    let [of_bea, of_eva] = ["bea", "eva"].map(|name| {
        let user = path_of(&mut ana, name);
        link_on(&act(&mut ana, &user, "link", &[]))
    });
    let mut bea = app.signed_in("bea");
    bea.get("/change-password");
    let fields = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    let changed = bea.post("/change-password", &fields);
    assert_eq!(changed.status, 303, "{}", changed.body);
    app.set_password("eva", NEW_PASSWORD);
    for dead in [of_bea, of_eva] {
        let mut thief = app.browser();
        assert_eq!(thief.get(&dead).status, 410, "{dead}");
        thief.get("/login");
        assert_eq!(
            thief.post(&dead, &[("new_password", OTHER_PASSWORD), ("new_password_again", OTHER_PASSWORD)]).status,
            410
        );
    }
    assert!(bea.is_signed_in());
    assert_eq!(app.browser().sign_in("eva", NEW_PASSWORD).status, 303);
}

#[test]
fn of_two_who_use_a_link_at_once_one_wins() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let link = link_on(&act(&mut ana, &user, "link", &[]));
    let visitors: Vec<_> = (0..8)
        .map(|_| {
            let (mut browser, link) = (app.browser(), link.clone());
            browser.get(&link);
            std::thread::spawn(move || browser.post(&link, &chosen()).status)
        })
        .collect();
    let mut statuses: Vec<_> = visitors.into_iter().map(|one| one.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410, 410, 410]);
}

#[test]
fn guessing_links_has_an_end() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let statuses: Vec<_> = (0..25).map(|n| browser.get(&format!("/link/guess-{n}")).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 410).count(), 20);
    assert!(statuses.ends_with(&[429, 429, 429, 429, 429]));
}
