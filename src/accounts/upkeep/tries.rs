//! Tells the other nodes which tries of passwords and links were counted on this one.

use std::sync::Arc;

use crate::accounts::context::{Accounts, Pending};
use crate::blocklist::change::Change;
use crate::store::Upkeep;

/// `None`: there is nothing new to tell.
pub fn tell(accounts: &Arc<Accounts>) -> Option<Pending<()>> {
    let tries = accounts.throttle.untold()?;
    Some(accounts.write(Upkeep, move |tx, _, _| {
        tx.change(Change::TriesCounted(tries));
        Ok(())
    }))
}
