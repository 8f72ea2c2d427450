//! A change as a job: its authority, what it does in a transaction, and what follows its commit. Who runs jobs is left to `writer.rs`,
//! which runs one after the other, and `lanes.rs`, which runs some beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::oneshot;

use super::audit::end::LogEnd;
use super::audit::seal::Seal;
use super::connection::{Conn, Error};
use super::hourly_counts::{Counted, Counts, HourCount, hour_of};
use crate::blocklist::change::Change;
use crate::domain::{By, UnixTime};
use crate::lease::since_boot;

pub(super) type AfterCommit = Box<dyn FnOnce() + Send>;
/// Sends a job's answer. Called with the reason if the commit failed.
type Answer = Box<dyn FnOnce(Result<Everywhere, &str>) + Send>;
/// What an act came to, and when every node follows it.
type Outcome<T, E> = (Result<T, E>, Everywhere);

/// The transaction in which a job runs.
pub struct Tx<'a> {
    pub conn: &'a mut Conn,
    /// The moment of the change, read when the job was handed over: after the request's body was read and the password hashed.
    pub now: UnixTime,
    /// The address that the act comes from, if its authority knows one: its audit events say so.
    pub from: Option<String>,
    /// The keys of the audit log.
    pub(super) seal: Option<Arc<Seal>>,
    /// Where the audit log ends.
    pub(super) log_end: &'a mut LogEnd,
    place: Place,
    /// Which number its commit will have. `None`: nobody follows commits by their numbers.
    commit_number: Option<i64>,
    changes: Vec<Change>,
    after_commit: Vec<AfterCommit>,
    counts: Counts,
    /// The audit events that the job recorded, as they are spelled.
    events: Vec<&'static str>,
}

/// Where a transaction stands among the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the queue: nobody else changes anything until its commit.
    Queue,
    /// Beside it, with the row of one session locked.
    Beside,
    /// The same, but the job has come to what only the queue may do.
    Misplaced,
}

impl<'a> Tx<'a> {
    fn new(
        conn: &'a mut Conn,
        (now, seal): (UnixTime, Option<Arc<Seal>>),
        log_end: &'a mut LogEnd,
        place: Place,
    ) -> Self {
        let (changes, after_commit, counts, events) = (Vec::new(), Vec::new(), Counts::default(), Vec::new());
        Self { conn, now, from: None, seal, log_end, place, commit_number: None, changes, after_commit, counts, events }
    }

    /// Which number the commit will have, for the nodes that follow it. `None`: there is one node, or the job runs beside the queue.
    pub(super) fn commit_number(&self) -> Option<i64> {
        self.commit_number
    }

    /// Counts something that the job does, in the hour of its `now`.
    pub fn count(&mut self, what: Counted, times: usize) {
        if times > 0 {
            let count = i64::try_from(times).unwrap_or(i64::MAX);
            self.counts.add(HourCount { hour: hour_of(self.now), what, count });
        }
    }

    /// Notes that the job has recorded an audit event.
    pub(super) fn recorded(&mut self, event: &'static str) {
        self.events.push(event);
    }

    /// Has memory follow, once the change is durable and before anybody is told of it. In a process that keeps nothing in memory
    /// there is nothing to do.
    pub fn change(&mut self, change: Change) {
        if self.place == Place::Beside && change.needs_order() {
            self.place = Place::Misplaced;
        }
        self.changes.push(change);
    }

    /// Runs `act` once the change is durable and in memory, and before anybody is told of it: for the log and for files.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
    }

    /// Whether nobody else changes anything until the commit.
    pub fn is_in_queue(&self) -> bool {
        self.place == Place::Queue
    }

    /// To be called before what needs nobody else to change anything meanwhile. An error sends the job to the queue, which runs it again
    /// from its beginning; nothing that it did so far stays.
    pub fn needs_the_queue(&mut self) -> Result<(), Error> {
        if self.place == Place::Queue {
            return Ok(());
        }
        self.place = Place::Misplaced;
        Err(Error::Misplaced)
    }
}

/// The right by which a job changes something. It is judged in the job's own transaction, before anything else: what was found out
/// earlier is as old as the request's body was slow. A job without an authority does not compile.
pub trait Authority<E>: Send + 'static {
    /// What the judgement found out and the job may rely on.
    type Granted;

    /// An error undoes the transaction: nothing was changed.
    fn judge(self, tx: &mut Tx<'_>) -> Result<Self::Granted, E>;
}

/// The authority of Portero itself: for what falls due, for notes that nobody waits for, for keys. The job has to check its own
/// condition again.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep;

impl<E> Authority<E> for Upkeep {
    type Granted = By;

    fn judge(self, _: &mut Tx<'_>) -> Result<By, E> {
        Ok(By::Portero)
    }
}

/// The outcome of an act, available once its change is durable. The act runs to its end even if nobody waits for the outcome.
pub struct Pending<T, E>(BoxFuture<'static, Outcome<T, E>>);

impl<T: Send + 'static, E: From<Error> + Send + 'static> Pending<T, E> {
    /// An outcome that is known already, because nothing had to be written.
    pub fn known(outcome: Result<T, E>) -> Self {
        Self(ready((outcome, Everywhere::now())).boxed())
    }

    /// The outcome that a job sends. Dropped without one, the job was not taken.
    fn sent(receiver: oneshot::Receiver<Outcome<T, E>>) -> Self {
        let not_taken = || (Err(Error::NotTaken.into()), Everywhere::now());
        Self(receiver.map(move |answer| answer.unwrap_or_else(|_| not_taken())).boxed())
    }

    /// Blocks until the change is durable, and enforced on this node.
    pub fn committed(self) -> Result<T, E> {
        self.committed_first().0
    }

    /// The same for whoever then waits elsewhere until the change is enforced on every node: before that nobody may be told of it.
    pub fn committed_first(self) -> (Result<T, E>, Everywhere) {
        pollster::block_on(self.0)
    }

    /// Waits, without blocking, until the change is enforced on every node.
    pub async fn everywhere(self) -> Result<T, E> {
        let (outcome, everywhere) = self.0.await;
        // What failed has changed nothing.
        if outcome.is_ok() {
            everywhere.reached().await;
        }
        outcome
    }

    /// Turns the outcome into another. `form` runs on the thread that waits for the outcome, not on the writer's.
    pub fn then<U: Send + 'static>(
        self,
        form: impl FnOnce(Result<T, E>) -> Result<U, E> + Send + 'static,
    ) -> Pending<U, E> {
        Pending(self.0.map(|(outcome, everywhere)| (form(outcome), everywhere)).boxed())
    }
}

/// When a change is enforced on every node.
pub struct Everywhere(Option<Awaited>);

struct Awaited {
    /// Sent when every node follows.
    told: oneshot::Receiver<()>,
    /// By when no node answers any more that does not, as [`since_boot`] counts.
    until: Duration,
}

impl Everywhere {
    /// There is one node, or the job stood beside the queue: what such jobs change, other nodes need not know.
    pub(super) fn now() -> Self {
        Self(None)
    }

    pub(super) fn when(told: oneshot::Receiver<()>, until: Duration) -> Self {
        Self(Some(Awaited { told, until }))
    }

    /// Waits for it without blocking.
    pub async fn reached(self) {
        let Some(Awaited { told, until }) = self.0 else { return };
        if told.await.is_err() {
            // Nobody tells any more.
            tokio::time::sleep(until.saturating_sub(since_boot())).await;
        }
    }
}

/// A job of any kind, with somebody waiting for its answer.
pub(super) trait Waiting: Send {
    /// `commit_number`: which one the commit will have, if nodes follow it.
    fn run(self: Box<Self>, conn: &mut Conn, log_end: &mut LogEnd, commit_number: Option<i64>) -> Ran;

    /// Answers that the job was not begun, and why.
    fn refuse(self: Box<Self>, why: &str);
}

pub(super) type Job = Box<dyn Waiting>;

/// A job that may also run beside the queue.
pub(super) trait WaitingBeside: Waiting {
    /// `None`: only the queue can do this. Then nothing of what was done in the transaction may stay.
    fn run_beside(&mut self, conn: &mut Conn) -> Option<Ran>;

    fn for_the_queue(self: Box<Self>) -> Job;
}

pub(super) type JobBeside = Box<dyn WaitingBeside>;

/// A job that has run but is not committed yet.
pub(super) struct Ran {
    pub(super) keep: bool,
    pub(super) changes: Vec<Change>,
    pub(super) after_commit: Vec<AfterCommit>,
    pub(super) counts: Counts,
    /// The audit events that the job recorded.
    pub(super) events: Vec<&'static str>,
    pub(super) answer: Answer,
}

impl Ran {
    /// Takes out what only this node has to know.
    pub(super) fn take_own_changes(&mut self) -> Vec<Change> {
        self.changes.extract_if(.., |change| !change.needs_order()).collect()
    }

    /// Whether it ends sessions, of which a receipt may be asked for.
    pub(super) fn ends_sessions(&self) -> bool {
        let ends = |change: &Change| matches!(change, Change::SessionsEnded(_) | Change::MassEndBegan(_));
        self.keep && self.changes.iter().any(ends)
    }

    fn new<T, E>(result: Result<T, E>, tx: Tx<'_>, sender: Option<oneshot::Sender<Outcome<T, E>>>) -> Self
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        Self {
            keep: result.is_ok(),
            changes: tx.changes,
            after_commit: tx.after_commit,
            counts: tx.counts,
            events: tx.events,
            answer: Box::new(move |committed| {
                // A job that failed by itself says more than the commit that failed with it.
                let (committed, everywhere) = match committed {
                    Ok(everywhere) => (Ok(()), everywhere),
                    Err(why) => (Err(Error::NotCommitted(why.to_owned())), Everywhere::now()),
                };
                let result = result.and_then(|done| Ok(committed.map(|()| done)?));
                // Nobody may be waiting any more: a caller who has gone away does not undo what they asked for.
                drop(sender.map(|sender| sender.send((result, everywhere))));
            }),
        }
    }
}

/// A job that begins by judging its authority, and the outcome that somebody waits for.
pub(super) fn job<A, T, E>(
    authority: A,
    now: UnixTime,
    seal: Option<Arc<Seal>>,
    job: impl FnOnce(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
) -> (Job, Pending<T, E>)
where
    A: Authority<E>,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let judged = move |tx: &mut Tx<'_>| authority.judge(tx).and_then(|granted| job(tx, granted));
    (Box::new(Judged { job: judged, now, seal, sender }), Pending::sent(receiver))
}

struct Judged<J, T, E> {
    job: J,
    now: UnixTime,
    seal: Option<Arc<Seal>>,
    sender: oneshot::Sender<Outcome<T, E>>,
}

impl<J, T, E> Waiting for Judged<J, T, E>
where
    J: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(self: Box<Self>, conn: &mut Conn, log_end: &mut LogEnd, commit_number: Option<i64>) -> Ran {
        let Self { job, now, seal, sender } = *self;
        let mut tx = Tx::new(conn, (now, seal), log_end, Place::Queue);
        tx.commit_number = commit_number;
        let result = catch_unwind(AssertUnwindSafe(|| job(&mut tx))).unwrap_or_else(|_| Err(Error::Panicked.into()));
        Ran::new(result, tx, Some(sender))
    }

    fn refuse(self: Box<Self>, why: &str) {
        drop(self.sender.send((Err(Error::NotBegun(why.to_owned()).into()), Everywhere::now())));
    }
}

/// The same for a job that may also run beside the queue, and so perhaps twice.
pub(super) fn job_beside<A, T, E>(
    authority: A,
    now: UnixTime,
    seal: Option<Arc<Seal>>,
    job: impl Fn(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
) -> (JobBeside, Pending<T, E>)
where
    A: Authority<E> + Clone,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let judged = move |authority: A, tx: &mut Tx<'_>| authority.judge(tx).and_then(|granted| job(tx, granted));
    let repeatable = Repeatable { authority, job: judged, now, seal, sender: Some(sender) };
    (Box::new(repeatable), Pending::sent(receiver))
}

struct Repeatable<A, J, T, E> {
    authority: A,
    job: J,
    now: UnixTime,
    seal: Option<Arc<Seal>>,
    /// `None`: it has run, and the answer has this.
    sender: Option<oneshot::Sender<Outcome<T, E>>>,
}

impl<A, J, T, E> Waiting for Repeatable<A, J, T, E>
where
    A: Send + 'static,
    J: Fn(A, &mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(self: Box<Self>, conn: &mut Conn, log_end: &mut LogEnd, commit_number: Option<i64>) -> Ran {
        let Self { authority, job, now, seal, sender } = *self;
        let mut tx = Tx::new(conn, (now, seal), log_end, Place::Queue);
        tx.commit_number = commit_number;
        let result = catch_unwind(AssertUnwindSafe(|| job(authority, &mut tx)));
        Ran::new(result.unwrap_or_else(|_| Err(Error::Panicked.into())), tx, sender)
    }

    fn refuse(self: Box<Self>, why: &str) {
        if let Some(sender) = self.sender {
            drop(sender.send((Err(Error::NotBegun(why.to_owned()).into()), Everywhere::now())));
        }
    }
}

impl<A, J, T, E> WaitingBeside for Repeatable<A, J, T, E>
where
    A: Clone + Send + 'static,
    J: Fn(A, &mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run_beside(&mut self, conn: &mut Conn) -> Option<Ran> {
        // Nothing is recorded here: that needs the queue.
        let mut log_end = LogEnd::default();
        let mut tx = Tx::new(conn, (self.now, None), &mut log_end, Place::Beside);
        let result = catch_unwind(AssertUnwindSafe(|| (self.job)(self.authority.clone(), &mut tx)));
        if tx.place == Place::Misplaced {
            return None;
        }
        Some(Ran::new(result.unwrap_or_else(|_| Err(Error::Panicked.into())), tx, self.sender.take()))
    }

    fn for_the_queue(self: Box<Self>) -> Job {
        self
    }
}
