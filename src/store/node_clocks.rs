//! The clocks of a node: whether the machine stood still, and whether it is in time with the database.

use std::time::Duration;

use crate::lease::{since_boot, wall_clock};

/// If the system's clock moves by more than this against the one that nobody sets, the machine may have stood still with both.
const MOST_CLOCK_STEP: Duration = Duration::from_millis(500);
/// By how much the clocks of this machine and of the database may differ: beyond the first it is logged, beyond the second this node
/// answers nothing, because whether a token has expired would depend on who is asked.
const CLOCK_DIFFERENCE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(5)];

pub(super) struct Clocks {
    /// The system's clock less the one that nobody sets.
    apart: Duration,
    /// Whether the database's clock differed when it was compared last.
    differ: bool,
}

impl Default for Clocks {
    fn default() -> Self {
        Self { apart: apart(), differ: false }
    }
}

impl Clocks {
    /// Whether this machine's clock is near enough to the database's, which said this, in seconds since the epoch.
    pub(super) fn agree_with(&mut self, database_clock: i64) -> bool {
        let database_clock = Duration::from_secs(u64::try_from(database_clock).unwrap_or(0));
        let [logged, most] = CLOCK_DIFFERENCE;
        let difference = wall_clock().abs_diff(database_clock);
        if !std::mem::replace(&mut self.differ, difference > logged) && self.differ {
            let seconds = difference.as_secs();
            tracing::error!(event = "node_clock_differs", seconds, "beyond five seconds this node answers nothing");
        }
        difference <= most
    }

    /// Whether the machine may have stood still since this was asked last. Its clocks tell, if only one of them stood still.
    pub(super) fn have_jumped(&mut self) -> bool {
        let before = std::mem::replace(&mut self.apart, apart());
        self.apart.abs_diff(before) > MOST_CLOCK_STEP
    }
}

fn apart() -> Duration {
    wall_clock().saturating_sub(since_boot())
}
