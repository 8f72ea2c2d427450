//! A set of refused ids that is exact, small and read without a lock: many sorted arrays, each behind an atomic pointer. A change
//! copies one of them, which holds 15 ids out of a million, 150 out of ten million. Beside each pointer are 64 hint bits, which
//! rule out most ids that are not in the array without a look at it. `cargo bench --bench blocklist` measures 24 bytes an id.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;

use crate::domain::UnixTime;

/// The number of arrays: enough that a look-up among a million ids touches one or two cache lines of its array. With 4,096 arrays
/// it took a microsecond, a tenth of a whole request. With a million ids in the set, the hints answer four in five look-ups of
/// other ids. Pointers and hints take a megabyte.
const SHARDS: usize = 65_536;
/// The arrays are made in so many groups, each with its first id. With few ids most are never there: to drop them all took, unoptimised, a
/// quarter of the time of a short test.
const GROUPS: usize = 256;
const IN_A_GROUP: usize = SHARDS / GROUPS;
/// After so many ids [`Ids::forget_expired`] rests: they take some 50 µs, a hundredth of what the system gives a thread at a time.
const STEP: usize = 4096;
/// How long it rests.
const REST: Duration = Duration::from_micros(50);
/// `until` of an id that never expires. An id that expires after the year 2106 is kept for ever too.
const FOR_EVER: u32 = u32::MAX;

/// An id that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// As bytes: with a `u128`'s alignment an entry would take 32 bytes, not 24. Big-endian, so that they sort as the number does.
    id: [u8; 16],
    /// When it expires, in seconds since the epoch, or [`FOR_EVER`].
    until: u32,
    is_trap: bool,
}

impl Refused {
    /// `until`: when the token or session expires; `None`: never.
    pub(super) fn new(id: u128, until: Option<UnixTime>, is_trap: bool) -> Self {
        let until = match until {
            None => FOR_EVER,
            Some(UnixTime(moment)) => u32::try_from(moment.max(0)).unwrap_or(FOR_EVER),
        };
        Self { id: id.to_be_bytes(), until, is_trap }
    }

    pub(super) fn id(self) -> u128 {
        u128::from_be_bytes(self.id)
    }

    /// When it expires; `None`: never.
    pub(super) fn until(self) -> Option<UnixTime> {
        (self.until != FOR_EVER).then_some(UnixTime(self.until.into()))
    }

    /// Whether whoever shows this token must have stolen it.
    pub(super) fn is_trap(self) -> bool {
        self.is_trap
    }

    fn is_over(self, before: u32) -> bool {
        self.until < before && self.until != FOR_EVER
    }
}

/// The set of refused ids.
pub(super) struct Ids {
    groups: Box<[OnceLock<Group>]>,
    /// Keyed at random at each start, so that nobody can choose ids that all fall into one array.
    spread: RandomState,
    /// Held while an array and its hints change, so that the two agree. Look-ups do not take it.
    changes: Mutex<()>,
    /// How many ids are in all arrays.
    count: AtomicUsize,
}

type Group = Box<[Shard; IN_A_GROUP]>;

/// Both fields are in one cache line.
struct Shard {
    /// One bit for each id in the array, chosen by its hash: an id whose bit is not set is not in the array.
    hints: AtomicU64,
    /// Sorted by id.
    refused: ArcSwap<Vec<Refused>>,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            groups: (0..GROUPS).map(|_| OnceLock::new()).collect(),
            spread: RandomState::default(),
            changes: Mutex::default(),
            count: AtomicUsize::new(0),
        }
    }
}

impl Ids {
    pub(super) fn get(&self, id: u128) -> Option<Refused> {
        let bytes = id.to_be_bytes();
        let hash = self.spread.hash_one(bytes);
        let (group, shard) = group_and_shard(shard_of(hash));
        let shard = &self.groups[group].get()?[shard];
        if shard.hints.load(Ordering::Acquire) & hint_of(hash) == 0 {
            return None;
        }
        let refused = shard.refused.load();
        refused.get(place(&refused, bytes)).filter(|refused| refused.id == bytes).copied()
    }

    pub(super) fn contains(&self, id: u128) -> bool {
        self.get(id).is_some()
    }

    /// How many ids are refused.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Adds ids. Every look-up that begins after this returns finds them. Of two entries for one id, the later one counts.
    pub(super) fn insert(&self, mut new: Vec<Refused>) {
        let shard_of = |refused: &Refused| shard_of(self.spread.hash_one(refused.id));
        // The sort is stable: of two entries for one id, the later one stays behind the earlier. Sixteen bits, because a key is kept
        // for each of perhaps millions.
        new.sort_by_cached_key(|refused| u16::try_from(shard_of(refused)).expect("SHARDS is 65,536"));
        for group in new.chunk_by(|one, other| shard_of(one) == shard_of(other)) {
            let shard = self.shard(shard_of(&group[0]));
            let _one_at_a_time = self.changing();
            shard.hints.fetch_or(self.hints_of(group), Ordering::Release);
            let old = shard.refused.load();
            let all = merged(&old, group);
            self.count.fetch_add(all.len() - old.len(), Ordering::Relaxed);
            shard.refused.store(Arc::new(all));
        }
    }

    /// Removes ids that expired before `before`. Nobody waits for it: it holds the lock only to put one array in the place of another,
    /// and rests after every [`STEP`] ids, so that a thread with something to answer gets the core.
    pub(super) fn forget_expired(&self, before: UnixTime) {
        let before = u32::try_from(before.0.max(0)).unwrap_or(FOR_EVER);
        let mut looked_at = 0;
        for shard in self.shards() {
            looked_at += 1 + self.forget_in(shard, before);
            if looked_at >= STEP {
                looked_at = 0;
                std::thread::sleep(REST);
            }
        }
    }

    /// Returns how many ids it looked at.
    fn forget_in(&self, shard: &Shard, before: u32) -> usize {
        let mut looked_at = 0;
        loop {
            let old = shard.refused.load_full();
            looked_at += old.len();
            if !old.iter().any(|refused| refused.is_over(before)) {
                return looked_at;
            }
            let mut kept: Vec<_> = old.iter().filter(|refused| !refused.is_over(before)).copied().collect();
            kept.shrink_to_fit();
            let hints = self.hints_of(&kept);
            let one_at_a_time = self.changing();
            // If somebody has changed the array meanwhile, what was worked out is not what it should hold.
            if Arc::ptr_eq(&shard.refused.load(), &old) {
                self.count.fetch_sub(old.len() - kept.len(), Ordering::Relaxed);
                shard.hints.store(hints, Ordering::Release);
                shard.refused.store(Arc::new(kept));
                return looked_at;
            }
            drop(one_at_a_time);
        }
    }

    fn hints_of(&self, ids: &[Refused]) -> u64 {
        ids.iter().fold(0, |hints, refused| hints | hint_of(self.spread.hash_one(refused.id)))
    }

    /// The array with this number, which is made if it is not there.
    fn shard(&self, number: usize) -> &Shard {
        let (group, shard) = group_and_shard(number);
        &self.groups[group].get_or_init(empty_group)[shard]
    }

    /// All arrays that there are.
    fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.groups.iter().filter_map(OnceLock::get).flat_map(|group| group.iter())
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
fn shard_of(hash: u64) -> usize {
    (hash % SHARDS as u64) as usize
}

/// The group of the array with this number, and its place there.
fn group_and_shard(number: usize) -> (usize, usize) {
    (number / IN_A_GROUP, number % IN_A_GROUP)
}

fn empty_group() -> Group {
    let empty = Arc::new(Vec::new());
    let shard = |_| Shard { hints: AtomicU64::new(0), refused: ArcSwap::new(Arc::clone(&empty)) };
    Box::new(std::array::from_fn(shard))
}

/// The hint bit for a hash, from bits of it that did not choose the shard.
fn hint_of(hash: u64) -> u64 {
    1 << (hash >> 58)
}

/// The index at which the id is, or would be. Ids are random as a rule, so their first bytes nearly tell the index; from there it
/// takes a few steps, and never more than the array is long.
fn place(sorted: &[Refused], id: [u8; 16]) -> usize {
    let head = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
    let mut place = ((u64::from(head) * sorted.len() as u64) >> 32) as usize;
    while place < sorted.len() && sorted[place].id < id {
        place += 1;
    }
    while place > 0 && sorted[place - 1].id >= id {
        place -= 1;
    }
    place
}

/// Both arrays as one, sorted. If an id is in both, the entry in `new` counts.
fn merged(old: &[Refused], new: &[Refused]) -> Vec<Refused> {
    let mut all = [old, new].concat();
    // Stable, and fast for two sorted runs, which is what this is.
    all.sort_by_key(|refused| refused.id);
    all.dedup_by(|later, earlier| {
        let is_same = later.id == earlier.id;
        if is_same {
            *earlier = *later;
        }
        is_same
    });
    all.shrink_to_fit();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn refused(id: u64, until: i64) -> Refused {
        Refused::new(u128::from(id) << 64, Some(UnixTime(until)), false)
    }

    #[test]
    fn it_holds_what_a_map_would_hold() {
        let (ids, mut model) = (Ids::default(), HashMap::new());
        // A linear congruential generator: reproducible, and over so few ids that they come up again and again.
        let mut state = 1_u64;
        let mut next = |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..200 {
            let batch: Vec<_> = (0..next(200)).map(|_| (next(20_000), i64::try_from(next(1_000)).unwrap())).collect();
            ids.insert(batch.iter().map(|(id, until)| refused(*id, *until)).collect());
            model.extend(batch);
            if round % 20 == 19 {
                ids.forget_expired(UnixTime(round));
                model.retain(|_, until| *until >= round);
            }
        }
        assert!(model.len() > 5_000, "{}", model.len());
        for id in 0..20_000 {
            assert_eq!(ids.get(u128::from(id) << 64), model.get(&id).map(|until| refused(id, *until)), "{id}");
        }
        let held: usize = ids.shards().map(|shard| shard.refused.load().len()).sum();
        assert_eq!((held, ids.count()), (model.len(), model.len()));
    }

    #[test]
    fn what_never_expires_stays() {
        let ids = Ids::default();
        ids.insert(vec![Refused::new(1, None, false), Refused::new(2, Some(UnixTime(i64::MAX)), true)]);
        ids.forget_expired(UnixTime(i64::MAX));
        assert!(ids.contains(1) && ids.get(2).unwrap().is_trap());
    }

    #[test]
    fn what_has_left_leaves_no_hint() {
        let ids = Ids::default();
        ids.insert((0..10_000).map(|id| refused(id, 1)).collect());
        ids.insert(vec![refused(10_000, 2)]);
        ids.forget_expired(UnixTime(2));
        let hints: u32 = ids.shards().map(|shard| shard.hints.load(Ordering::Relaxed).count_ones()).sum();
        assert!(hints == 1 && ids.contains(10_000_u128 << 64));
    }

    #[test]
    fn what_is_in_force_is_found_whatever_others_change_meanwhile() {
        let (ids, in_force) = (Ids::default(), AtomicU64::new(0));
        const ALL: u64 = 20_000;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for id in 0..ALL {
                    ids.insert(vec![refused(id, 900)]);
                    in_force.store(id + 1, Ordering::Release);
                }
            });
            // Other ids come and go, in the same arrays.
            scope.spawn(|| {
                while in_force.load(Ordering::Acquire) < ALL {
                    ids.insert((ALL..ALL + 5_000).map(|id| refused(id, 1)).collect());
                    ids.forget_expired(UnixTime(900));
                }
            });
            scope.spawn(|| {
                let mut id: u64 = 0;
                while in_force.load(Ordering::Acquire) < ALL {
                    // Before the first one is in, there is nothing to find.
                    let Some(next) = (id + 7_919).checked_rem(in_force.load(Ordering::Acquire)) else { continue };
                    id = next;
                    assert!(ids.contains(u128::from(id) << 64), "{id}");
                }
            });
        });
        assert!((0..ALL).all(|id| ids.contains(u128::from(id) << 64)));
    }

    #[test]
    fn an_id_takes_24_bytes() {
        assert_eq!(size_of::<Refused>(), 24);
        let ids = Ids::default();
        ids.insert((0..100_000).map(|id| refused(id, 900)).collect());
        assert!(
            ids.shards().map(|shard| shard.refused.load()).all(|array| array.capacity() == array.len()),
            "and no more"
        );
    }
}
