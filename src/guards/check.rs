//! From a request to its caller or to what is wrong with it, with a renewal on the way if one is due.

use actix_web::dev::ServiceRequest;

use super::caller::{Caller, Finding, Refusal};
use super::guard::Guard;
use super::hooks::Hooks;
use super::locate::{self, Found};
use super::new_cookies::NewCookies;
use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::Location;
use crate::tokens::{Checked, Fault, Unverified};

pub(super) struct Outcome {
    pub(super) finding: Finding,
    /// The cookies of a renewal, to be set on the answer.
    pub(super) renewed: Option<NewCookies>,
}

/// A refusal, and beside it the token's caller if the token could be read.
struct Refused {
    refusal: Refusal,
    caller: Option<Caller>,
}

impl<R: Into<Refusal>> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self { refusal: refusal.into(), caller: None }
    }
}

/// The caller of a request like nearly all: its token is in a header or a cookie, was found good before, and is accepted without
/// waiting. `None`: it is another request, and [`check`] finds out what it is.
pub(super) fn at_once(hooks: &dyn Hooks, guard: &Guard, req: &ServiceRequest) -> Option<Caller> {
    let now = hooks.now();
    let (token, location) = locate::at_once(hooks.engine().options(), guard, req)?;
    let known = hooks.engine().recall(token, now)?;
    // What is remembered was found good by the engine's keys.
    if hooks.decode_key(&known.unverified()).ok()?.is_some() {
        return None;
    }
    let mut caller = Caller { claims: known.claims, location, user: None };
    if guard.verifies_type {
        caller.claims.require_type(guard.token).ok()?;
    }
    fresh_enough(hooks, guard, &caller, now).ok()?;
    hooks.accepts_at_once(req.request(), &mut caller, guard, now).then_some(caller)
}

/// The whole check, for every request whose caller is not known at once.
pub(super) async fn check(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Outcome {
    let now = hooks.now();
    let found = match locate::find(hooks, guard, req).await {
        Ok(found) => Ok(found),
        Err(Refusal::Fault(fault)) => Err(fault),
        Err(refusal) => return outcome(Err(refusal.into())),
    };
    let by_cookie = found.as_ref().map_or(true, |found| found.location == Location::Cookies);
    let checked = match found {
        Ok(found) => caller(hooks, guard, req, &found, now).await,
        Err(missing) => Err(missing.into()),
    };
    let fault = match &checked {
        Err(Refused { refusal: Refusal::Fault(fault), .. }) => fault,
        _ => return outcome(checked),
    };
    // A revoked access token may belong to a session that goes on, for example if another tab has just confirmed. The check of
    // the refresh token tells whether it does.
    let is_due =
        matches!(fault, Fault::Expired | Fault::Missing(_) | Fault::Revoked) && guard.token == TokenType::Access;
    if !by_cookie || !is_due || !hooks.may_renew(req.request()) {
        return outcome(checked);
    }
    // Boxed, because otherwise every request would carry the space that a renewal needs.
    match Box::pin(renew(hooks, guard, req, now)).await {
        Ok(Some((caller, cookies))) => Outcome { renewed: Some(cookies), ..outcome(Ok(caller)) },
        Ok(None) => outcome(checked),
        Err(refused) => outcome(Err(refused)),
    }
}

fn outcome(checked: Result<Caller, Refused>) -> Outcome {
    let finding = match checked {
        Ok(caller) => Finding { result: Ok(()), caller: Some(caller) },
        Err(Refused { refusal, caller }) => Finding { result: Err(refusal), caller },
    };
    Outcome { finding, renewed: None }
}

/// Puts the token that was found through every check, in the library's order.
async fn caller(
    hooks: &dyn Hooks,
    guard: &Guard,
    req: &ServiceRequest,
    found: &Found,
    now: UnixTime,
) -> Result<Caller, Refused> {
    let mut caller = decode(hooks, guard, found, now)?;
    let accepted = match fresh_enough(hooks, guard, &caller, now) {
        Ok(()) => hooks.accept(req.request(), &mut caller, guard).await,
        Err(fault) => Err(fault.into()),
    };
    match accepted {
        Ok(()) => Ok(caller),
        Err(refusal) => Err(Refused { refusal, caller: Some(caller) }),
    }
}

fn fresh_enough(hooks: &dyn Hooks, guard: &Guard, caller: &Caller, now: UnixTime) -> Result<(), Fault> {
    if guard.wants_fresh { caller.claims.require_fresh(hooks.fresh_for(), now) } else { Ok(()) }
}

/// Returns the first token that is good. If none is, the refusal says what is wrong with the first.
fn decode(hooks: &dyn Hooks, guard: &Guard, found: &Found, now: UnixTime) -> Result<Caller, Refused> {
    let first = decode_one(hooks, guard, found, &found.tokens.first, now);
    if first.is_ok() {
        return first;
    }
    let mut others = found.tokens.others.iter();
    others.find_map(|token| decode_one(hooks, guard, found, token, now).ok()).map_or(first, Ok)
}

fn decode_one(hooks: &dyn Hooks, guard: &Guard, found: &Found, token: &str, now: UnixTime) -> Result<Caller, Refused> {
    let token = hooks.engine().take_apart(token, now)?;
    let key = hooks.decode_key(&token)?;
    let check = || hooks.engine().check(&token, key.as_deref(), found.csrf.as_deref(), now);
    let mut checked = None;
    let were_current = hooks.with_current_keys(&mut || checked = Some(check()));
    let Checked { claims, expired } = match checked {
        Some(Err(Fault::Invalid(_))) if !were_current => return Err(Refusal::Unavailable.into()),
        Some(checked) => checked?,
        // The hook has read no keys.
        None => return Err(Refusal::Unavailable.into()),
    };
    let caller = Caller { claims, location: found.location, user: None };
    let right_type = || if guard.verifies_type { caller.claims.require_type(guard.token) } else { Ok(()) };
    let right = if expired { Err(Fault::Expired) } else { right_type() };
    match right {
        Ok(()) => Ok(caller),
        Err(fault) => Err(Refused { refusal: fault.into(), caller: Some(caller) }),
    }
}

/// Gets new tokens by the refresh cookie if the access cookie is expired, revoked or gone; the request goes on with them. `None`:
/// there is no refresh cookie, or it can't be used (too long, or without its CSRF value).
async fn renew(
    hooks: &dyn Hooks,
    guard: &Guard,
    req: &mut ServiceRequest,
    now: UnixTime,
) -> Result<Option<(Caller, NewCookies)>, Refused> {
    let by_refresh = Guard::refresh().locations([Location::Cookies]).csrf(guard.csrf);
    let found = match locate::find(hooks, &by_refresh, req).await {
        Ok(found) => found,
        Err(Refusal::Fault(_)) => return Ok(None),
        Err(refusal) => return Err(refusal.into()),
    };
    // The refusal does not hand on the refresh token: to the route it would be a token of the wrong type.
    let refresh = caller(hooks, &by_refresh, req, &found, now).await.map_err(|refused| refused.refusal)?;
    let cookies = hooks.renew(req.request(), &refresh).await?;
    // `Hooks::accept` is not asked about the new token, because it may count that as a first use: that the token has arrived is
    // known only once the browser shows it.
    let access = Unverified::parse(&cookies.access.text)?;
    let key = hooks.decode_key(&access)?;
    // Checked by the present time, because the new token may have been issued in a later second than the one in which the request
    // came. It may even have expired while the commit was waited for; that does not matter, because the request came in time.
    let Checked { claims, .. } = hooks.engine().check(&access, key.as_deref(), None, hooks.now())?;
    let caller = Caller { claims, ..refresh };
    match fresh_enough(hooks, guard, &caller, now) {
        Ok(()) => Ok(Some((caller, cookies))),
        Err(fault) => Err(Refused { refusal: fault.into(), caller: Some(caller) }),
    }
}
