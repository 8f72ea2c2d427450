//! What this process has committed since it began, for metrics. It is counted after the commit and before anybody is told, and what was
//! undone is not: so these counts and the tables say the same. A commit whose answer was lost is not counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::hourly_counts::{Counted, Counts};
use crate::counters::{Counter, Histogram};

/// Upper ends of the ranges of jobs in one commit; see `MOST_IN_ONE_COMMIT`.
const JOBS: [f64; 6] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0];
/// Upper ends of the ranges of a commit's time, in seconds.
const SECONDS: [f64; 8] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0];

pub struct CommitCounts {
    totals: Mutex<Totals>,
    /// How many jobs of the queue were committed, or failed, together.
    pub jobs: Histogram,
    /// From the begin of such a transaction to its end.
    pub seconds: Histogram,
    queued: Counter,
    taken: Counter,
}

/// How often each thing was committed. What is not here was not.
#[derive(Clone, Default)]
pub struct Totals {
    /// Audit events, by what happened as it is spelled in the table.
    pub events: BTreeMap<&'static str, u64>,
    pub counted: HashMap<Counted, u64>,
}

impl Default for CommitCounts {
    fn default() -> Self {
        Self {
            totals: Mutex::default(),
            jobs: Histogram::new(&JOBS),
            seconds: Histogram::new(&SECONDS),
            queued: Counter::default(),
            taken: Counter::default(),
        }
    }
}

impl CommitCounts {
    pub fn totals(&self) -> Totals {
        self.totals_here().clone()
    }

    /// How many jobs wait in the queue.
    pub fn waiting(&self) -> u64 {
        // In this order: a job that comes meanwhile is not taken before it was queued.
        let taken = self.taken.get();
        self.queued.get().saturating_sub(taken)
    }

    pub(super) fn add_events(&self, events: impl IntoIterator<Item = &'static str>) {
        let mut totals = self.totals_here();
        for event in events {
            *totals.events.entry(event).or_default() += 1;
        }
    }

    pub(super) fn add_counts(&self, counts: &Counts) {
        let mut totals = self.totals_here();
        for (what, count) in counts.each() {
            *totals.counted.entry(what).or_default() += u64::try_from(count).unwrap_or(0);
        }
    }

    pub(super) fn queued(&self) {
        self.queued.add(1);
    }

    pub(super) fn taken(&self, jobs: usize) {
        self.taken.add(jobs as u64);
    }

    pub(super) fn committed(&self, jobs: usize, time: Duration) {
        self.jobs.note_size(u32::try_from(jobs).unwrap_or(u32::MAX));
        self.seconds.note_time(time);
    }

    // A poisoned lock can be used on: each change under it is one addition.
    fn totals_here(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
