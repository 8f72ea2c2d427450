//! Room /revoke: an app revokes a token, a refresh token together with its session.

use crate::common::{Asker, opens};
use crate::support::TestApp;

#[test]
fn an_app_has_an_access_token_revoked_alone_and_a_refresh_token_with_its_session() {
    let app = TestApp::start();
    app.add_admin("ana");
    let (asker, tokens) = (Asker::of(&app), app.tokens("ana"));
    asker.revoke(&tokens.access);
    assert_eq!(opens(&app, &tokens.access), 401);
    let renewed = app.client().post("/refresh", Some(&tokens.refresh)).json();
    let renewed = renewed["access_token"].as_str().unwrap();
    assert_eq!(opens(&app, renewed), 200, "the session goes on");

    asker.revoke(&tokens.refresh);
    assert_eq!(opens(&app, renewed), 401);
    assert_eq!(app.client().post("/refresh", Some(&tokens.refresh)).status, 401);

    // A token that is revoked already, and a text that is no token, are nothing to complain of. (RFC 7009 §2.2)
    for token in [tokens.refresh.as_str(), &tokens.access, "x"] {
        asker.revoke(token);
    }
    let list = app.client().get("/admin/revoked", Some(&app.tokens("ana").access)).body;
    assert_eq!(list.matches("revoked_by_app").count(), 2, "{list}");
}
