//! How many descriptors the system grants this process, and how many of them connections may use. Out of descriptors a server can
//! neither accept a connection nor open the database once more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most connections, whatever the system grants. An idle one takes 14 KB of memory, and one whose client reads nothing 76 KB for half
/// a minute.
const MOST_CONNECTIONS: usize = 16_384;
/// The fewest connections for each thread, even if they may use up the descriptors then.
const FEWEST_FOR_THREAD: usize = 8;
/// What each thread that serves connections needs besides them.
const FOR_THREAD: usize = 8;
/// What the database, the log and the commands that look at this process may open later.
const SPARE: usize = 24;
/// How many descriptors are in use when that can't be found out.
const USUALLY_OPEN: usize = 64;

/// Raises the limit of descriptors as far as this process may, and returns how many connections each of so many threads may have: what
/// fits below the limit beside what is open already and what the threads need.
pub fn connections_per_thread(threads: usize) -> usize {
    let granted = raise().map_or(usize::MAX, |granted| usize::try_from(granted).unwrap_or(usize::MAX));
    let open = std::fs::read_dir("/dev/fd").map_or(USUALLY_OPEN, Iterator::count);
    let all = granted.saturating_sub(open + threads * FOR_THREAD + SPARE).min(MOST_CONNECTIONS);
    (all / threads).max(FEWEST_FOR_THREAD)
}

/// The limit from now on; `None`: there is none.
fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(
                event = "descriptor_limit_not_raised",
                error = %error,
                "fewer people can be connected at the same time"
            );
            limit.current
        }
    }
}
