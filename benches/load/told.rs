//! How soon an app that is up knows that a session has ended: from the answer of the act that ended it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use portero::domain::Transport;
use portero::tokens::Algorithm;

use crate::Bench;
use crate::report::{Goal, Line, Section, Table, percentile};
use crate::seed::{Amounts, Data, PUBLIC_URL, Signer};
use crate::servers::{self, PORTERO, add_app, is_success, wait_for_app_keys};
use crate::support::seed::Seeding;
use crate::support::{Failure, exchange, header};

const SESSIONS: usize = 1000;
/// So many end each second, one after the other.
const PER_SECOND: u32 = 20;
/// How often it is looked what stands in the database.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// An app that is not told within this is not told.
const LONGEST: Duration = Duration::from_secs(20);
/// In milliseconds.
const GOAL: f64 = 100.0;

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("told: {SESSIONS} sessions, {PER_SECOND} a second");
    let count = i64::try_from(SESSIONS)?;
    let amounts = Amounts { users: count, bearer_sessions: count, cookie_sessions: 0, blocked_tokens: 0 };
    let data = Data::begun(bench, "told", "4", amounts)?;
    let app = ToldApp::start()?;
    let told_at = format!("http://{}/logout", app.address);
    add_app(Path::new(PORTERO), &data.folder, &["wiki", "--backchannel-logout-uri", &told_at])?;
    let mut seeding = Seeding::begin(&data.sqlite())?;
    seeding.app_entries()?;
    seeding.finish()?;
    let data = data.moved()?;

    let signer = Signer::new(Algorithm::HS256)?;
    let settings: Vec<_> = signer.settings().into_iter().chain([PUBLIC_URL]).collect();
    let portero = servers::portero(&data, &settings)?;
    servers::wait_until_ready(portero.address)?;
    wait_for_app_keys(portero.address, &["RSA"])?;
    // Each is of a user of its own.
    let sessions = data.sessions(Transport::Bearer, SESSIONS)?;
    let requests = signer.log_out_requests(&sessions)?;

    let (sender, ended) = channel();
    let database = data.sqlite();
    let (answered, noted) = std::thread::scope(|scope| {
        let watch = scope.spawn(move || watch(&database, &ended));
        let mut stream = TcpStream::connect(portero.address)?;
        stream.set_nodelay(true)?;
        let begin = Instant::now();
        let mut answered = Vec::new();
        for (turn, (session, request)) in (0..).zip(sessions.iter().zip(&requests)) {
            let due = begin + Duration::from_secs(1) / PER_SECOND * turn;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let answer = exchange(&mut stream, request)?;
            answered.push(Instant::now());
            if !is_success(&answer) {
                return Err(format!("no success, but: {answer}").into());
            }
            sender.send(session.sid.clone())?;
        }
        drop(sender);
        Ok::<_, Failure>((answered, watch.join().map_err(|_| "a thread panicked")??))
    })?;

    let received = app.received();
    let (mut came, mut on_record) = (Vec::new(), Vec::new());
    for (session, answered) in sessions.iter().zip(answered) {
        let since = |moment: &Instant| moment.saturating_duration_since(answered).as_secs_f64() * 1e3;
        came.push(since(received.get(&session.uid).ok_or("the app was not told of every session")?));
        on_record.push(since(noted.get(&session.sid).ok_or("not every acknowledgement was noted")?));
    }
    let mut table = Table::new(&["from the answer until", "p50 ms", "p99 ms", "most ms"]);
    for (what, figures) in [("it came to the app", &came), ("its acknowledgement is on record", &on_record)] {
        let cells = [0.5, 0.99, 1.0].map(|share| format!("{:.1}", percentile(figures, share)));
        println!("    {what}: {}", cells.join(" | "));
        table.rows.push([what.to_owned()].into_iter().chain(cells).collect());
    }
    let measured = percentile(&on_record, 0.99);
    Ok(Section {
        title: "Telling an app of a sign-out",
        how: format!(
            "{SESSIONS} sessions that took part in one app end by `DELETE /logout`, {PER_SECOND} a second; the app, on the same machine, answers \
             200 at once. Its acknowledgement is on record when another process reads it in the database, at which it looks every {} µs.",
            LOOK_EVERY.as_micros()
        ),
        tables: vec![table],
        goals: vec![Goal {
            what: "acknowledgement on record, p99 in ms".into(),
            measured,
            goal: Line::AtMost(GOAL),
            floor: None,
        }],
        bars: Vec::new(),
    })
}

#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// When the acknowledgement of each of these sessions, which are named as they end, could be read in the database.
fn watch(database: &Path, ended: &Receiver<String>) -> Result<HashMap<String, Instant>, Failure> {
    let mut conn = SqliteConnection::establish(database.to_str().ok_or("the path is not Unicode")?)?;
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON")?;
    let (mut noted, mut waiting, mut are_more) = (HashMap::new(), Vec::<String>::new(), true);
    let mut last = Instant::now();
    while are_more || !waiting.is_empty() {
        match ended.recv_timeout(LOOK_EVERY) {
            Ok(sid) => {
                waiting.push(sid);
                last = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                are_more = false;
                std::thread::sleep(LOOK_EVERY);
            }
        }
        if last.elapsed() > LONGEST {
            return Err(format!("{} acknowledgements were not noted", waiting.len()).into());
        }
        for sid in std::mem::take(&mut waiting) {
            let found = "SELECT count(*) AS count FROM logout_deliveries WHERE acknowledged_at IS NOT NULL AND sid = ?";
            let found = diesel::sql_query(found).bind::<diesel::sql_types::Text, _>(sid.as_str());
            if found.get_result::<Noted>(&mut conn)?.count > 0 {
                noted.insert(sid, Instant::now());
            } else {
                waiting.push(sid);
            }
        }
    }
    Ok(noted)
}

/// The app: it answers 200 to whatever it is told, and notes of whom and when.
struct ToldApp {
    address: SocketAddr,
    received: Arc<Mutex<HashMap<String, Instant>>>,
}

impl ToldApp {
    fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let app = Self { address: listener.local_addr()?, received: Arc::default() };
        let received = Arc::clone(&app.received);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let received = Arc::clone(&received);
                std::thread::spawn(move || answer(stream, &received));
            }
        });
        Ok(app)
    }

    /// By the user's `sub`.
    fn received(&self) -> HashMap<String, Instant> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(mut stream: TcpStream, received: &Mutex<HashMap<String, Instant>>) -> Option<()> {
    drop(stream.set_nodelay(true));
    let (mut bytes, mut room) = (Vec::new(), [0; 8192]);
    loop {
        let count = stream.read(&mut room).ok().filter(|count| *count > 0)?;
        let now = Instant::now();
        bytes.extend_from_slice(room.get(..count)?);
        let Some(subject) = subject(&bytes) else { continue };
        received.lock().unwrap_or_else(PoisonError::into_inner).entry(subject).or_insert(now);
        bytes.clear();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}

/// Whom the logout token in this request is about. `None`: it has not come whole.
fn subject(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length: usize = header(head, "content-length")?.parse().ok()?;
    if body.len() < length {
        return None;
    }
    let claims = body.strip_prefix("logout_token=")?.split('.').nth(1)?;
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}
