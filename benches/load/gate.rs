//! What the gate's check costs, compared with a checked request, with one that is not checked, and with flask-jwt-extended as a gate.

use std::path::{Path, PathBuf};

use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::report::{Goal, Line, Section, Table};
use crate::seed::{Amounts, BELIEVE_ADDRESSES, Data, PUBLIC_URL, Session, Signer, TOKENS};
use crate::servers::{self, PORTERO, add_app, wait_for_app_keys};
use crate::support::seed::Seeding;
use crate::support::{Failure, get};
use crate::wrk::{Rounds, Target, in_turn, write_requests};
use crate::{Bench, bare, peers};

const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 11;
const CHECK: &str = "/gate/check/nginx";
/// What nginx sends along of a request to the app, as `portero proxy print` sets it up.
const FORWARDED: &str = "x-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: https\r\nx-original-method: GET\r\n\
                         x-original-url: https://wiki.example.org/page?a=b\r\naccept: */*\r\n\
                         user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n";

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("gate: the check");
    let signer = Signer::new(Algorithm::HS256)?;
    let (data, sessions, requests) = prepared(bench, "gate", TOKENS)?;
    let portero = servers::portero(&data, &settings(&signer))?;
    servers::wait_until_ready(portero.address)?;
    wait_for_app_keys(portero.address, &["EC"])?;
    let bare = bare::start_like(bench, &portero, CHECK, requests.first().ok_or("no passes")?)?;
    let (checks, protected) = (bench.path("gate-checks"), bench.path("gate-protected"));
    write_requests(&checks, requests)?;
    write_requests(&protected, signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?)?;
    let (bare, target) = (Target::from(&bare), Target::from(&portero));
    let [unchecked, checked, of_protected] =
        in_turn(ROUNDS, CONNECTIONS, [(&bare, &checks), (&target, &checks), (&target, &protected)])?;

    let mut table =
        Table::new(&["case", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs", "× bare req/s", "× /protected CPU"]);
    let mut row = |name: &str, rounds: &Rounds, bare: &Rounds, protected: &Rounds| {
        let rate = rounds.ratio(bare, |round| round.requests_per_second);
        let cpu = rounds.ratio(protected, |round| round.cpu);
        let cells = rounds.cells().into_iter().chain([format!("{rate:.3}"), format!("{cpu:.2}")]);
        let cells: Vec<_> = [name.to_owned()].into_iter().chain(cells).collect();
        println!("    {}", cells.join(" | "));
        table.rows.push(cells);
        (rate.median, cpu.median)
    };
    row("bare: the same headers", &unchecked, &unchecked, &of_protected);
    row("GET /protected", &of_protected, &unchecked, &of_protected);
    let (rate, cpu) = row("the gate's check", &checked, &unchecked, &of_protected);
    let goal =
        |what: &str, measured, goal| Goal { what: format!("the gate's check: {what}"), measured, goal, floor: None };
    let goals = vec![
        goal("CPU beside /protected", cpu, Line::AtMost(1.25)),
        goal("throughput beside bare", rate, Line::AtLeast(0.75)),
    ];
    if bench.with_peers {
        let file = flask_requests(bench, &signer, &sessions)?;
        let peer = peers::gate(bench, &signer)?;
        let loads = [(&bare, checks.as_path()), (&target, &checks), (&target, &protected), (&peer.target, &file)];
        let [unchecked, _, of_protected, flask] = in_turn(ROUNDS, CONNECTIONS, loads)?;
        row("flask-jwt-extended, Redis", &flask, &unchecked, &of_protected);
    }
    Ok(Section {
        title: "The gate's check",
        how: format!(
            "`GET {CHECK}`, as nginx asks it, by `wrk -t1 -c{CONNECTIONS}` with {TOKENS} different passes in turn; in turn ({ROUNDS} rounds) with \
             `GET /protected` and with actix-web that checks nothing and answers the same bytes. flask-jwt-extended, with `--peers`: an app that \
             is asked in the same way, with its token in a cookie."
        ),
        tables: vec![table],
        goals,
        bars: Vec::new(),
    })
}

/// Rows of so many people with a session of each kind, of which those by cookie have a pass for an app; and what the proxy asks for each pass.
pub(crate) fn prepared(bench: &Bench, name: &str, passes: usize) -> Result<(Data, Vec<Session>, Vec<String>), Failure> {
    let count = i64::try_from(passes)?;
    let amounts = Amounts { users: count, bearer_sessions: count, cookie_sessions: count, blocked_tokens: 0 };
    let data = Data::begun(bench, name, "4", amounts)?;
    add_app(Path::new(PORTERO), &data.folder, &["wiki", "--origin", "https://wiki.example.org"])?;
    let sessions = data.sessions(Transport::Cookie, passes)?;
    let mut seeding = Seeding::begin(&data.sqlite())?;
    let mut requests = Vec::new();
    for session in &sessions {
        let pass = seeding.pass(&session.sid)?;
        requests.push(get(CHECK, &format!("{FORWARDED}cookie: __Host-portero_pass={pass}\r\n")));
    }
    seeding.finish()?;
    Ok((data.moved()?, sessions, requests))
}

/// What a server needs in order to believe those questions.
pub(crate) fn settings(signer: &Signer) -> Vec<(&str, &str)> {
    signer.settings().into_iter().chain([BELIEVE_ADDRESSES, PUBLIC_URL]).collect()
}

/// The same questions, with the token that flask-jwt-extended reads where Portero has the pass.
fn flask_requests(bench: &Bench, signer: &Signer, sessions: &[Session]) -> Result<PathBuf, Failure> {
    let file = bench.path("gate-flask");
    write_requests(&file, signer.cookie_requests_to(CHECK, FORWARDED, sessions)?)?;
    Ok(file)
}
