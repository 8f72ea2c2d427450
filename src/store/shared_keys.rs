//! Key files that were made on one node, sealed, from where the other nodes have them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::shared_keys;

pub fn add(conn: &mut Conn, file: &str, sealed: &[u8]) -> Result<(), Error> {
    diesel::insert_into(shared_keys::table)
        .values((shared_keys::file.eq(file), shared_keys::sealed.eq(sealed)))
        .execute(conn)?;
    Ok(())
}

/// `None`: that file was made before there were several nodes, and copied with the data folder.
pub fn find(conn: &mut Conn, file: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(shared_keys::table.find(file.to_owned()).select(shared_keys::sealed).get_result(conn).optional()?)
}

pub fn remove(conn: &mut Conn, file: &str) -> Result<(), Error> {
    diesel::delete(shared_keys::table.find(file.to_owned())).execute(conn)?;
    Ok(())
}
