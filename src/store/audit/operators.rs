//! What operators did at the command line, for the log of a server that runs beside it.

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl, TextExpressionMethods};
use serde_json::{Map, Value};

use crate::domain::SessionId;
use crate::store::connection::{Conn, Error};
use crate::store::schema::{audit_events, users};

/// What somebody did at the command line, as it was recorded.
#[derive(Clone, Debug)]
pub struct OperatorEvent {
    pub what: String,
    /// As the user is called now.
    pub user: Option<String>,
    pub sid: Option<SessionId>,
    /// Of [`Details`](super::event::Details), and `operator`.
    pub details: Map<String, Value>,
}

/// What happened, to whom, in which session, and the details.
type OperatorRow = (String, Option<String>, Option<String>, Option<String>);

/// What operators did after one event and up to another, oldest first.
pub fn by_operators(conn: &mut Conn, after: i64, up_to: i64) -> Result<Vec<OperatorEvent>, Error> {
    let rows = audit_events::table
        .left_join(users::table.on(audit_events::user_id.eq(users::id.nullable())))
        .filter(audit_events::n.gt(after))
        .filter(audit_events::n.le(up_to))
        .filter(audit_events::details.like("%\"operator\":%"))
        .order(audit_events::n)
        .select((audit_events::what, users::username.nullable(), audit_events::sid, audit_events::details))
        .load::<OperatorRow>(conn)?;
    let events = rows.into_iter().map(|(what, user, sid, details)| OperatorEvent {
        what,
        user,
        sid: sid.as_deref().and_then(SessionId::parse),
        details: details.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    });
    Ok(events.collect())
}
