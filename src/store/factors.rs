//! The second factors of users.

use diesel::dsl::exists;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, select,
};

use super::connection::{Conn, Error, known};
use super::schema::{factors, passkeys, users};
use crate::domain::{FactorId, FactorKind, UnixTime, UserId};

#[derive(Clone, Debug)]
pub struct Factor {
    pub id: FactorId,
    pub user: UserId,
    pub kind: FactorKind,
    /// As the person calls it.
    pub name: String,
    /// Sealed. Of a passkey there is none.
    pub secret: Vec<u8>,
    /// Of TOTP: the newest time step whose code was accepted.
    pub last_step: i64,
    pub created_at: UnixTime,
    /// Since when it counts. `None`: it does not yet.
    pub active_since: Option<UnixTime>,
    pub last_used: Option<LastUse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    pub at: UnixTime,
    pub ip: String,
    pub user_agent: String,
}

pub struct NewFactor<'a> {
    pub user: UserId,
    pub kind: FactorKind,
    pub name: &'a str,
    pub secret: &'a [u8],
    pub now: UnixTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = factors)]
struct Row {
    id: i64,
    user_id: i64,
    kind: String,
    name: String,
    secret: Vec<u8>,
    last_step: i64,
    created_at: i64,
    active_since: Option<i64>,
    last_used_at: Option<i64>,
    last_used_ip: Option<String>,
    last_used_agent: Option<String>,
}

impl TryFrom<Row> for Factor {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let last_used = match (row.last_used_at, row.last_used_ip, row.last_used_agent) {
            (Some(at), Some(ip), Some(user_agent)) => Some(LastUse { at: UnixTime(at), ip, user_agent }),
            _ => None,
        };
        Ok(Self {
            id: FactorId(row.id),
            user: UserId(row.user_id),
            kind: known(FactorKind::parse(&row.kind), "kind of factor", &row.kind)?,
            name: row.name,
            secret: row.secret,
            last_step: row.last_step,
            created_at: UnixTime(row.created_at),
            active_since: row.active_since.map(UnixTime),
            last_used,
        })
    }
}

/// All factors of the user, those that don't count yet included, in the order in which they were added.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Factor>, Error> {
    let own = factors::table.filter(factors::user_id.eq(user.0)).order(factors::id);
    own.select(Row::as_select()).load(conn)?.into_iter().map(Factor::try_from).collect()
}

/// Whether any user has one whose secret is sealed, or has begun to add one.
pub fn any_sealed(conn: &mut Conn) -> Result<bool, Error> {
    let sealed = factors::table.filter(factors::kind.eq(FactorKind::Totp.as_str()));
    Ok(select(exists(sealed.select(factors::id))).get_result(conn)?)
}

/// How many factors of this kind count for the user.
pub fn count_of(conn: &mut Conn, user: UserId, kind: FactorKind) -> Result<i64, Error> {
    let own = factors::table.filter(factors::user_id.eq(user.0)).filter(factors::kind.eq(kind.as_str()));
    Ok(own.filter(factors::active_since.is_not_null()).count().get_result(conn)?)
}

/// The factor with this id, if it is the user's.
pub fn find(conn: &mut Conn, user: UserId, id: FactorId) -> Result<Option<Factor>, Error> {
    let own = factors::table.find(id.0).filter(factors::user_id.eq(user.0));
    own.select(Row::as_select()).get_result(conn).optional()?.map(Factor::try_from).transpose()
}

/// Adds a factor that does not count yet, in the place of any other of the user's that does not.
pub fn add(conn: &mut Conn, factor: &NewFactor<'_>) -> Result<FactorId, Error> {
    diesel::delete(factors::table.filter(factors::user_id.eq(factor.user.0)).filter(factors::active_since.is_null()))
        .execute(conn)?;
    let id = diesel::insert_into(factors::table)
        .values((
            factors::user_id.eq(factor.user.0),
            factors::kind.eq(factor.kind.as_str()),
            factors::name.eq(factor.name),
            factors::secret.eq(factor.secret),
            factors::last_step.eq(0),
            factors::created_at.eq(factor.now.0),
        ))
        .returning(factors::id)
        .get_result(conn)?;
    Ok(FactorId(id))
}

/// Adds a factor that counts at once.
pub fn add_active(conn: &mut Conn, factor: &NewFactor<'_>) -> Result<FactorId, Error> {
    let id = diesel::insert_into(factors::table)
        .values((
            factors::user_id.eq(factor.user.0),
            factors::kind.eq(factor.kind.as_str()),
            factors::name.eq(factor.name),
            factors::secret.eq(factor.secret),
            factors::last_step.eq(0),
            factors::created_at.eq(factor.now.0),
            factors::active_since.eq(factor.now.0),
        ))
        .returning(factors::id)
        .get_result(conn)?;
    count(conn, factor.user, 1)?;
    Ok(FactorId(id))
}

/// Calls a factor by another name.
pub fn rename(conn: &mut Conn, id: FactorId, name: &str) -> Result<(), Error> {
    diesel::update(factors::table.find(id.0)).set(factors::name.eq(name)).execute(conn)?;
    Ok(())
}

/// Has a factor count from now on. `step`: of the code that confirmed it. `false`: it counts already, or is gone.
pub fn confirm(conn: &mut Conn, factor: &Factor, step: i64, now: UnixTime) -> Result<bool, Error> {
    let waiting = factors::table.find(factor.id.0).filter(factors::active_since.is_null());
    let set = (factors::active_since.eq(now.0), factors::last_step.eq(step));
    if diesel::update(waiting).set(set).execute(conn)? == 0 {
        return Ok(false);
    }
    count(conn, factor.user, 1)?;
    Ok(true)
}

/// Notes that the code of this step was accepted. `false`: one of that step or a later one was already, perhaps a moment ago.
pub fn note_used(conn: &mut Conn, id: FactorId, step: i64, used: &LastUse) -> Result<bool, Error> {
    let unused = factors::table.find(id.0).filter(factors::last_step.lt(step));
    let set = (
        factors::last_step.eq(step),
        factors::last_used_at.eq(used.at.0),
        factors::last_used_ip.eq(&used.ip),
        factors::last_used_agent.eq(&used.user_agent),
    );
    Ok(diesel::update(unused).set(set).execute(conn)? == 1)
}

/// Notes when and where a factor without steps was used.
pub fn note_last_use(conn: &mut Conn, id: FactorId, used: &LastUse) -> Result<(), Error> {
    let set = (
        factors::last_used_at.eq(used.at.0),
        factors::last_used_ip.eq(&used.ip),
        factors::last_used_agent.eq(&used.user_agent),
    );
    diesel::update(factors::table.find(id.0)).set(set).execute(conn)?;
    Ok(())
}

/// Removes a factor. `false`: it is gone already.
pub fn remove(conn: &mut Conn, factor: &Factor) -> Result<bool, Error> {
    diesel::delete(passkeys::table.find(factor.id.0)).execute(conn)?;
    if diesel::delete(factors::table.find(factor.id.0)).execute(conn)? == 0 {
        return Ok(false);
    }
    if factor.active_since.is_some() {
        count(conn, factor.user, -1)?;
    }
    Ok(true)
}

/// Removes all factors of the user.
pub fn remove_all(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    let own = factors::table.filter(factors::user_id.eq(user.0)).select(factors::id);
    diesel::delete(passkeys::table.filter(passkeys::factor_id.eq_any(own))).execute(conn)?;
    diesel::delete(factors::table.filter(factors::user_id.eq(user.0))).execute(conn)?;
    diesel::update(users::table.find(user.0))
        .set((users::factors.eq(0), users::factors_version.eq(users::factors_version + 1)))
        .execute(conn)?;
    Ok(())
}

/// The user has more or fewer factors than before.
fn count(conn: &mut Conn, user: UserId, more: i64) -> Result<(), Error> {
    diesel::update(users::table.find(user.0))
        .set((users::factors.eq(users::factors + more), users::factors_version.eq(users::factors_version + 1)))
        .execute(conn)?;
    Ok(())
}
