//! What a request costs, counted instead of timed: instructions and cache misses in user space, by valgrind over the release binaries.
//! These figures are the same on a busy machine, and nearly the same on another.
//!
//! By the tool `callgrind`, which simulates caches as `cachegrind` does, but can be told when to begin. Two runs of `cachegrind` of
//! different length tell the same of a request, but the start is in both, and with a million rows it differs by more than all requests.

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Table, with_commas};
use crate::seed::{ACCOUNT, Amounts, Data, PROTECTED, Signer};
use crate::servers::is_success;
use crate::support::{Failure, Server, exchange};
use crate::{Bench, bare, gate, servers};

/// How many tokens are sent in turn: what the server remembers of them is more than a core's own cache holds.
const TOKENS: usize = 2_000;
/// A core's first-level caches, and what is behind them: 512 KiB, as small as the second level is on machines that run Portero.
const CACHES: [&str; 3] = ["--I1=32768,8,64", "--D1=32768,8,64", "--LL=524288,8,64"];
/// A run has to end before the server's upkeep begins, counted from its start, which is not part of a request.
const UPKEEP_BEGINS: Duration = Duration::from_secs(55);

/// The columns of the table, and the events of callgrind whose sum each is.
const FIGURES: [(&str, &[&str]); 4] = [
    ("instructions", &["Ir"]),
    ("first-level misses, data", &["D1mr", "D1mw"]),
    ("first-level misses, code", &["I1mr"]),
    ("misses behind 512 KiB", &["ILmr", "DLmr", "DLmw"]),
];

/// Of a page or a renewal fewer are sent, because they cost more.
const COSTLY: usize = TOKENS / 8;

/// Prints the table. `words`: only the rows whose names contain one of these; none: all.
pub(crate) fn run(bench: &Bench, words: &[&str]) -> Result<(), Failure> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("counting needs valgrind: install Debian's package of that name".into());
    }
    let amounts = Amounts {
        users: TOKENS as i64,
        bearer_sessions: TOKENS as i64,
        cookie_sessions: TOKENS as i64,
        blocked_tokens: 0,
    };
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let data = Data::begun(bench, "counted", "4", amounts)?.signed_in()?.moved()?;
    let signer = Signer::new(Algorithm::HS256)?;
    let calls = signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?;
    let one = calls.get(..1).ok_or("no sessions")?;
    let cookies = signer.cookie_requests(&data.sessions(Transport::Cookie, TOKENS)?)?;
    let pages = signer.page_requests(&data.sessions(Transport::Cookie, COSTLY)?)?;
    let renewals = signer.renewal_requests(&data.sessions(Transport::Bearer, COSTLY)?)?;

    let head: Vec<&str> = ["per request"].into_iter().chain(FIGURES.map(|(name, _)| name)).collect();
    let mut table = Table::new(&head);
    let mut row = |name: &str, server: &Counted<'_>, requests: &[String]| {
        if wanted(name) {
            let cells = server.row(name, requests)?;
            println!("counted: {}", cells.join(", "));
            table.rows.push(cells);
        }
        Ok::<_, Failure>(())
    };
    let portero = Counted::portero(bench, &data, signer.settings().to_vec());
    row("bare, the same headers", &Counted::bare(bench, &data, &signer, PROTECTED, one)?, &calls)?;
    row("one token", &portero, one)?;
    row("2,000 tokens", &portero, &calls)?;
    row("bare, by cookie", &Counted::bare(bench, &data, &signer, PROTECTED, &cookies)?, &cookies)?;
    row("by cookie, 2,000 tokens", &portero, &cookies)?;
    row("bare, the page /account", &Counted::bare(bench, &data, &signer, ACCOUNT, &pages)?, &pages)?;
    row("the page /account", &portero, &pages)?;
    row("a renewal", &portero, &renewals)?;
    let gate = "the gate's check, 2,000 passes";
    if wanted(gate) {
        let (data, _, checks) = gate::prepared(bench, "counted-gate", TOKENS)?;
        let settings = gate::settings(&signer);
        let server = servers::portero(&data, &settings)?;
        servers::wait_for_app_keys(server.address, &["EC"])?;
        server.stop()?;
        row(gate, &Counted::portero(bench, &data, settings), &checks)?;
    }
    let full = "2,000 tokens, a million revoked";
    if wanted(full) {
        let data = Data::make(bench, "counted-full", "4", Amounts { blocked_tokens: 1_000_000, ..amounts })?;
        let calls = signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?;
        row(full, &Counted::portero(bench, &data, signer.settings().to_vec()), &calls)?;
    }
    println!("\n{table}");
    Ok(())
}

/// A server whose work is counted.
struct Counted<'a> {
    bench: &'a Bench,
    command: Box<dyn Fn() -> Result<Command, Failure> + 'a>,
}

impl<'a> Counted<'a> {
    fn portero(bench: &'a Bench, data: &'a Data, settings: Vec<(&'a str, &'a str)>) -> Self {
        let command = move || Ok(servers::on_data(Path::new(servers::PORTERO), data, &settings));
        Self { bench, command: Box::new(command) }
    }

    /// The bare server that gives the answer that Portero gives to the first of these requests.
    fn bare(
        bench: &'a Bench,
        data: &Data,
        signer: &Signer,
        path: &'static str,
        requests: &[String],
    ) -> Result<Self, Failure> {
        let portero = servers::portero(data, &signer.settings())?;
        servers::wait_until_ready(portero.address)?;
        let answer = bare::answer_of(bench, &portero, requests.first().ok_or("no requests")?)?;
        Ok(Self { bench, command: Box::new(move || bare::command(path, &answer)) })
    }

    /// Starts the server, sends it requests in turn on one connection, and stops it.
    fn row(&self, name: &str, requests: &[String]) -> Result<Vec<String>, Failure> {
        let file = self.bench.path("callgrind");
        let server = Server::start(&mut under_callgrind((self.command)()?, &file))?;
        let begin = Instant::now();
        let mut stream = TcpStream::connect(server.address)?;
        let mut in_turn = requests.iter().cycle();
        let mut send = |count: usize| {
            for request in in_turn.by_ref().take(count) {
                let answer = exchange(&mut stream, request)?;
                if !is_success(&answer) {
                    return Err(format!("no success, but: {answer}").into());
                }
            }
            Ok::<_, Failure>(())
        };
        // Before any request is counted, each token is shown twice, so that it is known and its first use is noted; and then once
        // more, to fill the simulated caches.
        let round = if requests.len() == 1 { TOKENS } else { requests.len() };
        send(2 * round)?;
        control(&server, &["--instr=on"])?;
        send(round)?;
        control(&server, &["--zero"])?;
        send(2 * round)?;
        // Writes what was counted into a file with the number 1.
        control(&server, &["--dump"])?;
        if begin.elapsed() > UPKEEP_BEGINS {
            return Err("the machine is too busy: the server's upkeep may have been counted too".into());
        }
        server.stop()?;
        let sums = sums(&file.with_extension("1"))?;
        let cells = FIGURES.map(|(_, events)| {
            let figure: f64 = events.iter().filter_map(|event| sums.get(*event)).sum();
            with_commas(figure / (2 * round) as f64, 0)
        });
        Ok([name.to_owned()].into_iter().chain(cells).collect())
    }
}

fn under_callgrind(command: Command, out: &Path) -> Command {
    let mut counted = Command::new("valgrind");
    counted.args(["--tool=callgrind", "--cache-sim=yes", "--instr-atstart=no"]).args(CACHES);
    counted.arg(format!("--callgrind-out-file={}", out.display()));
    counted.arg(command.get_program()).args(command.get_args());
    counted.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        counted.current_dir(folder);
    }
    counted
}

/// Tells callgrind to do something, and waits until it is done.
fn control(server: &Server, what: &[&str]) -> Result<(), Failure> {
    let told = Command::new("callgrind_control").args(what).arg(server.id().to_string()).output()?;
    if told.status.success() { Ok(()) } else { Err(format!("callgrind_control said {told:?}").into()) }
}

/// Reads the sums in callgrind's file: a line `events:` with their names, and a line `totals:` with the figures.
fn sums(file: &Path) -> Result<HashMap<String, f64>, Failure> {
    let text = std::fs::read_to_string(file)?;
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).ok_or("callgrind wrote no sums");
    let figures = line("totals:")?.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    Ok(line("events:")?.split_whitespace().map(str::to_owned).zip(figures).collect())
}
