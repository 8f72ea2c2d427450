//! The other nodes as one of them sees them: whoever shows no beat for long enough is struck off.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use super::connection::{Conn, Error};
use super::nodes;
use crate::lease::since_boot;

#[derive(Default)]
pub(super) struct OtherNodes(HashMap<Uuid, Seen>);

/// Another node, as it was seen last.
struct Seen {
    beat: i64,
    /// When this beat was seen first.
    since: Duration,
}

impl OtherNodes {
    /// Whether it was there when the rows were looked at last.
    pub(super) fn has(&self, node: Uuid) -> bool {
        self.0.contains_key(&node)
    }

    /// Takes the rows away of those that are silent. `own`: the node that looks.
    pub(super) fn strike_off(&mut self, conn: &mut Conn, own: Uuid) -> Result<(), Error> {
        let now = since_boot();
        let all = nodes::all(conn)?;
        let rows: Vec<_> = all.into_iter().filter(|row| row.id != own).collect();
        let there: HashSet<_> = rows.iter().map(|row| row.id).collect();
        self.0.retain(|other, _| there.contains(other));
        for row in rows {
            let seen = self.0.entry(row.id).or_insert(Seen { beat: row.beat, since: now });
            if seen.beat != row.beat {
                *seen = Seen { beat: row.beat, since: now };
            } else if now.saturating_sub(seen.since) >= row.longest_wait() * 2
                && nodes::strike_off(conn, row.id, row.beat)?
            {
                tracing::warn!(event = "node_struck_off", node = row.name, "it was silent for too long");
            }
        }
        Ok(())
    }
}
