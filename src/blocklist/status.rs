//! The lists in which apps look up whether a session has ended, as memory holds them: a bit for each place, and a version, so that what
//! was signed can be told from what has to be signed again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use foldhash::quality::RandomState;
use papaya::HashMap;

use super::{Blocklist, Contents};
use crate::domain::{StatusListId, StatusPlace};

const BYTES: usize = StatusListId::PLACES as usize / 8;

/// One list: 128 KiB.
pub struct StatusList {
    /// The first entry is the lowest bit of the first byte. (Token Status List, §4.1)
    bits: Box<[AtomicU8]>,
    version: AtomicU64,
}

impl StatusList {
    fn new(version: u64) -> Self {
        Self { bits: (0..BYTES).map(|_| AtomicU8::new(0)).collect(), version: AtomicU64::new(version) }
    }

    /// Another number after every change, and after every load of memory. Whoever reads it first and then [`bytes`](Self::bytes) has
    /// every change that it counts.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether the session with this index has ended.
    pub fn has_ended(&self, index: u32) -> bool {
        let (byte, bit) = place_of(index);
        self.bits[byte].load(Ordering::Acquire) & bit != 0
    }

    /// All entries, as they are compressed for apps.
    pub fn bytes(&self) -> Vec<u8> {
        self.bits.iter().map(|byte| byte.load(Ordering::Relaxed)).collect()
    }

    fn end(&self, index: u32) {
        let (byte, bit) = place_of(index);
        self.bits[byte].fetch_or(bit, Ordering::Release);
    }
}

fn place_of(index: u32) -> (usize, u8) {
    (index as usize / 8, 1 << (index % 8))
}

/// All lists.
#[derive(Default)]
pub(super) struct StatusLists(HashMap<StatusListId, Arc<StatusList>, RandomState>);

impl StatusLists {
    fn get(&self, id: StatusListId) -> Option<Arc<StatusList>> {
        self.0.pin().get(&id).cloned()
    }

    fn end(&self, places: &[StatusPlace], next_version: impl Fn() -> u64) {
        for of_list in places.chunk_by(|one, other| one.list() == other.list()) {
            // One that is gone is of sessions whose tokens have all expired.
            let Some(list) = of_list.first().and_then(|place| self.get(place.list())) else { continue };
            for place in of_list {
                list.end(place.index());
            }
            // After the bits. The highest number stays, whoever comes last.
            list.version.fetch_max(next_version(), Ordering::AcqRel);
        }
    }
}

impl Contents {
    /// Adds a list in which nobody has ended so far.
    pub fn status_list(&self, id: StatusListId) {
        self.others.status_lists.0.pin().insert(id, Arc::new(StatusList::new(0)));
    }

    /// Adds sessions that have ended to lists that were added before.
    pub fn ended_statuses(&self, places: &[StatusPlace]) {
        self.others.status_lists.end(places, || 0);
    }
}

impl Blocklist {
    /// The numbers of the lists, in their order.
    pub fn status_lists(&self) -> Vec<StatusListId> {
        let memory = self.database_copy.load();
        let mut ids: Vec<_> = memory.status_lists.0.pin().keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    pub fn status_list(&self, id: StatusListId) -> Option<Arc<StatusList>> {
        self.database_copy.load().status_lists.get(id)
    }

    /// Whether the lists say of every session that has ended that it has. Not while memory may be behind the database, or learns whom an
    /// act on everybody's sessions has ended.
    pub fn knows_all_ended(&self) -> bool {
        let memory = self.database_copy.load();
        !memory.in_doubt.load(Ordering::Acquire) && memory.unlearned.is_empty()
    }

    /// Says in the lists that the sessions with these places have ended.
    pub fn end_statuses(&self, places: &[StatusPlace]) {
        self.database_copy.load().status_lists.end(places, || self.next_status_version());
    }

    pub(super) fn begin_status_list(&self, id: StatusListId) {
        let list = Arc::new(StatusList::new(self.next_status_version()));
        self.database_copy.load().status_lists.0.pin().insert(id, list);
    }

    pub(super) fn forget_status_lists(&self, ids: &[StatusListId]) {
        let memory = self.database_copy.load();
        for id in ids {
            memory.status_lists.0.pin().remove(id);
        }
    }

    /// Gives lists that are to be loaded versions which none had before.
    pub(super) fn renumber(&self, lists: &StatusLists) {
        for list in lists.0.pin().values() {
            list.version.fetch_max(self.next_status_version(), Ordering::AcqRel);
        }
    }

    fn next_status_version(&self) -> u64 {
        self.status_versions.fetch_add(1, Ordering::AcqRel) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocklist::change::Change;

    const LIST: StatusListId = StatusListId(7);

    #[test]
    fn an_entry_is_the_bit_that_the_draft_says() {
        let list = StatusList::new(0);
        // The example of §4.1: 0xB9 0xA3.
        for index in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            list.end(index);
        }
        assert_eq!(list.bytes()[..2], [0xB9, 0xA3]);
        assert!(list.has_ended(15) && !list.has_ended(14));
    }

    #[test]
    fn every_change_makes_another_version_and_a_load_makes_another_one_too() {
        let memory = Blocklist::default();
        memory.apply(Change::StatusListBegan(LIST));
        let mut versions = vec![memory.status_list(LIST).unwrap().version()];
        memory.apply(Change::StatusesEnded(vec![LIST.place(3), StatusListId(8).place(3)]));
        versions.push(memory.status_list(LIST).unwrap().version());
        let contents = Contents::default();
        contents.status_list(LIST);
        contents.ended_statuses(&[LIST.place(3), LIST.place(4)]);
        memory.load(contents);
        versions.push(memory.status_list(LIST).unwrap().version());
        assert!(versions.is_sorted_by(|one, other| one < other), "{versions:?}");
        assert!(memory.status_list(LIST).unwrap().has_ended(4));
        memory.apply(Change::StatusListsGone(vec![LIST]));
        assert!(memory.status_list(LIST).is_none());
    }

    #[test]
    fn while_it_is_unknown_who_has_ended_the_lists_say_nothing() {
        let memory = Blocklist::default();
        assert!(memory.knows_all_ended());
        memory.apply(Change::MassEndBegan("receipt".into()));
        assert!(!memory.knows_all_ended());
        memory.apply(Change::MassEndLearned("receipt".into()));
        assert!(memory.knows_all_ended());
        memory.doubt();
        assert!(!memory.knows_all_ended());
    }
}
