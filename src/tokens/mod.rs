//! The token engine: issues and checks JWTs as flask-jwt-extended does. No other part uses the `jsonwebtoken` crate. The engine
//! is pure: no HTTP framework, no SQL, no clock. Whether a token was revoked is for the caller to find out.
//!
//! "The library" in these docs is flask-jwt-extended, and a name in parentheses, like (`decode_token`), is the library's for the
//! same thing.
//!
//! `docs/flask-jwt-extended.md` lists the library's functions beside the ones here, and leads to its options and to what differs.
#![warn(missing_docs)]

mod algorithm;
mod check;
mod claims;
mod engine;
mod fault;
mod for_apps;
mod issue;
mod keys;
mod memory;
pub mod options;
mod signer;
mod unverified;

pub use algorithm::{Algorithm, Family};
pub use check::Checked;
pub use claims::{Claims, Fresh, SessionClaims};
pub use engine::Engine;
pub use fault::{Fault, IssueError, MAX_TOKEN_BYTES};
pub use for_apps::{sign_for_apps, verify_for_apps};
pub use issue::{Life, NewToken};
pub use keys::{Half, Key, KeyError, Keys, fingerprint};
pub use unverified::{Unverified, unverified_header};

#[cfg(test)]
mod tests;
