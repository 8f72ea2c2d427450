//! Apps that speak OpenID Connect, as the operator adds and changes them; and a code that outlives no server.

use serde_json::Value;
use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, fails, ok};

const REDIRECT: &str = "https://wiki.example.org/callback";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    folder
}

#[test]
fn an_app_is_added_with_its_credentials_as_json_and_a_running_server_knows_it_at_once() {
    let folder = folder();
    let path = folder.path();
    let server = Server::start(path);
    let after = "https://wiki.example.org/";
    let add =
        ["app", "add", "wiki", "--redirect-uri", REDIRECT, "--post-logout-redirect-uri", after, "--trusted", "--json"];
    let added: Value = serde_json::from_str(&ok(path, &add, "")).unwrap();
    let id = added["client_id"].as_str().unwrap().to_owned();
    assert!(added["client_secret"].as_str().unwrap().len() == 43, "{added}");
    let known = |id: &str| {
        let asked =
            format!("/authorize?client_id={id}&redirect_uri={REDIRECT}&response_type=code&scope=openid&prompt=none");
        // What is missing is told to the app, once that is known.
        server.ask("GET", &asked, None, None).unwrap().status
    };
    assert_eq!((known(&id), known("nobody")), (303, 400));
    let shown = ok(path, &["app", "show", "wiki"], "");
    for line in
        ["redirect     https://wiki.example.org/callback", "after logout https://wiki.example.org/", "trusted      yes"]
    {
        assert!(shown.contains(line), "{shown}");
    }
    assert!(ok(path, &["app", "list"], "").contains("openid"));

    let public =
        ok(path, &["app", "add", "phone", "--redirect-uri", "org.example.phone:/callback", "--public", "--json"], "");
    let public: Value = serde_json::from_str(&public).unwrap();
    assert_eq!(public["client_secret"], Value::Null, "it can keep none");
    assert!(fails(path, &["app", "new-secret", "phone"], "").contains("public app"));
    let second = ok(path, &["app", "new-secret", "wiki"], "");
    assert!(second.contains(&format!("client_id={id}")) && second.contains("client_secret="), "{second}");
    let changed = ok(path, &["app", "set", "wiki", "--public", "--trusted=false"], "");
    assert!(changed.contains("is changed"), "{changed}");
    let changed = ok(path, &["app", "set", "wiki", "--public=false"], "");
    assert!(changed.contains("client_secret="), "it has to have one again: {changed}");
    ok(path, &["app", "remove", "wiki", "--yes"], "");
    assert_eq!(known(&id), 400);
}

#[test]
fn an_address_that_can_be_read_on_the_way_is_refused_and_adds_nothing() {
    let folder = folder();
    let path = folder.path();
    for (uri, why) in [
        ("http://wiki.example.org/callback", "write it with https"),
        ("https://wiki.example.org/callback#x", "write the whole address"),
        ("wiki.example.org/callback", "write the whole address"),
        ("https://*.example.org/callback", "write the whole address"),
        ("javascript:alert(1)", "write the whole address"),
    ] {
        let complaint = fails(path, &["app", "add", "wiki", "--redirect-uri", uri], "");
        assert!(complaint.contains(uri) && complaint.contains(why), "{complaint}");
    }
    assert_eq!(ok(path, &["app", "list"], ""), "");
    for uri in ["http://127.0.0.1:3000/callback", "http://localhost/callback", "http://[::1]/callback"] {
        ok(path, &["app", "add", uri.rsplit('/').nth(1).unwrap(), "--redirect-uri", uri], "");
    }
}
