//! The users, deleted ones included: their names stay taken.

use std::collections::BTreeSet;

use diesel::dsl::{exists, min, sql};
use diesel::sql_types::Bool;
use diesel::{
    ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
    select,
};

use uuid::Uuid;

use super::connection::{Conn, Error, known, on};
use super::name_parts as parts;
use super::prepared::update;
use super::schema::{mass_ends, sessions, users};
use super::sessions::{Row as SessionRow, Session, as_it_stands, covering};
use super::status_lists::number_of_session;
use crate::domain::{DisplayName, Mail, Role, SessionId, UnixTime, UserId, UserState, Username, name_parts};

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    /// A random UUID, for whoever has to know the user outside of Portero: after a restore, an id may be given to another user.
    pub uid: String,
    pub username: Username,
    /// `None` until the person has chosen one.
    pub password_hash: Option<String>,
    /// Counts changes of the password, not of the form of its hash.
    pub password_version: i64,
    pub role: Role,
    pub disabled_at: Option<UnixTime>,
    /// The cut-off: tokens of peers issued up to this moment are refused.
    pub tokens_valid_from: UnixTime,
    pub locale: Option<String>,
    pub created_at: UnixTime,
    pub password_changed_at: Option<UnixTime>,
    pub last_login_at: Option<UnixTime>,
    /// Wrong passwords at sign-in since the person was last told of them, or changed the password.
    pub failed_attempts: i64,
    /// When a session of theirs was last ended for reuse, if they have not been told yet.
    pub untold_reuse_at: Option<UnixTime>,
    /// The same for too many wrong passwords in a row.
    pub untold_guessing_at: Option<UnixTime>,
    /// From when on they are shut out, if an admin has set a date.
    pub disable_at: Option<UnixTime>,
    /// When the account was deleted. The row stays, so that nobody else can take the name.
    pub deleted_at: Option<UnixTime>,
    /// What people call the user, as an admin noted it.
    pub display_name: Option<DisplayName>,
    /// No two users have the same one. A deleted user has none.
    pub mail: Option<Mail>,
    /// Since when the address is known to be the user's; `None`: it is not.
    pub mail_verified_at: Option<UnixTime>,
    /// How many second factors they have, recovery codes not counted.
    pub factors: i64,
    /// Counts changes of them.
    pub factors_version: i64,
    /// Whether theirs were taken away where policy asks for one: then they need a link to set up another.
    pub enrol_by_link: bool,
}

impl User {
    /// Whether the user is shut out at this moment: deleted, disabled, or past the date set for it.
    pub fn is_shut_out(&self, now: UnixTime) -> bool {
        self.deleted_at.is_some() || self.disabled_at.is_some() || self.disable_at.is_some_and(|date| date <= now)
    }

    pub fn state(&self, now: UnixTime) -> UserState {
        let dates = StateDates {
            deleted_at: self.deleted_at.map(|moment| moment.0),
            disabled_at: self.disabled_at.map(|moment| moment.0),
            disable_at: self.disable_at.map(|moment| moment.0),
            lacks_password: self.password_hash.is_none(),
        };
        dates.state(now)
    }

    /// What a search finds the user by.
    pub fn name_parts(&self) -> BTreeSet<String> {
        let display_name = self.display_name.as_ref().map(DisplayName::as_str);
        let mail = self.mail.as_ref().map(Mail::as_str);
        name_parts([Some(self.username.as_str()), display_name, mail].into_iter().flatten())
    }
}

/// The columns that decide a user's state.
#[derive(Clone, Copy, Debug, Queryable)]
pub(super) struct StateDates {
    deleted_at: Option<i64>,
    disabled_at: Option<i64>,
    disable_at: Option<i64>,
    lacks_password: bool,
}

impl StateDates {
    pub(super) fn state(self, now: UnixTime) -> UserState {
        if self.deleted_at.is_some() {
            UserState::Deleted
        } else if self.disabled_at.is_some() || self.disable_at.is_some_and(|date| date <= now.0) {
            UserState::Disabled
        } else if self.lacks_password {
            UserState::Invited
        } else {
            UserState::Enabled
        }
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
    uid: String,
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
    untold_guessing_at: Option<i64>,
    disable_at: Option<i64>,
    deleted_at: Option<i64>,
    display_name: Option<String>,
    mail: Option<String>,
    mail_verified_at: Option<i64>,
    factors: i64,
    factors_version: i64,
    enrol_by_link: bool,
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: UserId(row.id),
            uid: row.uid,
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
            untold_guessing_at: row.untold_guessing_at.map(UnixTime),
            disable_at: row.disable_at.map(UnixTime),
            deleted_at: row.deleted_at.map(UnixTime),
            display_name: row.display_name.map(DisplayName::stored),
            mail: row.mail.map(Mail::stored),
            mail_verified_at: row.mail_verified_at.map(UnixTime),
            factors: row.factors,
            factors_version: row.factors_version,
            enrol_by_link: row.enrol_by_link,
        })
    }
}

/// The user with this id, deleted or not.
pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<User>, Error> {
    let row = on!(conn, c => users::table.find(id.0).select(Row::as_select()).get_result(c)).optional()?;
    row.map(User::try_from).transpose()
}

/// The user with this name. A deleted one is not found: by name, the account is gone.
pub fn find_by_name(conn: &mut Conn, username: &Username) -> Result<Option<User>, Error> {
    let same = users::canonical.eq(username.canonical());
    let found = users::table.filter(same).filter(users::deleted_at.is_null());
    let row = on!(conn, c => found.select(Row::as_select()).get_result(c)).optional()?;
    row.map(User::try_from).transpose()
}

/// The user, unless they were disabled or their password was changed since `version` of it was read: checking a hash takes time,
/// and whatever was changed meanwhile wins.
pub fn find_unchanged(conn: &mut Conn, id: UserId, version: i64, now: UnixTime) -> Result<Option<User>, Error> {
    Ok(find(conn, id)?.filter(|user| !user.is_shut_out(now) && user.password_version == version))
}

/// Notes whether the user needs a link to set up a second factor.
pub fn set_enrol_by_link(conn: &mut Conn, id: UserId, needed: bool) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::enrol_by_link.eq(needed)).execute(conn)?;
    Ok(())
}

/// The deleted user with this name.
pub fn find_deleted(conn: &mut Conn, username: &Username) -> Result<Option<User>, Error> {
    let same = users::table.filter(users::canonical.eq(username.canonical()));
    let row = same.filter(users::deleted_at.is_not_null()).select(Row::as_select()).get_result(conn).optional()?;
    row.map(User::try_from).transpose()
}

/// A session with its user, whether or not it is open and they may act. As [`sessions::find`](super::sessions::find) returns it: one that
/// an act on everybody's has ended is returned as ended.
pub fn find_by_session(conn: &mut Conn, sid: SessionId) -> Result<Option<(Session, User)>, Error> {
    let with_user = sessions::table.inner_join(users::table.on(users::id.eq(sessions::user_id)));
    let found = with_user.filter(sessions::sid.eq(sid.to_string()));
    let covering = covering().select(min(mass_ends::receipt)).single_value();
    let number = number_of_session();
    let found: Option<(SessionRow, Row, Option<String>, Option<i64>)> =
        on!(conn, c => found.select((SessionRow::as_select(), Row::as_select(), covering, number)).get_result(c))
            .optional()?;
    let Some((session, user, covering, number)) = found else { return Ok(None) };
    Ok(Some((as_it_stands(conn, session, covering, number)?, user.try_into()?)))
}

/// The name of the user with this id, deleted or not.
pub fn name_of(conn: &mut Conn, id: UserId) -> Result<Option<String>, Error> {
    Ok(users::table.find(id.0).select(users::username).get_result(conn).optional()?)
}

/// All users but deleted ones, ordered by name.
pub fn all(conn: &mut Conn) -> Result<Vec<User>, Error> {
    let not_deleted = users::table.filter(users::deleted_at.is_null());
    let rows = not_deleted.order(users::canonical).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(User::try_from).collect()
}

/// All deleted users, ordered by name.
pub fn all_deleted(conn: &mut Conn) -> Result<Vec<User>, Error> {
    let deleted = users::table.filter(users::deleted_at.is_not_null());
    let rows = deleted.order(users::canonical).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(User::try_from).collect()
}

/// Whether there is any user at all, even a deleted one.
pub fn any(conn: &mut Conn) -> Result<bool, Error> {
    Ok(select(exists(users::table.select(users::id))).get_result(conn)?)
}

/// How many admins can sign in, now and later: enabled, without a date for being disabled, and with a password, which somebody
/// invited has not chosen yet. `except` is not counted.
pub fn enabled_admins(conn: &mut Conn, except: Option<UserId>) -> Result<i64, Error> {
    let except = except.map_or(-1, |user| user.0);
    // In words, not as a value: so SQLite uses the index of the few admins.
    let admins = users::table.filter(sql::<Bool>("users.role = 'admin'"));
    let enabled = admins.filter(users::disabled_at.is_null());
    let lasting = enabled.filter(users::disable_at.is_null()).filter(users::password_hash.is_not_null());
    let lasting = lasting.filter(users::id.ne(except));
    Ok(lasting.count().get_result(conn)?)
}

/// How many users can sign in and have no second factor: all, or the admins among them. Counted up to `most`.
pub fn without_factor(conn: &mut Conn, admins_only: bool, most: i64, now: UnixTime) -> Result<usize, Error> {
    // In words, not as values: so SQLite uses the index of those without, or that of the few admins.
    let condition = match admins_only {
        true => "users.role = 'admin' AND users.factors = 0",
        false => "users.factors = 0",
    };
    let dates: Vec<Option<i64>> = users::table
        .filter(sql::<Bool>(condition))
        .filter(users::disabled_at.is_null())
        .filter(users::deleted_at.is_null())
        .filter(users::password_hash.is_not_null())
        .select(users::disable_at)
        .limit(most)
        .load(conn)?;
    Ok(dates.into_iter().filter(|date| date.is_none_or(|date| date > now.0)).count())
}

/// Adds a user. `None`: the name is taken.
pub fn add(conn: &mut Conn, user: &NewUser<'_>) -> Result<Option<UserId>, Error> {
    let row = (
        users::uid.eq(Uuid::new_v4().to_string()),
        users::username.eq(user.username.as_str()),
        users::canonical.eq(user.username.canonical()),
        users::skeleton.eq(user.username.skeleton()),
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
    if on!(conn, c => insert.execute(c))? == 0 {
        return Ok(None);
    }
    let id = users::table.filter(users::canonical.eq(user.username.canonical())).select(users::id).get_result(conn)?;
    parts::set(conn, UserId(id), &name_parts([user.username.as_str()]))?;
    Ok(Some(UserId(id)))
}

/// Stores what the user is found by, as their names are now.
pub fn note_name_parts(conn: &mut Conn, id: UserId) -> Result<(), Error> {
    match find(conn, id)? {
        Some(user) => parts::set(conn, id, &user.name_parts()),
        None => Ok(()),
    }
}

/// Changes the password, and moves the cut-off for peers' tokens to `now`. `false`: there is no such user, or the password was
/// changed since `version` of it was read.
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

/// Stores the same password's hash in a newer form, unless the hash is no longer `from`. Not a change of password: nobody has to
/// be told of it.
pub fn upgrade_hash(conn: &mut Conn, id: UserId, from: &str, to: &str) -> Result<(), Error> {
    diesel::update(users::table.find(id.0).filter(users::password_hash.eq(from)))
        .set(users::password_hash.eq(to))
        .execute(conn)?;
    Ok(())
}

/// Disables the user. `false`: there is no such user, or they were disabled already.
pub fn disable(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let changed = diesel::update(users::table.find(id.0).filter(users::disabled_at.is_null()))
        .set((users::disabled_at.eq(now.0), users::tokens_valid_from.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Enables the user, and takes back a date for disabling them. `false`: there is no such user (any more), or they were enabled
/// already.
pub fn enable(conn: &mut Conn, id: UserId) -> Result<bool, Error> {
    let disabled = users::table.find(id.0).filter(users::disabled_at.is_not_null()).filter(users::deleted_at.is_null());
    let changed = diesel::update(disabled)
        .set((users::disabled_at.eq(None::<i64>), users::disable_at.eq(None::<i64>)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Changes the user's role. `false`: there is no such user, or they have that role already.
pub fn set_role(conn: &mut Conn, id: UserId, role: Role) -> Result<bool, Error> {
    let changed = diesel::update(users::table.find(id.0).filter(users::role.ne(role.as_str())))
        .set(users::role.eq(role.as_str()))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Sets the date from which on the user is shut out; `None` takes it back.
pub fn set_disable_at(conn: &mut Conn, id: UserId, date: Option<UnixTime>) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::disable_at.eq(date.map(|date| date.0))).execute(conn)?;
    Ok(())
}

/// The users whose date for being disabled has come and who are not disabled yet.
pub fn due_to_be_disabled(conn: &mut Conn, now: UnixTime) -> Result<Vec<User>, Error> {
    let due = users::table.filter(users::disable_at.le(now.0)).filter(users::disabled_at.is_null());
    let rows = due.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(User::try_from).collect()
}

/// Takes the password away: nobody can sign in before there is another. The cut-off for peers' tokens moves to `now`.
pub fn void_password(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    let gone = (
        users::password_hash.eq(None::<String>),
        users::password_version.eq(users::password_version + 1),
        users::tokens_valid_from.eq(now.0),
    );
    diesel::update(users::table.find(id.0)).set(gone).execute(conn)?;
    Ok(())
}

/// The user who has this address.
pub fn with_mail(conn: &mut Conn, mail: &Mail) -> Result<Option<User>, Error> {
    let same = users::table.filter(users::mail_canonical.eq(mail.canonical()));
    let row = same.select(Row::as_select()).get_result(conn).optional()?;
    row.map(User::try_from).transpose()
}

/// Marks the account as deleted: nobody can sign in with it, its name stays taken, and its email address is free. `false`: there is no such user (any more).
pub fn delete(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let gone = (
        users::deleted_at.eq(now.0),
        users::disabled_at.eq(now.0),
        users::disable_at.eq(None::<i64>),
        users::password_hash.eq(None::<String>),
        users::password_version.eq(users::password_version + 1),
        users::tokens_valid_from.eq(now.0),
        users::role.eq(Role::User.as_str()),
        users::mail.eq(None::<String>),
        users::mail_canonical.eq(None::<String>),
        users::mail_verified_at.eq(None::<i64>),
    );
    let not_deleted = users::table.find(id.0).filter(users::deleted_at.is_null());
    let is_gone = diesel::update(not_deleted).set(gone).execute(conn)? == 1;
    note_name_parts(conn, id)?;
    Ok(is_gone)
}

/// Makes a deleted user an ordinary one again, without a password. The cut-off for peers' tokens moves to `now`, and nothing is left of
/// wrong passwords or theft that a stranger should not be told of. `false`: there is no such user, or they are not deleted.
pub fn restore(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let back = (
        users::deleted_at.eq(None::<i64>),
        users::disabled_at.eq(None::<i64>),
        users::disable_at.eq(None::<i64>),
        users::password_hash.eq(None::<String>),
        users::password_version.eq(users::password_version + 1),
        users::tokens_valid_from.eq(now.0),
        users::role.eq(Role::User.as_str()),
        users::failed_attempts.eq(0),
        users::untold_reuse_at.eq(None::<i64>),
        users::untold_guessing_at.eq(None::<i64>),
    );
    let deleted = users::table.find(id.0).filter(users::deleted_at.is_not_null());
    Ok(diesel::update(deleted).set(back).execute(conn)? == 1)
}

/// Moves everybody's cut-off for peers' tokens to `now`.
pub fn move_cut_offs(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    diesel::update(users::table).set(users::tokens_valid_from.eq(now.0)).execute(conn)?;
    Ok(())
}

pub fn set_locale(conn: &mut Conn, id: UserId, locale: &str) -> Result<(), Error> {
    diesel::update(users::table.find(id.0)).set(users::locale.eq(locale)).execute(conn)?;
    Ok(())
}

pub fn note_login(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<(), Error> {
    on!(conn, c => update!(users::table, users::last_login_at.eq(now.0), users::id.eq(id.0)).execute(c))?;
    Ok(())
}
