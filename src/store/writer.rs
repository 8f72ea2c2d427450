//! The one thread that writes. Jobs that wait together are committed together (group commit), each but the first inside a savepoint,
//! so that one that fails undoes only itself. Answers go out after the commit, and after what the jobs do to memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use tokio::sync::oneshot;

use super::prepared::Plain;
use super::{BUSY_TIMEOUT, Conn, Error, connect, instance};

/// Beyond this many waiting jobs a new one is refused at once: 503 is better than a wait without end.
const QUEUE: usize = 1024;
const MOST_IN_ONE_COMMIT: usize = 256;
/// How soon a change by another process is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a lock is waited for where the last wait was in vain. Whoever comes then would otherwise wait for those before them as
/// well: an act that hashes holds one of few threads meanwhile.
const PATIENCE_LEFT: Duration = Duration::from_millis(50);

/// IMMEDIATE: a transaction that reads first and then writes would fail at once when another process wrote in between.
const BEGIN: Plain = Plain("BEGIN IMMEDIATE");
const COMMIT: Plain = Plain("COMMIT");
const ROLLBACK: Plain = Plain("ROLLBACK");
const SAVEPOINT: Plain = Plain("SAVEPOINT job");
const ROLLBACK_TO: Plain = Plain("ROLLBACK TO job");
const RELEASE: Plain = Plain("RELEASE job");

type Reload = Box<dyn FnMut(&mut Conn) -> Result<(), Error> + Send>;

/// What is kept in memory of the database, for the writer to keep in step with it.
pub struct Memory {
    /// Takes everything anew.
    pub reload: Reload,
    /// The database holds what memory does not, and can't be asked: until the next reload nothing in memory is to be believed.
    pub doubt: Box<dyn FnMut() + Send>,
    /// Whether it has to be taken anew although nobody changed the database.
    pub has_gaps: Box<dyn Fn() -> bool + Send>,
}

type AfterCommit = Box<dyn FnOnce() + Send>;
/// Sends a job's answer, or, if the commit failed, why.
type Answer = Box<dyn FnOnce(Result<(), &str>) + Send>;

/// The transaction a job works in.
pub struct Tx<'a> {
    pub conn: &'a mut Conn,
    after_commit: Vec<AfterCommit>,
}

impl Tx<'_> {
    /// Leaves something to do in memory, once the change is durable and before anybody is told of it.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
    }
}

/// An answer that comes after the commit.
pub struct Pending<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<Error>> Pending<T, E> {
    /// Waits on a thread that may block.
    pub fn wait(self) -> Result<T, E> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(Error::NotTaken.into()))
    }

    /// Waits on the event loop.
    pub async fn answer(self) -> Result<T, E> {
        self.0.await.unwrap_or_else(|_| Err(Error::NotTaken.into()))
    }
}

enum Message {
    Job(Job),
    KeepInStep(Memory, oneshot::Sender<Result<(), Error>>),
}

type Job = Box<dyn FnOnce(&mut Conn) -> Ran + Send>;

/// A job that ran but is not committed yet.
struct Ran {
    keep: bool,
    after_commit: Vec<AfterCommit>,
    answer: Answer,
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
}

impl Writer {
    pub(super) fn start(conn: Conn, path: PathBuf) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new().name("writer".into()).spawn(move || {
            Side {
                conn: Some(conn),
                path,
                memory: None,
                patience: BUSY_TIMEOUT,
                version: None,
                to_tell: None,
                looked: Instant::now(),
                put_off: None,
            }
            .run(&jobs)
        })?;
        Ok(Self { queue })
    }

    pub(super) fn submit<T, E>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let message = Message::Job(Box::new(move |conn| run(conn, job, sender)));
        // A refused message is dropped with its sender, which the receiver reads as `Error::NotTaken`.
        match self.queue.try_send(message) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Pending(receiver),
        }
    }

    pub(super) fn keep_in_step(&self, memory: Memory) -> Result<(), Error> {
        let (sender, receiver) = oneshot::channel();
        self.queue.send(Message::KeepInStep(memory, sender)).map_err(|_| Error::NotTaken)?;
        receiver.blocking_recv().map_err(|_| Error::NotTaken)?
    }
}

fn run<T, E>(
    conn: &mut Conn,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    sender: oneshot::Sender<Result<T, E>>,
) -> Ran
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let mut tx = Tx { conn, after_commit: Vec::new() };
    let result = catch_unwind(AssertUnwindSafe(|| job(&mut tx))).unwrap_or_else(|_| Err(Error::Panicked.into()));
    Ran {
        keep: result.is_ok(),
        after_commit: tx.after_commit,
        answer: Box::new(move |committed| {
            let result = committed.map_err(|why| Error::NotCommitted(why.to_owned()).into()).and(result);
            // Nobody may be waiting any more: a client that went away does not undo what it asked for.
            drop(sender.send(result));
        }),
    }
}

/// What lives on the writer's thread.
struct Side {
    /// `None` after a failure, until the database opens again.
    conn: Option<Conn>,
    path: PathBuf,
    memory: Option<Memory>,
    /// For how long this connection waits for a lock.
    patience: Duration,
    /// SQLite's count of the commits by other connections, when we last looked.
    version: Option<i64>,
    /// How many changes by commands memory has taken up, until the database has been told.
    to_tell: Option<i64>,
    looked: Instant,
    /// What came while a transaction was open and is not for inside of one.
    put_off: Option<Message>,
}

impl Side {
    fn run(mut self, jobs: &Receiver<Message>) {
        loop {
            let next = self.put_off.take().map_or_else(|| jobs.recv_timeout(LOOK_EVERY), Ok);
            let first = match next {
                Ok(Message::Job(job)) => Some(job),
                Ok(Message::KeepInStep(memory, sender)) => {
                    self.memory = Some(memory);
                    self.version = None;
                    drop(sender.send(self.bring_in_step()));
                    self.tell();
                    None
                }
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.looked.elapsed() >= LOOK_EVERY {
                self.look();
            }
            if let Some(first) = first {
                self.commit_together(first, jobs);
            }
        }
    }

    fn commit_together(&mut self, first: Job, jobs: &Receiver<Message>) {
        let begun = self.open().and_then(|conn| Ok(BEGIN.execute(conn)?));
        if let Err(error) = begun {
            tracing::error!(event = "write_refused", error = %chain(&error), "no job was begun");
            self.have_patience(PATIENCE_LEFT);
            // Whoever else waits would wait for the same lock, one after the other. A dropped job answers `NotTaken`.
            while let Ok(message) = jobs.try_recv() {
                if let Message::KeepInStep(..) = message {
                    self.put_off = Some(message);
                }
            }
            return;
        }
        self.have_patience(BUSY_TIMEOUT);
        let mut ran = Vec::new();
        let mut put_off = None;
        let committed = self.open().and_then(|conn| run_batch(conn, first, jobs, &mut ran, &mut put_off));
        self.put_off = put_off;
        if let Err(error) = &committed {
            tracing::error!(event = "write_failed", error = %chain(error), "nothing of this batch was stored");
            // What the connection went through is unknown, and the commit may have got through after all: begin anew.
            self.conn = None;
            self.look();
        }
        if committed.is_ok() {
            for act in ran.iter_mut().filter(|job| job.keep).flat_map(|job| job.after_commit.drain(..)) {
                if catch_unwind(AssertUnwindSafe(act)).is_err() {
                    // It may have left memory half done: the next look takes everything anew.
                    self.version = None;
                }
            }
        }
        let failure = committed.err().map(|error| error.to_string());
        for job in ran {
            (job.answer)(failure.as_deref().map_or(Ok(()), Err));
        }
    }

    /// The connection, opened anew if the last one was given up.
    fn open(&mut self) -> Result<&mut Conn, Error> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                self.version = None;
                self.patience = BUSY_TIMEOUT;
                connect(&self.path).map_err(|fault| Error::Reopen(format!("{fault:?}")))?
            }
        };
        Ok(self.conn.insert(conn))
    }

    fn have_patience(&mut self, patience: Duration) {
        let Some(conn) = self.conn.as_mut().filter(|_| self.patience != patience) else { return };
        match conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis())) {
            Ok(()) => self.patience = patience,
            Err(error) => tracing::error!(event = "busy_timeout_not_set", error = %chain(&error)),
        }
    }

    /// Looks whether another process has committed, or whether it is unknown if we have.
    fn look(&mut self) {
        self.looked = Instant::now();
        if let Err(error) = self.bring_in_step() {
            tracing::error!(event = "out_of_step", error = %chain(&error), "nobody is admitted until the database answers");
            self.version = None;
            if let Some(memory) = self.memory.as_mut() {
                (memory.doubt)();
            }
        }
        self.tell();
    }

    fn bring_in_step(&mut self) -> Result<(), Error> {
        let version = data_version(self.open()?)?;
        let has_gaps = self.memory.as_ref().is_some_and(|memory| (memory.has_gaps)());
        if self.version == Some(version) && !has_gaps {
            return Ok(());
        }
        if let (Some(conn), Some(memory)) = (self.conn.as_mut(), self.memory.as_mut()) {
            // Read before the rest: what is committed meanwhile is the next look's to find.
            let changes = instance::changed(conn)?;
            (memory.reload)(conn)?;
            self.to_tell = Some(changes);
        }
        self.version = Some(version);
        Ok(())
    }

    /// Lets the commands beside us know that their changes are enforced. Where the database is locked for writing they wait
    /// a little longer; it is no reason to doubt what is in memory.
    fn tell(&mut self) {
        let (Some(conn), Some(changes)) = (self.conn.as_mut(), self.to_tell) else { return };
        match instance::note_taken_up(conn, changes) {
            Ok(()) => self.to_tell = None,
            Err(error) => tracing::warn!(event = "not_told", error = %chain(&error)),
        }
    }
}

/// Runs the first job and those that wait behind it, and commits them together.
fn run_batch(
    conn: &mut Conn,
    first: Job,
    jobs: &Receiver<Message>,
    ran: &mut Vec<Ran>,
    put_off: &mut Option<Message>,
) -> Result<(), Error> {
    let mut next = Some(first);
    // While the transaction holds nothing, it is the savepoint itself: for a job alone SQLite need not keep what each page was before.
    let mut is_empty = true;
    while let Some(job) = next.take() {
        if !is_empty {
            SAVEPOINT.execute(conn)?;
        }
        let result = job(conn);
        let keep = result.keep;
        ran.push(result);
        if !is_empty {
            if !keep {
                // Fails where SQLite gave up the whole transaction by itself (disk full): then the batch fails with it.
                ROLLBACK_TO.execute(conn)?;
            }
            RELEASE.execute(conn)?;
        } else if keep {
            is_empty = false;
        } else {
            ROLLBACK.execute(conn)?;
            BEGIN.execute(conn)?;
        }
        if ran.len() < MOST_IN_ONE_COMMIT {
            next = match jobs.try_recv() {
                Ok(Message::Job(job)) => Some(job),
                Ok(message @ Message::KeepInStep(..)) => {
                    *put_off = Some(message);
                    None
                }
                Err(_) => None,
            };
        }
    }
    COMMIT.execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    data_version: i64,
}

/// Changes when another connection has committed. (SQLite, `PRAGMA data_version`)
fn data_version(conn: &mut Conn) -> diesel::QueryResult<i64> {
    sql_query("PRAGMA data_version").get_result::<DataVersion>(conn).map(|row| row.data_version)
}

/// An error with all its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
