//! The apps that may ask about tokens (table `clients`). Only the hash of each secret is kept.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, on};
use super::schema::clients;
use crate::domain::{UnixTime, can_be_key};

/// An app, without its secret.
#[derive(Clone, Debug)]
pub struct RegisteredApp {
    pub id: String,
    pub name: String,
    pub created_at: UnixTime,
}

/// Registers an app. `false`: the name is taken.
pub fn add(conn: &mut Conn, app: &RegisteredApp, secret_hash: &str) -> Result<bool, Error> {
    let row = (
        clients::id.eq(&app.id),
        clients::name.eq(&app.name),
        clients::secret_hash.eq(secret_hash),
        clients::created_at.eq(app.created_at.0),
    );
    let insert = diesel::insert_into(clients::table).values(row).on_conflict_do_nothing();
    Ok(on!(conn, c => insert.execute(c))? == 1)
}

/// All apps, ordered by name.
pub fn all(conn: &mut Conn) -> Result<Vec<RegisteredApp>, Error> {
    let rows: Vec<(String, String, i64)> =
        clients::table.order(clients::name).select((clients::id, clients::name, clients::created_at)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, at)| RegisteredApp { id, name, created_at: UnixTime(at) }).collect())
}

/// The hash of the app's secret. `None`: there is no such app.
pub fn secret_hash(conn: &mut Conn, id: &str) -> Result<Option<String>, Error> {
    if !can_be_key(id) {
        return Ok(None);
    }
    Ok(clients::table.find(id.to_owned()).select(clients::secret_hash).get_result(conn).optional()?)
}

/// Deletes the app. `false`: there is none of that name.
pub fn remove(conn: &mut Conn, name: &str) -> Result<bool, Error> {
    Ok(diesel::delete(clients::table.filter(clients::name.eq(name))).execute(conn)? == 1)
}
