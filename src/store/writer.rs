//! The one thread that writes. Jobs that wait together are committed together (group commit), each inside a savepoint, so
//! that one that fails undoes only itself. Answers go out after the commit, and after what the jobs do to memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use tokio::sync::oneshot;

use super::{Conn, Error, connect};

/// Beyond this many waiting jobs a new one is refused at once: 503 is better than a wait without end.
const QUEUE: usize = 1024;
const MOST_IN_ONE_COMMIT: usize = 256;
/// How soon a change by another process is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// See [`super::Db::on_foreign_change`].
pub(super) type Reload = Box<dyn FnMut(&mut Conn) -> Result<(), Error> + Send>;

type AfterCommit = Box<dyn FnOnce() + Send>;

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
    OnForeignChange(Reload),
}

type Job = Box<dyn FnOnce(&mut Conn) -> Ran + Send>;

/// A job that ran but is not committed yet.
struct Ran {
    keep: bool,
    after_commit: Vec<AfterCommit>,
    /// Sends the answer, or, if the commit failed, that.
    answer: Box<dyn FnOnce(Result<(), &str>) + Send>,
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Message>,
}

impl Writer {
    pub(super) fn start(conn: Conn, path: PathBuf) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new().name("writer".into()).spawn(move || {
            Side { conn: Some(conn), path, reload: None, version: None, looked: Instant::now() }.run(&jobs)
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

    pub(super) fn on_foreign_change(&self, reload: Reload) {
        // Sent once at start, when the queue is empty; a failure means the writer is gone, which the next write tells.
        drop(self.queue.send(Message::OnForeignChange(reload)));
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
    reload: Option<Reload>,
    /// SQLite's count of the commits by other connections, when we last looked.
    version: Option<i64>,
    looked: Instant,
}

impl Side {
    fn run(mut self, jobs: &Receiver<Message>) {
        loop {
            let first = match jobs.recv_timeout(LOOK_EVERY) {
                Ok(Message::Job(job)) => Some(job),
                Ok(Message::OnForeignChange(reload)) => {
                    // From here on: what was there before, whoever registers loads for himself.
                    self.version = self.conn.as_mut().and_then(|conn| data_version(conn).ok());
                    self.reload = Some(reload);
                    None
                }
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.looked.elapsed() >= LOOK_EVERY {
                self.look_for_foreign_change();
            }
            if let Some(first) = first {
                self.commit_together(first, jobs);
            }
        }
    }

    fn commit_together(&mut self, first: Job, jobs: &Receiver<Message>) {
        let begun = self.open().and_then(|conn| {
            // IMMEDIATE: a transaction that reads first and then writes would fail at once when another process wrote in
            // between.
            Ok(AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?)
        });
        if let Err(error) = begun {
            tracing::error!(event = "write_refused", error = %chain(&error), "no job was begun");
            // Whoever else waits would wait for the same lock, one after the other. A dropped job answers `NotTaken`.
            while let Ok(Message::Job(_)) = jobs.try_recv() {}
            return;
        }
        let mut ran = Vec::new();
        let committed = self.open().and_then(|conn| run_batch(conn, first, jobs, &mut ran));
        if let Err(error) = &committed {
            tracing::error!(event = "write_failed", error = %chain(error), "nothing of this batch was stored");
            // What the connection went through is unknown, and the commit may have got through after all: begin anew.
            self.conn = None;
            if let Err(error) = self.open() {
                tracing::error!(event = "reopen_failed", error = %chain(&error));
            }
        }
        let committed = committed.map_err(|error| error.to_string());
        if committed.is_ok() {
            for act in ran.iter_mut().filter(|job| job.keep).flat_map(|job| job.after_commit.drain(..)) {
                act();
            }
        }
        for job in ran {
            (job.answer)(committed.as_ref().map(|()| ()).map_err(String::as_str));
        }
    }

    /// The connection, opened anew if the last one was given up.
    fn open(&mut self) -> Result<&mut Conn, Error> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                let mut conn = connect(&self.path).map_err(|fault| Error::Reopen(format!("{fault:?}")))?;
                if let Some(reload) = self.reload.as_mut() {
                    reload(&mut conn)?;
                }
                self.version = None;
                conn
            }
        };
        Ok(self.conn.insert(conn))
    }

    fn look_for_foreign_change(&mut self) {
        self.looked = Instant::now();
        let Some(conn) = self.conn.as_mut() else { return };
        match data_version(conn) {
            Ok(version) if self.version == Some(version) => {}
            Ok(version) => match self.reload_memory() {
                Ok(()) => self.version = Some(version),
                Err(error) => tracing::error!(event = "reload_failed", error = %chain(&error)),
            },
            Err(error) => tracing::error!(event = "look_failed", error = %error),
        }
    }

    fn reload_memory(&mut self) -> Result<(), Error> {
        match (self.conn.as_mut(), self.reload.as_mut()) {
            (Some(conn), Some(reload)) => reload(conn),
            (None, _) | (_, None) => Ok(()),
        }
    }
}

/// Runs the first job and those that wait behind it, each in a savepoint, and commits them together.
fn run_batch(conn: &mut Conn, first: Job, jobs: &Receiver<Message>, ran: &mut Vec<Ran>) -> Result<(), Error> {
    let mut next = Some(first);
    while let Some(job) = next.take() {
        AnsiTransactionManager::begin_transaction(conn)?;
        let result = job(conn);
        let keep = result.keep;
        ran.push(result);
        if keep {
            AnsiTransactionManager::commit_transaction(conn)?;
        } else {
            // Fails where SQLite gave up the whole transaction by itself (disk full): then the batch fails with it.
            AnsiTransactionManager::rollback_transaction(conn)?;
        }
        if ran.len() < MOST_IN_ONE_COMMIT {
            next = match jobs.try_recv() {
                Ok(Message::Job(job)) => Some(job),
                Ok(Message::OnForeignChange(_)) | Err(_) => None,
            };
        }
    }
    AnsiTransactionManager::commit_transaction(conn)?;
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
