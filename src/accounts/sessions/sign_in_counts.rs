//! How often people signed in by which means since the process began, for metrics.

use crate::counters::Counter;
use crate::domain::Means;

#[derive(Default)]
pub struct SignInCounts([Counter; Means::ALL.len()]);

impl SignInCounts {
    pub(super) fn add(&self, means: Means) {
        if let Some((_, counter)) = Means::ALL.iter().zip(&self.0).find(|(one, _)| **one == means) {
            counter.add(1);
        }
    }

    pub fn by_means(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Means::ALL.iter().zip(&self.0).map(|(means, counter)| (means.as_str(), counter.get()))
    }
}
