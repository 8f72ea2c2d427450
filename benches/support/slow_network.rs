//! A network between Portero and its database: a TCP proxy that lets everything take its time.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::Failure;

/// Starts a proxy before this server. `one_way`: how long it keeps what it is sent, in each direction. It runs until the process ends.
pub(crate) fn before(server: SocketAddr, one_way: Duration) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(server) else { continue };
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                drop((from.set_nodelay(true), to.set_nodelay(true)));
                std::thread::spawn(move || carry(from, to, one_way));
            }
        }
    });
    Ok(address)
}

fn carry(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let due = Instant::now() + one_way;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}
