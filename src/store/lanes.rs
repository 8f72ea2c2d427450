//! Lanes beside the queue, on a database that takes several writers: each is a thread with a connection of its own, where a job that
//! changes one session only, such as a renewal, is a transaction by itself. Over a network it is not the disk but the round trips that one
//! connection dies of, and those of several go on at the same time.
//!
//! A job holds the row of its session from its beginning, as whatever ends that session does, so one of them comes first. It holds no
//! other session's, nor ever what the queue holds, so neither waits for what the other has. What needs more goes to the queue.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::ThreadId;

use diesel::RunQueryDsl;
use tokio::sync::oneshot;

use super::commit_counts::CommitCounts;
use super::condition::Condition;
use super::connection::{Conn, Error, on};
use super::dialect;
use super::follower::Beside;
use super::job::{Everywhere, Job, JobBeside, Ran};
use super::prepared::Plain;
use crate::domain::{DatabaseUrl, SessionId};
use crate::error_chain::chain;

/// How many lanes sessions share.
const OF_SESSIONS: usize = 8;
/// Notes have one of their own: they wait for no session that is held. Each is opened when the first job comes for it.
pub(super) const LANES: usize = OF_SESSIONS + 1;
/// The most jobs that may wait in one lane.
const QUEUE: usize = 128;

const COMMIT: Plain = Plain("COMMIT");
const ROLLBACK: Plain = Plain("ROLLBACK");

/// Which lane a job belongs to. What concerns one session keeps its order, because it always is the same lane.
#[derive(Clone, Copy, Debug)]
pub enum Lane {
    /// That of this session, whose row is locked when the job begins.
    Session(SessionId),
    /// For notes about many sessions. The job locks what it finds free.
    Notes,
}

impl Lane {
    fn number(self) -> usize {
        match self {
            Self::Session(sid) => (sid.as_u128() % OF_SESSIONS as u128) as usize,
            Self::Notes => OF_SESSIONS,
        }
    }

    fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(sid) => Some(sid),
            Self::Notes => None,
        }
    }
}

enum Message {
    Job(Lane, JobBeside),
    /// The sender is dropped when the lane is closed.
    Close(oneshot::Sender<()>),
}

/// All lanes. Closed with the last clone.
#[derive(Clone)]
pub(super) struct Lanes(Arc<All>);

struct All {
    lanes: [OnceLock<Option<Open>>; LANES],
    thread: Box<dyn Fn(usize) -> LaneThread + Send + Sync>,
}

/// A lane that was used.
struct Open {
    jobs: SyncSender<Message>,
    thread: ThreadId,
}

impl Lanes {
    /// `to_queue`: takes what belongs there.
    pub(super) fn new(
        url: DatabaseUrl,
        condition: Arc<Condition>,
        beside: Arc<Beside>,
        counts: Arc<CommitCounts>,
        to_queue: impl Fn(Job) + Clone + Send + Sync + 'static,
    ) -> Self {
        let thread = move |number| LaneThread {
            number,
            conn: None,
            url: url.clone(),
            condition: Arc::clone(&condition),
            beside: Arc::clone(&beside),
            counts: Arc::clone(&counts),
            to_queue: Box::new(to_queue.clone()),
        };
        Self(Arc::new(All { lanes: [const { OnceLock::new() }; LANES], thread: Box::new(thread) }))
    }

    /// Takes the job, or drops it with its answer: then it was not taken.
    pub(super) fn take(&self, lane: Lane, job: JobBeside) {
        let number = lane.number();
        let Some(cell) = self.0.lanes.get(number) else { return };
        if let Some(open) = cell.get_or_init(|| self.0.open(number)) {
            drop(open.jobs.try_send(Message::Job(lane, job)));
        }
    }

    /// Ends all lanes, after the jobs that wait.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

impl All {
    fn open(&self, number: usize) -> Option<Open> {
        let (jobs, taken) = sync_channel(QUEUE);
        let lane = (self.thread)(number);
        let started = std::thread::Builder::new().name(format!("lane-{number}")).spawn(move || lane.run(&taken));
        match started {
            Ok(thread) => Some(Open { jobs, thread: thread.thread().id() }),
            Err(error) => {
                tracing::error!(event = "write_refused", error = %chain(&error), "a thread that writes did not start");
                None
            }
        }
    }

    fn close(&self) {
        let open = self.lanes.iter().filter_map(|cell| cell.get()?.as_ref());
        let closing: Vec<_> = open
            // What a job holds may be the last user. Then its thread can't wait for itself; it ends after the job.
            .filter(|open| open.thread != std::thread::current().id())
            .filter_map(|open| {
                let (sender, receiver) = oneshot::channel();
                open.jobs.send(Message::Close(sender)).ok().map(|()| receiver)
            })
            .collect();
        for closed in closing {
            drop(pollster::block_on(closed));
        }
    }
}

impl Drop for All {
    fn drop(&mut self) {
        self.close();
    }
}

struct LaneThread {
    number: usize,
    /// `None`: not opened yet, or given up.
    conn: Option<Conn>,
    url: DatabaseUrl,
    condition: Arc<Condition>,
    beside: Arc<Beside>,
    counts: Arc<CommitCounts>,
    to_queue: Box<dyn Fn(Job) + Send>,
}

impl LaneThread {
    fn run(mut self, jobs: &Receiver<Message>) {
        loop {
            match jobs.recv() {
                Ok(Message::Job(lane, job)) => self.work(lane, job),
                Ok(Message::Close(done)) => {
                    self.conn = None;
                    return drop(done);
                }
                Err(_) => return,
            }
        }
    }

    fn work(&mut self, lane: Lane, mut job: JobBeside) {
        let conn = match self.begin(lane) {
            Ok(conn) => conn,
            Err(error) => return self.refuse(job, &error),
        };
        match job.run_beside(conn) {
            Some(ran) if ran.keep => self.commit(ran),
            Some(ran) => {
                self.roll_back();
                (ran.answer)(Ok(Everywhere::now()));
            }
            None => {
                self.roll_back();
                (self.to_queue)(job.for_the_queue());
            }
        }
    }

    /// Begins the job's transaction, with the row of its session locked.
    fn begin(&mut self, lane: Lane) -> Result<&mut Conn, Error> {
        // Whoever looks ten times a second has found that the server is gone. To look again here would take longer.
        if self.condition.is_gone() {
            return Err(Error::Reopen("the server is gone".into()));
        }
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => dialect::connect_lane(&self.url, &self.condition.watched)
                .map_err(|fault| Error::Reopen(chain(&fault.at(&self.url))))?,
        };
        let conn = self.conn.insert(conn);
        dialect::begin_holding(conn, lane.session())?;
        Ok(conn)
    }

    /// Answers that no transaction could be begun.
    fn refuse(&mut self, job: JobBeside, error: &Error) {
        let why = chain(error);
        if self.conn.as_mut().is_none_or(dialect::is_lost) {
            tracing::error!(event = "write_refused", error = why, "no job was begun");
            self.condition.failed(&why);
            self.give_up_connection();
        } else {
            tracing::warn!(event = "write_refused", error = why, "another process holds this session");
        }
        job.refuse(&why);
    }

    fn roll_back(&mut self) {
        let rolled_back = self.conn.as_mut().map(|conn| on!(conn, c => ROLLBACK.execute(c)));
        if rolled_back.is_some_and(|outcome| outcome.is_err()) {
            // The server rolls back what it has of a connection that is lost.
            self.give_up_connection();
        }
    }

    fn commit(&mut self, ran: Ran) {
        let Ran { changes, after_commit, mut counts, answer, .. } = ran;
        counts.count_in_lane(self.number);
        let committed = match self.conn.as_mut() {
            Some(conn) => counts.store(conn).and_then(|()| Ok(on!(conn, c => COMMIT.execute(c)).map(drop)?)),
            None => Err(Error::NotTaken),
        };
        if let Err(error) = committed {
            let why = chain(&error);
            tracing::error!(event = "write_failed", error = why, "nothing of this job is known to be stored");
            self.condition.failed(&why);
            self.give_up_connection();
            // It may have got through after all.
            self.beside.lacks_some();
            return answer(Err(&why));
        }
        self.counts.add_counts(&counts);
        self.beside.apply(changes);
        for act in after_commit {
            // What was stored stays so, and memory knows of it; the panic itself is in the log.
            drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)));
        }
        answer(Ok(Everywhere::now()));
    }

    /// The next job opens another.
    fn give_up_connection(&mut self) {
        if self.conn.take().is_some() {
            self.condition.note_loss();
        }
    }
}
