//! How far the first load of memory is. Until it is done nobody knows what is revoked, and nobody is let in.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[derive(Debug, Default)]
pub struct FirstLoad {
    is_done: AtomicBool,
    is_given_up: AtomicBool,
    parts: AtomicUsize,
    parts_read: AtomicUsize,
    rows: AtomicUsize,
}

impl FirstLoad {
    /// Asked for every request.
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// How much of the tables has been read, in per cent: 100 only when that is enforced too.
    pub fn percent(&self) -> usize {
        if self.is_done() {
            return 100;
        }
        let parts = self.parts.load(Ordering::Relaxed).max(1);
        (self.parts_read.load(Ordering::Relaxed) * 100 / parts).min(99)
    }

    /// How many rows memory holds something of.
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    pub fn done(&self) {
        self.is_done.store(true, Ordering::Release);
    }

    /// Has the load end early, because the server stops.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    pub(super) fn begins(&self, parts: usize) {
        self.parts_read.store(0, Ordering::Relaxed);
        self.rows.store(0, Ordering::Relaxed);
        self.parts.store(parts, Ordering::Relaxed);
    }

    pub(super) fn has_read_part(&self, rows: usize) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.parts_read.fetch_add(1, Ordering::Relaxed);
    }
}
