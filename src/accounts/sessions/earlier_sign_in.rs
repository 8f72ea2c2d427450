//! The sign-in to an account before the one by which its person is there now: who knows when and where they last were sees in it a
//! sign-in that was not theirs.

use crate::domain::{Reason, UnixTime};
use crate::store::audit::event::What;
use crate::store::audit::list::{self, AuditEvent, AuditFilter};
use crate::store::audit::seal::Seal;
use crate::store::list_filter::ListFilter;
use crate::store::session_lists::{self, List};
use crate::store::sessions::Session;
use crate::store::{Conn, Error, steps};

pub struct EarlierSignIn {
    pub at: UnixTime,
    /// `None`: it is no longer stored.
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// The sign-in before the one that `session` goes back to. `None`: there was none, or it is no longer recorded.
pub fn earlier_sign_in(conn: &mut Conn, seal: &Seal, session: &Session) -> Result<Option<EarlierSignIn>, Error> {
    let up_to_then = AuditFilter {
        user: Some(session.user),
        what: Some(What::SignedIn),
        until: Some(session.created_at),
        limit: 2,
        ..AuditFilter::default()
    };
    let mut newest = list::page(conn, seal, &up_to_then)?.events.into_iter();
    // Nearly always the newest is the session's own.
    let earlier = match newest.next() {
        Some(event) if event.sid == Some(session.sid) => newest.next(),
        _ => {
            let own = own_sign_in(conn, seal, session.clone())?;
            let before = AuditFilter { before: own.as_ref().map(AuditEvent::place), limit: 1, ..up_to_then };
            list::page(conn, seal, &before)?.events.pop()
        }
    };
    let Some(event) = earlier else { return Ok(None) };
    let step = match event.sid {
        Some(sid) => steps::first(conn, sid)?,
        None => None,
    };
    Ok(Some(EarlierSignIn { at: event.at, ip: event.ip, user_agent: step.map(|step| step.user_agent) }))
}

/// How many changes of the password are followed back to the sign-in before them.
const MOST_CHANGES: usize = 20;

/// The sign-in that the session goes back to. Whoever changes their password goes on in a new session, to which nobody has signed in.
fn own_sign_in(conn: &mut Conn, seal: &Seal, mut session: Session) -> Result<Option<AuditEvent>, Error> {
    for _ in 0..MOST_CHANGES {
        let of_session =
            AuditFilter { session: Some(session.sid), what: Some(What::SignedIn), limit: 1, ..AuditFilter::default() };
        if let Some(event) = list::page(conn, seal, &of_session)?.events.pop() {
            return Ok(Some(event));
        }
        let Some(before) = replaced_by(conn, &session)? else { break };
        session = before;
    }
    Ok(None)
}

/// The session in whose place a change of the password put this one. It ended at that moment, perhaps together with others: then it is
/// the one in the same browser.
fn replaced_by(conn: &mut Conn, session: &Session) -> Result<Option<Session>, Error> {
    let filter = ListFilter {
        user: Some(session.user),
        reason: Some(Reason::PasswordChange),
        from: Some(session.created_at),
        until: Some(session.created_at),
        limit: 100,
        ..ListFilter::default()
    };
    let ended = session_lists::page(conn, List::Ended, &filter)?.into_iter().map(|one| one.session);
    let Some(began) = steps::first(conn, session.sid)? else { return Ok(None) };
    let same_browser = |one: &Session| one.transport == session.transport && one.user_agent == began.user_agent;
    Ok(ended.filter(same_browser).max_by_key(|one| one.last_seen_at))
}
