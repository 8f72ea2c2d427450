//! How many users have a password hash of which form: what decoys are drawn from. Triggers keep the counts (`migrations/`).

use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::connection::{Conn, Error};
use super::schema::password_forms;

#[derive(Queryable, Selectable)]
#[diesel(table_name = password_forms)]
pub struct FormCount {
    /// All of a hash but its salt and digest.
    pub form: String,
    pub users: i64,
}

/// Each form that somebody's hash has. A handful of rows, however many users there are.
pub fn all(conn: &mut Conn) -> Result<Vec<FormCount>, Error> {
    let in_use = password_forms::table.filter(password_forms::users.gt(0));
    Ok(in_use.select(FormCount::as_select()).load(conn)?)
}
