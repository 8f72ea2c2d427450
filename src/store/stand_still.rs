//! Ends the wait for a database server that takes what it is sent and answers nothing: a machine that stands still, or a network that
//! swallows everything. The system sees nothing wrong with such a connection, and libpq waits for ever. So its socket is shut down after
//! a while, which libpq reports as a lost connection.
#![cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite has no server"))]

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use rustix::net::{Shutdown, shutdown, sockopt};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// How long the server may take for what acts, renewals and notes ask. They wait 2.5 s for a lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for what only reads, which may be a long list.
const PATIENCE_TO_READ: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    Read,
}

/// The connections of one database whose server may stand still.
#[derive(Debug)]
pub(super) struct Watched {
    connections: Mutex<Vec<Weak<Watch>>>,
    begin: Instant,
}

impl Default for Watched {
    fn default() -> Self {
        Self { connections: Mutex::default(), begin: Instant::now() }
    }
}

#[derive(Debug)]
struct Watch {
    socket: OwnedFd,
    purpose: Purpose,
    /// When the question was asked whose answer is still to come, in milliseconds after the beginning; 0: none was.
    asked: AtomicU64,
}

impl Watched {
    /// Watches the connection whose socket has this value as its TCP user timeout: libpq is told to set it, and nobody else's is the
    /// same. `None`: there is no such socket, or the system does not let us have it; it may be one of the file system.
    pub(super) fn watch(self: &Arc<Self>, user_timeout: u32, purpose: Purpose) -> Option<impl Instrumentation + use<>> {
        let watch = Arc::new(Watch { socket: socket(user_timeout)?, purpose, asked: AtomicU64::new(0) });
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|watch| watch.strong_count() > 0);
        connections.push(Arc::downgrade(&watch));
        let begin = self.begin;
        Some(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { .. } => watch.asked.store(millis(begin).max(1), Ordering::Relaxed),
            InstrumentationEvent::FinishQuery { .. } => watch.asked.store(0, Ordering::Relaxed),
            _ => {}
        })
    }

    /// Starts the thread that looks. It ends with the last user. `is_gone`: whether the server is known not to answer: then who reads
    /// waits no longer than others.
    pub(super) fn start(self: &Arc<Self>, is_gone: impl Fn() -> bool + Send + 'static) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        let look = move || {
            while let Some(watched) = weak.upgrade() {
                watched.look(is_gone());
                drop(watched);
                std::thread::sleep(LOOK_EVERY);
            }
        };
        std::thread::Builder::new().name("stand-still".into()).spawn(look).map(drop)
    }

    fn look(&self, is_gone: bool) {
        let now = millis(self.begin);
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for watch in connections.iter().filter_map(Weak::upgrade) {
            let asked = watch.asked.load(Ordering::Relaxed);
            let patience = match watch.purpose {
                Purpose::Read if !is_gone => PATIENCE_TO_READ,
                Purpose::Read | Purpose::Write => PATIENCE,
            };
            let waited = Duration::from_millis(now.saturating_sub(asked));
            if asked > 0 && waited > patience && shutdown(&watch.socket, Shutdown::Both).is_ok() {
                watch.asked.store(0, Ordering::Relaxed);
                tracing::error!(
                    event = "database_stands_still",
                    seconds = waited.as_secs(),
                    "the connection is given up"
                );
            }
        }
    }
}

fn millis(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A second descriptor for the socket. libpq keeps its own to itself.
fn socket(user_timeout: u32) -> Option<OwnedFd> {
    let this = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let numbers = std::fs::read_dir("/proc/self/fd").ok()?;
    let numbers = numbers.filter_map(|entry| {
        let entry = entry.ok()?;
        let leads_to = std::fs::read_link(entry.path()).ok()?;
        leads_to.to_str()?.starts_with("socket:").then(|| entry.file_name().to_str()?.parse().ok())?
    });
    let mut sockets = numbers.filter_map(|number| pidfd_getfd(&this, number, PidfdGetfdFlags::empty()).ok());
    sockets.find(|socket| sockopt::tcp_user_timeout(socket).is_ok_and(|found| found == user_timeout))
}
