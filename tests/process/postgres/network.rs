//! A network between Portero and its database that can be held up, or swallow what it is given: a TCP proxy. Neither side's system
//! notices anything, as all that is sent is taken.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

const OPEN: u8 = 0;
const HELD: u8 = 1;

#[derive(Default)]
struct State {
    way: AtomicU8,
    /// Connections with a lower number get nothing through any more.
    swallowed_before: AtomicU64,
    count: AtomicU64,
}

pub(super) struct Network {
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

impl Network {
    pub(super) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(server) else { continue };
                let number = shared.count.fetch_add(1, Ordering::SeqCst);
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to, state) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&shared));
                    std::thread::spawn(move || carry(from, to, number, &state));
                }
            }
        });
        Self { address, state }
    }

    /// From now on nothing arrives, on connections that are there and on new ones.
    pub(super) fn hold(&self) {
        self.state.way.store(HELD, Ordering::SeqCst);
    }

    /// What was held arrives.
    pub(super) fn go_on(&self) {
        self.state.way.store(OPEN, Ordering::SeqCst);
    }

    /// New connections work. Whatever is on those that are there is lost, and their other ends never learn of it.
    pub(super) fn swallow_and_go_on(&self) {
        self.state.swallowed_before.store(self.state.count.load(Ordering::SeqCst), Ordering::SeqCst);
        self.go_on();
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, number: u64, state: &State) {
    let is_swallowed = || number < state.swallowed_before.load(Ordering::SeqCst);
    let mut buffer = [0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer);
        while state.way.load(Ordering::SeqCst) == HELD && !is_swallowed() {
            std::thread::sleep(Duration::from_millis(1));
        }
        match read {
            _ if is_swallowed() => {
                // The other end stays as it is, until it gives up by itself.
                std::thread::sleep(Duration::from_secs(60));
                return;
            }
            Ok(length @ 1..) if to.write_all(&buffer[..length]).is_ok() => {}
            Ok(_) | Err(_) => {
                drop(to.shutdown(std::net::Shutdown::Both));
                return;
            }
        }
    }
}
