//! The open database: everything is read through [`Db::read`] and changed through [`Db::write`].

use std::path::Path;

use diesel::r2d2::{ConnectionManager, Pool};

use super::connection::{BUSY_TIMEOUT, Conn, Error, OpenError, Reader, connect, migrate};
use super::writer::{Authority, Memory, Pending, Tx, Writer};
use crate::domain::UnixTime;

/// How many reads can run at the same time, each on a connection of its own.
pub const READERS: u32 = 4;

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<ConnectionManager<Conn>>,
    writer: Writer,
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
        Ok(Self { readers, writer: Writer::start(conn, path.to_owned())? })
    }

    /// Runs `job` on a connection that can't change anything. Blocks.
    pub fn read<T, E: From<Error>>(&self, job: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.readers.get().map_err(Error::Pool)?;
        job(&mut conn)
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
        self.writer.write(authority, now, job)
    }

    /// Loads what is kept in memory, and from now on loads it again whenever another process has changed the database, when it is
    /// unknown whether a commit of this one got through, or when memory has gaps ([`Memory::has_gaps`]). A load runs on the
    /// writer's thread between transactions, so this process changes nothing meanwhile. Blocks until the first load is done.
    pub fn follow_changes(&self, memory: Memory) -> Result<(), Error> {
        self.writer.follow_changes(memory)
    }
}
