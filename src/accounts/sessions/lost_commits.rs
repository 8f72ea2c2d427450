//! After a failover that lost commits: what memory still refuses and the database does not any more is ended again.

use std::sync::Arc;

use super::end::end;
use crate::accounts::context::{Accounts, Error};
use crate::domain::{Reason, SessionId};
use crate::store::session_ends::{self, Which};
use crate::store::{self, Conn, Upkeep, sessions};

/// Sessions in one transaction, so that other writes get their turn.
const CHUNK: usize = 100;

/// The sessions that are open in the database and have ended by what memory holds. To be asked before memory is loaded anew.
pub fn find(accounts: &Accounts, conn: &mut Conn) -> Result<Vec<SessionId>, store::Error> {
    let mut lost = Vec::new();
    session_ends::each_open(conn, |sid| {
        if accounts.blocklist.refuses_session(sid) {
            lost.push(sid);
        }
    })?;
    Ok(lost)
}

/// Ends these sessions once more, as an act of Portero's. To be called when memory was loaded anew, and before it is asked. Waits for
/// nothing: who calls is the thread that all acts wait for.
pub fn hand_in(accounts: &Arc<Accounts>, lost: &[SessionId]) {
    // What was loaded has them as open, until that act is committed.
    let until = accounts.now().plus(accounts.config.session.absolute);
    accounts.blocklist.end_sessions(lost.iter().map(|sid| (*sid, until)));
    tracing::error!(event = "lost_commits_replayed", sessions = lost.len(), "sessions that had ended are ended again");
    for some in lost.chunks(CHUNK) {
        let some = some.to_vec();
        drop(accounts.write(Upkeep, move |tx, _, by| {
            for sid in some {
                if sessions::find(tx.conn, sid)?.is_some_and(|session| session.end.is_none()) {
                    end(tx, Which::One(sid), Reason::Replayed, &by)?;
                }
            }
            Ok::<_, Error>(())
        }));
    }
}
