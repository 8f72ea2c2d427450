//! `cargo bench --bench passes`: a million browsers that hold passes for apps. Measures what memory each pass takes, and how much longer the
//! server takes to start with them than with their sessions alone. `-- 100000` makes fewer.

#[path = "support/mod.rs"]
mod support;

use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portero::blocklist::gate::Pass;
use portero::blocklist::{Blocklist, Contents, Standing};
use portero::domain::{OriginId, PassKey, Role, SessionId, UnixTime, UserId, Username};
use support::seed::Seeding;
use support::{ELSEWHERE, Failure, Server, add_user, exchange, get};

/// The goals: bytes of memory for each, and how many times as long a start may take.
const MOST_BYTES: f64 = 100.0;
const MOST_TIMES: f64 = 2.0;
const STARTS: usize = 5;

fn main() -> Result<(), Failure> {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let bytes = memory(count);
    println!("{count} passes: {bytes:.1} bytes each in memory (goal: at most {MOST_BYTES})");

    let folder = tempfile::TempDir::new()?;
    let data = folder.path().join("data");
    let program = env!("CARGO_BIN_EXE_portero");
    add_user(program, &data, "admin", &["--admin"], &[])?;
    let origin = ["app", "add", "wiki", "--origin", "https://wiki.example.org"];
    let added = Command::new(program).arg("--data-dir").arg(&data).args(origin).current_dir(ELSEWHERE).output()?;
    if !added.status.success() {
        return Err(format!("no app was added: {added:?}").into());
    }
    let sessions = i64::try_from(count)?;
    let mut seeding = Seeding::begin(&data.join("portero.db"))?;
    seeding.users(sessions)?;
    seeding.open_sessions(sessions, "cookie")?;
    seeding.finish()?;
    let without = start(program, &data)?;
    let mut seeding = Seeding::begin(&data.join("portero.db"))?;
    seeding.passes()?;
    seeding.finish()?;
    let with = start(program, &data)?;
    let times = with.as_secs_f64() / without.as_secs_f64();
    println!(
        "start until ready with {count} sessions: {} ms, and with a pass for each: {} ms, {times:.2} times as long (goal: at most {MOST_TIMES})",
        without.as_millis(),
        with.as_millis()
    );
    Ok(())
}

/// What each pass takes in memory, in bytes. Its user's standing is there anyway.
fn memory(count: usize) -> f64 {
    let user = Arc::new(standing());
    let list = Blocklist::default();
    let kept = allocation_counter::measure(|| {
        let contents = Contents::with_room(0, count);
        let now = UnixTime(1_800_000_000);
        for _ in 0..count {
            let sid = SessionId::random();
            // As random as the hash by which a pass is found.
            let key = PassKey(SessionId::random().as_u128().to_be_bytes());
            contents.pass(key, Pass::new(sid, Arc::clone(&user), OriginId(1), [now; 3], None));
        }
        list.load(contents);
    });
    assert_eq!(list.passes(), count);
    kept.bytes_current as f64 / count as f64
}

fn standing() -> Standing {
    Standing {
        user: UserId(1),
        uid: uuid::Uuid::nil(),
        username: Username::parse("ana").expect("a name"),
        other_subject: None,
        role: Role::User,
        tokens_valid_from: UnixTime(0),
        disable_at: None,
        has_factor: false,
        contact: None,
    }
}

/// The median time from the start of the program until it says that it is ready.
fn start(program: &str, data: &std::path::Path) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data).current_dir(ELSEWHERE);
        let server = Server::start(&mut command)?;
        let mut stream = TcpStream::connect(server.address)?;
        while !exchange(&mut stream, &get("/readyz", ""))?.starts_with("HTTP/1.1 200") {
            std::thread::sleep(Duration::from_millis(5));
        }
        times.push(begin.elapsed());
        server.stop()?;
    }
    times.sort();
    Ok(times[STARTS / 2])
}
