//! What systemd tells and is told: the socket that it has opened, and whether the server is ready and alive. Without systemd nothing is told.
//! (`sd_listen_fds(3)`, `sd_notify(3)`)

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::{NotifyState, notify, watchdog_enabled};

use crate::error_chain::chain;

/// The socket that systemd has opened for this process. `None`: it has opened none, or another part of the process has taken it. An error if
/// it is a Unix socket.
pub fn tcp_listener() -> io::Result<Option<TcpListener>> {
    given()?.take_tcp_listener(0)
}

/// The same for a Unix socket.
pub fn unix_listener() -> io::Result<Option<UnixListener>> {
    given()?.take_unix_listener(0)
}

fn given() -> io::Result<ListenFd> {
    let given = ListenFd::from_env();
    if given.len() > 1 {
        return Err(io::Error::other("systemd has opened several sockets: give portero.socket one ListenStream"));
    }
    Ok(given)
}

/// The server answers requests.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The server was asked to stop.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// The server answered just now.
pub fn alive() {
    tell(NotifyState::Watchdog);
}

/// How long systemd waits for the next [`alive`], before it starts the server again. `None`: it does not wait for one.
pub fn watchdog() -> Option<Duration> {
    watchdog_enabled()
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = notify(&[state]) {
        // It will say itself that it waits in vain.
        tracing::warn!(event = "service_manager_not_told", error = %chain(&error));
    }
}
