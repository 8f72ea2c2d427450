//! What an act changes in memory, as a value: jobs of the store name it, and it is applied after their commit.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gate::{Apps, Pass};
use super::{BlockedToken, Blocklist, Standing};
use crate::domain::{GroupName, Groups, PassKey, SessionId, StatusListId, StatusPlace, UnixTime, UserId};

/// Something that memory has to learn of a commit. Changes are applied in the order of the commits.
#[derive(Clone, Debug)]
pub enum Change {
    /// These sessions are refused from now on. The moment with each is the one by which all its tokens have expired.
    SessionsEnded(Vec<(SessionId, UnixTime)>),
    /// The act with this receipt has ended many sessions, and memory has yet to learn which.
    MassEndBegan(String),
    /// Memory knows all of them.
    MassEndLearned(String),
    /// There is one more status list, in which nobody has ended so far.
    StatusListBegan(StatusListId),
    /// In the status lists, the sessions with these places have ended.
    StatusesEnded(Vec<StatusPlace>),
    /// These status lists are gone: all tokens of their sessions have expired.
    StatusListsGone(Vec<StatusListId>),
    /// A single token is refused from now on.
    TokenBlocked(BlockedToken),
    /// A user has an open session, or a peer's token needs their standing.
    UserPresent(Standing),
    /// A user's standing is another now. Memory keeps it only if it held one.
    UserChanged(Standing),
    /// The user with this identity claim may do nothing any more, or has no open session.
    UserGone(String),
    /// The groups that a user is in are these now.
    GroupsChanged(UserId, Groups),
    /// Nobody is in this group any more.
    GroupGone(GroupName),
    /// A session has rotated, and the first use of its new generation is still to come.
    FirstUseAwaited(SessionId, i64),
    /// The database knows of the first use of this generation now.
    FirstUseStored(SessionId, i64),
    /// An app was added, changed or removed: these are all there are now.
    AppsChanged(Arc<Apps>),
    /// A browser may enter an app.
    PassMade(PassKey, Pass),
    /// These passes open nothing any more.
    PassesEnded(Vec<PassKey>),
    /// A key was added, has come to sign, or was taken out. Who made the change reads its keys anew itself; this is for the other nodes.
    KeysChanged,
    /// These tries of passwords and links were counted, as the throttle of the node where they were made has it. For the other nodes.
    TriesCounted(String),
    /// Something was decided of which memory keeps too little to hand it in again. The changes that it makes are beside it.
    Decided(Decision),
}

/// What is handed in again if a failover loses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    UserDisabled(i64),
    UserEnabled(i64),
    TokenRevoked(RevokedToken),
}

/// A single token that was revoked. Moments are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedToken {
    pub jti: String,
    pub token_type: String,
    pub user: i64,
    pub sid: Option<SessionId>,
    pub revoked_at: i64,
    pub expires_at: Option<i64>,
    pub reason: String,
    pub by: Option<i64>,
}

impl Change {
    /// Whether it comes to the right end only in its place among the changes of other commits. What does not need that concerns one
    /// session, whose commits beside the queue keep their order among themselves.
    pub fn needs_order(&self) -> bool {
        match self {
            Self::FirstUseAwaited(..) | Self::FirstUseStored(..) => false,
            Self::SessionsEnded(_)
            | Self::MassEndBegan(_)
            | Self::MassEndLearned(_)
            | Self::StatusListBegan(_)
            | Self::StatusesEnded(_)
            | Self::StatusListsGone(_)
            | Self::TokenBlocked(_)
            | Self::UserPresent(_)
            | Self::UserChanged(_)
            | Self::UserGone(_)
            | Self::GroupsChanged(..)
            | Self::GroupGone(_)
            | Self::AppsChanged(_)
            | Self::PassMade(..)
            | Self::PassesEnded(_)
            | Self::KeysChanged
            | Self::TriesCounted(_)
            | Self::Decided(_) => true,
        }
    }
}

impl Blocklist {
    /// Every question that is asked after this returns is answered with the change in mind.
    pub fn apply(&self, change: Change) {
        match change {
            Change::SessionsEnded(ended) => self.end_sessions(ended.into_iter()),
            Change::MassEndBegan(receipt) => self.ask_store_about_sessions(receipt),
            Change::MassEndLearned(receipt) => self.has_learned(&receipt),
            Change::StatusListBegan(list) => self.begin_status_list(list),
            Change::StatusesEnded(places) => self.end_statuses(&places),
            Change::StatusListsGone(lists) => self.forget_status_lists(&lists),
            Change::TokenBlocked(token) => self.block(token),
            Change::UserPresent(standing) => self.remember(standing),
            Change::UserChanged(standing) if self.standing(standing.subject()).is_some() => self.remember(standing),
            Change::UserChanged(_) => {}
            Change::GroupsChanged(user, groups) => self.set_groups(user, groups),
            Change::GroupGone(name) => self.forget_group(&name),
            Change::UserGone(subject) => self.forget(&subject),
            Change::FirstUseAwaited(sid, generation) => self.expect_first_use(sid, generation),
            Change::FirstUseStored(sid, generation) => self.forget_first_use(sid, generation),
            Change::AppsChanged(apps) => self.set_apps(apps),
            Change::PassMade(key, pass) => self.keep_pass(key, pass),
            Change::PassesEnded(keys) => self.end_passes(&keys),
            Change::KeysChanged | Change::TriesCounted(_) | Change::Decided(_) => {}
        }
    }
}
