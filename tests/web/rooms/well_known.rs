//! Room /.well-known/change-password: where password managers look for the page to change a password.

use crate::common::app;

#[test]
fn password_managers_find_the_page_and_nothing_where_there_is_nothing() {
    let app = app();
    let answer = app.client().get("/.well-known/change-password", None);
    assert_eq!((answer.status, answer.location()), (303, "/change-password"));
    let probe = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(app.client().get(probe, None).status, 404);
}
