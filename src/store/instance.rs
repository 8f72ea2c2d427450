//! What belongs to the database as a whole: fingerprints of the keys that go with it, and how far a running server has
//! taken up what other processes changed.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::schema::instance;
use super::{Conn, Error, known};

/// Fingerprint of the key that signs tokens.
pub const SIGNING_KEY: &str = "signing_key";
/// Fingerprint of the pepper.
pub const PEPPER: &str = "pepper";
/// Counts the changes by commands beside a server.
const CHANGED: &str = "changed";
/// The last of those changes that a server has taken up.
const TAKEN_UP: &str = "taken_up";

pub fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, Error> {
    Ok(instance::table.find(name.to_owned()).select(instance::value).get_result(conn).optional()?)
}

pub fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), Error> {
    let changed = diesel::update(instance::table.find(name.to_owned())).set(instance::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(instance::table)
            .values((instance::name.eq(name), instance::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}

/// Counts one more change by a command; the server beside it will say when it has taken it up.
pub fn note_change(conn: &mut Conn) -> Result<i64, Error> {
    let count = number(conn, CHANGED)? + 1;
    set(conn, CHANGED, &count.to_string())?;
    Ok(count)
}

/// How many changes by commands there were. Read before memory is loaded, handed to [`note_taken_up`] afterwards.
pub fn changed(conn: &mut Conn) -> Result<i64, Error> {
    number(conn, CHANGED)
}

/// Says that the changes up to this count are enforced in memory.
pub fn note_taken_up(conn: &mut Conn, count: i64) -> Result<(), Error> {
    if number(conn, TAKEN_UP)? == count { Ok(()) } else { set(conn, TAKEN_UP, &count.to_string()) }
}

pub fn taken_up(conn: &mut Conn) -> Result<i64, Error> {
    number(conn, TAKEN_UP)
}

fn number(conn: &mut Conn, name: &str) -> Result<i64, Error> {
    match get(conn, name)? {
        None => Ok(0),
        Some(text) => known(text.parse().ok(), "count", &text),
    }
}
