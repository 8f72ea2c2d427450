//! Records as programs read them: the same on the JSON side of the pages and on the command line. Moments are seconds since the epoch.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::context::Accounts;
use crate::domain::{SessionId, UserId, Username};
use crate::store::audit::list::AuditEvent;
use crate::store::revoked::Revoked;
use crate::store::sessions::Session;

/// `own`: the session that asks, if one does.
pub fn session(accounts: &Accounts, session: &Session, user: Option<&Username>, own: Option<SessionId>) -> Value {
    json!({
        "sid": session.sid,
        "user": user,
        "transport": session.transport,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "signed_in_at": session.created_at,
        "auth_time": session.auth_time,
        "last_seen_at": accounts.last_seen.newest(session),
        "expires_at": session.expires_at,
        "access_until": session.access_until,
        "renewals": session.generation,
        "odd": session.odd,
        "this": own.map(|own| own == session.sid),
        "ended_at": session.end.map(|end| end.at),
        "end_reason": session.end.map(|end| end.reason),
        "receipt": session.receipt,
    })
}

/// `names`: of the users whom the event speaks of.
pub fn audit_event(event: &AuditEvent, names: &HashMap<UserId, String>) -> Value {
    json!({
        "n": event.n,
        "at": event.at,
        "what": event.spelled,
        "user": event.user.and_then(|user| names.get(&user)),
        "by": event.by.and_then(|by| names.get(&by)),
        "session": event.sid,
        "ip": event.ip,
        "details": event.details,
    })
}

pub fn revoked(row: &Revoked) -> Value {
    json!({
        "what": row.what(),
        "id": row.id,
        "user": row.user,
        "revoked_at": row.at,
        "reason": row.reason,
        "by": row.by_name,
        "until": row.until,
        "receipt": row.receipt,
    })
}
