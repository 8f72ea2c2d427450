//! The assertions that were signed a moment ago: so that a check signs nothing.

use std::sync::Arc;

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use papaya::HashMap;

use crate::blocklist::Standing;
use crate::domain::{Groups, PassKey, SessionId, UnixTime};

/// For how long the same one is sent, in seconds: a check signs nothing, and an app has as long again to read it.
const KEPT_FOR: i64 = 30;
/// How many are kept before the oldest are let go of, twice this in all. Some 700 bytes each.
const MOST_IN_HALF: usize = 8192;

/// The assertions that were signed in the last half minute.
#[derive(Default)]
pub struct Assertions {
    kept: ArcSwap<Halves>,
}

/// The newer half takes what is signed; once it is full or old, it becomes the older one, and the older one is let go of.
#[derive(Default)]
struct Halves {
    begun: i64,
    newer: Arc<Half>,
    older: Arc<Half>,
}

type Half = HashMap<PassKey, Arc<Kept>, RandomState>;

pub(super) struct Kept {
    pub(super) made_at: UnixTime,
    pub(super) app: Box<str>,
    pub(super) sid: SessionId,
    /// The user as they were then. Any change makes another one.
    pub(super) user: Arc<Standing>,
    pub(super) groups: Groups,
    pub(super) text: Arc<str>,
}

impl Assertions {
    pub(super) fn recall(&self, subject: &Subject<'_>, now: UnixTime) -> Option<Arc<str>> {
        let halves = self.kept.load();
        let (newer, older) = (halves.newer.pin(), halves.older.pin());
        let kept = newer.get(&subject.pass).or_else(|| older.get(&subject.pass))?;
        let age = now.since(kept.made_at);
        let is_same_user = Arc::ptr_eq(&kept.user, subject.user) && kept.groups == *subject.groups;
        let is_same = *kept.app == *subject.app && kept.sid == subject.sid && is_same_user;
        (is_same && (0..KEPT_FOR).contains(&age)).then(|| Arc::clone(&kept.text))
    }

    pub(super) fn keep(&self, pass: PassKey, kept: Kept) {
        let now = kept.made_at.0;
        self.kept.rcu(|halves| {
            let age = now - halves.begun;
            if (0..KEPT_FOR).contains(&age) && halves.newer.len() < MOST_IN_HALF {
                return Arc::clone(halves);
            }
            let older = if age < 2 * KEPT_FOR { Arc::clone(&halves.newer) } else { Arc::default() };
            Arc::new(Halves { begun: now, newer: Arc::default(), older })
        });
        self.kept.load().newer.pin().insert(pass, Arc::new(kept));
    }
}

/// Who shows a pass at which app.
pub struct Subject<'a> {
    /// An assertion says nothing of it.
    pub pass: PassKey,
    /// The app's name.
    pub app: &'a str,
    pub sid: SessionId,
    pub user: &'a Arc<Standing>,
    pub groups: &'a Groups,
}
