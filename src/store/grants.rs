//! What apps were given by OpenID Connect: a code, and then tokens. Each ends with its session, whose row is looked at beside it.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use super::connection::{Conn, Error, on};
use super::prepared::update;
use super::schema::{grants, sessions};
use super::sessions::sid;
use crate::domain::{AppId, Methods, Scopes, SessionId, UnixTime, UserId};

/// How many one session has with one app, at most: a new one takes the place of the oldest.
const MOST_WITH_ONE_APP: i64 = 20;

/// The database's number for a grant. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantId(pub i64);

/// What an app is to be given.
#[derive(Clone, Debug)]
pub struct NewGrant {
    pub code_hash: String,
    pub sid: SessionId,
    pub app: AppId,
    pub redirect_uri: String,
    /// SHA-256 of the verifier that has to come with the code, in base64url.
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub scopes: Scopes,
    /// What the session had proved, and when.
    pub methods: Methods,
    pub auth_time: UnixTime,
    pub factor_time: Option<UnixTime>,
}

/// What an app was given.
#[derive(Clone, Debug)]
pub struct Grant {
    pub id: GrantId,
    pub sid: SessionId,
    pub app: AppId,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub scopes: Scopes,
    pub methods: Methods,
    pub auth_time: UnixTime,
    pub factor_time: Option<UnixTime>,
    pub made_at: UnixTime,
    pub redeemed_at: Option<UnixTime>,
    /// How often the refresh token was replaced.
    pub refreshes: i64,
    pub ended_at: Option<UnixTime>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = grants)]
struct Row {
    id: i64,
    sid: String,
    app_id: i64,
    redirect_uri: String,
    challenge: Option<String>,
    nonce: Option<String>,
    scopes: String,
    amr: String,
    auth_time: i64,
    factor_time: Option<i64>,
    made_at: i64,
    redeemed_at: Option<i64>,
    refreshes: i64,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Grant {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: GrantId(row.id),
            sid: sid(&row.sid)?,
            app: AppId(row.app_id),
            redirect_uri: row.redirect_uri,
            challenge: row.challenge,
            nonce: row.nonce,
            scopes: Scopes::parse(&row.scopes),
            methods: Methods::from_words(row.amr.split(' ')),
            auth_time: UnixTime(row.auth_time),
            factor_time: row.factor_time.map(UnixTime),
            made_at: UnixTime(row.made_at),
            redeemed_at: row.redeemed_at.map(UnixTime),
            refreshes: row.refreshes,
            ended_at: row.ended_at.map(UnixTime),
        })
    }
}

/// Adds a grant, of which the app has only the code so far.
pub fn add(conn: &mut Conn, grant: &NewGrant, now: UnixTime) -> Result<(), Error> {
    let of_session = grants::table.filter(grants::sid.eq(grant.sid.to_string())).filter(grants::app_id.eq(grant.app.0));
    let beyond: Vec<i64> = of_session
        .order(grants::id.desc())
        .offset(MOST_WITH_ONE_APP - 1)
        .limit(i64::from(u16::MAX))
        .select(grants::id)
        .load(conn)?;
    diesel::delete(grants::table.filter(grants::id.eq_any(beyond))).execute(conn)?;
    diesel::insert_into(grants::table)
        .values((
            grants::code_hash.eq(&grant.code_hash),
            grants::sid.eq(grant.sid.to_string()),
            grants::app_id.eq(grant.app.0),
            grants::redirect_uri.eq(&grant.redirect_uri),
            grants::challenge.eq(&grant.challenge),
            grants::nonce.eq(&grant.nonce),
            grants::scopes.eq(grant.scopes.to_string()),
            grants::amr.eq(grant.methods.to_string()),
            grants::auth_time.eq(grant.auth_time.0),
            grants::factor_time.eq(grant.factor_time.map(|at| at.0)),
            grants::made_at.eq(now.0),
            grants::refreshes.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: GrantId) -> Result<Option<Grant>, Error> {
    let row = on!(conn, c => grants::table.find(id.0).select(Row::as_select()).get_result(c)).optional()?;
    row.map(Grant::try_from).transpose()
}

pub fn find_by_code(conn: &mut Conn, code_hash: &str) -> Result<Option<Grant>, Error> {
    let found = grants::table.filter(grants::code_hash.eq(code_hash));
    let row = on!(conn, c => found.select(Row::as_select()).get_result(c)).optional()?;
    row.map(Grant::try_from).transpose()
}

/// Marks the code of a grant as redeemed. `false`: it was, or the grant has ended. One statement: of two at the same time, one gets it.
pub fn redeem(conn: &mut Conn, id: GrantId, now: UnixTime) -> Result<bool, Error> {
    let unused = grants::table.find(id.0).filter(grants::redeemed_at.is_null()).filter(grants::ended_at.is_null());
    Ok(diesel::update(unused).set(grants::redeemed_at.eq(now.0)).execute(conn)? == 1)
}

/// Replaces the refresh token, if it is the one that was made after `refreshes` others. `false`: it is not, or the grant has ended.
pub fn refresh(conn: &mut Conn, id: GrantId, refreshes: i64) -> Result<bool, Error> {
    let current = grants::id.eq(id.0).and(grants::refreshes.eq(refreshes)).and(grants::ended_at.is_null());
    let next = grants::refreshes.eq(refreshes + 1);
    Ok(on!(conn, c => update!(grants::table, next, current).execute(c))? == 1)
}

/// Ends a grant: all its tokens are refused from now on. `false`: it has ended before.
pub fn end(conn: &mut Conn, id: GrantId, now: UnixTime) -> Result<bool, Error> {
    let open = grants::table.find(id.0).filter(grants::ended_at.is_null());
    Ok(diesel::update(open).set(grants::ended_at.eq(now.0)).execute(conn)? == 1)
}

/// Ends all that the app was given by this user, in whatever session. Returns how many grants.
pub fn end_of_user(conn: &mut Conn, user: UserId, app: AppId, now: UnixTime) -> Result<usize, Error> {
    let own = sessions::table.filter(sessions::user_id.eq(user.0)).select(sessions::sid);
    let open = grants::table
        .filter(grants::app_id.eq(app.0))
        .filter(grants::ended_at.is_null())
        .filter(grants::sid.eq_any(own));
    Ok(diesel::update(open).set(grants::ended_at.eq(now.0)).execute(conn)?)
}

/// Ends all that the app was given.
pub fn end_of_app(conn: &mut Conn, app: AppId, now: UnixTime) -> Result<(), Error> {
    let open = grants::table.filter(grants::app_id.eq(app.0)).filter(grants::ended_at.is_null());
    diesel::update(open).set(grants::ended_at.eq(now.0)).execute(conn)?;
    Ok(())
}

/// Deletes those whose code was not redeemed before `before`, at most `limit`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<usize, Error> {
    let unused = grants::table.filter(grants::made_at.lt(before.0)).filter(grants::redeemed_at.is_null());
    let unused: Vec<i64> = unused.select(grants::id).limit(limit).load(conn)?;
    Ok(diesel::delete(grants::table.filter(grants::id.eq_any(unused))).execute(conn)?)
}
