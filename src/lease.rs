//! Until when a process may answer from memory without having asked the database, where several serve one. Counted on a clock that nobody
//! sets, and that goes on while the machine sleeps. (`clock_gettime(2)`, CLOCK_BOOTTIME)

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Stands for a lease without end: there is one node.
const NO_END: u64 = u64::MAX;

/// What this process holds. By default one without end.
#[derive(Debug)]
pub struct Lease(AtomicU64);

impl Default for Lease {
    fn default() -> Self {
        Self(AtomicU64::new(NO_END))
    }
}

/// A lease as it was when somebody looked.
#[derive(Clone, Copy, Debug)]
pub struct Held(u64);

impl Lease {
    /// To be read before all that an answer rests on. When the answer is there, [`Held::is_over`] has the last word.
    pub fn read(&self) -> Held {
        Held(self.0.load(Ordering::Acquire))
    }

    /// Whether nothing may be answered from memory.
    pub fn is_over(&self) -> bool {
        self.read().is_over()
    }

    /// From now on nothing is answered from memory, until somebody [extends](Self::extend) the lease.
    pub fn give_up(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// `until`: a moment of [`since_boot`].
    pub fn extend(&self, until: Duration) {
        self.0.store(nanoseconds(until), Ordering::Release);
    }

    /// For how much longer it is held; zero: it is over. `None`: it has no end.
    pub fn left(&self) -> Option<Duration> {
        let Held(until) = self.read();
        (until != NO_END).then(|| Duration::from_nanos(until).saturating_sub(since_boot()))
    }
}

impl Held {
    /// Reads the clock, unless the lease has no end.
    pub fn is_over(self) -> bool {
        self.0 != NO_END && nanoseconds(since_boot()) >= self.0 && !is_switched_off()
    }
}

/// For the test that shows what leases are for. Never in a program that was built for use.
fn is_switched_off() -> bool {
    cfg!(debug_assertions) && std::env::var_os("PORTERO_TEST_WITHOUT_LEASE").is_some()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NO_END - 1)
}

/// How long the machine has been running, asleep or not.
pub fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// What the system's clock says, since 1970.
pub fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_when_its_time_has_come_and_not_before() {
        let lease = Lease::default();
        assert!(!lease.is_over() && lease.left().is_none());
        lease.extend(since_boot() + Duration::from_secs(60));
        let held = lease.read();
        assert!(!held.is_over());
        lease.give_up();
        assert!(lease.is_over() && lease.left() == Some(Duration::ZERO));
        assert!(!held.is_over(), "whoever has looked goes by what it was");
        lease.extend(since_boot());
        assert!(lease.is_over());
    }
}
