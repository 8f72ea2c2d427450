//! What is recorded about sessions and tokens: who did something, why they ended, and the steps of a session's story.

use super::{UserId, spelled};

/// Who did something, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A user, for themselves or as an admin.
    User(UserId),
    /// The operator, on the command line; the name of the system's user who ran the command.
    Operator(String),
    /// An app; its id.
    App(String),
    /// Portero itself: a limit or a date was reached, or a theft detected.
    Portero,
}

impl By {
    /// The user who did it; `None` if it was no user.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::Operator(_) | Self::App(_) | Self::Portero => None,
        }
    }
}

/// Why a session ended or a single token was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The person signed out.
    Logout,
    /// The person signed out at an app, which led the browser here. (OpenID Connect RP-Initiated Logout 1.0)
    LogoutAtApp,
    /// The password was changed, here or elsewhere.
    PasswordChange,
    /// The same browser signed in again.
    Replaced,
    /// The person ended it from another session.
    EndedByUser,
    /// An admin or the operator ended it.
    EndedByAdmin,
    /// The user was disabled.
    Disabled,
    /// The user was deleted.
    Deleted,
    /// The user's second factors were taken away.
    FactorsReset,
    /// The user said by a mail that something was not them.
    ReportedByMail,
    /// The user got another name.
    Renamed,
    /// Its time was up.
    Expired,
    /// It was not used for too long (the idle limit).
    Idle,
    /// The user had too many sessions of its transport, so the oldest ended.
    Limit,
    /// A spent refresh token was shown again: taken as theft.
    Reuse,
    /// Too many wrong passwords in a row were given in it.
    Guessing,
    /// A confirmation put another token in its place (single tokens only).
    Superseded,
    /// The token came with a renewal whose answer was lost: there was no first use, and the same browser or program asked again
    /// and got another (single tokens only). Whoever shows it after all is somebody else: it is a trap.
    Lost,
    /// The token was given out with a pair that a crashed browser had not written to disk: it came back with the cookies of before and
    /// got another pair (single tokens only). A trap like [`Lost`](Self::Lost).
    Forgotten,
    /// An app revoked it. (RFC 7009)
    RevokedByApp,
    /// It had ended, the database then lost that, and a node still knew.
    Replayed,
}

impl Reason {
    /// Whether only a thief can still show a token that was revoked for it.
    pub fn is_trap(self) -> bool {
        matches!(self, Self::Lost | Self::Forgotten)
    }

    /// Whether it may have been the work of a thief.
    pub fn is_danger(self) -> bool {
        match self {
            Self::Reuse | Self::Guessing => true,
            // A lost answer is mostly just that, and so is a crash. If its token is shown after all, the session ends for reuse.
            Self::Lost
            | Self::Forgotten
            | Self::Logout
            | Self::LogoutAtApp
            | Self::PasswordChange
            | Self::Replaced
            | Self::EndedByUser
            | Self::EndedByAdmin
            | Self::Disabled
            | Self::Deleted
            | Self::FactorsReset
            | Self::ReportedByMail
            | Self::Renamed
            | Self::Expired
            | Self::Idle
            | Self::Limit
            | Self::Superseded
            | Self::RevokedByApp
            | Self::Replayed => false,
        }
    }
}

/// What happened at one step of a session's story. How the session ended is stored with the session, not as a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// The session began: with a sign-in, or with a change of password, which begins a new session.
    SignedIn,
    /// A refresh token was used, and new tokens given for it.
    Renewed,
    /// A refresh token was shown again within the grace, and the answer was the same: a second tab, a double click.
    Repeated,
    /// A refresh token was shown again after the grace, and its successor had had no first use: the answer was lost, so another
    /// successor was given.
    Retried,
    /// A crashed browser came back with the cookies of before its last renewal, and got new ones.
    Recovered,
    /// The person confirmed who they are, within the session.
    Confirmed,
    /// A spent refresh token was shown.
    Reused,
}

spelled!(StepKind {
    SignedIn = "signed_in",
    Renewed = "renewed",
    Repeated = "repeated",
    Retried = "retried",
    Recovered = "recovered",
    Confirmed = "confirmed",
    Reused = "reused",
});
spelled!(Reason {
    Logout = "logout",
    LogoutAtApp = "logout_at_app",
    PasswordChange = "password_change",
    Replaced = "replaced",
    EndedByUser = "ended_by_user",
    EndedByAdmin = "ended_by_admin",
    Disabled = "disabled",
    Deleted = "deleted",
    FactorsReset = "factors_reset",
    ReportedByMail = "reported_by_mail",
    Renamed = "renamed",
    Expired = "expired",
    Idle = "idle",
    Limit = "limit",
    Reuse = "reuse",
    Guessing = "guessing",
    Superseded = "superseded",
    Lost = "lost",
    Forgotten = "forgotten",
    RevokedByApp = "revoked_by_app",
    Replayed = "replayed",
});
