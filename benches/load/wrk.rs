//! Throughput, measured by `wrk`: one thread that keeps a number of connections busy.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use crate::debian;
use crate::report::Spread;
use crate::servers::{ask, cpu_micros, is_success};
use crate::support::{Failure, Server};

/// How long a round lasts, in seconds.
const LENGTH: u32 = 1;

/// The address that a load goes to, and the processes whose CPU time it costs.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) processes: Vec<u32>,
}

impl From<&Server> for Target {
    fn from(server: &Server) -> Self {
        Self { address: server.address, processes: vec![server.id()] }
    }
}

/// The figures of one round.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) requests_per_second: f64,
    /// Latency in milliseconds: within so many came half of the answers, 99 % and 99.9 % of them.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    /// The server's CPU time, in microseconds per request.
    pub(crate) cpu: f64,
}

/// The rounds of one server, which took turns with those of others.
pub(crate) struct Rounds(Vec<Round>);

impl FromIterator<Round> for Rounds {
    fn from_iter<T: IntoIterator<Item = Round>>(rounds: T) -> Self {
        Self(rounds.into_iter().collect())
    }
}

impl Rounds {
    pub(crate) fn spread(&self, figure: impl Fn(&Round) -> f64) -> Spread {
        Spread::of(self.0.iter().map(figure))
    }

    /// This server's figure divided by the other's, round by round.
    pub(crate) fn ratio(&self, other: &Self, figure: impl Fn(&Round) -> f64) -> Spread {
        Spread::of(self.0.iter().zip(&other.0).map(|(one, other)| figure(one) / figure(other)))
    }

    /// Requests per second, the three latencies, and CPU time, as cells of a table.
    pub(crate) fn cells(&self) -> [String; 5] {
        [
            format!("{}", self.spread(|round| round.requests_per_second)),
            format!("{:.2}", self.spread(|round| round.p50)),
            format!("{:.1}", self.spread(|round| round.p99)),
            format!("{:.1}", self.spread(|round| round.p999)),
            format!("{:.1}", self.spread(|round| round.cpu)),
        ]
    }
}

/// Writes the file of requests that wrk sends in turn, with a zero byte after each.
pub(crate) fn write_requests(path: &Path, requests: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for request in requests {
        file.write_all(request.as_bytes())?;
        file.write_all(&[0])?;
    }
    Ok(file.flush()?)
}

/// Loads the servers in turn, each with its file of requests: one round to warm up, which does not count, then `rounds` of them.
pub(crate) fn in_turn<const N: usize>(
    rounds: usize,
    connections: u32,
    loads: [(&Target, &Path); N],
) -> Result<[Rounds; N], Failure> {
    let mut of_each = loads.map(|_| Rounds(Vec::new()));
    for (target, requests) in loads {
        expect_success(target, requests)?;
        round(target, requests, connections)?;
    }
    for _ in 0..rounds {
        for ((target, requests), rounds) in loads.into_iter().zip(&mut of_each) {
            rounds.0.push(round(target, requests, connections)?);
        }
    }
    for (target, requests) in loads {
        expect_success(target, requests)?;
    }
    Ok(of_each)
}

/// Sends some of the requests to see that they succeed: wrk takes a redirect for a success.
pub(crate) fn expect_success(target: &Target, requests: &Path) -> Result<(), Failure> {
    let requests = std::fs::read_to_string(requests)?;
    for request in requests.split_terminator('\0').step_by(64) {
        let answer = ask(target.address, request)?;
        if !is_success(&answer) {
            return Err(format!("no success, but: {answer}").into());
        }
    }
    Ok(())
}

/// One round, for a second.
pub(crate) fn round(target: &Target, requests: &Path, connections: u32) -> Result<Round, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/wrk.lua");
    let before = cpu_micros(&target.processes)?;
    let output = debian::command("wrk", &["wrk", "libluajit-5.1-2"])?
        .args([
            "--threads=1",
            "--timeout=10s",
            &format!("--connections={connections}"),
            &format!("--duration={LENGTH}s"),
        ])
        .arg("--script")
        .arg(script)
        .arg(format!("http://{}", target.address))
        .arg("--")
        .arg(requests)
        .output()?;
    let used = cpu_micros(&target.processes)? - before;
    let said = String::from_utf8_lossy(&output.stdout);
    let figures =
        said.lines().find_map(|line| line.strip_prefix("figures ")).ok_or_else(|| format!("wrk said {output:?}"))?;
    let figures: Vec<f64> = figures.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let &[requests, micros, p50, p99, p999, refused, unanswered] = figures.as_slice() else {
        return Err("wrk.lua prints seven figures".into());
    };
    if refused + unanswered > 0.0 || requests == 0.0 {
        return Err(format!("of {requests} requests {refused} were refused and {unanswered} not answered").into());
    }
    Ok(Round {
        requests_per_second: requests / micros * 1e6,
        p50: p50 / 1e3,
        p99: p99 / 1e3,
        p999: p999 / 1e3,
        cpu: used / requests,
    })
}
