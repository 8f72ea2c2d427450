//! Writing down when sessions were last seen, and which have settled.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::store::last_uses::{self, LastUse};
use crate::store::{Lane, Upkeep};

/// Sessions in one transaction, so that other writes get their turn.
const CHUNK: usize = 500;

/// What can't be written is kept for the next time. Blocks.
pub fn flush(accounts: &Arc<Accounts>) -> Result<(), Error> {
    let seen = accounts.last_seen.take();
    let mut chunks = seen.chunks(CHUNK);
    while let Some(chunk) = chunks.next() {
        let rows = chunk.to_vec();
        let written = accounts.write_beside(Lane::Notes, Upkeep, move |tx, accounts, _| {
            let grace = accounts.config.session.grace;
            let uses = rows.iter().map(|(sid, last)| LastUse {
                sid: *sid,
                at: last.at,
                generation: last.generation,
                settles_before: last.settles_what_was_made_before(grace),
            });
            Ok(last_uses::note(tx.conn, &uses.collect::<Vec<_>>())?)
        });
        match written.committed() {
            Ok(busy) => {
                let unwritten: Vec<_> = chunk.iter().filter(|(sid, _)| busy.contains(sid)).copied().collect();
                accounts.last_seen.put_back(&unwritten);
            }
            Err(error) => {
                accounts.last_seen.put_back(chunk);
                chunks.for_each(|unwritten| accounts.last_seen.put_back(unwritten));
                return Err(error);
            }
        }
    }
    Ok(())
}
