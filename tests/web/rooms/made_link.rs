//! Room /admin/users/{id}/made-link: the link that an admin has just made, to hand over.

use crate::common::{act, add_by_form, admin, link_on, path_of};
use crate::support::{PASSWORD, TestApp};

#[test]
fn a_link_is_shown_again_when_its_page_is_loaded_again() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    ana.get("/admin/users/add");
    let made = ana.post("/admin/users/add", &[("username", "bea")]);
    assert_eq!((made.status, made.location()), (303, "/admin/users/2/made-link"));
    let page = ana.get("/admin/users/2/made-link");
    let link = link_on(&page);
    for _ in 0..3 {
        let again = ana.get("/admin/users/2/made-link");
        assert_eq!((again.status, link_on(&again)), (200, link.clone()));
    }
    assert!(page.body.contains("<textarea") && page.body.contains("data-copy=\"link\""), "{}", page.body);
    for path in ["/admin/users/2", "/admin/users/add"] {
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{path}: {}", page.body);
    }
    assert_eq!(app.browser().get(&link).status, 200);
}

#[test]
fn links_made_in_several_tabs_are_all_shown() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let links: Vec<_> = ["bea", "cleo", "dora"].map(|name| link_on(&add_by_form(&mut ana, name))).into();
    for (n, link) in links.iter().enumerate() {
        assert_eq!(&link_on(&ana.get(&format!("/admin/users/{}/made-link", n + 2))), link, "{n}");
    }
    let sealed = ana.cookies["portero_form"].len();
    assert!(sealed < 1500, "{sealed}");
    let newer = link_on(&act(&mut ana, "/admin/users/3", "link", &[]));
    assert_ne!(newer, links[1]);
    assert_eq!(link_on(&ana.get("/admin/users/3/made-link")), newer);
}

#[test]
fn a_link_is_shown_to_the_session_that_made_it_and_for_ten_minutes() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_admin("eva");
    add_by_form(&mut ana, "bea");
    let path = "/admin/users/3/made-link";
    assert_eq!(ana.get("/admin/users/2/made-link").status, 410, "of somebody else");
    // Whoever has copied the cookie has to be the same session, too.
    let mut eva = app.signed_in("eva");
    eva.cookies.insert("portero_form".into(), ana.cookies["portero_form"].clone());
    let refused = eva.get(path);
    assert!(refused.status == 410 && !refused.body.contains("/link/"), "{}", refused.body);
    let mut other = app.signed_in("ana");
    other.cookies.insert("portero_form".into(), ana.cookies["portero_form"].clone());
    assert_eq!(other.get(path).status, 410);
    let mut nobody = app.browser();
    nobody.cookies.insert("portero_form".into(), ana.cookies["portero_form"].clone());
    assert_eq!(nobody.get(path).status, 303, "to the login page");

    // Nearly: the clock goes on by itself, too.
    app.clock.advance(10 * 60 - 30);
    let asked = ana.get(path);
    assert!(
        asked.location().starts_with("/confirm?next="),
        "a copy of both cookies is not enough: {}",
        asked.location()
    );
    ana.follow(asked);
    assert_eq!(ana.post("/confirm", &[("password", PASSWORD), ("next", path)]).location(), path);
    assert_eq!(ana.get(path).status, 200);
    app.clock.advance(31);
    let late = ana.get(path);
    assert!(late.status == 410 && late.body.contains("/admin/users/3/link"), "{}", late.body);
}

#[test]
fn a_link_that_is_of_no_use_any_more_is_not_shown() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let link = link_on(&add_by_form(&mut ana, "bea"));
    let mut bea = app.browser();
    bea.get(&link);
    assert_eq!(bea.post(&link, &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]).status, 303);
    assert_eq!(ana.get("/admin/users/2/made-link").status, 410);
    let user = path_of(&mut ana, "bea");
    assert!(act(&mut ana, &user, "link", &[]).body.contains("/link/"));
    app.disable("bea");
    assert_eq!(ana.get("/admin/users/2/made-link").status, 410);
}

#[test]
fn whoever_signs_out_leaves_no_link_behind() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    add_by_form(&mut ana, "bea");
    ana.get("/logout");
    assert_eq!(ana.post("/logout", &[]).status, 303);
    ana.sign_in("ana", PASSWORD);
    assert_eq!(ana.get("/admin/users/2/made-link").status, 410);
    assert_eq!(ana.get("/admin/users/99/made-link").status, 404);
}
