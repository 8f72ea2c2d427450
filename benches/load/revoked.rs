//! What revoked tokens in force, none of which is asked about, add to a checked request.

use std::path::Path;
use std::time::Duration;

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Goal, Line, Section, Table};
use crate::seed::{Amounts, Data, Signer, TOKENS};
use crate::support::{Failure, Server};
use crate::wrk::{Rounds, Target, expect_success, in_turn, round, write_requests};
use crate::{Bench, fixed_rate, servers};

const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 21;
const SIZES: [i64; 3] = [0, 1_000_000, 10_000_000];
/// Sign-outs per second, and the sessions that each round may sign out.
const SIGN_OUTS: u32 = 100;
const FOR_EACH_ROUND: usize = 128;

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    let signer = Signer::new(Algorithm::HS256)?;
    let mut started = Vec::new();
    for size in SIZES {
        println!("revoked: making {size} revoked tokens");
        started.push(start(bench, &signer, size)?);
    }
    let [none, million, ten_millions] = started.as_slice() else { return Err("three sizes".into()) };
    let targets = [none, million, ten_millions].map(|(server, _)| Target::from(server));
    let files: Vec<_> = SIZES.iter().map(|size| bench.path(&format!("revoked-{size}-requests"))).collect();
    for (file, (_, sessions)) in files.iter().zip(&started) {
        write_requests(file, signer.bearer_requests(&sessions[..TOKENS])?)?;
    }
    let mut all = All {
        table: Table::new(&["revoked tokens in force", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs", "× CPU"]),
        goals: Vec::new(),
    };
    let [a, b, c] = targets.each_ref();
    let loads = [(a, files[0].as_path()), (b, files[1].as_path()), (c, files[2].as_path())];
    let [none_revoked, million, ten_millions] = in_turn(ROUNDS, CONNECTIONS, loads)?;
    all.row("none", &none_revoked, &none_revoked);
    all.row("a million", &million, &none_revoked);
    all.row("ten million", &ten_millions, &none_revoked);

    let sign_outs = signer.log_out_requests(&none.1[TOKENS..])?;
    let (quiet, meanwhile) = with_sign_outs(a, &files[0], &sign_outs)?;
    all.row("none, nobody signs out", &quiet, &quiet);
    all.row(&format!("none, {SIGN_OUTS} sign-outs a second"), &meanwhile, &quiet);
    Ok(Section {
        title: "Revoked tokens",
        how: format!(
            "`GET /protected` with HS256 and {TOKENS} different tokens in turn, none of them revoked, on {CONNECTIONS} connections; beside it, in \
             turn ({ROUNDS} rounds), servers with so many revoked tokens in force. The last row counts the sign-outs' CPU time too."
        ),
        tables: vec![all.table],
        goals: all.goals,
        bars: Vec::new(),
    })
}

type Started = (Server, Vec<crate::seed::Session>);

fn start(bench: &Bench, signer: &Signer, revoked: i64) -> Result<Started, Failure> {
    let count = TOKENS + ROUNDS * FOR_EACH_ROUND;
    let amounts =
        Amounts { users: count as i64, bearer_sessions: count as i64, cookie_sessions: 0, blocked_tokens: revoked };
    let data = Data::make(bench, &format!("revoked-{revoked}"), "4", amounts)?;
    let portero = servers::portero(&data, &signer.settings())?;
    servers::wait_until_ready(portero.address)?;
    Ok((portero, data.sessions(Transport::Bearer, count)?))
}

/// Rounds in turn without and with people who sign out meanwhile.
fn with_sign_outs(target: &Target, requests: &Path, sign_outs: &[String]) -> Result<(Rounds, Rounds), Failure> {
    let (mut quiet, mut meanwhile) = (Vec::new(), Vec::new());
    for sign_outs in sign_outs.chunks(FOR_EACH_ROUND) {
        quiet.push(round(target, requests, CONNECTIONS)?);
        meanwhile.push(std::thread::scope(|scope| {
            let away =
                scope.spawn(|| fixed_rate::latencies(target.address, sign_outs, SIGN_OUTS, Duration::from_secs(1)));
            let round = round(target, requests, CONNECTIONS)?;
            away.join().map_err(|_| "a thread panicked")??;
            Ok::<_, Failure>(round)
        })?);
    }
    expect_success(target, requests)?;
    Ok((quiet.into_iter().collect(), meanwhile.into_iter().collect()))
}

struct All {
    table: Table,
    goals: Vec<Goal>,
}

impl All {
    fn row(&mut self, name: &str, rounds: &Rounds, beside: &Rounds) {
        let cpu = rounds.ratio(beside, |round| round.cpu);
        let row: Vec<String> =
            [name.to_owned()].into_iter().chain(rounds.cells()).chain([format!("{cpu:.3}")]).collect();
        println!("    {}", row.join(" | "));
        self.table.rows.push(row);
        if !std::ptr::eq(rounds, beside) {
            let what = format!("a checked request, {name}: CPU beside none");
            self.goals.push(Goal { what, measured: cpu.median, goal: Line::AtMost(1.03), floor: None });
        }
    }
}
