//! The people.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::exists;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, select,
};

use super::prepared::update;
use super::schema::{sessions, users};
use super::{Conn, Error, known};
use crate::domain::{Role, UnixTime, UserId, Username};

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    /// `None` until the person has chosen one.
    pub password_hash: Option<String>,
    /// Counts the changes of the password, not of its hash's form.
    pub password_version: i64,
    pub role: Role,
    pub disabled_at: Option<UnixTime>,
    /// The cut-off: tokens of peers issued up to this moment are refused.
    pub tokens_valid_from: UnixTime,
    pub locale: Option<String>,
    pub created_at: UnixTime,
    pub password_changed_at: Option<UnixTime>,
    pub last_login_at: Option<UnixTime>,
    pub failed_attempts: i64,
    /// A session of theirs was ended because a spent token was shown, and they have not been told yet.
    pub untold_reuse_at: Option<UnixTime>,
    /// From when on they can't sign in, if an admin has set a date.
    pub disable_at: Option<UnixTime>,
    /// The account is gone; the row keeps the name from being given out again.
    pub deleted_at: Option<UnixTime>,
}

impl User {
    /// Whether they are shut out at this moment.
    pub fn is_out(&self, now: UnixTime) -> bool {
        self.deleted_at.is_some() || self.disabled_at.is_some() || self.disable_at.is_some_and(|date| date <= now)
    }
}

pub struct NewUser<'a> {
    pub username: &'a Username,
    pub password_hash: Option<&'a str>,
    pub role: Role,
    pub now: UnixTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: i64,
    username: String,
    password_hash: Option<String>,
    password_version: i64,
    role: String,
    disabled_at: Option<i64>,
    tokens_valid_from: i64,
    locale: Option<String>,
    created_at: i64,
    password_changed_at: Option<i64>,
    last_login_at: Option<i64>,
    failed_attempts: i64,
    untold_reuse_at: Option<i64>,
    disable_at: Option<i64>,
    deleted_at: Option<i64>,
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: UserId(row.id),
            username: known(Username::parse(&row.username).ok(), "user name", &row.username)?,
            password_hash: row.password_hash,
            password_version: row.password_version,
            role: known(Role::parse(&row.role), "role", &row.role)?,
            disabled_at: row.disabled_at.map(UnixTime),
            tokens_valid_from: UnixTime(row.tokens_valid_from),
            locale: row.locale,
            created_at: UnixTime(row.created_at),
            password_changed_at: row.password_changed_at.map(UnixTime),
            last_login_at: row.last_login_at.map(UnixTime),
            failed_attempts: row.failed_attempts,
            untold_reuse_at: row.untold_reuse_at.map(UnixTime),
            disable_at: row.disable_at.map(UnixTime),
            deleted_at: row.deleted_at.map(UnixTime),
        })
    }
}

pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<User>, Error> {
    let row = users::table.find(id.0).select(Row::as_select()).get_result(conn).optional()?;
    row.map(User::try_from).transpose()
}

/// Not one that was deleted: to everybody who asks by name, it is gone.
pub fn find_by_name(conn: &mut Conn, username: &Username) -> Result<Option<User>, Error> {
    let same = users::canonical.eq(username.canonical());
    let row = users::table
        .filter(same)
        .filter(users::deleted_at.is_null())
        .select(Row::as_select())
        .get_result(conn)
        .optional()?;
    row.map(User::try_from).transpose()
}

/// The user, unless disabled or given another password since that version of it was read: checking a hash takes its time, and
/// whatever was changed meanwhile wins.
pub fn find_unchanged(conn: &mut Conn, id: UserId, version: i64, now: UnixTime) -> Result<Option<User>, Error> {
    Ok(find(conn, id)?.filter(|user| !user.is_out(now) && user.password_version == version))
}

/// The name of a user, if there is one.
pub fn name_of(conn: &mut Conn, id: UserId) -> Result<Option<String>, Error> {
    Ok(users::table.find(id.0).select(users::username).get_result(conn).optional()?)
}

pub fn all(conn: &mut Conn) -> Result<Vec<User>, Error> {
    let there = users::table.filter(users::deleted_at.is_null());
    let rows = there.order(users::canonical).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(User::try_from).collect()
}

/// Sessions that have neither ended nor run out.
#[diesel::dsl::auto_type]
fn is_open(now: i64) -> _ {
    sessions::ended_at.is_null().and(sessions::expires_at.gt(now))
}

/// What a request's check needs of a user.
#[derive(Clone, Debug)]
pub struct Standing {
    pub id: UserId,
    pub username: Username,
    pub role: Role,
    pub tokens_valid_from: UnixTime,
    pub disable_at: Option<UnixTime>,
}

impl From<&User> for Standing {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            role: user.role,
            tokens_valid_from: user.tokens_valid_from,
            disable_at: user.disable_at,
        }
    }
}

/// Those who are not disabled and have a session that has not ended.
pub fn each_with_open_session(conn: &mut Conn, now: UnixTime, mut each: impl FnMut(Standing)) -> Result<(), Error> {
    let open = sessions::table.filter(is_open(now.0)).select(sessions::user_id);
    let columns = (users::id, users::username, users::role, users::tokens_valid_from, users::disable_at);
    let rows = users::table.filter(users::id.eq_any(open)).filter(users::disabled_at.is_null()).select(columns);
    for row in rows.load_iter::<(i64, String, String, i64, Option<i64>), DefaultLoadingMode>(conn)? {
        let (id, username, role, tokens_valid_from, disable_at) = row?;
        each(Standing {
            id: UserId(id),
            username: known(Username::parse(&username).ok(), "user name", &username)?,
            role: known(Role::parse(&role), "role", &role)?,
            tokens_valid_from: UnixTime(tokens_valid_from),
            disable_at: disable_at.map(UnixTime),
        });
    }
    Ok(())
}

/// At most so many of whom that function tells.
pub fn count_enabled(conn: &mut Conn) -> Result<usize, Error> {
    let count: i64 = users::table.filter(users::disabled_at.is_null()).count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Who they are, and nothing else about them.
pub fn ids_with_open_sessions(conn: &mut Conn, now: UnixTime) -> Result<Vec<UserId>, Error> {
    let ids: Vec<i64> = sessions::table.filter(is_open(now.0)).select(sessions::user_id).distinct().load(conn)?;
    Ok(ids.into_iter().map(UserId).collect())
}

pub fn has_open_session(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let open = sessions::table.filter(sessions::user_id.eq(id.0)).filter(is_open(now.0));
    Ok(select(exists(open.select(sessions::sid))).get_result(conn)?)
}

pub fn any(conn: &mut Conn) -> Result<bool, Error> {
    Ok(select(exists(users::table.select(users::id))).get_result(conn)?)
}

/// How many admins can sign in, and will be able to: without a date from which on they can't, and with
/// a password, which who is invited has not chosen yet. Not counting `except`.
pub fn enabled_admins(conn: &mut Conn, except: Option<UserId>) -> Result<i64, Error> {
    let except = except.map_or(-1, |user| user.0);
    let enabled = users::table.filter(users::role.eq(Role::Admin.as_str())).filter(users::disabled_at.is_null());
    let lasting = enabled.filter(users::disable_at.is_null()).filter(users::password_hash.is_not_null());
    let lasting = lasting.filter(users::id.ne(except));
    Ok(lasting.count().get_result(conn)?)
}

/// `None`: the name is taken.
pub fn add(conn: &mut Conn, user: &NewUser<'_>) -> Result<Option<UserId>, Error> {
    let row = (
        users::username.eq(user.username.as_str()),
        users::canonical.eq(user.username.canonical()),
        users::password_hash.eq(user.password_hash),
        users::password_version.eq(0),
        users::role.eq(user.role.as_str()),
        users::tokens_valid_from.eq(user.now.0),
        users::created_at.eq(user.now.0),
        users::password_changed_at.eq(user.password_hash.map(|_| user.now.0)),
        users::failed_attempts.eq(0),
    );
    let insert = diesel::insert_into(users::table).values(row).on_conflict_do_nothing();
    // Not `RETURNING`: on a conflict there is no row to return, and a database error inside a transaction may not be caught.
    if insert.execute(conn)? == 0 {
        return Ok(None);
    }
    let id = users::table.filter(users::canonical.eq(user.username.canonical())).select(users::id).get_result(conn)?;
    Ok(Some(UserId(id)))
}

/// `false`: there is no such user, or the password was changed since its version was read.
pub fn set_password(conn: &mut Conn, id: UserId, version: i64, hash: &str, now: UnixTime) -> Result<bool, Error> {
    let new = (
        users::password_hash.eq(hash),
        users::password_version.eq(version + 1),
        users::password_changed_at.eq(now.0),
        users::tokens_valid_from.eq(now.0),
        users::failed_attempts.eq(0),
    );
    let unchanged = users::table.find(id.0).filter(users::password_version.eq(version));
    Ok(diesel::update(unchanged).set(new).execute(conn)? == 1)
}

/// The same password in a newer form: no change that anybody has to hear of.
pub fn upgrade_hash(conn: &mut Conn, id: UserId, from: &str, to: &str) -> Result<(), Error> {
    diesel::update(users::table.find(id.0).filter(users::password_hash.eq(from)))
        .set(users::password_hash.eq(to))
        .execute(conn)?;
    Ok(())
}

/// `false`: there is no such user, or it was so already.
pub fn disable(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let changed = diesel::update(users::table.find(id.0).filter(users::disabled_at.is_null()))
        .set((users::disabled_at.eq(now.0), users::tokens_valid_from.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// `false`: there is no such user, or it was so already.
pub fn enable(conn: &mut Conn, id: UserId) -> Result<bool, Error> {
    let disabled = users::table.find(id.0).filter(users::disabled_at.is_not_null()).filter(users::deleted_at.is_null());
    let changed = diesel::update(disabled)
        .set((users::disabled_at.eq(None::<i64>), users::disable_at.eq(None::<i64>)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// `false`: there is no such user, or it was so already.
pub fn set_role(conn: &mut Conn, id: UserId, role: Role) -> Result<bool, Error> {
    let changed = diesel::update(users::table.find(id.0).filter(users::role.ne(role.as_str())))
        .set(users::role.eq(role.as_str()))
        .execute(conn)?;
    Ok(changed == 1)
}

/// From this moment on the user can't sign in; `None`: no such date.
pub fn set_disable_at(conn: &mut Conn, id: UserId, date: Option<UnixTime>) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::disable_at.eq(date.map(|date| date.0))).execute(conn)?;
    Ok(())
}

/// Those whose date has come and who are not disabled yet.
pub fn due_to_be_disabled(conn: &mut Conn, now: UnixTime) -> Result<Vec<User>, Error> {
    let due = users::table.filter(users::disable_at.le(now.0)).filter(users::disabled_at.is_null());
    let rows = due.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(User::try_from).collect()
}

/// The account is gone: nobody can sign in with it, and its name stays taken. `false`: there is no such user any more.
pub fn delete(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let gone = (
        users::deleted_at.eq(now.0),
        users::disabled_at.eq(now.0),
        users::disable_at.eq(None::<i64>),
        users::password_hash.eq(None::<String>),
        users::password_version.eq(users::password_version + 1),
        users::tokens_valid_from.eq(now.0),
        users::role.eq(Role::User.as_str()),
    );
    let there = users::table.find(id.0).filter(users::deleted_at.is_null());
    Ok(diesel::update(there).set(gone).execute(conn)? == 1)
}

pub fn set_locale(conn: &mut Conn, id: UserId, locale: &str) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::locale.eq(locale)).execute(conn)?;
    Ok(())
}

pub fn note_login(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    update(users::table, users::last_login_at.eq(now.0), users::id.eq(id.0)).execute(conn)?;
    Ok(())
}

/// The person is being told what has happened since the last time: it need not be told again.
pub fn note_told(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    let told = (users::failed_attempts.eq(0), users::untold_reuse_at.eq(None::<i64>));
    update(users::table, told, users::id.eq(id.0)).execute(conn)?;
    Ok(())
}

pub fn note_reuse(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::untold_reuse_at.eq(now.0)).execute(conn)?;
    Ok(())
}

pub fn note_failure(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::failed_attempts.eq(users::failed_attempts + 1)).execute(conn)?;
    Ok(())
}
