//! Jobs that were committed together, on their way to being answered: first those who wait for this node, then those who wait for all.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;

use super::job::{Everywhere, Ran};
use crate::lease::since_boot;

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

/// The commits of this process that other nodes may lack, in the order of their numbers.
#[derive(Default)]
pub(super) struct CommitQueue {
    commits: VecDeque<Committed>,
    /// The newest one that has ended sessions and that no node lacks any more, if the database is still to be told of that.
    pub(super) to_confirm: Option<i64>,
}

impl CommitQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    pub(super) fn push(&mut self, committed: Committed) {
        self.commits.push_back(committed);
    }

    /// Answers the jobs of those that memory follows, which is up to this number.
    pub(super) fn answer(&mut self, here: i64) {
        self.up_to(here).for_each(Committed::answer);
    }

    /// Learns of those up to this number until when another node may answer without them.
    pub(super) fn wait_until(&mut self, here: i64, may_lack_until: impl Fn(i64) -> Duration) {
        for committed in self.up_to(here) {
            committed.until = committed.until.min(may_lack_until(committed.number));
        }
    }

    /// Lets go of whoever has waited until no node can answer any more without what they did.
    pub(super) fn let_go(&mut self) {
        let now = since_boot();
        while let Some(first) = self.commits.pop_front_if(|first| first.until <= now) {
            if first.ends_sessions {
                self.to_confirm = Some(first.number);
            }
            first.let_go();
        }
    }

    fn up_to(&mut self, number: i64) -> impl Iterator<Item = &mut Committed> {
        self.commits.iter_mut().take_while(move |committed| committed.number <= number)
    }
}
