//! What people have agreed to tell which app.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, on};
use super::schema::{apps, consents};
use super::text_order::sorted_by;
use crate::domain::{AppId, Scopes, UnixTime, UserId};

/// What somebody has agreed to.
#[derive(Clone, Debug)]
pub struct Consent {
    pub app: AppId,
    pub name: String,
    pub scopes: Scopes,
    pub agreed_at: UnixTime,
}

/// What this user has agreed to tell the app. `None`: nothing.
pub fn find(conn: &mut Conn, user: UserId, app: AppId) -> Result<Option<Scopes>, Error> {
    let found: Option<String> =
        consents::table.find((user.0, app.0)).select(consents::scopes).get_result(conn).optional()?;
    Ok(found.map(|scopes| Scopes::parse(&scopes)))
}

/// Notes what this user agrees to, in the place of what they agreed to before.
pub fn set(conn: &mut Conn, user: UserId, app: AppId, scopes: Scopes, now: UnixTime) -> Result<(), Error> {
    let row = (
        consents::user_id.eq(user.0),
        consents::app_id.eq(app.0),
        consents::scopes.eq(scopes.to_string()),
        consents::agreed_at.eq(now.0),
    );
    let change = (consents::scopes.eq(scopes.to_string()), consents::agreed_at.eq(now.0));
    let insert = diesel::insert_into(consents::table)
        .values(row)
        .on_conflict((consents::user_id, consents::app_id))
        .do_update()
        .set(change);
    on!(conn, c => insert.execute(c))?;
    Ok(())
}

/// `false`: they had not agreed to anything.
pub fn remove(conn: &mut Conn, user: UserId, app: AppId) -> Result<bool, Error> {
    Ok(diesel::delete(consents::table.find((user.0, app.0))).execute(conn)? == 1)
}

/// Forgets what anybody has agreed to tell this app.
pub fn remove_of_app(conn: &mut Conn, app: AppId) -> Result<(), Error> {
    diesel::delete(consents::table.filter(consents::app_id.eq(app.0))).execute(conn)?;
    Ok(())
}

/// All that this user has agreed to, by the app's name.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Consent>, Error> {
    let agreed = consents::table
        .inner_join(apps::table.on(apps::id.eq(consents::app_id)))
        .filter(consents::user_id.eq(user.0))
        .select((consents::app_id, apps::name, consents::scopes, consents::agreed_at));
    let rows: Vec<(i64, String, String, i64)> = on!(conn, c => agreed.load(c))?;
    let rows = sorted_by(rows, |one, other| one.1.cmp(&other.1));
    let consent = |(app, name, scopes, agreed_at): (i64, String, String, i64)| Consent {
        app: AppId(app),
        name,
        scopes: Scopes::parse(&scopes),
        agreed_at: UnixTime(agreed_at),
    };
    Ok(rows.into_iter().map(consent).collect())
}
