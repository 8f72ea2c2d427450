//! When a session was last seen: kept in memory while requests come, written down once a minute. A crash forgets a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Accounts, Error};
use crate::domain::{SessionId, UnixTime};
use crate::store::sessions::{self, Session};

/// What was seen since the last flush. In parts, each behind its lock: every request notes something here, and so they seldom
/// meet.
#[derive(Default)]
pub struct LastSeen([Mutex<Seen>; 32]);

type Seen = HashMap<SessionId, UnixTime, foldhash::fast::RandomState>;

impl LastSeen {
    pub fn note(&self, sid: SessionId, now: UnixTime) {
        lock(self.part(sid)).insert(sid, now);
    }

    pub fn of(&self, sid: SessionId) -> Option<UnixTime> {
        lock(self.part(sid)).get(&sid).copied()
    }

    /// To the minute: what is kept here is newer than the row.
    pub fn newest(&self, session: &Session) -> UnixTime {
        self.of(session.sid).map_or(session.last_seen_at, |noted| noted.max(session.last_seen_at))
    }

    fn take(&self) -> Vec<(SessionId, UnixTime)> {
        self.0.iter().flat_map(|part| std::mem::take(&mut *lock(part))).collect()
    }

    /// What could not be written is kept for the next time, unless it was seen again since.
    fn put_back(&self, seen: &[(SessionId, UnixTime)]) {
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

/// Sessions in one transaction, so that other writes get their turn.
const CHUNK: usize = 500;

/// Writes down what was seen. Blocks.
pub fn flush_last_seen(at: &Arc<Accounts>) -> Result<(), Error> {
    let seen = at.last_seen.take();
    let mut chunks = seen.chunks(CHUNK);
    while let Some(chunk) = chunks.next() {
        let rows = chunk.to_vec();
        let written = at.db.write::<_, Error>(move |tx| {
            for (sid, seen_at) in rows {
                sessions::note_last_seen(tx.conn, sid, seen_at)?;
            }
            Ok(())
        });
        if written.is_err() {
            at.last_seen.put_back(chunk);
            chunks.for_each(|unwritten| at.last_seen.put_back(unwritten));
            return written;
        }
    }
    Ok(())
}
