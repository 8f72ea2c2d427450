//! Jobs that are committed together (group commit): each but the first runs inside a savepoint, so that a job that fails undoes only itself.
//! Each job begins by judging its authority.

use diesel::RunQueryDsl;

use super::audit::end::LogEnd;
use super::changes;
use super::connection::{Conn, Error, on};
use super::dialect;
use super::hourly_counts::Counts;
use super::job::{Job, Ran};
use super::node::OwnNode;
use super::prepared::Plain;

const MOST_IN_ONE_COMMIT: usize = 256;

const ROLLBACK: Plain = Plain("ROLLBACK");
const SAVEPOINT: Plain = Plain("SAVEPOINT job");
const ROLLBACK_TO: Plain = Plain("ROLLBACK TO job");
const RELEASE: Plain = Plain("RELEASE job");

pub(super) struct Batch {
    node: Option<OwnNode>,
    /// The jobs that have run so far, those that failed too.
    pub(super) ran: Vec<Ran>,
    /// What the jobs that are kept have counted.
    pub(super) counts: Counts,
}

impl Batch {
    pub(super) fn new(node: Option<OwnNode>) -> Self {
        Self { node, ran: Vec::new(), counts: Counts::default() }
    }

    /// Runs the first job and those that `next` finds waiting behind it, and commits them together. `version`: as [`dialect::begin`]
    /// returned it; returned as it was in the transaction that was committed.
    pub(super) fn commit(
        &mut self,
        conn: &mut Conn,
        mut version: Option<i64>,
        log_end: &mut LogEnd,
        first: Job,
        mut next: impl FnMut() -> Option<Job>,
    ) -> Result<Option<i64>, Error> {
        let mut job = Some(first);
        // Until one job is kept, the transaction itself serves as the savepoint: for a job that is alone, SQLite then need not keep
        // what each page was before.
        let mut is_empty = true;
        while let Some(this) = job.take() {
            if !is_empty {
                on!(conn, c => SAVEPOINT.execute(c))?;
            }
            let log_end_before = log_end.clone();
            let commit_number = version.filter(|_| self.node.is_some()).map(|before| before + 1);
            let mut result = this.run(conn, log_end, commit_number);
            let keep = result.keep;
            if keep {
                self.counts.add_all(std::mem::take(&mut result.counts));
            }
            self.ran.push(result);
            if !keep {
                *log_end = log_end_before;
            }
            if !is_empty {
                if !keep {
                    // Fails if SQLite has rolled back the whole transaction by itself (disk full): then the batch fails with it.
                    on!(conn, c => ROLLBACK_TO.execute(c))?;
                }
                on!(conn, c => RELEASE.execute(c))?;
            } else if keep {
                is_empty = false;
            } else {
                on!(conn, c => ROLLBACK.execute(c))?;
                version = dialect::begin(conn)?;
            }
            if self.ran.len() < MOST_IN_ONE_COMMIT {
                job = next();
            }
        }
        // Once for all jobs: most of them count the same things in the same hour.
        self.counts.store(conn)?;
        log_end.write_head(conn)?;
        if let (Some(node), Some(before)) = (&self.node, version) {
            changes::tell(
                conn,
                node.id(),
                before + 1,
                self.ran.iter().filter(|job| job.keep).flat_map(|job| &job.changes),
            )?;
        }
        dialect::commit(conn)?;
        Ok(version)
    }
}
