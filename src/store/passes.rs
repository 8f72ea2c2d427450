//! What lets a browser enter an app: passes, the codes on the way to them, and which apps were entered in a session.

use std::sync::Arc;

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{max, min};
use diesel::upsert::excluded;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::among::among;
use super::connection::{Conn, Error, known, on};
use super::schema::{app_entries, gate_codes, passes};
use super::sessions::sid;
use super::table_parts::{Keys, by_number};
use super::text_order::sorted_by;
use crate::blocklist::{Standing, gate};
use crate::domain::{App, AppId, Level, Methods, OriginId, PassKey, SessionId, UnixTime, UserId};

/// How many passes one session has at one origin, at most: a new one takes the place of the oldest. Tabs that were opened together may
/// each get one.
const MOST_AT_ONE_ORIGIN: i64 = 4;
/// How many codes one session has that are not used, at most.
const MOST_CODES: i64 = 20;

/// A pass, without what the browser holds.
#[derive(Clone, Debug)]
pub struct Pass {
    pub key: PassKey,
    pub sid: SessionId,
    pub user: UserId,
    pub origin: OriginId,
    pub made_at: UnixTime,
    pub expires_at: UnixTime,
    /// What the session had proved when the pass was given.
    pub methods: Methods,
    pub auth_time: UnixTime,
    pub factor_time: Option<UnixTime>,
}

impl Pass {
    /// What memory keeps of it. `user`: whose it is.
    pub fn in_memory(&self, user: Arc<Standing>) -> gate::Pass {
        let factor_time = self.factor_time.filter(|_| self.methods.level() == Level::Two);
        gate::Pass::new(self.sid, user, self.origin, [self.made_at, self.expires_at, self.auth_time], factor_time)
    }
}

/// A code that leads a browser from Portero to an app.
#[derive(Clone, Debug)]
pub struct Code {
    pub hash: String,
    pub sid: SessionId,
    pub origin: OriginId,
    /// Of the nonce that the browser holds at the app's host.
    pub nonce_hash: String,
    /// The page that was asked for.
    pub path: String,
    pub expires_at: UnixTime,
}

/// An app that was entered in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub app_id: AppId,
    /// As the app was called then.
    pub app: String,
    pub first_at: UnixTime,
    pub last_at: UnixTime,
    pub times: i64,
}

/// Adds a pass. Returns those that make room for it.
pub fn add(conn: &mut Conn, pass: &Pass) -> Result<Vec<PassKey>, Error> {
    let before = passes::table
        .filter(passes::sid.eq(pass.sid.to_string()))
        .filter(passes::origin_id.eq(pass.origin.0))
        .order(passes::id.desc())
        .offset(MOST_AT_ONE_ORIGIN - 1)
        .limit(i64::from(u16::MAX))
        .select(passes::hash);
    let beyond: Vec<String> = before.load(conn)?;
    diesel::delete(passes::table.filter(passes::hash.eq_any(&beyond))).execute(conn)?;
    diesel::insert_into(passes::table)
        .values((
            passes::hash.eq(hex::encode(pass.key.0)),
            passes::sid.eq(pass.sid.to_string()),
            passes::origin_id.eq(pass.origin.0),
            passes::made_at.eq(pass.made_at.0),
            passes::expires_at.eq(pass.expires_at.0),
            passes::amr.eq(pass.methods.to_string()),
            passes::auth_time.eq(pass.auth_time.0),
            passes::factor_time.eq(pass.factor_time.map(|at| at.0)),
            passes::user_id.eq(pass.user.0),
        ))
        .execute(conn)?;
    beyond.iter().map(|hash| key(hash)).collect()
}

/// Deletes a pass. Returns its session and origin; `None`: there is none.
pub fn remove(conn: &mut Conn, key: PassKey) -> Result<Option<(SessionId, OriginId)>, Error> {
    let this = passes::table.filter(passes::hash.eq(hex::encode(key.0)));
    let found: Option<(String, i64)> =
        diesel::delete(this).returning((passes::sid, passes::origin_id)).get_result(conn).optional()?;
    found.map(|(id, origin)| Ok((sid(&id)?, OriginId(origin)))).transpose()
}

/// Deletes passes that expired before `before`, at most `limit`. Returns how many.
pub fn prune(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<usize, Error> {
    let old: Vec<i64> =
        passes::table.filter(passes::expires_at.lt(before.0)).select(passes::id).limit(limit).load(conn)?;
    Ok(diesel::delete(passes::table.filter(passes::id.eq_any(old))).execute(conn)?)
}

/// The passes, in parts.
pub fn parts(conn: &mut Conn) -> Result<Vec<Keys>, Error> {
    let first = passes::table.select(min(passes::id)).get_result(conn)?;
    let last = passes::table.select(max(passes::id)).get_result(conn)?;
    Ok(by_number(first, last))
}

/// Calls `each` with the passes of one part that expire at `since` or later, also those whose session has ended. Without joins: a million
/// look-ups of rows far apart take longer than all else.
pub fn each(conn: &mut Conn, ids: &Keys, since: UnixTime, mut each: impl FnMut(Pass)) -> Result<(), Error> {
    type Columns = (String, String, i64, i64, i64, String, i64, Option<i64>, i64);
    let these = passes::table
        .filter(passes::id.between(*ids.start(), *ids.end()))
        .filter(passes::expires_at.ge(since.0))
        .select((
            passes::hash,
            passes::sid,
            passes::origin_id,
            passes::made_at,
            passes::expires_at,
            passes::amr,
            passes::auth_time,
            passes::factor_time,
            passes::user_id,
        ));
    for row in these.load_iter::<Columns, DefaultLoadingMode>(conn)? {
        let (hash, session, origin, made_at, expires_at, amr, auth_time, factor_time, user) = row?;
        each(Pass {
            key: key(&hash)?,
            sid: sid(&session)?,
            user: UserId(user),
            origin: OriginId(origin),
            made_at: UnixTime(made_at),
            expires_at: UnixTime(expires_at),
            methods: Methods::from_words(amr.split(' ')),
            auth_time: UnixTime(auth_time),
            factor_time: factor_time.map(UnixTime),
        });
    }
    Ok(())
}

/// How many passes there are, at most.
pub fn count(conn: &mut Conn) -> Result<usize, Error> {
    let count: i64 = passes::table.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

fn key(hash: &str) -> Result<PassKey, Error> {
    let mut bytes = [0; 16];
    let read = hex::decode_to_slice(hash, &mut bytes).ok();
    known(read.map(|()| PassKey(bytes)), "pass", hash)
}

/// Adds a code, and lets go of those of the same session that are too many, and of any that have expired.
pub fn add_code(conn: &mut Conn, code: &Code, now: UnixTime) -> Result<(), Error> {
    diesel::delete(gate_codes::table.filter(gate_codes::expires_at.le(now.0))).execute(conn)?;
    let beyond: Vec<String> = gate_codes::table
        .filter(gate_codes::sid.eq(code.sid.to_string()))
        .order(gate_codes::expires_at.desc())
        .offset(MOST_CODES - 1)
        .limit(i64::from(u16::MAX))
        .select(gate_codes::hash)
        .load(conn)?;
    diesel::delete(gate_codes::table.filter(gate_codes::hash.eq_any(beyond))).execute(conn)?;
    diesel::insert_into(gate_codes::table)
        .values((
            gate_codes::hash.eq(&code.hash),
            gate_codes::sid.eq(code.sid.to_string()),
            gate_codes::origin_id.eq(code.origin.0),
            gate_codes::nonce_hash.eq(&code.nonce_hash),
            gate_codes::path.eq(&code.path),
            gate_codes::expires_at.eq(code.expires_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Uses a code up, if it is good at this origin for the browser with this nonce. `None`: it is not; nothing was changed. One statement: of
/// two at the same time, one gets it.
pub fn spend_code(
    conn: &mut Conn,
    hash: &str,
    origin: OriginId,
    nonce_hash: &str,
    now: UnixTime,
) -> Result<Option<Code>, Error> {
    let this = gate_codes::table
        .filter(gate_codes::hash.eq(hash))
        .filter(gate_codes::origin_id.eq(origin.0))
        .filter(gate_codes::nonce_hash.eq(nonce_hash))
        .filter(gate_codes::expires_at.gt(now.0));
    let found: Option<(String, String, i64)> = diesel::delete(this)
        .returning((gate_codes::sid, gate_codes::path, gate_codes::expires_at))
        .get_result(conn)
        .optional()?;
    found
        .map(|(id, path, expires_at)| {
            Ok(Code {
                hash: hash.to_owned(),
                sid: sid(&id)?,
                origin,
                nonce_hash: nonce_hash.to_owned(),
                path,
                expires_at: UnixTime(expires_at),
            })
        })
        .transpose()
}

/// Notes that an app was entered in a session.
pub fn note_entry(conn: &mut Conn, session: SessionId, app: &App, now: UnixTime) -> Result<(), Error> {
    let row = (
        app_entries::sid.eq(session.to_string()),
        app_entries::app_id.eq(app.id.0),
        app_entries::app_name.eq(app.name.as_str()),
        app_entries::first_at.eq(now.0),
        app_entries::last_at.eq(now.0),
        app_entries::times.eq(1),
    );
    let insert = diesel::insert_into(app_entries::table)
        .values(row)
        .on_conflict((app_entries::sid, app_entries::app_id))
        .do_update()
        .set((app_entries::last_at.eq(excluded(app_entries::last_at)), app_entries::times.eq(app_entries::times + 1)));
    on!(conn, c => insert.execute(c))?;
    Ok(())
}

/// The apps that were entered in these sessions, those entered first first.
pub fn entries(conn: &mut Conn, sids: &[SessionId]) -> Result<Vec<(SessionId, Entry)>, Error> {
    let these = app_entries::table.filter(among(app_entries::sid, sids)?).select((
        app_entries::sid,
        app_entries::app_id,
        app_entries::app_name,
        app_entries::first_at,
        app_entries::last_at,
        app_entries::times,
    ));
    let rows: Vec<(String, i64, String, i64, i64, i64)> = on!(conn, c => these.load(c))?;
    let rows = sorted_by(rows, |one, other| (one.3, &one.2, &one.0).cmp(&(other.3, &other.2, &other.0)));
    rows.into_iter()
        .map(|(id, app_id, app, first_at, last_at, times)| {
            let (app_id, first_at, last_at) = (AppId(app_id), UnixTime(first_at), UnixTime(last_at));
            Ok((sid(&id)?, Entry { app_id, app, first_at, last_at, times }))
        })
        .collect()
}
