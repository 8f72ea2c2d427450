//! A bounded queue that is served fairly: whoever shares a turn with others waits for these and not for all. It knows nothing of who
//! they are, and nothing of threads.

use std::collections::{HashMap, VecDeque};

/// A queue that is split into shares, each of them again into shares, and so on. At every level the shares are served in turn, so a
/// share that holds a hundred gets no more than one that holds a single item.
pub struct FairQueue<T> {
    whole: Share<T>,
    capacity: usize,
}

/// Leads to an item's share, from the widest share to the narrowest.
pub type Path = [u128];

struct Share<T> {
    /// How many items are in here, those of the parts included.
    len: usize,
    /// The items whose path ends here.
    items: VecDeque<T>,
    parts: HashMap<u128, Share<T>>,
    /// The parts in the order in which they are served.
    round: VecDeque<u128>,
}

impl<T> FairQueue<T> {
    /// An empty queue for so many items.
    pub fn new(capacity: usize) -> Self {
        Self { whole: Share::default(), capacity }
    }

    /// Puts an item at the end of its share. If that makes one too many, takes out the newest item of the longest share, which may be
    /// this very item, and returns it.
    pub fn push(&mut self, path: &Path, item: T) -> Option<T> {
        self.whole.push(path, item);
        if self.whole.len > self.capacity { self.whole.take_from_longest() } else { None }
    }

    /// How many items are in the queue.
    pub fn len(&self) -> usize {
        self.whole.len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out the item whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        self.whole.pop()
    }

    /// Takes out the first item of this share that is the one looked for.
    pub fn remove(&mut self, path: &Path, is_it: impl Fn(&T) -> bool) -> Option<T> {
        self.whole.remove(path, is_it)
    }
}

impl<T> Default for Share<T> {
    fn default() -> Self {
        Self { len: 0, items: VecDeque::new(), parts: HashMap::new(), round: VecDeque::new() }
    }
}

impl<T> Share<T> {
    fn push(&mut self, path: &Path, item: T) {
        self.len += 1;
        let Some((first, rest)) = path.split_first() else {
            self.items.push_back(item);
            return;
        };
        let part = self.parts.entry(*first).or_default();
        if part.len == 0 {
            self.round.push_back(*first);
        }
        part.push(rest, item);
    }

    fn pop(&mut self) -> Option<T> {
        let item = match self.items.pop_front() {
            Some(item) => item,
            None => {
                let turn = self.round.pop_front()?;
                let part = self.parts.get_mut(&turn)?;
                let item = part.pop()?;
                if part.len == 0 {
                    self.parts.remove(&turn);
                } else {
                    self.round.push_back(turn);
                }
                item
            }
        };
        self.len -= 1;
        Some(item)
    }

    fn take_from_longest(&mut self) -> Option<T> {
        let len_of = |part: &u128| self.parts.get(part).map_or(0, |part| part.len);
        let item = match self.round.iter().copied().max_by_key(len_of) {
            Some(longest) => {
                let item = self.parts.get_mut(&longest)?.take_from_longest()?;
                self.forget_if_empty(longest);
                item
            }
            None => self.items.pop_back()?,
        };
        self.len -= 1;
        Some(item)
    }

    fn remove(&mut self, path: &Path, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let item = match path.split_first() {
            Some((first, rest)) => {
                let item = self.parts.get_mut(first)?.remove(rest, is_it)?;
                self.forget_if_empty(*first);
                item
            }
            None => {
                let at = self.items.iter().position(is_it)?;
                self.items.remove(at)?
            }
        };
        self.len -= 1;
        Some(item)
    }

    fn forget_if_empty(&mut self, part: u128) {
        if self.parts.get(&part).is_some_and(|part| part.len == 0) {
            self.parts.remove(&part);
            self.round.retain(|turn| *turn != part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queue: &mut FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn who_comes_after_a_crowd_that_shares_a_turn_is_served_next() {
        let mut queue = FairQueue::new(100);
        for _ in 0..50 {
            queue.push(&[1, 1], "crowd");
        }
        assert_eq!(queue.pop(), Some("crowd"));
        queue.push(&[2, 1], "ana");
        queue.push(&[1, 2], "a neighbour of the crowd");
        let served: Vec<_> = (0..4).filter_map(|_| queue.pop()).collect();
        assert_eq!(served, ["crowd", "ana", "a neighbour of the crowd", "crowd"]);
        assert_eq!(all(&mut queue).len(), 47, "nobody is forgotten");
    }

    #[test]
    fn shares_are_served_in_turn_and_each_in_the_order_of_coming() {
        let mut queue = FairQueue::new(100);
        for (path, item) in [([1, 1], "a1"), ([1, 1], "a2"), ([1, 2], "b1"), ([2, 3], "c1"), ([2, 3], "c2")] {
            queue.push(&path, item);
        }
        assert_eq!(all(&mut queue), ["a1", "c1", "b1", "c2", "a2"]);
        queue.push(&[], "x");
        queue.push(&[], "y");
        assert_eq!(all(&mut queue), ["x", "y"]);
    }

    #[test]
    fn a_full_queue_refuses_the_newest_of_whoever_holds_most() {
        let mut queue = FairQueue::new(3);
        for item in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(&[1, 1], item), None);
        }
        assert_eq!(queue.push(&[1, 1], "a4"), Some("a4"));
        assert_eq!(queue.push(&[1, 2], "b1"), Some("a3"));
        assert_eq!(queue.push(&[2, 1], "c1"), Some("a2"));
        assert_eq!(all(&mut queue), ["a1", "c1", "b1"]);
    }

    #[test]
    fn who_goes_away_leaves_nothing_behind() {
        let mut queue = FairQueue::new(10);
        queue.push(&[1, 1], "a1");
        queue.push(&[1, 1], "a2");
        queue.push(&[2, 1], "b1");
        assert_eq!(queue.remove(&[1, 1], |item| *item == "a1"), Some("a1"));
        assert_eq!(queue.remove(&[1, 1], |item| *item == "a1"), None);
        assert_eq!(queue.remove(&[3, 1], |_| true), None);
        assert_eq!(queue.remove(&[1, 1], |item| *item == "a2"), Some("a2"));
        assert_eq!(all(&mut queue), ["b1"]);
        assert!(queue.whole.parts.is_empty() && queue.whole.round.is_empty() && queue.whole.len == 0);
    }
}
