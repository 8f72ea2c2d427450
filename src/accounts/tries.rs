//! What is tried until another server takes it, mails and sign-outs: who tries it, and how long to wait before it is tried again.

use std::sync::{Arc, Weak};

use super::context::{Accounts, Error, Pending};
use crate::domain::UnixTime;
use crate::store::{self, Conn, Upkeep};

/// Takes a row before it is tried, by `claim` of its table. Until when is returned. `None`: another process has it, or has done it.
pub fn claim(
    accounts: &Arc<Accounts>,
    id: i64,
    claim: fn(&mut Conn, i64, UnixTime) -> Result<Option<UnixTime>, store::Error>,
) -> Pending<Option<UnixTime>> {
    accounts.write(Upkeep, move |tx, _, _| Ok(claim(tx.conn, id, tx.now)?))
}

/// Lets go of what the process before this one had under way when it stopped, by `release_all` of its table.
pub fn release_all(
    accounts: &Weak<Accounts>,
    release_all: fn(&mut Conn) -> Result<usize, store::Error>,
) -> Result<(), Error> {
    // Of several nodes only one tries something; what another one's process has claimed is under way.
    let Some(accounts) = accounts.upgrade().filter(|accounts| accounts.db.does_upkeep()) else { return Ok(()) };
    accounts.write(Upkeep, move |tx, _, _| Ok(release_all(tx.conn)?)).committed().map(drop)
}

/// Waits that double with each try. In seconds.
pub struct Backoff {
    pub(in crate::accounts) first: i64,
    pub(in crate::accounts) longest: i64,
}

impl Backoff {
    /// How long until the next try after this many others, in seconds. Not the same for all, so that a server that comes back is not asked
    /// everything in one second.
    pub fn wait_after(&self, tries: i64) -> i64 {
        let doubled = self.first << tries.clamp(0, 20);
        let wait = doubled.min(self.longest);
        wait + fastrand::i64(0..=wait / 4)
    }
}
