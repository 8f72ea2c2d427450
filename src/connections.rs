//! Who is connected, and for whom Portero waits. A connection is closed when it has let Portero wait for too long; and when there are
//! too many, those that have let it wait longest make room for the next.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::Id;
use tokio::time::{Instant, Sleep, sleep};

/// How long a new connection may take until its first request has begun. Actix closes it after five seconds and says why.
const FIRST_HEAD: Duration = Duration::from_secs(10);
/// How often at most each thread logs that it has too many connections.
const WARN_EVERY: Duration = Duration::from_secs(60);

thread_local! {
    /// Each connection is served by a task of its own, which stays on its thread.
    static PEERS: RefCell<HashMap<Id, IpAddr>> = RefCell::default();
    /// The connections of this thread, by number.
    static OPEN: RefCell<HashMap<u64, Rc<Connection>>> = RefCell::default();
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static WARNED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The peer of the connection that this task serves.
pub fn peer() -> Option<IpAddr> {
    let task = tokio::task::try_id()?;
    PEERS.with_borrow(|peers| peers.get(&task).copied())
}

/// An open connection, and who waits for whom.
pub struct Connection {
    peer: IpAddr,
    /// Since when Portero waits for the client: for a request, for the rest of one, or for it to take an answer. `None`: it is the
    /// client who waits.
    waits_since: Cell<Option<Instant>>,
    /// When the connection is closed unless something changes before.
    closes_at: Cell<Option<Instant>>,
    /// Wakes the connection's task not later than `closes_at`.
    alarm: RefCell<Pin<Box<Sleep>>>,
    /// Whether it makes room for another.
    makes_room: Cell<bool>,
    /// The answer under way whose length its head does not tell.
    open_answer: Cell<OpenAnswer>,
    /// Whether that can't go on.
    is_cut: Cell<bool>,
}

/// How far an answer has come that has no length: where the connection ends before it does, the client may take what it has for the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OpenAnswer {
    None,
    /// Parts are missing.
    Unfinished,
    /// All parts were made. The client has not been sent all of them.
    Unsent,
}

impl Connection {
    fn new(peer: IpAddr) -> Self {
        let now = Instant::now();
        Self {
            peer,
            waits_since: Cell::new(Some(now)),
            closes_at: Cell::new(Some(now + FIRST_HEAD)),
            alarm: RefCell::new(Box::pin(sleep(FIRST_HEAD))),
            makes_room: Cell::new(false),
            open_answer: Cell::new(OpenAnswer::None),
            is_cut: Cell::new(false),
        }
    }

    /// Portero works for the client now. What has begun is not interrupted.
    pub fn is_at_work(&self) {
        self.waits_since.set(None);
        self.closes_at.set(None);
        self.makes_room.set(false);
    }

    /// Portero waits for the client, and somebody else sees to it that this ends.
    pub fn waits(&self) {
        if self.waits_since.get().is_none() {
            self.waits_since.set(Some(Instant::now()));
        }
    }

    /// Portero waits for the client, and not longer than this.
    pub fn waits_at_most(&self, time: Duration) {
        let now = Instant::now();
        self.waits_since.set(Some(now));
        self.close_at(now + time);
    }

    /// A part of an answer without a length was made, and it is not the last.
    pub fn sends_part(&self) {
        self.open_answer.set(OpenAnswer::Unfinished);
    }

    /// The answer has no more parts.
    pub fn sends_end(&self) {
        if self.open_answer.get() == OpenAnswer::Unfinished {
            self.open_answer.set(OpenAnswer::Unsent);
        }
    }

    /// What there was to send is sent.
    pub fn has_sent(&self) {
        if self.open_answer.get() == OpenAnswer::Unsent {
            self.open_answer.set(OpenAnswer::None);
        }
    }

    /// Whether the client lacks a part of an answer and can't know it.
    pub fn lacks_a_part(&self) -> bool {
        self.open_answer.get() != OpenAnswer::None
    }

    /// The answer that is being sent can't go on.
    pub fn cut(&self) {
        self.open_answer.set(OpenAnswer::Unfinished);
        self.is_cut.set(true);
        self.close_at(Instant::now());
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    fn close_at(&self, at: Instant) {
        self.closes_at.set(Some(at));
        let mut alarm = self.alarm.borrow_mut();
        // An alarm that comes too early is set again: later than for each of a connection's many requests.
        if alarm.deadline() > at {
            alarm.as_mut().reset(at);
        }
    }

    /// Ready when the connection has to be closed.
    fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.borrow_mut();
        loop {
            ready!(alarm.as_mut().poll(cx));
            let now = Instant::now();
            match self.closes_at.get() {
                Some(at) if at <= now => return Poll::Ready(()),
                Some(at) => alarm.as_mut().reset(at),
                None => alarm.as_mut().reset(now + FIRST_HEAD),
            }
        }
    }
}

/// A connection's place among those of its thread. Drop it with the connection.
pub struct Room {
    number: u64,
    connection: Rc<Connection>,
}

impl Room {
    /// Finds room for one more, `at_most` so many on this thread. `None`: there are too many, and Portero works for all of them.
    pub fn find(peer: IpAddr, at_most: usize) -> Option<Self> {
        OPEN.with_borrow_mut(|open| {
            // Those that make room are gone a moment later only.
            let spare = (at_most / 8).max(2);
            if open.len() + spare >= at_most && !make_room(open, at_most.saturating_sub(spare), spare) {
                return None;
            }
            let number = COUNT.replace(COUNT.get() + 1);
            let connection = Rc::new(Connection::new(peer));
            open.insert(number, Rc::clone(&connection));
            Some(Self { number, connection })
        })
    }

    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // A thread that ends may have dropped the map already.
        OPEN.try_with(|open| open.borrow_mut().remove(&self.number)).ok();
    }
}

/// Has some connections closed if there are more than `most`, not counting those that are being closed already. First those of whoever
/// has the most, and of these the ones that have let Portero wait longest. Whether there is room now, or soon.
fn make_room(open: &HashMap<u64, Rc<Connection>>, most: usize, at_once: usize) -> bool {
    let stays = |connection: &&Rc<Connection>| !connection.makes_room.get();
    if open.values().filter(stays).count() < most {
        return true;
    }
    let mut of_network: HashMap<u128, usize> = HashMap::new();
    for connection in open.values().filter(stays) {
        *of_network.entry(network(connection.peer)).or_default() += 1;
    }
    let count = |connection: &Connection| of_network.get(&network(connection.peer)).copied().unwrap_or(0);
    let mut waiting: Vec<_> = open
        .values()
        .filter(stays)
        .filter_map(|connection| Some((Reverse(count(connection)), connection.waits_since.get()?, connection)))
        .collect();
    waiting.sort_unstable_by_key(|(count, since, _)| (*count, *since));
    let closed = waiting.len().min(at_once);
    // Several at once, because finding them takes a while.
    for (_, _, connection) in waiting.into_iter().take(at_once) {
        connection.makes_room.set(true);
        connection.close_at(Instant::now());
    }
    warn(open.len(), closed);
    closed > 0
}

/// An IPv4 address, or the first half of an IPv6 address, which is one household's.
fn network(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits() & !u128::from(u64::MAX),
    }
}

fn warn(open: usize, closed: usize) {
    let now = Instant::now();
    if WARNED.get().is_none_or(|last| now.duration_since(last) >= WARN_EVERY) {
        WARNED.set(Some(now));
        tracing::warn!(
            event = "connections_full",
            open,
            closed,
            "there are too many connections: those that have been waited for longest are closed"
        );
    }
}

/// Serves a connection, by its own task, until it ends or is closed (`None`).
pub async fn serve<F: Future>(room: &Room, served: F) -> Option<F::Output> {
    let _peer = Peer::note(room.connection.peer);
    let mut served = pin!(served);
    poll_fn(|cx| match served.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => room.connection.poll_over(cx).map(|()| None),
    })
    .await
}

/// Keeps the peer noted for the task that serves it.
struct Peer(Option<Id>);

impl Peer {
    fn note(peer: IpAddr) -> Self {
        let task = tokio::task::try_id();
        if let Some(task) = task {
            PEERS.with_borrow_mut(|peers| peers.insert(task, peer));
        }
        Self(task)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            // A thread that ends may have dropped the map already.
            PEERS.try_with(|peers| peers.borrow_mut().remove(task)).ok();
        }
    }
}
