//! How sessions end: by an act, one or many at once, or by themselves.

use diesel::sql_types::Bool;
use diesel::{
    BoolExpressionMethods, BoxableExpression, Connection, ExpressionMethods, NullableExpressionMethods,
    OptionalExtension, QueryDsl, RunQueryDsl,
};

use super::schema::sessions;
use super::sessions::{End, last_shown, sid};
use super::{Conn, Error, known};
use crate::domain::{Reason, SessionId, Transport, UnixTime, UserId};

/// Which open sessions an act is about.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    One(SessionId),
    OfUser {
        user: UserId,
        except: Option<SessionId>,
    },
    /// Those signed in at this moment or later.
    Since {
        moment: UnixTime,
        except: Option<SessionId>,
    },
}

/// A session that was open until now.
#[derive(Clone, Debug)]
pub struct JustEnded {
    pub sid: SessionId,
    pub user: UserId,
    pub transport: Transport,
    pub remembered: bool,
    /// Until when a token of it could be shown.
    pub until: UnixTime,
}

/// Ends those that are open, in one statement; of two acts at once, one gets each session.
pub fn end(conn: &mut Conn, which: Which, end: End, receipt: &str) -> Result<Vec<JustEnded>, Error> {
    let change = (
        sessions::ended_at.eq(end.at.0),
        sessions::end_reason.eq(end.reason.as_str()),
        sessions::ended_by.eq(end.by.map(|user| user.0)),
        sessions::receipt.eq(receipt),
    );
    type Columns = (String, i64, String, bool, i64, i64);
    let rows: Vec<Columns> = diesel::update(sessions::table.filter(open(which)))
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

/// How many open sessions an act would end.
pub fn count(conn: &mut Conn, which: Which, now: UnixTime) -> Result<i64, Error> {
    Ok(sessions::table.filter(open(which)).filter(sessions::expires_at.gt(now.0)).count().get_result(conn)?)
}

/// Those that have not ended; also what has run out, for the clock by which it has may be wrong, and set right again.
fn open(which: Which) -> Condition {
    let (meant, except): (Condition, _) = match which {
        Which::One(sid) => (Box::new(sessions::sid.eq(sid.to_string())), None),
        Which::OfUser { user, except } => (Box::new(sessions::user_id.eq(user.0)), except),
        Which::Since { moment, except } => (Box::new(sessions::created_at.ge(moment.0)), except),
    };
    let open = sessions::ended_at.is_null().and(meant);
    match except {
        Some(sid) => Box::new(open.and(sessions::sid.ne(sid.to_string()))),
        None => Box::new(open),
    }
}

type Condition = Box<dyn BoxableExpression<sessions::table, <Conn as Connection>::Backend, SqlType = Bool>>;

/// The oldest open sessions of programs that the user has beyond `limit`.
pub fn beyond_limit(conn: &mut Conn, user: UserId, limit: i64, now: UnixTime) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.0))
        .filter(sessions::transport.eq(Transport::Bearer.as_str()))
        .order((sessions::created_at.desc(), sessions::sid.desc()))
        .offset(limit)
        // SQLite knows no offset without a limit.
        .limit(i64::from(u16::MAX))
        .select(sessions::sid)
        .load(conn)?;
    ids.iter().map(|id| sid(id)).collect()
}

/// Marks as ended what ran out by itself before `before`, at the moment when it did. At most `limit` rows; returns them with the
/// moment until which a token of each could be shown.
pub fn close_run_out(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<Vec<(SessionId, UnixTime)>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.lt(before.0))
        .select(sessions::sid)
        .limit(limit)
        .load(conn)?;
    let rows: Vec<(String, i64, i64)> = diesel::update(sessions::table.filter(sessions::sid.eq_any(&ids)))
        .set((
            sessions::ended_at.eq(sessions::expires_at.nullable()),
            sessions::end_reason.eq(Reason::Expired.as_str()),
        ))
        .returning((sessions::sid, sessions::expires_at, sessions::access_until))
        .get_results(conn)?;
    last_shown(&rows)
}

/// Open sessions last seen before `before`. At most `limit`. Looks at every open session, so not for the writer.
pub fn idle_since(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::last_seen_at.lt(before.0))
        .select(sessions::sid)
        .limit(limit)
        .load(conn)?;
    ids.iter().map(|id| sid(id)).collect()
}

/// Marks one of those as ended, unless it was used after all. `idle`: seconds. Returns until when a token of it could be
/// shown; `None`: it was used.
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
