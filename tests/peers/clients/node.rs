//! Apps in Node: Express with express-openid-connect, and oauth4webapi by itself.

use std::process::Command;

use super::{Library, Portero, Visitor, program, wait_for};
use crate::installed;

fn node(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(program(name)).env("PEERS", installed("node_modules").parent().unwrap());
    command
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn express_openid_connect_signs_in_asks_refreshes_and_signs_out_both_ways() {
    let portero = Portero::with([Some("/callback"), Some("/backchannel-logout"), Some("")]);
    let _express = portero.start(&mut node("express.mjs"));
    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page).json();
    assert_eq!(
        (&page["id_token"]["preferred_username"], &page["told"]["preferred_username"]),
        (&"ana".into(), &"ana".into())
    );
    let refreshed = visitor.open(&portero.at_app("/refresh")).json();
    assert_ne!(refreshed["access"], page["access"]);
    assert_eq!(visitor.open(&portero.at_app("/")).json()["access"], refreshed["access"]);

    let sid = visitor.sid();
    visitor.sign_out();
    portero.wait_until_acknowledged(sid);
    wait_for("Express to ask for a sign-in", || visitor.app.get("/").status == 302);

    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page).json();
    let sid = visitor.sid();
    visitor.sign_out_at_app(&portero, &portero.at_app("/logout"), "");
    assert!(portero.refuses(&page["access"]));
    portero.wait_until_acknowledged(sid);
    assert_eq!(visitor.app.get("/").status, 302, "Express asks for a sign-in");
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn oauth4webapi_signs_in_asks_refreshes_signs_out_and_is_refused_after_either_sign_out() {
    let portero = Portero::with([Some("/callback"), None, Some("/signed-out")]);
    let mut library = Library::start(&portero, node("oauth4webapi.mjs"));
    let (read, after) = library.sign_in_and_out(&portero);
    assert_eq!(
        (&read["id_token"]["preferred_username"], &read["told"]["preferred_username"]),
        (&"ana".into(), &"ana".into())
    );
    assert_eq!((&read["refreshed"], &read["active"]), (&true.into(), &true.into()), "{read}");
    assert_eq!((&after["active"], &after["refused"]), (&false.into(), &"invalid_grant".into()), "{after}");

    let mut library = Library::start(&portero, node("oauth4webapi.mjs"));
    let after = library.sign_in_and_out_at_app(&portero, "/signed-out?state=");
    assert_eq!((&after["active"], &after["refused"]), (&false.into(), &"invalid_grant".into()), "{after}");
}
