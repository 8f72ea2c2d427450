//! What an admin can do about a user: listed on the user's page, each with a page of its own.

use crate::domain::{Role, UnixTime, UserId};
use crate::store::users::User;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Act {
    /// Makes a one-time link by which the user chooses a password.
    Link,
    MakeAdmin,
    MakeUser,
    /// Sets the date on which the user is disabled.
    Schedule,
    Disable,
    Enable,
    /// Makes a one-time link by which the user sets up a second factor again.
    EnrolmentLink,
    /// Has the second factor asked for in every browser again.
    ForgetBrowsers,
    /// Takes second factors away that were lost.
    ResetFactors,
    Delete,
    /// Brings a deleted user back, with a link to choose a password.
    Restore,
}

impl Act {
    const ALL: [Self; 11] = [
        Self::Link,
        Self::MakeAdmin,
        Self::MakeUser,
        Self::Schedule,
        Self::Disable,
        Self::Enable,
        Self::EnrolmentLink,
        Self::ForgetBrowsers,
        Self::ResetFactors,
        Self::Delete,
        Self::Restore,
    ];

    /// The act's name in its path and in the catalogue's keys.
    fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::MakeAdmin => "make-admin",
            Self::MakeUser => "make-user",
            Self::Schedule => "schedule",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::EnrolmentLink => "enrolment-link",
            Self::ForgetBrowsers => "forget-browsers",
            Self::ResetFactors => "reset-factors",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }

    /// The catalogue's key of one of the act's texts.
    pub(in crate::web) fn key(self, what: &str) -> String {
        format!("user-{}-{what}", self.as_str())
    }

    pub(in crate::web) fn path(self, user: UserId) -> String {
        format!("/admin/users/{user}/{}", self.as_str())
    }

    /// The acts that make sense for the user as they are now.
    pub(in crate::web) fn open_to(user: &User, now: UnixTime) -> Vec<Self> {
        if user.deleted_at.is_some() {
            return vec![Self::Restore];
        }
        let makes_sense = |act: &Self| match act {
            Self::Link | Self::Schedule => !user.is_shut_out(now),
            Self::MakeAdmin => user.role == Role::User,
            Self::MakeUser => user.role == Role::Admin,
            Self::Disable => user.disabled_at.is_none(),
            Self::Enable => user.disabled_at.is_some(),
            Self::EnrolmentLink => user.enrol_by_link && !user.is_shut_out(now),
            Self::ForgetBrowsers | Self::ResetFactors => user.factors > 0,
            Self::Delete => true,
            Self::Restore => false,
        };
        Self::ALL.into_iter().filter(makes_sense).collect()
    }

    /// Whether the act takes something away.
    pub(in crate::web) fn is_destructive(self) -> bool {
        match self {
            Self::Disable | Self::Delete | Self::MakeUser | Self::ResetFactors => true,
            Self::Link
            | Self::MakeAdmin
            | Self::Schedule
            | Self::Enable
            | Self::EnrolmentLink
            | Self::ForgetBrowsers
            | Self::Restore => false,
        }
    }

    /// Whether the act stands apart on the user's page: it shuts the user out, or ends what is theirs.
    pub(in crate::web) fn is_danger(self) -> bool {
        match self {
            Self::Disable | Self::Delete | Self::ResetFactors => true,
            Self::Link
            | Self::MakeAdmin
            | Self::MakeUser
            | Self::Schedule
            | Self::Enable
            | Self::EnrolmentLink
            | Self::ForgetBrowsers
            | Self::Restore => false,
        }
    }

    /// The catalogue's key of what comes of it for admins who do it to themselves. `None`: nothing that they would not expect.
    pub(in crate::web) fn on_oneself(self) -> Option<&'static str> {
        match self {
            Self::Disable => Some("user-disable-yourself"),
            Self::Delete => Some("user-delete-yourself"),
            Self::MakeUser => Some("user-make-user-yourself"),
            Self::Schedule => Some("user-schedule-yourself"),
            Self::ResetFactors => Some("user-reset-factors-yourself"),
            Self::Link
            | Self::MakeAdmin
            | Self::Enable
            | Self::EnrolmentLink
            | Self::ForgetBrowsers
            | Self::Restore => None,
        }
    }

    /// The fields that the act has to be given.
    pub(in crate::web) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Delete => &["name"],
            Self::Schedule => &["date"],
            Self::Link
            | Self::MakeAdmin
            | Self::MakeUser
            | Self::Disable
            | Self::Enable
            | Self::EnrolmentLink
            | Self::ForgetBrowsers
            | Self::ResetFactors
            | Self::Restore => &[],
        }
    }

    pub(in crate::web) fn ends_sessions(self) -> bool {
        matches!(self, Self::Disable | Self::Delete | Self::ResetFactors)
    }
}
