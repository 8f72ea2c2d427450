//! Room /sign-in-help: what the operator says to people who cannot sign in.

use crate::support::TestApp;

#[test]
fn who_cannot_sign_in_reads_what_the_operator_says() {
    let app = TestApp::start();
    let mut browser = app.browser();
    assert!(browser.get("/login").body.contains("href=\"/sign-in-help\""));
    assert!(browser.get("/sign-in-help").body.contains("Ask an administrator"));
    let app = TestApp::with(&[("sign_in_help", "Ring the <b>desk</b>.\nRoom 7, until noon.")]);
    let page = app.browser().get("/sign-in-help").body;
    assert!(
        page.contains("<p>Ring the &#60;b&#62;desk&#60;/b&#62;.</p>") && page.contains("<p>Room 7, until noon.</p>"),
        "{page}"
    );
}
