//! What was decided lately, by which commit: if a failover has lost that, it is decided again.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::changes::{self, Commit};
use super::connection::{Conn, Error};
use crate::blocklist::change::Decision;
use crate::lease::since_boot;

/// For how long a decision is kept: less long than the rows of `changes`, or one that was let go of there would look lost.
const KEPT_FOR: Duration = Duration::from_secs(30 * 60);
/// The most that are kept. An import or an attack may make more; then the oldest go.
const MOST: usize = 10_000;

#[derive(Default)]
pub(super) struct Decided(VecDeque<Noted>);

#[derive(Clone)]
struct Noted {
    number: i64,
    id: i64,
    at: Duration,
    decision: Decision,
}

impl Decided {
    pub(super) fn note(&mut self, commit: &Commit, decision: Decision) {
        let at = since_boot();
        while self.0.len() >= MOST || self.0.front().is_some_and(|first| at.saturating_sub(first.at) > KEPT_FOR) {
            self.0.pop_front();
        }
        self.0.push_back(Noted { number: commit.number, id: commit.id, at, decision });
    }

    /// What of it was decided by commits that the database does not have any more, in their order, and the rest of it.
    pub(super) fn lost(&self, conn: &mut Conn) -> Result<(Vec<Decision>, Self), Error> {
        let Some(first) = self.0.iter().map(|noted| noted.number).min() else {
            return Ok((Vec::new(), Self::default()));
        };
        let there: HashSet<(i64, i64)> = changes::ids_from(conn, first)?.into_iter().collect();
        let (kept, lost): (VecDeque<_>, VecDeque<_>) =
            self.0.iter().cloned().partition(|noted| there.contains(&(noted.number, noted.id)));
        Ok((lost.into_iter().map(|noted| noted.decision).collect(), Self(kept)))
    }
}
