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
    let rounds: [Rounds; 3] = in_turn(ROUNDS, CONNECTIONS, loads)?;
    for (name, of_size) in ["none", "a million", "ten million"].into_iter().zip(&rounds) {
        all.row(name, of_size, &rounds[0]);
    }

    let sign_outs = |(_, sessions): &Started| signer.log_out_requests(&sessions[TOKENS..]);
    let loads = [(a, files[0].as_path(), sign_outs(none)?), (c, files[2].as_path(), sign_outs(ten_millions)?)];
    let rounds = with_sign_outs(&loads)?;
    for (name, of_size) in ["none", "ten million"].into_iter().zip(&rounds) {
        all.row(&format!("{name}, {SIGN_OUTS} sign-outs a second"), of_size, &rounds[0]);
    }
    Ok(Section {
        title: "Revoked tokens",
        how: format!(
            "`GET /protected` with HS256 and {TOKENS} different tokens in turn, none of them revoked, on {CONNECTIONS} connections; beside it, in \
             turn ({ROUNDS} rounds), servers with so many revoked tokens in force. The last two rows count the sign-outs' CPU time too."
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

/// Rounds in turn at these servers, each with requests to check, while people sign out.
fn with_sign_outs(loads: &[(&Target, &Path, Vec<String>); 2]) -> Result<[Rounds; 2], Failure> {
    let mut rounds = [Vec::new(), Vec::new()];
    for number in 0..ROUNDS {
        for ((target, requests, sign_outs), rounds) in loads.iter().zip(&mut rounds) {
            let sign_outs = sign_outs.chunks(FOR_EACH_ROUND).nth(number).ok_or("too few sessions")?;
            rounds.push(std::thread::scope(|scope| {
                let away =
                    scope.spawn(|| fixed_rate::latencies(target.address, sign_outs, SIGN_OUTS, Duration::from_secs(1)));
                let round = round(target, requests, CONNECTIONS)?;
                away.join().map_err(|_| "a thread panicked")??;
                Ok::<_, Failure>(round)
            })?);
        }
    }
    for (target, requests, _) in loads {
        expect_success(target, requests)?;
    }
    Ok(rounds.map(|rounds| rounds.into_iter().collect()))
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
