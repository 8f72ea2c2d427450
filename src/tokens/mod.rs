//! The token engine: issues and checks JWTs as flask-jwt-extended does. The only user of jsonwebtoken.
//! Pure: no HTTP framework, no SQL, no clock; whether a token was revoked is the caller's to know.

mod check;
mod claims;
mod fault;
mod issue;
mod keys;
pub mod options;

pub use claims::{Claims, Fresh, SessionClaims};
pub use fault::Fault;
pub use issue::{IssueError, NewToken};
pub use keys::{Key, Keys, fingerprint};

use options::Options;

/// Tokens longer than this are refused unread.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Signs and checks tokens by one set of options and keys.
pub struct Engine {
    options: Options,
    keys: Keys,
}

impl Engine {
    pub fn new(options: Options, keys: Keys) -> Self {
        Self { options, keys }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }
}

#[cfg(test)]
mod tests;
