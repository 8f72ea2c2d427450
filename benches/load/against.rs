//! Two builds of Portero in pairs: the same requests, one round of each after the other. What else the machine does meets both.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::run as succeed;
use crate::report::{Spread, Table};
use crate::seed::{BCRYPT_COST, BELIEVE_ADDRESSES, Data, PROTECTED};
use crate::support::{Failure, Server, access_token, add_user, exchange, get, log_in_request};
use crate::wrk::{Target, expect_success, round, write_requests};
use crate::{Bench, servers};

const PAIRS: usize = 21;
const CONNECTIONS: u32 = 64;
/// 2,048 sessions in all. Each build makes its own, because their databases may differ.
const USERS: usize = 64;
const SESSIONS_EACH: usize = 32;

/// `other`: another binary of Portero, or a revision, which is built first.
pub(crate) fn run(bench: &Bench, other: &str) -> Result<(), Failure> {
    let binary = if Path::new(other).is_file() { Path::new(other).canonicalize()? } else { build(bench, other)? };
    println!("starting both, with {} sessions each", USERS * SESSIONS_EACH);
    let before = Side::start(bench, "before", &binary)?;
    let now = Side::start(bench, "now", Path::new(servers::PORTERO))?;
    before.round()?;
    now.round()?;
    let (mut cpu_before, mut cpu_now) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        // Whoever comes second finds the machine as the first has left it.
        if pair % 2 == 0 {
            cpu_before.push(before.round()?);
            cpu_now.push(now.round()?);
        } else {
            cpu_now.push(now.round()?);
            cpu_before.push(before.round()?);
        }
    }
    before.is_fine()?;
    now.is_fine()?;
    let ratio = Spread::of(cpu_now.iter().zip(&cpu_before).map(|(now, before)| now / before));
    let mut table = Table::new(&["CPU µs per checked request", "median", "middle half"]);
    for (name, figures) in [(other, cpu_before), ("this build", cpu_now)] {
        let spread = Spread::of(figures);
        table.rows.push(vec![name.into(), format!("{:.2}", spread.median), spread.middle_half(2)]);
    }
    table.rows.push(vec!["ratio, pair by pair".into(), format!("{:.3}", ratio.median), ratio.middle_half(3)]);
    println!("\n{PAIRS} pairs of rounds of a second, {CONNECTIONS} connections\n\n{table}");
    Ok(())
}

/// Builds a revision of this repository. What is built stays under `target`, so that the next one takes less time.
fn build(bench: &Bench, revision: &str) -> Result<PathBuf, Failure> {
    println!("building {revision}");
    let (sources, archive) = (bench.path("sources"), bench.path("sources.tar"));
    std::fs::create_dir(&sources)?;
    let git = ["archive", "--format=tar", "--output"];
    let root = env!("CARGO_MANIFEST_DIR");
    succeed(Command::new("git").args(git).arg(&archive).arg(revision).current_dir(root))?;
    succeed(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&sources))?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("against");
    let cargo = ["build", "--release", "--locked", "--bin", "portero", "--target-dir"];
    succeed(Command::new("cargo").args(cargo).arg(&target).current_dir(&sources))?;
    Ok(target.join("release/portero"))
}

/// One of the two builds, under load.
struct Side {
    target: Target,
    requests: PathBuf,
    // Stops when it is dropped.
    _server: Server,
}

impl Side {
    fn start(bench: &Bench, name: &str, binary: &Path) -> Result<Self, Failure> {
        let data = Data::none(bench, name)?;
        let program = binary.to_str().ok_or("the path is not Unicode")?;
        let settings = [(BCRYPT_COST, "4"), BELIEVE_ADDRESSES];
        for user in 0..USERS {
            add_user(program, &data.folder, &format!("user{user}"), &[], &settings)?;
        }
        let server = Server::start(&mut servers::on_data(binary, &data, &settings))?;
        servers::wait_until_ready(server.address)?;
        let tokens = (0..USERS * SESSIONS_EACH).map(|number| sign_in(server.address, number));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        let requests = bench.path(&format!("{name}-requests"));
        write_requests(
            &requests,
            tokens.iter().map(|token| get(PROTECTED, &format!("authorization: Bearer {token}\r\n"))),
        )?;
        let side = Self { target: Target::from(&server), requests, _server: server };
        side.is_fine()?;
        Ok(side)
    }

    fn is_fine(&self) -> Result<(), Failure> {
        expect_success(&self.target, &self.requests)
    }

    /// The CPU time for a request, in microseconds.
    fn round(&self) -> Result<f64, Failure> {
        Ok(round(&self.target, &self.requests, CONNECTIONS)?.cpu)
    }
}

/// Each sign-in comes from a network of its own, so that the throttle does not take it for a guess.
fn sign_in(address: SocketAddr, number: usize) -> Result<String, Failure> {
    let from = format!("x-forwarded-for: 10.{}.{}.1\r\n", number / 250, number % 250);
    let request = log_in_request(&format!("user{}", number % USERS), &from);
    access_token(&exchange(&mut TcpStream::connect(address)?, &request)?)
}
