//! Room /admin/about: what an admin reads about the installation, without its secrets.

use crate::common::admin;
use crate::support::TestApp;
use crate::support::database::database;

#[test]
fn the_page_about_the_installation_tells_what_it_sees_and_no_secret() {
    let app = TestApp::with(&[("jwt.secret_key", "one key that only we have, of 32 bytes")]);
    let mut ana = admin(&app);
    let page = ana.get("/admin/about").body;
    let database = database(app.folder()).to_string();
    for part in [
        env!("CARGO_PKG_VERSION"),
        "127.0.0.1",
        &database,
        "access_token_cookie",
        "portero_device",
        "jwt.secret_key",
        "(hidden)",
        "MB",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("one key that only we have") && !page.contains("trusted_proxies, and was ignored"));
    ana.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    ana.get("/account");
    let page = ana.get("/admin/about").body;
    assert!(page.contains("trusted_proxies, and was ignored") && !page.contains("203.0.113.9"));
    assert!(page.contains("http://127.0.0.1:"), "as it was asked for: {page}");
    let json = app.client().get("/admin/about", Some(&app.tokens("ana").access)).json();
    assert_eq!((json["peer"].as_str(), json["forwarded_ignored"].as_bool()), (Some("127.0.0.1"), Some(true)));
    assert_eq!(json["settings"]["jwt.secret_key"], "(hidden)");
}

#[test]
fn what_was_set_stands_first_and_all_of_it_is_told_in_spanish() {
    let app = TestApp::with(&[("site_name", "Casa"), ("jwt.secret_key", "one key that only we have, of 32 bytes")]);
    let mut ana = admin(&app);
    let page = ana.get("/admin/about").body;
    let (changed, defaults) = page.split_once("<details>").unwrap();
    for key in ["site_name", "jwt.secret_key", "password.bcrypt_cost"] {
        assert!(changed.contains(&format!(">{key}<")) && !defaults.contains(&format!(">{key}<")), "{key}: {page}");
    }
    assert!(defaults.contains(">session.idle<") && !changed.contains(">session.idle<"), "{page}");
    assert!(defaults.contains("(not set)") && defaults.contains("with their default values</summary>"), "{page}");
    ana.headers.push(("accept-language".into(), "es".into()));
    let page = ana.get("/admin/about").body;
    for words in ["(unset)", "(none)", "(hidden)", "(made at", "default", ".0 MB", ".1 MB", ".2 MB", ".3 MB"] {
        assert!(!page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("(oculto)") && page.contains("(sin definir)") && page.contains("(ninguno)"), "{page}");
}
