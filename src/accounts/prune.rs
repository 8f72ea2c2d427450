//! Letting go of what no longer matters: never too early, and not at all while the clock can't be believed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::doors;
use super::last_seen::flush_last_seen;
use super::{Accounts, Error};
use crate::domain::UnixTime;
use crate::store::{links, session_ends, sessions, token_blocklist, users};

/// Beyond expiry and leeway, an entry is enforced for this long: clocks are set wrong, and set right again.
pub(super) const MARGIN: i64 = 24 * 60 * 60;
/// How long the admin's page shows what was revoked.
const SHOWN_FOR: i64 = 90 * 24 * 60 * 60;
/// Rows per transaction.
const BATCH: i64 = 500;
/// Users or sessions in one transaction.
const CHUNK: usize = 500;
/// Idle sessions that one round closes.
const MOST_IDLE: i64 = 10_000;
const TOLERATED_JUMP: i64 = 60 * 60;

/// Tells whether the wall clock has jumped, by comparing it with one that can't.
pub struct PruneClock {
    last: (UnixTime, Instant),
    doubted_since: Option<Instant>,
}

impl PruneClock {
    pub fn start(now: UnixTime, at: Instant) -> Self {
        Self { last: (now, at), doubted_since: None }
    }

    /// `false`: the two clocks went apart by more than an hour, so the wall clock was moved. A clock that has stood for a
    /// day since is believed again; until then nothing is let go.
    pub fn can_be_believed(&mut self, now: UnixTime, at: Instant) -> bool {
        let (last_now, last_at) = std::mem::replace(&mut self.last, (now, at));
        let passed = i64::try_from(at.saturating_duration_since(last_at).as_secs()).unwrap_or(i64::MAX);
        if now.since(last_now.plus(passed)).abs() > TOLERATED_JUMP {
            self.doubted_since = Some(at);
        }
        let a_day = Duration::from_secs(MARGIN.unsigned_abs());
        if self.doubted_since.is_some_and(|since| at.saturating_duration_since(since) >= a_day) {
            self.doubted_since = None;
        }
        self.doubted_since.is_none()
    }
}

/// Marks as ended what has run out by itself or was not used for too long, so that lists of open sessions hold open ones.
/// Returns how many. Blocks.
pub fn close_run_out(at: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    flush_last_seen(at)?;
    let mut closed = 0;
    // A clock may be wrong by as much without being doubted, and what is closed is not opened again.
    let surely = now.plus(-TOLERATED_JUMP);
    loop {
        let acts = Arc::clone(at);
        let round = at.db.write::<_, Error>(move |tx| {
            let run_out = session_ends::close_run_out(tx.conn, surely, BATCH)?;
            let count = run_out.len();
            tx.after_commit(move || acts.blocklist.end_sessions(run_out.into_iter()));
            Ok(count)
        })?;
        closed += round;
        if round == 0 {
            break;
        }
    }
    let idle = at.rules.idle;
    let before = surely.plus(-idle);
    let unused = at.db.read(|conn| session_ends::idle_since(conn, before, MOST_IDLE))?;
    for batch in unused.chunks(CHUNK) {
        let (acts, batch) = (Arc::clone(at), batch.to_vec());
        closed += at.db.write::<_, Error>(move |tx| {
            let mut ended = Vec::new();
            for sid in batch {
                let used_meanwhile = acts.last_seen.of(sid).is_some();
                if !used_meanwhile && let Some(until) = session_ends::close_idle(tx.conn, sid, before, idle)? {
                    ended.push((sid, until));
                }
            }
            let count = ended.len();
            tx.after_commit(move || acts.blocklist.end_sessions(ended.into_iter()));
            Ok(count)
        })?;
    }
    Ok(closed)
}

/// One round. Returns how many rows went. Blocks.
pub fn prune(at: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    let shown = now.plus(-SHOWN_FOR);
    let mut gone = doors::prune(at, now)? + at.db.write(move |tx| Ok::<_, Error>(links::prune(tx.conn, shown)?))?;
    loop {
        let round = at.db.write(move |tx| {
            Ok::<_, Error>(token_blocklist::prune(tx.conn, shown, BATCH)? + sessions::prune(tx.conn, shown, BATCH)?)
        })?;
        gone += round;
        if round == 0 {
            break;
        }
    }
    let expired = now.plus(-(at.engine.options().decode_leeway + MARGIN));
    at.complete_since.fetch_max(expired.0, Ordering::Relaxed);
    at.blocklist.forget_expired(expired);
    forget_absent(at, expired)?;
    at.last_prune.store(now.0, Ordering::Relaxed);
    Ok(gone)
}

/// Lets go of users who have no open session any more. Who that may be is found beside the writer, a few at a time are
/// looked at again by the writer itself: with a million users no write waits for it.
fn forget_absent(at: &Arc<Accounts>, since: UnixTime) -> Result<(), Error> {
    let present = at.db.read(|conn| users::ids_with_open_sessions(conn, since))?;
    let absent = at.blocklist.users_except(&present.into_iter().collect());
    for few in absent.chunks(CHUNK) {
        let (acts, few) = (Arc::clone(at), few.to_vec());
        at.db.write::<_, Error>(move |tx| {
            for standing in few {
                if !users::has_open_session(tx.conn, standing.user, since)? {
                    let acts = Arc::clone(&acts);
                    tx.after_commit(move || acts.blocklist.forget(&standing.subject));
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60;

    #[test]
    fn a_clock_that_goes_as_it_should_is_believed() {
        let begin = Instant::now();
        let mut clock = PruneClock::start(UnixTime(1_000_000), begin);
        let later = begin + Duration::from_secs(90 * 24 * HOUR);
        assert!(clock.can_be_believed(UnixTime(1_000_000 + 90 * 24 * 3600), later));
    }

    #[test]
    fn a_clock_that_jumped_is_believed_after_a_day() {
        for jump in [31 * 24 * 3600, -2 * 24 * 3600] {
            let begin = Instant::now();
            let mut clock = PruneClock::start(UnixTime(1_000_000), begin);
            let mut believed_after = |hours: u64| {
                let passed = Duration::from_secs(hours * HOUR);
                let now = UnixTime(1_000_000 + jump + i64::try_from(passed.as_secs()).unwrap());
                clock.can_be_believed(now, begin + passed)
            };
            for hours in [0, 1, 6, 12, 23] {
                assert!(!believed_after(hours), "{jump} after {hours} h");
            }
            assert!(believed_after(24), "{jump} after a day");
        }
    }
}
