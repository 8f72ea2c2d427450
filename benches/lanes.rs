//! Renewals on PostgreSQL over a network: `cargo bench --features postgres --bench lanes`. Starts a server of its own, on the disk, with
//! `tests/postgres/cluster`, and puts a proxy before it that adds to each round trip what a network does. What runs are the statements of a
//! renewal, through the store's own doors: one after the other, as a writer without group commit would; together in the queue; and
//! in the lanes. Read the ratios: everything shares this machine's cores.

#[path = "../tests/support/new_session.rs"]
#[allow(unreachable_pub, reason = "it is the tests' own")]
mod new_session;
#[path = "support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use new_session::new_session;
use portero::blocklist::change::Change;
use portero::domain::{DatabaseUrl, PostgresUrl, Role, SessionId, StepKind, UnixTime, UserId, Username};
use portero::store::hourly_counts::Counted;
use portero::store::sessions::{self, Session};
use portero::store::steps::{self, Step};
use portero::store::users::{self, NewUser};
use portero::store::{Db, Error, Lane, Pending, Tx, Upkeep};
use support::Failure;
use support::cluster::Cluster;
use support::slow_network::Network;

const SESSIONS: usize = 20_000;
const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
const EACH: Duration = Duration::from_secs(4);
/// Half of a round trip between two machines in one place.
const ONE_WAY: Duration = Duration::from_micros(150);
const GOAL: f64 = 5.0;
const IP: &str = "203.0.113.7";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn url(server: SocketAddr) -> DatabaseUrl {
    DatabaseUrl::Postgres(Box::new(PostgresUrl {
        host: Some(server.ip().to_string()),
        port: Some(server.port()),
        user: Some("portero".into()),
        database: "lanes".into(),
        ..PostgresUrl::default()
    }))
}

fn main() -> Result<(), Failure> {
    let cluster = Cluster::start("postgres-lanes")?;
    cluster.create("lanes")?;
    let server = cluster.address;
    let db = Db::open(&url(server))?;
    let sids = fill(&db)?;
    db.close();
    let far = Network::before(server, ONE_WAY)?.address;
    println!("{SESSIONS} sessions, {CLIENTS} clients, {ROUNDS} rounds of {} s in turn, medians", EACH.as_secs());
    for (network, address) in [("over loopback", server), ("over the network", far)] {
        println!("\n{network}: a round trip takes {:.2} ms", round_trip(address)?);
        let rounds: Vec<_> = (0..ROUNDS).map(|_| round(address, &sids)).collect::<Result<_, _>>()?;
        let median = |of: fn(&Round) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let alone = median(|round| round.alone);
        let (queue, lanes) = (median(|round| round.queue), median(|round| round.lanes));
        println!("  one writer, a transaction each   {alone:>6.0} renewals/s");
        println!("  the queue, committed together    {queue:>6.0} renewals/s   × {:.2}", queue / alone);
        println!("  lanes                            {lanes:>6.0} renewals/s   × {:.2}", lanes / alone);
        println!("  cores busy meanwhile: {:.2} of {}", median(|round| round.busy), cores());
        if address == far {
            let verdict = if lanes / alone >= GOAL { "reached" } else { "missed" };
            println!("  goal: lanes ≥ {GOAL} × one writer with a transaction each: {verdict}");
        }
    }
    Ok(())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

struct Round {
    alone: f64,
    queue: f64,
    lanes: f64,
    /// How many cores were busy while the lanes were measured.
    busy: f64,
}

fn round(address: SocketAddr, sids: &[SessionId]) -> Result<Round, Failure> {
    let db = Db::open(&url(address))?;
    let in_queue = |sid| db.write(Upkeep, now(), move |tx, _| renew(tx, sid));
    let in_lane = |sid| db.write_beside(Lane::Session(sid), Upkeep, now(), move |tx, _| renew(tx, sid));
    // Opens the connections and prepares the statements.
    per_second(CLIENTS, Duration::from_millis(500), sids, &in_lane)?;
    let alone = per_second(1, EACH, sids, &in_queue)?;
    let queue = per_second(CLIENTS, EACH, sids, &in_queue)?;
    let (before, begin) = (busy_seconds()?, Instant::now());
    let lanes = per_second(CLIENTS, EACH, sids, &in_lane)?;
    let busy = (busy_seconds()? - before) / begin.elapsed().as_secs_f64();
    db.close();
    Ok(Round { alone, queue, lanes, busy })
}

/// So many clients, each of which renews one session after the other.
fn per_second(
    clients: usize,
    time: Duration,
    sids: &[SessionId],
    renewal: &(impl Fn(SessionId) -> Pending<(), Error> + Sync),
) -> Result<f64, Failure> {
    let (next, begin) = (AtomicUsize::new(0), Instant::now());
    let done = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| -> Result<usize, Error> {
                    let mut done = 0;
                    while begin.elapsed() < time {
                        let nth = next.fetch_add(1, Ordering::Relaxed) % sids.len();
                        renewal(sids[nth]).committed()?;
                        done += 1;
                    }
                    Ok(done)
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().map_err(|_| Error::Panicked)?).sum::<Result<usize, Error>>()
    })?;
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    Ok(done as f64 / begin.elapsed().as_secs_f64())
}

/// What a renewal does in its transaction.
fn renew(tx: &mut Tx<'_>, sid: SessionId) -> Result<(), Error> {
    let Some((session, _user)) = users::find_by_session(tx.conn, sid)? else {
        return Err(Error::Unknown("the session is gone".into()));
    };
    let mut next = Session {
        generation: session.generation + 1,
        issue: session.issue + 1,
        previous_issue: session.issue,
        rotated_at: tx.now,
        last_seen_at: tx.now,
        ..session.clone()
    };
    let step = step(StepKind::Renewed, tx.now);
    if !steps::repeat(tx.conn, sid, session.steps - 1, &step)? {
        steps::add(tx.conn, sid, session.steps, &step)?;
        next.steps += 1;
    }
    if !sessions::rotate(tx.conn, &session, &next)? {
        return Err(Error::Unknown("the session was renewed by somebody else".into()));
    }
    tx.count(Counted::Renewed, 1);
    tx.change(Change::FirstUseAwaited(sid, next.generation));
    Ok(())
}

fn step(kind: StepKind, at: UnixTime) -> Step {
    Step { kind, at, until: at, times: 1, ip: IP.into(), user_agent: BROWSER.into(), odd: false }
}

fn fill(db: &Db) -> Result<Vec<SessionId>, Failure> {
    let user = db.write(Upkeep, now(), |tx, _| {
        let username = Username::parse("ana").map_err(|_| Error::Unknown("a name".into()))?;
        users::add(tx.conn, &NewUser { username: &username, password_hash: None, role: Role::User, now: tx.now })
    });
    let user = user.committed()?.ok_or("the database is not empty")?;
    let mut sids = Vec::new();
    for _ in 0..SESSIONS / 500 {
        let some: Vec<_> = (0..500).map(|_| SessionId::random()).collect();
        sids.extend(&some);
        let added = db.write(Upkeep, now(), move |tx, _| {
            some.into_iter().try_for_each(|sid| {
                sessions::add(tx.conn, &session(sid, user, tx.now))?;
                steps::add(tx.conn, sid, 0, &step(StepKind::SignedIn, tx.now))
            })
        });
        added.committed()?;
    }
    Ok(sids)
}

fn session(sid: SessionId, user: UserId, now: UnixTime) -> Session {
    Session {
        remembered: true,
        expires_at: now.plus(30 * 86_400),
        ip: IP.into(),
        user_agent: BROWSER.into(),
        made_ip: IP.into(),
        made_agent: BROWSER.into(),
        seen: true,
        ..new_session(sid, user, now)
    }
}

fn now() -> UnixTime {
    portero::clock::Clock::default().now()
}

/// In milliseconds, the median of many.
fn round_trip(address: SocketAddr) -> Result<f64, Failure> {
    let mut conn = PgConnection::establish(&format!("postgres://portero@127.0.0.1:{}/lanes", address.port()))?;
    let mut all = Vec::new();
    for _ in 0..500 {
        let begin = Instant::now();
        conn.batch_execute("SELECT 1")?;
        all.push(begin.elapsed());
    }
    all.sort();
    Ok(all[all.len() / 2].as_secs_f64() * 1000.0)
}

/// How long the machine's cores have worked so far, all together, whoever for.
fn busy_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().ok_or("no /proc/stat")?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    // Without what is counted as a guest's time, which is in the others already.
    Ok((ticks.iter().take(8).sum::<f64>() - idle) / 100.0)
}
