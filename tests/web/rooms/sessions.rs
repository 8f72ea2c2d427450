//! Room /admin/sessions: the open sessions of everybody, filtered and page by page.

use portero::accounts::upkeep::prune::close_run_out;
use serde_json::json;

use crate::common::{app_with_admin, as_json};
use crate::support::Browser;

#[test]
fn what_has_run_out_or_was_idle_is_no_longer_listed_as_open() {
    let app = app_with_admin();
    app.signed_in("ana");
    app.tokens("bea");
    app.clock.advance(14 * 3600);
    close_run_out(&app.accounts).unwrap();
    let mut admin = app.signed_in("adm");
    let count = |admin: &mut Browser, query: &str| as_json(admin, query)["sessions"].as_array().map(Vec::len);
    assert_eq!(count(&mut admin, "/admin/sessions?user=ana"), Some(0));
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(1));
    let expired = as_json(&mut admin, "/admin/revoked?reason=expired");
    assert_eq!((expired["revoked"].as_array().unwrap().len(), &expired["revoked"][0]["user"]), (1, &json!("ana")));
    app.clock.advance(8 * 24 * 3600);
    close_run_out(&app.accounts).unwrap();
    let mut admin = app.signed_in("adm");
    assert_eq!(count(&mut admin, "/admin/sessions?user=bea"), Some(0));
    assert_eq!(as_json(&mut admin, "/admin/revoked?reason=idle")["revoked"][0]["user"], json!("bea"));
}

#[test]
fn open_sessions_are_filtered_and_paged() {
    let app = app_with_admin();
    let mut admin = app.signed_in("adm");
    for _ in 0..120 {
        app.clock.advance(1);
        app.tokens("bea");
    }
    app.signed_in("ana");
    // A user can hold 50 bearer sessions, so bea has 50 open.
    let mut seen = Vec::new();
    let mut path = "/admin/sessions".to_owned();
    loop {
        let list = as_json(&mut admin, &path);
        seen.extend(list["sessions"].as_array().unwrap().iter().map(|one| one["sid"].as_str().unwrap().to_owned()));
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/admin/sessions?before={next}");
    }
    assert_eq!(seen.len(), 52);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 52);
    let count = |admin: &mut Browser, query: &str| {
        as_json(admin, &format!("/admin/sessions{query}"))["sessions"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut admin, "?user=ana"), 1);
    assert_eq!(count(&mut admin, "?ip=127.0.0.1"), 50);
    assert_eq!(count(&mut admin, "?ip=%3A%3Affff%3A127.0.0.1"), 50, "in any spelling");
    assert_eq!(count(&mut admin, "?ip=203.0.113.9"), 0);
    let eleventh = as_json(&mut admin, "/admin/sessions?user=bea")["sessions"][10]["signed_in_at"].as_i64().unwrap();
    assert_eq!(count(&mut admin, &format!("?user=bea&from={eleventh}")), 11);
    assert_eq!(count(&mut admin, &format!("?user=bea&until={eleventh}")), 40);
    assert_eq!(count(&mut admin, "?state=odd"), 0);
    let page = admin.get("/admin/sessions?from=2026-01-02&until=2099-01-02").body;
    assert!(page.contains("value=\"2026-01-02T00:00:00\"") && page.contains("value=\"2099-01-02T23:59:59\""), "{page}");
    for bad in ["?state=x", "?from=x", "?until=x", "?before=x"] {
        assert_eq!(admin.get(&format!("/admin/sessions{bad}")).status, 400, "{bad}");
    }
}
