//! When a session was last seen, and the newest generation of its tokens: kept in memory while requests come, written down once a minute. A crash forgets a minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rotation;
use crate::domain::{SessionId, UnixTime};
use crate::store::sessions::Session;

/// What was seen since it was last written down. In parts, each behind a lock of its own: every request notes something here, and so
/// two of them seldom meet.
#[derive(Default)]
pub struct LastSeen([Mutex<Seen>; 32]);

type Seen = HashMap<SessionId, Use, foldhash::fast::RandomState>;

/// The last uses of a session.
#[derive(Clone, Copy, Debug)]
pub(in crate::accounts) struct Use {
    pub(in crate::accounts) at: UnixTime,
    /// The newest generation of an access token that was shown, and when one of that generation was last.
    pub(in crate::accounts) generation: i64,
    pub(in crate::accounts) generation_at: UnixTime,
}

impl Use {
    /// This use settles its generation if that was made before this moment.
    pub(in crate::accounts) fn settles_what_was_made_before(self, grace: i64) -> UnixTime {
        rotation::settles_what_was_made_before(self.generation_at, grace)
    }

    /// Both uses, whichever came first.
    fn and(self, other: Self) -> Self {
        let by_generation = |it: &Self| (it.generation, it.generation_at);
        let newest = if by_generation(&self) >= by_generation(&other) { self } else { other };
        Self { at: self.at.max(other.at), ..newest }
    }
}

impl LastSeen {
    /// An access token of this generation was shown. Returns whether it is the first of that generation since this was last written down.
    pub fn note(&self, sid: SessionId, generation: i64, now: UnixTime) -> bool {
        let this = Use { at: now, generation, generation_at: now };
        let mut part = lock(self.part(sid));
        let before = part.get(&sid).map(|noted| noted.generation);
        part.entry(sid).and_modify(|noted| *noted = noted.and(this)).or_insert(this);
        before.is_none_or(|before| before < generation)
    }

    /// `None`: not since it was last written down.
    pub fn get(&self, sid: SessionId) -> Option<UnixTime> {
        lock(self.part(sid)).get(&sid).map(|noted| noted.at)
    }

    /// When an access token of this generation was last shown. `None`: not since it was last written down, or a newer one was shown
    /// meanwhile.
    pub(super) fn of_generation(&self, sid: SessionId, generation: i64) -> Option<UnixTime> {
        let noted = lock(self.part(sid)).get(&sid).copied();
        noted.filter(|noted| noted.generation == generation).map(|noted| noted.generation_at)
    }

    /// The later of what is kept here and what the row says.
    pub fn newest(&self, session: &Session) -> UnixTime {
        self.get(session.sid).map_or(session.last_seen_at, |noted| noted.max(session.last_seen_at))
    }

    /// Everything, to be written down.
    pub(in crate::accounts) fn take(&self) -> Vec<(SessionId, Use)> {
        self.0.iter().flat_map(|part| std::mem::take(&mut *lock(part))).collect()
    }

    /// What could not be written is kept for the next time.
    pub(in crate::accounts) fn put_back(&self, seen: &[(SessionId, Use)]) {
        for (sid, last) in seen {
            lock(self.part(*sid)).entry(*sid).and_modify(|noted| *noted = noted.and(*last)).or_insert(*last);
        }
    }

    fn part(&self, sid: SessionId) -> &Mutex<Seen> {
        &self.0[(sid.as_u128() % self.0.len() as u128) as usize]
    }
}

fn lock(part: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
