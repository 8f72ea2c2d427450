//! The keys that sign what apps read, apart from those of sessions: nothing that they sign opens a door of Portero's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use serde_json::{Value, json};

use crate::domain::AppAlgorithm;
use crate::tokens::Keys;

/// How long anything lives at most that these keys sign, in seconds.
pub const LONGEST_LIFE: i64 = 60 * 60;

/// The keys in force, a ring for each algorithm.
#[derive(Default)]
pub struct AppKeys {
    es256: Ring,
    rs256: Ring,
}

#[derive(Default)]
struct Ring {
    keys: ArcSwapOption<Keys>,
    is_wanted: AtomicBool,
}

impl AppKeys {
    fn ring(&self, algorithm: AppAlgorithm) -> &Ring {
        match algorithm {
            AppAlgorithm::ES256 => &self.es256,
            AppAlgorithm::RS256 => &self.rs256,
        }
    }

    /// The keys in force for this algorithm. `None`: nothing needed any so far.
    pub fn get(&self, algorithm: AppAlgorithm) -> Option<Arc<Keys>> {
        self.ring(algorithm).keys.load_full()
    }

    /// Puts these keys in force.
    pub fn set(&self, algorithm: AppAlgorithm, keys: Option<Keys>) {
        if keys.is_some() {
            // From then on they are replaced in time.
            self.want(algorithm);
        }
        self.ring(algorithm).keys.store(keys.map(Arc::new));
    }

    /// Asks for keys: an app needs them, or will. They are there about a second later.
    pub fn want(&self, algorithm: AppAlgorithm) {
        self.ring(algorithm).is_wanted.store(true, Ordering::Relaxed);
    }

    /// Whether anything needs keys of this algorithm.
    pub fn are_wanted(&self, algorithm: AppAlgorithm) -> bool {
        self.ring(algorithm).is_wanted.load(Ordering::Relaxed)
    }

    /// The public keys, for apps to read. (RFC 7517 §5)
    pub fn jwks(&self) -> Value {
        let rings = AppAlgorithm::ALL.iter().filter_map(|algorithm| self.get(*algorithm));
        let keys: Vec<Value> = rings.flat_map(|keys| keys.public()).collect();
        json!({ "keys": keys })
    }
}
