//! Which acts on everybody's sessions this process is working at, so that none is worked at twice.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The acts whose sessions this process is marking, by their receipts.
#[derive(Default)]
pub struct BeingMarked(Mutex<HashSet<String>>);

impl BeingMarked {
    /// `false`: it is among them already.
    pub(super) fn insert(&self, receipt: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(receipt.to_owned())
    }

    pub(super) fn remove(&self, receipt: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(receipt);
    }
}
