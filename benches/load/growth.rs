//! How the figures change with more and more users, sessions and revoked tokens.

use std::time::Instant;

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Goal, Line, Section, Spread, Table, with_commas};
use crate::seed::{Amounts, BCRYPT_COST, BELIEVE_ADDRESSES, Data, PROTECTED, Signer, TOKENS, log_in_requests};
use crate::support::Failure;
use crate::wrk::{Rounds, Target, in_turn, write_requests};
use crate::{Bench, bare, clients, servers};

const SIZES: [i64; 3] = [1_000, 100_000, 1_000_000];
const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 3;
const SIGN_INS: usize = 512;

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    let signer = Signer::new(Algorithm::HS256)?;
    let sizes = SIZES.map(|size| measure(bench, &signer, size)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::new(&["figure"]);
    table.head.extend(SIZES.iter().map(|size| with_commas(*size as f64, 0)));
    table.head.push("from size to size".into());
    let goal = Goal {
        what: "start to ready with a million sessions and a million revoked tokens, in s".into(),
        measured: sizes.last().map_or(f64::NAN, |size| size[0] / 1e3),
        goal: Line::AtMost(2.0),
        floor: None,
    };
    for (row, (name, digits)) in FIGURES.into_iter().enumerate() {
        let figures: Vec<f64> = sizes.iter().map(|size| size[row]).collect();
        let growth = figures.windows(2).map(|pair| format!("× {:.2}", pair[1] / pair[0]));
        let growth = growth.collect::<Vec<_>>().join(", ");
        let cells = figures.iter().map(|figure| with_commas(*figure, digits));
        table.rows.push([name.to_owned()].into_iter().chain(cells).chain([growth]).collect());
    }
    Ok(Section {
        title: "Growth",
        how: format!(
            "So many users, as many open sessions and as many revoked tokens in force. Medians of {ROUNDS} rounds; {CONNECTIONS} \
             connections; tokens of up to {TOKENS} sessions in turn; sign-ins at bcrypt cost 4."
        ),
        tables: vec![table],
        goals: vec![goal],
        bars: Vec::new(),
    })
}

/// What is measured at each size, and with how many decimals it is shown.
const FIGURES: [(&str, usize); 7] = [
    ("start to ready, ms", 0),
    ("memory when ready, MB", 0),
    ("memory after the load, MB", 0),
    ("checked requests, of bare", 3),
    ("checked requests per second", 0),
    ("renewals per second", 0),
    ("sign-ins per second", 0),
];

fn measure(bench: &Bench, signer: &Signer, size: i64) -> Result<[f64; FIGURES.len()], Failure> {
    println!("growth: making {size} users, sessions and revoked tokens");
    let amounts = Amounts { users: size, bearer_sessions: size, cookie_sessions: 0, blocked_tokens: size };
    let data = Data::make(bench, &format!("growth-{size}"), "4", amounts)?;
    let sessions = data.sessions(Transport::Bearer, TOKENS)?;
    let settings: Vec<_> = signer.settings().into_iter().chain([(BCRYPT_COST, "4"), BELIEVE_ADDRESSES]).collect();
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let portero = servers::portero(&data, &settings)?;
        servers::wait_until_ready(portero.address)?;
        starts.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let portero = servers::portero(&data, &settings)?;
    servers::wait_until_ready(portero.address)?;
    let memory = portero.resident_megabytes()?;

    let requests = signer.bearer_requests(&sessions)?;
    let first = requests.first().ok_or("no sessions")?;
    let bare = bare::start_like(bench, &portero, PROTECTED, first)?;
    let (checks, renewals) = (bench.path("checks"), bench.path("renewals"));
    write_requests(&checks, requests)?;
    write_requests(&renewals, signer.renewal_requests(&sessions)?)?;
    let (bare, target) = (Target::from(&bare), Target::from(&portero));
    let [unchecked, checked, renewed] =
        in_turn(ROUNDS, CONNECTIONS, [(&bare, &checks), (&target, &checks), (&target, &renewals)])?;
    let rate = |rounds: &Rounds| rounds.spread(|round| round.requests_per_second).median;
    let sign_ins = log_in_requests(SIGN_INS.min(size as usize));
    let sign_ins = (0..ROUNDS).map(|_| clients::each_once(portero.address, CONNECTIONS as usize, &sign_ins));
    let sign_ins = sign_ins.collect::<Result<Vec<f64>, _>>()?;
    let figures = [
        Spread::of(starts).median,
        memory,
        portero.resident_megabytes()?,
        checked.ratio(&unchecked, |round| round.requests_per_second).median,
        rate(&checked),
        rate(&renewed),
        Spread::of(sign_ins).median,
    ];
    for ((name, digits), figure) in FIGURES.iter().zip(figures) {
        println!("    {name}: {}", with_commas(figure, *digits));
    }
    Ok(figures)
}
