//! Where the log ends, as the thread that writes remembers it. To look at the head row for each event and to write it with each cost
//! more than sealing them.

use std::sync::Arc;

use diesel::{ExpressionMethods, RunQueryDsl};

use super::head::Head;
use super::seal::Seal;
use crate::store::connection::{Conn, Error, on};
use crate::store::dialect;
use crate::store::prepared::update;
use crate::store::schema::audit_head;

/// The only row of `audit_head` and of `audit_checkpoint`.
pub(super) const THE_ONE: i64 = 1;

/// What is remembered of the log's end, of one connection. Whoever rolls back puts the value from before in its place, and whoever
/// can't know what the database holds begins with a new one.
#[derive(Clone, Default)]
pub(in crate::store) struct LogEnd {
    newest: Newest,
    /// The version of the database in the open transaction, if it was asked for. `None`: nothing is remembered beyond the commit.
    version: Option<i64>,
    /// The seal of the events whose head row is to be written with the commit. `None`: the open transaction recorded none.
    recorded: Option<Arc<Seal>>,
}

/// The newest event.
#[derive(Clone, Default)]
enum Newest {
    /// It has to be looked up.
    #[default]
    Unknown,
    /// It was this one when the database had this version.
    AsOf(Head, i64),
    /// It is this one in the open transaction.
    Here(Head),
}

impl LogEnd {
    /// The newest event, if it is known without looking: this transaction recorded it or, on SQLite, this connection did and nobody else has
    /// committed since.
    pub(super) fn remembered(&mut self, conn: &mut Conn) -> Result<Option<Head>, Error> {
        if let Newest::Here(head) = &self.newest {
            return Ok(Some(head.clone()));
        }
        self.version = dialect::version_of_all(conn)?;
        self.newest = match std::mem::take(&mut self.newest) {
            Newest::AsOf(head, version) if Some(version) == self.version => Newest::Here(head),
            _ => return Ok(None),
        };
        self.remembered(conn)
    }

    /// The open transaction has stored an event.
    pub(super) fn recorded(&mut self, event: Head, seal: Arc<Seal>) {
        self.newest = Newest::Here(event);
        self.recorded = Some(seal);
    }

    /// Writes the head row, if events were recorded in the open transaction. Has to be done before the commit.
    pub(in crate::store) fn write_head(&self, conn: &mut Conn) -> Result<(), Error> {
        let (Newest::Here(Head { n, mac }), Some(_)) = (&self.newest, &self.recorded) else { return Ok(()) };
        let which = audit_head::one.eq(THE_ONE);
        let changed = on!(conn, c => update!(audit_head::table, (audit_head::n.eq(n), audit_head::mac.eq(mac)), which).execute(c))?;
        if changed == 0 {
            let row = (audit_head::one.eq(THE_ONE), audit_head::n.eq(n), audit_head::mac.eq(mac));
            diesel::insert_into(audit_head::table).values(row).execute(conn)?;
        }
        Ok(())
    }

    /// The open transaction was committed: tells the head file.
    pub(in crate::store) fn committed(&mut self) {
        let version = self.version.take();
        let recorded = self.recorded.take();
        if let Newest::Here(head) = &self.newest {
            if let Some(seal) = recorded {
                seal.file.note(head.clone());
            }
            self.newest = version.map_or(Newest::Unknown, |version| Newest::AsOf(head.clone(), version));
        }
    }
}
