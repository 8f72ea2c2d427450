//! The other nodes as one of them sees them: until when they may lack what a commit has changed, and whoever shows no beat for long enough is
//! struck off.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::connection::{Conn, Error};
use super::nodes::{self, Sign};
use crate::lease::since_boot;

/// To be begun anew with each connection: on another server, which has lost a beat, the same count may stand for a later one.
#[derive(Default)]
pub(super) struct OtherNodes(HashMap<Uuid, Seen>);

/// Another node, as it was seen last.
struct Seen {
    sign: Sign,
    /// When its beat was seen first.
    since: Duration,
}

impl OtherNodes {
    /// Whether it was there when the rows were looked at last.
    pub(super) fn has(&self, node: Uuid) -> bool {
        self.0.contains_key(&node)
    }

    /// Looks at their rows. `own`: the node that looks.
    pub(super) fn look(&mut self, conn: &mut Conn, own: Uuid) -> Result<(), Error> {
        let mut signs = nodes::signs(conn)?;
        signs.retain(|sign| sign.node != own);
        // Not when they were asked for: a beat may be younger than the question.
        self.see(signs, since_boot());
        Ok(())
    }

    fn see(&mut self, signs: Vec<Sign>, now: Duration) {
        let mut before = std::mem::take(&mut self.0);
        for sign in signs {
            let stands_still = before.remove(&sign.node).filter(|seen| seen.sign.beat == sign.beat);
            let since = stands_still.map_or(now, |seen| seen.since);
            self.0.insert(sign.node, Seen { sign, since });
        }
    }

    /// Until when one of them may answer without what this commit has changed. Zero: all follow it. Only after a look that was later than the
    /// commit, on a connection that shows it.
    ///
    /// Before a beat extends a lease, all that was committed before it is followed. So a node that has not followed holds no lease by a later
    /// beat than that look has found, and each lease counts from before its beat, which is before anybody has seen it.
    pub(super) fn may_lack_until(&self, commit: i64) -> Duration {
        let lacking = self.0.values().filter(|seen| seen.sign.follows < Some(commit));
        lacking.map(|seen| seen.since + seen.sign.longest_wait).max().unwrap_or_default()
    }

    /// Takes the rows away of those that are silent.
    pub(super) fn strike_off(&self, conn: &mut Conn) -> Result<(), Error> {
        let now = since_boot();
        for Seen { sign, since } in self.0.values() {
            let is_silent = now.saturating_sub(*since) >= sign.longest_wait * 2;
            if is_silent && nodes::strike_off(conn, sign.node, sign.beat)? {
                tracing::warn!(event = "node_struck_off", node = sign.name, "it was silent for too long");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST_WAIT: Duration = Duration::from_secs(5);

    fn sign(node: u128, follows: Option<i64>, beat: i64) -> Sign {
        Sign { node: Uuid::from_u128(node), name: format!("node{node}"), longest_wait: LONGEST_WAIT, follows, beat }
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn a_node_that_follows_a_commit_lacks_it_no_longer() {
        let mut others = OtherNodes::default();
        assert_eq!(others.may_lack_until(1), Duration::ZERO, "there is no other");
        others.see(vec![sign(1, Some(7), 1), sign(2, Some(9), 1)], at(10));
        assert_eq!(others.may_lack_until(7), Duration::ZERO);
        assert_eq!(others.may_lack_until(8), at(10) + LONGEST_WAIT);
        others.see(vec![sign(1, None, 1), sign(2, Some(9), 1)], at(11));
        assert_eq!(others.may_lack_until(7), at(10) + LONGEST_WAIT, "one that loads follows nothing");
        others.see(vec![sign(2, Some(9), 1)], at(12));
        assert_eq!(others.may_lack_until(9), Duration::ZERO, "one without a row is not waited for");
    }

    #[test]
    fn a_silent_node_is_waited_for_since_its_last_beat_was_seen() {
        let mut others = OtherNodes::default();
        for second in 10_i64..14 {
            others.see(vec![sign(1, Some(7), 3), sign(2, Some(7), second)], at(second.unsigned_abs()));
        }
        others.see(vec![sign(1, Some(7), 3), sign(2, Some(8), 14)], at(14));
        assert_eq!(others.may_lack_until(8), at(10) + LONGEST_WAIT);
        assert_eq!(others.may_lack_until(9), at(14) + LONGEST_WAIT, "the other one has just shown a beat");
        others.see(vec![sign(1, Some(7), 4), sign(2, Some(8), 14)], at(15));
        assert_eq!(others.may_lack_until(8), at(15) + LONGEST_WAIT, "it has beaten again, and not followed");
    }

    #[test]
    fn a_node_that_was_gone_is_seen_anew() {
        let mut others = OtherNodes::default();
        others.see(vec![sign(1, Some(7), 3)], at(10));
        others.see(vec![], at(11));
        others.see(vec![sign(1, None, 3)], at(12));
        assert_eq!(others.may_lack_until(8), at(12) + LONGEST_WAIT);
    }
}
