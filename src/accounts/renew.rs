//! Renewing a session's tokens: by the rule of [`rotation`](super::rotation), in one transaction.

use std::sync::Arc;

use super::end_session::{End, end};
use super::mint::was_confirmed_since;
use super::rotation::{self, Judgement, Shown, State};
use super::{Accounts, Client, Error, Pair, SignedToken, block_token, story};
use crate::config::Rotate;
use crate::domain::{Reason, StepKind, TokenType, Transport, UnixTime};
use crate::store::session_ends::Which;
use crate::store::sessions::{self, Session};
use crate::store::token_blocklist::Entry;
use crate::store::{self, Conn, Tx, users};
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
pub async fn renew(
    at: &Arc<Accounts>,
    claims: &Claims,
    shown_by: Transport,
    client: Client,
    now: UnixTime,
) -> Result<Renewal, Error> {
    let (Some(shown), Some(jti)) = (claims.session, claims.jti.clone()) else { return Ok(Renewal::Over) };
    let acts = Arc::clone(at);
    let job = move |tx: &mut Tx<'_>| {
        // Whoever was quicker changed the row under us; then it is read again. Each turn somebody gets on.
        for _ in 0..16 {
            let Some(session) = sessions::find(tx.conn, shown.sid)? else { return Ok(Decision::Over) };
            let Some(user) = users::find(tx.conn, session.user)? else { return Ok(Decision::Over) };
            if user.is_out(now) || is_over(&acts, &session, now) {
                return Ok(Decision::Over);
            }
            if session.transport != shown_by {
                return Ok(Decision::WrongTransport);
            }
            let standing = acts.standing(&user);
            let subject = standing.subject.clone();
            let decision = if rotates(&acts, &session) {
                let shown = Shown { generation: shown.generation, issue: issue_of(&acts, &session, &jti) };
                turn(tx, &acts, session, shown, &client, now)?
            } else {
                keep(tx, &acts, &session, &client, now)?
            };
            let Some(turned) = decision else { continue };
            if let Turn::Rotated(_) | Turn::Kept(_) = turned {
                let memory = Arc::clone(&acts);
                tx.after_commit(move || memory.blocklist.remember(standing));
            }
            return Ok::<_, Error>(match turned {
                Turn::Rotated(session) => Decision::Rotated(session, subject),
                Turn::Kept(session) => Decision::Kept(session, subject),
                Turn::Over => Decision::Over,
            });
        }
        Err(store::Error::NotTaken.into())
    };
    Ok(match at.db.submit(job).answer().await? {
        Decision::Rotated(session, subject) => Renewal::Pair(at.renewed_pair(&subject, &session, now)?),
        Decision::Kept(session, subject) => Renewal::Access {
            access: at.extra_access(&subject, &session, Fresh::No, now)?,
            csrf: at.mint_keys.csrf(&session),
            remembered: session.remembered,
        },
        Decision::Over => Renewal::Over,
        Decision::WrongTransport => Renewal::WrongTransport,
    })
}

/// Whether a refresh token of ours would renew, were it shown now; shows nothing itself. Where sessions rotate, only the row tells.
pub fn would_renew(at: &Accounts, conn: &mut Conn, claims: &Claims, now: UnixTime) -> Result<bool, store::Error> {
    let (Some(shown), Some(jti)) = (claims.session, &claims.jti) else { return Ok(false) };
    let Some(session) = sessions::find(conn, shown.sid)? else { return Ok(false) };
    if is_over(at, &session, now) {
        return Ok(false);
    }
    if !rotates(at, &session) {
        return Ok(true);
    }
    let shown = Shown { generation: shown.generation, issue: issue_of(at, &session, jti) };
    Ok(match rotation::judge(state(at, &session), shown, at.rules.grace, now) {
        Judgement::Rotate | Judgement::SameAgain | Judgement::NewSuccessor => true,
        Judgement::Reuse | Judgement::FromTheFuture => false,
    })
}

fn is_over(at: &Accounts, session: &Session, now: UnixTime) -> bool {
    session.end.is_some() || session.expires_at <= now || now.since(at.last_seen.newest(session)) > at.rules.idle
}

fn rotates(at: &Accounts, session: &Session) -> bool {
    match (at.rules.rotate, session.transport) {
        (Rotate::Always, _) | (Rotate::Cookies, Transport::Cookie) => true,
        (Rotate::Never, _) | (Rotate::Cookies, Transport::Bearer) => false,
    }
}

/// Which of the session's refresh tokens this is, if it is one of the two that could be good.
fn issue_of(at: &Accounts, session: &Session, jti: &str) -> Option<i64> {
    let ids =
        [(session.generation, session.issue_count), (session.generation.saturating_sub(1), session.previous_issue)];
    let is_it = |(generation, issue): &(i64, i64)| {
        at.mint_keys.jti(session.sid, *generation, *issue, TokenType::Refresh).hyphenated().to_string() == jti
    };
    ids.into_iter().find(is_it).map(|(_, issue)| issue)
}

fn state(at: &Accounts, session: &Session) -> State {
    State {
        generation: session.generation,
        issue: session.issue_count,
        previous_issue: session.previous_issue,
        rotated_at: session.rotated_at,
        // Memory knows of a sight up to a second before the row does.
        seen: session.seen || at.blocklist.was_just_seen(session.sid, session.generation),
    }
}

enum Turn {
    Rotated(Session),
    Kept(Session),
    Over,
}

/// `None`: somebody was quicker.
fn turn(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    session: Session,
    shown: Shown,
    client: &Client,
    now: UnixTime,
) -> Result<Option<Turn>, Error> {
    let state = state(at, &session);
    let (kind, state) = match rotation::judge(state, shown, at.rules.grace, now) {
        Judgement::Rotate => (StepKind::Renewed, state.rotated(now)),
        Judgement::NewSuccessor => {
            void_unseen(tx, at, &session, now)?;
            (StepKind::Retried, state.with_new_successor(now))
        }
        Judgement::SameAgain => {
            let mut used = session.clone();
            if was_confirmed_since(&session) {
                at.note_access(&mut used, now);
            }
            story::note(tx, &mut used, StepKind::Repeated, client, now)?;
            let still_open = sessions::note_use(tx.conn, &session, &used)?;
            return Ok(Some(if still_open { Turn::Rotated(used) } else { Turn::Over }));
        }
        Judgement::Reuse => {
            end_for_reuse(tx, at, session, client, now)?;
            return Ok(Some(Turn::Over));
        }
        Judgement::FromTheFuture => {
            tracing::warn!(
                event = "token_from_the_future",
                session = session.sid.short(),
                "a refresh token is ahead of the database: was an older backup restored?"
            );
            return Ok(Some(Turn::Over));
        }
    };
    let mut next = Session {
        generation: state.generation,
        issue_count: state.issue,
        previous_issue: state.previous_issue,
        rotated_at: state.rotated_at,
        seen: false,
        ..session.clone()
    };
    at.note_access(&mut next, now);
    story::note(tx, &mut next, kind, client, now)?;
    if !sessions::rotate(tx.conn, &session, &next)? {
        return Ok(None);
    }
    let (memory, sid, generation) = (Arc::clone(at), next.sid, next.generation);
    tx.after_commit(move || memory.blocklist.await_sight(sid, generation));
    Ok(Some(Turn::Rotated(next)))
}

/// A session that does not rotate: its refresh token stays, and gets one more access token.
fn keep(
    tx: &mut Tx<'_>,
    at: &Accounts,
    session: &Session,
    client: &Client,
    now: UnixTime,
) -> Result<Option<Turn>, Error> {
    let mut used = session.clone();
    at.note_access(&mut used, now);
    story::note(tx, &mut used, StepKind::Renewed, client, now)?;
    let still_open = sessions::note_use(tx.conn, session, &used)?;
    Ok(Some(if still_open { Turn::Kept(used) } else { Turn::Over }))
}

/// Somebody showed a token that only a thief, or the one who was robbed, can still hold.
pub(super) fn end_for_reuse(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    mut session: Session,
    client: &Client,
    now: UnixTime,
) -> Result<(), Error> {
    let end_of_it = End { at: now, reason: Reason::Reuse, by: None };
    if end(tx, at, Which::One(session.sid), end_of_it)?.sessions.is_empty() {
        return Ok(());
    }
    let (user, last_ip, last_browser) = (session.user, session.ip.clone(), session.user_agent.clone());
    story::note(tx, &mut session, StepKind::Reused, client, now)?;
    // The list goes on showing where the session was at home; who came last stands in its story.
    session.ip = last_ip;
    session.user_agent = last_browser;
    sessions::note_end_of_story(tx.conn, &session)?;
    users::note_reuse(tx.conn, user, now)?;
    Ok(())
}

/// The pair whose answer was lost is void for ever: showing either of them is theft.
fn void_unseen(tx: &mut Tx<'_>, at: &Arc<Accounts>, session: &Session, now: UnixTime) -> Result<(), Error> {
    for token_type in [TokenType::Access, TokenType::Refresh] {
        let expires_at = match token_type {
            TokenType::Access => at.access_end(session, session.rotated_at),
            TokenType::Refresh => at.refresh_end(session),
        };
        let id = at.mint_keys.jti(session.sid, session.generation, session.issue_count, token_type);
        let entry = Entry {
            jti: id.hyphenated().to_string(),
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
