//! Whether a request may go on to an app: asked by the proxy before every one of them, and answered from memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_lc_rs::digest::{SHA256, digest};

use crate::accounts::accept_token::{NotAccepted, accept};
use crate::accounts::context::{Accounts, Visitor};
use crate::accounts::level::require_by_policy;
use crate::accounts::sessions::mass_end;
use crate::accounts::upkeep::memory::has_gaps;
use crate::blocklist::gate::{Pass, Place};
use crate::blocklist::{Question, Standing, Verdict};
use crate::domain::{
    Allowed, App, Entrant, GroupName, Groups, Level, PASS_LIFE, PassKey, Role, SessionId, TokenType, Transport,
    UnixTime, UserId,
};
use crate::error_chain::chain;
use crate::store::sessions::Session;
use crate::tokens::Fault;

/// A generation that no token has: the use of a pass is no sight of a generation.
const NO_GENERATION: i64 = -1;

/// What is to become of a request for an app.
#[derive(Debug)]
pub enum Answer {
    /// `is_due`: whether the pass should be renewed when somebody opens a page.
    Enter { user: Arc<Standing>, groups: Groups, pass: PassKey, sid: SessionId, is_due: bool },
    /// Nobody is known here, or they have to prove more, or once more.
    SignIn,
    /// This person may not enter.
    Denied,
    /// The token that was shown is not good, or its session has not proved enough.
    TokenRefused(Fault),
    /// Nobody can tell at present.
    Unknowable,
}

/// `shown`: the pass that the browser holds.
pub async fn check(accounts: &Arc<Accounts>, place: &Place, shown: Option<PassKey>, now: UnixTime) -> Answer {
    match by_memory(accounts, place, shown, None, now) {
        Ok(answer) => answer,
        // Boxed: hardly any request comes here, and none should carry about what this needs.
        Err(sid) => {
            Box::pin(async {
                match mass_end::is_open(accounts, Some(sid)).await {
                    Ok(true) => by_memory(accounts, place, shown, Some(sid), now).unwrap_or(Answer::Unknowable),
                    Ok(false) => Answer::SignIn,
                    Err(_) => Answer::Unknowable,
                }
            })
            .await
        }
    }
}

/// The same for a program that shows an access token of one of Portero's own sessions, which carries it in a header. A token of a peer's
/// says nothing of what was proved, and when.
pub async fn check_token(
    accounts: &Arc<Accounts>,
    place: &Place,
    token: &str,
    visitor: impl FnOnce() -> Visitor,
    now: UnixTime,
) -> Answer {
    let mut claims = match accounts.read_token(|engine| engine.decode(token, None, now)) {
        Some(Ok(claims)) => claims,
        Some(Err(fault)) => return Answer::TokenRefused(fault),
        None => return Answer::Unknowable,
    };
    let Some(session) = claims.session else { return Answer::TokenRefused(Fault::missing_claim("sid")) };
    if let Err(fault) = claims.require_type(TokenType::Access) {
        return Answer::TokenRefused(fault);
    }
    if session.transport != Transport::Bearer {
        return Answer::TokenRefused(Fault::WrongTransport);
    }
    let user = match accept(accounts, &mut claims, || false, visitor, now).await {
        Ok(user) => user,
        Err(NotAccepted::Fault(fault)) => return Answer::TokenRefused(fault),
        Err(NotAccepted::Unknown(cause)) => {
            if let Some(error) = cause {
                tracing::error!(event = "store_unavailable", error = %chain(&error));
            }
            return Answer::Unknowable;
        }
    };
    let rules = &place.app.rules;
    if let Err(fault) = claims.require_level(rules.level, rules.max_age, now) {
        return Answer::TokenRefused(fault);
    }
    let groups = accounts.blocklist.groups(user.user);
    if !may_enter(&place.app, user.user, user.role, &groups) {
        return Answer::Denied;
    }
    Answer::Enter { user, groups, pass: in_place_of_pass(place, session.sid), sid: session.sid, is_due: false }
}

/// Stands for a session at a place where a pass would: an assertion is kept by it. No pass is found by it.
fn in_place_of_pass(place: &Place, sid: SessionId) -> PassKey {
    let hash = digest(&SHA256, format!("{} {sid}", place.id.0).as_bytes());
    PassKey(*hash.as_ref().first_chunk().expect("a hash of 32 bytes has a first half"))
}

/// `is_open`: a session that goes on, as the store says. An error: the store has to be asked about this session.
fn by_memory(
    accounts: &Accounts,
    place: &Place,
    shown: Option<PassKey>,
    is_open: Option<SessionId>,
    now: UnixTime,
) -> Result<Answer, SessionId> {
    let lease = accounts.blocklist.lease.read();
    let answer = judge(accounts, place, shown, is_open, now);
    if lease.is_over() { Ok(Answer::Unknowable) } else { answer }
}

fn judge(
    accounts: &Accounts,
    place: &Place,
    shown: Option<PassKey>,
    is_open: Option<SessionId>,
    now: UnixTime,
) -> Result<Answer, SessionId> {
    if has_gaps(accounts, now) || accounts.blocklist.is_in_doubt() {
        return Ok(Answer::Unknowable);
    }
    let Some(key) = shown else { return Ok(Answer::SignIn) };
    let Some(pass) = accounts.blocklist.pass(key).filter(|pass| is_good_here(accounts, pass, place, now)) else {
        return Ok(Answer::SignIn);
    };
    let session = Some((pass.sid, NO_GENERATION));
    let question = Question { subject: pass.subject(), jti: None, session, issued_at: None };
    let user = match accounts.blocklist.judge(question) {
        Verdict::Good { standing, .. } => standing,
        Verdict::GoodIfOpen { standing, .. } if is_open == Some(pass.sid) => standing,
        Verdict::GoodIfOpen { .. } => return Err(pass.sid),
        Verdict::Unknowable => return Ok(Answer::Unknowable),
        Verdict::Revoked | Verdict::Stolen | Verdict::UnknownUser => return Ok(Answer::SignIn),
    };
    if user.disable_at.is_some_and(|date| date <= now) {
        return Ok(Answer::SignIn);
    }
    let given = if pass.factor_time().is_some() { Level::Two } else { Level::One };
    if require_by_policy(accounts.config.second_factor, user.role, user.has_factor, given, now).is_err() {
        return Ok(Answer::SignIn);
    }
    if !has_proved_enough(&place.app, pass.auth_time(), pass.factor_time(), now) {
        return Ok(Answer::SignIn);
    }
    let groups = accounts.blocklist.groups(user.user);
    if !may_enter(&place.app, user.user, user.role, &groups) {
        return Ok(Answer::Denied);
    }
    accounts.last_seen.note(pass.sid, NO_GENERATION, now);
    let is_due = now.since(pass.made_at()) > PASS_LIFE / 2;
    Ok(Answer::Enter { user, groups, pass: key, sid: pass.sid, is_due })
}

/// Whether it is a pass for this place, in its time. A session that began after the backup is not known, so nobody could say whether it has
/// ended.
fn is_good_here(accounts: &Accounts, pass: &Pass, place: &Place, now: UnixTime) -> bool {
    let restored = accounts.restored.load(Ordering::Relaxed);
    let is_from_before = restored > 0 && pass.made_at().0 <= restored;
    pass.is_for(place.id) && pass.expires_at() > now && !is_from_before
}

/// Whether the app lets this person in.
pub fn may_enter(app: &App, user: UserId, role: Role, groups: &[GroupName]) -> bool {
    match &app.rules.allowed {
        Allowed::Everyone => true,
        Allowed::Listed(entrants) => entrants.iter().any(|entrant| match entrant {
            Entrant::User(id) => *id == user,
            Entrant::Group(name) => groups.iter().any(|group| group.is(name)),
            Entrant::Admins => role == Role::Admin,
        }),
    }
}

/// Whether this session leads into the app, if its person may enter.
pub(super) fn require_session(app: &App, session: &Session, now: UnixTime) -> Result<(), Fault> {
    if !session_has_proved_enough(app, session, now) {
        return Err(Fault::BelowLevel { level: app.rules.level, max_age: app.rules.max_age });
    }
    if session.transport == Transport::Cookie { Ok(()) } else { Err(Fault::WrongTransport) }
}

/// Whether the session has proved what the app asks for.
pub(super) fn session_has_proved_enough(app: &App, session: &Session, now: UnixTime) -> bool {
    let factor_time = session.factor_time.filter(|_| session.methods.level() == Level::Two);
    has_proved_enough(app, session.auth_time, factor_time, now)
}

/// Whether what was proved is enough for the app, and young enough. `factor_time`: when a second factor was given, at the level of two.
fn has_proved_enough(app: &App, auth_time: UnixTime, factor_time: Option<UnixTime>, now: UnixTime) -> bool {
    let is_young = |proved: UnixTime| app.rules.max_age.is_none_or(|max_age| now.since(proved) <= max_age);
    let is_enough = match app.rules.level {
        Level::One => true,
        Level::Two => factor_time.is_some_and(is_young),
    };
    is_enough && is_young(auth_time)
}
