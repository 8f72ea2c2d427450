//! Writing down when sessions were last seen, and which have settled.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::store::{Upkeep, sessions};

/// Sessions in one transaction, so that other writes get their turn.
const CHUNK: usize = 500;

/// What can't be written is kept for the next time. Blocks.
pub fn flush(accounts: &Arc<Accounts>) -> Result<(), Error> {
    let seen = accounts.last_seen.take();
    let mut chunks = seen.chunks(CHUNK);
    while let Some(chunk) = chunks.next() {
        let rows = chunk.to_vec();
        let written = accounts.write(Upkeep, move |tx, accounts, _| {
            let grace = accounts.config.session.grace;
            for (sid, last) in rows {
                sessions::note_last_seen(tx.conn, sid, last.at)?;
                let made_before = last.settles_what_was_made_before(grace);
                sessions::note_settled(tx.conn, sid, last.generation, made_before)?;
            }
            Ok(())
        });
        if let Err(error) = written.committed() {
            accounts.last_seen.put_back(chunk);
            chunks.for_each(|unwritten| accounts.last_seen.put_back(unwritten));
            return Err(error);
        }
    }
    Ok(())
}
