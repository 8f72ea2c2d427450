//! The sessions, open and ended.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::min;
#[cfg(feature = "postgres")]
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, Queryable, RunQueryDsl,
    Selectable, SelectableHelper,
};

use super::connection::{Conn, Error, either, known, on};
use super::prepared::update;
use super::schema::{mass_ends, sessions};
use super::status_lists::number_of_session;
use super::table_parts::Keys;
use crate::domain::{Methods, Reason, SessionId, StatusPlace, Transport, UnixTime, UserId};

#[derive(Clone, Debug)]
pub struct Session {
    pub sid: SessionId,
    pub user: UserId,
    pub transport: Transport,
    /// Whether the person asked to be kept signed in.
    pub remembered: bool,
    pub created_at: UnixTime,
    pub auth_time: UnixTime,
    /// Which version of the user's password was given at `auth_time`. `None`: a one-time link was used.
    pub proved_password: Option<i64>,
    /// By what the person has proved who they are, in this session.
    pub methods: Methods,
    /// When the person last gave a second factor. `None`: never.
    pub factor_time: Option<UnixTime>,
    pub last_seen_at: UnixTime,
    pub expires_at: UnixTime,
    /// The latest `exp` of any access token the session was given.
    pub access_until: UnixTime,
    pub ip: String,
    pub user_agent: String,
    pub generation: i64,
    /// The current refresh token's number: from 0 on in the order in which they were made, lost ones included.
    pub issue: i64,
    /// The number of the previous generation's last refresh token.
    pub previous_issue: i64,
    /// When the current refresh token was made, and the access token with it.
    pub rotated_at: UnixTime,
    /// Where they were made for, as far as Portero could tell.
    pub made_ip: String,
    pub made_agent: String,
    /// How many access tokens confirmations have put in the place of the one that came with the current refresh token.
    pub confirmations: i64,
    /// Whether a token of the current generation was ever seen in use.
    pub seen: bool,
    /// Whether one was seen so late that its browser must have written it to disk.
    pub settled: bool,
    /// How often a crashed browser came back with older cookies in the current generation.
    pub recovered: i64,
    /// How many wrong passwords were given in it since the last right one.
    pub wrong_passwords: i64,
    pub csrf_seed: String,
    /// How many rows of `session_steps` its story has, and whether one of them is odd.
    pub steps: i64,
    pub odd: bool,
    pub end: Option<End>,
    /// Names the act that ended it, perhaps together with other sessions.
    pub receipt: Option<String>,
    /// Its place in the status lists. `None`: no app has to look it up there, or this is one of many that were read to be listed.
    pub status: Option<StatusPlace>,
}

impl Session {
    /// The moment by which all its tokens have expired.
    pub fn shown_until(&self) -> UnixTime {
        self.expires_at.max(self.access_until)
    }
}

/// When, why and by whom a session was ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub at: UnixTime,
    pub reason: Reason,
    /// `None`: Portero itself, the command line or an app.
    pub by: Option<UserId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct Row {
    sid: String,
    user_id: i64,
    transport: String,
    remembered: bool,
    created_at: i64,
    auth_time: i64,
    proved_password: Option<i64>,
    amr: String,
    factor_time: Option<i64>,
    last_seen_at: i64,
    expires_at: i64,
    access_until: i64,
    ip: String,
    user_agent: String,
    generation: i64,
    issue: i64,
    previous_issue: i64,
    rotated_at: i64,
    made_ip: String,
    made_agent: String,
    confirmations: i64,
    seen: bool,
    settled: bool,
    recovered: i64,
    wrong_passwords: i64,
    csrf_seed: String,
    steps: i64,
    odd: bool,
    ended_at: Option<i64>,
    end_reason: Option<String>,
    ended_by: Option<i64>,
    receipt: Option<String>,
}

impl TryFrom<Row> for Session {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let end = match (row.ended_at, row.end_reason) {
            (Some(at), Some(reason)) => Some(End {
                at: UnixTime(at),
                reason: known(Reason::parse(&reason), "reason", &reason)?,
                by: row.ended_by.map(UserId),
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(Error::Unknown("half an end of a session".into())),
        };
        Ok(Self {
            sid: sid(&row.sid)?,
            user: UserId(row.user_id),
            transport: known(Transport::parse(&row.transport), "transport", &row.transport)?,
            remembered: row.remembered,
            created_at: UnixTime(row.created_at),
            auth_time: UnixTime(row.auth_time),
            proved_password: row.proved_password,
            methods: Methods::from_words(row.amr.split(' ')),
            factor_time: row.factor_time.map(UnixTime),
            last_seen_at: UnixTime(row.last_seen_at),
            expires_at: UnixTime(row.expires_at),
            access_until: UnixTime(row.access_until),
            ip: row.ip,
            user_agent: row.user_agent,
            generation: row.generation,
            issue: row.issue,
            previous_issue: row.previous_issue,
            rotated_at: UnixTime(row.rotated_at),
            made_ip: row.made_ip,
            made_agent: row.made_agent,
            confirmations: row.confirmations,
            seen: row.seen,
            settled: row.settled,
            recovered: row.recovered,
            wrong_passwords: row.wrong_passwords,
            csrf_seed: row.csrf_seed,
            steps: row.steps,
            odd: row.odd,
            end,
            receipt: row.receipt,
            status: None,
        })
    }
}

pub(super) fn sid(text: &str) -> Result<SessionId, Error> {
    known(SessionId::parse(text), "session id", text)
}

pub fn add(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::sid.eq(session.sid.to_string()),
            sessions::user_id.eq(session.user.0),
            sessions::transport.eq(session.transport.as_str()),
            sessions::remembered.eq(session.remembered),
            sessions::created_at.eq(session.created_at.0),
            sessions::auth_time.eq(session.auth_time.0),
            sessions::proved_password.eq(session.proved_password),
            sessions::amr.eq(session.methods.to_string()),
            sessions::factor_time.eq(session.factor_time.map(|moment| moment.0)),
            sessions::last_seen_at.eq(session.last_seen_at.0),
            sessions::expires_at.eq(session.expires_at.0),
            sessions::access_until.eq(session.access_until.0),
            sessions::ip.eq(&session.ip),
            sessions::user_agent.eq(&session.user_agent),
            sessions::generation.eq(session.generation),
            sessions::issue.eq(session.issue),
            sessions::previous_issue.eq(session.previous_issue),
            sessions::rotated_at.eq(session.rotated_at.0),
            sessions::made_ip.eq(&session.made_ip),
            sessions::made_agent.eq(&session.made_agent),
            sessions::confirmations.eq(session.confirmations),
            sessions::seen.eq(session.seen),
            sessions::settled.eq(session.settled),
            sessions::recovered.eq(session.recovered),
            sessions::wrong_passwords.eq(session.wrong_passwords),
            sessions::csrf_seed.eq(&session.csrf_seed),
            sessions::steps.eq(session.steps),
            sessions::odd.eq(session.odd),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session. One that an act on everybody's has ended is returned as ended, although its row does not say so yet.
pub fn find(conn: &mut Conn, sid: SessionId) -> Result<Option<Session>, Error> {
    let found = sessions::table.find(sid.to_string());
    let covering = covering().select(min(mass_ends::receipt)).single_value();
    let number = number_of_session();
    let found: Option<(Row, Option<String>, Option<i64>)> =
        on!(conn, c => found.select((Row::as_select(), covering, number)).get_result(c)).optional()?;
    found.map(|(row, covering, number)| as_it_stands(conn, row, covering, number)).transpose()
}

/// The session of a row, with the act on everybody's that has ended it ([`covering`]) though the row does not say so, and its place in the
/// status lists.
pub(super) fn as_it_stands(
    conn: &mut Conn,
    row: Row,
    covering: Option<String>,
    number: Option<i64>,
) -> Result<Session, Error> {
    let mut session = Session { status: number.map(StatusPlace::stored), ..Session::try_from(row)? };
    if session.end.is_none()
        && let Some(receipt) = covering
    {
        let act = mass_ends::table.find(receipt.clone()).select((mass_ends::at, mass_ends::ended_by));
        let (at, by): (i64, Option<i64>) = act.get_result(conn)?;
        session.end = Some(End { at: UnixTime(at), reason: Reason::EndedByAdmin, by: by.map(UserId) });
        session.receipt = Some(receipt);
    }
    Ok(session)
}

/// In a query about a session that has not ended: the acts in force on everybody's that have ended it, though its row does not say so.
#[diesel::dsl::auto_type]
pub(super) fn covering() -> _ {
    mass_ends::table
        .filter(mass_ends::since.le(sessions::created_at))
        .filter(mass_ends::at.ge(sessions::created_at))
        .filter(mass_ends::except_sid.ne(sessions::sid))
}

/// Whether a session has neither ended nor expired at the moment `now`.
#[diesel::dsl::auto_type]
pub(super) fn is_open(now: i64) -> _ {
    sessions::ended_at.is_null().and(sessions::expires_at.gt(now))
}

/// Claims a rotation: stores `to`, unless the session has rotated or ended since `from` was read. `false`: it has; nothing was
/// stored.
pub fn rotate(conn: &mut Conn, from: &Session, to: &Session) -> Result<bool, Error> {
    let unchanged = sessions::sid
        .eq(from.sid.to_string())
        .and(sessions::generation.eq(from.generation))
        .and(sessions::issue.eq(from.issue))
        .and(sessions::ended_at.is_null());
    let set = (
        sessions::generation.eq(to.generation),
        sessions::issue.eq(to.issue),
        sessions::previous_issue.eq(to.previous_issue),
        sessions::rotated_at.eq(to.rotated_at.0),
        sessions::last_seen_at.eq(to.last_seen_at.0),
        sessions::access_until.eq(to.access_until.0),
        sessions::made_ip.eq(&to.made_ip),
        sessions::made_agent.eq(&to.made_agent),
        sessions::confirmations.eq(to.confirmations),
        sessions::seen.eq(to.seen),
        sessions::settled.eq(to.settled),
        sessions::recovered.eq(to.recovered),
        sessions::steps.eq(to.steps),
    );
    let changed = if has_moved(from, to) {
        let moved = (sessions::ip.eq(&to.ip), sessions::user_agent.eq(&to.user_agent), sessions::odd.eq(to.odd));
        on!(conn, c => update!(sessions::table, (set, moved), unchanged).execute(c))?
    } else {
        on!(conn, c => update!(sessions::table, set, unchanged).execute(c))?
    };
    Ok(changed == 1)
}

/// Stores what a use of the session changed: `auth_time` and what was proved then and before, confirmations, wrong passwords, last use,
/// `access_until`, steps, and where it was used from.
/// `false`: it has ended meanwhile.
pub fn note_use(conn: &mut Conn, from: &Session, to: &Session) -> Result<bool, Error> {
    let open = sessions::sid.eq(to.sid.to_string()).and(sessions::ended_at.is_null());
    let set = (
        sessions::auth_time.eq(to.auth_time.0),
        sessions::proved_password.eq(to.proved_password),
        sessions::amr.eq(to.methods.to_string()),
        sessions::factor_time.eq(to.factor_time.map(|moment| moment.0)),
        sessions::confirmations.eq(to.confirmations),
        sessions::wrong_passwords.eq(to.wrong_passwords),
        sessions::last_seen_at.eq(to.last_seen_at.0),
        sessions::access_until.eq(to.access_until.0),
        sessions::steps.eq(to.steps),
    );
    let changed = if has_moved(from, to) {
        let moved = (sessions::ip.eq(&to.ip), sessions::user_agent.eq(&to.user_agent), sessions::odd.eq(to.odd));
        on!(conn, c => update!(sessions::table, (set, moved), open).execute(c))?
    } else {
        on!(conn, c => update!(sessions::table, set, open).execute(c))?
    };
    Ok(changed == 1)
}

/// Counts a wrong password that was given in the session. Returns how many there were since the last right one; `None`: it has ended.
pub fn note_wrong_password(conn: &mut Conn, sid: SessionId) -> Result<Option<i64>, Error> {
    let open = sessions::table.find(sid.to_string()).filter(sessions::ended_at.is_null());
    let count = diesel::update(open)
        .set(sessions::wrong_passwords.eq(sessions::wrong_passwords + 1))
        .returning(sessions::wrong_passwords)
        .get_result(conn);
    Ok(count.optional()?)
}

/// Whether address, user agent or oddness changed. If not, the index of odd sessions need not be looked at.
fn has_moved(from: &Session, to: &Session) -> bool {
    (&from.ip, &from.user_agent, from.odd) != (&to.ip, &to.user_agent, to.odd)
}

/// Stores how many steps the story of a session that has just ended has, and whether one is odd.
pub fn note_end_of_story(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    diesel::update(sessions::table.find(session.sid.to_string()))
        .set((sessions::steps.eq(session.steps), sessions::odd.eq(session.odd)))
        .execute(conn)?;
    Ok(())
}

/// Notes that a token of this generation was seen in use, if it still is the session's current one.
pub fn note_seen(conn: &mut Conn, sid: SessionId, generation: i64) -> Result<(), Error> {
    let current = sessions::sid.eq(sid.to_string()).and(sessions::generation.eq(generation));
    on!(conn, c => update!(sessions::table, sessions::seen.eq(true), current).execute(c))?;
    Ok(())
}

/// Calls `each` with every ended session that expires in this time, and with the moment by which all its tokens have expired.
pub fn each_ended(conn: &mut Conn, expiring: &Keys, mut each: impl FnMut(SessionId, UnixTime)) -> Result<(), Error> {
    let rows = sessions::table
        .filter(sessions::ended_at.is_not_null())
        .filter(sessions::expires_at.between(*expiring.start(), *expiring.end()))
        .select((sessions::sid, sessions::expires_at, sessions::access_until));
    for row in rows.load_iter::<(String, i64, i64), DefaultLoadingMode>(conn)? {
        let (id, expires, access) = row?;
        each(sid(&id)?, UnixTime(expires.max(access)));
    }
    Ok(())
}

/// Each session with its [`Session::shown_until`], from rows of `sid`, `expires_at` and `access_until`.
pub(super) fn last_shown(rows: &[(String, i64, i64)]) -> Result<Vec<(SessionId, UnixTime)>, Error> {
    rows.iter().map(|(id, expires, access)| Ok((sid(id)?, UnixTime(*expires.max(access))))).collect()
}

/// Calls `each` with every session that has not ended and whose current generation was never seen in use, and with that generation.
pub fn each_unseen(conn: &mut Conn, mut each: impl FnMut(SessionId, i64)) -> Result<(), Error> {
    let rows = sessions::table
        .filter(sessions::seen.eq(false))
        .filter(sessions::ended_at.is_null())
        .select((sessions::sid, sessions::generation));
    let mut each = |row: QueryResult<(String, i64)>| {
        let (id, generation) = row?;
        each(sid(&id)?, generation);
        Ok::<_, Error>(())
    };
    // There may be a million, which PostgreSQL's library would hold in memory all together.
    either!(conn,
        sqlite(conn) => rows.load_iter::<_, DefaultLoadingMode>(conn)?.try_for_each(&mut each),
        postgres(conn) => rows.load_iter::<_, PgRowByRowLoadingMode>(conn)?.try_for_each(&mut each),
    )
}

/// Deletes sessions that ended and expired before `before`, with their stories. At most `limit`, so that other writes get their
/// turn.
pub fn prune(conn: &mut Conn, before: UnixTime, limit: i64) -> Result<usize, Error> {
    let old: Vec<String> = sessions::table
        .filter(sessions::ended_at.lt(before.0))
        .filter(sessions::expires_at.lt(before.0))
        .select(sessions::sid)
        .limit(limit)
        .load(conn)?;
    Ok(diesel::delete(sessions::table.filter(sessions::sid.eq_any(&old))).execute(conn)?)
}
