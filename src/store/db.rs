//! The open database: everything is read through [`Db::read`] and changed through [`Db::write`].

use std::path::Path;
use std::sync::Arc;

use diesel::Connection;
use diesel::r2d2::{ConnectionManager, Pool};

use super::audit::seal::Seal;
use super::condition::{self, Answer, Condition, Probe};
use super::connection::{BUSY_TIMEOUT, Conn, Error, OpenError, Reader, connect, migrate, set_up_reader};
use super::instance;
use super::writer::{Authority, Memory, Pending, Tx, Upkeep, Writer};
use crate::domain::UnixTime;
use crate::error_chain::chain;

/// How many reads can run at the same time, each on a connection of its own.
pub const READERS: u32 = 4;

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<ConnectionManager<Conn>>,
    writer: Writer,
    condition: Arc<Condition>,
    path: Arc<Path>,
    seal: Option<Arc<Seal>>,
}

impl Db {
    /// Opens the database file, or creates it, and migrates it to this version's tables.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let mut conn = connect(path).map_err(|fault| fault.at(path))?;
        migrate(&mut conn, path)?;
        let manager = ConnectionManager::new(path.to_string_lossy());
        let readers = Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            // A pooled connection needs no test: with SQLite there is no server that could have gone away.
            .test_on_check_out(false)
            .connection_timeout(BUSY_TIMEOUT)
            .connection_customizer(Box::new(Reader))
            .build(manager)
            .map_err(|source| OpenError::Pool { path: path.to_owned(), source })?;
        let condition = Arc::new(Condition::default());
        let writer = Writer::start(conn, path.to_owned(), Arc::clone(&condition))?;
        Ok(Self { readers, writer, condition, path: path.into(), seal: None })
    }

    /// The database with the keys of its audit log. Without them no event can be recorded.
    pub fn sealing(self, seal: Seal) -> Self {
        Self { seal: Some(Arc::new(seal)), ..self }
    }

    pub fn seal(&self) -> Option<&Arc<Seal>> {
        self.seal.as_ref()
    }

    /// Runs `job` on a connection that can't change anything. Blocks.
    pub fn read<T, E: From<Error>>(&self, job: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.readers.get().map_err(Error::Pool)?;
        job(&mut conn)
    }

    /// A connection of its own that can't change anything, for whoever reads for long: those of [`read`](Self::read) stay free.
    pub fn connect_reader(&self) -> Result<Conn, Error> {
        let mut conn = Conn::establish(&self.path.to_string_lossy())?;
        set_up_reader(&mut conn)?;
        Ok(conn)
    }

    /// Runs `job` in a transaction, all of it or nothing, if `authority` allows it at the moment `now`. The job runs on the
    /// writer's thread, and to its end even if nobody waits for the outcome.
    pub fn write<A, T, E>(
        &self,
        authority: A,
        now: UnixTime,
        job: impl FnOnce(&mut Tx<'_>, A::Granted) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        A: Authority<E>,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(authority, now, self.seal.clone(), job)
    }

    /// Whether the database does its work, as far as is known. A probe that is due is made by [`look`](Self::look) and then
    /// [`write_probe`](Self::write_probe).
    pub fn condition(&self) -> Answer {
        self.condition.ask()
    }

    /// Why the database does not do its work, as far as is known. Begins no probe.
    pub fn trouble(&self) -> Option<String> {
        self.condition.trouble()
    }

    /// The first half of a probe: whether there is room on the disk and the file can be read. `None`: not, which is noted. Blocks.
    pub fn look(&self, probe: Probe) -> Option<Probe> {
        match condition::look(&self.path) {
            Ok(()) => Some(probe),
            Err(error) => {
                probe.failed(&chain(&error));
                None
            }
        }
    }

    /// The second half: whether a change is stored. The outcome is noted even if nobody waits for it.
    pub fn write_probe(&self, probe: Probe, now: UnixTime) -> Pending<(), Error> {
        self.write(Upkeep, now, move |tx, _| match instance::note_probe(tx.conn, now) {
            Ok(()) => {
                tx.after_commit(move || probe.succeeded());
                Ok(())
            }
            Err(error) => {
                probe.failed(&chain(&error));
                Err(error)
            }
        })
    }

    /// Loads what is kept in memory, and from now on loads it again whenever another process has changed the database, when it is
    /// unknown whether a commit of this one got through, or when memory has gaps ([`Memory::has_gaps`]). A load runs on the
    /// writer's thread between transactions, so this process changes nothing meanwhile. Blocks until the first load is done.
    pub fn follow_changes(&self, memory: Memory) -> Result<(), Error> {
        self.writer.follow_changes(memory)
    }

    /// Ends writing, after the jobs that wait, and leaves the database's file whole without the ones beside it. The last clone does
    /// this when it is dropped. Blocks.
    pub fn close(&self) {
        self.writer.close();
    }
}
