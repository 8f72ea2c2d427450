//! When a session was last seen: kept in memory while requests come, written down once a minute. A crash forgets a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Accounts, Error};
use crate::domain::{SessionId, UnixTime};
use crate::store::sessions::{self, Session};

/// What was seen since the last flush.
#[derive(Default)]
pub struct LastSeen(Mutex<HashMap<SessionId, UnixTime>>);

impl LastSeen {
    pub fn note(&self, sid: SessionId, now: UnixTime) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sid, now);
    }

    pub fn of(&self, sid: SessionId) -> Option<UnixTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&sid).copied()
    }

    /// To the minute: what is kept here is newer than the row.
    pub fn newest(&self, session: &Session) -> UnixTime {
        self.of(session.sid).map_or(session.last_seen_at, |noted| noted.max(session.last_seen_at))
    }

    fn take(&self) -> HashMap<SessionId, UnixTime> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What could not be written is kept for the next time, unless it was seen again since.
    fn put_back(&self, seen: HashMap<SessionId, UnixTime>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (sid, at) in seen {
            now.entry(sid).or_insert(at);
        }
    }
}

/// Writes down what was seen. Blocks.
pub fn flush_last_seen(at: &Arc<Accounts>) -> Result<(), Error> {
    let seen = at.last_seen.take();
    if seen.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = seen.iter().map(|(sid, at)| (*sid, *at)).collect();
    let written = at.db.write::<_, Error>(move |tx| {
        for (sid, seen_at) in rows {
            sessions::note_last_seen(tx.conn, sid, seen_at)?;
        }
        Ok(())
    });
    if written.is_err() {
        at.last_seen.put_back(seen);
    }
    written
}
