//! Room /admin/users/{id}: one user, with what is open, what happened, and what can be done.

use crate::common::{CHROME, act, admin, path_of};
use crate::support::{PASSWORD, TestApp};

#[test]
fn a_users_page_shows_the_newest_sessions_each_with_its_story() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    assert!(ana.get(&user).body.contains("No session is open."));
    let mut sids = Vec::new();
    for _ in 0..6 {
        app.clock.advance(1);
        sids.push(crate::common::sid(&app.signed_in("bea")));
    }
    let page = ana.get(&user);
    assert!(page.body.contains("The newest of 6 open sessions"), "{}", page.body);
    for (n, sid) in sids.iter().enumerate() {
        let story = format!("/admin/sessions/{sid}");
        assert_eq!(page.body.contains(&format!("href=\"{story}\"")), n > 0, "the oldest has no room: {n}");
    }
    assert_eq!(ana.get(&format!("/admin/sessions/{}", sids[5])).status, 200);
    assert!(page.body.contains("href=\"/admin/sessions?user=bea\"") && page.body.contains("/admin/audit?user=bea"));
    let own = path_of(&mut ana, "ana");
    assert!(ana.get(&own).body.contains("This device"), "the admin's own session is marked");
}

#[test]
fn an_admin_is_told_by_its_browser_of_a_users_sign_in() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let mut bea = app.browser();
    bea.user_agent = CHROME.into();
    assert_eq!(bea.sign_in("bea", PASSWORD).status, 303);
    let user = path_of(&mut ana, "bea");
    for list in [user.as_str(), "/admin/audit?user=bea"] {
        let page = ana.get(list).body;
        let events = page.split_once("compact events").unwrap().1;
        assert!(events.contains(">Chrome on Windows</span>") && !events.contains(">Web</span>"), "{list}: {events}");
    }
}

#[test]
fn what_is_dangerous_stands_apart_from_the_other_acts() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    app.signed_in("bea");
    let user = path_of(&mut ana, "bea");
    let page = ana.get(&user).body;
    let (acts, dangers) = page.split_once("danger-zone").unwrap();
    for path in [format!("{user}/disable"), format!("{user}/delete"), "/admin/sessions/end?user=bea".into()] {
        assert!(dangers.contains(&format!("danger\" href=\"{path}\"")) && !acts.contains(&path), "{path}");
        assert_eq!(ana.get(&path).status, 200);
    }
    for path in [format!("{user}/link"), format!("{user}/make-admin"), format!("{user}/rename")] {
        assert!(acts.contains(&format!("href=\"{path}\"")) && !dangers.contains(&path), "{path}");
    }
    act(&mut ana, &user, "delete", &[("name", "bea")]);
    let page = ana.get(&user).body;
    assert!(page.contains(&format!("{user}/restore")) && !page.contains("danger-zone"), "{page}");
    assert!(!page.contains("?user=bea"), "a list finds no deleted user by name");
}

#[test]
fn a_users_page_says_where_it_stands() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    let user = path_of(&mut ana, "ana");
    let page = ana.get(&user).body;
    let trail = page.split("<nav class=\"breadcrumb\"").nth(1).unwrap().split("</nav>").next().unwrap();
    assert!(
        trail.contains("href=\"/admin/users\">Users</a>") && trail.contains("aria-current=\"page\">ana"),
        "{trail}"
    );
}
