//! Drills: whether an app refuses a session that has ended, tried out with an account that is made for it (tables `app_drills`,
//! `drill_accounts`). Of each app the last one is kept.

use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};

use super::connection::{Conn, Error, known};
use super::schema::{app_drills, app_entries, drill_accounts, logout_deliveries, sessions, users};
use crate::domain::{AppId, DrillOutcome, UnixTime, UserId, Username};

/// What a drill has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drill {
    pub at: UnixTime,
    pub outcome: DrillOutcome,
    /// For how many milliseconds after the end the app let the session in; at [`DrillOutcome::StillLetIn`], as long as it was asked.
    pub lasted_ms: i64,
    /// How often it let it in after the end.
    pub let_in: i64,
    /// Whether it acknowledged the sign-out.
    pub acknowledged: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = app_drills)]
struct Row {
    app_id: i64,
    at: i64,
    outcome: String,
    lasted_ms: i64,
    let_in: i64,
    acknowledged: bool,
}

impl Row {
    fn read(self) -> Result<(AppId, Drill), Error> {
        let drill = Drill {
            at: UnixTime(self.at),
            outcome: known(DrillOutcome::parse(&self.outcome), "outcome of a drill", &self.outcome)?,
            lasted_ms: self.lasted_ms,
            let_in: self.let_in,
            acknowledged: self.acknowledged,
        };
        Ok((AppId(self.app_id), drill))
    }
}

/// Notes a drill in the place of the one before it.
pub fn note(conn: &mut Conn, app: AppId, drill: Drill) -> Result<(), Error> {
    forget(conn, app)?;
    diesel::insert_into(app_drills::table)
        .values((
            app_drills::app_id.eq(app.0),
            app_drills::at.eq(drill.at.0),
            app_drills::outcome.eq(drill.outcome.as_str()),
            app_drills::lasted_ms.eq(drill.lasted_ms),
            app_drills::let_in.eq(drill.let_in),
            app_drills::acknowledged.eq(drill.acknowledged),
        ))
        .execute(conn)?;
    Ok(())
}

/// The last drill of an app. `None`: there was none.
pub fn last(conn: &mut Conn, app: AppId) -> Result<Option<Drill>, Error> {
    let found: Option<Row> = app_drills::table.find(app.0).select(Row::as_select()).get_result(conn).optional()?;
    Ok(found.map(Row::read).transpose()?.map(|(_, drill)| drill))
}

/// The last drill of each app that had one.
pub fn all(conn: &mut Conn) -> Result<Vec<(AppId, Drill)>, Error> {
    let rows = app_drills::table.order(app_drills::app_id).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) fn forget(conn: &mut Conn, app: AppId) -> Result<(), Error> {
    diesel::delete(app_drills::table.find(app.0)).execute(conn)?;
    Ok(())
}

/// Notes that this account is there for a drill only, and until when.
pub fn note_account(conn: &mut Conn, user: UserId, until: UnixTime) -> Result<(), Error> {
    let row = (drill_accounts::user_id.eq(user.0), drill_accounts::until.eq(until.0));
    diesel::insert_into(drill_accounts::table).values(row).execute(conn)?;
    Ok(())
}

/// The accounts of drills that should be over and have left theirs: they were broken off.
pub fn left_accounts(conn: &mut Conn, now: UnixTime) -> Result<Vec<Username>, Error> {
    let names: Vec<String> = drill_accounts::table
        .inner_join(users::table.on(users::id.eq(drill_accounts::user_id)))
        .filter(drill_accounts::until.le(now.0))
        .filter(users::deleted_at.is_null())
        .order(users::id)
        .select(users::username)
        .load(conn)?;
    names.iter().map(|name| known(Username::parse(name).ok(), "name", name)).collect()
}

/// Deletes the note about an account that is gone, if it was there for a drill.
pub fn forget_account(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    diesel::delete(drill_accounts::table.find(user.0)).execute(conn)?;
    Ok(())
}

/// Whether this user has entered the app.
pub fn has_entered(conn: &mut Conn, user: UserId, app: AppId) -> Result<bool, Error> {
    let entries = app_entries::table
        .inner_join(sessions::table.on(sessions::sid.eq(app_entries::sid)))
        .filter(sessions::user_id.eq(user.0))
        .filter(app_entries::app_id.eq(app.0));
    Ok(entries.count().get_result::<i64>(conn)? > 0)
}

/// Whether the app has acknowledged that a session of this user has ended.
pub fn has_acknowledged(conn: &mut Conn, user: UserId, app: AppId) -> Result<bool, Error> {
    let acknowledged = logout_deliveries::table
        .inner_join(
            sessions::table.on(logout_deliveries::sid.eq(diesel::NullableExpressionMethods::nullable(sessions::sid))),
        )
        .filter(sessions::user_id.eq(user.0))
        .filter(logout_deliveries::app_id.eq(app.0))
        .filter(logout_deliveries::acknowledged_at.is_not_null());
    Ok(acknowledged.count().get_result::<i64>(conn)? > 0)
}
