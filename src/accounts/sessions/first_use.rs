//! The first use of a generation's tokens shows that the answer of the rotation has arrived.

use std::sync::Arc;

use crate::accounts::context::Accounts;
use crate::blocklist::change::Change;
use crate::domain::SessionId;
use crate::store::{Lane, Upkeep, sessions};

/// A token of this generation passed a guard. Only the first one is written down, and nobody waits for that. If the server crashes
/// within that moment, the predecessor, shown after the grace, counts as an honest retry once more.
pub(in crate::accounts) fn note(accounts: &Arc<Accounts>, sid: SessionId, generation: i64) {
    if accounts.blocklist.note_first_use(sid, generation) {
        drop(accounts.write_beside(Lane::Session(sid), Upkeep, move |tx, _, _| {
            sessions::note_seen(tx.conn, sid, generation)?;
            tx.change(Change::FirstUseStored(sid, generation));
            Ok(())
        }));
    }
}

/// The same for a generation that may be another node's, of which memory does not know whether it was seen: the database does.
pub(in crate::accounts) fn note_for_all(accounts: &Arc<Accounts>, sid: SessionId, generation: i64) {
    drop(accounts.write_beside(Lane::Session(sid), Upkeep, move |tx, _, _| {
        sessions::note_seen(tx.conn, sid, generation)?;
        Ok(())
    }));
}
