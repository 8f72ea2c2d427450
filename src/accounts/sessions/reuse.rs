//! A token was shown that only a thief, or whoever was robbed, can still hold: the session ends.

use std::sync::Arc;

use super::end::end;
use super::story;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::domain::{By, Reason, SessionId, StepKind};
use crate::store::session_ends::Which;
use crate::store::sessions::{self, Session};
use crate::store::{Tx, Upkeep, hold, untold, users};

/// Inside a transaction. If the session has ended already, nothing is recorded.
pub(in crate::accounts) fn end_for_reuse(
    tx: &mut Tx<'_>,
    mut session: Session,
    visitor: &Visitor,
) -> Result<(), Error> {
    if end(tx, Which::One(session.sid), Reason::Reuse, &By::Portero)?.sessions.is_empty() {
        return Ok(());
    }
    let (name, sid, ip) = (users::name_of(tx.conn, session.user)?, session.sid.short(), visitor.ip.clone());
    tx.after_commit(move || tracing::warn!(event = "token_reused", user = name, session = sid, ip));
    let (user, last_ip, last_browser) = (session.user, session.ip.clone(), session.user_agent.clone());
    story::note(tx, &mut session, StepKind::Reused, visitor)?;
    // The list goes on showing where the session was at home; who came last stands in its story.
    session.ip = last_ip;
    session.user_agent = last_browser;
    sessions::note_end_of_story(tx.conn, &session)?;
    untold::note_reuse(tx.conn, user, tx.now)?;
    Ok(())
}

/// Somebody showed an access token that only a thief can hold.
pub(in crate::accounts) fn end_stolen(accounts: &Arc<Accounts>, sid: SessionId, visitor: Visitor) -> Pending<()> {
    accounts.write(Upkeep, move |tx, _, _| {
        tx.from = Some(visitor.ip.clone());
        hold(tx.conn, sid)?;
        match sessions::find(tx.conn, sid)? {
            Some(session) => end_for_reuse(tx, session, &visitor),
            None => Ok(()),
        }
    })
}
