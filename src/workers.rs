//! Threads for what blocks, behind a queue that is bounded by length and by time, and fair. Acts that hash run on the password workers,
//! so that a flood of logins costs whoever makes it time and nobody else; reads of the database run on the readers.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::counters::{Counter, Histogram};
use crate::fair_queue::{FairQueue, Path};

/// Length of the queue. Long enough that for acts that hash `LONGEST_WAIT`, not this, is the limit.
const QUEUE: usize = 256;
/// An act that has not begun by then is refused. With a hash of the usual cost, every act is over within five seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Some threads, and the queue in front of them. Cheap to clone.
#[derive(Clone)]
pub struct Workers {
    line: Arc<Line>,
    longest_wait: Duration,
    counts: Arc<WorkerCounts>,
    /// Ends the threads with the last clone.
    _open: Arc<Open>,
}

/// What the acts of some workers had to wait for.
pub struct WorkerCounts {
    /// From an act's coming to its begin, of those that began.
    pub waited: Histogram,
    /// Acts that were refused as [`Busy`].
    pub refused: Counter,
}

/// Upper ends of the ranges of the time that acts wait, in seconds.
const WAITED: [f64; 7] = [0.001, 0.01, 0.05, 0.2, 0.5, 1.0, 4.0];

/// What callers and threads share.
struct Line {
    state: Mutex<State>,
    /// Wakes a thread for a new act, and all of them at the end.
    changed: Condvar,
}

struct State {
    waiting: FairQueue<Waiting>,
    /// How many acts have come.
    count: u64,
    closed: bool,
}

struct Waiting {
    number: u64,
    since: Instant,
    act: Box<dyn FnOnce() + Send>,
}

struct Open(Arc<Line>);

/// The priority of the threads beside the process's other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// That of any other thread.
    Usual,
    /// For long work: a core goes first to any other thread that wants it. While others want all cores all the time, hardly
    /// anything is done here, and waiting callers are told to come back.
    Last,
}

/// The act could not begin in time, or the queue is full and the caller's share of it the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many are waiting")]
pub struct Busy;

impl Workers {
    /// Starts the threads. `name`: what they are called in a list of the process's threads.
    pub fn start(name: &str, threads: usize, priority: Priority) -> std::io::Result<Self> {
        Self::with(name, threads, priority, QUEUE, LONGEST_WAIT)
    }

    fn with(
        name: &str,
        threads: usize,
        priority: Priority,
        queue: usize,
        longest_wait: Duration,
    ) -> std::io::Result<Self> {
        let state = State { waiting: FairQueue::new(queue), count: 0, closed: false };
        let line = Arc::new(Line { state: Mutex::new(state), changed: Condvar::new() });
        let counts = Arc::new(WorkerCounts { waited: Histogram::new(&WAITED), refused: Counter::default() });
        let workers = Self {
            line: Arc::clone(&line),
            longest_wait,
            counts: Arc::clone(&counts),
            _open: Arc::new(Open(Arc::clone(&line))),
        };
        for number in 1..=threads {
            let (line, counts) = (Arc::clone(&line), Arc::clone(&counts));
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                if priority == Priority::Last {
                    lower_priority();
                }
                work(&line, &counts);
            })?;
        }
        Ok(workers)
    }

    /// How many acts wait at this moment.
    pub fn waiting(&self) -> usize {
        self.line.lock().waiting.len()
    }

    pub fn counts(&self) -> &WorkerCounts {
        &self.counts
    }

    /// Runs the whole act on one of the threads. `path`: whose turn it takes. An act that has begun is waited for to its end; one that
    /// is refused as [`Busy`], or whose caller goes away before it begins, has done nothing.
    pub async fn run<T: Send + 'static>(
        &self,
        path: &Path,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let done = self.run_in_time(path, act).await;
        if done.is_err() {
            self.counts.refused.add(1);
        }
        done
    }

    async fn run_in_time<T: Send + 'static>(
        &self,
        path: &Path,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (sender, mut receiver) = oneshot::channel();
        let place = self.line.join(path, Box::new(move || drop(sender.send(act()))));
        // If the act is put out of the queue or panics, the sender is dropped unused, and the caller gets `Busy`.
        let in_time = tokio::time::timeout(self.longest_wait, &mut receiver).await;
        if let Ok(done) = in_time {
            place.has_begun();
            return done.map_err(|_| Busy);
        }
        if place.leave() {
            return Err(Busy);
        }
        receiver.await.map_err(|_| Busy)
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join<'a>(&'a self, path: &'a Path, act: Box<dyn FnOnce() + Send>) -> Place<'a> {
        let mut state = self.lock();
        state.count += 1;
        let number = state.count;
        let put_out = state.waiting.push(path, Waiting { number, since: Instant::now(), act });
        drop(state);
        // Not while the lock is held: this wakes whoever waits for it.
        drop(put_out);
        self.changed.notify_one();
        Place { line: self, path, number: Some(number) }
    }

    /// Waits for the next act; `None`: there will be no more.
    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if let Some(next) = state.waiting.pop() {
                return Some(next);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

/// A caller's place in the queue. Given up when it is dropped.
struct Place<'a> {
    line: &'a Line,
    path: &'a Path,
    /// `None`: the place is given up.
    number: Option<u64>,
}

impl Place<'_> {
    /// Whether the act was still waiting, so that it never begins.
    fn leave(mut self) -> bool {
        self.give_up().is_some()
    }

    fn has_begun(mut self) {
        self.number = None;
    }

    fn give_up(&mut self) -> Option<Waiting> {
        let number = self.number.take()?;
        self.line.lock().waiting.remove(self.path, |waiting| waiting.number == number)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        drop(self.give_up());
    }
}

/// Gives these threads, on Linux, the lowest priority. At the usual one, a hashing thread that was interrupted gets its core back
/// for a whole time slice, and the next request waits for that: in a flood of sign-ins, the p99 of other requests was 5 to 6 times
/// that without a flood; with the lowest it is 1.3 to 2.2 times. The price: beside 110,000 checked requests per second on both
/// cores, a sign-in took 8 s instead of 0.24. (`sched(7)`; `cargo bench --bench load -- logins`)
#[cfg(target_os = "linux")]
fn lower_priority() {
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::warn!(event = "priority_not_set", error = %error, "sign-ins may slow down other requests");
    }
}

/// Elsewhere only a whole process has a priority.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

fn work(line: &Line, counts: &WorkerCounts) {
    while let Some(next) = line.next() {
        counts.waited.note_time(next.since.elapsed());
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(next.act)).is_err() {
            tracing::error!(event = "worker_panicked", "an act on a thread of its own panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn sleeping(time: Duration) -> impl FnOnce() + Send + 'static {
        move || std::thread::sleep(time)
    }

    #[actix_web::test]
    async fn who_would_wait_too_long_is_told_so_in_time_and_their_act_is_never_begun() {
        let workers = Workers::with("test", 1, Priority::Usual, 8, Duration::from_millis(50)).unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let (first, second) =
            futures_util::future::join(workers.run(&[], sleeping(Duration::from_millis(300))), async {
                let begin = Instant::now();
                let counts = Arc::clone(&begun);
                let answer = workers.run(&[], move || counts.fetch_add(1, Ordering::Relaxed)).await;
                assert!(begin.elapsed() < Duration::from_millis(250), "{:?}", begin.elapsed());
                answer
            })
            .await;
        assert_eq!((first, second), (Ok(()), Err(Busy)), "what was begun is waited for, however long it takes");
        workers.run(&[], || ()).await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 0);
        let counts = workers.counts();
        assert_eq!((counts.refused.get(), counts.waited.spread().count, workers.waiting()), (1, 2, 0));
    }

    #[actix_web::test]
    async fn a_full_queue_refuses_at_once_and_a_panic_costs_one_act() {
        let workers = Workers::with("test", 1, Priority::Last, 1, Duration::from_secs(5)).unwrap();
        assert_eq!(workers.run(&[], || assert!(std::env::args().count() == 0, "on purpose")).await, Err(Busy));
        let answers =
            futures_util::future::join_all((0..4).map(|_| workers.run(&[], sleeping(Duration::from_millis(100)))))
                .await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        // One act runs and one waits, unless the thread took the first only after the second had come.
        assert!((2..=3).contains(&refused), "{answers:?}");
        workers.run(&[], || ()).await.unwrap();
    }

    #[actix_web::test]
    async fn whoever_shares_no_turn_with_a_crowd_is_served_next_and_when_it_is_full_too() {
        let workers = Workers::with("test", 1, Priority::Usual, 16, Duration::from_secs(30)).unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let in_turn = |path: &'static Path| {
            let counts = Arc::clone(&begun);
            workers.run(path, move || {
                std::thread::sleep(Duration::from_millis(5));
                counts.fetch_add(1, Ordering::Relaxed)
            })
        };
        let crowd = futures_util::future::join_all((0..40).map(|_| in_turn(&[1])));
        let (crowd, ana) = futures_util::future::join(crowd, in_turn(&[2])).await;
        let served = crowd.iter().filter(|answer| answer.is_ok()).count();
        assert!((15..=30).contains(&served), "the queue is bounded: {served}");
        // Whatever the thread has begun before ana came, and one turn of the crowd.
        assert!(ana.is_ok_and(|before| before <= 8), "{ana:?}");
    }

    #[actix_web::test]
    async fn the_act_of_a_caller_who_goes_away_is_never_begun() {
        let workers = Workers::with("test", 1, Priority::Usual, 8, Duration::from_secs(5)).unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let (first, gone) =
            futures_util::future::join(workers.run(&[1], sleeping(Duration::from_millis(200))), async {
                let counts = Arc::clone(&begun);
                let act = workers.run(&[1], move || counts.fetch_add(1, Ordering::Relaxed));
                tokio::time::timeout(Duration::from_millis(50), act).await
            })
            .await;
        assert!(first.is_ok() && gone.is_err());
        workers.run(&[1], || ()).await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 0);
        assert!(workers.line.lock().waiting.pop().is_none());
    }
}
