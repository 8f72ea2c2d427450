//! What sealing the audit log costs: `cargo bench --bench chain`.
//!
//! Sessions end in transactions like a sign-out's, in turn with an event that is numbered and sealed, and with a row that says the same but
//! belongs to no chain. `-- /dev/shm` makes the files there, where no disk is waited for. Each of the two has a database of its own. Read
//! the ratios, which are measured in turn (A B A B) within one run: of the time, which is mostly the disk's, and of the CPU time of the
//! thread that writes, which other load on the machine bends less. Each is judged by the median of its pairs. What HTTP and tokens cost a sign-out is not in here, so a
//! sign-out as a whole is slowed down by less. A renewal records no event (`tests/web/rooms/audit.rs`), so the chain costs it nothing.

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Instant;

use diesel::{Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection};
use portero::domain::{By, DatabaseUrl, Reason, SessionId, UnixTime};
use portero::store::audit::event::{Details, Event, What};
use portero::store::audit::fit;
use portero::store::audit::head::HeadFile;
use portero::store::audit::seal::Seal;
use portero::store::session_ends::{self, Which};
use portero::store::sessions::{End, find as find_session};
use portero::store::{Db, Error, Tx, Upkeep};
use support::Failure;
use support::seed::Seeding;

const ROUNDS: usize = 31;
const IN_A_ROUND: usize = 512;
/// How many sign-outs wait for the disk together.
const AT_ONCE: [usize; 2] = [1, 64];
/// How much slower the chain may make a sign-out.
const GOAL: f64 = 1.10;

diesel::table! {
    audit_events (n) {
        n -> BigInt,
        at -> BigInt,
        what -> Text,
        user_id -> Nullable<BigInt>,
        by_user -> Nullable<BigInt>,
        sid -> Nullable<Text>,
        ip -> Nullable<Text>,
        ip_hash -> Nullable<Binary>,
        details -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (sid) {
        sid -> Text,
    }
}

type Record = fn(&mut Tx<'_>, Ended) -> Result<(), Error>;

/// What an event says of a sign-out.
struct Ended {
    sid: SessionId,
    by: By,
    receipt: String,
}

fn main() -> Result<(), Failure> {
    let folder = match std::env::args().skip(1).find(|argument| argument.starts_with('/')) {
        Some(folder) => tempfile::TempDir::new_in(folder)?,
        None => tempfile::TempDir::new_in(support::ELSEWHERE)?,
    };
    println!(
        "{ROUNDS} pairs; goal: ≤ {GOAL}\n{:32} {:>14} {:>14} {:>8} (quartiles)",
        "sign-outs", "in the chain", "outside of it", "×"
    );
    for at_once in AT_ONCE {
        let mut chained = SignOuts::new(&folder.path().join(format!("chained-{at_once}.db")), in_the_chain)?;
        let mut plain = SignOuts::new(&folder.path().join(format!("plain-{at_once}.db")), outside_of_it)?;
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            // Who comes first takes turns too.
            rounds.push(if round % 2 == 0 {
                let one = chained.round(at_once)?;
                (one, plain.round(at_once)?)
            } else {
                let other = plain.round(at_once)?;
                (chained.round(at_once)?, other)
            });
        }
        tell(&format!("{at_once} at once, µs"), &rounds, |round| round.seconds);
        tell("    the writer's CPU time", &rounds, |round| round.cpu_seconds);
    }
    Ok(())
}

/// Prints the median time of a sign-out, in microseconds, the median ratio of the pairs with its quartiles, and the verdict.
fn tell(what: &str, rounds: &[(Cost, Cost)], figure: impl Fn(&Cost) -> f64) {
    let each = |seconds: f64| seconds * 1e6 / IN_A_ROUND as f64;
    let with = each(median(rounds.iter().map(|(one, _)| figure(one)).collect()));
    let without = each(median(rounds.iter().map(|(_, other)| figure(other)).collect()));
    let mut ratios: Vec<_> = rounds.iter().map(|(one, other)| figure(one) / figure(other)).collect();
    ratios.sort_by(f64::total_cmp);
    let [low, ratio, high] = [1, 2, 3].map(|quarter| ratios[ratios.len() * quarter / 4]);
    let verdict = if ratio <= GOAL { "" } else { "  above the goal" };
    println!("{what:32} {with:>14.1} {without:>14.1} {ratio:>8.3} ({low:.3} to {high:.3}){verdict}");
}

/// What a round took.
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
}

/// The CPU time so far of the threads that write, of which only one does at a time, in seconds. (`proc_pid_schedstat(5)`)
fn cpu_seconds() -> Result<f64, Failure> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "writer" {
            let text = std::fs::read_to_string(task.join("schedstat"))?;
            nanoseconds += text.split(' ').next().ok_or("no CPU time")?.parse::<u64>()?;
        }
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// A database whose sessions end, one after the other.
struct SignOuts {
    db: Db,
    now: UnixTime,
    sids: Vec<SessionId>,
    record: Record,
}

impl SignOuts {
    fn new(path: &Path, record: Record) -> Result<Self, Failure> {
        let open = || {
            Ok::<_, Failure>(Db::open(&DatabaseUrl::Sqlite(path.to_owned()))?.sealing(Seal::new(
                &[1; 32],
                &[2; 32],
                HeadFile::beside(path),
            )))
        };
        drop(open()?);
        let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is not Unicode")?)?;
        diesel::sql_query(
            "INSERT INTO users (uid, username, canonical, password_version, role, tokens_valid_from, created_at, failed_attempts)
             VALUES ('uid', 'user0', 'user0', 0, 'user', 0, 0, 0)",
        )
        .execute(&mut conn)?;
        let mut seeding = Seeding::begin(path)?;
        let now = seeding.now;
        seeding.users(1_000)?;
        seeding.open_sessions(i64::try_from(ROUNDS * IN_A_ROUND)?, "cookie")?;
        seeding.finish()?;
        let sids: Vec<String> = sessions::table.select(sessions::sid).load(&mut conn)?;
        drop(conn);
        let db = open()?;
        fit::take_up(&db, now)?;
        let sids = sids.iter().map(|sid| SessionId::parse(sid).ok_or("no session's id"));
        Ok(Self { db, now, sids: sids.collect::<Result<_, _>>()?, record })
    }

    fn round(&mut self, at_once: usize) -> Result<Cost, Failure> {
        let sids = self.sids.split_off(self.sids.len() - IN_A_ROUND);
        let (begin, cpu) = (Instant::now(), cpu_seconds()?);
        for together in sids.chunks(at_once) {
            let waiting: Vec<_> = together
                .iter()
                .map(|sid| {
                    let (sid, record) = (*sid, self.record);
                    self.db.write(Upkeep, self.now, move |tx, _| sign_out(tx, sid, record))
                })
                .collect();
            for one in waiting {
                one.committed()?;
            }
        }
        Ok(Cost { seconds: begin.elapsed().as_secs_f64(), cpu_seconds: cpu_seconds()? - cpu })
    }
}

/// As `accounts/sessions/sign_out.rs` does it.
fn sign_out(tx: &mut Tx<'_>, sid: SessionId, record: Record) -> Result<(), Error> {
    let by = find_session(tx.conn, sid)?.map_or(By::Portero, |session| By::User(session.user));
    let receipt = format!("receipt of {sid}");
    let end = End { at: tx.now, reason: Reason::Logout, by: by.user() };
    session_ends::end(tx.conn, Which::One(sid), end, &receipt)?;
    tx.from = Some("192.0.2.77".into());
    record(tx, Ended { sid, by, receipt })
}

fn in_the_chain(tx: &mut Tx<'_>, ended: Ended) -> Result<(), Error> {
    let details = Details::Ended { reason: Reason::Logout, sessions: 1, receipt: ended.receipt };
    let mut event = Event::new(What::SessionEnded, &ended.by).session(ended.sid).details(details);
    if let Some(user) = ended.by.user() {
        event = event.user(user);
    }
    event.record(tx)
}

fn outside_of_it(tx: &mut Tx<'_>, ended: Ended) -> Result<(), Error> {
    let details = serde_json::json!({ "reason": Reason::Logout, "sessions": 1, "receipt": ended.receipt });
    let user = ended.by.user().map(|user| user.0);
    let row = (
        audit_events::at.eq(tx.now.0),
        audit_events::what.eq(What::SessionEnded.as_str()),
        audit_events::user_id.eq(user),
        audit_events::by_user.eq(user),
        audit_events::sid.eq(ended.sid.to_string()),
        audit_events::ip.eq(tx.from.clone()),
        // By it the events from an address are found, and that is no work of the chain's.
        audit_events::ip_hash.eq([7_u8; 16].as_slice()),
        audit_events::details.eq(details.to_string()),
    );
    diesel::insert_into(audit_events::table).values(row).execute(tx.conn)?;
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
