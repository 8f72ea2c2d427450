//! Threads for what blocks, with a queue that is bounded by length and by time. Acts that hash have a lane, so that a flood of
//! logins costs logins time and nobody else; what reads the database has another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// The most acts that wait. More than begin in time where they hash, so that time is what bounds them.
const QUEUE: usize = 256;
/// An act that has not begun by then is not begun. With a hash of usual cost it is over within five seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Some threads and the queue before them. Cheap to clone.
#[derive(Clone)]
pub struct Lane {
    queue: SyncSender<Waiting>,
    longest_wait: Duration,
}

struct Waiting {
    /// Set by whoever is first: the thread that begins the act, or who gives up waiting for that.
    taken: Arc<AtomicBool>,
    act: Box<dyn FnOnce() + Send>,
}

/// Beside the other threads of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// As any other.
    Usual,
    /// For long work: a core goes to whoever else wants it. While others want all cores all the time, hardly anything is done here,
    /// and who waits is told to come back.
    Last,
}

/// The lane is full, or the act would begin so late that nobody should wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many are waiting")]
pub struct Busy;

impl Lane {
    /// `name`: of its threads, for who looks at the process.
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
                    give_way();
                }
                work(&waiting);
            })?;
        }
        Ok(Self { queue, longest_wait })
    }

    /// Runs the whole act on a thread of the lane. One that was begun is waited for to its end; one that was not has done
    /// nothing.
    pub async fn run<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let (sender, mut receiver) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let act = Box::new(move || drop(sender.send(act())));
        self.queue.try_send(Waiting { taken: Arc::clone(&taken), act }).map_err(|_| Busy)?;
        // The sender is dropped unused where the act panicked.
        if let Ok(done) = tokio::time::timeout(self.longest_wait, &mut receiver).await {
            return done.map_err(|_| Busy);
        }
        if !taken.swap(true, Ordering::AcqRel) {
            return Err(Busy);
        }
        receiver.await.map_err(|_| Busy)
    }
}

/// On Linux a priority is a thread's own. At the usual one a thread that hashes, once interrupted, has its core back for a whole
/// slice, and the next request waits for that: the p99 of others in a flood of sign-ins was 5 to 6 times the quiet one, and is
/// 1.3 to 2.2 times that so. The price: a sign-in beside 110,000 checked requests per second on both cores took 8 s instead of 0.24.
/// (`sched(7)`; `cargo bench --bench load -- logins`)
#[cfg(target_os = "linux")]
fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::warn!(event = "priority_not_set", error = %error, "sign-ins may slow down other requests");
    }
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

fn work(waiting: &Mutex<Receiver<Waiting>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        if next.taken.swap(true, Ordering::AcqRel) {
            continue;
        }
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(next.act)).is_err() {
            tracing::error!(event = "panic", "an act on a thread of its own panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    fn for_a(time: Duration) -> impl FnOnce() + Send + 'static {
        move || std::thread::sleep(time)
    }

    #[actix_web::test]
    async fn who_would_wait_too_long_is_told_so_in_time_and_their_act_is_never_begun() {
        let lane = Lane::with("test", 1, Priority::Usual, 8, Duration::from_millis(50)).unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let (first, second) = futures_util::future::join(lane.run(for_a(Duration::from_millis(300))), async {
            let begin = Instant::now();
            let counts = Arc::clone(&begun);
            let answer = lane.run(move || counts.fetch_add(1, Ordering::Relaxed)).await;
            assert!(begin.elapsed() < Duration::from_millis(250), "{:?}", begin.elapsed());
            answer
        })
        .await;
        assert_eq!((first, second), (Ok(()), Err(Busy)), "what was begun is waited for, however long it takes");
        lane.run(|| ()).await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn a_full_lane_refuses_at_once_and_a_panic_costs_one_act() {
        let lane = Lane::with("test", 1, Priority::Last, 1, Duration::from_secs(5)).unwrap();
        assert_eq!(lane.run(|| assert!(std::env::args().count() == 0, "on purpose")).await, Err(Busy));
        let answers = futures_util::future::join_all((0..4).map(|_| lane.run(for_a(Duration::from_millis(100))))).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        // One runs and one waits, unless the thread took the first only after the second had come.
        assert!((2..=3).contains(&refused), "{answers:?}");
        lane.run(|| ()).await.unwrap();
    }
}
