//! What happened: append only, a trigger sees to it.

use diesel::{ExpressionMethods, RunQueryDsl};

use super::schema::audit_events;
use super::{Conn, Error};
use crate::domain::{SessionId, UnixTime, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    SignedIn,
    SignInFailed,
    Confirmed,
    ConfirmFailed,
    PasswordChanged,
    SessionEnded,
    TokenRevoked,
    RefreshReused,
    UserAdded,
    UserDisabled,
    UserEnabled,
    RoleChanged,
    LinkMade,
    UserDeleted,
    DisableScheduled,
    KeyAdded,
    KeyRotated,
    KeyRetired,
    ClientAdded,
    ClientRemoved,
}

impl What {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::Confirmed => "confirmed",
            Self::ConfirmFailed => "confirm_failed",
            Self::PasswordChanged => "password_changed",
            Self::SessionEnded => "session_ended",
            Self::TokenRevoked => "token_revoked",
            Self::RefreshReused => "refresh_reused",
            Self::UserAdded => "user_added",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::RoleChanged => "role_changed",
            Self::LinkMade => "link_made",
            Self::UserDeleted => "user_deleted",
            Self::DisableScheduled => "disable_scheduled",
            Self::KeyAdded => "key_added",
            Self::KeyRotated => "key_rotated",
            Self::KeyRetired => "key_retired",
            Self::ClientAdded => "client_added",
            Self::ClientRemoved => "client_removed",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Event<'a> {
    pub at: UnixTime,
    pub what: What,
    /// Whom it happened to.
    pub user: Option<UserId>,
    /// Who did it; `None`: the program itself or the command line.
    pub by: Option<UserId>,
    pub sid: Option<SessionId>,
    pub ip: Option<&'a str>,
    pub details: Option<&'a str>,
}

pub fn add(conn: &mut Conn, event: &Event<'_>) -> Result<(), Error> {
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::at.eq(event.at.0),
            audit_events::what.eq(event.what.as_str()),
            audit_events::user_id.eq(event.user.map(|user| user.0)),
            audit_events::by_user.eq(event.by.map(|user| user.0)),
            audit_events::sid.eq(event.sid.map(|sid| sid.to_string())),
            audit_events::ip.eq(event.ip),
            audit_events::details.eq(event.details),
        ))
        .execute(conn)?;
    Ok(())
}
