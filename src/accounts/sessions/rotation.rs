//! The rule of rotation, and nothing else: what it means that a refresh token is shown. No I/O, so that a test can walk every path of
//! owner and thief. In words: `docs/sessions.md`. (RFC 9700 §4.14)

use crate::domain::UnixTime;

/// Chromium writes cookies to disk up to this late, in seconds.
const WRITTEN_AFTER: i64 = 30;
/// For this many seconds after the grace a browser may not have written its new cookies to disk yet: their answer may take 30 s to
/// come ([`sets_cookies`]), and the disk 30 s more. While the session is used only within that time, a crashed browser may come back
/// with the cookies of before.
const SETTLES_AFTER: i64 = 50;
/// How often a crashed browser may come back in one generation.
const MOST_RECOVERIES: i64 = 3;

/// Where a session stands, as its row and memory say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) generation: i64,
    /// Which refresh token of the session is in force, and which was the last of the generation before, by order of issue.
    pub(super) issue: i64,
    pub(super) previous_issue: i64,
    pub(super) rotated_at: UnixTime,
    /// Whether any token of this generation was seen in use.
    pub(super) seen: bool,
    /// Whether one was seen so late that its browser must have written it to disk; see [`settles`].
    pub(super) settled: bool,
    /// How often a crashed browser came back in this generation.
    pub(super) recovered: i64,
}

/// The refresh token that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shown {
    pub(super) generation: i64,
    /// `None`: its id is neither that of the current nor that of the previous one.
    pub(super) issue: Option<i64>,
    /// Whether it comes from the browser and the network that the current pair was made for, as far as Portero can tell.
    pub(super) from_same_place: bool,
}

/// What the settings and the session's kind allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// Seconds within which the predecessor gets the same successor.
    pub(super) grace: i64,
    /// Whether a crashed browser may come back with older cookies: in cookie sessions, unless the grace is 0.
    pub(super) forgives_crashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The current token: the session moves on.
    Rotate,
    /// The predecessor within the grace (a second tab, a double click) gets what the first got. So does the current token itself: with
    /// two rotations in a row a slow tab, or the disk of a crashed browser, could be two behind, and be taken for a thief.
    SameAgain,
    /// The predecessor, and no token of the current generation was ever seen: the answer was lost on the way. It gets a new
    /// successor, and the lost one is void for ever.
    Retry,
    /// The predecessor, from a browser that crashed before it had written its newest cookies to disk. It gets a new successor, and
    /// everything given out with the current pair is void for ever.
    Recover,
    /// Spent for good: taken as theft.
    Reuse,
    /// Newer than the row: an older backup of the database was restored.
    FromTheFuture,
}

pub(super) fn judge(state: State, shown: Shown, rules: Rules, now: UnixTime) -> Judgement {
    let is_current = shown.issue == Some(state.issue);
    let is_predecessor = shown.issue == Some(state.previous_issue);
    // Requests may overtake each other on their way to the writer. A clock that was set back further than that closes the grace
    // instead of opening it.
    let age = now.since(state.rotated_at);
    let in_grace = (-rules.grace..=rules.grace).contains(&age);
    // Before its first rotation a session has no older cookies to come back.
    let is_unsettled =
        rules.forgives_crashes && state.generation > 0 && (-rules.grace..=rules.grace + SETTLES_AFTER).contains(&age);
    let may_recover =
        rules.forgives_crashes && !state.settled && shown.from_same_place && state.recovered < MOST_RECOVERIES;
    // Once a crash was forgiven, an answer that is lost in the same generation has to come from the same place too.
    let was_lost = !state.seen && (state.recovered == 0 || shown.from_same_place);
    match state.generation.saturating_sub(shown.generation) {
        0 if is_current && (in_grace || is_unsettled) => Judgement::SameAgain,
        0 if is_current => Judgement::Rotate,
        1 if is_predecessor && in_grace => Judgement::SameAgain,
        1 if is_predecessor && was_lost => Judgement::Retry,
        1 if is_predecessor && may_recover => Judgement::Recover,
        0.. => Judgement::Reuse,
        _ => Judgement::FromTheFuture,
    }
}

/// Whether a token of the current generation, shown at `now`, tells that its browser has written it to disk.
pub(super) fn settles(rotated_at: UnixTime, grace: i64, now: UnixTime) -> bool {
    rotated_at < settles_what_was_made_before(now, grace)
}

/// A token that is shown at `now` settles its generation if that was made before this moment.
pub(super) fn settles_what_was_made_before(now: UnixTime, grace: i64) -> UnixTime {
    now.plus(-(grace + SETTLES_AFTER))
}

/// Whether an answer that is ready at `now` may still bring the pair of this generation and issue. Not if it was overtaken: it would
/// set the browser back to a pair that is spent or void. And not so late that the browser could not have written it to disk before the
/// session settles: then it is taken as lost.
pub(super) fn sets_cookies(state: State, generation: i64, issue: i64, grace: i64, now: UnixTime) -> bool {
    let is_current = (generation, issue) == (state.generation, state.issue);
    is_current && now.since(state.rotated_at) <= grace + SETTLES_AFTER - WRITTEN_AFTER
}

impl State {
    /// After [`Judgement::Rotate`].
    pub(super) fn rotated(self, now: UnixTime) -> Self {
        Self {
            generation: self.generation + 1,
            issue: self.issue + 1,
            previous_issue: self.issue,
            rotated_at: now,
            seen: false,
            settled: false,
            recovered: 0,
        }
    }

    /// After [`Judgement::Retry`]: another token of the same generation.
    pub(super) fn retried(self, now: UnixTime) -> Self {
        Self { issue: self.issue + 1, rotated_at: now, seen: false, settled: false, ..self }
    }

    /// After [`Judgement::Recover`].
    pub(super) fn recovered(self, now: UnixTime) -> Self {
        Self { recovered: self.recovered + 1, ..self.retried(now) }
    }
}

#[cfg(test)]
mod tests;
