//! From a request to who calls, or to what is wrong; with a renewal on the way where one is due.

use actix_web::dev::ServiceRequest;

use super::cookies::NewCookies;
use super::locate::{self, Found};
use super::{Caller, Finding, Guard, Hooks, Refusal};
use crate::domain::{TokenType, UnixTime};
use crate::tokens::options::Location;
use crate::tokens::{Checked, Fault, Unverified};

pub(super) struct Outcome {
    pub(super) finding: Finding,
    /// What to set on the answer.
    pub(super) renewed: Option<NewCookies>,
}

/// A refusal, and the token as far as it could be read.
struct Refused {
    refusal: Refusal,
    caller: Option<Caller>,
}

impl<R: Into<Refusal>> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self { refusal: refusal.into(), caller: None }
    }
}

pub(super) async fn check(hooks: &dyn Hooks, guard: &Guard, req: &mut ServiceRequest) -> Outcome {
    let now = hooks.now();
    let found = match locate::find(hooks, guard, req).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(fault)) => Err(fault),
        Err(fault) => return outcome(Err(fault.into())),
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
    // A revoked access token may belong to a session that goes on: another tab has just confirmed, say. Whether it does,
    // the refresh token's own check tells.
    let is_due =
        matches!(fault, Fault::Expired | Fault::Missing(_) | Fault::Revoked) && guard.token == TokenType::Access;
    if !by_cookie || !is_due || !hooks.may_renew(req.request()) {
        return outcome(checked);
    }
    // Boxed, or every request would carry about what a renewal needs.
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

/// What was found, through every check in the library's order.
async fn caller(
    hooks: &dyn Hooks,
    guard: &Guard,
    req: &ServiceRequest,
    found: &Found,
    now: UnixTime,
) -> Result<Caller, Refused> {
    let mut caller = decode(hooks, guard, found, now)?;
    let admitted = match fresh_enough(hooks, guard, &caller, now) {
        Ok(()) => hooks.admit(req.request(), &mut caller, guard).await,
        Err(fault) => Err(fault.into()),
    };
    match admitted {
        Ok(()) => Ok(caller),
        Err(refusal) => Err(Refused { refusal, caller: Some(caller) }),
    }
}

fn fresh_enough(hooks: &dyn Hooks, guard: &Guard, caller: &Caller, now: UnixTime) -> Result<(), Fault> {
    if guard.wants_fresh { caller.claims.require_fresh(hooks.fresh_for(), now) } else { Ok(()) }
}

/// The first token that is good; if none is, what is wrong with the first.
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
    let Checked { claims, expired } = hooks.engine().check(&token, key.as_deref(), found.csrf.as_deref(), now)?;
    let caller = Caller { claims, location: found.location, user: None };
    let right_type = || if guard.verifies_type { caller.claims.require_type(guard.token) } else { Ok(()) };
    let right = if expired { Err(Fault::Expired) } else { right_type() };
    match right {
        Ok(()) => Ok(caller),
        Err(fault) => Err(Refused { refusal: fault.into(), caller: Some(caller) }),
    }
}

/// In place of an access cookie that is expired or gone: new tokens by the refresh cookie, and the request goes on with them.
/// `None`: there is no refresh cookie.
async fn renew(
    hooks: &dyn Hooks,
    guard: &Guard,
    req: &mut ServiceRequest,
    now: UnixTime,
) -> Result<Option<(Caller, NewCookies)>, Refused> {
    let by_refresh = Guard::refresh().locations([Location::Cookies]).csrf(guard.csrf);
    let Ok(found) = locate::find(hooks, &by_refresh, req).await? else { return Ok(None) };
    // A refusal goes without the refresh token: to the route it would be one of the wrong type.
    let refresh = caller(hooks, &by_refresh, req, &found, now).await.map_err(|refused| refused.refusal)?;
    let cookies = hooks.renew(req.request(), &refresh).await?;
    // Not admitted once more: that the client has the new token is not known before it shows it.
    let access = Unverified::parse(&cookies.access.text)?;
    let key = hooks.decode_key(&access)?;
    // By now: the new token may be of a later second than the one in which the request came. It may even have run out while its
    // commit was waited for; the request came in time.
    let Checked { claims, .. } = hooks.engine().check(&access, key.as_deref(), None, hooks.now())?;
    let caller = Caller { claims, ..refresh };
    match fresh_enough(hooks, guard, &caller, now) {
        Ok(()) => Ok(Some((caller, cookies))),
        Err(fault) => Err(Refused { refusal: fault.into(), caller: Some(caller) }),
    }
}
