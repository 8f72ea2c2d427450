//! Whether passkeys work at the address that a request asked for. Browsers tie each one to a name, and want https for it.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use std::sync::Arc;

use super::client_address::comes_through_proxy;
use crate::passkeys::{NotHere, Passkeys};
use crate::web::app::App;

/// Why there are no passkeys for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) enum Elsewhere {
    PlainHttp,
    NoName,
    /// They work at this address, and the request asked for another.
    At(String),
}

/// The ceremonies for this request.
pub(in crate::web) fn passkeys_here<'a>(app: &'a App, req: &HttpRequest) -> Result<&'a Arc<Passkeys>, Elsewhere> {
    let passkeys = app.passkeys.as_ref().map_err(|not| match not {
        NotHere::PlainHttp => Elsewhere::PlainHttp,
        NotHere::NoName => Elsewhere::NoName,
    })?;
    let asked = req.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = passkeys.origin().split_once("://").map_or("", |(_, host)| host);
    // Such a proxy writes into `Host` what it likes.
    if asked.eq_ignore_ascii_case(ours) || comes_through_proxy(app, req) {
        return Ok(passkeys);
    }
    let is_this_machine = |host: &str| ["127.", "[::1]", "localhost"].iter().any(|start| host.starts_with(start));
    // `localhost` would lead a visitor from the network to their own machine.
    let is_far = passkeys.host() == "localhost" && !is_this_machine(asked);
    Err(if is_far { Elsewhere::PlainHttp } else { Elsewhere::At(passkeys.origin().to_owned()) })
}
