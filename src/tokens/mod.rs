//! The token engine: issues and checks JWTs as flask-jwt-extended does. The only user of jsonwebtoken.
//! Pure: no HTTP framework, no SQL, no clock; whether a token was revoked is the caller's to know.
//!
//! `docs/flask-jwt-extended.md` lists its functions and options beside the ones here, and what differs.
#![warn(missing_docs)]

mod algorithm;
mod check;
mod claims;
mod fault;
mod issue;
mod keys;
mod memory;
pub mod options;
mod unverified;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use algorithm::{Algorithm, Family};
pub use check::Checked;
pub use claims::{Claims, Fresh, SessionClaims};
pub use fault::Fault;
pub use issue::{IssueError, Life, NewToken};
pub use keys::{Half, Key, KeyError, Keys, fingerprint};
pub use unverified::{Unverified, unverified_header};

use memory::Memory;
use options::{Options, Secret};

/// Tokens longer than this are refused unread.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Signs and checks tokens by one set of options and keys.
pub struct Engine {
    options: Options,
    trust: ArcSwap<Trust>,
    reads_sessions: bool,
}

/// The keys, and what was found good by them: other keys begin with an empty memory.
struct Trust {
    /// Grows with every change.
    number: u64,
    keys: Arc<Keys>,
    memory: Memory,
}

impl Trust {
    fn in_keys(number: u64, keys: Arc<Keys>) -> Arc<Self> {
        Arc::new(Self { number, keys, memory: Memory::default() })
    }
}

impl Engine {
    /// An engine for any app.
    pub fn new(options: Options, keys: Keys) -> Self {
        Self { options, trust: ArcSwap::new(Trust::in_keys(0, Arc::new(keys))), reads_sessions: false }
    }

    /// An engine with one key, for the options' algorithm: its secret, or its private key in PEM form.
    pub fn with_key(options: Options, material: &Secret) -> Result<Self, KeyError> {
        let key = Key::new(options.algorithm, material)?;
        Ok(Self::new(options, Keys::one(key)))
    }

    /// This engine, knowing Portero's own claims (`sid`, `gen`, `auth_time`, `transport`) as such: they come checked in
    /// [`Claims::session`], and a token in which they are broken is refused.
    #[must_use]
    pub fn with_sessions(self) -> Self {
        let trust = Trust::in_keys(0, self.keys());
        Self { trust: ArcSwap::new(trust), reads_sessions: true, ..self }
    }

    /// By what it goes.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The keys of this moment.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.trust.load().keys)
    }

    /// Puts other keys in their place; who is at it with the old ones finishes with them. The same keys change nothing: what was found
    /// good by them need not be looked at again.
    pub fn set_keys(&self, keys: Keys) {
        if self.trust.load().keys.are(&keys) {
            return;
        }
        let keys = Arc::new(keys);
        self.trust.rcu(|old| Trust::in_keys(old.number + 1, Arc::clone(&keys)));
    }
}

#[cfg(test)]
mod tests;
