//! When a session was last seen: kept in memory while requests come, written down once a minute. A crash forgets a minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{SessionId, UnixTime};
use crate::store::sessions::Session;

/// What was seen since it was last written down. In parts, each behind a lock of its own: every request notes something here, and so
/// two of them seldom meet.
#[derive(Default)]
pub struct LastSeen([Mutex<Seen>; 32]);

type Seen = HashMap<SessionId, UnixTime, foldhash::fast::RandomState>;

impl LastSeen {
    pub fn note(&self, sid: SessionId, now: UnixTime) {
        lock(self.part(sid)).insert(sid, now);
    }

    /// `None`: not since it was last written down.
    pub fn get(&self, sid: SessionId) -> Option<UnixTime> {
        lock(self.part(sid)).get(&sid).copied()
    }

    /// The later of what is kept here and what the row says.
    pub fn newest(&self, session: &Session) -> UnixTime {
        self.get(session.sid).map_or(session.last_seen_at, |noted| noted.max(session.last_seen_at))
    }

    /// Everything, to be written down.
    pub(in crate::accounts) fn take(&self) -> Vec<(SessionId, UnixTime)> {
        self.0.iter().flat_map(|part| std::mem::take(&mut *lock(part))).collect()
    }

    /// What could not be written is kept for the next time, unless the session was seen again since.
    pub(in crate::accounts) fn put_back(&self, seen: &[(SessionId, UnixTime)]) {
        for (sid, at) in seen {
            lock(self.part(*sid)).entry(*sid).or_insert(*at);
        }
    }

    fn part(&self, sid: SessionId) -> &Mutex<Seen> {
        &self.0[(sid.as_u128() % self.0.len() as u128) as usize]
    }
}

fn lock(part: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
