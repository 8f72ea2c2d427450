//! What memory follows: every commit of this process, whichever thread made it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connection::{Conn, Error};
use crate::blocklist::change::Change;

type Reload = Box<dyn FnMut(&mut Conn) -> Result<(), Error> + Send>;

/// How what is kept in memory follows the database.
pub struct Memory {
    /// Loads all of it again.
    pub reload: Reload,
    /// Called with what the commits of this process change: those of the queue in their order, and those beside it, whose changes need
    /// none among them, from threads of their own.
    pub apply: Arc<dyn Fn(Change) + Send + Sync>,
    /// Called when the database may have changed but can't be read: until the next reload nothing in memory may be believed.
    pub doubt: Box<dyn FnMut() + Send>,
    /// Whether memory has to be loaded again although nobody changed the database.
    pub has_gaps: Box<dyn Fn() -> bool + Send>,
    /// Called when no job waits, a few times a second.
    pub rest: Box<dyn Fn() + Send>,
}

/// Memory as those see it who commit beside the queue.
#[derive(Default)]
pub(super) struct Beside {
    following: Mutex<Following>,
    /// Whether memory may lack one of their commits.
    lacks_some: AtomicBool,
}

#[derive(Default)]
struct Following {
    apply: Option<Arc<dyn Fn(Change) + Send + Sync>>,
    /// What was applied since the load that is under way began: it may have read the tables before.
    during_load: Option<Vec<Change>>,
}

impl Beside {
    pub(super) fn follow(&self, memory: &Memory) {
        self.following().apply = Some(Arc::clone(&memory.apply));
    }

    /// Applies what a commit has changed.
    pub(super) fn apply(&self, changes: Vec<Change>) {
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let mut following = self.following();
            let Some(apply) = following.apply.clone() else { return };
            for change in changes {
                if let Some(during_load) = &mut following.during_load {
                    during_load.push(change.clone());
                }
                apply(change);
            }
        }));
        if applied.is_err() {
            self.lacks_some();
        }
    }

    /// Runs a load, and applies once more what was changed meanwhile.
    pub(super) fn load<T>(&self, load: impl FnOnce() -> T) -> T {
        self.following().during_load = Some(Vec::new());
        let loaded = load();
        let mut following = self.following();
        let missed = following.during_load.take().unwrap_or_default();
        if let Some(apply) = &following.apply {
            missed.into_iter().for_each(|change| apply(change));
        }
        loaded
    }

    /// Nobody knows whether a commit got through, or memory did not take it.
    pub(super) fn lacks_some(&self) {
        self.lacks_some.store(true, Ordering::Release);
    }

    /// Whether memory has to be loaded again; the next call says no.
    pub(super) fn take_lack(&self) -> bool {
        self.lacks_some.swap(false, Ordering::AcqRel)
    }

    // A poisoned lock can be used on: what was half applied is loaded again.
    fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
