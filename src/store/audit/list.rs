//! The list of audit events, newest first. One filter finds its rows in an index of its own; what else is asked for is compared row by
//! row, and a page looks at a bounded number of rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use diesel::connection::DefaultLoadingMode;
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::event::What;
use super::seal::{Row, Seal};
use crate::domain::{SessionId, ShortId, UnixTime, UserId};
use crate::store::connection::{Conn, Error, on};
use crate::store::schema::audit_events;
use crate::store::users;

/// How many rows a page looks at, at most. More than that and it says so instead of searching on.
pub const MOST_LOOKED_AT: i64 = 10_000;

/// Where a row stands in the list.
pub type Place = (UnixTime, i64);

/// What the list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Whom it happened to.
    pub user: Option<UserId>,
    /// The user who did it.
    pub by: Option<UserId>,
    pub what: Option<What>,
    pub ip: Option<String>,
    pub session: Option<SessionId>,
    pub from: Option<UnixTime>,
    pub until: Option<UnixTime>,
    /// The last row of the previous page; `None`: the first page.
    pub before: Option<Place>,
    pub limit: usize,
}

impl AuditFilter {
    /// The user, if the rows are looked for among the events that happened to one, from the newest on.
    fn newest_of_user(&self) -> Option<UserId> {
        let Self { user, by: _, what: _, ip, session, from, until: _, before, limit: _ } = self;
        user.filter(|_| ip.is_none() && session.is_none() && from.is_none() && before.is_none())
    }
}

/// An event as it was recorded.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its number, without gaps from 1 on.
    pub n: i64,
    pub at: UnixTime,
    /// `None`: a word of a newer version, [`spelled`](Self::spelled) so.
    pub what: Option<What>,
    pub spelled: String,
    pub user: Option<UserId>,
    pub by: Option<UserId>,
    pub sid: Option<SessionId>,
    /// `None`: it came from no address, or that was cleared.
    pub ip: Option<String>,
    /// Whether there was an address that has been cleared since.
    pub ip_cleared: bool,
    /// The other members, as JSON.
    pub details: serde_json::Value,
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self {
            n: row.n,
            at: UnixTime(row.at),
            what: What::parse(&row.what),
            spelled: row.what,
            user: row.user_id.map(UserId),
            by: row.by_user.map(UserId),
            sid: row.sid.as_deref().and_then(SessionId::parse),
            ip_cleared: row.ip.is_none() && row.ip_hash.is_some(),
            ip: row.ip,
            details: row.details.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null),
        }
    }
}

impl AuditEvent {
    pub fn place(&self) -> Place {
        (self.at, self.n)
    }
}

/// The names of everybody whom these events speak of, deleted users included.
pub fn names<'a>(
    conn: &mut Conn,
    events: impl IntoIterator<Item = &'a AuditEvent>,
) -> Result<HashMap<UserId, String>, Error> {
    names_besides(conn, events, HashMap::new())
}

/// The same where some names are known, so that they are not looked up.
pub fn names_besides<'a>(
    conn: &mut Conn,
    events: impl IntoIterator<Item = &'a AuditEvent>,
    known: HashMap<UserId, String>,
) -> Result<HashMap<UserId, String>, Error> {
    let ids = events.into_iter().flat_map(|event| [event.user, event.by]).flatten();
    let mut names = known;
    for id in ids {
        if let Entry::Vacant(unknown) = names.entry(id)
            && let Some(name) = users::name_of(conn, id)?
        {
            unknown.insert(name);
        }
    }
    Ok(names)
}

/// The session with this id, whole or its first 8 characters, if the log has an event of it that concerns `user`; `None`: anybody. That
/// several sessions begin alike happens to nobody.
pub fn session_named(conn: &mut Conn, id: &str, user: Option<UserId>) -> Result<Option<SessionId>, Error> {
    let (first, last) = match (ShortId::parse(id), SessionId::parse(&id.to_ascii_lowercase())) {
        (Some(short), _) => {
            (format!("{short}-0000-0000-0000-000000000000"), format!("{short}-ffff-ffff-ffff-ffffffffffff"))
        }
        (None, Some(sid)) => (sid.to_string(), sid.to_string()),
        (None, None) => return Ok(None),
    };
    let mut query =
        audit_events::table.filter(audit_events::sid.ge(first)).filter(audit_events::sid.le(last)).into_boxed();
    if let Some(user) = user {
        query = query.filter(audit_events::user_id.eq(user.0));
    }
    let found: Option<Option<String>> =
        query.order(audit_events::sid).select(audit_events::sid).first(conn).optional()?;
    Ok(found.flatten().as_deref().and_then(SessionId::parse))
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct Found {
    pub events: Vec<AuditEvent>,
    /// The last row that was looked at, if the page is not full only because it has looked at [`MOST_LOOKED_AT`] rows.
    pub stopped_at: Option<Place>,
}

/// When the newest event was recorded; `None`: there is none.
pub fn newest_at(conn: &mut Conn) -> Result<Option<UnixTime>, Error> {
    let newest = audit_events::table.order(audit_events::n.desc()).select(audit_events::at);
    Ok(newest.first(conn).optional()?.map(UnixTime))
}

/// One page of the list. `filter.limit`: how many events it has at most.
pub fn page(conn: &mut Conn, seal: &Seal, filter: &AuditFilter) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut looked_at = 0;
    let mut last = None;
    each(conn, seal, filter, |row, matches| {
        looked_at += 1;
        last = Some((UnixTime(row.at), row.n));
        if matches {
            found.events.push(row.into());
        }
        found.events.len() < filter.limit
    })?;
    if looked_at == MOST_LOOKED_AT && found.events.len() < filter.limit {
        found.stopped_at = last;
    }
    Ok(found)
}

/// Calls `each` with every event that the filter lets through, whatever its `limit`, newest first, for as long as it returns `true`.
pub fn each_match(
    conn: &mut Conn,
    seal: &Seal,
    filter: &AuditFilter,
    mut take: impl FnMut(AuditEvent) -> bool,
) -> Result<(), Error> {
    let mut filter = filter.clone();
    loop {
        let (mut looked_at, mut goes_on) = (0, true);
        let mut last = None;
        each(conn, seal, &filter, |row, matches| {
            looked_at += 1;
            last = Some((UnixTime(row.at), row.n));
            goes_on = !matches || take(row.into());
            goes_on
        })?;
        if !goes_on || looked_at < MOST_LOOKED_AT {
            return Ok(());
        }
        // From there on in another look: PostgreSQL's library holds all that one look finds in memory.
        filter.before = last;
    }
}

/// Looks at the rows of the most selective filter, at most [`MOST_LOOKED_AT`] of them, and tells of each whether the other filters match too.
fn each(
    conn: &mut Conn,
    seal: &Seal,
    filter: &AuditFilter,
    mut look: impl FnMut(Row, bool) -> bool,
) -> Result<(), Error> {
    let session = filter.session.map(|sid| sid.to_string());
    let ip_hash = filter.ip.as_deref().map(|ip| seal.ip_hash(ip));
    let mut look_at = |row: Row| {
        let matches = session.as_ref().is_none_or(|sid| row.sid.as_ref() == Some(sid))
            && ip_hash.as_ref().is_none_or(|hash| row.ip_hash.as_ref() == Some(hash))
            && filter.user.is_none_or(|user| row.user_id == Some(user.0))
            && filter.by.is_none_or(|by| row.by_user == Some(by.0))
            && filter.what.is_none_or(|what| row.what == what.as_str());
        look(row, matches)
    };
    if let Some(user) = filter.newest_of_user() {
        // What `/account` asks for. Diesel writes the text of this statement once, and that of a boxed one each time.
        let newest = filter.until.unwrap_or(UnixTime(i64::MAX));
        let rows = audit_events::table
            .filter(audit_events::user_id.eq(user.0))
            .filter(audit_events::at.le(newest.0))
            .order((audit_events::at.desc(), audit_events::n.desc()))
            .limit(MOST_LOOKED_AT);
        on!(conn, c => for row in rows.select(Row::as_select()).load_iter::<Row, DefaultLoadingMode>(c)? {
            if !look_at(row?) {
                break;
            }
        });
        return Ok(());
    }
    let mut query = audit_events::table.into_boxed();
    // From the filter that leaves the fewest rows to the one that leaves the most.
    if let Some(sid) = &session {
        query = query.filter(audit_events::sid.eq(sid));
    } else if let Some(hash) = &ip_hash {
        query = query.filter(audit_events::ip_hash.eq(hash));
    } else if let Some(user) = filter.user {
        query = query.filter(audit_events::user_id.eq(user.0));
    } else if let Some(by) = filter.by {
        query = query.filter(audit_events::by_user.eq(by.0));
    } else if let Some(what) = filter.what {
        query = query.filter(audit_events::what.eq(what.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(from.0));
    }
    // One bound, so that SQLite starts in the index at the right row. With two it may take the later one and read what lies between.
    if let Some(newest) = filter.until.into_iter().chain(filter.before.map(|(at, _)| at)).min() {
        query = query.filter(audit_events::at.le(newest.0));
    }
    if let Some((at, n)) = filter.before {
        query = query.filter(audit_events::at.lt(at.0).or(audit_events::at.eq(at.0).and(audit_events::n.lt(n))));
    }
    let query = query.limit(MOST_LOOKED_AT);
    let rows = query.order((audit_events::at.desc(), audit_events::n.desc())).select(Row::as_select());
    for row in rows.load_iter::<Row, DefaultLoadingMode>(conn)? {
        if !look_at(row?) {
            break;
        }
    }
    Ok(())
}
