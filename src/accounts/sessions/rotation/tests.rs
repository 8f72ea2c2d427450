//! Every path of owner and thief, to a fixed depth: the model has the browser's memory and, up to half a minute behind, its disk.

use std::collections::{BTreeSet, HashSet};

use super::*;

const GRACE: i64 = 10;
const RULES: Rules = Rules { grace: GRACE, forgives_crashes: true };
/// Longer than any limit of the rule. What is older than that is kept as just that old, so that equal states are one.
const LONG: i64 = GRACE + SETTLES_AFTER + 1;

/// What a browser holds: an access and a refresh token that came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Pair {
    generation: i64,
    issue: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    Owner,
    Thief,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Renews by the newest refresh token. The answer may be lost, or come in only at [`Act::Arrive`].
    Renew(Answer),
    /// The thief renews by the oldest token he has kept.
    RenewByOldest,
    /// A request of another tab, sent before this browser got its newest pair, arrives only now.
    LateTab,
    /// The answer that was held up is sent.
    Arrive,
    /// Opens a page with the newest access token.
    Show,
    /// The browser is killed and starts with what is on its disk: its jar of this many seconds ago.
    Crash(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Comes,
    IsLost,
    IsHeldUp,
}

#[derive(Clone, Copy, Debug)]
struct Move {
    who: Who,
    act: Act,
    /// Since the move before, in seconds.
    after: i64,
}

/// A browser's cookies, with when it got them: the newest last, and whatever its disk may still hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Jar(Vec<(i64, Pair)>);

impl State {
    fn current(self) -> Pair {
        Pair { generation: self.generation, issue: self.issue }
    }
}

impl Jar {
    fn newest(&self) -> Pair {
        self.0[self.0.len() - 1].1
    }

    fn get(&mut self, pair: Pair) {
        if self.newest() != pair {
            self.0.push((0, pair));
        }
    }

    /// Time passes. Of what is older than the disk can be behind, only the last is kept.
    fn age(&mut self, seconds: i64) {
        for (age, _) in &mut self.0 {
            *age = (*age + seconds).min(WRITTEN_AFTER);
        }
        while self.0.len() > 1 && self.0[1].0 >= WRITTEN_AFTER {
            self.0.remove(0);
        }
    }

    fn crash(&mut self, behind: i64) {
        while self.0.len() > 1 && self.0[self.0.len() - 1].0 < behind {
            self.0.pop();
        }
    }
}

/// One session as the server keeps it, and what both hold of it. Moments are relative, so that equal states are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    state: State,
    /// Seconds since `state.rotated_at`.
    age: i64,
    /// Where the current pair was made.
    made_by: Who,
    /// Void for ever: whoever shows one of these is a thief.
    traps: BTreeSet<Pair>,
    ended: bool,
    owner: Jar,
    thief: Jar,
    /// Everything the thief ever held, oldest first.
    thiefs_oldest: Pair,
    held_up: Option<Pair>,
    /// The tab that is late, with how long ago its token was spent.
    late_tab: Option<(i64, Pair)>,
    thief_is_near: bool,
    crashes: usize,
    /// Who went on last with a token that was good at that moment, and how often that changed hands.
    went_on: Option<Who>,
    handovers: usize,
}

const NOW: UnixTime = UnixTime(1_000_000);

impl World {
    /// Right after the theft: the thief holds a copy of the owner's cookies, which are old.
    fn new(thief_is_near: bool) -> Self {
        let first = Pair { generation: 0, issue: 0 };
        let state = State {
            generation: 0,
            issue: 0,
            previous_issue: 0,
            rotated_at: NOW,
            seen: true,
            settled: true,
            recovered: 0,
        };
        let jar = Jar(vec![(WRITTEN_AFTER, first)]);
        Self {
            state,
            age: LONG,
            made_by: Who::Owner,
            traps: BTreeSet::new(),
            ended: false,
            owner: jar.clone(),
            thief: jar,
            thiefs_oldest: first,
            held_up: None,
            late_tab: None,
            thief_is_near,
            crashes: 0,
            went_on: None,
            handovers: 0,
        }
    }

    fn jar(&mut self, who: Who) -> &mut Jar {
        match who {
            Who::Owner => &mut self.owner,
            Who::Thief => &mut self.thief,
        }
    }

    fn make(&mut self, this: Move) {
        self.age = (self.age + this.after).min(LONG);
        self.owner.age(this.after);
        self.thief.age(this.after);
        // No request arrives later than the grace after its token was spent.
        self.late_tab =
            self.late_tab.map(|(since, pair)| (since + this.after, pair)).filter(|(since, _)| *since <= GRACE);
        let newest = self.jar(this.who).newest();
        match this.act {
            Act::Show => self.show(this.who, newest),
            Act::Renew(answer) => self.renew(this.who, newest, answer),
            Act::RenewByOldest => self.renew(Who::Thief, self.thiefs_oldest, Answer::Comes),
            Act::LateTab => {
                if let Some((_, pair)) = self.late_tab.take() {
                    self.renew(Who::Owner, pair, Answer::IsLost);
                }
            }
            Act::Arrive => {
                let at = State { rotated_at: NOW.plus(-self.age), ..self.state };
                if let Some(pair) = self.held_up.take()
                    && sets_cookies(at, pair.generation, pair.issue, GRACE, NOW)
                {
                    self.owner.get(pair);
                }
            }
            Act::Crash(behind) => {
                self.owner.crash(behind);
                self.held_up = None;
                self.late_tab = None;
                self.crashes += 1;
            }
        }
    }

    /// A token passes a guard: a trap or an ended session does not. `false`: refused.
    fn passes(&mut self, pair: Pair) -> bool {
        if self.traps.contains(&pair) {
            self.ended = true;
            return false;
        }
        if pair.generation == self.state.generation {
            self.state.seen = true;
            self.state.settled |= settles(NOW.plus(-self.age), GRACE, NOW);
        }
        true
    }

    fn show(&mut self, who: Who, pair: Pair) {
        // Access tokens of before the theft tell nobody from nobody.
        if self.passes(pair) && pair.generation > 0 {
            self.handovers += usize::from(self.went_on.is_some_and(|last| last != who));
            self.went_on = Some(who);
        }
    }

    fn renew(&mut self, who: Who, pair: Pair, answer: Answer) {
        if !self.passes(pair) {
            return;
        }
        let known = [(self.state.generation, self.state.issue), (self.state.generation - 1, self.state.previous_issue)];
        let shown = Shown {
            generation: pair.generation,
            issue: known.contains(&(pair.generation, pair.issue)).then_some(pair.issue),
            from_same_place: self.thief_is_near || who == self.made_by,
        };
        let at = State { rotated_at: NOW.plus(-self.age), ..self.state };
        let current = at.current();
        let next = match judge(at, shown, RULES, NOW) {
            Judgement::Rotate => {
                self.late_tab = (who == Who::Owner).then_some((0, pair));
                at.rotated(NOW)
            }
            Judgement::SameAgain => at,
            Judgement::Retry => {
                self.traps.insert(current);
                at.retried(NOW)
            }
            Judgement::Recover => {
                self.traps.insert(current);
                at.recovered(NOW)
            }
            Judgement::Reuse => {
                self.ended = true;
                return;
            }
            Judgement::FromTheFuture => unreachable!("nothing here restores a backup"),
        };
        if next != at {
            (self.age, self.made_by) = (0, who);
        }
        self.state = State { rotated_at: NOW, ..next };
        let given = next.current();
        match answer {
            Answer::Comes => self.jar(who).get(given),
            Answer::IsLost => {}
            Answer::IsHeldUp => self.held_up = Some(given),
        }
    }
}

/// Walks every path of `depth` moves, as long as the session lives. A state that was walked from before, with as many moves left, is
/// not walked again. Returns how many states there were.
fn every_path(
    begin: World,
    depth: usize,
    moves: &dyn Fn(&World) -> Vec<Move>,
    look: &mut dyn FnMut(&World, &[Move]),
) -> usize {
    let mut level: HashSet<World> = HashSet::from([begin.clone()]);
    let mut paths: std::collections::HashMap<World, Vec<Move>> = std::collections::HashMap::from([(begin, Vec::new())]);
    let mut count = 0;
    for _ in 0..=depth {
        count += level.len();
        let mut next = HashSet::new();
        for world in level {
            let path = paths[&world].clone();
            look(&world, &path);
            if world.ended || world.state.generation > 3 || path.len() == depth {
                continue;
            }
            for this in moves(&world) {
                let mut after = world.clone();
                after.make(this);
                if !paths.contains_key(&after) {
                    let mut longer = path.clone();
                    longer.push(this);
                    paths.insert(after.clone(), longer);
                    next.insert(after);
                }
            }
        }
        level = next;
    }
    count
}

fn by(who: Who, acts: &[Act], afters: &[i64]) -> Vec<Move> {
    acts.iter().flat_map(|act| afters.iter().map(move |after| Move { who, act: *act, after: *after })).collect()
}

const COMES: Act = Act::Renew(Answer::Comes);
const IS_LOST: Act = Act::Renew(Answer::IsLost);
const IS_HELD_UP: Act = Act::Renew(Answer::IsHeldUp);

#[test]
fn without_a_thief_no_path_ever_ends_a_session_two_crashes_included() {
    let moves = |world: &World| {
        let mut acts = vec![Act::Show, COMES, IS_LOST, IS_HELD_UP];
        acts.extend(world.late_tab.map(|_| Act::LateTab));
        acts.extend(world.held_up.map(|_| Act::Arrive));
        if world.crashes < 2 {
            acts.extend([Act::Crash(0), Act::Crash(WRITTEN_AFTER)]);
        }
        by(Who::Owner, &acts, &[3, GRACE + 1, WRITTEN_AFTER + 1, LONG])
    };
    let (mut crashed_twice, mut recovered) = (0, 0);
    let states = every_path(World::new(false), 8, &moves, &mut |world, path| {
        crashed_twice += usize::from(world.crashes == 2);
        recovered += usize::from(world.state.recovered > 0);
        assert!(!world.ended, "the owner was thrown out: {path:?}\n{world:?}");
    });
    // The walk is worth something only if it got everywhere.
    assert!(states > 50_000 && crashed_twice > 10_000 && recovered > 4_000, "{states} {crashed_twice} {recovered}");
}

#[test]
fn owner_and_thief_hand_over_once_from_elsewhere_and_three_times_from_the_same_network() {
    for (thief_is_near, most) in [(false, 1), (true, 3)] {
        let moves = |_: &World| {
            let far_apart = [GRACE + 1, LONG];
            let owner = by(Who::Owner, &[Act::Show, COMES, IS_LOST], &far_apart);
            let thief = by(Who::Thief, &[Act::Show, COMES, IS_LOST, Act::RenewByOldest], &far_apart);
            owner.into_iter().chain(thief).collect()
        };
        let (mut caught, mut thief_alone, mut highest) = (0, 0, 0);
        let states = every_path(World::new(thief_is_near), 8, &moves, &mut |world, path| {
            caught += usize::from(world.ended);
            thief_alone += usize::from(world.went_on == Some(Who::Thief) && world.handovers == 0);
            highest = highest.max(world.handovers);
            assert!(world.handovers <= most, "near {thief_is_near}: {path:?}");
        });
        println!("near {thief_is_near}: {highest} of {most}, {states} states, {caught} caught");
        assert!(states > 1_000 && caught > 500 && thief_alone > 100, "{states} {caught} {thief_alone}");
    }
}

fn state(generation: i64, issue: i64, previous_issue: i64, seen: bool) -> State {
    State { generation, issue, previous_issue, rotated_at: UnixTime(100), seen, settled: false, recovered: 0 }
}

fn shown(generation: i64, issue: i64) -> Shown {
    Shown { generation, issue: Some(issue), from_same_place: false }
}

#[test]
fn a_second_tab_that_is_late_is_let_in_within_the_grace_only() {
    let state = state(4, 6, 5, true);
    let rules = Rules { forgives_crashes: false, ..RULES };
    assert_eq!(judge(state, shown(4, 6), rules, UnixTime(105)), Judgement::SameAgain, "one rotation at a time");
    assert_eq!(judge(state, shown(4, 6), rules, UnixTime(111)), Judgement::Rotate);
    let at = |now| judge(state, shown(3, 5), rules, UnixTime(now));
    assert_eq!((at(100), at(110)), (Judgement::SameAgain, Judgement::SameAgain));
    assert_eq!(at(111), Judgement::Reuse);
    assert_eq!(at(99), Judgement::SameAgain, "requests may overtake each other");
    assert_eq!(at(80), Judgement::Reuse, "a clock that was set back");
}

#[test]
fn what_was_void_once_is_no_predecessor() {
    // Issue 4 of generation 3 was lost, issue 5 took its place and was renewed to issue 6.
    let state = state(4, 6, 5, false);
    let neither = Shown { issue: None, ..shown(3, 5) };
    assert_eq!(judge(state, neither, RULES, UnixTime(101)), Judgement::Reuse);
    assert_eq!(judge(state, shown(3, 5), RULES, UnixTime(500)), Judgement::Retry);
    assert_eq!(judge(state, shown(5, 6), RULES, UnixTime(101)), Judgement::FromTheFuture);
}

#[test]
fn a_crashed_browser_comes_back_three_times_from_the_same_place_until_it_has_settled() {
    let seen = state(4, 6, 5, true);
    let here = Shown { from_same_place: true, ..shown(3, 5) };
    let late = UnixTime(5_000);
    assert_eq!(judge(seen, here, RULES, late), Judgement::Recover);
    assert_eq!(judge(seen, shown(3, 5), RULES, late), Judgement::Reuse, "from elsewhere");
    assert_eq!(judge(State { settled: true, ..seen }, here, RULES, late), Judgement::Reuse);
    assert_eq!(judge(State { recovered: 2, ..seen }, here, RULES, late), Judgement::Recover);
    assert_eq!(judge(State { recovered: 3, ..seen }, here, RULES, late), Judgement::Reuse);
    let strict = Rules { forgives_crashes: false, ..RULES };
    assert_eq!(judge(seen, here, strict, late), Judgement::Reuse, "not where crashes are not forgiven");
}

#[test]
fn after_a_crash_a_lost_answer_has_to_come_from_the_same_place_too() {
    let unseen = State { recovered: 1, ..state(4, 6, 5, false) };
    let here = Shown { from_same_place: true, ..shown(3, 5) };
    assert_eq!(judge(unseen, here, RULES, UnixTime(5_000)), Judgement::Retry);
    assert_eq!(judge(unseen, shown(3, 5), RULES, UnixTime(5_000)), Judgement::Reuse);
}

#[test]
fn until_a_browser_can_have_settled_it_gets_the_same_pair_again() {
    let seen = state(4, 6, 5, true);
    let at = |rules, now| judge(seen, shown(4, 6), rules, UnixTime(now));
    assert_eq!((at(RULES, 160), at(RULES, 161)), (Judgement::SameAgain, Judgement::Rotate));
    let first = state(0, 0, 0, true);
    assert_eq!(judge(first, shown(0, 0), RULES, UnixTime(111)), Judgement::Rotate, "nothing older can come back");
    assert!(!settles(UnixTime(100), GRACE, UnixTime(160)) && settles(UnixTime(100), GRACE, UnixTime(161)));
}
