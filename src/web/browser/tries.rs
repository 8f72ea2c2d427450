//! Limits on tries of a password or a one-time link: whoever tries too often is told how long to wait, before anything is hashed.

use actix_web::HttpRequest;

use super::device_cookie;
use crate::accounts::proof::attempt::Attempt;
use crate::accounts::proof::sign_in_limits::{name_key, who_tries};
use crate::domain::UnixTime;
use crate::guards::Caller;
use crate::store::{self, Conn};
use crate::throttle::{Try, Who};
use crate::web::app::{App, counted};
use crate::web::http::answer_counts::Limit;
use crate::web::http::client_address;
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;

/// Begins a try to sign in under this name. [`Error::Throttled`] after too many.
pub(in crate::web) async fn sign_in(app: &App, req: &HttpRequest, username: &str) -> Result<Try, Error> {
    let (accounts, username, devices) = (app.accounts.clone(), username.to_owned(), device_cookie::values(app, req));
    let (ip, now) = (client_address::address(app, req).to_string(), app.now());
    let who = app.read(move |conn| who_tries(&accounts, conn, &username, &devices, &ip, now)).await?;
    begin_try(app, req, who, Limit::SignIn)
}

/// Begins a try of a signed-in person's password. By a peer's token, which has no session, it counts as a try to sign in.
/// [`Error::Throttled`] after too many.
pub(in crate::web) async fn confirm(app: &App, req: &HttpRequest, caller: &Caller) -> Result<Try, Error> {
    let signed_in = signed_in(req)?;
    match caller.claims.sid() {
        Some(sid) => begin_try(app, req, Who::Session { user: signed_in.user, sid }, Limit::Confirm),
        None => sign_in(app, req, signed_in.username.as_str()).await,
    }
}

/// Begins a try to sign in with a passkey, which names nobody. [`Error::Throttled`] after too many.
pub(in crate::web) fn passkey(app: &App, req: &HttpRequest) -> Result<Try, Error> {
    begin_try(app, req, Who::Link, Limit::Passkey)
}

/// Begins a try of a second factor. The attempt has a bucket of its own, so that strangers can't shut out whoever has given the right
/// password. [`Error::Throttled`] after too many.
pub(in crate::web) fn second_step(app: &App, req: &HttpRequest, attempt: &Attempt) -> Result<Try, Error> {
    begin_try(app, req, Who::GoodLink(app.accounts.keyed_ids.attempt(attempt.id())), Limit::SecondFactor)
}

/// Looks up a one-time link, by its token. A good one is no guess; a dead one is [`Error::Gone`] and counts as one.
/// [`Error::Throttled`] after too many.
pub(in crate::web) async fn open_link<T: Send + 'static>(
    app: &App,
    req: &HttpRequest,
    token: &str,
    look_up: impl FnOnce(&mut Conn, &str, UnixTime) -> Result<Option<T>, store::Error> + Send + 'static,
) -> Result<T, Error> {
    let begun = begin_try(app, req, Who::Link, Limit::Link)?;
    let (token, now) = (token.to_owned(), app.now());
    let looked = app.read(move |conn| look_up(conn, &token, now)).await;
    let (found, begun) = counted(begun, looked)?;
    let found = found.ok_or(Error::Gone)?;
    begun.succeeded();
    Ok(found)
}

/// Begins a try to choose a password by a one-time link that is good. [`Error::Throttled`] after too many.
pub(in crate::web) fn choose_by_link(app: &App, req: &HttpRequest, token: &str) -> Result<Try, Error> {
    begin_try(app, req, Who::GoodLink(app.accounts.keyed_ids.link(token)), Limit::ChooseByLink)
}

/// Begins to ask for a link to a new password. Counted by network and by whom it names, whether or not there is anybody, and apart from
/// tries to sign in. [`Error::Throttled`] after too many.
pub(in crate::web) fn forgotten(app: &App, req: &HttpRequest, who: &str) -> Result<Try, Error> {
    let name = name_key(&app.accounts, &format!("forgotten {}", who.to_lowercase()));
    begin_try(app, req, Who::Stranger { name, exhausted: false }, Limit::ForgottenPassword)
}

fn begin_try(app: &App, req: &HttpRequest, who: Who, limit: Limit) -> Result<Try, Error> {
    let ip = client_address::address(app, req);
    app.accounts.throttle.begin_try(ip.for_limits(), who, app.now()).map_err(|wait| {
        app.answers.throttled(limit);
        tracing::info!(event = "throttled", limit = limit.as_str(), %ip);
        Error::Throttled(wait)
    })
}
