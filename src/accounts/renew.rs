//! Renewing a session's tokens: rotation that survives tabs and lost answers, yet catches thieves. (RFC 9700 §4.14)

use std::sync::Arc;

use super::end_session::{block_token, end_one};
use super::{Accounts, Error, Pair, SignedToken};
use crate::config::Rotate;
use crate::domain::{Reason, TokenType, Transport, UnixTime};
use crate::store::sessions::{self, End, Session};
use crate::store::token_blocklist::Entry;
use crate::store::{Tx, users};
use crate::tokens::{Claims, Fresh};

pub enum Renewal {
    /// The session rotated, now or a moment ago: both tokens are new.
    Pair(Pair),
    /// The session does not rotate: a new access token beside the old refresh token.
    Access { access: SignedToken, csrf: String, remembered: bool },
    /// The session is over: ended, expired, idle for too long, or ended just now for reuse.
    Over,
    /// The token belongs to a session that carries its tokens the other way.
    WrongTransport,
}

/// What the row says after the transaction; the tokens are made from it outside, so that signing holds up no other write.
enum Decision {
    Rotated(Session, String),
    Kept(Session, String),
    Over,
    WrongTransport,
}

/// Renews by a refresh token that passed every check of its own. `shown_by`: how it was shown.
pub async fn renew(at: &Arc<Accounts>, claims: &Claims, shown_by: Transport, now: UnixTime) -> Result<Renewal, Error> {
    let (Some(shown), Some(jti)) = (claims.session, claims.jti.clone()) else { return Ok(Renewal::Over) };
    let acts = Arc::clone(at);
    let job = move |tx: &mut Tx<'_>| {
        // Whoever was quicker changed the row under us; then it is read again. Each turn somebody gets on.
        for _ in 0..16 {
            let Some(session) = sessions::find(tx.conn, shown.sid)? else { return Ok(Decision::Over) };
            let Some(user) = users::find(tx.conn, session.user)? else { return Ok(Decision::Over) };
            if user.disabled_at.is_some() || is_over(&acts, &session, now) {
                return Ok(Decision::Over);
            }
            if session.transport != shown_by {
                return Ok(Decision::WrongTransport);
            }
            let subject = acts.standing(&user).subject;
            let standing = acts.standing(&user);
            let next = match judge(&acts, &session, shown.generation, &jti, now) {
                Judgement::Keep => {
                    let kept = Session { last_seen_at: now, ..session.clone() };
                    let access_until = acts.access_end(&kept, now).max(kept.access_until);
                    let kept = Session { access_until, ..kept };
                    if !sessions::note_access(tx.conn, &kept)? {
                        return Ok(Decision::Over);
                    }
                    remember(tx, &acts, standing);
                    return Ok(Decision::Kept(kept, subject));
                }
                Judgement::SameAgain => return Ok(Decision::Rotated(session, subject)),
                Judgement::Rotate => successor(&acts, &session, session.generation + 1, now),
                Judgement::NewSuccessor => {
                    void_unseen(tx, &acts, &session, now)?;
                    successor(&acts, &session, session.generation, now)
                }
                Judgement::Reuse => {
                    end_one(tx, &acts, session.sid, End { at: now, reason: Reason::Reuse, by: None })?;
                    return Ok(Decision::Over);
                }
                Judgement::FromTheFuture => {
                    tracing::warn!(
                        event = "token_from_the_future",
                        session = session.sid.short(),
                        "a refresh token is ahead of the database: was an older backup restored?"
                    );
                    return Ok(Decision::Over);
                }
            };
            if sessions::rotate(tx.conn, &session, &next)? {
                let (acts, sid, generation) = (Arc::clone(&acts), next.sid, next.generation);
                tx.after_commit(move || {
                    acts.blocklist.await_sight(sid, generation);
                    acts.blocklist.remember(standing);
                });
                return Ok::<_, Error>(Decision::Rotated(next, subject));
            }
        }
        Err(crate::store::Error::NotTaken.into())
    };
    Ok(match at.db.submit(job).answer().await? {
        Decision::Rotated(session, subject) => Renewal::Pair(at.pair(&subject, &session, Fresh::No)?),
        Decision::Kept(session, subject) => Renewal::Access {
            access: at.extra_access(&subject, &session, Fresh::No, now)?,
            csrf: at.mint_keys.csrf(&session),
            remembered: session.remembered,
        },
        Decision::Over => Renewal::Over,
        Decision::WrongTransport => Renewal::WrongTransport,
    })
}

fn remember(tx: &mut Tx<'_>, at: &Arc<Accounts>, standing: crate::blocklist::Standing) {
    let acts = Arc::clone(at);
    tx.after_commit(move || acts.blocklist.remember(standing));
}

fn is_over(at: &Accounts, session: &Session, now: UnixTime) -> bool {
    session.ended_at.is_some() || session.expires_at <= now || now.since(session.last_seen_at) > at.rules.idle
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    /// Not a rotating session.
    Keep,
    /// The current token: the session moves on.
    Rotate,
    /// The predecessor, within the grace: a second tab, a double click.
    SameAgain,
    /// The predecessor, and no token of the current generation was ever seen: the answer was lost on the way.
    NewSuccessor,
    /// Spent for good: taken as theft.
    Reuse,
    /// Newer than the row.
    FromTheFuture,
}

fn judge(at: &Accounts, session: &Session, generation: i64, jti: &str, now: UnixTime) -> Judgement {
    let rotates = match (at.rules.rotate, session.transport) {
        (Rotate::Always, _) | (Rotate::Cookies, Transport::Cookie) => true,
        (Rotate::Never, _) | (Rotate::Cookies, Transport::Bearer) => false,
    };
    let is_current_id = || at.mint_keys.jti(session, TokenType::Refresh).hyphenated().to_string() == jti;
    let behind = session.generation.saturating_sub(generation);
    match behind {
        0 if !is_current_id() => Judgement::Reuse,
        0 if rotates => Judgement::Rotate,
        0 => Judgement::Keep,
        // A clock that was set back closes the grace instead of opening it.
        1 if (0..=at.rules.grace).contains(&now.since(session.rotated_at)) => Judgement::SameAgain,
        // Memory knows of a sight up to a second before the row does.
        1 if !session.seen && at.blocklist.is_unseen(session.sid, session.generation) => Judgement::NewSuccessor,
        1.. => Judgement::Reuse,
        _ => Judgement::FromTheFuture,
    }
}

fn successor(at: &Accounts, session: &Session, generation: i64, now: UnixTime) -> Session {
    let mut next = session.clone();
    next.generation = generation;
    next.issue_count += 1;
    next.rotated_at = now;
    next.last_seen_at = now;
    next.seen = false;
    next.access_until = at.access_end(&next, now).max(next.access_until);
    next
}

/// The pair whose answer was lost is void for ever: showing either of them is theft.
fn void_unseen(tx: &mut Tx<'_>, at: &Arc<Accounts>, session: &Session, now: UnixTime) -> Result<(), Error> {
    for token_type in [TokenType::Access, TokenType::Refresh] {
        let expires_at = match token_type {
            TokenType::Access => at.access_end(session, session.rotated_at),
            TokenType::Refresh => at.refresh_end(session),
        };
        let entry = Entry {
            jti: at.mint_keys.jti(session, token_type).hyphenated().to_string(),
            token_type,
            user: session.user,
            sid: Some(session.sid),
            revoked_at: now,
            expires_at: Some(expires_at),
            reason: Reason::Lost,
            by: None,
        };
        block_token(tx, at, &entry)?;
    }
    Ok(())
}
