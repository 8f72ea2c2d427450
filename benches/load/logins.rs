//! A flood of sign-ins: how close they come to what the cores can hash, how long anybody waits, and whether other requests suffer.

use std::time::{Duration, Instant};

use portero::domain::Transport;
use portero::passwords::time_of_hash;
use portero::tokens::Algorithm;

use crate::report::{Goal, Line, Section, Spread, Table, percentile};
use crate::seed::{Amounts, BELIEVE_ADDRESSES, Data, PROTECTED, Signer, TOKENS, log_in_requests};
use crate::support::{Failure, Server, header};
use crate::{Bench, bare, clients, fixed_rate, servers};

const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
const COST: u32 = 12;
/// Checked requests per second, before the flood and during it.
const RATE: u32 = 500;
/// Requests per second to the bare server, to see what a busy machine alone does to latency.
const BARE_RATE: u32 = 100;
const QUIET: Duration = Duration::from_secs(4);
const FLOOD: Duration = Duration::from_secs(10);

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("logins: a flood");
    let count = TOKENS as i64;
    let amounts = Amounts { users: count, bearer_sessions: count, cookie_sessions: 0, blocked_tokens: 0 };
    let data = Data::make(bench, "logins", &COST.to_string(), amounts)?;
    let signer = Signer::new(Algorithm::HS256)?;
    let requests = signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?;
    let settings: Vec<_> = signer.settings().into_iter().chain([BELIEVE_ADDRESSES]).collect();
    let portero = servers::portero(&data, &settings)?;
    let first = requests.first().ok_or("no sessions")?;
    let bare = bare::start_like(bench, &portero, PROTECTED, first)?;
    let rounds = (0..ROUNDS).map(|_| round(bench.cores, &portero, &bare, &requests)).collect::<Result<Vec<_>, _>>()?;

    let spread = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    let bound = |round: &Round| bench.cores as f64 / round.hash;
    let of_bound = Spread::of(rounds.iter().map(|round| round.sign_ins / bound(round)));
    let beside_quiet = spread(|round| round.flooded / round.quiet);
    let longest = spread(|round| round.longest);
    let refused: usize = rounds.iter().map(|round| round.refused).sum();
    let untold: usize = rounds.iter().map(|round| round.untold).sum();
    let mut table = Table::new(&["figure", "measured"]);
    table.rows = vec![
        vec![format!("one hash at cost {COST}, ms"), format!("{:.0}", spread(|round| round.hash * 1e3))],
        vec!["bound: cores ÷ that, per second".into(), format!("{:.2}", Spread::of(rounds.iter().map(bound)))],
        vec![
            "hashes per second on all cores at once, nothing else".into(),
            format!("{:.2}", spread(|round| round.at_once)),
        ],
        vec!["sign-ins per second".into(), format!("{:.2}", spread(|round| round.sign_ins))],
        vec!["of the bound".into(), format!("{of_bound:.3}")],
        vec!["longest wait for an answer, s".into(), format!("{longest:.1}")],
        vec!["503 in all rounds (without `Retry-After`)".into(), format!("{refused} ({untold})")],
        vec!["p99 of others, quiet, ms".into(), format!("{:.2}", spread(|round| round.quiet))],
        vec!["p99 of others, meanwhile, ms".into(), format!("{:.2}", spread(|round| round.flooded))],
        vec!["p99 of a bare server, meanwhile, ms".into(), format!("{:.2}", spread(|round| round.bare))],
        vec!["the one beside the other".into(), format!("{:.2}", spread(|round| round.flooded / round.bare))],
    ];
    let goal = |what: &str, measured, goal| Goal { what: what.into(), measured, goal, floor: None };
    Ok(Section {
        title: "A flood of sign-ins",
        how: format!(
            "{CLIENTS} clients, each a user with the right password, sign in again and again for {} s (told to come back later, they \
             do); meanwhile `GET /protected` at a fixed {RATE} per second, timed from when each was due, and at {BARE_RATE} per second \
             to the bare server beside. {ROUNDS} rounds; the hash is timed alone, on one thread, before and after each, and the least counts.",
            FLOOD.as_secs()
        ),
        tables: vec![table],
        goals: vec![
            goal("sign-ins, of the bound", of_bound.median, Line::AtLeast(0.95)),
            goal("longest wait in s", longest.max, Line::AtMost(5.0)),
            goal("503 without Retry-After", untold as f64, Line::AtMost(0.0)),
            goal("p99 of others, beside quiet", beside_quiet.median, Line::AtMost(2.0)),
        ],
        bars: Vec::new(),
    })
}

struct Round {
    /// How long one hash takes, in seconds.
    hash: f64,
    /// Hashes per second on all cores, while they have nothing else to do.
    at_once: f64,
    /// Sign-ins per second.
    sign_ins: f64,
    /// How long the slowest answer took, in seconds. A refusal counts as an answer.
    longest: f64,
    /// Sign-ins that were answered with 503.
    refused: usize,
    /// How many of those came without `Retry-After`.
    untold: usize,
    /// The p99 latency in milliseconds: of checked requests before the flood, of those during it, and of the bare server during it.
    quiet: f64,
    flooded: f64,
    bare: f64,
}

fn round(cores: usize, portero: &Server, bare: &Server, requests: &[String]) -> Result<Round, Failure> {
    let p99 = |server: &Server, per_second, length| {
        Ok::<_, Failure>(percentile(&fixed_rate::latencies(server.address, requests, per_second, length)?, 0.99))
    };
    let before = one_hash()?;
    let at_once = hashes_at_once(cores)?;
    let quiet = p99(portero, RATE, QUIET)?;
    let begin = Instant::now();
    let (answers, flooded, bare) = std::thread::scope(|scope| {
        let flood = scope.spawn(|| clients::flood(portero.address, &log_in_requests(CLIENTS), begin + FLOOD));
        let bare = scope.spawn(|| p99(bare, BARE_RATE, FLOOD));
        let flooded = p99(portero, RATE, FLOOD);
        let (flood, bare) = (flood.join(), bare.join());
        Ok::<_, Failure>((flood.map_err(|_| "a thread panicked")??, flooded?, bare.map_err(|_| "a thread panicked")??))
    })?;
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| servers::is_success(&answer.text));
    if let Some(other) = refused.iter().find(|answer| !answer.text.starts_with("HTTP/1.1 503")) {
        return Err(format!("neither signed in nor 503: {}", other.text).into());
    }
    // Counted up to the last sign-in before the end of the flood, because that many hashes took exactly that long.
    let times: Vec<Duration> = good.iter().map(|answer| answer.came - begin).filter(|at| *at <= FLOOD).collect();
    let until = times.iter().max().ok_or("nobody got in")?;
    let round = Round {
        hash: before.min(one_hash()?),
        at_once,
        sign_ins: times.len() as f64 / until.as_secs_f64(),
        longest: answers.iter().map(|answer| answer.took).max().unwrap_or_default().as_secs_f64(),
        refused: refused.len(),
        untold: refused.iter().filter(|answer| header(&answer.text, "retry-after").is_none()).count(),
        quiet,
        flooded,
        bare,
    };
    println!("    {:.2} sign-ins/s, p99 of others {quiet:.2} -> {flooded:.2} ms", round.sign_ins);
    Ok(round)
}

/// Hashes per second by this many threads that do nothing else. What is missing from the bound, the machine takes, not the server.
fn hashes_at_once(threads: usize) -> Result<f64, Failure> {
    const EACH: usize = 8;
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let hash = || (0..EACH).try_for_each(|_| time_of_hash(COST).map(drop));
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(hash)).collect();
        threads.into_iter().try_for_each(|thread| Ok::<_, Failure>(thread.join().map_err(|_| "a thread panicked")??))
    })?;
    Ok((threads * EACH) as f64 / begin.elapsed().as_secs_f64())
}

/// How long one hash takes, in seconds: the least of three, because whatever else the machine does can only make it slower.
fn one_hash() -> Result<f64, Failure> {
    let times = (0..3).map(|_| time_of_hash(COST)).collect::<Result<Vec<_>, _>>()?;
    Ok(times.iter().map(Duration::as_secs_f64).fold(f64::INFINITY, f64::min))
}
