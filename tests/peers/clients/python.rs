//! Apps in Python: Django with mozilla-django-oidc, idpyoidc in Flask, and JupyterHub with oauthenticator.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Portero, Visitor, program, wait_for};
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

/// The library can't be told of a sign-out: it asks now and then, by `prompt=none`, if somebody is still signed in.
#[test]
#[ignore = "`tests/run --long` runs it"]
fn mozilla_django_oidc_signs_in_asks_and_finds_out_that_somebody_has_signed_out() {
    let portero = Portero::with(["/oidc/callback/", "", "/"]);
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
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn idpyoidc_signs_in_asks_refreshes_and_takes_note_of_a_sign_out() {
    let portero = Portero::with(["/callback", "/backchannel-logout", "/"]);
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
}

/// JupyterHub can't be told of a sign-out either: it asks `/userinfo` again, or for other tokens, once what it knows is old.
#[test]
#[ignore = "`tests/run --long` runs it"]
fn jupyterhub_signs_in_asks_again_and_finds_out_that_somebody_has_signed_out() {
    let portero = Portero::with(["/hub/oauth_callback", "", ""]);
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
}
