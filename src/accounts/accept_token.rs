//! Whether a token that is good in itself is accepted: its session goes on, its user may act, and if it is a peer's, the settings let
//! it. Answered from memory, except for a peer's user who was never asked for before, a user whose date to be disabled has come, a
//! token that can only be a thief's, and for the moment in which memory learns whose sessions an act on everybody's has ended: for these
//! the store is asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::context::{Accounts, Error, Visitor};
use super::level::require_by_policy;
use super::people::state::{StateChange, disable_if_due};
use super::sessions::{first_use, mass_end, reuse};
use super::upkeep::memory;
use crate::blocklist::{Question, Standing, Verdict};
use crate::config::ForeignTokens;
use crate::domain::{Role, TokenType, UnixTime};
use crate::tokens::{Claims, Fault, Fresh};

/// Why not.
pub enum NotAccepted {
    Fault(Fault),
    /// It could not be found out; the cause, where there is more to it than that memory is behind.
    Unknown(Option<Error>),
}

impl From<Fault> for NotAccepted {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for NotAccepted {
    fn from(error: Error) -> Self {
        Self::Unknown(Some(error))
    }
}

/// What the user may do by this token. Notes that it was used; one that can only be a thief's ends its session. A peer's token
/// loses what the settings don't grant it. `stays_open`: whether it is shown where somebody may come who still has to give a second
/// factor; looked up only for those.
pub async fn accept(
    accounts: &Arc<Accounts>,
    claims: &mut Arc<Claims>,
    stays_open: impl Fn() -> bool,
    visitor: impl FnOnce() -> Visitor,
    now: UnixTime,
) -> Result<Arc<Standing>, NotAccepted> {
    if claims.session.is_none() {
        take_from_peer(accounts, claims)?;
    }
    match by_memory(accounts, claims, &stays_open, now) {
        Answer::Accepted(standing) => Ok(standing),
        Answer::NotAccepted(why) => Err(why),
        // Boxed: hardly any request comes here, and none should carry about what this needs.
        Answer::AskStore(verdict) => Box::pin(by_store(accounts, claims, verdict, stays_open, visitor, now)).await,
    }
}

/// The same for nearly every token: one of ours, of which memory alone says that it is accepted. `None`: it takes more, or it is refused;
/// [`accept`] finds out, and notes nothing twice.
pub fn accept_at_once(
    accounts: &Arc<Accounts>,
    claims: &Claims,
    stays_open: impl Fn() -> bool,
    now: UnixTime,
) -> Option<Arc<Standing>> {
    claims.session?;
    match by_memory(accounts, claims, &stays_open, now) {
        Answer::Accepted(standing) => Some(standing),
        Answer::NotAccepted(_) | Answer::AskStore(_) => None,
    }
}

/// What memory says.
enum Answer {
    Accepted(Arc<Standing>),
    NotAccepted(NotAccepted),
    /// This needs more than memory.
    AskStore(Verdict),
}

fn by_memory(accounts: &Arc<Accounts>, claims: &Claims, stays_open: &impl Fn() -> bool, now: UnixTime) -> Answer {
    match accounts.judge(claims, now) {
        Verdict::Good { standing, is_first_use } => good(accounts, claims, standing, is_first_use, stays_open, now),
        Verdict::Revoked => Answer::NotAccepted(Fault::Revoked.into()),
        Verdict::Unknowable => Answer::NotAccepted(NotAccepted::Unknown(None)),
        verdict @ (Verdict::GoodIfOpen { .. } | Verdict::Stolen | Verdict::UnknownUser) => Answer::AskStore(verdict),
    }
}

/// What follows if session and user go on.
fn good(
    accounts: &Arc<Accounts>,
    claims: &Claims,
    standing: Arc<Standing>,
    is_first_use: bool,
    stays_open: &impl Fn() -> bool,
    now: UnixTime,
) -> Answer {
    if standing.disable_at.is_some_and(|date| date <= now) {
        return Answer::AskStore(Verdict::Good { standing, is_first_use });
    }
    if let Some(session) = claims.session {
        // A renewal looks first whether the session was idle for too long, and notes its use itself.
        if claims.token_type == TokenType::Access && claims.is_first_at(now) {
            let is_new = accounts.last_seen.note(session.sid, session.generation, now);
            if is_new && !is_first_use && accounts.config.cluster_lease.is_some() {
                first_use::note_for_all(accounts, session.sid, session.generation);
            }
        }
        if is_first_use {
            first_use::note(accounts, session.sid, session.generation);
        }
    }
    match require_second_factor(accounts, claims, &standing, stays_open, now) {
        Ok(()) => Answer::Accepted(restricted(accounts, standing, claims)),
        Err(fault) => Answer::NotAccepted(fault.into()),
    }
}

async fn by_store(
    accounts: &Arc<Accounts>,
    claims: &Claims,
    verdict: Verdict,
    stays_open: impl Fn() -> bool,
    visitor: impl FnOnce() -> Visitor,
    now: UnixTime,
) -> Result<Arc<Standing>, NotAccepted> {
    let verdict = match verdict {
        Verdict::UnknownUser => {
            let found = memory::remember_user(accounts, claims.identity.clone()).everywhere().await?;
            if found.is_none() {
                return Err(Fault::UserGone(claims.identity.clone()).into());
            }
            match by_memory(accounts, claims, &stays_open, now) {
                Answer::Accepted(standing) => return Ok(standing),
                Answer::NotAccepted(why) => return Err(why),
                Answer::AskStore(verdict) => verdict,
            }
        }
        Verdict::GoodIfOpen { standing, is_first_use } => {
            if !mass_end::is_open(accounts, claims.session.map(|session| session.sid)).await? {
                return Err(Fault::Revoked.into());
            }
            match good(accounts, claims, standing, is_first_use, &stays_open, now) {
                Answer::Accepted(standing) => return Ok(standing),
                Answer::NotAccepted(why) => return Err(why),
                Answer::AskStore(verdict) => verdict,
            }
        }
        verdict => verdict,
    };
    match (verdict, claims.session) {
        // Their date has come: this is as good a moment as any to write it down.
        (Verdict::Good { standing, .. }, _) => {
            match disable_if_due(accounts, standing.username.clone()).everywhere().await? {
                StateChange::Done { .. } | StateChange::NoSuchUser => Err(Fault::Revoked.into()),
                // Somebody was quicker and changed what was read here: the next request will know.
                StateChange::NoChange | StateChange::LastAdmin => Err(NotAccepted::Unknown(None)),
            }
        }
        (Verdict::Stolen, Some(session)) => {
            reuse::end_stolen(accounts, session.sid, visitor()).everywhere().await?;
            Err(Fault::Revoked.into())
        }
        (Verdict::Revoked | Verdict::GoodIfOpen { .. } | Verdict::Stolen | Verdict::UnknownUser, _) => {
            Err(Fault::Revoked.into())
        }
        (Verdict::Unknowable, _) => Err(NotAccepted::Unknown(None)),
    }
}

impl Accounts {
    /// What memory says of a token.
    pub fn judge(&self, claims: &Claims, now: UnixTime) -> Verdict {
        let lease = self.blocklist.lease.read();
        let verdict = self.judge_by_memory(claims, now);
        if lease.is_over() { Verdict::Unknowable } else { verdict }
    }

    fn judge_by_memory(&self, claims: &Claims, now: UnixTime) -> Verdict {
        if memory::has_gaps(self, now) {
            return Verdict::Unknowable;
        }
        // A session that began after the backup is not known here, so the blocklist can't say that it has ended.
        let restored = self.restored.load(Ordering::Relaxed);
        if restored > 0 && claims.issued_at.is_none_or(|issued| issued.0 <= restored) {
            return Verdict::Revoked;
        }
        let question = Question {
            subject: &claims.identity,
            jti: claims.id,
            session: claims.session.map(|session| (session.sid, session.generation)),
            issued_at: claims.issued_at,
        };
        // Nearly always nothing has changed since the token was shown last.
        let changes = self.blocklist.changes_to(&question);
        if let Some(standing) = claims.found_at(changes) {
            return Verdict::Good { standing, is_first_use: false };
        }
        let verdict = self.blocklist.judge(question);
        if let Verdict::Good { standing, is_first_use: false } = &verdict {
            claims.keep_found(changes, Arc::clone(standing));
        }
        verdict
    }
}

/// A token without a session of ours: what the settings let it do.
fn take_from_peer(accounts: &Accounts, claims: &mut Arc<Claims>) -> Result<(), Fault> {
    if would_lack_jti(accounts, claims) && accounts.config.foreign_tokens != ForeignTokens::Observe {
        return Err(Fault::missing_claim("jti"));
    }
    match accounts.config.foreign_tokens {
        ForeignTokens::Refuse => Err(Fault::missing_claim("sid")),
        ForeignTokens::Access if claims.token_type == TokenType::Refresh => {
            Err(Fault::invalid("Only non-refresh tokens are allowed"))
        }
        ForeignTokens::Access => {
            Arc::make_mut(claims).fresh = Fresh::No;
            Ok(())
        }
        ForeignTokens::Observe | ForeignTokens::Trust => Ok(()),
    }
}

fn would_lack_jti(accounts: &Accounts, claims: &Claims) -> bool {
    claims.jti.is_none() && accounts.config.require_jti
}

/// The mildest setting that would have refused an accepted token of a peer's, by its name. `None`: it is one of ours, or peers' tokens are
/// not observed.
pub fn observed(accounts: &Accounts, claims: &Claims) -> Option<&'static str> {
    if claims.session.is_some() || accounts.config.foreign_tokens != ForeignTokens::Observe {
        return None;
    }
    Some(match claims.token_type {
        _ if would_lack_jti(accounts, claims) => "require_jti",
        TokenType::Refresh => "access",
        TokenType::Access => "refuse",
    })
}

/// Fails for somebody of whom policy asks a second factor that they have not given, except where it stays open to them.
fn require_second_factor(
    accounts: &Accounts,
    claims: &Claims,
    standing: &Standing,
    stays_open: &impl Fn() -> bool,
    now: UnixTime,
) -> Result<(), Fault> {
    // A session's refresh token opens nothing. What the session is worth by now stands in its row, by which the renewal is judged.
    if claims.token_type == TokenType::Refresh && claims.session.is_some() {
        return Ok(());
    }
    let policy = accounts.second_factor_policy(claims);
    let judged = require_by_policy(policy, standing.role, standing.has_factor, claims.level_for_policy(), now);
    judged.or_else(|fault| if stays_open() { Ok(()) } else { Err(fault) })
}

/// A peer's token opens no admin's page unless the peer is trusted as we are.
fn restricted(accounts: &Accounts, standing: Arc<Standing>, claims: &Claims) -> Arc<Standing> {
    match claims.session {
        None if !accounts.config.foreign_tokens.are_trusted() => {
            Arc::new(Standing { role: Role::User, ..Arc::unwrap_or_clone(standing) })
        }
        Some(_) | None => standing,
    }
}
