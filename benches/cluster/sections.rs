//! What is measured of nodes.

use std::time::{Duration, Instant};

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::Bench;
use crate::nodes::{self, LEASE, Node, Serves};
use crate::report::{Goal, Line, Section, Spread, Table, percentile, with_commas};
use crate::seed::{Amounts, Data, Signer};
use crate::servers;
use crate::support::Failure;
use crate::wrk::{Rounds, Target, round, write_requests};

const NODES: usize = 3;
const NEAR: Duration = Duration::ZERO;
/// Half of a round trip between two machines in one place.
const ONE_WAY: Duration = Duration::from_micros(150);

/// Sessions in a database of their own, and who signs tokens for them.
struct Prepared {
    data: Data,
    signer: Signer,
    sessions: Vec<crate::seed::Session>,
}

fn prepared(bench: &Bench, name: &str, sessions: usize) -> Result<Prepared, Failure> {
    let count = i64::try_from(sessions)?;
    let amounts = Amounts { users: count, bearer_sessions: count, cookie_sessions: 0, blocked_tokens: 0 };
    let data = Data::make(bench, name, "4", amounts)?;
    let found = data.sessions(Transport::Bearer, sessions.min(crate::seed::TOKENS))?;
    Ok(Prepared { data, signer: Signer::new(Algorithm::HS256)?, sessions: found })
}

fn section(title: &'static str, how: String, table: Table, goals: Vec<Goal>) -> Section {
    Section { title, how, tables: vec![table], goals, bars: Vec::new() }
}

fn at_most(what: &str, measured: f64, most: f64) -> Goal {
    Goal { what: what.into(), measured, goal: Line::AtMost(most), floor: None }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// How long a sign-out takes until it is answered, which means until all nodes refuse the session.
pub(crate) fn ends(bench: &Bench) -> Result<Section, Failure> {
    const ENDS: usize = 1_000;
    const FAULTS: usize = 5;
    println!("ends: a thousand, nothing else");
    let Prepared { data, signer, sessions } = prepared(bench, "ends", ENDS + FAULTS)?;
    let nodes = nodes::start(bench, &data, &signer, NODES, NEAR)?;
    let requests = signer.log_out_requests(&sessions)?;
    let mut connections = nodes.iter().map(Node::connect).collect::<Result<Vec<_>, _>>()?;
    let mut took = Vec::new();
    for (number, request) in requests[..ENDS].iter().enumerate() {
        let begin = Instant::now();
        if !connections[number % NODES].is_let_in(request)? {
            return Err("a sign-out was answered with 503".into());
        }
        took.push(milliseconds(begin.elapsed()));
    }
    println!("ends: while one node is cut off");
    let mut cut_off = Vec::new();
    for request in &requests[ENDS..] {
        nodes[2].network.cut();
        std::thread::sleep(Duration::from_millis(50));
        let begin = Instant::now();
        if !connections[0].is_let_in(request)? {
            return Err("a sign-out was answered with 503".into());
        }
        cut_off.push(milliseconds(begin.elapsed()));
        nodes[2].network.heal();
        servers::wait_until_ready(nodes[2].server.address)?;
        std::thread::sleep(LEASE);
    }
    // As long as another node may answer without the database. (`src/lease.rs`)
    let waiting = milliseconds(LEASE) * 1.02 + 50.0;
    let [p50, p99] = [0.5, 0.99].map(|share| percentile(&took, share));
    let longest = Spread::of(cut_off).max;
    let mut table = Table::new(&["sign-outs at three nodes in turn", "ms"]);
    table.rows = vec![
        vec!["p50".into(), format!("{p50:.1}")],
        vec!["p99".into(), format!("{p99:.1}")],
        vec![format!("longest of {FAULTS}, another node just cut off"), format!("{longest:.0}")],
    ];
    let goals = vec![
        at_most("p50 in ms", p50, 10.0),
        at_most("p99 in ms", p99, 40.0),
        at_most("with another node cut off, in ms", longest, waiting + 200.0),
    ];
    let how = format!(
        "{ENDS} sessions, one after the other; answered once no node accepts the session any more. Lease: {} s.",
        LEASE.as_secs()
    );
    Ok(section("Ends", how, table, goals))
}

/// How long a node that is cut off answers, and how soon it is back.
pub(crate) fn cut(bench: &Bench) -> Result<Section, Failure> {
    const TIMES: usize = 5;
    println!("cut: a node that is asked every two milliseconds");
    let Prepared { data, signer, sessions } = prepared(bench, "cut", 16)?;
    let nodes = nodes::start(bench, &data, &signer, NODES, NEAR)?;
    let request = &signer.bearer_requests(&sessions[..1])?[0];
    let mut connection = nodes[0].connect()?;
    let (mut lasts, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        if !connection.is_let_in(request)? {
            return Err("503 before anything was cut".into());
        }
        nodes[0].network.cut();
        let (begin, mut last) = (Instant::now(), Duration::ZERO);
        while begin.elapsed() < LEASE * 2 {
            let asked = begin.elapsed();
            if connection.is_let_in(request)? {
                last = asked;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        nodes[0].network.heal();
        let begin = Instant::now();
        while !connection.is_let_in(request)? {
            std::thread::sleep(Duration::from_millis(2));
        }
        lasts.push(milliseconds(last));
        firsts.push(milliseconds(begin.elapsed()));
        std::thread::sleep(LEASE);
    }
    let (last, first) = (Spread::of(lasts), Spread::of(firsts));
    let mut table = Table::new(&["a node without its database", "ms"]);
    table.rows = vec![
        vec!["the last request it let in, after the cut".into(), format!("{last:.0}")],
        vec!["the first request it let in, after healing".into(), format!("{first:.0}")],
    ];
    let goals =
        vec![at_most("last, in ms", last.max, milliseconds(LEASE) + 50.0), at_most("first, in ms", first.max, 1_500.0)];
    let how = format!("Cut off {TIMES} times, for {} s each. Lease: {} s.", LEASE.as_secs() * 2, LEASE.as_secs());
    Ok(section("Cut off", how, table, goals))
}

/// How long a node that is frozen in the middle of its acts keeps others waiting.
pub(crate) fn frozen(bench: &Bench) -> Result<Section, Failure> {
    const TIMES: usize = 10;
    const EACH: usize = 256;
    println!("frozen: a node that is stopped while it ends sessions");
    let Prepared { data, signer, sessions } = prepared(bench, "frozen", TIMES * (EACH + 1))?;
    let nodes = nodes::start(bench, &data, &signer, NODES, NEAR)?;
    let requests = signer.log_out_requests(&sessions)?;
    let (of_others, own) = requests.split_at(TIMES);
    let mut took = Vec::new();
    for (request, busy) in of_others.iter().zip(own.chunks(EACH)) {
        took.push(std::thread::scope(|scope| {
            for some in busy.chunks(EACH / 8) {
                let node = &nodes[0];
                // It may be answered with 503 after it was frozen.
                scope.spawn(move || {
                    let mut connection = node.connect()?;
                    some.iter().try_for_each(|request| connection.is_let_in(request).map(drop))
                });
            }
            std::thread::sleep(Duration::from_millis(20));
            nodes[0].signal("-STOP")?;
            let mut other = nodes[1].connect()?;
            let begin = Instant::now();
            let is_answered = other.is_let_in(request);
            let took = begin.elapsed();
            nodes[0].signal("-CONT")?;
            if is_answered? {
                Ok::<_, Failure>(milliseconds(took))
            } else {
                Err("another node answered with 503".into())
            }
        })?);
        servers::wait_until_ready(nodes[0].server.address)?;
        std::thread::sleep(LEASE);
    }
    let took = Spread::of(took);
    let mut table = Table::new(&["a sign-out at another node", "ms"]);
    table.rows = vec![vec!["while the node is frozen".into(), format!("{took:.0}")]];
    let how = format!("A node that ends sessions on 8 connections is frozen (`SIGSTOP`) {TIMES} times.");
    Ok(section("Frozen", how, table, vec![at_most("longest, in ms", took.max, 2_500.0)]))
}

/// What a lease costs a checked request.
pub(crate) fn checked(bench: &Bench) -> Result<Section, Failure> {
    const PAIRS: usize = 21;
    const CONNECTIONS: u32 = 64;
    println!("checked: with a lease and without");
    let mut targets = Vec::new();
    for (name, serves) in [("without", Serves::Alone), ("with", Serves::WithOthers)] {
        let Prepared { data, signer, sessions } = prepared(bench, name, crate::seed::TOKENS)?;
        let file = bench.path(&format!("{name}-requests"));
        write_requests(&file, signer.bearer_requests(&sessions)?)?;
        targets.push((nodes::node(bench, &data, &signer, name, serves, NEAR)?, file));
    }
    let mut rounds = [Vec::new(), Vec::new()];
    for pair in 0..=PAIRS {
        for turn in 0..2 {
            // Whoever comes second finds the machine as the first has left it.
            let which = (pair + turn) % 2;
            let (node, file) = &targets[which];
            let round = round(&Target::from(&node.server), file, CONNECTIONS)?;
            // The first pair warms up.
            if pair > 0 {
                rounds[which].push(round);
            }
        }
    }
    let [without, with] = rounds.map(|rounds| rounds.into_iter().collect::<Rounds>());
    let rate = with.ratio(&without, |round| round.requests_per_second);
    let cpu = with.ratio(&without, |round| round.cpu);
    let mut table = Table::new(&["checked requests", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs"]);
    for (name, rounds) in [("without a lease", &without), ("with a lease", &with)] {
        table.rows.push([name.to_owned()].into_iter().chain(rounds.cells()).collect());
    }
    println!("    requests {rate:.3}, CPU {cpu:.3}");
    let goal = |what: &str, measured, goal| Goal { what: what.into(), measured, goal, floor: None };
    let goals = vec![
        goal("requests with a lease, beside without", rate.median, Line::AtLeast(0.98)),
        goal("CPU with a lease, beside without", cpu.median, Line::AtMost(1.02)),
    ];
    let how = format!("`GET /protected`, {CONNECTIONS} connections, {PAIRS} pairs of rounds.");
    Ok(section("Checked requests", how, table, goals))
}

/// Renewals over a network, by one node and by three at once.
pub(crate) fn renewals(bench: &Bench) -> Result<Section, Failure> {
    const ROUNDS: usize = 5;
    println!("renewals: over a network");
    let Prepared { data, signer, sessions } = prepared(bench, "renewals", crate::seed::TOKENS)?;
    let nodes = nodes::start(bench, &data, &signer, NODES, ONE_WAY)?;
    let mut files = Vec::new();
    for (number, sessions) in sessions.chunks(sessions.len().div_ceil(NODES)).enumerate() {
        let file = bench.path(&format!("renewals{number}"));
        write_requests(&file, signer.renewal_requests(sessions)?)?;
        files.push(file);
    }
    let mut table = Table::new(&["renewals a second, 0.3 ms from the database", "at once", "all nodes", "cores busy"]);
    for (count, connections) in [(1, 64), (3, 21)] {
        let (mut sums, mut busy) = (Vec::new(), Vec::new());
        for _ in 0..=ROUNDS {
            let (before, begin) = (busy_seconds()?, Instant::now());
            let rounds = std::thread::scope(|scope| {
                let nodes = nodes.iter().zip(&files).take(count);
                let each =
                    nodes.map(|(node, file)| scope.spawn(|| round(&Target::from(&node.server), file, connections)));
                let each: Vec<_> = each.collect();
                each.into_iter()
                    .map(|one| one.join().map_err(|_| "a thread panicked")?)
                    .collect::<Result<Vec<_>, Failure>>()
            })?;
            busy.push((busy_seconds()? - before) / begin.elapsed().as_secs_f64());
            sums.push(rounds.iter().map(|round| round.requests_per_second).sum::<f64>());
        }
        // The first round opens connections.
        let (sums, busy) = (Spread::of(sums.split_off(1)), Spread::of(busy.split_off(1)));
        table.rows.push(vec![
            format!("{count} of {NODES} nodes"),
            (connections as usize * count).to_string(),
            format!("{sums:.0}"),
            format!("{busy:.2}"),
        ]);
    }
    let how = format!(
        "`POST /refresh`; each node has sessions of its own. {ROUNDS} rounds. Load, nodes and database share the cores."
    );
    Ok(section("Renewals", how, table, Vec::new()))
}

/// How many seconds all cores together have been busy since the machine started.
fn busy_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let figures: Vec<f64> =
        stat.lines().next().unwrap_or("").split_whitespace().skip(1).map(str::parse).collect::<Result<_, _>>()?;
    // user, nice, system, idle, iowait, …, in hundredths.
    Ok((figures.iter().take(8).sum::<f64>() - figures[3] - figures[4]) / 100.0)
}

/// How long a node takes to start with a million open sessions, beside one that serves meanwhile.
pub(crate) fn start(bench: &Bench) -> Result<Section, Failure> {
    const SESSIONS: usize = 1_000_000;
    const ROUNDS: usize = 3;
    println!("start: making {SESSIONS} sessions");
    let Prepared { data, signer, .. } = prepared(bench, "start", SESSIONS)?;
    let mut took = Vec::new();
    let first = nodes::node(bench, &data, &signer, "serving", Serves::WithOthers, NEAR)?;
    for number in 0..ROUNDS {
        let begin = Instant::now();
        let name = format!("starting{number}");
        drop(nodes::node(bench, &data, &signer, &name, Serves::WithOthers, NEAR)?);
        took.push(begin.elapsed().as_secs_f64());
    }
    drop(first);
    let took = Spread::of(took);
    let mut table = Table::new(&["start to ready", "s"]);
    table.rows =
        vec![vec![format!("{} users and open sessions", with_commas(SESSIONS as f64, 0)), format!("{took:.1}")]];
    let how = format!("Beside another node. {ROUNDS} times.");
    Ok(section("Start", how, table, vec![at_most("longest, in s", took.max, 10.0)]))
}
