//! Working out what users are found by, where that is not stored yet: once, after an update that brought the table.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::store::{Upkeep, name_parts, users};

/// Users in one transaction, so that other writes get their turn.
const CHUNK: i64 = 500;

/// Returns how many were lacking. With nothing to do it is one look-up in an index. Blocks.
pub fn fill(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let mut filled = 0;
    loop {
        let lacking = accounts.db.read(|conn| name_parts::without(conn, CHUNK))?;
        if lacking.is_empty() {
            return Ok(filled);
        }
        filled += lacking.len();
        let stored = accounts.write(Upkeep, move |tx, _, _| {
            for user in lacking {
                users::note_name_parts(tx.conn, user)?;
            }
            Ok(())
        });
        stored.committed()?;
    }
}
