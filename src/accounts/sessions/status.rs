//! Places of sessions in the status lists, for apps that look there whether one has ended.

use crate::accounts::context::{Accounts, Error};
use crate::blocklist::change::Change;
use crate::domain::{SessionId, UnixTime};
use crate::store::sessions::Session;
use crate::store::{self, Tx, status_lists};

/// Gives the session a place, which it keeps for good. One that has a place keeps it.
pub(in crate::accounts) fn give_place(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    session: &mut Session,
) -> Result<(), Error> {
    if session.status.is_some() {
        return Ok(());
    }
    // Two that take the next one at the same time would get the same.
    tx.needs_the_queue()?;
    let next = status_lists::take_next(tx.conn, session.shown_until())?;
    let place = next.list.place(accounts.keyed_ids.status_index(next.list, next.nth));
    status_lists::give(tx.conn, session.sid, place)?;
    if next.is_first {
        tx.change(Change::StatusListBegan(next.list));
    }
    session.status = Some(place);
    Ok(())
}

/// Has memory refuse these sessions, and say so in the status lists. The moment with each is the one by which all its tokens have
/// expired. To be called by whatever ends sessions.
pub(in crate::accounts) fn have_ended(tx: &mut Tx<'_>, ended: Vec<(SessionId, UnixTime)>) -> Result<(), store::Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let sids: Vec<SessionId> = ended.iter().map(|(sid, _)| *sid).collect();
    let places = status_lists::places_of(tx.conn, &sids)?;
    tx.change(Change::SessionsEnded(ended));
    if !places.is_empty() {
        tx.change(Change::StatusesEnded(places));
    }
    Ok(())
}
