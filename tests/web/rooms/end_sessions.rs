//! Room /admin/sessions/end: ending all sessions of a user, or all since a moment.

use portero::domain::{By, UnixTime};
use portero::store::Upkeep;
use portero::store::mass_ends::{self, MassEnd};

use crate::common::{app_with_admin, end, sid};
use crate::support::database::Behind;

#[test]
fn an_admin_ends_one_all_of_a_user_and_all_since_a_moment() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    let mut early = app.signed_in("bea");
    app.clock.advance(100);
    let moment = app.clock.now().0;
    let (mut ana, mut bea) = (app.signed_in("ana"), app.signed_in("bea"));

    let page = admin.get("/admin/sessions").body;
    assert!(page.contains(">ana") && page.matches(">bea").count() == 2, "{page}");
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid(&ana)));
    assert!(receipt.body.contains("Ended by an administrator · By: adm"), "{}", receipt.body);
    assert!(!ana.is_signed_in());

    let mut ana = app.signed_in("ana");
    let page = admin.get(&format!("/admin/sessions/end?since={moment}"));
    assert!(page.body.contains("End 2 sessions?"), "{}", page.body);
    let receipt = end(&mut admin, &format!("/admin/sessions/end?since={moment}"));
    assert!(receipt.body.contains("2 sessions were ended"), "{}", receipt.body);
    assert!(!ana.is_signed_in() && !bea.is_signed_in());
    assert!(early.is_signed_in() && admin.is_signed_in());

    let page = admin.get("/admin/sessions/end?user=BEA");
    assert!(page.body.contains("bea is signed out everywhere, immediately.") && page.body.contains("End one session?"));
    assert!(end(&mut admin, "/admin/sessions/end?user=BEA").body.contains("One session was ended"));
    assert!(!early.is_signed_in());
    // If nothing is left to end, the page says so, and there is no receipt.
    admin.get("/admin/sessions/end?user=bea");
    let answer = admin.post("/admin/sessions/end?user=bea", &[]);
    assert_eq!(answer.location(), "/admin/sessions");
    assert!(admin.follow(answer).body.contains("nothing left to end"));
}

#[test]
fn what_an_admin_may_not_mean_is_refused() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    assert!(admin.get("/admin/sessions/end").body.contains("Started after"));
    for (query, status) in [
        ("?since=yesterday", 400),
        ("?since=", 400),
        ("?user=ana&since=2026-11-25", 400),
        ("?user=nobody", 404),
        ("?user=%3Cscript%3E", 404),
    ] {
        assert_eq!(admin.get(&format!("/admin/sessions/end{query}")).status, status, "{query}");
    }
    admin.get("/account");
    assert_eq!(admin.post("/admin/sessions/end", &[]).status, 400);
}

#[test]
fn very_many_sessions_end_at_once_and_the_receipt_says_how_far_the_list_is() {
    let app = app_with_admin();
    let mut ana = app.signed_in("ana");
    Behind::of(app.folder()).copy_sessions(350);
    let mut admin = app.signed_in("adm");
    let receipt = end(&mut admin, "/admin/sessions/end?since=2020-01-01");
    assert!(receipt.body.contains("351 sessions were ended") && receipt.body.contains("And 151 more sessions"));
    assert!(!receipt.body.contains("not listed yet"), "{}", receipt.body);
    assert!(!ana.is_signed_in() && admin.is_signed_in());
    let mut ana = app.signed_in("ana");
    assert!(ana.is_signed_in());

    // As it is found while the sessions are marked.
    let id = "6a2f8a5e-5d0c-4b8e-9d39-0f6f5a1d8c77";
    let at = app.clock.now().0 + 1;
    let act = MassEnd {
        receipt: id.into(),
        since: UnixTime(0),
        at: UnixTime(at),
        except: None,
        by: By::Operator("root".into()),
        ip: None,
        ended: 0,
    };
    let added = app.accounts.db.write(Upkeep, app.accounts.now(), move |tx, _| mass_ends::add(tx.conn, &act));
    added.committed().unwrap();
    app.clock.advance(10);
    let mut admin = app.signed_in("adm");
    let page = admin.get(&format!("/receipts/{id}")).body;
    assert!(
        page.contains("2 sessions were ended") && page.contains("2 of them are refused already and not listed yet"),
        "{page}"
    );
    assert_eq!(app.signed_in("bea").get(&format!("/receipts/{id}")).status, 404, "it is no business of others");
}
