//! Apps in Python: Django with mozilla-django-oidc, and idpyoidc in Flask.

use std::process::Command;

use tempfile::TempDir;

use super::{Portero, Visitor, program, wait_for};
use crate::installed;

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
    let _django = portero.start(python("django_app", &folder));
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
    let _flask = portero.start(python("idpyoidc_app", &folder));
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
