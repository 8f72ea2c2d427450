//! What an app asks for by OpenID Connect: `/userinfo` and `/token`, beside the certified provider `oidc-provider`.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use portero::domain::Transport;
use portero::tokens::Algorithm;
use serde_json::Value;

use crate::report::{Goal, Line, Section, Spread, Table, percentile};
use crate::seed::{Amounts, Data, PUBLIC_URL, Session, Signer, TOKENS};
use crate::servers::{self, PORTERO, add_app, ask, cpu_micros, is_success, wait_for_app_keys};
use crate::support::{Failure, Server, exchange, get, header};
use crate::wrk::{Rounds, Target, in_turn, write_requests};
use crate::{Bench, fixed_rate};

const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 7;
/// How many apps' processes renew, each with the tokens of a session of its own, one after the other.
const CHAINS: usize = 64;
const TOKEN_ROUNDS: usize = 3;
const TOKEN_TIME: Duration = Duration::from_secs(3);
/// Checked requests of others per second, quiet and meanwhile.
const RATE: u32 = 200;
const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];
/// The verifier and its challenge. (RFC 7636, appendix B)
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https%3A%2F%2Fwiki.example.org%2Fcallback";

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("openid: signing in to two apps");
    let amounts = Amounts {
        users: i64::try_from(TOKENS)?,
        bearer_sessions: i64::try_from(TOKENS)?,
        cookie_sessions: i64::try_from(CHAINS)?,
        blocked_tokens: 0,
    };
    let data = Data::begun(bench, "openid", "4", amounts)?;
    let clients = ALGORITHMS
        .iter()
        .map(|algorithm| {
            let redirect = ["--redirect-uri", "https://wiki.example.org/callback", "--id-token-algorithm", *algorithm];
            add_app(Path::new(PORTERO), &data.folder, &[&[*algorithm, "--public", "--trusted"], &redirect[..]].concat())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let data = data.moved()?;
    let signer = Signer::new(Algorithm::HS256)?;
    let settings: Vec<_> = signer.settings().into_iter().chain([PUBLIC_URL]).collect();
    let portero = servers::portero(&data, &settings)?;
    servers::wait_until_ready(portero.address)?;
    wait_for_app_keys(portero.address, &["RSA", "EC"])?;
    let sessions = data.sessions(Transport::Cookie, CHAINS)?;
    let mut own = Provider::new("Portero", &portero);
    for client in clients {
        own.sign_in(&signer, &sessions, client)?;
    }
    let mut other = Provider::oidc_provider()?;

    let (userinfo, [rate, cpu]) = userinfo(bench, &own, &other)?;
    let others = signer.bearer_requests(&data.sessions(Transport::Bearer, TOKENS)?)?;
    let mut tokens = Table::new(&["POST /token, renewing", "ID token", "req/s", "CPU µs"]);
    let beside = renewals(&mut own, &mut other, &others, &mut tokens)?;
    let goal = |what: &str, measured, goal| Goal { what: what.into(), measured, goal, floor: None };
    Ok(Section {
        title: "OpenID Connect",
        how: format!(
            "`GET /userinfo` with one access token, by `wrk -t1 -c{CONNECTIONS}`, in turn ({ROUNDS} rounds) with `oidc-provider`, a process of Node \
             that keeps everything in its own memory. `POST /token`: {CHAINS} clients renew for {} s, each with the refresh token that it was given \
             last, {TOKEN_ROUNDS} rounds; meanwhile at Portero `GET /protected` of others at a fixed {RATE} per second, timed from when each was due.",
            TOKEN_TIME.as_secs()
        ),
        tables: vec![userinfo, tokens],
        goals: vec![
            goal("/userinfo: throughput beside oidc-provider", rate, Line::AtLeast(10.0)),
            goal("/userinfo: CPU of oidc-provider beside Portero's", cpu, Line::AtLeast(10.0)),
            goal("/token: p99 of others, beside quiet", beside, Line::AtMost(2.0)),
        ],
        bars: Vec::new(),
    })
}

/// The table, and how much better Portero is: in throughput, and in CPU time per request.
fn userinfo(bench: &Bench, own: &Provider, other: &Provider) -> Result<(Table, [f64; 2]), Failure> {
    println!("openid: /userinfo");
    let file = |provider: &Provider| {
        let file = bench.path(&format!("userinfo-{}", provider.name));
        write_requests(&file, [get("/userinfo", &format!("authorization: Bearer {}\r\n", provider.access))])?;
        Ok::<_, Failure>(file)
    };
    let files = [file(own)?, file(other)?];
    let [ours, theirs] =
        in_turn(ROUNDS, CONNECTIONS, [(&own.target, files[0].as_path()), (&other.target, files[1].as_path())])?;
    let mut table = Table::new(&["GET /userinfo", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs"]);
    for (provider, rounds) in [(own, &ours), (other, &theirs)] {
        let row: Vec<_> = [provider.name.to_owned()].into_iter().chain(rounds.cells()).collect();
        println!("    {}", row.join(" | "));
        table.rows.push(row);
    }
    let beside = |one: &Rounds, other, figure: fn(&crate::wrk::Round) -> f64| one.ratio(other, figure).median;
    let rate = beside(&ours, &theirs, |round| round.requests_per_second);
    Ok((table, [rate, beside(&theirs, &ours, |round| round.cpu)]))
}

/// Fills the table. Returns the p99 of others' requests at Portero while it renews, as a multiple of what it is in quiet.
fn renewals(own: &mut Provider, other: &mut Provider, others: &[String], table: &mut Table) -> Result<f64, Failure> {
    println!("openid: /token");
    let p99 =
        |address, length| Ok::<_, Failure>(percentile(&fixed_rate::latencies(address, others, RATE, length)?, 0.99));
    let mut beside = Vec::new();
    for number in 0..ALGORITHMS.len() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TOKEN_ROUNDS {
            let address = own.target.address;
            let quiet = p99(address, TOKEN_TIME)?;
            let (renewed, meanwhile) = std::thread::scope(|scope| {
                let meanwhile = scope.spawn(|| p99(address, TOKEN_TIME));
                let renewed = own.renew(number, TOKEN_TIME);
                (renewed, meanwhile.join().map_err(|_| Failure::from("a thread panicked")))
            });
            ours.push(renewed?);
            beside.push(meanwhile?? / quiet);
            theirs.push(other.renew(number, TOKEN_TIME)?);
        }
        for (provider, figures) in [(&*own, &ours), (&*other, &theirs)] {
            let spread = |figure: fn(&Renewed) -> f64| format!("{}", Spread::of(figures.iter().map(figure)));
            let row = vec![
                provider.name.to_owned(),
                ALGORITHMS.get(number).copied().unwrap_or_default().to_owned(),
                spread(|renewed| renewed.per_second),
                spread(|renewed| renewed.cpu),
            ];
            println!("    {}", row.join(" | "));
            table.rows.push(row);
        }
    }
    Ok(Spread::of(beside).median)
}

/// How many renewals there were each second, and what each cost, in microseconds of CPU time.
struct Renewed {
    per_second: f64,
    cpu: f64,
}

/// A provider and what it has given.
struct Provider {
    name: &'static str,
    target: Target,
    access: String,
    /// An app for each of [`ALGORITHMS`]: its client id, and its refresh tokens.
    apps: Vec<(String, Vec<String>)>,
    /// Ends with it.
    _process: Option<Server>,
}

impl Provider {
    fn new(name: &'static str, server: &Server) -> Self {
        Self { name, target: Target::from(server), access: String::new(), apps: Vec::new(), _process: None }
    }

    /// `oidc-provider`, as `tests/peers/install` has put it there.
    fn oidc_provider() -> Result<Self, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let peers = root.join("target/peers");
        if !peers.join("node_modules/oidc-provider").exists() {
            return Err("oidc-provider is not there: run tests/peers/install".into());
        }
        let mut node = Command::new("node");
        node.arg(root.join("benches/load/oidc_provider.mjs")).env("PEERS", peers).env("CHAINS", CHAINS.to_string());
        let server = Server::start(&mut node)?;
        let told = json(&ask(server.address, &get("/tokens", ""))?)?;
        let all = |algorithm: &str| -> Vec<String> {
            let tokens = told.get(algorithm).and_then(Value::as_array).into_iter().flatten();
            tokens.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let apps = ALGORITHMS.map(|algorithm| (algorithm.to_owned(), all(algorithm))).into();
        let mut provider = Self::new("oidc-provider", &server);
        provider.access = text(&told, "access")?;
        Ok(Self { apps, _process: Some(server), ..provider })
    }

    /// Signs each session in to the app with this client id.
    fn sign_in(&mut self, signer: &Signer, sessions: &[Session], client: String) -> Result<(), Failure> {
        let query = format!(
            "client_id={client}&redirect_uri={REDIRECT}&response_type=code&scope=openid%20profile%20offline_access&state=s\
             &code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let mut refresh = Vec::new();
        for request in signer.page_requests_to(&format!("/authorize?{query}"), sessions)? {
            let answer = ask(self.target.address, &request)?;
            let led = header(&answer, "location").and_then(|to| to.split_once("code=")).map(|(_, code)| code);
            let code = led.and_then(|code| code.split('&').next()).ok_or_else(|| format!("no code, but: {answer}"))?;
            let form = format!(
                "grant_type=authorization_code&client_id={client}&code={code}&redirect_uri={REDIRECT}&code_verifier={VERIFIER}"
            );
            let given = json(&ask(self.target.address, &token_request(&form))?)?;
            self.access = text(&given, "access_token")?;
            refresh.push(text(&given, "refresh_token")?);
        }
        self.apps.push((client, refresh));
        Ok(())
    }

    /// Renews all refresh tokens of an app over and over, by a client for each.
    fn renew(&mut self, number: usize, time: Duration) -> Result<Renewed, Failure> {
        let (address, before) = (self.target.address, cpu_micros(&self.target.processes)?);
        let (client, tokens) = self.apps.get_mut(number).ok_or("no such app")?;
        let begin = Instant::now();
        let counts = std::thread::scope(|scope| {
            let client = client.as_str();
            let each =
                tokens.iter_mut().map(|token| scope.spawn(move || renew_one(address, client, token, begin + time)));
            let each: Vec<_> = each.collect();
            each.into_iter()
                .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
                .collect::<Result<Vec<_>, Failure>>()
        })?;
        let (count, took) = (counts.iter().sum::<u32>(), begin.elapsed().as_secs_f64());
        let used = cpu_micros(&self.target.processes)? - before;
        Ok(Renewed { per_second: f64::from(count) / took, cpu: used / f64::from(count) })
    }
}

fn renew_one(address: SocketAddr, client: &str, token: &mut String, until: Instant) -> Result<u32, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut count = 0;
    while Instant::now() < until {
        let form = format!("grant_type=refresh_token&client_id={client}&refresh_token={token}");
        let answer = exchange(&mut stream, &token_request(&form))?;
        *token = text(&json(&answer)?, "refresh_token")?;
        count += 1;
    }
    Ok(count)
}

fn token_request(form: &str) -> String {
    format!(
        "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// The body of a success.
fn json(answer: &str) -> Result<Value, Failure> {
    if !is_success(answer) {
        return Err(format!("no success, but: {answer}").into());
    }
    Ok(serde_json::from_str(answer.split_once("\r\n\r\n").ok_or("no body")?.1)?)
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    Ok(value.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name} in {value}"))?.to_owned())
}
