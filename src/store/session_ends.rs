//! Ending sessions: by an act, one or many at once, or because they expired or were idle for too long.

use diesel::dsl::{exists, max, not};
use diesel::sql_types::Bool;
use diesel::{
    BoolExpressionMethods, BoxableExpression, Connection, ExpressionMethods, NullableExpressionMethods,
    OptionalExtension, QueryDsl, RunQueryDsl,
};

use super::connection::{Conn, Error, known};
use super::logout_deliveries;
use super::schema::{mass_ends, sessions};
use super::sessions::{End, Session, covering, is_open, last_shown, sid};
use crate::domain::{Reason, SessionId, Transport, UnixTime, UserId};

/// Which sessions an act ends, of those that are open.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    One(SessionId),
    OfUser {
        user: UserId,
        except: Option<SessionId>,
    },
    /// Those of all users that began at this moment or later.
    Since {
        moment: UnixTime,
        except: Option<SessionId>,
    },
}

/// A session that an act has ended just now.
#[derive(Clone, Debug)]
pub struct JustEnded {
    pub sid: SessionId,
    pub user: UserId,
    pub transport: Transport,
    pub remembered: bool,
    /// The moment by which all its tokens have expired.
    pub until: UnixTime,
}

/// Ends the sessions and returns them. One statement: of two acts at the same time, only one ends and returns each session.
pub fn end(conn: &mut Conn, which: Which, end: End, receipt: &str) -> Result<Vec<JustEnded>, Error> {
    mark(conn, matching(which), end, receipt)
}

/// Ends those of these sessions that have not ended, and returns them.
pub fn end_some(conn: &mut Conn, ids: &[SessionId], end: End, receipt: &str) -> Result<Vec<JustEnded>, Error> {
    let ids: Vec<String> = ids.iter().map(SessionId::to_string).collect();
    mark(conn, Box::new(sessions::ended_at.is_null().and(sessions::sid.eq_any(ids))), end, receipt)
}

fn mark(conn: &mut Conn, which: Condition, end: End, receipt: &str) -> Result<Vec<JustEnded>, Error> {
    let change = (
        sessions::ended_at.eq(end.at.0),
        sessions::end_reason.eq(end.reason.as_str()),
        sessions::ended_by.eq(end.by.map(|user| user.0)),
        sessions::receipt.eq(receipt),
    );
    type Columns = (String, i64, String, bool, i64, i64);
    let rows: Vec<Columns> = diesel::update(sessions::table.filter(which))
        .set(change)
        .returning((
            sessions::sid,
            sessions::user_id,
            sessions::transport,
            sessions::remembered,
            sessions::expires_at,
            sessions::access_until,
        ))
        .get_results(conn)?;
    logout_deliveries::add_for(conn, rows.iter().map(|row| row.0.as_str()), end.at)?;
    rows.into_iter()
        .map(|(id, user, transport, remembered, expires_at, access_until)| {
            Ok(JustEnded {
                sid: sid(&id)?,
                user: UserId(user),
                transport: known(Transport::parse(&transport), "transport", &transport)?,
                remembered,
                until: UnixTime(expires_at.max(access_until)),
            })
        })
        .collect()
}

/// The first `limit` of the sessions that [`end`] would end.
pub fn some(conn: &mut Conn, which: Which, limit: i64) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(matching(which))
        .order((sessions::created_at, sessions::sid))
        .limit(limit)
        .select(sessions::sid)
        .load(conn)?;
    ids.iter().map(|id| sid(id)).collect()
}

/// Calls `each` for every session that has not ended.
pub fn each_open(conn: &mut Conn, mut each: impl FnMut(SessionId)) -> Result<(), Error> {
    let ids: Vec<String> = sessions::table.filter(sessions::ended_at.is_null()).select(sessions::sid).load(conn)?;
    for id in ids {
        each(sid(&id)?);
    }
    Ok(())
}

/// When the newest session that has not ended began. `None`: all have ended.
pub fn newest_open(conn: &mut Conn) -> Result<Option<UnixTime>, Error> {
    let newest = sessions::table.filter(sessions::ended_at.is_null()).select(max(sessions::created_at));
    Ok(newest.get_result::<Option<i64>>(conn)?.map(UnixTime))
}

/// How many open sessions [`end`] would end.
pub fn count(conn: &mut Conn, which: Which, now: UnixTime) -> Result<i64, Error> {
    Ok(sessions::table.filter(matching(which)).filter(is_open(now.0)).count().get_result(conn)?)
}

/// The user's session that ended for this reason at this very moment. `None`: there is none, or it is no longer stored.
pub fn ended_at(conn: &mut Conn, user: UserId, reason: Reason, at: UnixTime) -> Result<Option<SessionId>, Error> {
    let found: Option<String> = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::ended_at.eq(at.0))
        .filter(sessions::end_reason.eq(reason.as_str()))
        .order(sessions::sid)
        .select(sessions::sid)
        .first(conn)
        .optional()?;
    found.map(|id| sid(&id)).transpose()
}

/// The condition that a session is one of `which` and has not ended. One that has expired counts too: the clock that says so may
/// be wrong, and be set right again.
fn matching(which: Which) -> Condition {
    let (named, except): (Condition, _) = match which {
        Which::One(sid) => (Box::new(sessions::sid.eq(sid.to_string())), None),
        Which::OfUser { user, except } => (Box::new(sessions::user_id.eq(user.0)), except),
        Which::Since { moment, except } => (Box::new(sessions::created_at.ge(moment.0)), except),
    };
    let open = sessions::ended_at.is_null().and(named);
    match except {
        Some(sid) => Box::new(open.and(sessions::sid.ne(sid.to_string()))),
        None => Box::new(open),
    }
}

pub(super) type Condition = Box<dyn BoxableExpression<sessions::table, <Conn as Connection>::Backend, SqlType = Bool>>;

/// The open sessions that have to make room for `new`, because its user may have `limit` of its transport: the oldest.
pub fn beyond_limit(conn: &mut Conn, new: &Session, limit: i64, now: UnixTime) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::user_id.eq(new.user.0))
        .filter(is_open(now.0))
        // One that an act on everybody's has ended needs no other end.
        .filter(not(exists(covering().select(mass_ends::receipt))))
        .filter(sessions::transport.eq(new.transport.as_str()))
        // By time and id it need not be the newest: others may have begun in the same second, or before the clock was set back.
        .filter(sessions::sid.ne(new.sid.to_string()))
        .order((sessions::created_at.desc(), sessions::sid.desc()))
        .offset(limit - 1)
        // SQLite has no OFFSET without a LIMIT.
        .limit(i64::from(u16::MAX))
        .select(sessions::sid)
        .load(conn)?;
    ids.iter().map(|id| sid(id)).collect()
}

/// Marks sessions that expired before `before` as ended, dated with the moment when they expired. At most `limit`. Returns each
/// with the moment by which all its tokens have expired.
pub fn close_run_out(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<Vec<(SessionId, UnixTime)>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.lt(before.0))
        .select(sessions::sid)
        .limit(limit)
        .load(conn)?;
    let rows: Vec<(String, i64, i64)> =
        diesel::update(sessions::table.filter(sessions::sid.eq_any(&ids)).filter(sessions::ended_at.is_null()))
            .set((
                sessions::ended_at.eq(sessions::expires_at.nullable()),
                sessions::end_reason.eq(Reason::Expired.as_str()),
            ))
            .returning((sessions::sid, sessions::expires_at, sessions::access_until))
            .get_results(conn)?;
    last_shown(&rows)
}

/// Sessions that have not ended and were last seen before `before`. At most `limit`. Reads every open session, so it should not
/// run on the writer's thread.
pub fn idle_since(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::last_seen_at.lt(before.0))
        .select(sessions::sid)
        .limit(limit)
        .load(conn)?;
    ids.iter().map(|id| sid(id)).collect()
}

/// Marks a session as ended if it was last seen before `before`, dated `idle` seconds after it was last seen. Returns the moment
/// by which all its tokens have expired; `None`: it was used after all, or has ended meanwhile.
pub fn close_idle(conn: &mut Conn, id: SessionId, before: UnixTime, idle: i64) -> Result<Option<UnixTime>, Error> {
    let unused = sessions::table
        .find(id.to_string())
        .filter(sessions::ended_at.is_null())
        .filter(sessions::last_seen_at.lt(before.0));
    let until: Option<i64> = diesel::update(unused)
        .set((
            sessions::ended_at.eq((sessions::last_seen_at + idle).nullable()),
            sessions::end_reason.eq(Reason::Idle.as_str()),
        ))
        .returning(sessions::expires_at)
        .get_result(conn)
        .optional()?;
    Ok(until.map(UnixTime))
}
