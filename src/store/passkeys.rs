//! What factors that are passkeys have besides.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::connection::{Conn, Error};
use super::schema::{factors, passkeys};
use crate::domain::{FactorId, UnixTime, UserId};

#[derive(Clone, Debug)]
pub struct Passkey {
    pub factor: FactorId,
    /// In Base64url.
    pub credential_id: String,
    /// As the part for their ceremonies wrote it.
    pub credential: String,
    /// How often it was used, as its authenticator counts; 0 where that does not count.
    pub counter: i64,
    /// Whether it may be copied to other devices.
    pub may_be_copied: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// It works for no other.
    pub host: String,
    /// When it was last shown with a count that had gone back. `None`: never.
    pub marked_at: Option<UnixTime>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = passkeys)]
struct Row {
    factor_id: i64,
    credential_id: String,
    credential: String,
    counter: i64,
    may_be_copied: bool,
    backed_up: bool,
    host: String,
    marked_at: Option<i64>,
}

impl From<Row> for Passkey {
    fn from(row: Row) -> Self {
        Self {
            factor: FactorId(row.factor_id),
            credential_id: row.credential_id,
            credential: row.credential,
            counter: row.counter,
            may_be_copied: row.may_be_copied,
            backed_up: row.backed_up,
            host: row.host,
            marked_at: row.marked_at.map(UnixTime),
        }
    }
}

/// The user's, in the order in which they were added.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Passkey>, Error> {
    let own = passkeys::table.inner_join(factors::table).filter(factors::user_id.eq(user.0));
    let rows: Vec<Row> = own.order(passkeys::factor_id).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Passkey::from).collect())
}

/// The passkey with this credential id, and whose it is.
pub fn find(conn: &mut Conn, credential_id: &str) -> Result<Option<(UserId, Passkey)>, Error> {
    let found = passkeys::table.inner_join(factors::table).filter(passkeys::credential_id.eq(credential_id));
    let row: Option<(i64, Row)> = found.select((factors::user_id, Row::as_select())).get_result(conn).optional()?;
    Ok(row.map(|(user, row)| (UserId(user), row.into())))
}

/// The hosts that passkeys were made for.
pub fn hosts(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(passkeys::table.select(passkeys::host).distinct().load(conn)?)
}

pub fn add(conn: &mut Conn, passkey: &Passkey) -> Result<(), Error> {
    diesel::insert_into(passkeys::table)
        .values((
            passkeys::factor_id.eq(passkey.factor.0),
            passkeys::credential_id.eq(&passkey.credential_id),
            passkeys::credential.eq(&passkey.credential),
            passkeys::counter.eq(passkey.counter),
            passkeys::may_be_copied.eq(passkey.may_be_copied),
            passkeys::backed_up.eq(passkey.backed_up),
            passkeys::host.eq(&passkey.host),
            passkeys::marked_at.eq(passkey.marked_at.map(|at| at.0)),
            passkeys::told.eq(false),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes a use. `false`: the count is not greater than that of the use before, and either of them counts.
pub fn note_used(conn: &mut Conn, id: FactorId, counter: i64, backed_up: bool) -> Result<bool, Error> {
    let fits = passkeys::table.find(id.0).filter(passkeys::counter.lt(counter.max(1)));
    let set = (passkeys::counter.eq(counter), passkeys::backed_up.eq(backed_up));
    Ok(diesel::update(fits).set(set).execute(conn)? == 1)
}

/// Notes that the count had gone back.
pub fn mark(conn: &mut Conn, id: FactorId, now: UnixTime) -> Result<(), Error> {
    let set = (passkeys::marked_at.eq(now.0), passkeys::told.eq(false));
    diesel::update(passkeys::table.find(id.0)).set(set).execute(conn)?;
    Ok(())
}

/// The name of the user's passkey that was marked last and of which the person has not been told.
pub fn untold_mark(conn: &mut Conn, user: UserId) -> Result<Option<String>, Error> {
    let own = passkeys::table.inner_join(factors::table).filter(factors::user_id.eq(user.0));
    let untold = own.filter(passkeys::marked_at.is_not_null()).filter(passkeys::told.eq(false));
    let names: Vec<String> = untold.order(passkeys::marked_at.desc()).select(factors::name).load(conn)?;
    Ok(names.into_iter().next())
}

/// Notes that the person has been told of all there are.
pub fn note_told(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    let own = factors::table.filter(factors::user_id.eq(user.0)).select(factors::id);
    diesel::update(passkeys::table.filter(passkeys::factor_id.eq_any(own)))
        .set(passkeys::told.eq(true))
        .execute(conn)?;
    Ok(())
}
