//! Sign-ins for which a password was right and a second factor is still to come, and how often a wrong one was given. They give no right
//! to anything.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use super::connection::{Conn, Error};
use super::schema::sign_in_attempts as attempts;
use crate::domain::{UnixTime, UserId};

/// How many of one user's are kept without a wrong code. One more, and the oldest goes: an account fills the table with no more than
/// these, and pushes out nobody else's.
const MOST_UNTRIED: i64 = 50;

#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: String,
    pub user: UserId,
    pub began_at: UnixTime,
    pub expires_at: UnixTime,
    /// Wrong codes.
    pub tries: i64,
    /// Whether the account had signed in there before under the factors that it had.
    pub from_known_browser: bool,
    /// Whether it led to a session.
    pub spent: bool,
    pub ip: String,
    pub user_agent: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attempts)]
struct Row {
    id: String,
    user_id: i64,
    began_at: i64,
    expires_at: i64,
    tries: i64,
    from_known_browser: bool,
    spent: bool,
    ip: String,
    user_agent: String,
}

impl From<Row> for Attempt {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: UserId(row.user_id),
            began_at: UnixTime(row.began_at),
            expires_at: UnixTime(row.expires_at),
            tries: row.tries,
            from_known_browser: row.from_known_browser,
            spent: row.spent,
            ip: row.ip,
            user_agent: row.user_agent,
        }
    }
}

pub fn add(conn: &mut Conn, attempt: &Attempt) -> Result<(), Error> {
    let untried = attempts::table
        .filter(attempts::user_id.eq(attempt.user.0))
        .filter(attempts::tries.eq(0))
        .order(attempts::began_at.desc())
        .offset(MOST_UNTRIED - 1)
        .limit(i64::MAX)
        .select(attempts::id);
    let beyond: Vec<String> = untried.load(conn)?;
    diesel::delete(attempts::table.filter(attempts::id.eq_any(beyond))).execute(conn)?;
    diesel::insert_into(attempts::table)
        .values((
            attempts::id.eq(&attempt.id),
            attempts::user_id.eq(attempt.user.0),
            attempts::began_at.eq(attempt.began_at.0),
            attempts::expires_at.eq(attempt.expires_at.0),
            attempts::tries.eq(attempt.tries),
            attempts::from_known_browser.eq(attempt.from_known_browser),
            attempts::spent.eq(attempt.spent),
            attempts::told.eq(false),
            attempts::ip.eq(&attempt.ip),
            attempts::user_agent.eq(&attempt.user_agent),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Attempt>, Error> {
    let row = attempts::table.find(id.to_owned()).select(Row::as_select()).get_result(conn).optional()?;
    Ok(row.map(Attempt::from))
}

/// Counts a wrong code.
pub fn note_wrong(conn: &mut Conn, id: &str) -> Result<(), Error> {
    diesel::update(attempts::table.find(id.to_owned())).set(attempts::tries.eq(attempts::tries + 1)).execute(conn)?;
    Ok(())
}

/// Notes that it led to a session. `false`: it did so already, perhaps a moment ago, or is gone.
pub fn spend(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    let unspent = attempts::table.find(id.to_owned()).filter(attempts::spent.eq(false));
    Ok(diesel::update(unspent).set(attempts::spent.eq(true)).execute(conn)? == 1)
}

/// How many wrong codes were given for the user in attempts that began after `since`, from known browsers or from others.
pub fn wrong_codes(conn: &mut Conn, user: UserId, since: UnixTime, from_known_browser: bool) -> Result<i64, Error> {
    let own = attempts::table
        .filter(attempts::user_id.eq(user.0))
        .filter(attempts::began_at.gt(since.0))
        .filter(attempts::from_known_browser.eq(from_known_browser));
    // A sum of integers is of another type on each database.
    let tries: Vec<i64> = own.filter(attempts::tries.gt(0)).select(attempts::tries).load(conn)?;
    Ok(tries.iter().sum())
}

/// The attempts that led to no session and of which the person has not been told, the newest first.
pub fn untold(conn: &mut Conn, user: UserId) -> Result<Vec<Attempt>, Error> {
    let own = attempts::user_id.eq(user.0).and(attempts::told.eq(false)).and(attempts::spent.eq(false));
    let rows = attempts::table.filter(own).order(attempts::began_at.desc()).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Attempt::from).collect())
}

/// Notes that the person has been told of all there are.
pub fn note_told(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    let own = attempts::user_id.eq(user.0).and(attempts::told.eq(false));
    diesel::update(attempts::table.filter(own)).set(attempts::told.eq(true)).execute(conn)?;
    Ok(())
}

/// Deletes attempts that began before `before`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(attempts::table.filter(attempts::began_at.lt(before.0))).execute(conn)?)
}
