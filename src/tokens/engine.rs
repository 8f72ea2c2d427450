//! The engine: options, keys, and the memory of tokens found good. Tokens are issued in `issue.rs` and checked in `check.rs`.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::keys::{Key, KeyError, Keys};
use super::memory::Memory;
use super::options::{Options, Secret};

/// Signs and checks tokens by one set of options and keys.
pub struct Engine {
    pub(super) options: Options,
    pub(super) epoch: ArcSwap<KeyEpoch>,
    pub(super) reads_sessions: bool,
}

/// The keys in force, and the tokens that were found good by them. Other keys begin with an empty memory.
pub(super) struct KeyEpoch {
    /// Grows by one with every change of the keys.
    pub(super) number: u64,
    pub(super) keys: Arc<Keys>,
    pub(super) memory: Memory,
}

impl KeyEpoch {
    fn begin(number: u64, keys: Arc<Keys>) -> Arc<Self> {
        Arc::new(Self { number, keys, memory: Memory::default() })
    }
}

impl Engine {
    /// Returns an engine for any app. Portero's session claims are to it like any other claim.
    pub fn new(options: Options, keys: Keys) -> Self {
        Self { options, epoch: ArcSwap::new(KeyEpoch::begin(0, Arc::new(keys))), reads_sessions: false }
    }

    /// Returns an engine with a single key for the options' algorithm. `material`: a secret, or a private key in PEM form.
    pub fn with_key(options: Options, material: &Secret) -> Result<Self, KeyError> {
        let key = Key::new(options.algorithm, material)?;
        Ok(Self::new(options, Keys::one(key)))
    }

    /// Returns this engine, made to read Portero's session claims (`sid`, `gen`, `auth_time`, `transport`): it hands them out in
    /// [`Claims::session`](super::Claims::session), and refuses a token in which they are broken.
    #[must_use]
    pub fn with_sessions(self) -> Self {
        let epoch = KeyEpoch::begin(0, self.keys());
        Self { epoch: ArcSwap::new(epoch), reads_sessions: true, ..self }
    }

    /// The options this engine was built with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The keys in force.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.epoch.load().keys)
    }

    /// Puts other keys in force; a check that is under way finishes with the old ones. Setting the same keys again changes
    /// nothing, so that the tokens found good by them stay remembered.
    pub fn set_keys(&self, keys: Keys) {
        if self.epoch.load().keys.same_as(&keys) {
            return;
        }
        let keys = Arc::new(keys);
        self.epoch.rcu(|old| KeyEpoch::begin(old.number + 1, Arc::clone(&keys)));
    }
}
