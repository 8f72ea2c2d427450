//! Promise: nobody sees or ends what is not theirs, and only an admin with a recent proof of identity changes anything for others.

use crate::common::{admin, app_with_admin, end, path_of, sid};
use crate::support::TestApp;

#[test]
fn nobody_sees_or_ends_what_is_not_theirs() {
    let app = app_with_admin();
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));
    bea.get("/account");
    for path in ["", "/end"] {
        assert_eq!(ana.get(&format!("/account/sessions/{}{path}", sid(&bea))).status, 404);
    }
    ana.get("/account");
    assert_eq!(ana.post(&format!("/account/sessions/{}/end", sid(&bea)), &[]).status, 404);
    assert_eq!(ana.get(&format!("/admin/sessions/{}", sid(&bea))).status, 403);
    assert_eq!(ana.post(&format!("/admin/sessions/{}/end", sid(&bea)), &[]).status, 403);
    assert_eq!(ana.post("/admin/sessions/end?user=bea", &[]).status, 403);
    assert!(bea.is_signed_in());

    let receipt = end(&mut app.signed_in("adm"), &format!("/admin/sessions/{}/end", sid(&bea)));
    let shown = receipt.body.split("id=\"receipt\"").nth(1).unwrap().split('<').next().unwrap();
    let id = &shown[shown.len() - 36..];
    assert_eq!(ana.get(&format!("/receipts/{id}")).status, 404, "nor its receipt");
    assert_eq!(app.signed_in("bea").get(&format!("/receipts/{id}")).status, 200, "whose session it was may");
    for nonsense in ["/account/sessions/x", "/account/sessions/x/end", "/receipts/x", "/admin/sessions/x"] {
        assert_eq!(app.signed_in("adm").get(nonsense).status, 404, "{nonsense}");
    }
}

#[test]
fn only_an_admin_who_has_just_proved_it_changes_anything() {
    let app = TestApp::start();
    let mut ana = admin(&app);
    app.add_user("bea");
    let user = path_of(&mut ana, "bea");
    let mut bea = app.signed_in("bea");
    for path in ["/admin/users", "/admin/users/add", "/admin/about", &user, &format!("{user}/delete")] {
        assert_eq!(bea.get(path).status, 403, "{path}");
    }
    bea.get("/account");
    assert_eq!(bea.post(&format!("{user}/make-admin"), &[]).status, 403);
    app.clock.advance(301);
    assert_eq!(ana.get("/admin/users").status, 200, "looking needs no more");
    for path in ["/admin/users/add", &format!("{user}/disable")] {
        let asked = ana.get(path);
        assert!(asked.status == 303 && asked.location().starts_with("/confirm?next="), "{path}");
        let sent = ana.post(path, &[("username", "eva")]);
        assert!(sent.status == 303 && sent.location().starts_with("/confirm?next="), "{path}");
    }
    for nowhere in ["/admin/users/999", "/admin/users/x", &format!("{user}/explode")] {
        assert_eq!(ana.get(nowhere).status, if nowhere.ends_with("explode") { 303 } else { 404 }, "{nowhere}");
    }
}
