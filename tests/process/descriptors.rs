//! More connections than the system grants descriptors for: the server goes on, without a busy loop,
//! and serves new connections again once some have gone.

use std::net::TcpStream;
use std::time::Duration;

use tempfile::TempDir;

use crate::faults::portero_by;
use crate::portero::{PASSWORD, Server, ok};

/// Starts the server with 96 descriptors: what it needs for itself, and some forty connections.
const LIMITED: &str = "ulimit -n 96; exec \"$0\"";

/// The CPU time of the server, in hundredths of a second. (proc(5), fields 14 and 15; the name before them has no space)
fn spent(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    let fields: Vec<_> = stat.split(' ').collect();
    fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap()
}

#[test]
fn out_of_descriptors_it_waits_without_a_busy_loop_and_serves_again() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let command = portero_by(folder.path(), "sh", &["-c", LIMITED]);
    let mut server = Server::with(folder.path(), command);
    let client = server.client();
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    let access = tokens.text("access_token");
    assert_eq!(client.get("/protected", Some(&access)).status, 200);

    // Of these, the connections that the server cannot accept fit into the queue that the system keeps for them.
    let crowd: Vec<_> = (0..150).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(500));
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.process.id())).unwrap().count();
    assert!(open >= 96, "there are some left: {open}");
    let before = spent(&server);
    std::thread::sleep(Duration::from_secs(3));
    let spent = spent(&server) - before;
    println!("out of descriptors for 3 s: {spent} hundredths of a second spent");
    assert!(spent <= 60, "a busy loop: {spent} hundredths of a second");
    assert!(server.process.try_wait().unwrap().is_none());
    // A connection from before is served all the same, also with a change.
    assert_eq!(client.get("/protected", Some(&access)).status, 200);
    assert_eq!(client.post("/refresh", Some(&tokens.text("refresh_token"))).status, 200);

    drop(crowd);
    let took = server.wait_until(Duration::from_secs(10), |client| client.get("/healthz", None).status == 200);
    println!("a new connection is served {took:?} after the crowd has gone");
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    server.assert_never_panicked();
}
