//! Ending sessions and revoking single tokens: durable and enforced before anybody is told.

use std::sync::Arc;

use super::{Accounts, Error};
use crate::blocklist::BlockedToken;
use crate::domain::{Reason, SessionId, UnixTime, UserId};
use crate::store::audit::{self, What};
use crate::store::sessions::{self, End, Session};
use crate::store::token_blocklist::{self, Entry};
use crate::store::{Pending, Tx};
use crate::tokens::Claims;

/// Ends a session inside a transaction. `None`: there is none, or it had ended already.
pub(super) fn end_one(tx: &mut Tx<'_>, at: &Arc<Accounts>, sid: SessionId, end: End) -> Result<Option<Session>, Error> {
    let Some(session) = sessions::find(tx.conn, sid)? else { return Ok(None) };
    if !sessions::end(tx.conn, sid, end)? {
        return Ok(None);
    }
    let event = audit::Event {
        at: end.at,
        what: if end.reason == Reason::Reuse { What::RefreshReused } else { What::SessionEnded },
        user: Some(session.user),
        by: end.by,
        sid: Some(sid),
        ip: None,
        details: Some(end.reason.as_str()),
    };
    audit::add(tx.conn, &event)?;
    let until = session.expires_at.max(session.access_until);
    let (acts, user) = (Arc::clone(at), session.user);
    tx.after_commit(move || {
        acts.blocklist.end_session(sid, until);
        let name = acts.blocklist.standing(user).map(|standing| standing.username.to_string());
        tracing::info!(event = "session_ended", user = name, session = sid.short(), reason = end.reason.as_str());
    });
    Ok(Some(session))
}

/// Ends every open session of the user but `except`; returns how many.
pub(super) fn end_all(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    user: UserId,
    except: Option<SessionId>,
    end: End,
) -> Result<usize, Error> {
    let mut ended = 0;
    for session in sessions::open_of(tx.conn, user, end.at)? {
        if Some(session.sid) != except && end_one(tx, at, session.sid, end)?.is_some() {
            ended += 1;
        }
    }
    Ok(ended)
}

/// Revokes a single token inside a transaction. `false`: it was revoked already.
pub(super) fn block_token(tx: &mut Tx<'_>, at: &Arc<Accounts>, entry: &Entry) -> Result<bool, Error> {
    if !token_blocklist::add(tx.conn, entry)? {
        return Ok(false);
    }
    let blocked =
        BlockedToken { jti: entry.jti.clone(), until: entry.expires_at, is_trap: entry.reason == Reason::Lost };
    let acts = Arc::clone(at);
    tx.after_commit(move || acts.blocklist.block(&blocked));
    Ok(true)
}

/// Signs out: ends the token's session, or, of a peer's token, revokes the token itself, whose user the caller knows. Doing
/// it twice does no harm.
pub fn log_out(at: &Arc<Accounts>, claims: Claims, peers_user: Option<UserId>, now: UnixTime) -> Pending<(), Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| {
        let reason = Reason::Logout;
        if let Some(shown) = claims.session {
            let by = sessions::find(tx.conn, shown.sid)?.map(|session| session.user);
            end_one(tx, &acts, shown.sid, End { at: now, reason, by })?;
            return Ok(());
        }
        let (Some(jti), Some(user)) = (claims.jti, peers_user) else { return Ok(()) };
        let entry = Entry {
            jti,
            token_type: claims.token_type,
            user,
            sid: None,
            revoked_at: now,
            expires_at: claims.expires_at,
            reason,
            by: Some(user),
        };
        if block_token(tx, &acts, &entry)? {
            let event = audit::Event {
                at: now,
                what: What::TokenRevoked,
                user: Some(user),
                by: Some(user),
                sid: None,
                ip: None,
                details: Some(reason.as_str()),
            };
            audit::add(tx.conn, &event)?;
        }
        Ok(())
    })
}

/// Somebody showed a token that only a thief can hold: the session ends.
pub fn end_stolen(at: &Arc<Accounts>, sid: SessionId, now: UnixTime) -> Pending<(), Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| {
        end_one(tx, &acts, sid, End { at: now, reason: Reason::Reuse, by: None })?;
        Ok(())
    })
}

/// A token of this generation passed a guard for the first time. Nobody waits for the note: what a crash within that
/// moment reopens is that the predecessor, shown after the grace, counts as an honest retry once more.
pub fn note_seen(at: &Arc<Accounts>, sid: SessionId, generation: i64) {
    if at.blocklist.note_seen(sid, generation) {
        drop(at.db.submit::<_, Error>(move |tx| Ok(sessions::note_seen(tx.conn, sid, generation)?)));
    }
}
