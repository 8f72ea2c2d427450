//! Long lists of sessions for admins, newest first, paged by place: every page costs the same, for each query begins in an
//! index at its place. (`migrations/`: one index for each way to list)

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, SelectableHelper};

use super::schema::{sessions, users};
use super::sessions::{Row, Session};
use super::{Conn, Error, known};
use crate::domain::{Reason, UnixTime, UserId, Username};

/// What is asked for. Moments bound the column by which the list is ordered.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub user: Option<UserId>,
    pub ip: Option<String>,
    /// Of open sessions: only those with an odd step.
    pub odd: bool,
    /// Of ended sessions.
    pub reason: Option<Reason>,
    pub from: Option<UnixTime>,
    pub until: Option<UnixTime>,
    /// The moment and id of the last row of the page before.
    pub before: Option<(UnixTime, String)>,
    pub limit: i64,
}

/// A session with its user's name.
#[derive(Clone, Debug)]
pub struct Listed {
    pub session: Session,
    pub user: Username,
}

/// Sessions that have not ended, by when they were signed in.
pub fn open(conn: &mut Conn, filter: &Filter, now: UnixTime) -> Result<Vec<Listed>, Error> {
    let mut query = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::ended_at.is_null())
        // Those whose time is up are marked as ended within minutes, so only a few are passed over here.
        .filter(sessions::expires_at.gt(now.0))
        .into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(sessions::user_id.eq(user.0));
    }
    if let Some(ip) = &filter.ip {
        query = query.filter(sessions::ip.eq(ip));
    }
    if filter.odd {
        query = query.filter(sessions::odd);
    }
    if let Some(from) = filter.from {
        query = query.filter(sessions::created_at.ge(from.0));
    }
    if let Some(until) = filter.until {
        query = query.filter(sessions::created_at.le(until.0));
    }
    if let Some((moment, id)) = &filter.before {
        let earlier = sessions::created_at.lt(moment.0);
        let same_but_lower = sessions::created_at.eq(moment.0).and(sessions::sid.lt(id));
        // The first condition repeats what the second says, so that the index can begin at the place.
        query = query.filter(sessions::created_at.le(moment.0)).filter(earlier.or(same_but_lower));
    }
    let rows: Vec<(Row, String)> = query
        .order((sessions::created_at.desc(), sessions::sid.desc()))
        .limit(filter.limit)
        .select((Row::as_select(), users::username))
        .load(conn)?;
    listed(rows)
}

/// Sessions that have ended, by when they did.
pub fn ended(conn: &mut Conn, filter: &Filter) -> Result<Vec<Listed>, Error> {
    let mut query = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::ended_at.is_not_null())
        .into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(sessions::user_id.eq(user.0));
    }
    if let Some(ip) = &filter.ip {
        query = query.filter(sessions::ip.eq(ip));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(sessions::end_reason.eq(reason.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(sessions::ended_at.ge(from.0));
    }
    if let Some(until) = filter.until {
        query = query.filter(sessions::ended_at.le(until.0));
    }
    if let Some((moment, id)) = &filter.before {
        let earlier = sessions::ended_at.lt(moment.0);
        let same_but_lower = sessions::ended_at.eq(moment.0).and(sessions::sid.lt(id));
        query = query.filter(sessions::ended_at.le(moment.0)).filter(earlier.or(same_but_lower));
    }
    let rows: Vec<(Row, String)> = query
        .order((sessions::ended_at.desc(), sessions::sid.desc()))
        .limit(filter.limit)
        .select((Row::as_select(), users::username))
        .load(conn)?;
    listed(rows)
}

/// What one act ended. At most `limit`.
pub fn of_receipt(conn: &mut Conn, receipt: &str, limit: i64) -> Result<Vec<Listed>, Error> {
    let rows: Vec<(Row, String)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::receipt.eq(receipt))
        .order(sessions::sid)
        .limit(limit)
        .select((Row::as_select(), users::username))
        .load(conn)?;
    listed(rows)
}

/// How many sessions one act ended, and the latest moment at which an access token of theirs runs out.
pub fn sum_of_receipt(conn: &mut Conn, receipt: &str) -> Result<(i64, Option<UnixTime>), Error> {
    use diesel::dsl::{count_star, max};
    let (count, until): (i64, Option<i64>) = sessions::table
        .filter(sessions::receipt.eq(receipt))
        .select((count_star(), max(sessions::access_until)))
        .get_result(conn)?;
    Ok((count, until.map(UnixTime)))
}

fn listed(rows: Vec<(Row, String)>) -> Result<Vec<Listed>, Error> {
    rows.into_iter()
        .map(|(row, name)| {
            Ok(Listed { session: row.try_into()?, user: known(Username::parse(&name).ok(), "user name", &name)? })
        })
        .collect()
}
