//! For lines of the log that anybody can cause: at most one a minute from each address, or for each of something else.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(60);
const MOST_CAUSES: usize = 10_000;

/// When each cause, such as an address, last had a line.
pub struct Seldom<Cause = IpAddr>(Mutex<HashMap<Cause, Instant>>);

impl<Cause> Default for Seldom<Cause> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Cause: Eq + Hash> Seldom<Cause> {
    /// Whether a line that has this cause is to be written now.
    pub fn is_due(&self, cause: Cause) -> bool {
        self.is_due_at(cause, Instant::now())
    }

    fn is_due_at(&self, cause: Cause, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MOST_CAUSES {
            last.retain(|_, at| now.duration_since(*at) < EVERY);
        }
        let is_due = last.get(&cause).is_none_or(|at| now.duration_since(*at) >= EVERY);
        // Whoever has so many addresses fills no memory and, within the minute, no log either.
        if is_due && last.len() >= MOST_CAUSES {
            return false;
        }
        if is_due {
            last.insert(cause, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_causes_one_line_a_minute_and_all_together_no_more_than_memory_holds() {
        let (seldom, begin) = (Seldom::default(), Instant::now());
        let address = |number: usize| IpAddr::V4(Ipv4Addr::from_bits(number as u32));
        assert!(seldom.is_due_at(address(0), begin));
        assert!(!seldom.is_due_at(address(0), begin + EVERY / 2));
        assert!(seldom.is_due_at(address(1), begin + EVERY / 2));
        assert!(seldom.is_due_at(address(0), begin + EVERY));

        let later = begin + 3 * EVERY;
        let written = (0..2 * MOST_CAUSES).filter(|number| seldom.is_due_at(address(*number), later)).count();
        assert_eq!(written, MOST_CAUSES);
        assert!(seldom.is_due_at(address(3 * MOST_CAUSES), later + EVERY));
    }
}
