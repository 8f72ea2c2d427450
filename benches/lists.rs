//! The admin's lists with a million open and a million ended sessions: `cargo bench --bench lists`.
//!
//! Makes the rows, then prints how long each list takes for its first page and for one far inside, both from the store and from a
//! running server, and how long that server takes to its first answer, with all those rows to load. `-- 100000` makes fewer rows.

#[path = "support/mod.rs"]
mod support;

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use portero::domain::{DatabaseUrl, Reason, SessionId, UnixTime, UserId};
use portero::store::list_filter::ListFilter;
use portero::store::session_lists::{self, List, ListedSession};
use portero::store::{Db, Error};
use support::seed::Seeding;
use support::{Failure, Server, add_user, exchange, get, log_in};

const USERS: i64 = 10_000;
const TURNS: usize = 15;

fn main() -> Result<(), Failure> {
    let rows = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::TempDir::new()?;
    let data = folder.path().join("data");
    let program = env!("CARGO_BIN_EXE_portero");
    add_user(program, &data, "admin", &["--admin"], &[])?;
    let path = data.join("portero.db");
    let now = make(&path, rows)?;

    let db = Db::open(&DatabaseUrl::Sqlite(path.clone()))?;
    println!("\n{:44} {:>10} {:>10}", "query (ms, median)", "page 1", "far inside");
    let filters: [(&str, ListFilter); 5] = [
        ("all", ListFilter::default()),
        ("of a user", ListFilter { user: Some(UserId(77)), ..ListFilter::default() }),
        ("from an address", ListFilter { ip: Some("10.0.0.77".into()), ..ListFilter::default() }),
        ("unusual / for a reason", ListFilter { odd: true, reason: Some(Reason::Reuse), ..ListFilter::default() }),
        (
            "within a day",
            ListFilter {
                from: Some(now.plus(-6 * 86_400)),
                until: Some(now.plus(-5 * 86_400)),
                ..ListFilter::default()
            },
        ),
    ];
    for (name, filter) in &filters {
        let open = |filter: &ListFilter| db.read(|conn| session_lists::page(conn, List::Open(now), filter));
        figures(&format!("open sessions, {name}"), filter, &open, |one| one.session.created_at)?;
    }
    for (name, filter) in &filters {
        let ended = |filter: &ListFilter| db.read(|conn| session_lists::page(conn, List::Ended, filter));
        let moment = |one: &ListedSession| one.session.end.map_or(UnixTime(0), |end| end.at);
        figures(&format!("ended sessions, {name}"), filter, &ended, moment)?;
    }
    drop(db);
    pages(program, &data, now)
}

/// Makes `rows` open and as many ended sessions. Returns the moment that counts as now in them.
fn make(path: &std::path::Path, rows: i64) -> Result<UnixTime, Failure> {
    let begin = Instant::now();
    let mut seeding = Seeding::begin(path)?;
    seeding.users(USERS)?;
    seeding.open_sessions(rows, "cookie")?;
    seeding.ended_sessions(rows)?;
    seeding.stories()?;
    let now = seeding.now;
    seeding.finish()?;
    println!("made {rows} open and {rows} ended sessions of {USERS} users in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(now)
}

/// Prints how long a list takes for its first page, and for one that begins three quarters down the list.
fn figures(
    name: &str,
    filter: &ListFilter,
    list: &impl Fn(&ListFilter) -> Result<Vec<ListedSession>, Error>,
    moment: impl Fn(&ListedSession) -> UnixTime,
) -> Result<(), Failure> {
    let first = ListFilter { limit: 51, ..filter.clone() };
    let all = list(&ListFilter { limit: i64::MAX, ..filter.clone() })?;
    let far = all.get(all.len() * 3 / 4).ok_or("an empty list tells nothing")?;
    let inside = ListFilter { before: Some((moment(far), far.session.sid.to_string())), ..first.clone() };
    println!(
        "{:44} {:>10.2} {:>10.2}   of {}",
        name,
        median(|| list(&first).map(|_| ()))?,
        median(|| list(&inside).map(|_| ()))?,
        all.len()
    );
    Ok(())
}

/// The median time that `act` takes, in milliseconds.
fn median<E>(mut act: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times = Vec::new();
    for _ in 0..TURNS {
        let begin = Instant::now();
        act()?;
        times.push(begin.elapsed());
    }
    times.sort();
    Ok(times[TURNS / 2].as_secs_f64() * 1000.0)
}

fn pages(program: &str, data: &std::path::Path, now: UnixTime) -> Result<(), Failure> {
    let begin = Instant::now();
    let server = Server::start(Command::new(program).args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data))?;
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    exchange(&mut stream, &get("/readyz", ""))?;
    println!("\n{:44} {:>10.0}", "start to ready with all this (ms)", begin.elapsed().as_secs_f64() * 1000.0);
    println!("{:44} {:>10.0}", "memory then (MB)", server.resident_megabytes()?);
    let token = log_in(server.address, "admin")?;

    println!("\n{:44} {:>10}", "page (ms, median, JSON by the server)", "");
    let nobody = SessionId::random();
    let deep = now.plus(-15 * 86_400).0;
    for path in [
        "/admin/sessions".to_owned(),
        format!("/admin/sessions?before={deep}.{nobody}"),
        "/admin/sessions?user=user77".to_owned(),
        "/admin/sessions?ip=10.0.0.77".to_owned(),
        "/admin/sessions?state=odd".to_owned(),
        "/admin/revoked".to_owned(),
        format!("/admin/revoked?before={deep}.{nobody}"),
        "/admin/revoked?user=user77".to_owned(),
        "/admin/revoked?ip=10.0.0.77".to_owned(),
        "/admin/revoked?reason=reuse".to_owned(),
        format!("/admin/revoked?from={}&until={}", deep, deep + 86_400),
        "/account".to_owned(),
    ] {
        let request = get(&path, &format!("authorization: Bearer {token}\r\n"));
        let took = median(|| {
            let answer = exchange(&mut stream, &request)?;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            Ok::<_, std::io::Error>(())
        })?;
        let shown = path.split_once(&nobody.to_string()).map_or(path.as_str(), |(head, _)| head);
        println!("{shown:44} {took:>10.2}");
    }
    Ok(())
}
