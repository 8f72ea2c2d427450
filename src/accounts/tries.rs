//! How long to wait before something is tried again that another server did not take.

/// Waits that double with each try. In seconds.
pub struct Backoff {
    pub(in crate::accounts) first: i64,
    pub(in crate::accounts) longest: i64,
}

impl Backoff {
    /// How long until the next try after this many others, in seconds. Not the same for all, so that a server that comes back is not asked
    /// everything in one second.
    pub fn wait_after(&self, tries: i64) -> i64 {
        let doubled = self.first << tries.clamp(0, 20);
        let wait = doubled.min(self.longest);
        wait + fastrand::i64(0..=wait / 4)
    }
}
