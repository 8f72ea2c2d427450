//! Ending sessions, one or many, and revoking single tokens: in one transaction, and enforced in memory before anybody is told.

use std::sync::Arc;

use uuid::Uuid;

use super::renew::end_for_reuse;
use super::{Accounts, By, Client, Error};
use crate::blocklist::BlockedToken;
use crate::domain::{Reason, SessionId, TokenId, TokenType, UnixTime, UserId};
use crate::store::audit::{self, What};
pub use crate::store::session_ends::{JustEnded, Which};
pub use crate::store::sessions::End;
use crate::store::token_blocklist::{self, Entry};
use crate::store::{Pending, Tx, session_ends, sessions, users};
use crate::tokens::Claims;

/// What one act ended of what was still open. The receipt names it: the page that proves it is found by that.
#[derive(Clone, Debug)]
pub struct Ended {
    pub receipt: String,
    pub sessions: Vec<JustEnded>,
}

/// Ends sessions inside a transaction.
pub(super) fn end(tx: &mut Tx<'_>, at: &Arc<Accounts>, which: Which, end: End) -> Result<Ended, Error> {
    let receipt = Uuid::new_v4().to_string();
    let (ended, run_out): (Vec<_>, Vec<_>) =
        session_ends::end(tx.conn, which, end, &receipt)?.into_iter().partition(|one| one.until > end.at);
    // Those are refused from now on as well, whatever the clock will say; but nobody counts them as ended.
    let memory = Arc::clone(at);
    tx.after_commit(move || memory.blocklist.end_sessions(run_out.iter().map(|one| (one.sid, one.until))));
    let Some(first) = ended.first() else { return Ok(Ended { receipt, sessions: ended }) };
    // One event for the act. The sessions themselves say by its receipt that they belong to it.
    let alone = (ended.len() == 1).then_some(first.sid);
    let of_one_user = ended.iter().all(|one| one.user == first.user).then_some(first.user);
    let details = format!("{}, {} ended, receipt {receipt}", end.reason.as_str(), ended.len());
    let event = audit::Event {
        at: end.at,
        what: if end.reason == Reason::Reuse { What::RefreshReused } else { What::SessionEnded },
        user: of_one_user,
        by: end.by,
        sid: alone,
        ip: None,
        details: Some(&details),
    };
    audit::add(tx.conn, &event)?;
    let name = of_one_user.map(|user| users::name_of(tx.conn, user)).transpose()?.flatten();
    let (acts, now_refused) = (Arc::clone(at), ended.clone());
    tx.after_commit(move || {
        acts.blocklist.end_sessions(now_refused.iter().map(|one| (one.sid, one.until)));
        tracing::info!(
            event = "session_ended",
            user = name,
            session = alone.map(SessionId::short),
            sessions = now_refused.len(),
            reason = end.reason.as_str()
        );
    });
    Ok(Ended { receipt, sessions: ended })
}

/// Ends what a person or an admin has chosen.
pub fn end_sessions(at: &Arc<Accounts>, which: Which, reason: Reason, by: By, now: UnixTime) -> Pending<Ended, Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| end(tx, &acts, which, End { at: now, reason, by }))
}

/// Revokes a single token inside a transaction. `false`: it was revoked already.
pub(super) fn block_token(tx: &mut Tx<'_>, at: &Arc<Accounts>, entry: &Entry) -> Result<bool, Error> {
    if !token_blocklist::add(tx.conn, entry)? {
        return Ok(false);
    }
    let blocked = BlockedToken::new(TokenId::of(&entry.jti), entry.expires_at, entry.reason == Reason::Lost);
    let acts = Arc::clone(at);
    tx.after_commit(move || acts.blocklist.block(blocked));
    Ok(true)
}

/// Signs out: ends the token's session, or, of a peer's token, revokes the token itself, whose user the caller knows. Doing
/// it twice does no harm.
pub fn log_out(
    at: &Arc<Accounts>,
    claims: Arc<Claims>,
    peers_user: Option<UserId>,
    now: UnixTime,
) -> Pending<(), Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| {
        let reason = Reason::Logout;
        if let Some(shown) = claims.session {
            let by = sessions::find(tx.conn, shown.sid)?.map(|session| session.user);
            end(tx, &acts, Which::One(shown.sid), End { at: now, reason, by })?;
            return Ok(());
        }
        match peers_user {
            Some(user) => revoke_alone(tx, &acts, &claims, user, End { at: now, reason, by: Some(user) }),
            None => Ok(()),
        }
    })
}

/// What an app beside us asks to have revoked: a refresh token takes its session with it, an access token goes alone. (RFC 7009)
/// `peers_user`: whose a peer's token is.
pub fn revoke_for_app(
    at: &Arc<Accounts>,
    claims: Arc<Claims>,
    peers_user: Option<UserId>,
    now: UnixTime,
) -> Pending<(), Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| {
        let by_app = End { at: now, reason: Reason::RevokedByApp, by: None };
        let user = match claims.sid() {
            Some(sid) if claims.token_type == TokenType::Refresh => {
                end(tx, &acts, Which::One(sid), by_app)?;
                return Ok(());
            }
            Some(sid) => sessions::find(tx.conn, sid)?.map(|session| session.user),
            None => peers_user,
        };
        user.map_or(Ok(()), |user| revoke_alone(tx, &acts, &claims, user, by_app))
    })
}

/// Revokes a token and nothing else. One without an id can't be.
fn revoke_alone(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    claims: &Claims,
    user: UserId,
    End { at: now, reason, by }: End,
) -> Result<(), Error> {
    let Some(jti) = claims.jti.clone() else { return Ok(()) };
    let entry = Entry {
        jti,
        token_type: claims.token_type,
        user,
        sid: claims.sid(),
        revoked_at: now,
        expires_at: claims.expires_at,
        reason,
        by,
    };
    if block_token(tx, at, &entry)? {
        let event = audit::Event {
            at: now,
            what: What::TokenRevoked,
            user: Some(user),
            by,
            sid: claims.sid(),
            ip: None,
            details: Some(reason.as_str()),
        };
        audit::add(tx.conn, &event)?;
    }
    Ok(())
}

/// Somebody showed a token that only a thief can hold: the session ends.
pub fn end_stolen(at: &Arc<Accounts>, sid: SessionId, client: Client, now: UnixTime) -> Pending<(), Error> {
    let acts = Arc::clone(at);
    at.db.submit(move |tx| match sessions::find(tx.conn, sid)? {
        Some(session) => end_for_reuse(tx, &acts, session, &client, now),
        None => Ok(()),
    })
}

/// A token of this generation passed a guard for the first time. Nobody waits for the note: what a crash within that
/// moment reopens is that the predecessor, shown after the grace, counts as an honest retry once more.
pub fn note_seen(at: &Arc<Accounts>, sid: SessionId, generation: i64) {
    if at.blocklist.note_seen(sid, generation) {
        let acts = Arc::clone(at);
        drop(at.db.submit::<_, Error>(move |tx| {
            sessions::note_seen(tx.conn, sid, generation)?;
            tx.after_commit(move || acts.blocklist.forget_sight(sid, generation));
            Ok(())
        }));
    }
}
