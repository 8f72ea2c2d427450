//! The users who were imported from another system.

use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::schema::users;
use super::user_details::{NewDetails, set_details};
use crate::domain::{UnixTime, UserId};

/// Notes that the user, who was added just now, comes from another system, with these details.
pub fn note(conn: &mut Conn, id: UserId, details: &NewDetails, is_disabled: bool, now: UnixTime) -> Result<(), Error> {
    let new = (users::imported_at.eq(now.0), users::disabled_at.eq(is_disabled.then_some(now.0)));
    diesel::update(users::table.find(id.0)).set(new).execute(conn)?;
    if !is_disabled {
        // The other system knew them before, and its tokens are theirs.
        diesel::update(users::table.find(id.0)).set(users::tokens_valid_from.eq(0)).execute(conn)?;
    }
    if details.display_name.is_some() || details.mail.is_some() {
        set_details(conn, id, details)?;
    }
    Ok(())
}

/// How many users were imported, and how many of them have not signed in since; both are counted up to `most`.
pub fn count(conn: &mut Conn, most: i64) -> Result<(usize, usize), Error> {
    // In words, not as values: so SQLite uses their indexes.
    let here = || users::table.filter(sql::<Bool>("users.imported_at IS NOT NULL AND users.deleted_at IS NULL"));
    let waiting = here().filter(users::last_login_at.is_null());
    let waiting: Vec<String> = waiting.select(users::canonical).limit(most).load(conn)?;
    if waiting.is_empty() {
        return Ok((0, 0));
    }
    let all: Vec<String> = here().select(users::canonical).limit(most).load(conn)?;
    Ok((all.len(), waiting.len()))
}
