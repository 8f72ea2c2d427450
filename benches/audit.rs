//! The audit log with five million events: `cargo bench --bench audit`.
//!
//! Makes the events, then prints how long sealing them takes, how long each way to list takes for its first page, for one far inside and for
//! the deepest, how many rows a page looked at if that is why it is not full, and how many events a second are verified. `-- 100000` makes
//! fewer.

use std::path::Path;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use portero::domain::{DatabaseUrl, UnixTime, UserId};
use portero::store::audit::event::What;
use portero::store::audit::fit;
use portero::store::audit::head::HeadFile;
use portero::store::audit::list::{self, AuditFilter, Found, MOST_LOOKED_AT};
use portero::store::audit::seal::Seal;
use portero::store::audit::verify::verify;
use portero::store::{Db, Error};

type Failure = Box<dyn std::error::Error>;

const USERS: i64 = 10_000;
const TURNS: usize = 15;
/// The moment of the newest event; the others are before it, one a second.
const NEWEST: i64 = 1_800_000_000;
/// How long a page may take that one index answers, in milliseconds.
const GOAL: f64 = 20.0;
/// How many events a second are to be verified.
const VERIFIED_GOAL: f64 = 200_000.0;
/// A tenth of the events come from there.
const BUSY_ADDRESS: &str = "10.9.9.9";

fn main() -> Result<(), Failure> {
    let events = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(5_000_000);
    let folder = tempfile::TempDir::new()?;
    let path = folder.path().join("portero.db");
    let open = || {
        Ok::<_, Failure>(Db::open(&DatabaseUrl::Sqlite(path.clone()))?.sealing(Seal::new(
            &[1; 32],
            &[2; 32],
            HeadFile::beside(&path),
        )))
    };
    drop(open()?);
    let begin = Instant::now();
    make(&path, events)?;
    println!("made {events} events of {USERS} users in {:.0} s", begin.elapsed().as_secs_f64());

    let db = open()?;
    let begin = Instant::now();
    fit::take_up(&db, UnixTime(NEWEST))?;
    println!("sealed in {:.0} s", begin.elapsed().as_secs_f64());

    println!("\n{:56} {:>10} {:>10} {:>10}", "page (ms, median)", "page 1", "far inside", "deepest");
    let day = |days: i64| Some(UnixTime(NEWEST - days * 86_400));
    let of_user = AuditFilter { user: Some(UserId(77)), ..AuditFilter::default() };
    let within = |filter: AuditFilter| AuditFilter { from: day(20), until: day(10), ..filter };
    let by_user = AuditFilter { by: Some(UserId(77)), ..AuditFilter::default() };
    let of_kind = AuditFilter { what: Some(What::SignInFailed), ..AuditFilter::default() };
    let from = |ip: &str| AuditFilter { ip: Some(ip.into()), ..AuditFilter::default() };
    for (name, filter) in [
        ("all", AuditFilter::default()),
        ("within ten days", within(AuditFilter::default())),
        ("of a user", of_user.clone()),
        ("of a user, within ten days", within(of_user.clone())),
        ("by a user", by_user.clone()),
        ("by a user, within ten days", within(by_user)),
        ("of a kind", of_kind.clone()),
        ("of a kind, within ten days", within(of_kind)),
        ("from an address", from("10.0.0.77")),
        ("from an address, within ten days", within(from("10.0.0.77"))),
        ("from a busy address, within ten days", within(from(BUSY_ADDRESS))),
        ("of a user and a kind", AuditFilter { what: Some(What::SignInFailed), ..of_user.clone() }),
        ("from a busy address, of a rare kind", AuditFilter { what: Some(What::KeyAdded), ..from(BUSY_ADDRESS) }),
        ("from a busy address, of a user", AuditFilter { user: Some(UserId(77)), ..from(BUSY_ADDRESS) }),
        (
            "from a busy address, of a rare kind, within ten days",
            within(AuditFilter { what: Some(What::KeyAdded), ..from(BUSY_ADDRESS) }),
        ),
    ] {
        pages(&db, name, UnixTime(NEWEST - events), AuditFilter { limit: 51, ..filter })?;
    }

    let begin = Instant::now();
    let found = db.read(|conn| verify(conn, db.seal().ok_or(Error::NoSeal)?, 1, None, |_| {}))?;
    if !found.findings.is_empty() {
        return Err(format!("the log is not whole: {:?}", found.findings.first()).into());
    }
    let rate = found.events as f64 / begin.elapsed().as_secs_f64();
    println!("\nverified {rate:.0} events a second");
    if rate < VERIFIED_GOAL {
        println!("    slower than the goal of {VERIFIED_GOAL:.0}");
    }
    Ok(())
}

/// Makes events that the next opening seals.
fn make(path: &Path, events: i64) -> Result<(), Failure> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is not Unicode")?)?;
    conn.batch_execute(&format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS})
         INSERT INTO users (uid, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts)
         SELECT 'uid' || i, 'user' || i, 'user' || i, 0, 'user', 0, 0, 0 FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
         INSERT INTO audit_events (n, at, what, user_id, by_user, sid, ip, details)
         SELECT i, {NEWEST} - {events} + i, CASE i % 10 WHEN 0 THEN 'sign_in_failed' WHEN 1 THEN 'session_ended' ELSE 'signed_in' END,
            1 + i * 7 % {USERS}, CASE i % 10 WHEN 0 THEN NULL ELSE 1 + i * 7 % {USERS} END,
            '5116c888-512e-48e3-9949-' || printf('%012x', i),
            CASE i % 10 WHEN 3 THEN '{BUSY_ADDRESS}' ELSE '10.0.' || (i / 250 % 40) || '.' || (i % 250) END,
            '{{\"transport\":\"cookie\"}}'
         FROM n;
         COMMIT; ANALYZE"
    ))?;
    Ok(())
}

fn pages(db: &Db, name: &str, oldest: UnixTime, filter: AuditFilter) -> Result<(), Failure> {
    let page = |filter: &AuditFilter| db.read(|conn| list::page(conn, db.seal().ok_or(Error::NoSeal)?, filter));
    let (inside, deepest) = (further_down(&page, oldest, &filter, 750)?, further_down(&page, oldest, &filter, 999)?);
    let times = [median(|| page(&filter))?, median(|| page(&inside))?, median(|| page(&deepest))?];
    let stopped =
        page(&filter)?.stopped_at.map_or(String::new(), |_| format!("   stopped after {MOST_LOOKED_AT} rows"));
    let [first, inside, deepest] = times;
    println!("{name:56} {first:>10.2} {inside:>10.2} {deepest:>10.2}{stopped}");
    // Where the rows of one filter are compared with another, the number of rows is what bounds a page.
    if stopped.is_empty() && times.iter().any(|time| *time > GOAL) {
        println!("    slower than the goal of {GOAL} ms");
    }
    Ok(())
}

/// The same list, so many thousandths down the time that it spans.
fn further_down(
    page: &impl Fn(&AuditFilter) -> Result<Found, Error>,
    oldest: UnixTime,
    filter: &AuditFilter,
    thousandths: i64,
) -> Result<AuditFilter, Failure> {
    let newest = page(filter)?.events.first().map_or(filter.until.map_or(NEWEST, |until| until.0), |event| event.at.0);
    let oldest = filter.from.unwrap_or(oldest).0;
    let far = newest - (newest - oldest) * thousandths / 1000;
    Ok(AuditFilter { before: Some((UnixTime(far), i64::MAX)), ..filter.clone() })
}

/// The median time that `act` takes, in milliseconds.
fn median(mut act: impl FnMut() -> Result<Found, Error>) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..TURNS {
        let begin = Instant::now();
        act()?;
        times.push(begin.elapsed());
    }
    times.sort();
    Ok(times[TURNS / 2].as_secs_f64() * 1000.0)
}
