//! What memory holds of a user.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::{Role, UnixTime, UserId, Username};

/// What a request's check needs to know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub user: UserId,
    /// What apps know the user by, whatever the name.
    pub uid: Uuid,
    pub username: Username,
    /// The identity claim of the user's tokens, unless that is the name: there may be a million users, and a name is enough for each.
    pub other_subject: Option<Box<str>>,
    pub role: Role,
    /// The cut-off: a peer's token issued up to this moment is refused.
    pub tokens_valid_from: UnixTime,
    /// From when on the user is shut out; `None`: no date is set.
    pub disable_at: Option<UnixTime>,
    /// Whether the user has a second factor.
    pub has_factor: bool,
    /// What apps are told besides the name. `None`: nothing is noted of the user.
    pub contact: Option<Box<Contact>>,
}

/// What an admin noted about a user, for apps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub display_name: Option<Box<str>>,
    pub mail: Option<Box<str>>,
}

impl Standing {
    /// The identity claim of the user's tokens.
    pub fn subject(&self) -> &str {
        self.other_subject.as_deref().unwrap_or(self.username.as_str())
    }
}

/// A user as the key of a map: found by identity claim, of which it keeps no copy.
pub(super) struct BySubject(pub(super) Arc<Standing>);

impl Borrow<str> for BySubject {
    fn borrow(&self) -> &str {
        self.0.subject()
    }
}

impl PartialEq for BySubject {
    fn eq(&self, other: &Self) -> bool {
        self.0.subject() == other.0.subject()
    }
}

impl Eq for BySubject {}

impl Hash for BySubject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.subject().hash(state);
    }
}
