//! What memory holds of users with open sessions, read for many at once.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::exists;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, select};
use uuid::Uuid;

use super::connection::{Conn, Error, known};
use super::schema::{sessions, users};
use super::sessions::is_open;
use super::table_parts::Keys;
use super::users::User;
use crate::domain::{DisplayName, Mail, Role, UnixTime, UserId, Username};

/// What a request's check needs of a user.
#[derive(Clone, Debug)]
pub struct UserBasics {
    pub id: UserId,
    pub uid: Uuid,
    pub username: Username,
    pub role: Role,
    pub tokens_valid_from: UnixTime,
    pub disable_at: Option<UnixTime>,
    pub has_factor: bool,
    pub display_name: Option<DisplayName>,
    pub mail: Option<Mail>,
}

impl From<&User> for UserBasics {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            // It was made by Portero; of a text that is none, apps are told one that nobody has.
            uid: Uuid::parse_str(&user.uid).unwrap_or_default(),
            username: user.username.clone(),
            role: user.role,
            tokens_valid_from: user.tokens_valid_from,
            disable_at: user.disable_at,
            has_factor: user.factors > 0,
            display_name: user.display_name.clone(),
            mail: user.mail.clone(),
        }
    }
}

/// Calls `each` with every one of these users who is not disabled and has a session that has not ended. It may have expired: to look
/// costs more than a few users too many, and a token that has expired is refused anyway.
pub fn each_with_session(conn: &mut Conn, ids: &Keys, mut each: impl FnMut(UserBasics)) -> Result<(), Error> {
    let open = sessions::table.filter(sessions::user_id.eq(users::id)).filter(sessions::ended_at.is_null());
    type Columns = (i64, String, String, String, i64, Option<i64>, i64, Option<String>, Option<String>);
    let columns = (
        users::id,
        users::uid,
        users::username,
        users::role,
        users::tokens_valid_from,
        users::disable_at,
        users::factors,
        users::display_name,
        users::mail,
    );
    let these = users::table.filter(users::id.between(*ids.start(), *ids.end()));
    let rows = these.filter(users::disabled_at.is_null()).filter(exists(open)).select(columns);
    for row in rows.load_iter::<Columns, DefaultLoadingMode>(conn)? {
        let (id, uid, username, role, tokens_valid_from, disable_at, factors, display_name, mail) = row?;
        each(UserBasics {
            id: UserId(id),
            uid: known(Uuid::parse_str(&uid).ok(), "permanent id", &uid)?,
            username: known(Username::parse(&username).ok(), "user name", &username)?,
            role: known(Role::parse(&role), "role", &role)?,
            tokens_valid_from: UnixTime(tokens_valid_from),
            disable_at: disable_at.map(UnixTime),
            has_factor: factors > 0,
            display_name: display_name.map(DisplayName::stored),
            mail: mail.map(Mail::stored),
        });
    }
    Ok(())
}

/// How many users there are: an upper bound for [`each_with_session`].
pub fn count(conn: &mut Conn) -> Result<usize, Error> {
    let count: i64 = users::table.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The ids of all users who have an open session.
pub fn ids_with_open_sessions(conn: &mut Conn, now: UnixTime) -> Result<Vec<UserId>, Error> {
    let ids: Vec<i64> = sessions::table.filter(is_open(now.0)).select(sessions::user_id).distinct().load(conn)?;
    Ok(ids.into_iter().map(UserId).collect())
}

pub fn has_open_session(conn: &mut Conn, id: UserId, now: UnixTime) -> Result<bool, Error> {
    let open = sessions::table.filter(sessions::user_id.eq(id.0)).filter(is_open(now.0));
    Ok(select(exists(open.select(sessions::sid))).get_result(conn)?)
}
