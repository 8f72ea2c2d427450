//! Jobs that were committed together, on their way to being answered: first those who wait for this node, then those who wait for all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;

use super::job::{Everywhere, Ran};

pub(super) struct Committed {
    pub(super) number: i64,
    /// Whether it has ended sessions.
    pub(super) ends_sessions: bool,
    /// When no node can answer any more without what was committed. As long as nothing better is known: when every lease is over that began
    /// before the commit.
    pub(super) until: Duration,
    /// Those that are not answered yet.
    pub(super) ran: Vec<Ran>,
    /// Whoever waits until every node follows.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
}

impl Committed {
    /// Answers each job: its change is in force here.
    pub(super) fn answer(&mut self) {
        for ran in std::mem::take(&mut self.ran) {
            let Ran { after_commit, answer, .. } = ran;
            for act in after_commit {
                // What was stored stays so, and memory knows of it; the panic itself is in the log.
                drop(catch_unwind(AssertUnwindSafe(act)));
            }
            let (sender, receiver) = oneshot::channel();
            self.waiting.push(sender);
            answer(Ok(Everywhere::when(receiver, self.until)));
        }
    }

    /// Answers each job that is not answered yet, and lets go whoever waits for all nodes.
    pub(super) fn let_go(mut self) {
        self.answer();
        // Some may not be waiting any more.
        self.waiting.into_iter().for_each(|waiting| waiting.send(()).unwrap_or_default());
    }
}
