//! The chain of audit events: numbered without gaps, each sealed together with the one before. So an event that was changed, one that
//! was taken out and a tail that was cut off are found, and where.

use diesel::dsl::max;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::end::THE_ONE;
use super::head::Head;
use super::seal::{NONE_BEFORE, Row};
use crate::domain::UnixTime;
use crate::store::connection::{Conn, Error, on};
use crate::store::instance;
use crate::store::job::Tx;
use crate::store::schema::{audit_checkpoint, audit_events, audit_head};

/// How many events one transaction seals, clears or lets go.
pub(super) const BATCH: i64 = 500;

/// Where the log ends, as it was looked up.
pub(super) struct End {
    /// The newest event. `None`: no event was ever sealed.
    head: Option<Head>,
    /// The number of the last event that is there.
    last: Option<i64>,
}

/// Looks where the log ends, in one query: on PostgreSQL each transaction that records something does.
pub(super) fn end(conn: &mut Conn) -> Result<End, Error> {
    let last_n = audit_events::table.select(max(audit_events::n)).single_value();
    let row = audit_head::table.find(THE_ONE).select((audit_head::n, audit_head::mac, last_n));
    match row.get_result::<(i64, Vec<u8>, Option<i64>)>(conn).optional()? {
        Some((n, mac, last)) => Ok(End { head: Some(Head::new(n, &mac)), last }),
        None => Ok(End { head: None, last: last(conn)? }),
    }
}

impl End {
    /// The event that the next one follows: the last one that is there, whoever made it. Rows that somebody else has added are no reason
    /// to stop recording, and `verify` finds them.
    pub(super) fn to_follow(&self, conn: &mut Conn) -> Result<Head, Error> {
        let newest = self.head.clone().unwrap_or_else(|| Head::new(0, &NONE_BEFORE));
        match self.last.filter(|n| *n > newest.n) {
            Some(n) => Ok(Head { n, mac: mac_of(conn, n)?.unwrap_or_else(|| NONE_BEFORE.to_vec()) }),
            None => Ok(newest),
        }
    }
}

/// Appends an event to the log: its number and MAC follow those of the event `before`. `row`: without number and hash of the address.
/// Returns the event as the next one follows it.
pub(super) fn append(tx: &mut Tx<'_>, before: &Head, mut row: Row) -> Result<Head, Error> {
    let seal = tx.seal.clone().ok_or(Error::NoSeal)?;
    row.n = before.n + 1;
    row.ip_hash = row.ip.as_deref().map(|ip| seal.ip_hash(ip));
    let event = Head { n: row.n, mac: seal.mac(&before.mac, &row) };
    let row = (row, audit_events::mac.eq(&event.mac));
    on!(tx.conn, c => diesel::insert_into(audit_events::table).values(row).execute(c))?;
    tx.log_end.recorded(event.clone(), seal);
    Ok(event)
}

/// What this process recorded last and the database does not have any more: the number of that event, and of the newest one that is there.
/// `None`: nothing is missing.
pub(super) fn fell_behind(tx: &Tx<'_>, end: &End) -> Result<Option<(i64, i64)>, Error> {
    let seal = tx.seal.as_ref().ok_or(Error::NoSeal)?;
    let Some(expected) = seal.file.newest() else { return Ok(None) };
    let found = end.head.as_ref();
    let is_there = match found {
        Some(found) if found.n == expected.n => found.mac == expected.mac,
        Some(found) => found.n > expected.n,
        None => false,
    };
    Ok((!is_there).then(|| (expected.n, found.map_or(0, |head| head.n))))
}

/// The number of the last event that is there. `None`: there is none.
pub(super) fn last(conn: &mut Conn) -> Result<Option<i64>, Error> {
    Ok(audit_events::table.select(max(audit_events::n)).get_result(conn)?)
}

/// The newest event, as the database has it. `None`: no event was ever sealed.
pub fn head(conn: &mut Conn) -> Result<Option<Head>, Error> {
    let row = audit_head::table.find(THE_ONE).select((audit_head::n, audit_head::mac));
    Ok(row.get_result::<(i64, Vec<u8>)>(conn).optional()?.map(|(n, mac)| Head::new(n, &mac)))
}

/// The number of the newest event; 0 if there is none.
pub fn newest(conn: &mut Conn) -> Result<i64, Error> {
    Ok(head(conn)?.map_or(0, |head| head.n))
}

pub(super) fn mac_of(conn: &mut Conn, n: i64) -> Result<Option<Vec<u8>>, Error> {
    let mac = audit_events::table.find(n).select(audit_events::mac).get_result::<Option<Vec<u8>>>(conn).optional()?;
    Ok(mac.flatten())
}

/// Makes the file name the newest event at once.
pub fn renew_file(tx: &mut Tx<'_>) -> Result<(), Error> {
    let seal = tx.seal.clone().ok_or(Error::NoSeal)?;
    tx.log_end.write_head(tx.conn)?;
    if let Some(head) = head(tx.conn)? {
        tx.after_commit(move || seal.file.write(head));
    }
    Ok(())
}

/// The last event that was let go because of its age.
pub(super) struct Checkpoint {
    pub(super) n: i64,
    pub(super) mac: Vec<u8>,
    pub(super) seal: Vec<u8>,
}

pub(super) fn checkpoint(conn: &mut Conn) -> Result<Option<Checkpoint>, Error> {
    let columns = (audit_checkpoint::n, audit_checkpoint::mac, audit_checkpoint::seal);
    let row = audit_checkpoint::table.find(THE_ONE).select(columns).get_result(conn).optional()?;
    Ok(row.map(|(n, mac, seal)| Checkpoint { n, mac, seal }))
}

/// Lets go of the oldest events, up to 500 of them, as far as they are from before this moment. The last of them becomes the
/// checkpoint at which the log then begins. Returns how many went. What is not as it was recorded stays, and what comes after it: the
/// checkpoint must not vouch for it.
pub fn prune(tx: &mut Tx<'_>, before: UnixTime) -> Result<usize, Error> {
    let seal = tx.seal.clone().ok_or(Error::NoSeal)?;
    let oldest = audit_events::table.order(audit_events::n).limit(BATCH);
    let oldest: Vec<(Row, Option<Vec<u8>>)> = oldest.select((Row::as_select(), audit_events::mac)).load(tx.conn)?;
    let begin = checkpoint(tx.conn)?.filter(|begin| seal.checkpoint_seal(begin.n, &begin.mac) == begin.seal);
    let (mut last, mut mac) = begin.map_or((0, NONE_BEFORE.to_vec()), |begin| (begin.n, begin.mac));
    let mut count = 0;
    for (row, recorded) in oldest.into_iter().take_while(|(row, _)| row.at < before.0) {
        let sealed = seal.mac(&mac, &row);
        if row.n != last + 1 || recorded.as_ref() != Some(&sealed) {
            tracing::error!(event = "audit_not_pruned", n = row.n, "this event is not as it was recorded, so it stays");
            break;
        }
        (last, mac) = (row.n, sealed);
        count += 1;
    }
    if count == 0 {
        return Ok(0);
    }
    let sealed = seal.checkpoint_seal(last, &mac);
    let row = (audit_checkpoint::n.eq(last), audit_checkpoint::mac.eq(&mac), audit_checkpoint::seal.eq(&sealed));
    if diesel::update(audit_checkpoint::table.find(THE_ONE)).set(row).execute(tx.conn)? == 0 {
        diesel::insert_into(audit_checkpoint::table)
            .values((audit_checkpoint::one.eq(THE_ONE), row))
            .execute(tx.conn)?;
    }
    Ok(diesel::delete(audit_events::table.filter(audit_events::n.le(last))).execute(tx.conn)?)
}

/// Clears the addresses of events from before this moment, looking at the next 500 events that it has not looked at yet. Returns
/// how many were old enough.
pub fn clear_addresses(tx: &mut Tx<'_>, before: UnixTime) -> Result<usize, Error> {
    let cleared = instance::number(tx.conn, instance::AUDIT_CLEARED)?;
    let next = audit_events::table.filter(audit_events::n.gt(cleared)).order(audit_events::n).limit(BATCH);
    let next: Vec<(i64, i64)> = next.select((audit_events::n, audit_events::at)).load(tx.conn)?;
    let old: Vec<i64> = next.into_iter().take_while(|(_, at)| *at < before.0).map(|(n, _)| n).collect();
    let Some(last) = old.last() else { return Ok(0) };
    let with_address = audit_events::table.filter(audit_events::n.eq_any(&old)).filter(audit_events::ip.is_not_null());
    diesel::update(with_address).set(audit_events::ip.eq(None::<String>)).execute(tx.conn)?;
    instance::set(tx.conn, instance::AUDIT_CLEARED, &last.to_string())?;
    Ok(old.len())
}
