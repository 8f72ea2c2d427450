//! Whether the database does its work. A probe looks at the disk and at the file, and commits a small change; it is due when somebody
//! asks and the last one is a while ago, or sooner after something has failed. A commit that fails is known at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::connection::Error;
use super::dialect::connect_reader;
use super::stand_still::Watched;
use super::trouble::is_full;
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;

/// How long a probe that went well counts.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// How soon after the last one a probe may look whether something that failed works again.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a probe may take before whoever asks is told that there is no answer. Shorter than most watchers wait.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(900);
/// Up to this size the whole file is checked, which takes some 10 ms; of a larger one, the beginning of each table.
const CHECKED_WHOLE: u64 = 8 * 1024 * 1024;

const NO_ANSWER: &str = "a change waits for the database and has no answer yet";

/// What is known, for all who ask.
#[derive(Debug, Default)]
pub(super) struct Condition {
    state: Mutex<State>,
    /// How often a connection was lost.
    losses: AtomicU64,
    /// Whether the writer has none.
    is_gone: AtomicBool,
    /// Those whose server may stand still.
    pub(super) watched: Arc<Watched>,
}

#[derive(Debug, Default)]
struct State {
    /// Why it does not work; `None`: as far as is known, it does.
    trouble: Option<String>,
    /// When the last probe ended.
    probed: Option<Instant>,
    /// When the probe that is under way began.
    began: Option<Instant>,
}

/// What somebody who asks is told.
pub enum Answer {
    Works,
    Fails(String),
    /// A probe is due, and this caller is the one to make it.
    Due(Probe),
}

impl Condition {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ask(self: &Arc<Self>) -> Answer {
        let mut state = self.state();
        let now = Instant::now();
        let counts_for = if state.trouble.is_some() { RETRY_AFTER } else { GOOD_FOR };
        let is_due = state.probed.is_none_or(|at| now.duration_since(at) >= counts_for);
        match state.began {
            Some(began) if now.duration_since(began) > ANSWER_WITHIN => return Answer::Fails(NO_ANSWER.into()),
            Some(_) => {}
            None if is_due => {
                state.began = Some(now);
                return Answer::Due(Probe { condition: Arc::clone(self), is_told: false });
            }
            None => {}
        }
        state.trouble.clone().map_or(Answer::Works, Answer::Fails)
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Notes why a commit failed, or that the database could not be locked.
    pub(super) fn failed(&self, why: &str) {
        let mut state = self.state();
        if state.trouble.is_none() {
            tracing::warn!(event = "database_in_trouble", error = why);
        }
        state.trouble = Some(why.to_owned());
    }

    /// Notes whether the writer has a connection.
    pub(super) fn set_gone(&self, is_gone: bool) {
        self.is_gone.store(is_gone, Ordering::Relaxed);
    }

    /// Whether the writer has no connection, as far as is known: then waiting for one to read is in vain, too.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    pub(super) fn note_loss(&self) {
        self.losses.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Acquire)
    }

    fn works(&self) {
        if self.state().trouble.take().is_some() {
            tracing::info!(event = "database_works_again");
        }
    }
}

/// A probe that is under way. There is one at a time.
pub struct Probe {
    condition: Arc<Condition>,
    is_told: bool,
}

impl Probe {
    pub(super) fn succeeded(mut self) {
        self.is_told = true;
        self.condition.works();
    }

    pub(super) fn failed(mut self, why: &str) {
        self.is_told = true;
        self.condition.failed(why);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // The writer refused its job, or whoever made it went away. If the writer knows why, it has said so.
        if !self.is_told && self.condition.state().trouble.is_none() {
            self.condition.failed("a probe had no answer");
        }
        let mut state = self.condition.state();
        (state.began, state.probed) = (None, Some(Instant::now()));
    }
}

#[derive(QueryableByName)]
struct Check {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Looks whether there is room on the disk, and whether the file can be read: by a connection of its own, because the others may have
/// what they read last in memory. Of PostgreSQL, whether it lets somebody in.
pub(super) fn look(url: &DatabaseUrl, watched: &Arc<Watched>) -> Result<(), Error> {
    let Some(path) = url.file() else {
        // A server looks at its disk itself.
        return connect_reader(url, watched).map(drop).map_err(|fault| Error::Unwell(chain(&fault.at(url))));
    };
    if is_full(path) {
        return Err(Error::Unwell("database or disk is full".into()));
    }
    // As a URI, so that a file that has gone is not made again.
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let mut conn = SqliteConnection::establish(&format!("file:{escaped}?mode=ro"))?;
    let size = std::fs::metadata(path).map_err(|error| Error::Unwell(error.to_string()))?.len();
    if size <= CHECKED_WHOLE {
        let found: Check = sql_query("PRAGMA quick_check(1)").get_result(&mut conn)?;
        return match found.quick_check.as_str() {
            "ok" => Ok(()),
            fault => Err(Error::Unwell(format!("the database is malformed: {fault}"))),
        };
    }
    let tables: Vec<Text> = sql_query("SELECT name AS text FROM sqlite_schema WHERE type = 'table'").load(&mut conn)?;
    for Text { text: table } in tables {
        sql_query(format!("SELECT '' AS text FROM \"{table}\" LIMIT 1")).load::<Text>(&mut conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(condition: &Arc<Condition>) -> Probe {
        match condition.ask() {
            Answer::Due(probe) => probe,
            Answer::Works | Answer::Fails(_) => panic!("no probe is due"),
        }
    }

    #[test]
    fn one_probe_at_a_time_and_what_it_finds_counts_for_all() {
        let condition = Arc::new(Condition::default());
        let probe = due(&condition);
        assert!(matches!(condition.ask(), Answer::Works), "while it is under way, what was known counts");
        probe.failed("database is locked");
        assert!(matches!(condition.ask(), Answer::Fails(why) if why == "database is locked"));
        condition.state.lock().unwrap().probed = None;
        due(&condition).succeeded();
        assert!(matches!(condition.ask(), Answer::Works));
        condition.failed("database or disk is full");
        assert!(matches!(condition.ask(), Answer::Fails(_)), "a commit that failed is known at once");
        condition.state.lock().unwrap().probed = None;
        drop(due(&condition));
        assert!(matches!(condition.ask(), Answer::Fails(why) if why.contains("full")));
    }

    #[test]
    fn a_probe_without_an_answer_is_trouble() {
        let condition = Arc::new(Condition::default());
        let _probe = due(&condition);
        condition.state.lock().unwrap().began = Instant::now().checked_sub(Duration::from_secs(2));
        assert!(matches!(condition.ask(), Answer::Fails(why) if why == NO_ANSWER));
    }
}
