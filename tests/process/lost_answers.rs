//! The server dies between the commit of a renewal and its answer: a retry with the old token succeeds.

use std::time::{Duration, Instant};

use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};
use tempfile::TempDir;

use crate::faults::{database, kills};
use crate::portero::{PASSWORD, Server, ok, portero};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    issued: i64,
}

fn issued(database: &mut SqliteConnection) -> i64 {
    let query = "SELECT issue_count AS issued FROM sessions WHERE transport = 'bearer'";
    diesel::sql_query(query).get_result::<Count>(database).unwrap().issued
}

fn start(folder: &TempDir) -> Server {
    let mut command = portero(folder.path());
    // Bearer sessions rotate, too, so that the test needs no cookies; and there is no grace, so that each retry is a late one.
    command.env("PORTERO_SESSION_ROTATE", "always").env("PORTERO_SESSION_GRACE", "0");
    Server::with(folder.path(), command)
}

#[test]
fn an_answer_lost_with_its_server_can_be_asked_for_again() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let mut server = start(&folder);
    let mut refresh = server.log_in("ana", PASSWORD).unwrap().text("refresh_token");
    let mut database = database(folder.path());
    let mut before = issued(&mut database);
    for kill in 0..i64::from(kills(20)) {
        // Even without a grace, nothing rotates within the same second.
        std::thread::sleep(Duration::from_millis(1100));
        let request = format!("POST /refresh HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {refresh}\r\n\r\n");
        let unread = server.connect(request.as_bytes());
        // What another connection can see is committed.
        let begin = Instant::now();
        while issued(&mut database) == before {
            assert!(begin.elapsed() < Duration::from_secs(10), "the renewal was not committed");
        }
        server.kill();
        drop(unread);
        server = start(&folder);
        std::thread::sleep(Duration::from_millis(1100));
        let retry = server.ask("POST", "/refresh", Some(&refresh), None).unwrap();
        assert_eq!(retry.status, 200, "after kill {kill}: {retry:?}");
        refresh = retry.text("refresh_token");
        let access = retry.text("access_token");
        assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200);
        before = issued(&mut database);
        assert_eq!(before, (kill + 1) * 2, "each kill cost one token more, and no rotation");
    }
}
