//! What the records say of sessions: how they ended, and what happened in them.

use super::spelled;

/// Why a session ended or a single token was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The person signed out.
    Logout,
    /// The password was changed, here or elsewhere.
    PasswordChange,
    /// Signed in again in the same browser.
    Replaced,
    /// The person ended it from another session.
    EndedByUser,
    /// An admin ended it.
    EndedByAdmin,
    /// The user was disabled.
    Disabled,
    /// Its time was up.
    Expired,
    /// It was not used for too long.
    Idle,
    /// The user has too many sessions of programs: the oldest ends.
    Limit,
    /// A spent refresh token was shown again: taken as theft.
    Reuse,
    /// A confirmation put another token in its place (single tokens only).
    Superseded,
    /// Given out by a renewal whose answer nobody was seen to use, and replaced when the client asked again (single tokens
    /// only). Whoever shows it is not that client: it is a trap.
    Lost,
    /// An app beside us had it revoked. (RFC 7009)
    RevokedByApp,
}

impl Reason {
    /// Whether somebody else may have had a hand in it.
    pub fn is_danger(self) -> bool {
        match self {
            Self::Reuse => true,
            // An answer that was lost is mostly just that; shown after all, it ends the session for reuse.
            Self::Lost
            | Self::Logout
            | Self::PasswordChange
            | Self::Replaced
            | Self::EndedByUser
            | Self::EndedByAdmin
            | Self::Disabled
            | Self::Expired
            | Self::Idle
            | Self::Limit
            | Self::Superseded
            | Self::RevokedByApp => false,
        }
    }
}

/// What happened in a session's story. How it ended stands with the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Name and password; also a change of password, which begins a new session.
    SignedIn,
    /// Tokens for a refresh token.
    Renewed,
    /// A token that had just been renewed was shown again, and answered as before: a second tab, a double click.
    Repeated,
    /// A token that had been renewed was shown again, and the answer had never been seen to arrive: a new one was given.
    Retried,
    /// The password once more, within the session.
    Confirmed,
    /// A spent token was shown.
    Reused,
}

spelled!(StepKind {
    SignedIn = "signed_in",
    Renewed = "renewed",
    Repeated = "repeated",
    Retried = "retried",
    Confirmed = "confirmed",
    Reused = "reused",
});
spelled!(Reason {
    Logout = "logout",
    PasswordChange = "password_change",
    Replaced = "replaced",
    EndedByUser = "ended_by_user",
    EndedByAdmin = "ended_by_admin",
    Disabled = "disabled",
    Expired = "expired",
    Idle = "idle",
    Limit = "limit",
    Reuse = "reuse",
    Superseded = "superseded",
    Lost = "lost",
    RevokedByApp = "revoked_by_app",
});
