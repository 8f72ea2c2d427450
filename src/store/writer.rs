//! The one thread that writes. Jobs that wait together are committed together (group commit), each but the first inside a
//! savepoint, so that a job that fails undoes only itself. Each job begins by judging its authority. Its answer goes out after the
//! commit, and after what the job does to memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::oneshot;

use super::audit::end::LogEnd;
use super::audit::seal::Seal;
use super::condition::Condition;
use super::connection::{Conn, Error, LOCK_TIMEOUT, on};
use super::dialect::{self, connect};
use super::hourly_counts::{Counted, Counts, HourCount, hour_of};
use super::instance;
use super::prepared::Plain;
use crate::blocklist::change::Change;
use crate::domain::{By, DatabaseUrl, UnixTime};
use crate::error_chain::chain;

/// The most jobs that may wait. One more is refused at once: 503 is better than a wait without end.
const QUEUE: usize = 1024;
const MOST_IN_ONE_COMMIT: usize = 256;
/// How often the writer looks for changes by other processes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long to wait for a lock if the last wait for one was in vain. With the full timeout each job would also wait for those
/// before it, and a job from a password worker would keep one of few threads busy meanwhile.
const SHORT_LOCK_WAIT: Duration = Duration::from_millis(50);

const ROLLBACK: Plain = Plain("ROLLBACK");
const SAVEPOINT: Plain = Plain("SAVEPOINT job");
const ROLLBACK_TO: Plain = Plain("ROLLBACK TO job");
const RELEASE: Plain = Plain("RELEASE job");

type Reload = Box<dyn FnMut(&mut Conn) -> Result<(), Error> + Send>;

/// How the writer makes what is kept in memory follow the database.
pub struct Memory {
    /// Loads all of it again.
    pub reload: Reload,
    /// Called with what the commits of this process change, in their order.
    pub apply: Box<dyn Fn(Change) + Send>,
    /// Called when the database may have changed but can't be read: until the next reload nothing in memory may be believed.
    pub doubt: Box<dyn FnMut() + Send>,
    /// Whether memory has to be loaded again although nobody changed the database.
    pub has_gaps: Box<dyn Fn() -> bool + Send>,
    /// Called when no job waits, a few times a second.
    pub rest: Box<dyn Fn() + Send>,
}

type AfterCommit = Box<dyn FnOnce() + Send>;
/// Sends a job's answer. Called with the reason if the commit failed.
type Answer = Box<dyn FnOnce(Result<(), &str>) + Send>;

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
    changes: Vec<Change>,
    after_commit: Vec<AfterCommit>,
    counts: Counts,
}

impl Tx<'_> {
    /// Counts something that the job does, in the hour of its `now`.
    pub fn count(&mut self, what: Counted, times: usize) {
        if times > 0 {
            let count = i64::try_from(times).unwrap_or(i64::MAX);
            self.counts.add(HourCount { hour: hour_of(self.now), what, count });
        }
    }

    /// Has memory follow, once the change is durable and before anybody is told of it. In a process that keeps nothing in memory
    /// there is nothing to do.
    pub fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Runs `act` once the change is durable and in memory, and before anybody is told of it: for the log and for files.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
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
pub struct Pending<T, E>(BoxFuture<'static, Result<T, E>>);

impl<T: Send + 'static, E: From<Error> + Send + 'static> Pending<T, E> {
    /// An outcome that is known already, because nothing had to be written.
    pub fn known(outcome: Result<T, E>) -> Self {
        Self(ready(outcome).boxed())
    }

    /// Blocks until the change is durable, and enforced on this node.
    pub fn committed(self) -> Result<T, E> {
        pollster::block_on(self.0)
    }

    /// Waits, without blocking, until the change is enforced on every node. There is only one, so that is when it is committed.
    pub async fn everywhere(self) -> Result<T, E> {
        self.0.await
    }

    /// Turns the outcome into another. `form` runs on the thread that waits for the outcome, not on the writer's.
    pub fn then<U: Send + 'static>(
        self,
        form: impl FnOnce(Result<T, E>) -> Result<U, E> + Send + 'static,
    ) -> Pending<U, E> {
        Pending(self.0.map(form).boxed())
    }
}

enum Message {
    Job(Job),
    FollowChanges(Memory, oneshot::Sender<Result<(), Error>>),
    Serve(oneshot::Sender<Result<bool, Error>>),
    /// The sender is dropped when the database is closed.
    Close(oneshot::Sender<()>),
}

/// A job of any kind, with somebody waiting for its answer.
trait Waiting: Send {
    fn run(self: Box<Self>, conn: &mut Conn, log_end: &mut LogEnd) -> Ran;

    /// Answers that the job was not begun, and why.
    fn refuse(self: Box<Self>, why: &str);
}

type Job = Box<dyn Waiting>;

/// A job that has run but is not committed yet.
struct Ran {
    keep: bool,
    changes: Vec<Change>,
    after_commit: Vec<AfterCommit>,
    counts: Counts,
    answer: Answer,
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
    /// Dropped with the last clone.
    _last_user: Arc<LastUser>,
}

/// Closes the database when nobody uses it any more, and waits for that: the end of the process would cut it short.
struct LastUser {
    queue: SyncSender<Message>,
    thread: ThreadId,
}

impl Drop for LastUser {
    fn drop(&mut self) {
        // What a job holds may be the last user. Then the thread can't wait for itself; it closes after the job.
        if std::thread::current().id() != self.thread {
            close(&self.queue);
        }
    }
}

fn close(queue: &SyncSender<Message>) {
    let (sender, receiver) = oneshot::channel();
    // An error means that the thread has closed the database already.
    if queue.send(Message::Close(sender)).is_ok() {
        drop(pollster::block_on(receiver));
    }
}

impl Writer {
    pub(super) fn start(conn: Conn, url: DatabaseUrl, condition: Arc<Condition>) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            WriterThread {
                conn: Some(conn),
                url,
                condition,
                memory: None,
                serves: false,
                is_behind: false,
                lock_wait: LOCK_TIMEOUT,
                version: None,
                changes_to_report: None,
                last_look: Instant::now(),
                deferred: None,
                log_end: LogEnd::default(),
            }
            .run(&jobs)
        })?;
        let last_user = LastUser { queue: queue.clone(), thread: thread.thread().id() };
        Ok(Self { queue, _last_user: Arc::new(last_user) })
    }

    pub(super) fn write<A, T, E>(
        &self,
        authority: A,
        now: UnixTime,
        seal: Option<Arc<Seal>>,
        job: impl FnOnce(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        A: Authority<E>,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let judged = move |tx: &mut Tx<'_>| authority.judge(tx).and_then(|granted| job(tx, granted));
        let message = Message::Job(Box::new(Judged { job: judged, now, seal, sender }));
        // A message that the queue refuses is dropped with its sender; the receiver turns that into `Error::NotTaken`.
        drop(self.queue.try_send(message));
        Pending(receiver.map(|answer| answer.unwrap_or_else(|_| Err(Error::NotTaken.into()))).boxed())
    }

    pub(super) fn follow_changes(&self, memory: Memory) -> Result<(), Error> {
        let (sender, receiver) = oneshot::channel();
        self.queue.send(Message::FollowChanges(memory, sender)).map_err(|_| Error::NotTaken)?;
        receiver.blocking_recv().map_err(|_| Error::NotTaken)?
    }

    pub(super) fn serve(&self) -> Result<bool, Error> {
        let (sender, receiver) = oneshot::channel();
        self.queue.send(Message::Serve(sender)).map_err(|_| Error::NotTaken)?;
        receiver.blocking_recv().map_err(|_| Error::NotTaken)?
    }

    pub(super) fn close(&self) {
        close(&self.queue);
    }
}

/// A job that begins by judging its authority.
struct Judged<J, T, E> {
    job: J,
    now: UnixTime,
    seal: Option<Arc<Seal>>,
    sender: oneshot::Sender<Result<T, E>>,
}

impl<J, T, E> Waiting for Judged<J, T, E>
where
    J: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(self: Box<Self>, conn: &mut Conn, log_end: &mut LogEnd) -> Ran {
        let Self { job, now, seal, sender } = *self;
        let mut tx = Tx {
            conn,
            now,
            from: None,
            seal,
            log_end,
            changes: Vec::new(),
            after_commit: Vec::new(),
            counts: Counts::default(),
        };
        let result = catch_unwind(AssertUnwindSafe(|| job(&mut tx))).unwrap_or_else(|_| Err(Error::Panicked.into()));
        Ran {
            keep: result.is_ok(),
            changes: tx.changes,
            after_commit: tx.after_commit,
            counts: tx.counts,
            answer: Box::new(move |committed| {
                // A job that failed by itself says more than the commit that failed with it.
                let result = result.and_then(|done| match committed {
                    Ok(()) => Ok(done),
                    Err(why) => Err(Error::NotCommitted(why.to_owned()).into()),
                });
                // Nobody may be waiting any more: a caller who has gone away does not undo what they asked for.
                drop(sender.send(result));
            }),
        }
    }

    fn refuse(self: Box<Self>, why: &str) {
        drop(self.sender.send(Err(Error::NotBegun(why.to_owned()).into())));
    }
}

/// The state of the writer's thread.
struct WriterThread {
    /// `None` after a failed commit, until the database is opened again.
    conn: Option<Conn>,
    url: DatabaseUrl,
    condition: Arc<Condition>,
    memory: Option<Memory>,
    /// Whether this process is the one that serves the database.
    serves: bool,
    /// Whether the last look failed.
    is_behind: bool,
    /// How long this connection waits for a lock at present.
    lock_wait: Duration,
    /// The database's version when it was last read: another value means a commit by another connection. `None`: memory has to be
    /// loaded again.
    version: Option<i64>,
    /// How many changes by commands memory has taken up; `None` once the database says so too.
    changes_to_report: Option<i64>,
    last_look: Instant,
    /// A message that arrived while a transaction was open and can't be handled inside one.
    deferred: Option<Message>,
    /// Where the audit log ends, as far as this connection knows.
    log_end: LogEnd,
}

impl WriterThread {
    fn run(mut self, jobs: &Receiver<Message>) {
        loop {
            let next = self.deferred.take().map_or_else(|| jobs.recv_timeout(LOOK_EVERY), Ok);
            let first = match next {
                Ok(Message::Job(job)) => Some(job),
                Ok(Message::FollowChanges(memory, sender)) => {
                    self.memory = Some(memory);
                    self.version = None;
                    let followed = self.follow_database();
                    if followed.is_err() {
                        // The caller learns of it; a later look would only say so again.
                        self.memory = None;
                    }
                    drop(sender.send(followed));
                    self.report_changes();
                    None
                }
                Ok(Message::Serve(sender)) => {
                    drop(sender.send(self.serve()));
                    None
                }
                Ok(Message::Close(_dropped_when_done)) => return self.close(),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(memory) = &self.memory {
                        (memory.rest)();
                    }
                    None
                }
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            };
            if self.last_look.elapsed() >= LOOK_EVERY {
                self.look_for_changes();
            }
            if let Some(first) = first {
                self.commit_together(first, jobs);
            }
        }
    }

    fn serve(&mut self) -> Result<bool, Error> {
        self.serves = dialect::lock_to_serve(self.open()?)?;
        Ok(self.serves)
    }

    /// Closes the connection, and leaves the database's file whole without the ones beside it, if no other process uses it.
    fn close(&mut self) {
        // A server that runs beside this command must not wait for long.
        self.set_lock_wait(SHORT_LOCK_WAIT);
        let Some(mut conn) = self.conn.take() else { return };
        if let Err(error) = dialect::close(&mut conn) {
            tracing::warn!(
                event = "checkpoint_failed",
                error = %chain(&error),
                "the last changes are in the file -wal beside the database: whoever copies one has to copy both"
            );
        }
    }

    fn commit_together(&mut self, first: Job, jobs: &Receiver<Message>) {
        let begun = match self.open().and_then(|conn| Ok(dialect::begin(conn)?)) {
            Ok(begun) => begun,
            Err(error) => return self.refuse_waiting(first, jobs, &chain(&error)),
        };
        let mut ran = Vec::new();
        let mut deferred = None;
        // Lost with whatever goes wrong below: after that it has to be looked up.
        let mut log_end = std::mem::take(&mut self.log_end);
        let committed =
            self.open().and_then(|conn| run_batch(conn, begun, &mut log_end, first, jobs, &mut ran, &mut deferred));
        self.deferred = deferred;
        if committed.is_ok() {
            // Not inside the transaction: PostgreSQL would take it back with that.
            self.set_lock_wait(LOCK_TIMEOUT);
        }
        match &committed {
            // What this process committed, memory learns below; what others did before, the next look finds.
            Ok(Some(found)) if self.version == Some(*found) => self.version = Some(found + 1),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(event = "write_failed", error = %chain(error), "nothing of this batch is known to be stored");
                self.condition.failed(&chain(error));
                // The connection's state is unknown, and the commit may have got through after all: open the database again, and look.
                self.give_up_connection();
                self.look_for_changes();
            }
        }
        if committed.is_ok() {
            for job in ran.iter_mut().filter(|job| job.keep) {
                self.follow(std::mem::take(&mut job.changes), std::mem::take(&mut job.after_commit));
            }
            log_end.committed();
            self.log_end = log_end;
        }
        let failure = committed.err().map(|error| chain(&error));
        for job in ran {
            (job.answer)(failure.as_deref().map_or(Ok(()), Err));
        }
    }

    /// Answers all who wait that no transaction could be begun: they would wait for the same lock, one after the other.
    fn refuse_waiting(&mut self, first: Job, jobs: &Receiver<Message>, why: &str) {
        tracing::error!(event = "write_refused", error = why, "no job was begun");
        self.condition.failed(why);
        if self.conn.as_mut().is_some_and(dialect::is_lost) {
            self.give_up_connection();
        }
        self.set_lock_wait(SHORT_LOCK_WAIT);
        first.refuse(why);
        while let Ok(message) = jobs.try_recv() {
            match message {
                Message::Job(job) => job.refuse(why),
                Message::FollowChanges(..) | Message::Serve(_) | Message::Close(_) => self.deferred = Some(message),
            }
        }
    }

    /// The next use opens another.
    fn give_up_connection(&mut self) {
        self.conn = None;
        // What reads an SQLite file goes on.
        if self.url.file().is_none() {
            self.condition.set_gone(true);
            self.condition.note_loss();
        }
    }

    /// Does what belongs to a job that was committed.
    fn follow(&mut self, changes: Vec<Change>, after_commit: Vec<AfterCommit>) {
        let apply = self.memory.as_ref().map(|memory| &memory.apply);
        let followed = catch_unwind(AssertUnwindSafe(|| {
            if let Some(apply) = apply {
                changes.into_iter().for_each(apply);
            }
        }));
        if followed.is_err() {
            // Memory may be half changed: the next look loads everything again.
            self.version = None;
        }
        for act in after_commit {
            // What was stored stays so, and memory knows of it; the panic itself is in the log.
            drop(catch_unwind(AssertUnwindSafe(act)));
        }
    }

    /// The connection; opened again if the last one was given up.
    fn open(&mut self) -> Result<&mut Conn, Error> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                self.version = None;
                self.log_end = LogEnd::default();
                self.lock_wait = LOCK_TIMEOUT;
                let mut conn = connect(&self.url).map_err(|fault| Error::Reopen(chain(&fault.at(&self.url))))?;
                if self.serves && !dialect::lock_to_serve(&mut conn)? {
                    return Err(Error::Reopen("another server serves it by now".into()));
                }
                conn
            }
        };
        self.condition.set_gone(false);
        Ok(self.conn.insert(conn))
    }

    fn set_lock_wait(&mut self, lock_wait: Duration) {
        let Some(conn) = self.conn.as_mut().filter(|_| self.lock_wait != lock_wait) else { return };
        match dialect::set_lock_timeout(conn, lock_wait) {
            Ok(()) => self.lock_wait = lock_wait,
            Err(error) => tracing::error!(event = "lock_timeout_not_set", error = %chain(&error)),
        }
    }

    /// Loads memory again if another process has committed, or if it is unknown whether this one has. If that fails, memory is in
    /// doubt.
    fn look_for_changes(&mut self) {
        self.last_look = Instant::now();
        let followed = self.follow_database();
        let was_behind = std::mem::replace(&mut self.is_behind, followed.is_err());
        if let Err(error) = followed {
            // Once: a server that is gone refuses each look at once.
            if !was_behind {
                tracing::error!(event = "memory_behind_database", error = %chain(&error), "no token is accepted until the database answers");
            }
            self.version = None;
            if let Some(memory) = self.memory.as_mut() {
                (memory.doubt)();
            }
            if self.conn.as_mut().is_some_and(dialect::is_lost) {
                self.give_up_connection();
            }
        }
        self.report_changes();
    }

    fn follow_database(&mut self) -> Result<(), Error> {
        let version = dialect::version(self.open()?)?;
        let has_gaps = self.memory.as_ref().is_some_and(|memory| (memory.has_gaps)());
        if self.version == Some(version) && !has_gaps {
            return Ok(());
        }
        if let (Some(conn), Some(memory)) = (self.conn.as_mut(), self.memory.as_mut()) {
            // Read before the rest: what is committed meanwhile is found by the next look.
            let changes = instance::changed(conn)?;
            (memory.reload)(conn)?;
            self.changes_to_report = Some(changes);
        }
        self.version = Some(version);
        Ok(())
    }

    /// Tells waiting commands, through the database, that their changes are enforced here. If the database is locked for writing,
    /// they wait a little longer; that is no reason to doubt what is in memory.
    fn report_changes(&mut self) {
        let (Some(conn), Some(changes)) = (self.conn.as_mut(), self.changes_to_report) else { return };
        match instance::note_taken_up(conn, changes) {
            Ok(()) => self.changes_to_report = None,
            Err(error) => tracing::warn!(event = "change_count_not_stored", error = %chain(&error)),
        }
    }
}

/// Runs the first job and those waiting behind it, and commits them together. `version`: as [`dialect::begin`] returned it; returned as
/// it was in the transaction that was committed.
fn run_batch(
    conn: &mut Conn,
    mut version: Option<i64>,
    log_end: &mut LogEnd,
    first: Job,
    jobs: &Receiver<Message>,
    ran: &mut Vec<Ran>,
    deferred: &mut Option<Message>,
) -> Result<Option<i64>, Error> {
    let mut next = Some(first);
    // Until one job is kept, the transaction itself serves as the savepoint: for a job that is alone, SQLite then need not keep
    // what each page was before.
    let mut is_empty = true;
    let mut counts = Counts::default();
    while let Some(job) = next.take() {
        if !is_empty {
            on!(conn, c => SAVEPOINT.execute(c))?;
        }
        let log_end_before = log_end.clone();
        let mut result = job.run(conn, log_end);
        let keep = result.keep;
        if keep {
            counts.add_all(std::mem::take(&mut result.counts));
        }
        ran.push(result);
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
        if ran.len() < MOST_IN_ONE_COMMIT {
            next = match jobs.try_recv() {
                Ok(Message::Job(job)) => Some(job),
                Ok(message @ (Message::FollowChanges(..) | Message::Serve(_) | Message::Close(_))) => {
                    *deferred = Some(message);
                    None
                }
                Err(_) => None,
            };
        }
    }
    // Once for all jobs: most of them count the same things in the same hour.
    counts.store(conn)?;
    log_end.write_head(conn)?;
    dialect::commit(conn)?;
    Ok(version)
}
