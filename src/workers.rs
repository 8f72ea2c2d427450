//! Threads for what blocks, behind a queue that is bounded by length and by time. Acts that hash run on the password workers, so
//! that a flood of logins costs logins time and nobody else; reads of the database run on the readers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Length of the queue. Long enough that for acts that hash `LONGEST_WAIT`, not this, is the limit.
const QUEUE: usize = 256;
/// An act that has not begun by then is refused. With a hash of the usual cost, every act is over within five seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Some threads, and the queue in front of them. Cheap to clone.
#[derive(Clone)]
pub struct Workers {
    queue: SyncSender<Waiting>,
    longest_wait: Duration,
}

struct Waiting {
    /// Set by whichever comes first: the thread that begins the act, or the caller who gives up waiting for that.
    taken: Arc<AtomicBool>,
    act: Box<dyn FnOnce() + Send>,
}

/// The priority of the threads beside the process's other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// That of any other thread.
    Usual,
    /// For long work: a core goes first to any other thread that wants it. While others want all cores all the time, hardly
    /// anything is done here, and waiting callers are told to come back.
    Last,
}

/// The queue is full, or the act could not begin in time.
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
        let (queue, waiting) = sync_channel(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 1..=threads {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                if priority == Priority::Last {
                    lower_priority();
                }
                work(&waiting);
            })?;
        }
        Ok(Self { queue, longest_wait })
    }

    /// Runs the whole act on one of the threads. An act that has begun is waited for to its end; one that is refused as [`Busy`]
    /// before it begins has done nothing.
    pub async fn run<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let (sender, mut receiver) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let act = Box::new(move || drop(sender.send(act())));
        self.queue.try_send(Waiting { taken: Arc::clone(&taken), act }).map_err(|_| Busy)?;
        // If the act panics, the sender is dropped unused; the caller gets `Busy` then too.
        if let Ok(done) = tokio::time::timeout(self.longest_wait, &mut receiver).await {
            return done.map_err(|_| Busy);
        }
        if !taken.swap(true, Ordering::AcqRel) {
            return Err(Busy);
        }
        receiver.await.map_err(|_| Busy)
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

fn work(waiting: &Mutex<Receiver<Waiting>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        if next.taken.swap(true, Ordering::AcqRel) {
            continue;
        }
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(next.act)).is_err() {
            tracing::error!(event = "worker_panicked", "an act on a thread of its own panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    fn sleeping(time: Duration) -> impl FnOnce() + Send + 'static {
        move || std::thread::sleep(time)
    }

    #[actix_web::test]
    async fn who_would_wait_too_long_is_told_so_in_time_and_their_act_is_never_begun() {
        let workers = Workers::with("test", 1, Priority::Usual, 8, Duration::from_millis(50)).unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let (first, second) = futures_util::future::join(workers.run(sleeping(Duration::from_millis(300))), async {
            let begin = Instant::now();
            let counts = Arc::clone(&begun);
            let answer = workers.run(move || counts.fetch_add(1, Ordering::Relaxed)).await;
            assert!(begin.elapsed() < Duration::from_millis(250), "{:?}", begin.elapsed());
            answer
        })
        .await;
        assert_eq!((first, second), (Ok(()), Err(Busy)), "what was begun is waited for, however long it takes");
        workers.run(|| ()).await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn a_full_queue_refuses_at_once_and_a_panic_costs_one_act() {
        let workers = Workers::with("test", 1, Priority::Last, 1, Duration::from_secs(5)).unwrap();
        assert_eq!(workers.run(|| assert!(std::env::args().count() == 0, "on purpose")).await, Err(Busy));
        let answers =
            futures_util::future::join_all((0..4).map(|_| workers.run(sleeping(Duration::from_millis(100))))).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        // One act runs and one waits, unless the thread took the first only after the second had come.
        assert!((2..=3).contains(&refused), "{answers:?}");
        workers.run(|| ()).await.unwrap();
    }
}
