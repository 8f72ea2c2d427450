//! The queue, and the one thread that works at it. Jobs that wait together are committed together (`batch.rs`). A job's answer goes out
//! after the commit, and after what the job does to memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::audit::end::LogEnd;
use super::batch::Batch;
use super::commit_counts::CommitCounts;
use super::condition::Condition;
use super::connection::{Conn, Error, LOCK_TIMEOUT};
use super::dialect::{self, Serving, connect};
use super::follower::{Beside, Memory};
use super::instance;
use super::job::{AfterCommit, Everywhere, Job, Ran};
use super::node::OwnNode;
use crate::blocklist::change::Change;
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;

/// The most jobs that may wait. One more is refused at once: 503 is better than a wait without end.
const QUEUE: usize = 1024;
/// How often the writer looks for changes by other processes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long to wait for a lock if the last wait for one was in vain. With the full timeout each job would also wait for those
/// before it, and a job from a password worker would keep one of few threads busy meanwhile.
const SHORT_LOCK_WAIT: Duration = Duration::from_millis(50);

enum Message {
    Job(Job),
    FollowChanges(Memory, oneshot::Sender<Result<(), Error>>),
    Serve(oneshot::Sender<Result<bool, Error>>),
    /// The sender is dropped when the database is closed.
    Close(oneshot::Sender<()>),
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
    counts: Arc<CommitCounts>,
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
    pub(super) fn start(
        conn: Conn,
        url: DatabaseUrl,
        condition: Arc<Condition>,
        beside: Arc<Beside>,
        node: Option<OwnNode>,
        counts: Arc<CommitCounts>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let counted = Arc::clone(&counts);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            WriterThread {
                conn: Some(conn),
                url,
                condition,
                beside,
                node,
                counts: counted,
                memory: None,
                serving: None,
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
        Ok(Self { queue, counts, _last_user: Arc::new(last_user) })
    }

    /// Takes the job, or drops it with its answer: then it was not taken.
    pub(super) fn take(&self, job: Job) {
        if self.queue.try_send(Message::Job(job)).is_ok() {
            self.counts.queued();
        }
    }

    /// Hands jobs to this queue, and keeps nobody from closing the database.
    pub(super) fn back_door(&self) -> impl Fn(Job) + Clone + Send + Sync + 'static {
        let (queue, counts) = (self.queue.clone(), Arc::clone(&self.counts));
        move |job| {
            if queue.try_send(Message::Job(job)).is_ok() {
                counts.queued();
            }
        }
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

/// The state of the writer's thread.
struct WriterThread {
    /// `None` after a failed commit, until the database is opened again.
    conn: Option<Conn>,
    url: DatabaseUrl,
    condition: Arc<Condition>,
    /// How memory follows what is committed beside this thread.
    beside: Arc<Beside>,
    /// This process as one of several nodes, or as a command beside them.
    node: Option<OwnNode>,
    counts: Arc<CommitCounts>,
    memory: Option<Memory>,
    /// How this process serves the database, if it does and the database is on a server.
    serving: Option<Serving>,
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
                    self.beside.follow(&memory);
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
        if self.url.file().is_some() {
            return Ok(true);
        }
        let is_shared = self.node.is_some();
        self.serving = dialect::lock_to_serve(self.open()?, None, is_shared)?;
        Ok(self.serving.is_some())
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
        let begin = Instant::now();
        let mut batch = Batch::new(self.node.clone());
        // Lost with whatever goes wrong below: after that it has to be looked up.
        let mut log_end = std::mem::take(&mut self.log_end);
        let mut deferred = None;
        let committed = self
            .open()
            .and_then(|conn| batch.commit(conn, begun, &mut log_end, first, || next_job(jobs, &mut deferred)));
        let Batch { mut ran, counts, .. } = batch;
        self.deferred = deferred;
        self.counts.taken(ran.len());
        self.counts.committed(ran.len(), begin.elapsed());
        if committed.is_ok() {
            // Not inside the transaction: PostgreSQL would take it back with that.
            self.set_lock_wait(LOCK_TIMEOUT);
            self.counts
                .add_events(ran.iter_mut().filter(|job| job.keep).flat_map(|job| std::mem::take(&mut job.events)));
            self.counts.add_counts(&counts);
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
            match (self.node.clone(), &committed) {
                (Some(node), Ok(Some(before))) if node.follows() => ran = self.leave_to_node(&node, before + 1, ran),
                // A command beside the nodes. Without this they notice with their next beat.
                (Some(_), Ok(_)) => drop(self.conn.as_mut().map(dialect::tell)),
                (Some(_), Err(_)) | (None, _) => {}
            }
            for job in ran.iter_mut().filter(|job| job.keep) {
                self.follow(std::mem::take(&mut job.changes), std::mem::take(&mut job.after_commit));
            }
            log_end.committed();
            self.log_end = log_end;
        }
        let failure = committed.err().map(|error| chain(&error));
        for job in ran {
            (job.answer)(failure.as_deref().map_or_else(|| Ok(Everywhere::now()), Err));
        }
    }

    /// Has the node answer what was committed. A job that changed nothing too: it may have found what another has changed just now, such as a
    /// session that had ended, and whoever is told of that believes it. Returns the jobs that failed.
    fn leave_to_node(&self, node: &OwnNode, number: i64, mut ran: Vec<Ran>) -> Vec<Ran> {
        for job in ran.iter_mut().filter(|job| job.keep) {
            self.beside.apply(job.take_own_changes());
        }
        let (told, others): (Vec<_>, Vec<_>) = ran.into_iter().partition(|job| job.keep);
        if !told.is_empty() {
            node.committed(number, told);
        }
        others
    }

    /// Answers all who wait that no transaction could be begun: they would wait for the same lock, one after the other.
    fn refuse_waiting(&mut self, first: Job, jobs: &Receiver<Message>, why: &str) {
        tracing::error!(event = "write_refused", error = why, "no job was begun");
        self.condition.failed(why);
        if self.conn.as_mut().is_some_and(dialect::is_lost) {
            self.give_up_connection();
        }
        self.set_lock_wait(SHORT_LOCK_WAIT);
        self.counts.taken(1);
        // All of them before the first is answered: whoever is told to try again may be here again at once, and did not wait in vain.
        let mut waiting = vec![first];
        while let Some(job) = next_job(jobs, &mut self.deferred) {
            self.counts.taken(1);
            waiting.push(job);
        }
        for job in waiting {
            job.refuse(why);
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
                changes.into_iter().for_each(|change| apply(change));
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
                let mut conn = connect(&self.url, &self.condition.watched)
                    .map_err(|fault| Error::Reopen(chain(&fault.at(&self.url))))?;
                if let Some(former) = &self.serving {
                    let serving = dialect::lock_to_serve(&mut conn, Some(former), self.node.is_some())?;
                    self.serving =
                        Some(serving.ok_or_else(|| Error::Reopen("another server serves it by now".into()))?);
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
            if !was_behind && self.memory.is_some() {
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
        let has_gaps = self.beside.take_lack() || has_gaps;
        if has_gaps {
            // Until a load has gone well.
            self.version = None;
        }
        if self.version == Some(version) {
            return Ok(());
        }
        if let (Some(conn), Some(memory)) = (self.conn.as_mut(), self.memory.as_mut()) {
            // Read before the rest: what is committed meanwhile is found by the next look.
            let changes = instance::changed(conn)?;
            self.beside.load(|| (memory.reload)(conn))?;
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

/// The next job that waits already, unless another message comes before it, which is put into `deferred`.
fn next_job(jobs: &Receiver<Message>, deferred: &mut Option<Message>) -> Option<Job> {
    match jobs.try_recv() {
        Ok(Message::Job(job)) => Some(job),
        Ok(message @ (Message::FollowChanges(..) | Message::Serve(_) | Message::Close(_))) => {
            *deferred = Some(message);
            None
        }
        Err(_) => None,
    }
}
