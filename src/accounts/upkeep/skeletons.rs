//! Working out what names look like, where that is not stored yet: once, after an update that brought the column.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Error};
use crate::store::{Upkeep, names};

/// Names of a kind in one transaction, so that other writes get their turn.
const CHUNK: i64 = 500;

/// Returns how many were lacking. With nothing to do it is two look-ups in an index. Blocks.
pub fn fill(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let mut filled = 0;
    loop {
        let lacking = accounts.db.read(|conn| names::without_skeleton(conn, CHUNK))?;
        if lacking.is_empty() {
            return Ok(filled);
        }
        filled += lacking.len();
        // Worked out here, beside the writer.
        let skeletons: Vec<_> = lacking.into_iter().map(|one| (one.name.skeleton(), one)).collect();
        let stored = accounts.write(Upkeep, move |tx, _, _| {
            for (skeleton, one) in &skeletons {
                names::set_skeleton(tx.conn, one, skeleton)?;
            }
            Ok(())
        });
        stored.committed()?;
    }
}
