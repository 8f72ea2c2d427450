//! The time. The server and its commands read the system's clock here and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::UnixTime;

/// The system's clock, which a test can move forwards and back.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
}

impl Clock {
    pub fn now(&self) -> UnixTime {
        // A clock before 1970 is as good as none; nothing that Portero made is valid then.
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        UnixTime(i64::try_from(seconds).unwrap_or(i64::MAX)).plus(self.offset.load(Ordering::Relaxed))
    }

    /// Moves this clock and all its clones by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.offset.fetch_add(seconds, Ordering::Relaxed);
    }
}
