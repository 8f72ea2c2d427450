//! What the system says of this process, under the names that Prometheus' own libraries give it.

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The processor time that all threads have used so far, in seconds.
pub(super) fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The memory that is in use, in bytes. `None`: the system does not say.
pub(super) fn resident_bytes() -> Option<f64> {
    // (`proc_pid_status(5)`)
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kilobytes * 1024) as f64)
}

/// How many descriptors are open. `None`: the system does not say.
pub(super) fn open_descriptors() -> Option<f64> {
    let open = std::fs::read_dir("/dev/fd").ok()?.count();
    // Without the one that this took.
    Some(open.saturating_sub(1) as f64)
}

/// How many descriptors may be open. `None`: there is no limit.
pub(super) fn most_descriptors() -> Option<f64> {
    getrlimit(Resource::Nofile).current.map(|most| most as f64)
}
