//! Rooms /account/sessions/{sid}/end and /admin/sessions/{sid}/end: ending one session, one's own or anybody's.

use crate::common::{CHROME, FIREFOX, app_with_admin, end, sid, with_user_agent};
use crate::support::PASSWORD;

#[test]
fn a_person_sees_browsers_in_words_and_ends_one_of_them() {
    let app = app_with_admin();
    let (mut own, mut other) = (with_user_agent(&app, CHROME), with_user_agent(&app, FIREFOX));
    let page = own.get("/account").body;
    assert!(page.contains("Chrome on Windows") && page.contains("Firefox on Linux"), "{page}");
    let receipt = end(&mut own, &format!("/account/sessions/{}/end", sid(&other)));
    assert!(receipt.body.contains("One session was ended") && receipt.body.contains("Refused"), "{}", receipt.body);
    assert!(
        receipt.body.contains("Firefox on Linux") && receipt.body.contains("Ended by the user"),
        "{}",
        receipt.body
    );
    assert!(!other.is_signed_in());
    assert!(own.is_signed_in());
}

#[test]
fn ending_needs_a_recent_proof_of_identity() {
    let app = app_with_admin();
    let (mut own, other) = (app.signed_in("ana"), app.signed_in("ana"));
    app.clock.advance(601);
    let path = format!("/account/sessions/{}/end", sid(&other));
    let answer = own.get(&path);
    assert_eq!(answer.location(), format!("/confirm?next={path}"));
    assert!(own.follow(answer).body.contains("to end sessions"));
    let answer = own.post("/confirm", &[("password", PASSWORD), ("next", &path)]);
    assert_eq!(answer.location(), path);
    assert!(end(&mut own, &path).body.contains("One session was ended"));
}

#[test]
fn the_own_session_is_ended_by_signing_out() {
    let app = app_with_admin();
    let mut own = app.signed_in("ana");
    assert_eq!(own.get(&format!("/account/sessions/{}/end", sid(&own.clone()))).location(), "/logout");
}

#[test]
fn an_admin_needs_a_proof_under_five_minutes_old() {
    let app = app_with_admin();
    let (mut admin, mut bea) = (app.signed_in("adm"), app.signed_in("bea"));
    let path = format!("/admin/sessions/{}/end", sid(&bea));
    admin.get(&path);
    app.clock.advance(301);
    let answer = admin.post(&path, &[]);
    assert_eq!((answer.status, answer.location()), (303, format!("/confirm?next={path}").as_str()));
    assert!(bea.is_signed_in());
    let tokens = app.tokens("adm");
    app.clock.advance(301);
    let refused = app.client().post(&path, Some(&tokens.access));
    assert_eq!((refused.status, refused.msg().as_str()), (401, "Fresh token required"));
    assert!(refused.header("www-authenticate").unwrap().contains("max_age=\"300\""));
}

#[test]
fn what_ends_something_is_red_and_says_if_it_is_ones_own() {
    let app = app_with_admin();
    let (mut admin, other, ana) = (app.signed_in("adm"), app.signed_in("adm"), app.signed_in("ana"));
    for (path, is_own) in [
        (format!("/admin/sessions/{}/end", sid(&ana)), false),
        (format!("/admin/sessions/{}/end", sid(&other)), true),
        ("/admin/sessions/end?user=ana".to_owned(), false),
        ("/admin/sessions/end?user=adm".to_owned(), true),
        ("/admin/sessions/end?since=2020-01-01".to_owned(), false),
        ("/logout?scope=others".to_owned(), false),
        (format!("/account/sessions/{}/end", sid(&other)), false),
    ] {
        let page = admin.get(&path).body;
        assert!(page.contains("class=\"button primary danger\""), "{path}: {page}");
        assert_eq!(page.contains("This is you."), is_own, "{path}: {page}");
    }
    for (path, link) in [
        ("/admin/sessions".to_owned(), "class=\"button secondary danger\" href=\"/admin/sessions/end\""),
        ("/account".to_owned(), "class=\"button secondary danger\" href=\"/logout?scope=others\""),
        (format!("/admin/sessions/{}", sid(&ana)), "class=\"button secondary danger\" href=\"/admin/sessions/"),
    ] {
        let page = admin.get(&path).body;
        assert!(page.contains(link), "{path}: {page}");
    }
}

#[test]
fn a_device_is_ended_with_two_clicks() {
    let app = app_with_admin();
    let (mut own, mut other) = (app.signed_in("ana"), app.signed_in("ana"));
    let link = format!("/account/sessions/{}/end", sid(&other));
    let list = own.get("/account").body;
    assert!(list.contains(&format!("href=\"{link}\"")), "{list}");
    let question = own.get(&link).body;
    assert!(question.contains(&format!("action=\"{link}\"")), "{question}");
    let done = own.post(&link, &[]);
    assert!(own.follow(done).body.contains("One session was ended"));
    assert!(!other.is_signed_in());
}
