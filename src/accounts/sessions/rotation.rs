//! The rule of rotation, and nothing else: what a refresh token that is shown means. No I/O, so that a test can walk every
//! path of owner and thief. (RFC 9700 §4.14)

use crate::domain::UnixTime;

/// Where a session stands, as its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) generation: i64,
    /// Which refresh token of the session is in force, and which was the last of the generation before, by order of issue.
    pub(super) issue: i64,
    pub(super) previous_issue: i64,
    pub(super) rotated_at: UnixTime,
    /// Whether any token of this generation was seen in use.
    pub(super) seen: bool,
}

/// The refresh token that is shown. Its issue is `None` if its id is neither that of the current nor that of the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) generation: i64,
    pub(super) issue: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The current token: the session moves on.
    Rotate,
    /// The predecessor, within the grace: a second tab, a double click. It gets what the first got. So does the current token
    /// itself: were there two rotations within the grace, a slow tab could be two behind, and be taken for a thief.
    SameAgain,
    /// The predecessor, and no token of the current generation was ever seen: the answer was lost on the way. It gets a new
    /// successor, and the lost one is void for ever.
    NewSuccessor,
    /// Spent for good: taken as theft.
    Reuse,
    /// Newer than the row: an older backup of the database was restored.
    FromTheFuture,
}

pub(super) fn judge(state: State, shown: Shown, grace: i64, now: UnixTime) -> Judgement {
    let is_current = shown.issue == Some(state.issue);
    let is_predecessor = shown.issue == Some(state.previous_issue);
    // Two requests read their clocks before they queue, so the later one may be the earlier by its clock. A clock that was set
    // back further than that closes the grace instead of opening it.
    let in_grace = (-grace..=grace).contains(&now.since(state.rotated_at));
    match state.generation.saturating_sub(shown.generation) {
        0 if is_current && in_grace => Judgement::SameAgain,
        0 if is_current => Judgement::Rotate,
        1 if is_predecessor && in_grace => Judgement::SameAgain,
        1 if is_predecessor && !state.seen => Judgement::NewSuccessor,
        0.. => Judgement::Reuse,
        _ => Judgement::FromTheFuture,
    }
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
        }
    }

    /// After [`Judgement::NewSuccessor`]: another token of the same generation.
    pub(super) fn with_new_successor(self, now: UnixTime) -> Self {
        Self { issue: self.issue + 1, rotated_at: now, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const GRACE: i64 = 10;

    /// What somebody holds: an access and a refresh token that came together.
    type Pair = Shown;

    fn pair(generation: i64, issue: i64) -> Pair {
        Shown { generation, issue: Some(issue) }
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Who {
        Owner,
        Thief,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Act {
        /// Renews, by the newest or by the oldest refresh token they hold; the answer may be lost on the way.
        Renew { oldest: bool, answer_is_lost: bool },
        /// A request of another tab, sent before this browser got its newest pair, arrives only now.
        LateTab,
        /// Opens a page with the newest access token.
        Show,
    }

    #[derive(Clone, Copy, Debug)]
    struct Move {
        who: Who,
        act: Act,
        /// Since the move before.
        after: i64,
    }

    /// One session as the server keeps it, and what both hold of it.
    #[derive(Clone, Debug)]
    struct World {
        now: UnixTime,
        state: State,
        /// Void for ever: whoever shows it is a thief.
        traps: BTreeSet<i64>,
        ended: bool,
        owner: Vec<Pair>,
        thief: Vec<Pair>,
        /// When each generation was left behind.
        left_at: BTreeMap<i64, UnixTime>,
        /// Who has opened a page with a token that was made after the theft.
        owner_went_on: bool,
        thief_went_on: bool,
    }

    impl World {
        /// Right after the theft: the thief holds a copy of the owner's cookies.
        fn new() -> Self {
            let state = State { generation: 0, issue: 0, previous_issue: 0, rotated_at: UnixTime(1_000), seen: true };
            Self {
                now: UnixTime(1_000_000),
                state,
                traps: BTreeSet::new(),
                ended: false,
                owner: vec![pair(0, 0)],
                thief: vec![pair(0, 0)],
                left_at: BTreeMap::new(),
                owner_went_on: false,
                thief_went_on: false,
            }
        }

        fn holds(&mut self, who: Who) -> &mut Vec<Pair> {
            match who {
                Who::Owner => &mut self.owner,
                Who::Thief => &mut self.thief,
            }
        }

        fn was_left_long_ago(&self, pair: Pair) -> bool {
            self.left_at.get(&pair.generation).is_some_and(|left| self.now.since(*left) > GRACE)
        }

        fn make(&mut self, this: Move) {
            self.now = self.now.plus(this.after);
            let held = self.holds(this.who).clone();
            let newest = held.len() - 1;
            let shown = match this.act {
                Act::Renew { oldest: true, .. } => held[0],
                Act::Renew { oldest: false, .. } | Act::Show => held[newest],
                // No request arrives later than the grace after its token was spent.
                Act::LateTab if newest == 0 || self.was_left_long_ago(held[newest - 1]) => return,
                Act::LateTab => held[newest - 1],
            };
            if shown.issue.is_some_and(|issue| self.traps.contains(&issue)) {
                self.ended = true;
                return;
            }
            match this.act {
                Act::Show => {
                    // A guard knows ended sessions and traps; any other token of the session passes.
                    self.state.seen |= shown.generation == self.state.generation;
                    if shown.generation > 0 {
                        match this.who {
                            Who::Owner => self.owner_went_on = true,
                            Who::Thief => self.thief_went_on = true,
                        }
                    }
                }
                Act::Renew { .. } | Act::LateTab => {
                    // The refresh token itself passes the guard, which counts as a use of its generation.
                    self.state.seen |= shown.generation == self.state.generation;
                    match judge(self.state, shown, GRACE, self.now) {
                        Judgement::Rotate => {
                            self.left_at.insert(self.state.generation, self.now);
                            self.state = self.state.rotated(self.now);
                        }
                        Judgement::SameAgain => {}
                        Judgement::NewSuccessor => {
                            self.traps.insert(self.state.issue);
                            self.state = self.state.with_new_successor(self.now);
                        }
                        Judgement::Reuse => {
                            self.ended = true;
                            return;
                        }
                        Judgement::FromTheFuture => unreachable!("nothing here restores a backup"),
                    }
                    let is_received = matches!(this.act, Act::Renew { answer_is_lost: false, .. });
                    if is_received {
                        let given = pair(self.state.generation, self.state.issue);
                        self.holds(this.who).push(given);
                    }
                }
            }
        }
    }

    /// Walks every path of `depth` moves, each out of `moves`, as long as the session lives.
    fn every_path(
        world: &World,
        moves: &[Move],
        depth: usize,
        path: &mut Vec<Move>,
        look: &mut impl FnMut(&World, &[Move]),
    ) {
        look(world, path);
        if depth == 0 || world.ended || world.state.generation > 3 {
            return;
        }
        for this in moves {
            let mut next = world.clone();
            next.make(*this);
            path.push(*this);
            every_path(&next, moves, depth - 1, path, look);
            path.pop();
        }
    }

    fn acts(oldest: &[bool]) -> Vec<Act> {
        let mut acts = vec![Act::Show];
        for oldest in oldest {
            for answer_is_lost in [false, true] {
                acts.push(Act::Renew { oldest: *oldest, answer_is_lost });
            }
        }
        acts
    }

    #[test]
    fn with_moves_further_apart_than_the_grace_owner_and_thief_never_both_go_on() {
        let mut moves = Vec::new();
        for act in acts(&[false]) {
            moves.push(Move { who: Who::Owner, act, after: GRACE + 1 });
        }
        // A thief may try with whatever he has kept.
        for act in acts(&[false, true]) {
            moves.push(Move { who: Who::Thief, act, after: GRACE + 1 });
        }
        let (mut paths, mut caught, mut alone) = (0, 0, 0);
        every_path(&World::new(), &moves, 7, &mut Vec::new(), &mut |world, path| {
            paths += 1;
            caught += usize::from(world.ended);
            alone += usize::from(world.thief_went_on);
            assert!(!(world.owner_went_on && world.thief_went_on), "both went on: {path:#?}");
        });
        // The walk is worth something only if it got everywhere.
        assert!(paths > 500_000 && caught > 10_000 && alone > 10_000, "{paths} {caught} {alone}");
    }

    #[test]
    fn without_a_thief_no_path_ever_ends_a_session() {
        let mut moves = Vec::new();
        for act in acts(&[false]).into_iter().chain([Act::LateTab]) {
            for after in [0, GRACE, GRACE + 1] {
                moves.push(Move { who: Who::Owner, act, after });
            }
        }
        let mut paths = 0;
        every_path(&World::new(), &moves, 6, &mut Vec::new(), &mut |world, path| {
            paths += 1;
            assert!(!world.ended, "the owner was thrown out: {path:#?}");
        });
        assert!(paths > 500_000, "{paths}");
    }

    #[test]
    fn a_second_tab_that_is_late_is_let_in_within_the_grace_only() {
        let state = State { generation: 4, issue: 6, previous_issue: 5, rotated_at: UnixTime(100), seen: true };
        assert_eq!(judge(state, pair(4, 6), GRACE, UnixTime(105)), Judgement::SameAgain, "one rotation at a time");
        assert_eq!(judge(state, pair(4, 6), GRACE, UnixTime(111)), Judgement::Rotate);
        let at = |now| judge(state, pair(3, 5), GRACE, UnixTime(now));
        assert_eq!((at(100), at(110)), (Judgement::SameAgain, Judgement::SameAgain));
        assert_eq!(at(111), Judgement::Reuse);
        assert_eq!(at(99), Judgement::SameAgain, "read before the other's clock, queued behind it");
        assert_eq!(at(80), Judgement::Reuse, "a clock that was set back");
    }

    #[test]
    fn what_was_void_once_is_no_predecessor() {
        // Issue 4 of generation 3 was lost, issue 5 took its place and was renewed to issue 6.
        let state = State { generation: 4, issue: 6, previous_issue: 5, rotated_at: UnixTime(100), seen: false };
        let neither = Shown { generation: 3, issue: None };
        assert_eq!(judge(state, neither, GRACE, UnixTime(101)), Judgement::Reuse);
        assert_eq!(judge(state, pair(3, 5), GRACE, UnixTime(500)), Judgement::NewSuccessor);
        assert_eq!(judge(state, pair(5, 6), GRACE, UnixTime(101)), Judgement::FromTheFuture);
    }
}
