//! Counters that cost whoever counts next to nothing, and are read when metrics are asked for. What they count is left to others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts what any thread does.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what one thread does: only that thread may add to it, or counts are lost. A load, an addition and a store, without the locked
/// instruction that a [`Counter`] takes.
#[derive(Debug, Default)]
pub struct OwnCounter(AtomicU64);

impl OwnCounter {
    pub fn add_one(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How values are spread over ranges. The sum is kept in millionths.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above all of them.
    counts: Vec<Counter>,
    sum: Counter,
}

/// What a [`Histogram`] holds at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Each bound, and how many values were not greater.
    pub up_to: Vec<(f64, u64)>,
    pub count: u64,
    pub sum: f64,
}

impl Histogram {
    /// `bounds`: the upper end of each range, in ascending order.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: (0..=bounds.len()).map(|_| Counter::default()).collect(), sum: Counter::default() }
    }

    /// In seconds.
    pub fn note_time(&self, time: Duration) {
        self.note(time.as_secs_f64(), u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn note_size(&self, size: u32) {
        self.note(size.into(), u64::from(size) * 1_000_000);
    }

    fn note(&self, value: f64, millionths: u64) {
        let range = self.bounds.iter().take_while(|bound| value > **bound).count();
        if let Some(counter) = self.counts.get(range) {
            counter.add(1);
            self.sum.add(millionths);
        }
    }

    pub fn spread(&self) -> Spread {
        let mut count = 0;
        let mut up_to = Vec::with_capacity(self.bounds.len());
        for (place, counter) in self.counts.iter().enumerate() {
            count += counter.get();
            if let Some(bound) = self.bounds.get(place) {
                up_to.push((*bound, count));
            }
        }
        Spread { up_to, count, sum: self.sum.get() as f64 / 1e6 }
    }
}

impl Spread {
    /// Adds what another histogram with the same bounds holds.
    pub fn add(&mut self, other: &Self) {
        for ((_, count), (_, others)) in self.up_to.iter_mut().zip(&other.up_to) {
            *count += others;
        }
        self.count += other.count;
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_its_range_and_all_above() {
        let sizes = Histogram::new(&[1.0, 4.0]);
        for size in [1, 2, 4, 5] {
            sizes.note_size(size);
        }
        let spread = Spread { up_to: vec![(1.0, 1), (4.0, 3)], count: 4, sum: 12.0 };
        assert_eq!(sizes.spread(), spread);
        let times = Histogram::new(&[0.5]);
        times.note_time(Duration::from_millis(500));
        times.note_time(Duration::from_millis(750));
        let mut both = times.spread();
        assert_eq!(both, Spread { up_to: vec![(0.5, 1)], count: 2, sum: 1.25 });
        both.add(&times.spread());
        assert_eq!(both, Spread { up_to: vec![(0.5, 2)], count: 4, sum: 2.5 });
    }
}
