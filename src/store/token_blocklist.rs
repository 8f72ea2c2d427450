//! Single tokens that are refused although their session goes on, and tokens of peers.

use diesel::connection::DefaultLoadingMode;
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl};

use super::revoked::Revoked;
use super::schema::{token_blocklist, users};
use super::session_lists::Filter;
use super::{Conn, Error, known};
use crate::domain::{Reason, SessionId, TokenType, UnixTime, UserId, Username};

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

/// `false`: it was there already.
pub fn add(conn: &mut Conn, entry: &Entry) -> Result<bool, Error> {
    let row = (
        token_blocklist::jti.eq(&entry.jti),
        token_blocklist::token_type.eq(entry.token_type.as_str()),
        token_blocklist::user_id.eq(entry.user.0),
        token_blocklist::sid.eq(entry.sid.map(|sid| sid.to_string())),
        token_blocklist::revoked_at.eq(entry.revoked_at.0),
        token_blocklist::expires_at.eq(entry.expires_at.map(|moment| moment.0)),
        token_blocklist::reason.eq(entry.reason.as_str()),
        token_blocklist::revoked_by.eq(entry.by.map(|user| user.0)),
    );
    let insert = diesel::insert_into(token_blocklist::table).values(row).on_conflict_do_nothing();
    Ok(insert.execute(conn)? == 1)
}

/// What has to be refused: id, reason, and until when the token could be shown (`None`: for ever).
pub fn each_in_force(
    conn: &mut Conn,
    since: UnixTime,
    mut each: impl FnMut(&str, Reason, Option<UnixTime>),
) -> Result<(), Error> {
    let alive = token_blocklist::expires_at.is_null().or(token_blocklist::expires_at.ge(since.0));
    let columns = (token_blocklist::jti, token_blocklist::reason, token_blocklist::expires_at);
    let rows = token_blocklist::table.filter(alive).select(columns);
    for row in rows.load_iter::<(String, String, Option<i64>), DefaultLoadingMode>(conn)? {
        let (jti, reason, expires) = row?;
        each(&jti, known(Reason::parse(&reason), "reason", &reason)?, expires.map(UnixTime));
    }
    Ok(())
}

/// Forgets what was revoked and expired before `before`. At most `limit` rows.
pub fn prune(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<usize, Error> {
    let old: Vec<String> = token_blocklist::table
        .filter(token_blocklist::revoked_at.lt(before.0))
        .filter(token_blocklist::expires_at.lt(before.0))
        .select(token_blocklist::jti)
        .limit(limit)
        .load(conn)?;
    Ok(diesel::delete(token_blocklist::table.filter(token_blocklist::jti.eq_any(&old))).execute(conn)?)
}

/// Revoked tokens, newest first, by the same filter as the sessions. They have no address.
pub(super) fn revoked(conn: &mut Conn, filter: &Filter) -> Result<Vec<Revoked>, Error> {
    let mut query =
        token_blocklist::table.inner_join(users::table.on(users::id.eq(token_blocklist::user_id))).into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(token_blocklist::user_id.eq(user.0));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(token_blocklist::reason.eq(reason.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(token_blocklist::revoked_at.ge(from.0));
    }
    if let Some(until) = filter.until {
        query = query.filter(token_blocklist::revoked_at.le(until.0));
    }
    if let Some((moment, id)) = &filter.before {
        let earlier = token_blocklist::revoked_at.lt(moment.0);
        let same_but_lower = token_blocklist::revoked_at.eq(moment.0).and(token_blocklist::jti.lt(id));
        // The first condition repeats what the second says, so that the index can begin at the place.
        query = query.filter(token_blocklist::revoked_at.le(moment.0)).filter(earlier.or(same_but_lower));
    }
    type Columns = (String, String, i64, String, i64, String, Option<i64>, Option<i64>);
    let rows: Vec<Columns> = query
        .order((token_blocklist::revoked_at.desc(), token_blocklist::jti.desc()))
        .limit(filter.limit)
        .select((
            token_blocklist::jti,
            token_blocklist::token_type,
            token_blocklist::user_id,
            users::username,
            token_blocklist::revoked_at,
            token_blocklist::reason,
            token_blocklist::revoked_by,
            token_blocklist::expires_at,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(jti, token_type, user, name, revoked_at, reason, by, expires_at)| {
            Ok(Revoked {
                token_type: Some(known(TokenType::parse(&token_type), "token type", &token_type)?),
                id: jti,
                user_id: UserId(user),
                user: known(Username::parse(&name).ok(), "user name", &name)?,
                at: UnixTime(revoked_at),
                reason: known(Reason::parse(&reason), "reason", &reason)?,
                by: by.map(UserId),
                by_name: None,
                until: expires_at.map(UnixTime),
                receipt: None,
            })
        })
        .collect()
}
