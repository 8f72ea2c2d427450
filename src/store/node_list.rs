//! The nodes as admins and operators read of them: those that are there, and those that were struck off and have not come back.

use super::changes;
use super::connection::{Conn, Error};
use super::nodes::{self, Node, State, differing};
use super::past_nodes::{self, PastNode};
use crate::domain::UnixTime;

/// For how long a node that was struck off is listed, in seconds.
const LISTED_FOR: i64 = 24 * 60 * 60;

pub struct NodeList {
    /// In the order in which they joined. Empty: one Portero serves the database, or none.
    pub nodes: Vec<Node>,
    /// The last one first.
    pub struck_off: Vec<PastNode>,
    /// The number of the newest commit.
    pub newest: i64,
}

pub fn list(conn: &mut Conn, now: UnixTime) -> Result<NodeList, Error> {
    let nodes = nodes::all(conn)?;
    // Of each name, what became of it last.
    let mut gone: Vec<PastNode> = Vec::new();
    for node in past_nodes::gone_since(conn, now.plus(-LISTED_FOR))? {
        let is_back = nodes.iter().any(|other| other.name == node.name);
        if !is_back && gone.iter().all(|later| later.name != node.name) {
            gone.push(node);
        }
    }
    let struck_off = gone.into_iter().filter(|node| node.struck_off).collect();
    let newest = changes::newest(conn)?.number;
    Ok(NodeList { nodes, struck_off, newest })
}

impl NodeList {
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.struck_off.is_empty()
    }

    /// How many answer nothing, though nobody has stopped them.
    pub fn missing(&self) -> usize {
        self.struck_off.len() + self.nodes.iter().filter(|node| node.state() == State::Silent).count()
    }

    /// The settings in which a node differs from the one that joined first.
    pub fn differing(&self, node: &Node) -> Vec<String> {
        self.nodes.first().map_or_else(Vec::new, |first| differing(&first.settings, &node.settings))
    }
}
