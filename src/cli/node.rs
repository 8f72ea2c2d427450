//! `portero node`: the nodes that serve the database.

use std::sync::Arc;

use clap::Subcommand;

use super::output::{Failure, moment, warn};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::store::node_list::{self, NodeList};
use crate::store::nodes::Node;
use crate::store::past_nodes::PastNode;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the nodes: name, version, lease, how many commits it is behind, when it was last heard of, and settings that differ from the
    /// first one's; then those that were struck off within a day and have not come back
    List,
}

pub(super) fn run(loaded: Loaded, command: &Command) -> Result<(), Failure> {
    let Command::List = command;
    warn(&loaded);
    if loaded.config.database.file().is_some() {
        return Err(
            "there is one node, because the database is a file: several need PostgreSQL and the setting cluster.lease"
                .into(),
        );
    }
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    let list = accounts.db.read(|conn| node_list::list(conn, accounts.now()))?;
    for node in &list.nodes {
        println!("{}", line(&list, node));
    }
    for node in &list.struck_off {
        println!("{}", line_of_struck_off(node));
    }
    Ok(())
}

fn line(list: &NodeList, node: &Node) -> String {
    let behind = node.behind(list.newest).map_or_else(|| "loading".into(), |count| format!("{count} behind"));
    let differs = list.differing(node);
    let differs = if differs.is_empty() { String::new() } else { format!("  differs in {}", differs.join(", ")) };
    let (lease, silent) = (node.lease.as_secs(), node.silent_for.as_secs());
    format!("{}  {}  lease {lease}s  {behind}  heard of {silent}s ago{differs}", node.name, node.version)
}

fn line_of_struck_off(node: &PastNode) -> String {
    let (lease, heard) = (node.lease.as_secs(), moment(Some(node.beat_at)));
    format!("{}  {}  lease {lease}s  struck off  last heard of {heard}", node.name, node.version)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::UnixTime;

    #[test]
    fn a_line_says_how_a_node_does() {
        let first = Node {
            id: uuid::Uuid::nil(),
            name: "one:8080".into(),
            version: "0.1.0".into(),
            settings: r#"{"session.idle":"7d"}"#.into(),
            lease: Duration::from_secs(5),
            follows: Some(41),
            beat: 7,
            beat_at: UnixTime(1_795_374_306),
            silent_for: Duration::from_secs(1),
            joined_after: 3,
        };
        let other = Node { follows: None, settings: r#"{"session.idle":"2d"}"#.into(), ..first.clone() };
        let late = Node { follows: Some(39), ..first.clone() };
        let list = NodeList { nodes: vec![first, other, late], struck_off: Vec::new(), newest: 41 };
        let lines: Vec<_> = list.nodes.iter().map(|node| line(&list, node)).collect();
        assert_eq!(lines[0], "one:8080  0.1.0  lease 5s  0 behind  heard of 1s ago");
        assert_eq!(lines[1], "one:8080  0.1.0  lease 5s  loading  heard of 1s ago  differs in session.idle");
        assert!(lines[2].contains("2 behind"));
    }
}
