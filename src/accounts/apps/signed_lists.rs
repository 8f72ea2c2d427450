//! The status lists as they were signed last, so that none is signed again before it changes or is too old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{SHA256, digest};

use crate::blocklist::status::StatusList;
use crate::domain::{AppAlgorithm, StatusListId, UnixTime};

/// By which keys lists are signed: those of apps, with the algorithm that takes less time and room.
pub const ALGORITHM: AppAlgorithm = AppAlgorithm::ES256;

/// A list as it was signed.
pub struct SignedList {
    pub text: String,
    /// Tells it from any other, in a header.
    pub etag: String,
    kid: String,
    version: u64,
    made_at: UnixTime,
}

impl SignedList {
    /// `version`: of the list, read before it was built.
    pub fn new(text: String, kid: String, version: u64, made_at: UnixTime) -> Self {
        let etag = format!("\"{}\"", hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]));
        Self { text, etag, kid, version, made_at }
    }
}

/// The newest signed form of each list.
#[derive(Default)]
pub struct SignedLists(Mutex<HashMap<StatusListId, Arc<Newest>>>);

/// The newest signed form of one list.
#[derive(Default)]
pub struct Newest {
    signed: ArcSwapOption<SignedList>,
    /// Held by whoever signs the next one, so that nobody else does.
    pub turn: tokio::sync::Mutex<()>,
}

impl SignedLists {
    pub fn newest(&self, list: StatusListId) -> Arc<Newest> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(list).or_default())
    }
}

impl Newest {
    /// The signed form, if it still says what the list does, by the key that signs now, and is no older than `ttl` seconds.
    pub fn current(&self, list: &StatusList, kid: &str, ttl: i64, now: UnixTime) -> Option<Arc<SignedList>> {
        let signed = self.signed.load_full()?;
        // A clock that was set back would keep it for too long.
        let is_young = (0..ttl).contains(&now.since(signed.made_at));
        (is_young && signed.kid == kid && signed.version == list.version()).then_some(signed)
    }

    pub fn keep(&self, signed: Arc<SignedList>) {
        self.signed.store(Some(signed));
    }
}
