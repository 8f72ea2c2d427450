//! Nodes as processes that have the same keys and the same database.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::seed::{BCRYPT_COST, Data, Signer};
use crate::servers::{self, PORTERO};
use crate::support::slow_network::Network;
use crate::support::{ELSEWHERE, Failure, Server, exchange};
use crate::{Bench, debian};

pub(crate) const LEASE: Duration = Duration::from_secs(2);

pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) network: Network,
}

/// Whether a node serves a database alone, or with others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    Alone,
    WithOthers,
}

/// Starts so many. `one_way`: how long what they send to the database takes, and what it answers.
pub(crate) fn start(
    bench: &Bench,
    data: &Data,
    signer: &Signer,
    count: usize,
    one_way: Duration,
) -> Result<Vec<Node>, Failure> {
    (0..count).map(|number| node(bench, data, signer, &format!("node{number}"), Serves::WithOthers, one_way)).collect()
}

pub(crate) fn node(
    bench: &Bench,
    data: &Data,
    signer: &Signer,
    name: &str,
    serves: Serves,
    one_way: Duration,
) -> Result<Node, Failure> {
    let cluster = bench.cluster.as_ref().ok_or("no database")?;
    let network = Network::before(cluster.address, one_way)?;
    let database = data.settings().next().and_then(|(_, url)| url.rsplit('/').next()).ok_or("no database")?;
    // A folder of its own with the same keys.
    let folder = data.folder.with_file_name(format!("{database}-{name}"));
    debian::run(Command::new("cp").arg("-r").arg(&data.folder).arg(&folder))?;
    let mut command = Command::new(PORTERO);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(folder).envs(signer.settings()).current_dir(ELSEWHERE);
    command.env("PORTERO_DATABASE_URL", format!("postgres://portero@{}/{database}", network.address));
    command.env(BCRYPT_COST, "4");
    if serves == Serves::WithOthers {
        command.env("PORTERO_CLUSTER_LEASE", format!("{}s", LEASE.as_secs()));
    }
    let server = Server::start(&mut command)?;
    servers::wait_until_ready(server.address)?;
    Ok(Node { server, network })
}

impl Node {
    /// Sends a signal to its process: `-STOP` freezes it, `-CONT` lets it go on.
    pub(crate) fn signal(&self, signal: &str) -> Result<(), Failure> {
        debian::run(Command::new("kill").arg(signal).arg(self.server.id().to_string()))
    }

    /// A connection that stays open.
    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(self.server.address)?;
        stream.set_nodelay(true)?;
        Ok(Connection(stream))
    }
}

pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Whether the answer is a success; an error if it is neither that nor a 503.
    pub(crate) fn is_let_in(&mut self, request: &str) -> Result<bool, Failure> {
        let answer = exchange(&mut self.0, request)?;
        if servers::is_success(&answer) {
            return Ok(true);
        }
        if answer.starts_with("HTTP/1.1 503") {
            Ok(false)
        } else {
            Err(format!("neither let in nor 503: {answer}").into())
        }
    }
}
