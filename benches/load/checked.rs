//! What a checked request costs, compared with one that is not checked and with one that flask-jwt-extended checks.

use std::path::{Path, PathBuf};

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Bar, Goal, Kind, Line, Section, Table};
use crate::seed::{ACCOUNT, Amounts, Data, PROTECTED, Signer, TOKENS};
use crate::support::{Failure, get};
use crate::wrk::{Rounds, Target, in_turn, write_requests};
use crate::{Bench, bare, peers, servers};

const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 11;
const MILLION: i64 = 1_000_000;

/// What is requested, and how the token is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Bearer,
    /// The same token every time: everything that the check touches stays in the processor's cache.
    OneBearer,
    Cookie,
    Page,
}

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("checked: making a million revoked tokens");
    let amounts = Amounts {
        users: TOKENS as i64,
        bearer_sessions: TOKENS as i64,
        cookie_sessions: TOKENS as i64,
        blocked_tokens: MILLION,
    };
    let full = Data::begun(bench, "checked", "4", amounts)?.signed_in()?.moved()?;
    let empty = Data::make(bench, "checked-empty", "4", Amounts { blocked_tokens: 0, ..amounts })?;
    let mut all = All {
        bench,
        table: Table::new(&["case", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs", "× bare req/s", "× bare CPU"]),
        goals: Vec::new(),
        bars: vec![Bar { name: "bare actix-web".into(), ratio: 1.0, kind: Kind::Other }],
    };
    let by_secret = Signer::new(Algorithm::HS256)?;
    all.case("HS256", &full, &by_secret, Way::Bearer)?;
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        all.case(algorithm.as_str(), &full, &Signer::new(algorithm)?, Way::Bearer)?;
    }
    all.case("HS256, one token", &full, &by_secret, Way::OneBearer)?;
    all.case("HS256, none revoked", &empty, &by_secret, Way::Bearer)?;
    all.case("HS256 by cookie", &full, &by_secret, Way::Cookie)?;
    all.case("the page /account", &full, &by_secret, Way::Page)?;
    if bench.with_peers {
        all.peers(&full, &by_secret)?;
    }
    Ok(Section {
        title: "A checked request",
        how: format!(
            "`GET /protected` with every check, by `wrk -t1 -c{CONNECTIONS}` with {TOKENS} different tokens in turn unless it says one; a \
             million revoked tokens in force unless it says none. Beside it, in turn ({ROUNDS} rounds), actix-web that checks nothing and answers \
             the same bytes to the same requests."
        ),
        tables: vec![all.table],
        goals: all.goals,
        bars: all.bars,
    })
}

struct All<'a> {
    bench: &'a Bench,
    table: Table,
    goals: Vec<Goal>,
    bars: Vec<Bar>,
}

impl All<'_> {
    fn case(&mut self, name: &str, data: &Data, signer: &Signer, way: Way) -> Result<(), Failure> {
        println!("checked: {name}");
        let requests = match way {
            Way::Bearer => signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?,
            Way::OneBearer => signer.bearer_requests(&data.sessions(Transport::Bearer, 1)?)?,
            Way::Cookie => signer.cookie_requests(&data.sessions(Transport::Cookie, TOKENS)?)?,
            Way::Page => signer.page_requests(&data.sessions(Transport::Cookie, TOKENS)?)?,
        };
        let portero = servers::portero(data, &signer.settings())?;
        let path = if way == Way::Page { ACCOUNT } else { PROTECTED };
        let first = requests.first().ok_or("no sessions")?;
        let bare = bare::start_like(self.bench, &portero, path, first)?;
        let file = self.file(requests)?;
        let (bare, portero) = (Target::from(&bare), Target::from(&portero));
        let [unchecked, checked] = in_turn(ROUNDS, CONNECTIONS, [(&bare, &file), (&portero, &file)])?;
        if self.table.rows.is_empty() {
            self.without_headers(&bare, &unchecked, &file)?;
        }
        if matches!(way, Way::Cookie | Way::Page) {
            self.row(&format!("bare: {name}"), &unchecked, &unchecked);
        }
        let (rate, cpu) = self.row(name, &checked, &unchecked);
        let bar = if way == Way::Page { name.into() } else { format!("checked request, {name}") };
        self.bars.push(Bar { name: bar, ratio: rate, kind: Kind::Portero });
        self.goals.extend(goals(name, way, rate, cpu));
        Ok(())
    }

    /// Adds rows for the bare server with and without the headers and the large body, to show what these alone cost.
    fn without_headers(&mut self, bare: &Target, with_headers: &Rounds, same: &Path) -> Result<(), Failure> {
        let plain = self.bench.path("plain-requests");
        write_requests(&plain, [get("/plain", "")])?;
        let [with, without] = in_turn(ROUNDS, CONNECTIONS, [(bare, same), (bare, &plain)])?;
        self.row("bare: the same headers and body", with_headers, with_headers);
        self.row("bare: small body, no headers", &without, &with);
        Ok(())
    }

    fn peers(&mut self, data: &Data, signer: &Signer) -> Result<(), Failure> {
        let sessions = data.sessions(Transport::Bearer, TOKENS)?;
        let requests = signer.bearer_requests(&sessions)?;
        let portero = servers::portero(data, &signer.settings())?;
        let first = requests.first().ok_or("no sessions")?;
        let bare = bare::start_like(self.bench, &portero, PROTECTED, first)?;
        drop(portero);
        let file = self.file(requests)?;
        let bare = Target::from(&bare);
        for (name, start) in peers::ALL {
            println!("checked: {name}");
            let peer = start(self.bench, signer)?;
            let [unchecked, checked] = in_turn(ROUNDS, CONNECTIONS, [(&bare, &file), (&peer.target, &file)])?;
            let (rate, _) = self.row(name, &checked, &unchecked);
            self.bars.push(Bar { name: name.into(), ratio: rate, kind: Kind::Other });
        }
        Ok(())
    }

    fn file(&self, requests: Vec<String>) -> Result<PathBuf, Failure> {
        let file = self.bench.path("requests");
        write_requests(&file, requests)?;
        Ok(file)
    }

    /// Adds a row of figures. Returns the ratios of throughput and CPU time.
    fn row(&mut self, name: &str, rounds: &Rounds, beside: &Rounds) -> (f64, f64) {
        let rate = rounds.ratio(beside, |round| round.requests_per_second);
        let cpu = rounds.ratio(beside, |round| round.cpu);
        let ratios = [format!("{rate:.3}"), format!("{cpu:.2}")];
        let row: Vec<String> = [name.to_owned()].into_iter().chain(rounds.cells()).chain(ratios).collect();
        println!("    {}", row.join(" | "));
        self.table.rows.push(row);
        (rate.median, cpu.median)
    }
}

fn goals(name: &str, way: Way, rate: f64, cpu: f64) -> Vec<Goal> {
    let throughput =
        |goal, floor| Goal { what: format!("{name}: throughput beside bare"), measured: rate, goal, floor };
    match way {
        Way::Page => vec![throughput(Line::AtLeast(0.3), None)],
        Way::Bearer | Way::OneBearer | Way::Cookie => vec![
            throughput(Line::AtLeast(0.9), Some(Line::AtLeast(0.8))),
            Goal {
                what: format!("{name}: CPU beside bare"),
                measured: cpu,
                goal: Line::AtMost(1.15),
                floor: Some(Line::AtMost(1.3)),
            },
        ],
    }
}
