//! What durable writes cost: Portero's renewals, compared with one transaction for each request and with storing nothing.

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Bar, Goal, Kind, Line, Section, Table, with_commas};
use crate::seed::{Amounts, BCRYPT_COST, BELIEVE_ADDRESSES, Data, Session, Signer, TOKENS, log_in_requests};
use crate::support::{Failure, Server};
use crate::wrk::{Rounds, Target, in_turn, write_requests};
use crate::{Bench, clients, naive, servers};

const CONNECTIONS: [u32; 3] = [1, 8, 64];
const ROUNDS: usize = 21;
const CLIENTS: usize = 64;

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("writes: renewals");
    let count = TOKENS as i64;
    let amounts = Amounts { users: count, bearer_sessions: count, cookie_sessions: 0, blocked_tokens: 0 };
    let data = Data::make(bench, "writes", "4", amounts)?;
    let signer = Signer::new(Algorithm::HS256)?;
    let sessions = data.sessions(Transport::Bearer, TOKENS)?;
    let file = bench.path("renewals");
    write_requests(&file, signer.renewal_requests(&sessions)?)?;

    let naively = |how: &str| {
        let database = bench.path(&format!("naive-{how}.db"));
        std::fs::copy(data.sqlite(), &database)?;
        let database = database.to_str().ok_or("the path is not Unicode")?;
        Server::start(&mut servers::ours(&["--serve-naive", how, database], &signer.settings())?)
    };
    let (mutex, pool, nothing) = (naively(naive::MUTEX)?, naively(naive::POOL)?, naively(naive::NOTHING)?);
    let settings: Vec<_> = signer.settings().into_iter().chain([(BCRYPT_COST, "4"), BELIEVE_ADDRESSES]).collect();
    let portero = servers::portero(&data, &settings)?;

    let mut renewals = Renewals {
        table: Table::new(&[
            "renewals",
            "connections",
            "req/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "CPU µs",
            "Portero's req/s ×",
        ]),
        goals: Vec::new(),
        bars: Vec::new(),
    };
    let targets = [&portero, &mutex, &pool, &nothing].map(Target::from);
    for connections in CONNECTIONS {
        let loads = targets.each_ref().map(|target| (target, file.as_path()));
        renewals.note(connections, &in_turn(ROUNDS, connections, loads)?);
    }
    Ok(Section {
        title: "Durable writes",
        how: format!(
            "`POST /refresh` of {TOKENS} bearer sessions in turn, answered when it is on the disk ({}), the \
             session's story included. Naive: the same tables on SQLite, one transaction for each request, which looks whether \
             the session goes on, behind `web::block`; every one of them makes one new token. In turn, {ROUNDS} rounds.",
            if bench.cluster.is_some() {
                "PostgreSQL, `synchronous_commit = on`"
            } else {
                "SQLite, WAL, `synchronous = FULL`"
            }
        ),
        tables: vec![renewals.table, sign_ins_and_outs(&portero, &signer, &sessions)?],
        goals: renewals.goals,
        bars: renewals.bars,
    })
}

struct Renewals {
    table: Table,
    goals: Vec<Goal>,
    bars: Vec<Bar>,
}

impl Renewals {
    fn note(&mut self, connections: u32, rounds: &[Rounds; 4]) {
        let names = ["Portero", "naive, one connection", "naive, pool of 4", "stores nothing"];
        let [own, mutex, pool, nothing] = rounds;
        for (name, rounds) in names.iter().zip(rounds) {
            let ratio = own.ratio(rounds, |round| round.requests_per_second);
            let row = [(*name).to_owned(), connections.to_string()].into_iter().chain(rounds.cells());
            let row: Vec<String> = row.chain([format!("{ratio:.2}")]).collect();
            println!("    {}", row.join(" | "));
            self.table.rows.push(row);
        }
        let beside = |one: &Rounds, other| one.ratio(other, |round| round.requests_per_second).median;
        let goal = |what: &str, measured, goal| Goal {
            what: format!("renewals, {connections} at once: {what}"),
            measured,
            goal,
            floor: None,
        };
        if connections == 1 {
            self.goals.push(goal("beside naive", beside(own, mutex), Line::AtLeast(1.0)));
        }
        if connections == 64 {
            let naive = beside(own, mutex).min(beside(own, pool));
            self.goals.push(goal("beside the better naive way", naive, Line::AtLeast(5.0)));
            self.goals.push(goal("p99 in ms", own.spread(|round| round.p99).median, Line::AtMost(20.0)));
            self.goals.push(goal("beside storing nothing", beside(own, nothing), Line::AtLeast(0.35)));
            let bar = |name: &str, ratio, kind| Bar { name: name.into(), ratio, kind };
            self.bars = vec![
                bar("renewals, storing nothing", 1.0, Kind::Other),
                bar("durable renewals", beside(own, nothing), Kind::Portero),
                bar("durable, a transaction for each", beside(mutex, nothing), Kind::Other),
            ];
        }
    }
}

/// Sign-ins and sign-outs per second. Each request is sent once, so not by wrk, which repeats its requests.
fn sign_ins_and_outs(portero: &Server, signer: &Signer, sessions: &[Session]) -> Result<Table, Failure> {
    println!("writes: sign-ins and sign-outs");
    let sign_ins = clients::each_once(portero.address, CLIENTS, &log_in_requests(TOKENS))?;
    let sign_outs = clients::each_once(portero.address, CLIENTS, &signer.log_out_requests(sessions)?)?;
    let mut table = Table::new(&["each once, 64 clients", "req/s"]);
    table.rows.push(vec!["sign-in at bcrypt cost 4".into(), with_commas(sign_ins, 0)]);
    table.rows.push(vec!["sign-out, which revokes".into(), with_commas(sign_outs, 0)]);
    Ok(table)
}
