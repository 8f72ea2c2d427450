//! More connections than the system grants descriptors for, and connections that would stay open for ever: the server closes those
//! that it has waited for longest, and everybody else is served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::faults::portero_by;
use crate::portero::{PASSWORD, Server, ok};

/// A GET with a body that never comes.
const UNREAD: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
/// Half a head.
const SLOW_HEAD: &[u8] = b"GET /healthz HTTP/1.1\r\nho";

/// Requests for more than both systems keep for somebody who never reads.
fn never_read() -> Vec<u8> {
    b"GET /static/style.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(40)
}

/// The server with this limit of descriptors; its own to raise up to `hard`.
fn limited(folder: &Path, soft: u32, hard: u32) -> Command {
    portero_by(folder, "sh", &["-c", &format!("ulimit -Sn {soft}; ulimit -Hn {hard}; exec \"$0\"")])
}

/// The CPU time of the server, in hundredths of a second. (proc(5), fields 14 and 15; the name before them has no space)
fn spent(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    let fields: Vec<_> = stat.split(' ').collect();
    fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap()
}

fn open(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.process.id())).unwrap().count()
}

/// Lets this process have as many connections as the crowd needs.
fn raise_own_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

#[test]
fn with_fewer_descriptors_than_connections_new_ones_are_served_and_none_runs_out() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::with(folder.path(), limited(folder.path(), 96, 96));
    let crowd: Vec<_> = (0..150).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(500));
    assert!(open(&server) < 96, "some are left: {}", open(&server));
    for _ in 0..20 {
        assert_eq!(server.client().get("/healthz", None).status, 200);
    }
    let tokens = server.log_in("ana", PASSWORD).unwrap();
    assert_eq!(server.client().get("/protected", Some(&tokens.text("access_token"))).status, 200);
    assert_eq!(server.client().post("/refresh", Some(&tokens.text("refresh_token"))).status, 200);
    let before = spent(&server);
    std::thread::sleep(Duration::from_secs(3));
    let spent = spent(&server) - before;
    println!("beside the crowd, for 3 s: {spent} hundredths of a second spent");
    assert!(spent <= 60, "a busy loop: {spent} hundredths of a second");
    assert!(server.log().contains("connections_full"), "{}", server.log());
    assert!(!server.log().contains("Error accepting connection"), "{}", server.log());
    drop(crowd);
    server.assert_never_panicked();
}

#[test]
fn three_thousand_who_hold_their_connections_keep_nobody_else_out() {
    raise_own_limit();
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::with(folder.path(), limited(folder.path(), 64, 1024));
    let over = AtomicBool::new(false);
    let (statuses, held) = std::thread::scope(|scope| {
        let honest = scope.spawn(|| {
            let mut statuses = Vec::new();
            while !over.load(Ordering::Relaxed) {
                statuses.push(server.client().get("/healthz", None).status);
                statuses.push(server.log_in("ana", PASSWORD).map_or(0, |answer| answer.status));
                std::thread::sleep(Duration::from_millis(50));
            }
            statuses
        });
        let never_read = never_read();
        let crowd: Vec<_> = (0..3000)
            .map(|n| {
                let mut stream = TcpStream::connect(server.address).unwrap();
                let bytes = match n % 6 {
                    0 | 1 => UNREAD,
                    2 | 3 => never_read.as_slice(),
                    4 => SLOW_HEAD,
                    _ => b"",
                };
                // It may be closed by now.
                drop(stream.write_all(bytes));
                stream
            })
            .collect();
        let held = open(&server);
        std::thread::sleep(Duration::from_secs(5));
        over.store(true, Ordering::Relaxed);
        let statuses = honest.join().unwrap();
        drop(crowd);
        (statuses, held)
    });
    println!("{} honest requests beside {held} open descriptors", statuses.len());
    assert!((300..1024).contains(&held), "the limit was raised, and not reached: {held}");
    assert!(statuses.len() >= 40 && statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(!server.log().contains("Error accepting connection"), "{}", server.log());
    server.assert_never_panicked();
}

#[test]
fn who_never_sends_what_was_begun_or_never_reads_is_closed_in_time() {
    let folder = TempDir::new().unwrap();
    let mut command = limited(folder.path(), 512, 512);
    command.env("PORTERO_KEEP_ALIVE", "5s");
    let server = Server::with(folder.path(), command);
    assert_eq!(server.client().get("/healthz", None).status, 200);
    let connect_all = |bytes: &[u8]| (0..10).map(|_| server.connect(bytes)).collect::<Vec<_>>();
    let closed_within = |streams: Vec<TcpStream>, most: u64| {
        let begin = Instant::now();
        let most = Duration::from_secs(most);
        for mut stream in streams {
            stream.set_read_timeout(Some(most.saturating_sub(begin.elapsed()).max(Duration::from_millis(1)))).unwrap();
            let mut answer = Vec::new();
            // `Ok`: it was closed; a reset is an end too.
            let ended = stream.read_to_end(&mut answer).err().map(|error| error.kind());
            assert!(matches!(ended, None | Some(std::io::ErrorKind::ConnectionReset)), "{ended:?}");
        }
        println!("closed within {:?}", begin.elapsed());
    };
    // Its connection is closed by now.
    std::thread::sleep(Duration::from_millis(500));
    let base = open(&server);
    let deaf = connect_all(&never_read());
    std::thread::sleep(Duration::from_millis(500));
    assert!(open(&server) >= base + 10);

    closed_within(connect_all(UNREAD), 20);
    // A body that goes on and on, to somebody who does not read it.
    let mut trickling = connect_all(UNREAD);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_secs(1));
        for stream in &mut trickling {
            drop(stream.write_all(b"1\r\nx\r\n"));
        }
    }
    closed_within(trickling, 5);
    // The second head on a connection.
    closed_within(connect_all(&[b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", SLOW_HEAD].concat()), 30);

    server.wait_until(Duration::from_secs(30), |_| open(&server) < base + 10);
    drop(deaf);
    // Whoever sends a body to its end keeps the connection.
    let body = "username=ana&password=wrong";
    let post = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let mut stream = server.connect(format!("{post}{post}").as_bytes());
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1 400").count(), 2);
    server.assert_never_panicked();
}
