//! Who is at the other end of the connection that is being served right now: for what the HTTP library reports without telling.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use tokio::task::Id;

thread_local! {
    /// Each connection is served by a task of its own, which stays on its thread.
    static PEERS: RefCell<HashMap<Id, IpAddr>> = RefCell::default();
}

/// A connection that is open. Drop it with the connection.
pub struct Open(Id);

/// Notes the peer of the connection that this task serves. `None`: outside every task.
pub fn open(peer: IpAddr) -> Option<Open> {
    let task = tokio::task::try_id()?;
    PEERS.with_borrow_mut(|peers| peers.insert(task, peer));
    Some(Open(task))
}

/// The peer of the connection that this task serves.
pub fn peer() -> Option<IpAddr> {
    let task = tokio::task::try_id()?;
    PEERS.with_borrow(|peers| peers.get(&task).copied())
}

impl Drop for Open {
    fn drop(&mut self) {
        // A thread that ends may have dropped the map already.
        PEERS.try_with(|peers| peers.borrow_mut().remove(&self.0)).ok();
    }
}
