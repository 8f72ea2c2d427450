//! Whose a name is. It stays its user's for good: no other may be mistaken for whoever had it.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::users;
use crate::domain::{UnixTime, Username};

/// Why nobody else can have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A user has it.
    InUse,
    /// Its user was deleted at this moment, and can be restored.
    Deleted(UnixTime),
}

/// Why no new user can have this name; `None`: it is free.
pub fn taken(conn: &mut Conn, name: &Username) -> Result<Option<Taken>, Error> {
    let same = users::table.filter(users::canonical.eq(name.canonical())).select(users::deleted_at);
    let found: Option<Option<i64>> = same.get_result(conn).optional()?;
    Ok(found.map(|deleted_at| deleted_at.map_or(Taken::InUse, |at| Taken::Deleted(UnixTime(at)))))
}
