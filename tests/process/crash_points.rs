//! The server dies right before each single write and sync of a sign-out, and of a rotation: the act is done wholly or not at all.

use std::time::{Duration, Instant};

use diesel::{QueryableByName, RunQueryDsl};
use serde_json::Value;
use tempfile::TempDir;

use crate::faults::{assert_is_whole, database};
use crate::portero::{PASSWORD, Server, ok};
use crate::strace::{SYNC, Tracer, WRITE};
use crate::support::{Answer, Browser, claims};

/// More browsers than there are points to die at, for each point takes one.
const BROWSERS: usize = 60;

/// Has one browser after the other do `act` while the server dies, each time one call later, until the
/// act gets through unharmed. After each restart `look` gets the browser as it was before, as it is
/// after, and the answer. The sessions are at least `age` old.
fn at_every_point(
    what: &str,
    age: Duration,
    act: impl Fn(&mut Browser) -> Option<Answer>,
    look: impl Fn(&TempDir, Browser, Browser, Option<Answer>),
) {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = Server::start(folder.path());
    let mut browsers: Vec<_> = (0..BROWSERS).map(|_| server.signed_in("ana")).collect();
    for browser in &mut browsers {
        // This uses its token for the first time, and loads the form.
        assert_eq!(browser.get("/logout").status, 200);
    }
    std::thread::sleep(age);
    let mut points = Vec::new();
    for call in [WRITE, SYNC] {
        let mut nth = 1;
        loop {
            let before = browsers.pop().expect("there are enough");
            let mut browser = before.clone().moved_to(server.address);
            // What no answer waits for is written by now, such as a first use that the last `look` has made.
            std::thread::sleep(Duration::from_millis(250));
            let tracer = Tracer::attach(&server, folder.path(), &format!("{call}:signal=KILL:when={nth}"));
            let answer = act(&mut browser);
            // After its answer, the server may still be about to write more.
            let has_died = died(&mut server, Duration::from_millis(if answer.is_some() { 300 } else { 5_000 }));
            assert!(has_died || answer.is_some(), "neither an answer nor a death");
            let (writes, syncs) = tracer.end();
            server.kill();
            server = Server::start(folder.path());
            assert_is_whole(folder.path());
            look(&folder, before.moved_to(server.address), browser.moved_to(server.address), answer);
            if !has_died {
                let made = if call == WRITE { writes } else { syncs };
                assert!(made > 0 && made < nth, "{made} times {call}, and the last at which it died was {}", nth - 1);
                points.push(nth - 1);
                break;
            }
            nth += 1;
        }
    }
    println!("{what}: died at each of {} writes and {} syncs", points[0], points[1]);
}

fn died(server: &mut Server, within: Duration) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < within {
        if server.process.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// The session's id, as the access token tells it.
fn session(browser: &Browser) -> String {
    claims(&browser.cookies["access_token_cookie"])["sid"].as_str().unwrap().to_owned()
}

/// Whether `portero {list} list` names this session.
fn lists(folder: &TempDir, list: &str, sid: &str) -> bool {
    let said = ok(folder.path(), &[list, "list", "--json", "--limit", "200"], "");
    said.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .any(|one| one["sid"] == sid || one["id"] == sid)
}

#[test]
fn a_sign_out_cut_off_at_any_write_is_wholly_done_or_not_at_all() {
    let act = |browser: &mut Browser| browser.try_post("/logout", &[]);
    at_every_point("sign-out", Duration::ZERO, act, |folder, mut before, _, answer| {
        let sid = session(&before);
        let (access, refresh) = (before.fetch("/protected").status, before.clone().renew().status);
        let is_open = match (access, refresh) {
            (200, 200) => true,
            (401, 401) => false,
            half => panic!("half signed out: {half:?}"),
        };
        assert_eq!((lists(folder, "session", &sid), lists(folder, "revoked", &sid)), (is_open, !is_open));
        if let Some(answer) = answer {
            assert_eq!((answer.status, answer.location(), is_open), (303, "/login", false));
        }
    });
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    generation: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    issued: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    told: i64,
}

fn row(folder: &TempDir, sid: &str) -> (i64, i64, i64) {
    let query = "SELECT gen AS generation, issue_count AS issued, \
                 (SELECT coalesce(sum(times), 0) FROM session_steps AS step WHERE step.sid = sessions.sid AND kind = 'renewed') AS told \
                 FROM sessions WHERE sid = ?";
    let query = diesel::sql_query(query).bind::<diesel::sql_types::Text, _>(sid);
    let row: Row = query.get_result(&mut database(folder.path())).unwrap();
    (row.generation, row.issued, row.told)
}

#[test]
fn a_rotation_cut_off_at_any_write_is_wholly_done_or_not_at_all() {
    // Within the grace after a sign-in there is nothing to rotate.
    let age = Duration::from_secs(11);
    at_every_point("rotation", age, Browser::try_renew, |folder, mut before, mut after, answer| {
        let sid = session(&before);
        match row(folder, &sid) {
            (0, 0, 0) => assert!(answer.is_none(), "a rotation that was acknowledged is lost"),
            (1, 1, 1) => {}
            half => panic!("half rotated: {half:?}"),
        }
        assert_eq!(before.fetch("/protected").status, 200, "the old access token lives on, as ever");
        if let Some(answer) = answer {
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(after.fetch("/protected").status, 200);
            // If the rotation were lost, this token would be ahead of the database.
            assert_eq!(after.renew().status, 200);
        }
        // Within the grace the old token gets the one successor that there is, whichever browser comes first.
        assert_eq!(before.renew().status, 200);
        assert_eq!(claims(&before.cookies["refresh_token_cookie"])["gen"], 1);
        assert_eq!(before.fetch("/protected").status, 200);
        assert_eq!((row(folder, &sid).0, row(folder, &sid).1), (1, 1), "one rotation in all");
    });
}
