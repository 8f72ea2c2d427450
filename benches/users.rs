//! The admin's list of users with a million of them: `cargo bench --bench users`.
//!
//! Makes the users, then prints how long each way to search, filter and page takes: a page and the total above it, from the store and
//! from a running server. `-- 100000` makes fewer users.

#[path = "support/mod.rs"]
mod support;

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use portero::domain::{DatabaseUrl, Role, Search, UnixTime, UserState};
use portero::store::Db;
use portero::store::user_lists::{self, Place, UserFilter};
use support::seed::Seeding;
use support::{Failure, Server, add_user, exchange, get, log_in};

const TURNS: usize = 15;

fn main() -> Result<(), Failure> {
    let users = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::TempDir::new()?;
    let data = folder.path().join("data");
    let program = env!("CARGO_BIN_EXE_portero");
    add_user(program, &data, "admin", &["--admin"], &[])?;
    let path = data.join("portero.db");
    let begin = Instant::now();
    let mut seeding = Seeding::begin(&path)?;
    seeding.named_users(users)?;
    let now = seeding.now;
    seeding.finish()?;
    println!("made {users} users in {:.0} s", begin.elapsed().as_secs_f64());

    let db = Db::open(&DatabaseUrl::Sqlite(path.clone()))?;
    println!("\n{:44} {:>10} {:>10}", "list (ms, median of page and total)", "page 1", "further on");
    for (query, filter) in lists() {
        let first = db.read(|conn| user_lists::page(conn, &filter, now))?;
        // A page further on: behind the 40th of the rows that are asked for at a time.
        let mut place = first.next;
        for _ in 0..40 {
            let Some(after) = place.clone() else { break };
            place = db.read(|conn| user_lists::page(conn, &following(&filter, after), now))?.next.or(place);
        }
        let further = place.map(|place| following(&filter, place));
        let look = |filter: &UserFilter| median(|| look(&db, filter, now));
        let further = further.as_ref().map(look).transpose()?.map_or_else(String::new, |took| format!("{took:.2}"));
        println!("{query:44} {:>10.2} {further:>10}", look(&filter)?);
    }
    drop(db);
    pages(program, &data)
}

/// What is asked for, as the page's query has it and as the store takes it.
fn lists() -> Vec<(&'static str, UserFilter)> {
    let of = |name: &str, role, state| UserFilter {
        search: Search::parse(name),
        role,
        state,
        limit: 50,
        ..UserFilter::default()
    };
    vec![
        ("", of("", None, None)),
        ("name=puig (one in 50)", of("puig", None, None)),
        ("name=p", of("p", None, None)),
        ("name=puig500000", of("puig500000", None, None)),
        ("name=jordi puig", of("jordi puig", None, None)),
        ("name=nobody", of("nobody", None, None)),
        ("role=admin", of("", Some(Role::Admin), None)),
        ("role=user", of("", Some(Role::User), None)),
        ("state=enabled", of("", None, Some(UserState::Enabled))),
        ("state=disabled (one in 100)", of("", None, Some(UserState::Disabled))),
        ("state=invited (one in 10,000)", of("", None, Some(UserState::Invited))),
        ("state=deleted (one in 1,000)", of("", None, Some(UserState::Deleted))),
        ("name=p, role=admin", of("p", Some(Role::Admin), None)),
        ("name=puig, state=disabled", of("puig", None, Some(UserState::Disabled))),
        ("name=p, state=invited", of("p", None, Some(UserState::Invited))),
        ("name=p, state=deleted, role=user", of("p", Some(Role::User), Some(UserState::Deleted))),
    ]
}

fn following(filter: &UserFilter, after: Place) -> UserFilter {
    UserFilter { after: Some(after), ..filter.clone() }
}

fn look(db: &Db, filter: &UserFilter, now: UnixTime) -> Result<(), portero::store::Error> {
    db.read(|conn| user_lists::page_and_total(conn, filter, now)).map(|_| ())
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

fn pages(program: &str, data: &std::path::Path) -> Result<(), Failure> {
    let server = Server::start(Command::new(program).args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data))?;
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let token = log_in(server.address, "admin")?;
    println!("\n{:44} {:>10}", "page (ms, median, JSON by the server)", "");
    for path in
        ["/admin/users", "/admin/users?name=puig", "/admin/users?name=p&role=admin", "/admin/users?state=disabled"]
    {
        let request = get(path, &format!("authorization: Bearer {token}\r\n"));
        let took = median(|| {
            let answer = exchange(&mut stream, &request)?;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            Ok::<_, std::io::Error>(())
        })?;
        println!("{path:44} {took:>10.2}");
    }
    Ok(())
}
