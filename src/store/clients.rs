//! The apps that may ask about tokens. Of each secret only the hash is kept.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::schema::clients;
use super::{Conn, Error};
use crate::domain::UnixTime;

#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub name: String,
    pub created_at: UnixTime,
}

/// `false`: there is one of that name.
pub fn add(conn: &mut Conn, client: &Client, secret_hash: &str) -> Result<bool, Error> {
    let added = diesel::insert_into(clients::table)
        .values((
            clients::id.eq(&client.id),
            clients::name.eq(&client.name),
            clients::secret_hash.eq(secret_hash),
            clients::created_at.eq(client.created_at.0),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// By name.
pub fn all(conn: &mut Conn) -> Result<Vec<Client>, Error> {
    let rows: Vec<(String, String, i64)> =
        clients::table.order(clients::name).select((clients::id, clients::name, clients::created_at)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, at)| Client { id, name, created_at: UnixTime(at) }).collect())
}

/// The hash of its secret. `None`: there is no such client.
pub fn secret_hash(conn: &mut Conn, id: &str) -> Result<Option<String>, Error> {
    Ok(clients::table.find(id.to_owned()).select(clients::secret_hash).get_result(conn).optional()?)
}

/// `false`: there is none of that name.
pub fn remove(conn: &mut Conn, name: &str) -> Result<bool, Error> {
    Ok(diesel::delete(clients::table.filter(clients::name.eq(name))).execute(conn)? == 1)
}
