//! The browsers in which a user is not asked for the second factor at a sign-in, because they gave it there not long ago and wanted that.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, delete,
};
use uuid::Uuid;

use super::connection::{Conn, Error, known};
use super::instance;
use super::schema::trusted_browsers as trusted;
use super::session_ends::Which;
use super::sessions::{Session, sid};
use super::users::User;
use crate::domain::{SessionId, UnixTime, UserId};

/// How many of one user's are kept. One more, and the oldest goes.
const MOST: i64 = 20;

#[derive(Clone, Debug)]
pub struct TrustedBrowser {
    pub id: i64,
    pub user: UserId,
    /// The id in its device cookie.
    pub device: Uuid,
    pub since: UnixTime,
    pub until: UnixTime,
    /// The session that began there last, when, and from where.
    pub sid: SessionId,
    pub used_at: UnixTime,
    pub ip: String,
    pub user_agent: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = trusted)]
struct Row {
    id: i64,
    user_id: i64,
    device: String,
    since: i64,
    until: i64,
    sid: String,
    used_at: i64,
    ip: String,
    user_agent: String,
}

impl TryFrom<Row> for TrustedBrowser {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            user: UserId(row.user_id),
            device: known(Uuid::try_parse(&row.device).ok(), "device", &row.device)?,
            since: UnixTime(row.since),
            until: UnixTime(row.until),
            sid: sid(&row.sid)?,
            used_at: UnixTime(row.used_at),
            ip: row.ip,
            user_agent: row.user_agent,
        })
    }
}

/// Adds the browser in which this session of the user has just begun. What of the user's says nothing any more goes.
pub fn add(conn: &mut Conn, user: &User, device: Uuid, session: &Session, until: UnixTime) -> Result<(), Error> {
    let own = trusted::table.filter(trusted::user_id.eq(user.id.0));
    delete(own.filter(trusted::password_version.ne(user.password_version))).execute(conn)?;
    delete(own.filter(trusted::factors_version.ne(user.factors_version))).execute(conn)?;
    let beyond: Vec<i64> =
        own.order(trusted::id.desc()).offset(MOST - 1).limit(i64::from(u16::MAX)).select(trusted::id).load(conn)?;
    delete(trusted::table.filter(trusted::id.eq_any(beyond))).execute(conn)?;
    diesel::insert_into(trusted::table)
        .values((
            trusted::user_id.eq(user.id.0),
            trusted::device.eq(device.to_string()),
            trusted::password_version.eq(user.password_version),
            trusted::factors_version.eq(user.factors_version),
            trusted::since.eq(session.created_at.0),
            trusted::until.eq(until.0),
            trusted::sid.eq(session.sid.to_string()),
            trusted::used_at.eq(session.created_at.0),
            trusted::ip.eq(&session.ip),
            trusted::user_agent.eq(&session.user_agent),
        ))
        .execute(conn)?;
    Ok(())
}

/// The user's browser with this id in its device cookie, if it is trusted now: under this password and these factors. `since`: what
/// was trusted before is no longer.
pub fn find(
    conn: &mut Conn,
    user: &User,
    device: Uuid,
    since: UnixTime,
    now: UnixTime,
) -> Result<Option<TrustedBrowser>, Error> {
    let since = since.max(instance::moment(conn, instance::BROWSERS_TRUSTED_SINCE)?.unwrap_or(since));
    let row = trusted::table
        .filter(trusted::device.eq(device.to_string()))
        .filter(trusted::user_id.eq(user.id.0))
        .filter(trusted::password_version.eq(user.password_version))
        .filter(trusted::factors_version.eq(user.factors_version))
        .filter(trusted::since.gt(since.0))
        .filter(trusted::until.gt(now.0));
    row.select(Row::as_select()).get_result(conn).optional()?.map(TrustedBrowser::try_from).transpose()
}

/// All that [`find`] would find, the newest first.
pub fn of_user(conn: &mut Conn, user: &User, since: UnixTime, now: UnixTime) -> Result<Vec<TrustedBrowser>, Error> {
    let since = since.max(instance::moment(conn, instance::BROWSERS_TRUSTED_SINCE)?.unwrap_or(since));
    let rows = trusted::table
        .filter(trusted::user_id.eq(user.id.0))
        .filter(trusted::password_version.eq(user.password_version))
        .filter(trusted::factors_version.eq(user.factors_version))
        .filter(trusted::since.gt(since.0))
        .filter(trusted::until.gt(now.0))
        .order(trusted::id.desc());
    rows.select(Row::as_select()).load(conn)?.into_iter().map(TrustedBrowser::try_from).collect()
}

/// Notes that this session has begun in the browser.
pub fn note_use(conn: &mut Conn, id: i64, session: &Session) -> Result<(), Error> {
    diesel::update(trusted::table.find(id))
        .set((
            trusted::sid.eq(session.sid.to_string()),
            trusted::used_at.eq(session.created_at.0),
            trusted::ip.eq(&session.ip),
            trusted::user_agent.eq(&session.user_agent),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets one of the user's. `false`: it is none of theirs, or was forgotten already.
pub fn remove(conn: &mut Conn, user: UserId, id: i64) -> Result<bool, Error> {
    Ok(delete(trusted::table.find(id).filter(trusted::user_id.eq(user.0))).execute(conn)? == 1)
}

/// Forgets all of the user's. Returns how many.
pub fn remove_all(conn: &mut Conn, user: UserId) -> Result<usize, Error> {
    Ok(delete(trusted::table.filter(trusted::user_id.eq(user.0))).execute(conn)?)
}

/// Forgets all browsers of all users, by one value: there may be a million rows, and each says when it was made.
pub fn remove_everybodys(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    instance::set(conn, instance::BROWSERS_TRUSTED_SINCE, &now.0.to_string())
}

/// Forgets the browsers in which these sessions began, whether or not the sessions are still open; where many users' sessions end, all
/// browsers.
pub fn remove_with(conn: &mut Conn, which: Which, now: UnixTime) -> Result<(), Error> {
    let not = |except: Option<SessionId>| trusted::sid.ne(except.map_or_else(String::new, |sid| sid.to_string()));
    match which {
        Which::One(sid) => delete(trusted::table.filter(trusted::sid.eq(sid.to_string()))).execute(conn)?,
        Which::OfUser { user, except } => {
            delete(trusted::table.filter(trusted::user_id.eq(user.0)).filter(not(except))).execute(conn)?
        }
        Which::Since { .. } => return remove_everybodys(conn, now),
    };
    Ok(())
}

/// Deletes those whose time was up before `before`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(delete(trusted::table.filter(trusted::until.lt(before.0))).execute(conn)?)
}
