//! Lists of sessions with their users' names: for admins, and for receipts.

use diesel::dsl::exists;
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, SelectableHelper, select};

use super::connection::{Conn, Error, known};
use super::list_filter::{ListFilter, page_of};
use super::schema::{sessions, users};
use super::sessions::{Row, Session, is_open};
use crate::domain::{Transport, UnixTime, UserId, Username};

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

/// One page of the list, newest first.
pub fn page(conn: &mut Conn, list: List, filter: &ListFilter) -> Result<Vec<ListedSession>, Error> {
    let mut query = sessions::table.inner_join(users::table.on(users::id.eq(sessions::user_id))).into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(sessions::user_id.eq(user.0));
    }
    if let Some(ip) = &filter.ip {
        query = query.filter(sessions::ip.eq(ip));
    }
    let columns = (Row::as_select(), users::username);
    let rows: Vec<(Row, String)> = match list {
        // Expired sessions are marked as ended after little more than an hour (`upkeep/prune.rs`), so `is_open` skips few rows.
        List::Open(now) => {
            let mut open = query.filter(is_open(now.0));
            if filter.odd {
                open = open.filter(sessions::odd);
            }
            page_of!(open, sessions::created_at, sessions::sid, filter).select(columns).load(conn)?
        }
        List::Ended => {
            let mut ended = query.filter(sessions::ended_at.is_not_null());
            if let Some(reason) = filter.reason {
                ended = ended.filter(sessions::end_reason.eq(reason.as_str()));
            }
            page_of!(ended, sessions::ended_at, sessions::sid, filter).select(columns).load(conn)?
        }
    };
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
