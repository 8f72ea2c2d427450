//! Letting go of what no longer matters: never too early, and not at all while the clock can't be believed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::last_seen;
use crate::accounts::context::{Accounts, Error};
use crate::accounts::sessions::status::have_ended;
use crate::blocklist::change::Change;
use crate::domain::{Reason, UnixTime};
use crate::store::audit::chain;
use crate::store::hourly_counts::{self, Counted};
use crate::store::{
    Upkeep, apps, attempts, changes, grants, groups, known_networks, links, logout_deliveries, outbox, passes,
    past_nodes, receipt_commits, session_ends, sessions, sign_in_failures, spent_challenges, status_lists,
    token_blocklist, trusted_browsers, user_basics,
};

/// Beyond expiry and leeway, an entry is enforced for this long: clocks are set wrong, and set right again.
pub(super) const MARGIN: i64 = 24 * 60 * 60;
/// How long the admin's page shows what was revoked.
const SHOWN_FOR: i64 = 90 * 24 * 60 * 60;
/// How long counts by the hour are kept. They name nobody, so no setting asks for less: with all that is counted, they take 10 MB.
const COUNTS_KEPT_FOR: i64 = 400 * 24 * 60 * 60;
/// For how long a person can still be told that somebody else knew their password.
const ATTEMPTS_KEPT_FOR: i64 = 90 * 24 * 60 * 60;
/// Rows, sessions or users in one transaction. To end 100 of a million sessions took 80 ms on two cores that were busy with other things,
/// 500 took 300 ms, for which everybody else waits.
const BATCH: u16 = 100;
/// Rows of `changes` in one transaction: nothing refers to them.
const CHANGES_AT_ONCE: u16 = 2000;
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
pub fn close_run_out(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    last_seen::flush(accounts)?;
    // The clock may be wrong by as much without being doubted, and what is closed is not opened again.
    let surely = accounts.now().plus(-TOLERATED_JUMP);
    Ok(close_expired(accounts, surely)? + close_idle(accounts, surely)?)
}

fn close_expired(accounts: &Arc<Accounts>, before: UnixTime) -> Result<usize, Error> {
    let mut closed = 0;
    loop {
        let round = accounts.write(Upkeep, move |tx, _, _| {
            let run_out = session_ends::close_run_out(tx.conn, before, BATCH.into())?;
            let count = run_out.len();
            tx.count(Counted::Ended(Reason::Expired), count);
            have_ended(tx, run_out)?;
            Ok(count)
        });
        match round.committed()? {
            0 => return Ok(closed),
            count => closed += count,
        }
    }
}

fn close_idle(accounts: &Arc<Accounts>, surely: UnixTime) -> Result<usize, Error> {
    let idle = accounts.config.session.idle;
    let before = surely.plus(-idle);
    let unused = accounts.db.read(|conn| session_ends::idle_since(conn, before, MOST_IDLE))?;
    let mut closed = 0;
    for batch in unused.chunks(BATCH.into()) {
        let batch = batch.to_vec();
        let round = accounts.write(Upkeep, move |tx, accounts, _| {
            let mut ended = Vec::new();
            for sid in batch {
                let used_meanwhile = accounts.last_seen.get(sid).is_some();
                if !used_meanwhile && let Some(until) = session_ends::close_idle(tx.conn, sid, before, idle)? {
                    ended.push((sid, until));
                }
            }
            let count = ended.len();
            tx.count(Counted::Ended(Reason::Idle), count);
            have_ended(tx, ended)?;
            Ok(count)
        });
        closed += round.committed()?;
    }
    Ok(closed)
}

/// Prunes whatever is old enough: memory and, of several nodes on one of them only, rows. Returns how many rows went. Blocks.
pub fn prune(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let now = accounts.now();
    let gone = if accounts.db.does_upkeep() { prune_rows(accounts, now)? } else { 0 };
    let expired = now.plus(-(accounts.engine.options().decode_leeway + MARGIN));
    accounts.complete_since.fetch_max(expired.0, Ordering::Relaxed);
    accounts.blocklist.forget_expired(expired);
    forget_absent(accounts, expired)?;
    accounts.last_prune.store(now.0, Ordering::Relaxed);
    Ok(gone)
}

fn prune_rows(accounts: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    let shown = now.plus(-SHOWN_FOR);
    let small = accounts.write(Upkeep, move |tx, _, _| {
        let counts = hourly_counts::prune(tx.conn, tx.now.plus(-COUNTS_KEPT_FOR))?;
        let attempts = attempts::prune(tx.conn, tx.now.plus(-ATTEMPTS_KEPT_FOR))?;
        let browsers = trusted_browsers::prune(tx.conn, tx.now.plus(-MARGIN))?;
        let challenges = spent_challenges::prune(tx.conn, tx.now.plus(-MARGIN))?;
        let tests = logout_deliveries::prune_tests(tx.conn, shown)? + outbox::prune(tx.conn, shown)?;
        let nodes = past_nodes::prune(tx.conn, shown)? + receipt_commits::prune(tx.conn, shown)?;
        let lists = status_lists::prune(tx.conn, tx.now.plus(-MARGIN))?;
        let count = lists.len();
        if count > 0 {
            tx.change(Change::StatusListsGone(lists));
        }
        Ok(links::prune(tx.conn, shown)? + count + tests + counts + attempts + browsers + challenges + nodes)
    });
    let mut gone = small.committed()?;
    loop {
        let round = accounts.write(Upkeep, move |tx, _, _| {
            let networks = known_networks::prune(tx.conn, tx.now, BATCH.into())?;
            let memberships = groups::prune(tx.conn, BATCH.into())?;
            let grants = grants::prune(tx.conn, tx.now.plus(-MARGIN), BATCH.into())?;
            Ok(networks + memberships + grants + sign_in_failures::prune(tx.conn, tx.now, BATCH.into())?)
        });
        match round.committed()? {
            0 => break,
            count => gone += count,
        }
    }
    loop {
        let round = accounts.write(Upkeep, move |tx, _, _| {
            Ok(token_blocklist::prune(tx.conn, shown, BATCH.into())? + sessions::prune(tx.conn, shown, BATCH.into())?)
        });
        match round.committed()? {
            0 => break,
            count => gone += count,
        }
    }
    if accounts.config.cluster_lease.is_some() {
        gone += prune_changes(accounts)?;
    }
    Ok(gone + prune_passes(accounts)? + prune_audit(accounts, now)?)
}

/// Lets go of what all nodes have followed long ago. Returns how many rows went.
fn prune_changes(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let mut gone = 0;
    loop {
        let round = accounts.write(Upkeep, |tx, _, _| Ok(changes::prune(tx.conn, CHANGES_AT_ONCE.into())?));
        let count = round.committed()?;
        gone += count;
        if count < usize::from(CHANGES_AT_ONCE) {
            return Ok(gone);
        }
    }
}

/// Lets go of passes that have expired, and of those for an app's origin that is gone. Returns how many went.
fn prune_passes(accounts: &Arc<Accounts>) -> Result<usize, Error> {
    let mut gone = 0;
    loop {
        let round = accounts.write(Upkeep, |tx, _, _| {
            let expired = passes::prune(tx.conn, tx.now.plus(-MARGIN), BATCH.into())?;
            Ok(expired + apps::prune_passes(tx.conn, BATCH.into())?)
        });
        match round.committed()? {
            0 => return Ok(gone),
            count => gone += count,
        }
    }
}

/// Clears the addresses of old audit events, and lets go of the oldest. Returns how many went.
fn prune_audit(accounts: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    let rules = accounts.config.audit;
    let (kept_since, addresses_kept_since) = (now.plus(-rules.retention), now.plus(-rules.ip_retention));
    let mut gone = 0;
    loop {
        let round = accounts.write(Upkeep, move |tx, _, _| Ok(chain::prune(tx, kept_since)?));
        match round.committed()? {
            0 => break,
            count => gone += count,
        }
    }
    loop {
        let round = accounts.write(Upkeep, move |tx, _, _| Ok(chain::clear_addresses(tx, addresses_kept_since)?));
        if round.committed()? == 0 {
            return Ok(gone);
        }
    }
}

/// Makes memory forget users who have no open session any more. Who that may be is found beside the writer; the writer looks at a few
/// at a time once more, so that no write waits for it even with a million users.
fn forget_absent(accounts: &Arc<Accounts>, since: UnixTime) -> Result<(), Error> {
    let present = accounts.db.read(|conn| user_basics::ids_with_open_sessions(conn, since))?;
    let absent = accounts.blocklist.users_except(&present.into_iter().collect());
    for few in absent.chunks(BATCH.into()) {
        let few = few.to_vec();
        let looked = accounts.write(Upkeep, move |tx, _, _| {
            for standing in few {
                if !user_basics::has_open_session(tx.conn, standing.user, since)? {
                    tx.change(Change::UserGone(standing.subject().to_owned()));
                }
            }
            Ok(())
        });
        looked.committed()?;
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
