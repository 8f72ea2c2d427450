//! An app in Rust, with the crate openidconnect: a package of its own, which `tests/peers/install --long` builds.

use std::process::Command;

use super::{Library, Portero};
use crate::root;

#[test]
#[ignore = "`tests/run --long` runs it"]
fn openidconnect_in_rust_signs_in_asks_refreshes_signs_out_and_is_refused_after_either_sign_out() {
    let portero = Portero::with([Some("/callback"), None, Some("/signed-out")]);
    let program = root().join("target/openidconnect/debug/portero-openidconnect-client");
    assert!(program.exists(), "{} is not there: run tests/peers/install --long", program.display());
    let (read, after) = Library::start(&portero, Command::new(&program)).sign_in_and_out(&portero);
    assert_eq!(
        (&read["id_token"]["preferred_username"], &read["told"]["preferred_username"]),
        (&"ana".into(), &"ana".into())
    );
    assert_eq!((&read["refreshed"], &read["active"]), (&true.into(), &true.into()), "{read}");
    assert_eq!((&after["active"], &after["refused"]), (&false.into(), &"invalid_grant".into()), "{after}");

    let mut library = Library::start(&portero, Command::new(program));
    let after = library.sign_in_and_out_at_app(&portero, "/signed-out?state=");
    assert_eq!((&after["active"], &after["refused"]), (&false.into(), &"invalid_grant".into()), "{after}");
}
