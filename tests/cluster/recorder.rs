//! What was asked and what was answered, by one clock.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    Accepted,
    Refused,
    /// 503, or no answer.
    Unknown,
}

/// A session whose end was answered.
#[derive(Clone)]
pub(crate) struct Ended {
    pub(crate) token: String,
    answered: Instant,
}

#[derive(Default)]
pub(crate) struct Recorder {
    ended: Mutex<Vec<Ended>>,
    violations: Mutex<Vec<String>>,
    checks: AtomicUsize,
    unknown: AtomicUsize,
    took: Mutex<Vec<Duration>>,
}

impl Recorder {
    /// The end of this session was answered just now.
    pub(crate) fn ended_now(&self, token: &str, asked: Instant) -> Ended {
        let ended = Ended { token: token.to_owned(), answered: Instant::now() };
        self.took.lock().unwrap().push(ended.answered - asked);
        self.ended.lock().unwrap().push(ended.clone());
        ended
    }

    /// A node was asked about it at that moment.
    pub(crate) fn checked(&self, ended: &Ended, node: usize, asked: Instant, found: Checked) {
        assert!(asked >= ended.answered);
        self.checks.fetch_add(1, Ordering::Relaxed);
        match found {
            Checked::Accepted => {
                let after = asked - ended.answered;
                self.violations.lock().unwrap().push(format!("accepted by node {node}, asked {after:?} after the end"));
            }
            Checked::Refused => {}
            Checked::Unknown => drop(self.unknown.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Mostly one that ended a moment ago.
    pub(crate) fn any(&self) -> Option<Ended> {
        let ended = self.ended.lock().unwrap();
        let recent = ended.len().saturating_sub(if fastrand::bool() { 8 } else { ended.len() });
        (!ended.is_empty()).then(|| ended[fastrand::usize(recent..ended.len())].clone())
    }

    pub(crate) fn ended(&self) -> Vec<Ended> {
        self.ended.lock().unwrap().clone()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap().clone()
    }

    pub(crate) fn ends(&self) -> usize {
        self.ended.lock().unwrap().len()
    }

    pub(crate) fn checks(&self) -> usize {
        self.checks.load(Ordering::Relaxed)
    }
}

impl Recorder {
    /// In how long so many of a hundred ends were answered.
    fn took(&self, part: usize) -> Duration {
        let mut took = self.took.lock().unwrap().clone();
        took.sort();
        took.get(took.len() * part / 100).copied().unwrap_or_default()
    }

    /// In how long half of the ends were answered.
    pub(crate) fn took_half(&self) -> Duration {
        self.took(50)
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ends, checks, unknown) = (self.ends(), self.checks(), self.unknown.load(Ordering::Relaxed));
        let violations = self.violations.lock().unwrap().len();
        write!(
            f,
            "{ends} ends, half of them in {:?}, 99 % in {:?}; {checks} checks, {unknown} without an answer; {violations} violations",
            self.took(50),
            self.took(99)
        )
    }
}
