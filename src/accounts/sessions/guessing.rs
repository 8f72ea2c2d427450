//! Wrong passwords of somebody who is signed in: after too many in a row the session ends. Whoever copied its cookies has no more tries
//! than these, however long they have.

use std::sync::Arc;

use uuid::Uuid;

use super::end::end;
use crate::accounts::context::{Accounts, Error, Pending, Visitor};
use crate::domain::{By, Reason, SessionId, UnixTime};
use crate::store::attempts::{self, Attempt};
use crate::store::audit::event::{Event, What};
use crate::store::session_ends::Which;
use crate::store::users::User;
use crate::store::{Tx, Upkeep, sessions, untold};
use crate::tokens::Fault;

/// With so many wrong passwords in a row a session ends.
const TOO_MANY: i64 = 20;

/// Records a wrong password. Fails with [`Fault::Revoked`] if that ended the session. `session`: `None` for a token of a peer.
pub(in crate::accounts) fn note_wrong_password(
    accounts: &Arc<Accounts>,
    user: &User,
    session: Option<SessionId>,
    ip: String,
) -> Pending<()> {
    tracing::info!(event = "confirm_failed", user = %user.username, ip, reason = "wrong_password");
    let user = user.clone();
    let noted = accounts.write(Upkeep, move |tx, _, _| {
        let mut event = Event::new(What::ConfirmFailed, &By::Portero).user(user.id).ip(&ip);
        if let Some(sid) = session {
            event = event.session(sid);
        }
        event.record(tx)?;
        match session {
            Some(sid) => count(tx, &user, sid, &ip),
            None => Ok(false),
        }
    });
    noted.then(|has_ended| if has_ended? { Err(Fault::Revoked.into()) } else { Ok(()) })
}

/// The same of a wrong second factor, within the transaction that compared it. Returns whether that ended the session.
pub(in crate::accounts) fn note_wrong_code(
    tx: &mut Tx<'_>,
    user: &User,
    sid: SessionId,
    visitor: &Visitor,
) -> Result<bool, Error> {
    Event::new(What::SecondFactorFailed, &By::Portero).user(user.id).session(sid).record(tx)?;
    attempts::add(tx.conn, &guess(user, tx.now, visitor))?;
    let (name, session, ip) = (user.username.clone(), sid.short(), visitor.ip.clone());
    tx.after_commit(move || tracing::info!(event = "second_factor_failed", user = %name, session, ip));
    count(tx, user, sid, &visitor.ip)
}

/// A wrong code as one of the account's day. There was no sign-in, so nobody has to be told of one.
fn guess(user: &User, now: UnixTime, visitor: &Visitor) -> Attempt {
    Attempt {
        id: Uuid::new_v4().to_string(),
        user: user.id,
        began_at: now,
        expires_at: now,
        tries: 1,
        from_known_browser: true,
        spent: true,
        ip: visitor.ip.clone(),
        user_agent: visitor.user_agent.clone(),
    }
}

/// Returns whether this one was one too many.
fn count(tx: &mut Tx<'_>, user: &User, sid: SessionId, ip: &str) -> Result<bool, Error> {
    // Of those that are compared at the same time the others find the session ended.
    let Some(in_a_row) = sessions::note_wrong_password(tx.conn, sid)? else { return Ok(true) };
    if in_a_row < TOO_MANY {
        return Ok(false);
    }
    end(tx, Which::One(sid), Reason::Guessing, &By::Portero)?;
    untold::note_guessing(tx.conn, user.id, tx.now)?;
    let (name, session, ip) = (user.username.clone(), sid.short(), ip.to_owned());
    tx.after_commit(move || tracing::warn!(event = "too_many_wrong_passwords", user = %name, session, ip));
    Ok(true)
}
