//! What a start does with the audit log: it seals what is from before there were seals, and compares the log with the file beside it.

use diesel::{Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::chain::{BATCH, checkpoint, head, last, mac_of, newest, renew_file};
use super::event::{Details, Event, What};
use super::head::Head;
use super::seal::{NONE_BEFORE, Row, Seal};
use crate::domain::{By, UnixTime};
use crate::error_chain::chain;
use crate::store::connection::{Conn, Error};
use crate::store::db::Db;
use crate::store::job::{Tx, Upkeep};
use crate::store::prepared::update;
use crate::store::schema::audit_events;

/// How the log in the database and the file beside it fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The log reaches the event that the file names, or goes beyond it.
    Whole,
    /// The log was never sealed: it is new, or from a version that had no seals.
    NotSealed,
    /// There is no file, or it can't be read.
    NoFile,
    /// The log does not have the event that the file names, so its tail was cut off, or it is an older copy.
    Cut { expected: i64, found: i64 },
    /// It has another event in its place.
    Other { expected: i64 },
    /// It has events after the one that was recorded last.
    Beyond { expected: i64, found: i64 },
}

/// Compares log and file.
pub(super) fn fit(conn: &mut Conn, seal: &Seal) -> Result<Fit, Error> {
    // The file first: it is never ahead of the database.
    let file = match seal.file.read() {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(event = "audit_head_not_read", error = %chain(&error), "the audit log was not compared with it");
            return Ok(Fit::Whole);
        }
    };
    let newest = head(conn)?;
    let Some(newest) = newest else {
        return Ok(match file {
            None => Fit::NotSealed,
            Some(expected) => Fit::Cut { expected: expected.n, found: 0 },
        });
    };
    if let Some(found) = last(conn)?.filter(|last| *last > newest.n) {
        return Ok(Fit::Beyond { expected: newest.n, found });
    }
    let Some(expected) = file else { return Ok(Fit::NoFile) };
    if expected.n > newest.n {
        return Ok(Fit::Cut { expected: expected.n, found: newest.n });
    }
    let is_past = match checkpoint(conn)? {
        // Let go because of its age, so nothing is left to compare.
        Some(checkpoint) => checkpoint.n > expected.n || (checkpoint.n == expected.n && checkpoint.mac == expected.mac),
        None => false,
    };
    let same = is_past || mac_of(conn, expected.n)?.is_some_and(|mac| mac == expected.mac);
    Ok(if same { Fit::Whole } else { Fit::Other { expected: expected.n } })
}

/// To be called once at every start, before anything is recorded: seals what is from before there were seals, and records in the log
/// itself if it does not fit the file, because the file is written anew with the next event.
pub fn take_up(db: &Db, now: UnixTime) -> Result<Fit, Error> {
    compare(db, now, WithoutFile::Recorded)
}

/// The same where a node may start on a machine on which none was before: there the file is made.
pub fn take_up_on_any_machine(db: &Db, now: UnixTime) -> Result<Fit, Error> {
    compare(db, now, WithoutFile::Made)
}

/// The same for a log that was restored: to it belongs no file yet, or one that names what is lost.
pub fn take_up_restored(db: &Db, now: UnixTime) -> Result<Fit, Error> {
    compare(db, now, WithoutFile::Replaced)
}

/// What is done if there is no file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithoutFile {
    Recorded,
    Made,
    /// So is one that does not fit.
    Replaced,
}

fn compare(db: &Db, now: UnixTime, without_file: WithoutFile) -> Result<Fit, Error> {
    let seal = db.seal().cloned().ok_or(Error::NoSeal)?;
    // One look: a server may record events meanwhile.
    let fit = db.read(|conn| conn.transaction(|conn| fit(conn, &seal)))?;
    let details = match &fit {
        Fit::Whole => return Ok(fit),
        Fit::NotSealed => {
            db.write(Upkeep, now, move |tx, by: By| match seal_old(tx)? {
                0 => Ok(()),
                events => Event::new(What::AuditSealed, &by).details(Details::Sealed { events }).record(tx),
            })
            .committed()?;
            return Ok(fit);
        }
        Fit::NoFile if without_file == WithoutFile::Made => {
            db.write(Upkeep, now, move |tx, _| renew_file(tx)).committed()?;
            tracing::info!(
                event = "audit_head_made",
                "the file that names the newest audit event is new on this machine"
            );
            return Ok(Fit::Whole);
        }
        Fit::NoFile | Fit::Cut { .. } | Fit::Other { .. } if without_file == WithoutFile::Replaced => {
            db.write(Upkeep, now, move |tx, _| renew_file(tx)).committed()?;
            return Ok(Fit::Whole);
        }
        Fit::NoFile => Details::DidNotFit { expected: None, found: db.read(newest)? },
        Fit::Cut { expected, found } | Fit::Beyond { expected, found } => {
            Details::DidNotFit { expected: Some(*expected), found: *found }
        }
        Fit::Other { expected } => Details::DidNotFit { expected: Some(*expected), found: db.read(newest)? },
    };
    let recorded = db.write(Upkeep, now, move |tx, by: By| {
        Event::new(What::AuditDidNotFit, &by).details(details).record(tx)?;
        renew_file(tx)
    });
    recorded.committed()?;
    Ok(fit)
}

/// Seals events from before there were MACs. Only a log that was never sealed is, and in one transaction: one that is sealed in part
/// could not be told from one to which somebody has added events. Returns the number of the last one; 0: there was none.
fn seal_old(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let seal = tx.seal.clone().ok_or(Error::NoSeal)?;
    if head(tx.conn)?.is_some() {
        return Ok(0);
    }
    let (mut last, mut mac) = (0, NONE_BEFORE.to_vec());
    loop {
        let next = audit_events::table.filter(audit_events::n.gt(last)).order(audit_events::n).limit(BATCH);
        let rows: Vec<Row> = next.select(Row::as_select()).load(tx.conn)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let hash = row.ip.as_deref().map(|ip| seal.ip_hash(ip));
            let row = Row { ip_hash: hash, ..row };
            mac = seal.mac(&mac, &row);
            let sealed = (audit_events::ip_hash.eq(&row.ip_hash), audit_events::mac.eq(&mac));
            update!(audit_events::table, sealed, audit_events::n.eq(row.n)).execute(tx.conn)?;
            last = row.n;
        }
    }
    if last > 0 {
        tx.log_end.recorded(Head::new(last, &mac), seal);
    }
    Ok(last)
}
