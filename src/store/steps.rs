//! The steps of a session's story.

use std::collections::HashMap;

use diesel::dsl::{max, min};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use super::among::among;
use super::connection::{Conn, Error, known, on};
use super::prepared::update;
use super::schema::session_steps;
use super::sessions;
use crate::domain::{SessionId, StepKind, UnixTime};

/// A step, or several like it in one row.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: StepKind,
    /// When the first and the last of the row's steps were: repeated steps of one kind, address and user agent are one row.
    pub at: UnixTime,
    pub until: UnixTime,
    pub times: i64,
    pub ip: String,
    pub user_agent: String,
    /// Whether it is not what one expects of the same person's browser.
    pub odd: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session_steps)]
struct Row {
    kind: String,
    at: i64,
    until: i64,
    times: i64,
    ip: String,
    user_agent: String,
    odd: bool,
}

impl TryFrom<Row> for Step {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            kind: known(StepKind::parse(&row.kind), "step", &row.kind)?,
            at: UnixTime(row.at),
            until: UnixTime(row.until),
            times: row.times,
            ip: row.ip,
            user_agent: row.user_agent,
            odd: row.odd,
        })
    }
}

/// The user agents that these sessions began with, as far as their first steps are kept.
pub fn user_agents_at_sign_in(conn: &mut Conn, sids: &[SessionId]) -> Result<HashMap<SessionId, String>, Error> {
    let first = session_steps::table
        .filter(among(session_steps::sid, sids)?)
        .filter(session_steps::nth.eq(0))
        .select((session_steps::sid, session_steps::user_agent));
    let found: Vec<(String, String)> = on!(conn, c => first.load(c))?;
    Ok(found.into_iter().filter_map(|(sid, user_agent)| Some((SessionId::parse(&sid)?, user_agent))).collect())
}

/// The session's whole story, from the sign-in on.
pub fn of_session(conn: &mut Conn, sid: SessionId) -> Result<Vec<Step>, Error> {
    let rows = session_steps::table
        .filter(session_steps::sid.eq(sid.to_string()))
        .order(session_steps::nth)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Step::try_from).collect()
}

/// The story's first row, which is the sign-in. `None`: there is no such session.
pub fn first(conn: &mut Conn, sid: SessionId) -> Result<Option<Step>, Error> {
    let first = session_steps::table.find((sid.to_string(), 0));
    let row = on!(conn, c => first.select(Row::as_select()).get_result(c)).optional()?;
    row.map(Step::try_from).transpose()
}

/// The story's last row. `None`: there is no such session.
pub fn last(conn: &mut Conn, sid: SessionId) -> Result<Option<Step>, Error> {
    let row = session_steps::table
        .filter(session_steps::sid.eq(sid.to_string()))
        .order(session_steps::nth.desc())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Step::try_from).transpose()
}

/// The number of the step that was going on at this moment, from 1. `None`: there was none, or there is no such session.
pub fn number_at(conn: &mut Conn, sid: SessionId, at: UnixTime) -> Result<Option<i64>, Error> {
    let then = session_steps::at.le(at.0).and(session_steps::until.ge(at.0));
    let steps = session_steps::table.filter(session_steps::sid.eq(sid.to_string())).filter(then);
    let nth: Option<i64> = steps.select(max(session_steps::nth)).get_result(conn)?;
    Ok(nth.map(|nth| nth + 1))
}

/// The number of the first odd step of each of these sessions that has one, from 1.
pub fn first_odd(conn: &mut Conn, sids: &[SessionId]) -> Result<HashMap<SessionId, i64>, Error> {
    let odd = session_steps::table.filter(among(session_steps::sid, sids)?).filter(session_steps::odd);
    let odd = odd.group_by(session_steps::sid).select((session_steps::sid, min(session_steps::nth)));
    let first: Vec<(String, Option<i64>)> = on!(conn, c => odd.load(c))?;
    first.iter().map(|(id, nth)| Ok((sessions::sid(id)?, nth.unwrap_or_default() + 1))).collect()
}

/// Adds a row to the story. `nth`: its place there, from 0 on.
pub fn add(conn: &mut Conn, sid: SessionId, nth: i64, step: &Step) -> Result<(), Error> {
    diesel::insert_into(session_steps::table)
        .values((
            session_steps::sid.eq(sid.to_string()),
            session_steps::nth.eq(nth),
            session_steps::kind.eq(step.kind.as_str()),
            session_steps::at.eq(step.at.0),
            session_steps::until.eq(step.until.0),
            session_steps::times.eq(step.times),
            session_steps::ip.eq(&step.ip),
            session_steps::user_agent.eq(&step.user_agent),
            session_steps::odd.eq(step.odd),
        ))
        .execute(conn)?;
    Ok(())
}

/// Counts a step in the `nth` row, if that row has the same kind, address and user agent and is not odd. `false`: it has not;
/// nothing was changed.
pub fn repeat(conn: &mut Conn, sid: SessionId, nth: i64, step: &Step) -> Result<bool, Error> {
    let same = session_steps::sid
        .eq(sid.to_string())
        .and(session_steps::nth.eq(nth))
        .and(session_steps::kind.eq(step.kind.as_str()))
        .and(session_steps::ip.eq(&step.ip))
        .and(session_steps::user_agent.eq(&step.user_agent))
        .and(session_steps::odd.eq(false));
    let again = (session_steps::until.eq(step.until.0), session_steps::times.eq(session_steps::times + 1));
    let changed = on!(conn, c => update!(session_steps::table, again, same).execute(c))?;
    Ok(changed == 1)
}

/// Counts a step in the `nth` row, whatever that row holds: it takes on the step's kind, address and user agent, and is odd if
/// either is.
pub fn merge(conn: &mut Conn, sid: SessionId, nth: i64, step: &Step) -> Result<(), Error> {
    let row = || session_steps::table.find((sid.to_string(), nth));
    diesel::update(row())
        .set((
            session_steps::kind.eq(step.kind.as_str()),
            session_steps::until.eq(step.until.0),
            session_steps::times.eq(session_steps::times + 1),
            session_steps::ip.eq(&step.ip),
            session_steps::user_agent.eq(&step.user_agent),
        ))
        .execute(conn)?;
    if step.odd {
        diesel::update(row()).set(session_steps::odd.eq(true)).execute(conn)?;
    }
    Ok(())
}
