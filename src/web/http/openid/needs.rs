//! What somebody who is signed in has to prove before an app is told of them: what the app's request asks for, and what the app is set up by.

use super::kept::Kept;
use super::request::Request;
use crate::blocklist::Standing;
use crate::domain::Level;
use crate::guards::Caller;
use crate::tokens::Fault;
use crate::web::app::App;

/// `None`: nothing. `kept`: the request, if it has waited; what was proved meanwhile was proved for it.
pub(in crate::web) fn needs(
    app: &App,
    standing: &Standing,
    caller: &Caller,
    request: &Request,
    kept: Option<&Kept>,
) -> Option<Fault> {
    let (now, claims) = (app.now(), &caller.claims);
    let Some(session) = claims.session else { return Some(Fault::Revoked) };
    let is_proved_for_it =
        kept.is_some_and(|kept| session.auth_time >= kept.begun_at && kept.proved_at != Some(session.auth_time));
    let is_too_old = request.max_age.is_some_and(|max_age| now.since(session.auth_time) > max_age);
    // Nothing is as old as 0 seconds for long.
    let asks_anew = request.prompt.login || request.max_age == Some(0);
    let rules = &request.app.rules;
    if rules.level == Level::Two && !standing.has_factor {
        return Some(Fault::NotEnrolled);
    }
    if let Err(fault) = claims.require_level(rules.level, rules.max_age, now) {
        return Some(fault);
    }
    // A wish, which only somebody who has a second factor can meet, and which nobody can who may not be asked.
    if request.wants_two_factors
        && standing.has_factor
        && !request.prompt.none
        && let Err(fault) = claims.require_level(Level::Two, None, now)
    {
        return Some(fault);
    }
    let is_wanting = (asks_anew || is_too_old) && !is_proved_for_it;
    is_wanting.then_some(Fault::NotFresh { max_age: request.max_age.unwrap_or(0) })
}
