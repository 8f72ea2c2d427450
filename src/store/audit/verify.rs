//! Looks whether the audit log is as it was recorded.

use diesel::{Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::chain::{checkpoint, head, mac_of};
use super::event::What;
use super::head::Head;
use super::seal::{NONE_BEFORE, Row, Seal};
use crate::store::connection::{Conn, Error};
use crate::store::schema::audit_events;

/// How many events are in memory at a time.
const AT_A_TIME: i64 = 2000;

/// What is wrong with the log, in the order of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The checkpoint at which the log begins was not made by Portero.
    FalseCheckpoint { n: i64 },
    /// Events are missing: from the first number to the last one.
    Missing { first: i64, last: i64 },
    /// The event is not what was recorded.
    Changed { n: i64 },
    /// The event's address is another than was recorded.
    AddressChanged { n: i64 },
    /// The log's last event is not the one that was recorded last.
    NotTheNewest { n: i64, newest: i64 },
    /// An event says that the log did not fit the file beside the database when Portero started, or lacked what it had recorded itself.
    DidNotFit { n: i64 },
    /// The event is not the one that was noted elsewhere, or is missing.
    NotNoted { n: i64 },
}

/// What [`verify`] looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub events: u64,
    /// The numbers of the first and the last event looked at; `None`: there is none.
    pub span: Option<(i64, i64)>,
    pub findings: Vec<Finding>,
}

/// Looks at every event from number `from` on. Calls `each` after every event with how many it has looked at. The first event's own
/// MAC needs the one before: of that, only number and MAC are used. `noted`: an event that was noted elsewhere as the newest.
pub fn verify(
    conn: &mut Conn,
    seal: &Seal,
    from: i64,
    noted: Option<&Head>,
    each: impl FnMut(u64),
) -> Result<Verified, Error> {
    // One look: a server may record events meanwhile.
    conn.transaction(|conn| verify_snapshot(conn, seal, from, noted, each))
}

fn verify_snapshot(
    conn: &mut Conn,
    seal: &Seal,
    from: i64,
    noted: Option<&Head>,
    mut each: impl FnMut(u64),
) -> Result<Verified, Error> {
    let mut found = Verified::default();
    let checkpoint = checkpoint(conn)?;
    if let Some(checkpoint) = &checkpoint
        && seal.checkpoint_seal(checkpoint.n, &checkpoint.mac) != checkpoint.seal
    {
        found.findings.push(Finding::FalseCheckpoint { n: checkpoint.n });
    }
    let newest = head(conn)?.map_or(0, |head| head.n);
    // Whoever asks for more than there is has the newest one looked at.
    let from = from.min(newest);
    let begins_after = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.n);
    let (mut last, mut before) = match checkpoint {
        _ if from > begins_after + 1 => (from - 1, mac_of(conn, from - 1)?),
        Some(checkpoint) => (checkpoint.n, Some(checkpoint.mac)),
        None => (0, Some(NONE_BEFORE.to_vec())),
    };
    let mut first = None;
    loop {
        let rows: Vec<(Row, Option<Vec<u8>>)> = audit_events::table
            .filter(audit_events::n.gt(last))
            .order(audit_events::n)
            .limit(AT_A_TIME)
            .select((Row::as_select(), audit_events::mac))
            .load(conn)?;
        if rows.is_empty() {
            break;
        }
        for (row, mac) in rows {
            first.get_or_insert(row.n);
            if row.n != last + 1 {
                found.findings.push(Finding::Missing { first: last + 1, last: row.n - 1 });
                before = None;
            }
            // Without the event before, nothing can be said of this one but by the one after it.
            let sealed = before.map(|before| seal.mac(&before, &row));
            if mac.is_none() || sealed.is_some_and(|sealed| Some(sealed) != mac) {
                found.findings.push(Finding::Changed { n: row.n });
            } else if row.ip.as_deref().is_some_and(|ip| Some(seal.ip_hash(ip)) != row.ip_hash) {
                found.findings.push(Finding::AddressChanged { n: row.n });
            }
            if row.what == What::AuditDidNotFit.as_str() {
                found.findings.push(Finding::DidNotFit { n: row.n });
            }
            (last, before) = (row.n, mac);
            found.events += 1;
            each(found.events);
        }
    }
    if let Some(noted) = noted
        && noted.n > begins_after
        && mac_of(conn, noted.n)?.is_none_or(|mac| mac != noted.mac)
    {
        found.findings.push(Finding::NotNoted { n: noted.n });
    }
    found.span = first.map(|first| (first, last));
    let is_newest = match head(conn)? {
        Some(head) => head.n == last && before.is_none_or(|mac| mac == head.mac),
        None => first.is_none(),
    };
    if !is_newest {
        found.findings.push(Finding::NotTheNewest { n: last, newest });
    }
    Ok(found)
}
