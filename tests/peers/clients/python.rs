//! Apps in Python: Django with mozilla-django-oidc, idpyoidc in Flask, and JupyterHub with oauthenticator.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{FROM_APP, Portero, Visitor, program, wait_for};
use crate::installed;
use crate::support::ports::free_ports;

fn python(module: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command
        .args(["-B", "-m", module])
        .env("PYTHONPATH", program(""))
        .current_dir(folder)
        .env("DATABASE", folder.path().join("app.sqlite3"));
    command
}

/// The library can't be told of a sign-out at Portero: it asks now and then, by `prompt=none`, if somebody is still signed in.
#[test]
#[ignore = "`tests/run --long` runs it"]
fn mozilla_django_oidc_signs_in_asks_signs_out_and_finds_out_that_somebody_has_signed_out() {
    let portero = Portero::with([Some("/oidc/callback/"), None, Some("/")]);
    let folder = TempDir::new().unwrap();
    let _django = portero.start(&mut python("django_app", &folder));
    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page);
    assert_eq!((page.status, page.json()["name"].as_str()), (200, Some("ana")), "{}", page.body);
    wait_for("Django to ask Portero again", || visitor.app.get("/").status == 302);
    let again = visitor.open(&portero.at_app("/"));
    assert_eq!(again.json(), page.json(), "nobody was asked anything");

    visitor.sign_out();
    wait_for("Django to ask for a sign-in", || visitor.open(&portero.at_app("/")).body.contains("name=\"password\""));

    let page = visitor.open(&portero.at_app("/"));
    assert_eq!(visitor.sign_in(&page).status, 200);
    let answer = visitor.app.post("/oidc/logout/", &[]);
    let led = visitor.sign_out_at_app(&portero, answer.location(), "/");
    assert!(visitor.open(&led).body.contains("name=\"password\""), "Django asks for a sign-in");
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn idpyoidc_signs_in_asks_refreshes_and_signs_out_both_ways() {
    let portero = Portero::with([Some("/callback"), Some("/backchannel-logout"), Some("/")]);
    let folder = TempDir::new().unwrap();
    let _flask = portero.start(&mut python("idpyoidc_app", &folder));
    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page).json();
    assert_eq!(
        (&page["id_token"]["preferred_username"], &page["told"]["preferred_username"]),
        (&"ana".into(), &"ana".into())
    );
    let refreshed = visitor.open(&portero.at_app("/refresh")).json();
    assert_ne!(refreshed["access"], page["access"]);

    let sid = visitor.sid();
    visitor.sign_out();
    portero.wait_until_acknowledged(sid);
    wait_for("Flask to ask for a sign-in", || visitor.app.get("/").status == 302);

    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page).json();
    let sid = visitor.sid();
    visitor.sign_out_at_app(&portero, &portero.at_app("/logout"), "/?state=");
    assert!(portero.refuses(&page["access"]));
    portero.wait_until_acknowledged(sid);
    assert_eq!(visitor.app.get("/").status, 302, "Flask asks for a sign-in");
}

/// JupyterHub can't be told of a sign-out either: it asks `/userinfo` again, or for other tokens, once what it knows is old. Where it leads to
/// itself it shows no ID token, so Portero asks the person first.
#[test]
#[ignore = "`tests/run --long` runs it"]
fn jupyterhub_signs_in_asks_again_signs_out_and_finds_out_that_somebody_has_signed_out() {
    let portero = Portero::with([Some("/hub/oauth_callback"), None, Some("/hub/login")]);
    let folder = TempDir::new().unwrap();
    let mut command = python("jupyterhub", &folder);
    let [hub, proxy] = free_ports();
    command.arg("-f").arg(program("jupyterhub_config.py"));
    command.env("HUB_PORT", hub.to_string()).env("PROXY_PORT", proxy.to_string());
    // By itself the hub starts its proxy, which would outlive it if it is killed.
    let mut beside = Command::new(installed("node_modules/.bin/configurable-http-proxy"));
    beside.args(["--ip", "127.0.0.1", "--port", &portero.listen.port().to_string()]);
    beside.args(["--api-ip", "127.0.0.1", "--api-port", &proxy.to_string()]);
    beside.args(["--default-target", &format!("http://127.0.0.1:{hub}")]);
    let _proxy = portero.start(beside.env("CONFIGPROXY_AUTH_TOKEN", "the-hubs-own"));
    command.env("CONFIGPROXY_AUTH_TOKEN", "the-hubs-own");
    command.env("JUPYTERHUB_CRYPT_KEY", "0123456789abcdef".repeat(4));
    let _hub = portero.start(&mut command);
    let mut visitor = Visitor::of(&portero);
    wait_for("the hub to come up", || visitor.app.get("/hub/login").status == 200);
    let page = visitor.open(&portero.at_app("/hub/oauth_login?next=/hub/home"));
    let page = visitor.sign_in(&page);
    assert!(page.status == 200 && page.body.contains("ana"), "{}", page.body);
    std::thread::sleep(Duration::from_secs(2));
    let page = visitor.open(&portero.at_app("/hub/home"));
    assert!(page.status == 200 && page.body.contains("ana"), "{}", page.body);

    visitor.sign_out();
    wait_for("the hub to ask for a sign-in", || visitor.app.get("/hub/home").location().starts_with("/hub/login"));

    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/hub/oauth_login?next=/hub/home"));
    visitor.sign_in(&page);
    let mut copy = visitor.portero.clone();
    let to = visitor.leave(&portero.at_app("/hub/logout"));
    let answer = visitor.portero.get_with(&to[url::Position::BeforePath..], &FROM_APP);
    let question = visitor.portero.follow(answer);
    let kept = question.body.split_once("name=\"kept\" value=\"").unwrap_or_else(|| panic!("{question:?}")).1;
    let kept = kept.split_once('"').unwrap().0;
    let answer = visitor.portero.post("/end-session/confirm", &[("kept", kept)]);
    assert_eq!((answer.status, answer.location()), (303, portero.at_app("/hub/login").as_str()));
    assert!(!copy.is_signed_in(), "a copy of the cookies opens nothing");
    assert!(visitor.app.get("/hub/home").location().starts_with("/hub/login"), "the hub asks for a sign-in");
}
