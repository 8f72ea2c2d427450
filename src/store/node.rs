//! This process as one of several nodes on a database: a thread follows what all of them commit, and shows that it does
//! (`node_thread.rs`). What an act has ended is refused on every node before the act is answered: each node answers from memory only while
//! it holds a lease, counted from before it asked the database, and an act waits until every node has reported its commit, or can hold
//! no lease any more that began before it. `tests/model` has the same protocol as a model, explored whole.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::committed::Committed;
use super::condition::Condition;
use super::connection::Error;
use super::follower::{Beside, Memory};
use super::job::Ran;
use super::node_thread::{AsNode, Given, Message, NodeThread};
use super::nodes::longest_wait;
use crate::domain::DatabaseUrl;
use crate::lease::{Lease, since_boot};

/// The node that this process is, once it follows.
#[derive(Clone)]
pub(super) struct OwnNode(Arc<Own>);

struct Own {
    given: Given,
    /// Set once it follows.
    thread: OnceLock<Open>,
}

struct Open {
    inbox: Sender<Message>,
    thread: ThreadId,
}

impl OwnNode {
    pub(super) fn new(lease: Duration, url: DatabaseUrl, condition: Arc<Condition>, beside: Arc<Beside>) -> Self {
        let (id, upkeep) = (Uuid::new_v4(), Arc::<Lease>::default());
        upkeep.give_up();
        let given = Given { id, lease, url, condition, beside, upkeep };
        Self(Arc::new(Own { given, thread: OnceLock::new() }))
    }

    pub(super) fn id(&self) -> Uuid {
        self.0.given.id
    }

    pub(super) fn follows(&self) -> bool {
        self.0.thread.get().is_some()
    }

    /// Joins the nodes and follows from now on. Blocks until memory is loaded and this node may answer.
    pub(super) fn follow(&self, memory: Memory, as_node: AsNode) -> Result<(), Error> {
        let (inbox, messages) = channel();
        let (sender, begun) = oneshot::channel();
        let own = &self.0;
        own.given.beside.follow(&memory);
        as_node.blocklist.lease.give_up();
        let thread = NodeThread::new(own.given.clone(), memory, as_node);
        let failed = |error: std::io::Error| Error::NotFollowed(error.to_string());
        let started = std::thread::Builder::new().name("node".into()).spawn(move || thread.run(&messages, sender));
        let thread = started.map_err(failed)?.thread().id();
        // Before anything is committed that it has to know.
        drop(own.thread.set(Open { inbox, thread }));
        begun.blocking_recv().map_err(|_| Error::NotTaken)?
    }

    /// Answers these jobs, which were committed just now under this number, once this node follows; and whoever waits for all nodes, once
    /// those do.
    pub(super) fn committed(&self, number: i64, ran: Vec<Ran>) {
        let until = since_boot() + longest_wait(self.0.given.lease);
        let Some(open) = self.0.thread.get() else { return };
        let ends_sessions = ran.iter().any(Ran::ends_sessions);
        let committed = Committed { number, ends_sessions, until, ran, waiting: Vec::new() };
        drop(open.inbox.send(Message::Committed(committed)));
    }

    pub(super) fn does_upkeep(&self) -> bool {
        !self.0.given.upkeep.is_over()
    }

    pub(super) fn leave(&self) {
        self.0.leave();
    }
}

impl Own {
    fn leave(&self) {
        let Some(open) = self.thread.get().filter(|open| open.thread != std::thread::current().id()) else { return };
        let (sender, left) = oneshot::channel();
        if open.inbox.send(Message::Leave(sender)).is_ok() {
            drop(pollster::block_on(left));
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.leave();
    }
}
