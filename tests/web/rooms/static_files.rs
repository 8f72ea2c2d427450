//! Room /static/{name}: style, script and icon, and how long browsers keep them.

use crate::support::TestApp;

#[test]
fn a_versioned_file_is_kept_for_ever_and_an_unknown_one_is_not_there() {
    let app = TestApp::start();
    let page = app.browser().get("/login").body;
    let at = page.find("/static/style.css?v=").unwrap();
    let url = page[at..].split('"').next().unwrap();
    let answer = app.client().get(url, None);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(app.client().get("/static/..%2fCargo.toml", None).status, 404);
    assert_eq!(app.client().get("/static/", None).status, 404);
}
