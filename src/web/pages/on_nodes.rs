//! On how many nodes a receipt's sessions are refused, in words.

use serde::Serialize;
use utoipa::ToSchema;

use super::page::Page;
use super::times::Time;
use crate::domain::UnixTime;
use crate::store::receipt_commits::{OnNodes, Stands};

/// What a receipt says of the nodes that were there when the act was committed.
pub(in crate::web) struct OnNodesShown {
    /// On how many of how many.
    pub(in crate::web) refused: String,
    /// Since when; while a node is awaited, when this was looked up.
    pub(in crate::web) at: Time,
    /// Whether a node is still awaited.
    pub(in crate::web) is_awaited: bool,
    pub(in crate::web) others: Vec<Other>,
}

/// A node that has not said that it refuses them.
pub(in crate::web) struct Other {
    pub(in crate::web) text: String,
    /// Since when it answers nothing. `None`: it is awaited.
    pub(in crate::web) lease_ended: Option<Time>,
}

impl OnNodesShown {
    /// `now`: when it was looked up.
    pub(in crate::web) fn new(page: &Page, found: &OnNodes, now: UnixTime) -> Self {
        let is_awaited = found.is_awaited();
        let key = if is_awaited { "receipt-nodes-so-far" } else { "receipt-nodes-since" };
        let others = found.nodes.iter().filter_map(|node| {
            let (key, lease_ended) = match node.stands {
                Stands::Refuses => return None,
                Stands::LeaseEnded(at) => ("receipt-node-over", Some(page.exact(at))),
                Stands::Awaited => ("receipt-node-awaited", None),
            };
            Some(Other { text: page.t1(key, "node", &node.name), lease_ended })
        });
        Self {
            refused: page.tn1(key, found.nodes.len(), "refusing", &found.refusing().to_string()),
            at: page.exact(since(found, now)),
            is_awaited,
            others: others.collect(),
        }
    }
}

/// Since when no node accepts them, at the latest.
fn since(found: &OnNodes, now: UnixTime) -> UnixTime {
    found.everywhere_at.filter(|_| !found.is_awaited()).unwrap_or(now)
}

/// The nodes that were there when the act was committed.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptNodes)]
pub(in crate::web) struct NodesShown<'a> {
    count: usize,
    /// How many refuse what ended.
    refusing: usize,
    /// Since when none accepts it. Null: not yet.
    since: Option<UnixTime>,
    /// Those that have not said that they refuse it.
    others: Vec<OtherShown<'a>>,
}

/// A node that has not said that it refuses what ended.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptNode)]
struct OtherShown<'a> {
    name: &'a str,
    /// Since when it answers nothing. Null: it is awaited.
    lease_ended_at: Option<UnixTime>,
}

pub(in crate::web) fn shown(found: &OnNodes, now: UnixTime) -> NodesShown<'_> {
    let others = found.nodes.iter().filter_map(|node| match node.stands {
        Stands::Refuses => None,
        Stands::LeaseEnded(at) => Some(OtherShown { name: &node.name, lease_ended_at: Some(at) }),
        Stands::Awaited => Some(OtherShown { name: &node.name, lease_ended_at: None }),
    });
    NodesShown {
        count: found.nodes.len(),
        refusing: found.refusing(),
        since: (!found.is_awaited()).then(|| since(found, now)),
        others: others.collect(),
    }
}
