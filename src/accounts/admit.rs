//! Whether a token that is good in itself may act: its session goes on, its user may, and if it is a peer's, the settings let it.
//! From memory, but for a peer's user who was never asked for before.

use std::sync::Arc;

use super::user_state::disable_if_due;
use super::{Accounts, Client, Error, StateChange, end_stolen, memory_has_gaps, note_seen, remember_user};
use crate::blocklist::{Question, Standing, Verdict};
use crate::config::ForeignTokens;
use crate::domain::{Role, TokenType, UnixTime};
use crate::tokens::{Claims, Fault, Fresh};

/// Why not.
pub enum NotAdmitted {
    Fault(Fault),
    /// It could not be found out; the cause, where there is more to it than that memory is behind.
    Unknown(Option<Error>),
}

impl From<Fault> for NotAdmitted {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for NotAdmitted {
    fn from(error: Error) -> Self {
        Self::Unknown(Some(error))
    }
}

/// What the user may do by this token. Notes that it was used; one that can only be a thief's ends its session. A peer's token
/// loses what the settings don't grant it.
pub async fn admit(
    at: &Arc<Accounts>,
    claims: &mut Arc<Claims>,
    client: impl FnOnce() -> Client,
    now: UnixTime,
) -> Result<Arc<Standing>, NotAdmitted> {
    if claims.session.is_none() {
        take_from_peer(at, claims)?;
    }
    match by_memory(at, claims, at.judge(claims, now), now) {
        Ok(answer) => answer,
        // Boxed: hardly any request comes here, and none should carry about what this needs.
        Err(verdict) => Box::pin(by_store(at, claims, verdict, client, now)).await,
    }
}

/// The answer, or the verdict that needs more than memory.
fn by_memory(
    at: &Arc<Accounts>,
    claims: &Claims,
    verdict: Verdict,
    now: UnixTime,
) -> Result<Result<Arc<Standing>, NotAdmitted>, Verdict> {
    match verdict {
        Verdict::Good { standing, first_seen } if standing.disable_at.is_none_or(|date| date > now) => {
            if let Some(session) = claims.session {
                // A renewal looks first whether the session was idle for too long, and notes its use itself.
                if claims.token_type == TokenType::Access {
                    at.last_seen.note(session.sid, now);
                }
                if first_seen {
                    note_seen(at, session.sid, session.generation);
                }
            }
            Ok(Ok(restricted(at, standing, claims)))
        }
        Verdict::Revoked => Ok(Err(Fault::Revoked.into())),
        Verdict::Unknowable => Ok(Err(NotAdmitted::Unknown(None))),
        Verdict::Good { .. } | Verdict::Stolen | Verdict::UnknownUser => Err(verdict),
    }
}

async fn by_store(
    at: &Arc<Accounts>,
    claims: &Claims,
    verdict: Verdict,
    client: impl FnOnce() -> Client,
    now: UnixTime,
) -> Result<Arc<Standing>, NotAdmitted> {
    let verdict = match verdict {
        Verdict::UnknownUser => match remember_user(at, claims.identity.clone(), now).answer().await? {
            Some(_) => match by_memory(at, claims, at.judge(claims, now), now) {
                Ok(answer) => return answer,
                Err(verdict) => verdict,
            },
            None => return Err(Fault::UserGone(claims.identity.clone()).into()),
        },
        verdict => verdict,
    };
    match (verdict, claims.session) {
        // Their date has come: this is as good a moment as any to write it down.
        (Verdict::Good { standing, .. }, _) => {
            let (acts, username) = (Arc::clone(at), standing.username.clone());
            let ended = at.db.submit(move |tx| disable_if_due(tx, &acts, &username, now)).answer().await?;
            match ended {
                StateChange::Done { .. } | StateChange::NoSuchUser => Err(Fault::Revoked.into()),
                // Somebody was quicker and changed what was read here: the next request will know.
                StateChange::NoChange | StateChange::LastAdmin => Err(NotAdmitted::Unknown(None)),
            }
        }
        (Verdict::Stolen, Some(session)) => {
            end_stolen(at, session.sid, client(), now).answer().await?;
            Err(Fault::Revoked.into())
        }
        (Verdict::Revoked | Verdict::Stolen | Verdict::UnknownUser, _) => Err(Fault::Revoked.into()),
        (Verdict::Unknowable, _) => Err(NotAdmitted::Unknown(None)),
    }
}

impl Accounts {
    /// What memory says of a token.
    pub fn judge(&self, claims: &Claims, now: UnixTime) -> Verdict {
        if memory_has_gaps(self, now) {
            return Verdict::Unknowable;
        }
        self.blocklist.judge(Question {
            subject: &claims.identity,
            jti: claims.id,
            session: claims.session.map(|session| (session.sid, session.generation)),
            issued_at: claims.issued_at,
        })
    }
}

/// A token without a session of ours: what the settings let it do.
fn take_from_peer(at: &Accounts, claims: &mut Arc<Claims>) -> Result<(), Fault> {
    if claims.jti.is_none() && at.rules.require_jti {
        return Err(Fault::missing_claim("jti"));
    }
    match at.rules.foreign_tokens {
        ForeignTokens::Refuse => Err(Fault::missing_claim("sid")),
        ForeignTokens::Access if claims.token_type == TokenType::Refresh => {
            Err(Fault::invalid("Only non-refresh tokens are allowed"))
        }
        ForeignTokens::Access => {
            Arc::make_mut(claims).fresh = Fresh::No;
            Ok(())
        }
        ForeignTokens::Trust => Ok(()),
    }
}

/// A peer's token opens no admin's page unless the peer is trusted as we are.
fn restricted(at: &Accounts, standing: Arc<Standing>, claims: &Claims) -> Arc<Standing> {
    match (claims.session, at.rules.foreign_tokens) {
        (None, ForeignTokens::Refuse | ForeignTokens::Access) => {
            Arc::new(Standing { role: Role::User, ..Arc::unwrap_or_clone(standing) })
        }
        (None, ForeignTokens::Trust) | (Some(_), _) => standing,
    }
}
