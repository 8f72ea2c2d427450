//! Lists of sessions with their users' names: for admins, and for receipts.

use diesel::dsl::exists;
use diesel::sql_types::Integer;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, QueryDsl, RunQueryDsl, SelectableHelper, select,
};

use super::connection::{Conn, Error, known, on};
use super::list_filter::{ListFilter, page_of};
use super::schema::{session_addresses, sessions, users};
use super::sessions::{Row, Session, is_open};
use crate::domain::{ShortId, Transport, UnixTime, UserId, Username};

/// A session with its user's name.
#[derive(Clone, Debug)]
pub struct ListedSession {
    pub session: Session,
    pub user: Username,
}

/// Which sessions a list holds.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Those open at this moment, ordered by when they began.
    Open(UnixTime),
    /// Those that have ended, ordered by when they ended.
    Ended,
}

/// The sessions of the list that the filter leaves, as a boxed query. `$of`: the table by whose index the list is read.
macro_rules! left_by {
    ($query:expr, $of:ident, $list:expr, $filter:expr) => {{
        let (mut query, filter): (_, &ListFilter) = ($query, $filter);
        if let Some(user) = filter.user {
            query = query.filter(sessions::user_id.eq(user.0));
        }
        match $list {
            // Expired sessions are marked as ended after little more than an hour (`upkeep/prune.rs`), so this skips few rows.
            List::Open(now) => {
                query = query.filter($of::ended_at.is_null()).filter(sessions::expires_at.gt(now.0));
                if filter.odd {
                    query = query.filter(sessions::odd);
                }
                page_of!(query, $of::created_at, $of::sid, filter)
            }
            List::Ended => {
                query = query.filter($of::ended_at.is_not_null());
                if let Some(reason) = filter.reason {
                    query = query.filter(sessions::end_reason.eq(reason.as_str()));
                }
                page_of!(query, $of::ended_at, $of::sid, filter)
            }
        }
    }};
}

/// One page of the list, newest first.
pub fn page(conn: &mut Conn, list: List, filter: &ListFilter) -> Result<Vec<ListedSession>, Error> {
    if let (List::Open(now), Some(user)) = (list, filter.newest_of_user()) {
        // What `/account` asks for. Diesel writes the text of this statement once, and that of a boxed one each time: some 50,000
        // instructions.
        let newest = sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::user_id.eq(user.0))
            .filter(is_open(now.0))
            .order((sessions::created_at.desc(), sessions::sid.desc()))
            .limit(filter.limit);
        return listed(on!(conn, c => newest.select((Row::as_select(), users::username)).load(c))?);
    }
    let columns = (Row::as_select(), users::username);
    let with_users = sessions::table.inner_join(users::table.on(users::id.eq(sessions::user_id)));
    let rows: Vec<(Row, String)> = match &filter.ip {
        None => left_by!(with_users.into_boxed(), sessions, list, filter).select(columns).load(conn)?,
        Some(ip) => {
            let addresses =
                session_addresses::table.inner_join(with_users.on(sessions::sid.eq(session_addresses::sid)));
            let from_there = addresses.filter(session_addresses::ip.eq(ip)).into_boxed();
            left_by!(from_there, session_addresses, list, filter).select(columns).load(conn)?
        }
    };
    listed(rows)
}

/// How many sessions the list has on all its pages, at most one more than [`COUNTED`](super::list_filter::COUNTED).
pub fn count(conn: &mut Conn, list: List, filter: &ListFilter) -> Result<usize, Error> {
    let filter = &filter.to_count();
    let one = 1.into_sql::<Integer>();
    let counted: Vec<i32> = match &filter.ip {
        None => left_by!(sessions::table.into_boxed(), sessions, list, filter).select(one).load(conn)?,
        Some(ip) => {
            let addresses =
                session_addresses::table.inner_join(sessions::table.on(sessions::sid.eq(session_addresses::sid)));
            let from_there = addresses.filter(session_addresses::ip.eq(ip)).into_boxed();
            left_by!(from_there, session_addresses, list, filter).select(one).load(conn)?
        }
    };
    Ok(counted.len())
}

/// The sessions, open and ended, whose ids begin with these 8 characters. At most `limit`, the newest first.
pub fn by_short_id(conn: &mut Conn, short: ShortId, limit: i64) -> Result<Vec<ListedSession>, Error> {
    let rows: Vec<(Row, String)> =
        sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            // The first and the last id with this beginning: so the primary key finds them, in any collation.
            .filter(sessions::sid.between(
                format!("{short}-0000-0000-0000-000000000000"),
                format!("{short}-ffff-ffff-ffff-ffffffffffff"),
            ))
            .order((sessions::created_at.desc(), sessions::sid.desc()))
            .limit(limit)
            .select((Row::as_select(), users::username))
            .load(conn)?;
    listed(rows)
}

/// Whether the user has an open session of this transport.
pub fn has_open(conn: &mut Conn, user: UserId, transport: Transport, now: UnixTime) -> Result<bool, Error> {
    let open = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::transport.eq(transport.as_str()))
        .filter(is_open(now.0));
    Ok(select(exists(open.select(sessions::sid))).get_result(conn)?)
}

/// The sessions that the act with this receipt ended. At most `limit`.
pub fn of_receipt(conn: &mut Conn, receipt: &str, limit: i64) -> Result<Vec<ListedSession>, Error> {
    let rows: Vec<(Row, String)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::receipt.eq(receipt))
        .order(sessions::sid)
        .limit(limit)
        .select((Row::as_select(), users::username))
        .load(conn)?;
    listed(rows)
}

/// How many sessions the act with this receipt ended, and the moment by which all their access tokens have expired.
pub fn sum_of_receipt(conn: &mut Conn, receipt: &str) -> Result<(i64, Option<UnixTime>), Error> {
    use diesel::dsl::{count_star, max};
    let (count, until): (i64, Option<i64>) = sessions::table
        .filter(sessions::receipt.eq(receipt))
        .select((count_star(), max(sessions::access_until)))
        .get_result(conn)?;
    Ok((count, until.map(UnixTime)))
}

fn listed(rows: Vec<(Row, String)>) -> Result<Vec<ListedSession>, Error> {
    rows.into_iter()
        .map(|(row, name)| {
            Ok(ListedSession {
                session: row.try_into()?,
                user: known(Username::parse(&name).ok(), "user name", &name)?,
            })
        })
        .collect()
}
