//! Records as programs read them: the same on the JSON side of the pages and on the command line. Moments are seconds since the epoch.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::context::Accounts;
use crate::domain::{Reason, SessionId, Transport, UnixTime, UserId, Username};
use crate::store::audit::list::AuditEvent;
use crate::store::revoked::Revoked;
use crate::store::sessions::Session;

/// A session, open or ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionShown<'a> {
    sid: SessionId,
    /// Null in lists that are of one user alone.
    user: Option<&'a Username>,
    transport: Transport,
    ip: &'a str,
    user_agent: &'a str,
    signed_in_at: UnixTime,
    /// When the person last proved who they are.
    auth_time: UnixTime,
    last_seen_at: UnixTime,
    /// Until when it can be renewed.
    expires_at: UnixTime,
    /// When its last access token expires.
    access_until: UnixTime,
    renewals: i64,
    /// Whether more than one browser or program has used it.
    odd: bool,
    /// Whether it is the caller's own. Null where no session calls.
    this: Option<bool>,
    ended_at: Option<UnixTime>,
    end_reason: Option<Reason>,
    /// The receipt of the act that ended it.
    receipt: Option<&'a str>,
}

/// `own`: the session that asks, if one does.
pub fn session<'a>(
    accounts: &Accounts,
    session: &'a Session,
    user: Option<&'a Username>,
    own: Option<SessionId>,
) -> SessionShown<'a> {
    SessionShown {
        sid: session.sid,
        user,
        transport: session.transport,
        ip: &session.ip,
        user_agent: &session.user_agent,
        signed_in_at: session.created_at,
        auth_time: session.auth_time,
        last_seen_at: accounts.last_seen.newest(session),
        expires_at: session.expires_at,
        access_until: session.access_until,
        renewals: session.generation,
        odd: session.odd,
        this: own.map(|own| own == session.sid),
        ended_at: session.end.map(|end| end.at),
        end_reason: session.end.map(|end| end.reason),
        receipt: session.receipt.as_deref(),
    }
}

/// An event of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct AuditEventShown<'a> {
    n: i64,
    at: UnixTime,
    /// Its kind.
    what: &'a str,
    /// Whom it is about.
    user: Option<&'a String>,
    /// Who did it, if a user did.
    by: Option<&'a String>,
    session: Option<SessionId>,
    ip: Option<&'a str>,
    /// What else is known, by the kind of the event.
    #[schema(value_type = Option<HashMap<String, Value>>)]
    details: &'a Value,
}

/// `names`: of the users whom the event speaks of.
pub fn audit_event<'a>(event: &'a AuditEvent, names: &'a HashMap<UserId, String>) -> AuditEventShown<'a> {
    AuditEventShown {
        n: event.n,
        at: event.at,
        what: &event.spelled,
        user: event.user.and_then(|user| names.get(&user)),
        by: event.by.and_then(|by| names.get(&by)),
        session: event.sid,
        ip: event.ip.as_deref(),
        details: &event.details,
    }
}

/// A session or a single token that is refused.
#[derive(Serialize, ToSchema)]
#[schema(as = Revoked)]
pub struct RevokedShown<'a> {
    /// `session`, `access` or `refresh`.
    what: &'static str,
    /// The session's id, or the token's.
    id: &'a str,
    user: &'a Username,
    revoked_at: UnixTime,
    reason: Reason,
    /// Who did it, if a user did.
    by: Option<&'a str>,
    /// Until when anything of it could be accepted otherwise.
    until: Option<UnixTime>,
    receipt: Option<&'a str>,
}

pub fn revoked(row: &Revoked) -> RevokedShown<'_> {
    RevokedShown {
        what: row.what(),
        id: &row.id,
        user: &row.user,
        revoked_at: row.at,
        reason: row.reason,
        by: row.by_name.as_deref(),
        until: row.until,
        receipt: row.receipt.as_deref(),
    }
}

/// The record as one line.
pub fn line(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("records have text keys and no numbers that JSON lacks")
}
