//! The search: every state that can be reached, those first that take the fewest steps.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::protocol::{Mistake, State, World};

pub(crate) struct Explored {
    pub(crate) states: usize,
    /// How many acts were answered in some state, so that something was asked at all.
    pub(crate) answers: usize,
    /// The shortest way to a violation.
    pub(crate) violation: Option<Vec<State>>,
}

pub(crate) fn explore(world: World, mistake: Option<Mistake>) -> Explored {
    let mut seen = States::from_iter([State::begin()]);
    let mut from: HashMap<State, State, BuildHasherDefault<Quick>> = HashMap::default();
    let mut waiting = VecDeque::from([State::begin()]);
    let mut answers = 0;
    while let Some(state) = waiting.pop_front() {
        answers += usize::from(state.has_answered());
        if state.is_violation(mistake) {
            let mut way = vec![state];
            while let Some(before) = from.get(way.last().unwrap()) {
                way.push(*before);
            }
            way.reverse();
            return Explored { states: seen.len(), answers, violation: Some(way) };
        }
        for next in state.next(world, mistake).into_iter().map(State::in_order) {
            if seen.insert(next) {
                if mistake.is_some() {
                    from.insert(next, state);
                }
                waiting.push_back(next);
            }
        }
    }
    Explored { states: seen.len(), answers, violation: None }
}

/// Hashes a state in a few steps. What the standard library has for keys from strangers would take two thirds of the time.
#[derive(Default)]
struct Quick(u64);

impl Quick {
    fn mix(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn write_isize(&mut self, discriminant: isize) {
        self.mix(discriminant as u64);
    }

    fn finish(&self) -> u64 {
        // The upper bits are the ones that all others have gone into.
        self.0.rotate_left(26)
    }
}

type States = HashSet<State, BuildHasherDefault<Quick>>;
