//! Whose sessions a room is about, and how to find one of them.

use super::audit_view::Reader;
use crate::domain::{SessionId, ShortId, UserId, Username};
use crate::store::sessions::{self, Session};
use crate::store::{Conn, users};

/// Whose sessions a room is about: one's own, or, in an admin's room, anybody's.
#[derive(Clone, Copy)]
pub(in crate::web) enum Whose {
    Own(UserId),
    Anybodys,
}

impl Whose {
    /// The path of the list of these sessions.
    pub(in crate::web) fn list(self) -> &'static str {
        match self {
            Self::Own(_) => "/account",
            Self::Anybodys => "/admin/sessions",
        }
    }

    /// The path of the list of events in which theirs are found.
    pub(in crate::web) fn events(self) -> &'static str {
        match self {
            Self::Own(_) => "/account/activity",
            Self::Anybodys => "/admin/audit",
        }
    }

    /// The page of a user of theirs, where there is one.
    pub(in crate::web) fn user_path(self, user: UserId) -> Option<String> {
        match self {
            Self::Own(_) => None,
            Self::Anybodys => Some(format!("/admin/users/{user}")),
        }
    }

    /// For whom the events of these sessions are told.
    pub(in crate::web) fn reader(self) -> Reader {
        match self {
            Self::Own(_) => Reader::Themselves,
            Self::Anybodys => Reader::Admin,
        }
    }

    /// The path of the story of one of them.
    pub(in crate::web) fn path(self, sid: SessionId) -> String {
        format!("{}/{sid}", self.sessions())
    }

    fn sessions(self) -> &'static str {
        match self {
            Self::Own(_) => "/account/sessions",
            Self::Anybodys => "/admin/sessions",
        }
    }

    /// The path of whichever of them has an id that begins so.
    pub(in crate::web) fn short_path(self, short: ShortId) -> String {
        format!("{}/{short}", self.sessions())
    }

    /// The path on which one of them is ended.
    pub(in crate::web) fn end_path(self, sid: SessionId) -> String {
        format!("{}/end", self.path(sid))
    }
}

/// A session with its user's name.
pub(in crate::web) struct Named {
    pub(in crate::web) session: Session,
    pub(in crate::web) user: Username,
}

/// Finds a session by its id. `None`: there is none, or it is not the caller's to see.
pub(in crate::web) fn find(conn: &mut Conn, sid: &str, whose: Whose) -> Result<Option<Named>, crate::store::Error> {
    let Some(sid) = SessionId::parse(sid) else { return Ok(None) };
    let Some(session) = sessions::find(conn, sid)? else { return Ok(None) };
    if let Whose::Own(user) = whose
        && user != session.user
    {
        return Ok(None);
    }
    let user = users::find(conn, session.user)?;
    Ok(user.map(|user| Named { session, user: user.username }))
}
