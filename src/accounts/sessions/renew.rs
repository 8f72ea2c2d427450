//! Renewing a session's tokens: by the rule in `rotation.rs`, in one transaction.

use std::sync::Arc;

use uuid::Uuid;

use super::reuse::end_for_reuse;
use super::rotation::{self, Judgement, Rules, Shown, State};
use super::status::give_place;
use super::tokens::{Pair, PairId, SignedToken};
use super::{single_token, story};
use crate::accounts::authority::OwnToken;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::accounts::level::require_by_policy;
use crate::accounts::same_place::is_same_place;
use crate::blocklist::change::Change;
use crate::config::{Rotate, SecondFactorPolicy};
use crate::domain::{By, Reason, StepKind, TokenType, Transport, UnixTime};
use crate::store::audit::event::{Event, What};
use crate::store::hourly_counts::Counted;
use crate::store::sessions::{self, Session};
use crate::store::token_blocklist::Entry;
use crate::store::{self, Conn, Lane, Tx, hold, users};
use crate::tokens::{Claims, Fault, Fresh};

pub enum Renewal {
    /// The session rotated, now or a moment ago: both tokens are new. `recovered`: for a browser that came back with older cookies.
    Pair { pair: Pair, recovered: bool },
    /// The session does not rotate: a new access token beside the old refresh token.
    Access { access: SignedToken, csrf: String, remembered: bool },
    /// The session is over: ended, expired, idle for too long, or ended just now for reuse.
    Over,
    /// The token belongs to a session that carries its tokens the other way.
    WrongTransport,
    /// Policy asks for a second factor, which was not given in this session. The fault says what to do; nothing was changed.
    BelowPolicy(Fault),
}

/// What the transaction came to. The tokens are made from it outside, so that signing holds up no other write.
enum Stored {
    Rotated(Renewed),
    Kept(Renewed),
    Over,
    WrongTransport,
    BelowPolicy(Fault),
}

/// A session after its renewal.
struct Renewed {
    session: Session,
    subject: String,
    now: UnixTime,
    recovered: bool,
}

/// Renews by a refresh token that passed every check of its own. `shown_by`: how it was shown. `policy`: what is asked where it was
/// shown.
pub fn renew(
    accounts: &Arc<Accounts>,
    token: OwnToken,
    shown_by: Transport,
    policy: SecondFactorPolicy,
    visitor: Visitor,
) -> Pending<Renewal> {
    let Some(shown) = token.claims.session else { return Pending::known(Ok(Renewal::Over)) };
    let stored = accounts.write_beside(Lane::Session(shown.sid), token, move |tx, accounts, claims| {
        renew_in(tx, accounts, &claims, shown_by, policy, &visitor)
    });
    let accounts = Arc::clone(accounts);
    stored.then(move |stored| {
        Ok(match stored? {
            Stored::Rotated(Renewed { session, subject, now, recovered }) => {
                Renewal::Pair { pair: accounts.renewed_pair(&subject, &session, now)?, recovered }
            }
            Stored::Kept(Renewed { session, subject, now, .. }) => Renewal::Access {
                access: accounts.extra_access(&subject, &session, Fresh::No, Uuid::new_v4(), now)?,
                csrf: accounts.csrf(&session),
                remembered: session.remembered,
            },
            Stored::Over => Renewal::Over,
            Stored::WrongTransport => Renewal::WrongTransport,
            Stored::BelowPolicy(fault) => Renewal::BelowPolicy(fault),
        })
    })
}

fn renew_in(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    claims: &Claims,
    shown_by: Transport,
    policy: SecondFactorPolicy,
    visitor: &Visitor,
) -> Result<Stored, Error> {
    let (Some(shown), Some(jti)) = (claims.session, &claims.jti) else { return Ok(Stored::Over) };
    if tx.is_in_queue() {
        hold(tx.conn, shown.sid)?;
    }
    let Some((mut session, user)) = users::find_by_session(tx.conn, shown.sid)? else { return Ok(Stored::Over) };
    if user.is_shut_out(tx.now) || is_over(accounts, &session, tx.now) {
        return Ok(Stored::Over);
    }
    if session.transport != shown_by {
        return Ok(Stored::WrongTransport);
    }
    // By the row: the token may be older than the second factor.
    if let Err(fault) =
        require_by_policy(policy, user.role, user.factors > 0, session.methods.level_for_policy(), tx.now)
    {
        return Ok(Stored::BelowPolicy(fault));
    }
    if accounts.config.status_list {
        // It may have begun while the setting was off.
        give_place(tx, accounts, &mut session)?;
    }
    let standing = accounts.standing(&user);
    let (subject, now) = (standing.subject().to_owned(), tx.now);
    // As it mostly does. If not, this has its place among what others change in memory.
    let memory_holds_it = accounts.blocklist.standing(&subject).is_some_and(|held| *held == standing);
    let stored = if rotates(accounts, &session) {
        let shown = Shown {
            generation: shown.generation,
            issue: issue_of(accounts, &session, jti),
            from_same_place: is_same_place(&session.made_ip, &session.made_agent, visitor),
        };
        let rotated = rotate(tx, accounts, session, shown, visitor)?;
        rotated.map(|(session, recovered)| Stored::Rotated(Renewed { session, subject, now, recovered }))
    } else {
        let kept = keep(tx, accounts, &session, visitor)?;
        kept.map(|session| Stored::Kept(Renewed { session, subject, now, recovered: false }))
    };
    if stored.is_some() && !memory_holds_it {
        tx.change(Change::UserPresent(standing));
    }
    Ok(stored.unwrap_or(Stored::Over))
}

/// Whether a refresh token of ours would renew if it were shown now, from wherever. Counts as no use of it. What its session is worth
/// and, if it rotates, which token is good, only the row can tell.
pub fn would_renew(accounts: &Accounts, conn: &mut Conn, claims: &Claims, now: UnixTime) -> Result<bool, store::Error> {
    let (Some(shown), Some(jti)) = (claims.session, &claims.jti) else { return Ok(false) };
    let Some((session, user)) = users::find_by_session(conn, shown.sid)? else { return Ok(false) };
    let policy = accounts.second_factor_policy(claims);
    let is_enough =
        require_by_policy(policy, user.role, user.factors > 0, session.methods.level_for_policy(), now).is_ok();
    if is_over(accounts, &session, now) || !is_enough {
        return Ok(false);
    }
    if !rotates(accounts, &session) {
        return Ok(true);
    }
    let issue = issue_of(accounts, &session, jti);
    let shown = Shown { generation: shown.generation, issue, from_same_place: false };
    let rules = rules(accounts, &session);
    Ok(match rotation::judge(state(accounts, &session), shown, rules, now) {
        Judgement::Rotate | Judgement::SameAgain | Judgement::Retry | Judgement::Recover => true,
        Judgement::Reuse | Judgement::FromTheFuture => false,
    })
}

/// Whether an answer that is ready now may still bring this pair to its browser.
pub fn may_set_cookies(accounts: &Accounts, pair: PairId) -> Result<bool, Error> {
    let now = accounts.now();
    let Some(session) = accounts.db.read(|conn| sessions::find(conn, pair.sid))? else { return Ok(false) };
    let state = state(accounts, &session);
    let in_time = rotation::sets_cookies(state, pair.generation, pair.issue, accounts.config.session.grace, now);
    Ok(session.end.is_none() && in_time)
}

fn is_over(accounts: &Accounts, session: &Session, now: UnixTime) -> bool {
    let idle = now.since(accounts.last_seen.newest(session));
    session.end.is_some() || session.expires_at <= now || idle > accounts.config.session.idle
}

fn rotates(accounts: &Accounts, session: &Session) -> bool {
    match (accounts.config.session.rotate, session.transport) {
        (Rotate::Always, _) | (Rotate::Cookies, Transport::Cookie) => true,
        (Rotate::Never, _) | (Rotate::Cookies, Transport::Bearer) => false,
    }
}

/// Which of the session's refresh tokens this is, if it is one of the two that could be good.
fn issue_of(accounts: &Accounts, session: &Session, jti: &str) -> Option<i64> {
    let ids = [(session.generation, session.issue), (session.generation.saturating_sub(1), session.previous_issue)];
    let is_it = |(generation, issue): &(i64, i64)| {
        let id = accounts.keyed_ids.jti(session.sid, *generation, *issue, TokenType::Refresh);
        id.hyphenated().to_string() == jti
    };
    ids.into_iter().find(is_it).map(|(_, issue)| issue)
}

fn state(accounts: &Accounts, session: &Session) -> State {
    State {
        generation: session.generation,
        issue: session.issue,
        previous_issue: session.previous_issue,
        rotated_at: session.rotated_at,
        // Memory knows of a first use up to a second before the row does, and of a later one up to a minute.
        seen: session.seen || accounts.blocklist.was_just_used(session.sid, session.generation),
        settled: session.settled
            || accounts
                .last_seen
                .of_generation(session.sid, session.generation)
                .is_some_and(|at| rotation::settles(session.rotated_at, accounts.config.session.grace, at)),
        recovered: session.recovered,
    }
}

fn rules(accounts: &Accounts, session: &Session) -> Rules {
    let grace = accounts.config.session.grace;
    Rules { grace, forgives_crashes: session.transport == Transport::Cookie && grace > 0 }
}

/// The session after the token was shown, and whether a crashed browser came back. `None`: it is over.
fn rotate(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    session: Session,
    shown: Shown,
    visitor: &Visitor,
) -> Result<Option<(Session, bool)>, Error> {
    let state = state(accounts, &session);
    let judgement = rotation::judge(state, shown, rules(accounts, &session), tx.now);
    match judgement {
        Judgement::Rotate | Judgement::SameAgain | Judgement::FromTheFuture => {}
        // These void tokens, or end the session.
        Judgement::Retry | Judgement::Recover | Judgement::Reuse => tx.needs_the_queue()?,
    }
    match judgement {
        Judgement::Rotate => {
            let next = move_on(tx, accounts, session, state.rotated(tx.now), StepKind::Renewed, visitor)?;
            Ok(Some((next, false)))
        }
        Judgement::Retry => {
            void_pair(tx, accounts, &session, Reason::Lost)?;
            let next = move_on(tx, accounts, session, state.retried(tx.now), StepKind::Retried, visitor)?;
            Ok(Some((next, false)))
        }
        Judgement::Recover => {
            void_pair(tx, accounts, &session, Reason::Forgotten)?;
            let next = move_on(tx, accounts, session, state.recovered(tx.now), StepKind::Recovered, visitor)?;
            note_recovery(tx, &next, visitor)?;
            Ok(Some((next, true)))
        }
        Judgement::SameAgain => {
            let mut used = session.clone();
            if accounts.needs_replacement(&session, tx.now) {
                accounts.note_access(&mut used, tx.now);
            }
            let repeated = note_use(tx, &session, used, StepKind::Repeated, visitor)?;
            Ok(repeated.map(|session| (session, false)))
        }
        Judgement::Reuse => {
            end_for_reuse(tx, session, visitor)?;
            Ok(None)
        }
        Judgement::FromTheFuture => {
            tracing::warn!(
                event = "token_from_the_future",
                session = session.sid.short(),
                "a refresh token is ahead of the database: was an older backup restored?"
            );
            Ok(None)
        }
    }
}

/// Stores the state to which the session rotates, and expects the first use of its tokens.
fn move_on(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    session: Session,
    state: State,
    kind: StepKind,
    visitor: &Visitor,
) -> Result<Session, Error> {
    let mut next = Session {
        generation: state.generation,
        issue: state.issue,
        previous_issue: state.previous_issue,
        rotated_at: state.rotated_at,
        made_ip: visitor.ip.clone(),
        made_agent: visitor.user_agent.clone(),
        confirmations: 0,
        seen: state.seen,
        settled: state.settled,
        recovered: state.recovered,
        ..session.clone()
    };
    accounts.note_access(&mut next, tx.now);
    story::note(tx, &mut next, kind, visitor)?;
    // The row was read in this very transaction, so nobody can have been quicker; if it does not fit all the same, nothing is stored.
    if !sessions::rotate(tx.conn, &session, &next)? {
        return Err(store::Error::NotTaken.into());
    }
    tx.count(Counted::Renewed, 1);
    tx.change(Change::FirstUseAwaited(next.sid, next.generation));
    Ok(next)
}

/// A session that does not rotate keeps its refresh token and gets one more access token. `None`: it is over.
fn keep(tx: &mut Tx<'_>, accounts: &Accounts, session: &Session, visitor: &Visitor) -> Result<Option<Session>, Error> {
    let mut used = session.clone();
    accounts.note_access(&mut used, tx.now);
    let kept = note_use(tx, session, used, StepKind::Renewed, visitor)?;
    tx.count(Counted::Renewed, usize::from(kept.is_some()));
    Ok(kept)
}

fn note_use(
    tx: &mut Tx<'_>,
    session: &Session,
    mut used: Session,
    kind: StepKind,
    visitor: &Visitor,
) -> Result<Option<Session>, Error> {
    story::note(tx, &mut used, kind, visitor)?;
    let goes_on = sessions::note_use(tx.conn, session, &used)?;
    Ok(goes_on.then_some(used))
}

/// Everything that was given out with the current pair is void for ever: showing any of it is theft.
fn void_pair(tx: &mut Tx<'_>, accounts: &Arc<Accounts>, session: &Session, reason: Reason) -> Result<(), Error> {
    for (token_type, id) in accounts.ids_of_pair(session) {
        let expires_at = match token_type {
            TokenType::Access => session.access_until,
            TokenType::Refresh => accounts.refresh_end(session),
        };
        let entry = Entry {
            jti: id.hyphenated().to_string(),
            token_type,
            user: session.user,
            sid: Some(session.sid),
            revoked_at: tx.now,
            expires_at: Some(expires_at),
            reason,
            by: None,
        };
        single_token::block(tx, &entry)?;
    }
    Ok(())
}

fn note_recovery(tx: &mut Tx<'_>, session: &Session, visitor: &Visitor) -> Result<(), Error> {
    let event = Event::new(What::SessionRecovered, &By::User(session.user)).user(session.user);
    event.session(session.sid).record(tx)?;
    let (sid, ip) = (session.sid.short(), visitor.ip.clone());
    tx.after_commit(move || tracing::info!(event = "session_recovered", session = sid, ip));
    Ok(())
}
