//! How the outbox does, for admins, in words and as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::page::Page;
use super::times::Time;
use crate::domain::UnixTime;
use crate::store::outbox::{Outcome, Progress, State};

pub(in crate::web) struct MailView {
    /// Host and port.
    pub(in crate::web) server: String,
    pub(in crate::web) waiting: String,
    /// When the next try is, if something waits.
    pub(in crate::web) next_try: Option<Time>,
    pub(in crate::web) last_sent: Option<Time>,
    /// `None`: none was.
    pub(in crate::web) given_up: Option<String>,
    /// What the last try that failed came to. `None`: nothing is amiss.
    pub(in crate::web) trouble: Option<String>,
}

impl MailView {
    pub(in crate::web) fn new(page: &Page, server: String, state: &State) -> Self {
        let trouble = state.trouble.map(|(outcome, status)| {
            let words = page.t(&format!("mail-outcome-{}", outcome.as_str()));
            status.map_or_else(|| words.clone(), |status| format!("{words} ({status})"))
        });
        Self {
            server,
            waiting: page.tn("about-mail-waiting-count", state.waiting),
            next_try: state.next_try_at.filter(|at| at.0 > 0).map(|at| page.time(at)),
            last_sent: state.last_sent_at.map(|at| page.time(at)),
            given_up: (state.given_up > 0).then(|| page.tn("about-mail-given-up-count", state.given_up)),
            trouble,
        }
    }
}

/// How it stands with the mail.
#[derive(Serialize, ToSchema)]
#[schema(as = MailState)]
pub(in crate::web) struct MailShown<'a> {
    /// Host and port.
    server: &'a str,
    waiting: i64,
    /// Since when the oldest of these waits.
    oldest: Option<UnixTime>,
    given_up: i64,
    last_sent: Option<UnixTime>,
    last_failure: Option<MailFailure>,
}

/// A mail that could not be sent.
#[derive(Serialize, ToSchema)]
struct MailFailure {
    #[schema(inline)]
    outcome: Outcome,
    /// What the server answered.
    status: Option<u16>,
}

pub(in crate::web) fn shown<'a>(server: &'a str, state: &State) -> MailShown<'a> {
    MailShown {
        server,
        waiting: state.waiting,
        oldest: state.oldest,
        given_up: state.given_up,
        last_sent: state.last_sent_at,
        last_failure: state.trouble.map(|(outcome, status)| MailFailure { outcome, status }),
    }
}

/// What an admin who hands a link over is told of its mail.
pub(in crate::web) fn of_link(page: &Page, progress: Progress, address: &str) -> String {
    let key = match progress {
        Progress::Waiting => "made-link-mail-waiting",
        Progress::Sent => "made-link-mail-sent",
        Progress::GivenUp => "made-link-mail-given-up",
    };
    page.t1(key, "address", address)
}
