//! `portero node`: the nodes that serve the database.

use std::sync::Arc;

use clap::Subcommand;

use super::output::{Failure, warn};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::store::nodes::{self, Node, differing};
use crate::store::{Conn, Error, changes};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the nodes: name, version, lease, how many commits it is behind, when it was last heard of, and settings that differ from the
    /// first one's
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
    let look = |conn: &mut Conn| Ok::<_, Error>((nodes::all(conn)?, changes::newest(conn)?.number));
    let (all, newest) = installation.accounts.db.read(look)?;
    for node in &all {
        println!("{}", line(node, &all[0], newest));
    }
    Ok(())
}

fn line(node: &Node, first: &Node, newest: i64) -> String {
    let behind = match node.follows {
        // What it has followed meanwhile is no lag.
        Some(number) => format!("{} behind", newest.saturating_sub(number).max(0)),
        None => "loading".into(),
    };
    let differs = differing(&first.settings, &node.settings);
    let differs = if differs.is_empty() { String::new() } else { format!("  differs in {}", differs.join(", ")) };
    let (lease, silent) = (node.lease.as_secs(), node.silent_for.as_secs());
    format!("{}  {}  lease {lease}s  {behind}  heard of {silent}s ago{differs}", node.name, node.version)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
            silent_for: Duration::from_secs(1),
        };
        assert_eq!(line(&first, &first, 41), "one:8080  0.1.0  lease 5s  0 behind  heard of 1s ago");
        let other = Node { follows: None, settings: r#"{"session.idle":"2d"}"#.into(), ..first.clone() };
        assert_eq!(
            line(&other, &first, 41),
            "one:8080  0.1.0  lease 5s  loading  heard of 1s ago  differs in session.idle"
        );
        assert!(line(&Node { follows: Some(39), ..first.clone() }, &first, 41).contains("2 behind"));
    }
}
