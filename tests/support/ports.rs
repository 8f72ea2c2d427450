//! Ports for programs that are told by their number where to listen.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// From here on, and below those that the system gives to whoever names none: they would be somebody else's in a moment.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Ports of this machine at which nothing listens. Drawn by chance, so that another test hardly ever draws the same before its program
/// listens there.
pub fn free_ports<const N: usize>() -> [u16; N] {
    // Held together, so that they differ.
    let held: [TcpListener; N] = std::array::from_fn(|_| hold_any());
    held.map(|listener| listener.local_addr().unwrap().port())
}

pub fn free_address() -> SocketAddr {
    let [port] = free_ports();
    (Ipv4Addr::LOCALHOST, port).into()
}

fn hold_any() -> TcpListener {
    loop {
        let drawn = RandomState::new().build_hasher().finish() % u64::from(COUNT);
        let port = FIRST + u16::try_from(drawn).unwrap();
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener;
        }
    }
}
