//! Why a change to a ring of keys was not made.

use super::error::OpenError;
use crate::domain::UnixTime;
use crate::store;
use crate::tokens::KeyError;

/// Why a change to the ring was not made.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error(
        "the key is given by the settings (JWT_SECRET_KEY or JWT_PRIVATE_KEY), so it is changed there; without it, Portero keeps \
         keys of its own"
    )]
    Given,
    #[error("no key waits to sign; `portero key new` makes one")]
    NonePending,
    #[error("the key {kid} waits to sign but can't be read; `portero key retire {kid}` takes it out")]
    Unreadable { kid: String, source: Box<OpenError> },
    #[error("there is no key {0}")]
    NoSuchKey(String),
    #[error("the key {0} signs; `portero key rotate` puts another in its place first")]
    Signs(String),
    #[error("tokens signed with {kid} may live until {}", .until.0)]
    StillNeeded { kid: String, until: UnixTime },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] store::Error),
}
