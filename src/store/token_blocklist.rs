//! The single tokens that are refused while their session goes on, and the refused tokens of peers.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Integer};
use diesel::{BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known, on};
use super::list_filter::{ListFilter, page_of};
use super::schema::{token_blocklist, users};
use super::sessions::sid;
use super::table_parts::{Keys, TOKEN_ROW};
use crate::domain::{Reason, SessionId, TokenId, TokenType, UnixTime, UserId, Username, stored_jti};

#[derive(Clone, Debug)]
pub struct Entry {
    pub jti: String,
    pub token_type: TokenType,
    pub user: UserId,
    /// `None`: a token of a peer.
    pub sid: Option<SessionId>,
    pub revoked_at: UnixTime,
    /// `None`: the token never expires.
    pub expires_at: Option<UnixTime>,
    pub reason: Reason,
    pub by: Option<UserId>,
}

/// Adds an entry. `false`: the token was there already.
pub fn add(conn: &mut Conn, entry: &Entry) -> Result<bool, Error> {
    let row = (
        token_blocklist::jti.eq(stored_jti(&entry.jti)),
        token_blocklist::token_type.eq(entry.token_type.as_str()),
        token_blocklist::user_id.eq(entry.user.0),
        token_blocklist::sid.eq(entry.sid.map(|sid| sid.to_string())),
        token_blocklist::revoked_at.eq(entry.revoked_at.0),
        token_blocklist::expires_at.eq(entry.expires_at.map(|moment| moment.0)),
        token_blocklist::reason.eq(entry.reason.as_str()),
        token_blocklist::revoked_by.eq(entry.by.map(|user| user.0)),
    );
    let insert = diesel::insert_into(token_blocklist::table).values(row).on_conflict_do_nothing();
    Ok(on!(conn, c => insert.execute(c))? == 1)
}

/// Calls `each` with every one of these entries that expires at `since` or later: id, reason, and when the token expires (`None`: never).
pub fn each_in_force(
    conn: &mut Conn,
    numbers: &Keys,
    since: UnixTime,
    mut each: impl FnMut(TokenId, Reason, Option<UnixTime>),
) -> Result<(), Error> {
    let alive = token_blocklist::expires_at.is_null().or(token_blocklist::expires_at.ge(since.0));
    let columns = (token_blocklist::jti, token_blocklist::reason, token_blocklist::expires_at);
    let these = token_blocklist::table.filter(sql::<BigInt>(TOKEN_ROW).between(*numbers.start(), *numbers.end()));
    let rows = these.filter(alive).select(columns);
    for row in rows.load_iter::<(String, String, Option<i64>), DefaultLoadingMode>(conn)? {
        let (jti, reason, expires) = row?;
        each(TokenId::from_stored(&jti), known(Reason::parse(&reason), "reason", &reason)?, expires.map(UnixTime));
    }
    Ok(())
}

/// Deletes entries of tokens that were revoked and expired before `before`. At most `limit`.
pub fn prune(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<usize, Error> {
    let old: Vec<String> = token_blocklist::table
        .filter(token_blocklist::revoked_at.lt(before.0))
        .filter(token_blocklist::expires_at.lt(before.0))
        .select(token_blocklist::jti)
        .limit(limit)
        .load(conn)?;
    Ok(diesel::delete(token_blocklist::table.filter(token_blocklist::jti.eq_any(&old))).execute(conn)?)
}

/// Why this single token was revoked. `None`: it was not, though its session may have ended.
pub fn reason(conn: &mut Conn, jti: &str) -> Result<Option<Reason>, Error> {
    let entry = token_blocklist::table.find(stored_jti(jti).into_owned()).select(token_blocklist::reason);
    let reason: Option<String> = entry.get_result(conn).optional()?;
    reason.map(|reason| known(Reason::parse(&reason), "reason", &reason)).transpose()
}

/// An entry with the name of the token's user.
#[derive(Clone, Debug)]
pub struct ListedToken {
    pub entry: Entry,
    pub user: Username,
}

/// The tokens that the filter leaves, as a boxed query.
macro_rules! left_by {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter): (_, &ListFilter) = ($query, $filter);
        if let Some(user) = filter.user {
            query = query.filter(token_blocklist::user_id.eq(user.0));
        }
        if let Some(reason) = filter.reason {
            query = query.filter(token_blocklist::reason.eq(reason.as_str()));
        }
        page_of!(query, token_blocklist::revoked_at, token_blocklist::jti, filter)
    }};
}

/// How many tokens the list has on all its pages, at most one more than [`COUNTED`](super::list_filter::COUNTED).
pub fn count(conn: &mut Conn, filter: &ListFilter) -> Result<usize, Error> {
    let filter = &filter.to_count();
    let counted: Vec<i32> =
        left_by!(token_blocklist::table.into_boxed(), filter).select(1.into_sql::<Integer>()).load(conn)?;
    Ok(counted.len())
}

/// One page of the revoked tokens, last revoked first.
pub fn page(conn: &mut Conn, filter: &ListFilter) -> Result<Vec<ListedToken>, Error> {
    let with_users = token_blocklist::table.inner_join(users::table.on(users::id.eq(token_blocklist::user_id)));
    type Columns = (String, String, i64, Option<String>, i64, Option<i64>, String, Option<i64>, String);
    let rows: Vec<Columns> = left_by!(with_users.into_boxed(), filter)
        .select((
            token_blocklist::jti,
            token_blocklist::token_type,
            token_blocklist::user_id,
            token_blocklist::sid,
            token_blocklist::revoked_at,
            token_blocklist::expires_at,
            token_blocklist::reason,
            token_blocklist::revoked_by,
            users::username,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(jti, token_type, user, session, revoked_at, expires_at, reason, by, name)| {
            let entry = Entry {
                jti,
                token_type: known(TokenType::parse(&token_type), "token type", &token_type)?,
                user: UserId(user),
                sid: session.map(|id| sid(&id)).transpose()?,
                revoked_at: UnixTime(revoked_at),
                expires_at: expires_at.map(UnixTime),
                reason: known(Reason::parse(&reason), "reason", &reason)?,
                by: by.map(UserId),
            };
            Ok(ListedToken { entry, user: known(Username::parse(&name).ok(), "user name", &name)? })
        })
        .collect()
}
