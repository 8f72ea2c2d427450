//! The connections that read.

use std::sync::Arc;

use diesel::r2d2::{self, ManageConnection, R2D2Connection};

use super::condition::Condition;
use super::connection::{Conn, ConnectFault};
use super::dialect::{connect_reader, is_lost};
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;

/// How many reads can run at the same time, each on a connection of its own.
pub(super) fn most_readers(url: &DatabaseUrl) -> u32 {
    match url {
        DatabaseUrl::Sqlite(_) => 4,
        // Each waits for the network now and then.
        DatabaseUrl::Postgres(_) => 8,
    }
}

/// Opens the pool's connections.
#[derive(Debug)]
pub(super) struct Readers {
    url: DatabaseUrl,
    condition: Arc<Condition>,
}

impl Readers {
    pub(super) fn new(url: DatabaseUrl, condition: Arc<Condition>) -> Self {
        Self { url, condition }
    }
}

/// A connection of the pool.
pub(super) struct Reader {
    conn: Conn,
    condition: Arc<Condition>,
    /// How many connections had been lost when this one was opened.
    opened_after: u64,
}

impl Reader {
    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// To be called when a read has failed, for whatever reason. If the server has gone away, it did so for all connections.
    pub(super) fn look_whether_lost(&mut self) {
        if is_lost(&mut self.conn) {
            self.condition.note_loss();
        }
    }

    /// Without asking the server: that would double the time of a short read.
    fn is_from_before_a_loss(&self) -> bool {
        self.opened_after != self.condition.losses()
    }
}

impl ManageConnection for Readers {
    type Connection = Reader;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Reader, r2d2::Error> {
        let opened_after = self.condition.losses();
        let conn = connect_reader(&self.url, &self.condition.watched).map_err(|fault| match fault {
            ConnectFault::Connect(error) => r2d2::Error::ConnectionError(error),
            ConnectFault::Prepare(error) => r2d2::Error::QueryError(error),
            other => r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(chain(&other.at(&self.url)))),
        })?;
        Ok(Reader { conn, condition: Arc::clone(&self.condition), opened_after })
    }

    fn is_valid(&self, reader: &mut Reader) -> Result<(), r2d2::Error> {
        match reader.is_from_before_a_loss() {
            true => Err(r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection("it was lost".into()))),
            false => Ok(()),
        }
    }

    /// A look-up that panicked, or that the database broke off, may have left its transaction open.
    fn has_broken(&self, reader: &mut Reader) -> bool {
        std::thread::panicking() || reader.conn.is_broken() || reader.is_from_before_a_loss()
    }
}
