//! How requests were answered, for metrics: by route and kind of status, how long that took, and how often somebody had to wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use actix_web::http::StatusCode;

use crate::counters::{Counter, Histogram, OwnCounter, Spread};
use crate::domain::spelled;

/// Where a request is counted that no route has answered.
pub(in crate::web) const NO_ROUTE: &str = "none";
/// The kinds of status, as a `code` names them.
const KINDS: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// Upper ends of the ranges of the time that an answer took, in seconds.
const SECONDS: [f64; 8] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0];
/// Of the many paths beneath these, all are counted together.
const TOGETHER: [(&str, &str); 7] = [
    ("/admin/", "/admin/*"),
    ("/account/", "/account/*"),
    ("/.well-known/", "/.well-known/*"),
    ("/.portero/", "/.portero/*"),
    ("/authorize/", "/authorize"),
    ("/end-session/", "/end-session"),
    ("/status-lists/", "/status-lists"),
];

/// The answers of one route on one thread. On a cache line of its own: no thread writes what another one counts with.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct RouteAnswers([OwnCounter; KINDS.len()]);

impl RouteAnswers {
    /// To be called on the thread for which it was [made](AnswerCounts::of_route).
    pub fn note(&self, status: StatusCode) {
        let [success, redirection, client_error, server_error] = &self.0;
        match status.as_u16() {
            ..=299 => success,
            300..=399 => redirection,
            400..=499 => client_error,
            500.. => server_error,
        }
        .add_one();
    }
}

/// How an answer is noted.
pub(in crate::web) trait NoteAnswer: Copy {
    /// When the request began, as far as that is noted.
    type Begun: Copy;

    fn begin(self) -> Self::Begun;
    fn note(self, begun: Self::Begun, status: StatusCode);
}

/// Counts, and does not look at the clock.
impl NoteAnswer for &'static RouteAnswers {
    type Begun = ();

    fn begin(self) {}

    fn note(self, (): (), status: StatusCode) {
        RouteAnswers::note(self, status);
    }
}

/// Counts, and takes the time from the request's head to the answer's.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Timed {
    pub(in crate::web) answers: &'static RouteAnswers,
    pub(in crate::web) durations: &'static Histogram,
}

impl NoteAnswer for Timed {
    type Begun = Instant;

    fn begin(self) -> Instant {
        Instant::now()
    }

    fn note(self, begun: Instant, status: StatusCode) {
        self.answers.note(status);
        self.durations.note_time(begun.elapsed());
    }
}

/// What a limit on tries is for, as the log's event `throttled` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    SignIn,
    Confirm,
    Passkey,
    SecondFactor,
    Link,
    ChooseByLink,
    ForgottenPassword,
}

spelled!(Limit {
    SignIn = "sign_in",
    Confirm = "confirm",
    Passkey = "passkey",
    SecondFactor = "second_factor",
    Link = "link",
    ChooseByLink = "choose_by_link",
    ForgottenPassword = "forgotten_password",
});

#[derive(Debug, Default)]
pub struct AnswerCounts {
    routes: Mutex<Vec<(&'static str, &'static RouteAnswers)>>,
    durations: Mutex<Vec<&'static Histogram>>,
    throttled: [Counter; Limit::ALL.len()],
}

impl AnswerCounts {
    /// Counters for the route with this pattern, for the calling thread alone.
    pub fn of_route(&self, pattern: &'static str) -> &'static RouteAnswers {
        // Leaked once per start, route and thread: a request then carries a plain reference, and counts nobody who holds it.
        let answers: &'static RouteAnswers = Box::leak(Box::default());
        let together = TOGETHER.iter().find(|(beneath, _)| pattern.starts_with(beneath));
        let route = together.map_or(pattern, |(_, name)| name);
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).push((route, answers));
        answers
    }

    /// Where the calling thread notes how long its answers take.
    pub fn durations_here(&self) -> &'static Histogram {
        // Leaked once per start and thread, as the counters of routes are.
        let durations: &'static Histogram = Box::leak(Box::new(Histogram::new(&SECONDS)));
        self.durations.lock().unwrap_or_else(PoisonError::into_inner).push(durations);
        durations
    }

    pub fn throttled(&self, limit: Limit) {
        if let Some((_, counter)) = Limit::ALL.iter().zip(&self.throttled).find(|(one, _)| **one == limit) {
            counter.add(1);
        }
    }

    /// Each route with the kinds of status and how many answers had them, on all threads.
    pub fn by_route(&self) -> BTreeMap<&'static str, [(&'static str, u64); KINDS.len()]> {
        let mut all = BTreeMap::new();
        for (route, answers) in self.routes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let counts = all.entry(*route).or_insert(KINDS.map(|kind| (kind, 0)));
            for ((_, count), counter) in counts.iter_mut().zip(&answers.0) {
                *count += counter.get();
            }
        }
        all
    }

    /// How long answers took, on all threads.
    pub fn durations(&self) -> Spread {
        let mut all = Histogram::new(&SECONDS).spread();
        for durations in self.durations.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            all.add(&durations.spread());
        }
        all
    }

    /// How often each limit made somebody wait.
    pub fn by_limit(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Limit::ALL.iter().zip(&self.throttled).map(|(limit, counter)| (limit.as_str(), counter.get()))
    }
}
