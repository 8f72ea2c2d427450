//! In which commits the acts of receipts were, and so on which nodes what they ended is refused.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use uuid::Uuid;

use super::connection::{Conn, Error, on};
use super::dialect;
use super::job::Tx;
use super::nodes::{self, Node, State};
use super::past_nodes::{self, PastNode};
use super::schema::receipt_commits;
use crate::domain::UnixTime;

/// Beats are noted in whole seconds: a lease may end by so much later than they say.
const ROUNDED_BY: i64 = 1;

/// How the nodes that were there when an act was committed stand to it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnNodes {
    pub nodes: Vec<OnNode>,
    /// By when it was known that no node accepts any more what the act ended, by the database's clock. `None`: it is not known yet.
    pub everywhere_at: Option<UnixTime>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnNode {
    pub name: String,
    pub stands: Stands,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It refuses what the act ended.
    Refuses,
    /// It has not said so, but answers nothing since this moment at the latest, by the database's clock: its lease has ended.
    LeaseEnded(UnixTime),
    /// It has not said so yet.
    Awaited,
}

impl OnNodes {
    pub fn refusing(&self) -> usize {
        self.nodes.iter().filter(|node| node.stands == Stands::Refuses).count()
    }

    /// Whether it is still awaited that a node refuses it, or that its lease ends.
    pub fn is_awaited(&self) -> bool {
        self.nodes.iter().any(|node| node.stands == Stands::Awaited)
    }
}

/// Notes in which commit the act of this receipt is, where nodes follow commits.
pub fn add(tx: &mut Tx<'_>, receipt: &str) -> Result<(), Error> {
    let Some(number) = tx.commit_number() else { return Ok(()) };
    let row = (
        receipt_commits::receipt.eq(receipt),
        receipt_commits::number.eq(number),
        receipt_commits::at.eq(dialect::clock()),
    );
    let insert = diesel::insert_into(receipt_commits::table).values(row);
    on!(tx.conn, c => insert.execute(c))?;
    Ok(())
}

/// Notes that no node accepts any more what was ended by the commits up to this one.
pub(super) fn confirm(conn: &mut Conn, up_to: i64) -> Result<(), Error> {
    Ok(dialect::confirm_receipts(conn, up_to)?)
}

/// On which nodes what the act of this receipt ended is refused. `None`: there was one node, or it is too long ago.
pub fn find(conn: &mut Conn, receipt: &str) -> Result<Option<OnNodes>, Error> {
    let row = receipt_commits::table.find(receipt).select((receipt_commits::number, receipt_commits::everywhere_at));
    let Some((number, everywhere_at)) = row.get_result::<(i64, Option<i64>)>(conn).optional()? else { return Ok(None) };
    // The past ones first: one that goes meanwhile is then found among those that are there, or not at all.
    let past = past_nodes::at_commit(conn, number)?;
    let there = nodes::all(conn)?;
    let everywhere_at = everywhere_at.map(UnixTime);
    Ok(Some(OnNodes { nodes: stand(number, everywhere_at, &there, &past), everywhere_at }))
}

fn stand(number: i64, everywhere_at: Option<UnixTime>, there: &[Node], past: &[PastNode]) -> Vec<OnNode> {
    let mut all: Vec<(Uuid, OnNode)> = Vec::new();
    // One that was struck off and came back is the same node.
    let came_back = |node: &Node| past.iter().any(|gone| gone.id == node.id);
    for node in there.iter().filter(|node| node.joined_after < number || came_back(node)) {
        let stands = match node.state() {
            _ if follows(node.follows, number) => Stands::Refuses,
            State::Silent => Stands::LeaseEnded(lease_end(node.beat_at, node.lease.as_secs())),
            // Whoever waited for it has waited until its lease was over.
            State::Joining | State::Serving => everywhere_at.map_or(Stands::Awaited, Stands::LeaseEnded),
        };
        all.push((node.id, OnNode { name: node.name.clone(), stands }));
    }
    // The last time counts.
    for node in past.iter().rev() {
        let stands = if follows(node.follows, number) {
            Stands::Refuses
        } else if node.struck_off {
            Stands::LeaseEnded(lease_end(node.beat_at, node.lease.as_secs()))
        } else {
            // It has given its lease up before it left.
            Stands::LeaseEnded(node.gone_at)
        };
        if all.iter().all(|(id, _)| *id != node.id) {
            all.push((node.id, OnNode { name: node.name.clone(), stands }));
        }
    }
    all.into_iter().map(|(_, node)| node).collect()
}

fn follows(follows: Option<i64>, number: i64) -> bool {
    follows.is_some_and(|follows| follows >= number)
}

fn lease_end(beat_at: UnixTime, lease: u64) -> UnixTime {
    beat_at.plus(i64::try_from(lease).unwrap_or(i64::MAX)).plus(ROUNDED_BY)
}

/// Lets go of the rows from before this moment. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(receipt_commits::table.filter(receipt_commits::at.lt(before.0))).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BEAT: UnixTime = UnixTime(1_795_374_306);

    fn node(id: u128, follows: Option<i64>, silent_for: u64) -> Node {
        Node {
            id: Uuid::from_u128(id),
            name: format!("node{id}"),
            version: "0.1.0".into(),
            settings: "{}".into(),
            lease: Duration::from_secs(5),
            follows,
            beat: 7,
            beat_at: BEAT,
            silent_for: Duration::from_secs(silent_for),
            joined_after: 3,
        }
    }

    fn past(id: u128, follows: Option<i64>, struck_off: bool) -> PastNode {
        let Node { id, name, version, lease, beat_at, joined_after, .. } = node(id, follows, 0);
        let (gone_at, gone_after) = (BEAT.plus(11), 9);
        PastNode { id, name, version, lease, follows, beat_at, joined_after, gone_at, gone_after, struck_off }
    }

    fn stands(number: i64, there: &[Node], gone: &[PastNode]) -> Vec<Stands> {
        stand(number, None, there, gone).into_iter().map(|node| node.stands).collect()
    }

    #[test]
    fn a_node_refuses_what_was_ended_once_it_follows_the_commit() {
        let there = [node(1, Some(8), 0), node(2, Some(7), 0), node(3, None, 0), node(4, Some(7), 6)];
        let expected =
            [Stands::Refuses, Stands::Awaited, Stands::Awaited, Stands::LeaseEnded(BEAT.plus(5 + ROUNDED_BY))];
        assert_eq!(stands(8, &there, &[]), expected);
        assert!(stands(3, &there, &[]).is_empty(), "they joined after it");
        let waited = stand(8, Some(BEAT.plus(3)), &there[1..2], &[]);
        assert_eq!(waited[0].stands, Stands::LeaseEnded(BEAT.plus(3)));
    }

    #[test]
    fn a_node_that_is_gone_refuses_it_or_serves_nothing() {
        let gone = [past(1, Some(8), false), past(2, Some(7), false), past(3, Some(7), true), past(4, None, true)];
        let over = Stands::LeaseEnded(BEAT.plus(5 + ROUNDED_BY));
        assert_eq!(stands(8, &[], &gone), [over, over, Stands::LeaseEnded(BEAT.plus(11)), Stands::Refuses]);
    }

    #[test]
    fn a_node_that_was_struck_off_and_came_back_is_one_node() {
        let back = Node { joined_after: 9, ..node(1, Some(12), 0) };
        assert_eq!(stands(8, std::slice::from_ref(&back), &[past(1, Some(7), true)]), [Stands::Refuses]);
        assert!(stands(8, &[back], &[]).is_empty(), "it joined after it");
    }
}
