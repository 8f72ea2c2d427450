//! A network between Portero and its database: a TCP proxy that lets everything take its time, and that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Failure;

/// Runs until the process ends.
pub(crate) struct Network {
    pub(crate) address: SocketAddr,
    is_cut: Arc<AtomicBool>,
}

impl Network {
    /// Starts a proxy before this server. `one_way`: how long it keeps what it is sent, in each direction.
    pub(crate) fn before(server: SocketAddr, one_way: Duration) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let is_cut = Arc::new(AtomicBool::new(false));
        let network = Self { address, is_cut: Arc::clone(&is_cut) };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    drop((from.set_nodelay(true), to.set_nodelay(true)));
                    let is_cut = Arc::clone(&is_cut);
                    std::thread::spawn(move || carry(from, to, one_way, &is_cut));
                }
            }
        });
        Ok(network)
    }

    /// Nothing arrives any more, and nobody is told so.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// What was sent meanwhile arrives after all, as by a repetition.
    pub(crate) fn heal(&self) {
        self.is_cut.store(false, Ordering::Relaxed);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, one_way: Duration, is_cut: &AtomicBool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let due = Instant::now() + one_way;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        while is_cut.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}
