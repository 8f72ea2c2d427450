//! Acts that end the sessions of everybody that began since a moment. Such an act is in force with its row here; the sessions' own rows
//! follow, a few at a time, so that nobody waits for a million of them.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{auto_type, count_star, max};
#[cfg(feature = "postgres")]
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, Queryable,
    RunQueryDsl, Selectable, SelectableHelper,
};

use super::connection::{Conn, Error, either};
use super::schema::{mass_ends, session_statuses, sessions};
use super::session_lists::sum_of_receipt;
use super::sessions::{End, sid};
use crate::domain::{By, Reason, SessionId, StatusPlace, UnixTime, UserId};

/// An act in force whose sessions are still being marked as ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassEnd {
    pub receipt: String,
    /// It covers sessions that began at this moment or later.
    pub since: UnixTime,
    /// When it came into force, or when the newest session that was open then began, if the clock says that that was later. Sessions
    /// that begin afterwards begin after this moment.
    pub at: UnixTime,
    /// The session of whoever ended the others.
    pub except: Option<SessionId>,
    pub by: By,
    /// Where the act came from.
    pub ip: Option<String>,
    /// How many sessions are marked so far that could still be used.
    pub ended: i64,
}

impl MassEnd {
    /// How each session that it covers has ended.
    pub fn end(&self) -> End {
        End { at: self.at, reason: Reason::EndedByAdmin, by: self.by.user() }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mass_ends)]
struct Row {
    receipt: String,
    since: i64,
    at: i64,
    except_sid: String,
    ended_by: Option<i64>,
    operator: Option<String>,
    ip: Option<String>,
    ended: i64,
}

impl TryFrom<Row> for MassEnd {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let except = (!row.except_sid.is_empty()).then(|| sid(&row.except_sid)).transpose()?;
        let by = match (row.ended_by, row.operator) {
            (Some(user), _) => By::User(UserId(user)),
            (None, Some(operator)) => By::Operator(operator),
            (None, None) => return Err(Error::Unknown("an end of many sessions by nobody".into())),
        };
        Ok(Self {
            receipt: row.receipt,
            since: UnixTime(row.since),
            at: UnixTime(row.at),
            except,
            by,
            ip: row.ip,
            ended: row.ended,
        })
    }
}

pub fn add(conn: &mut Conn, act: &MassEnd) -> Result<(), Error> {
    let operator = match &act.by {
        By::Operator(name) => Some(name.as_str()),
        By::User(_) | By::App(_) | By::Portero => None,
    };
    diesel::insert_into(mass_ends::table)
        .values((
            mass_ends::receipt.eq(&act.receipt),
            mass_ends::since.eq(act.since.0),
            mass_ends::at.eq(act.at.0),
            mass_ends::except_sid.eq(act.except.map(|sid| sid.to_string()).unwrap_or_default()),
            mass_ends::ended_by.eq(act.by.user().map(|user| user.0)),
            mass_ends::operator.eq(operator),
            mass_ends::ip.eq(&act.ip),
            mass_ends::ended.eq(act.ended),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn all(conn: &mut Conn) -> Result<Vec<MassEnd>, Error> {
    let rows: Vec<Row> = mass_ends::table.order(mass_ends::at).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(MassEnd::try_from).collect()
}

/// `None`: there is none, or all its sessions are marked.
pub fn find(conn: &mut Conn, receipt: &str) -> Result<Option<MassEnd>, Error> {
    let row: Option<Row> =
        mass_ends::table.find(receipt.to_owned()).select(Row::as_select()).get_result(conn).optional()?;
    row.map(MassEnd::try_from).transpose()
}

/// How many sessions the act with this receipt has ended, marked or not.
pub fn size(conn: &mut Conn, receipt: &str, now: UnixTime) -> Result<i64, Error> {
    let unmarked = match find(conn, receipt)? {
        Some(act) => act.sum_of_unmarked(conn, now)?.0,
        None => 0,
    };
    Ok(unmarked + sum_of_receipt(conn, receipt)?.0)
}

/// Notes that so many more sessions are marked that could still be used.
pub fn count_up(conn: &mut Conn, receipt: &str, more: usize) -> Result<(), Error> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    diesel::update(mass_ends::table.find(receipt.to_owned()))
        .set(mass_ends::ended.eq(mass_ends::ended + more))
        .execute(conn)?;
    Ok(())
}

/// Deletes the row: all sessions are marked.
pub fn remove(conn: &mut Conn, receipt: &str) -> Result<(), Error> {
    diesel::delete(mass_ends::table.find(receipt.to_owned())).execute(conn)?;
    Ok(())
}

/// The first moment at which a session may begin, so that no act in force covers it: `now`, unless the clock was set back.
pub fn first_moment_after(conn: &mut Conn, now: UnixTime) -> Result<UnixTime, Error> {
    let newest: Option<i64> = mass_ends::table.select(max(mass_ends::at)).get_result(conn)?;
    Ok(newest.map_or(now, |at| now.max(UnixTime(at).plus(1))))
}

/// A condition on a session: the act has ended it, and its row does not say so yet.
#[auto_type]
fn unmarked(since: i64, at: i64, except_sid: String) -> _ {
    sessions::ended_at.is_null().and(sessions::created_at.between(since, at)).and(sessions::sid.ne(except_sid))
}

impl MassEnd {
    fn except_sid(&self) -> String {
        self.except.map(|sid| sid.to_string()).unwrap_or_default()
    }

    /// At most `limit` of the sessions that it has ended and whose rows do not say so yet.
    pub fn some_unmarked(&self, conn: &mut Conn, limit: i64) -> Result<Vec<SessionId>, Error> {
        let ids: Vec<String> = sessions::table
            .filter(unmarked(self.since.0, self.at.0, self.except_sid()))
            .order((sessions::created_at, sessions::sid))
            .limit(limit)
            .select(sessions::sid)
            .load(conn)?;
        ids.iter().map(|id| sid(id)).collect()
    }

    /// How many those are of which a token could still be shown at `now`, and the moment by which all their access tokens have expired.
    pub fn sum_of_unmarked(&self, conn: &mut Conn, now: UnixTime) -> Result<(i64, Option<UnixTime>), Error> {
        let (count, until): (i64, Option<i64>) = sessions::table
            .filter(unmarked(self.since.0, self.at.0, self.except_sid()))
            .filter(sessions::expires_at.gt(now.0))
            .select((count_star(), max(sessions::access_until)))
            .get_result(conn)?;
        Ok((count, until.map(UnixTime)))
    }

    /// Calls `each` with every one of them, and with the moment by which all its tokens have expired.
    pub fn each_unmarked(&self, conn: &mut Conn, mut each: impl FnMut(SessionId, UnixTime)) -> Result<(), Error> {
        let rows = sessions::table.filter(unmarked(self.since.0, self.at.0, self.except_sid())).select((
            sessions::sid,
            sessions::expires_at,
            sessions::access_until,
        ));
        let mut each = |row: QueryResult<(String, i64, i64)>| {
            let (id, expires, access) = row?;
            each(sid(&id)?, UnixTime(expires.max(access)));
            Ok::<_, Error>(())
        };
        // There may be a million, which PostgreSQL's library would hold in memory all together.
        either!(conn,
            sqlite(conn) => rows.load_iter::<_, DefaultLoadingMode>(conn)?.try_for_each(&mut each),
            postgres(conn) => rows.load_iter::<_, PgRowByRowLoadingMode>(conn)?.try_for_each(&mut each),
        )
    }

    /// Calls `each` with the places of those of them that have one in the status lists.
    pub fn each_unmarked_place(&self, conn: &mut Conn, mut each: impl FnMut(StatusPlace)) -> Result<(), Error> {
        let rows = session_statuses::table
            .inner_join(sessions::table.on(sessions::sid.eq(session_statuses::sid)))
            .filter(unmarked(self.since.0, self.at.0, self.except_sid()))
            .select(session_statuses::number);
        let mut each = |row: QueryResult<i64>| {
            each(StatusPlace::stored(row?));
            Ok::<_, Error>(())
        };
        either!(conn,
            sqlite(conn) => rows.load_iter::<_, DefaultLoadingMode>(conn)?.try_for_each(&mut each),
            postgres(conn) => rows.load_iter::<_, PgRowByRowLoadingMode>(conn)?.try_for_each(&mut each),
        )
    }
}
