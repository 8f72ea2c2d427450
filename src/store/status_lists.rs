//! The lists in which apps look up whether a session has ended (tables `status_lists`, `session_statuses`): which there are, and the
//! places of sessions in them. Whether one has ended stands in `sessions` alone.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::auto_type;
#[cfg(feature = "postgres")]
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::among::among;
use super::connection::{Conn, Error, either, on};
use super::schema::{session_statuses, sessions, status_lists};
use crate::domain::{SessionId, StatusListId, StatusPlace, UnixTime};

/// In a query about a session: the number of its place.
#[auto_type]
pub(super) fn number_of_session() -> _ {
    let of_session = session_statuses::table.filter(session_statuses::sid.eq(sessions::sid));
    of_session.select(session_statuses::number).single_value()
}

/// The next place in a list that nobody has.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    pub list: StatusListId,
    /// How many places of the list were given before it.
    pub nth: u32,
    /// Whether the list is a new one.
    pub is_first: bool,
}

/// Takes the next place. `until`: by when all tokens of the session have expired that is to have it.
pub fn take_next(conn: &mut Conn, until: UnixTime) -> Result<Next, Error> {
    let newest: Option<(i64, i64, i64)> = status_lists::table.order(status_lists::id.desc()).first(conn).optional()?;
    let has_room = |given: i64| given < i64::from(StatusListId::PLACES);
    let Some((id, given, last)) = newest.filter(|(_, given, _)| has_room(*given)) else {
        let row = (status_lists::given.eq(1), status_lists::until.eq(until.0));
        diesel::insert_into(status_lists::table).values(row).execute(conn)?;
        let id: i64 = status_lists::table.order(status_lists::id.desc()).select(status_lists::id).first(conn)?;
        return Ok(Next { list: StatusListId(id), nth: 0, is_first: true });
    };
    diesel::update(status_lists::table.find(id))
        .set((status_lists::given.eq(given + 1), status_lists::until.eq(last.max(until.0))))
        .execute(conn)?;
    Ok(Next { list: StatusListId(id), nth: u32::try_from(given).unwrap_or_default(), is_first: false })
}

/// Notes the place of a session, for good.
pub fn give(conn: &mut Conn, sid: SessionId, place: StatusPlace) -> Result<(), Error> {
    let row = (session_statuses::sid.eq(sid.to_string()), session_statuses::number.eq(place.number()));
    diesel::insert_into(session_statuses::table).values(row).execute(conn)?;
    Ok(())
}

/// The places of those of these sessions that have one.
pub fn places_of(conn: &mut Conn, sessions: &[SessionId]) -> Result<Vec<StatusPlace>, Error> {
    let theirs = session_statuses::table.filter(among(session_statuses::sid, sessions)?);
    let theirs = theirs.select(session_statuses::number);
    let numbers: Vec<i64> = on!(conn, c => theirs.load(c))?;
    Ok(numbers.into_iter().map(StatusPlace::stored).collect())
}

/// All lists.
pub fn all(conn: &mut Conn) -> Result<Vec<StatusListId>, Error> {
    let ids: Vec<i64> = status_lists::table.order(status_lists::id).select(status_lists::id).load(conn)?;
    Ok(ids.into_iter().map(StatusListId).collect())
}

/// Calls `each` with the place of every session that is marked as ended.
pub fn each_ended(conn: &mut Conn, mut each: impl FnMut(StatusPlace)) -> Result<(), Error> {
    let ended = session_statuses::table
        .inner_join(sessions::table.on(sessions::sid.eq(session_statuses::sid)))
        .filter(sessions::ended_at.is_not_null())
        .select(session_statuses::number);
    let mut each = |row: QueryResult<i64>| {
        each(StatusPlace::stored(row?));
        Ok::<_, Error>(())
    };
    // There may be a million, which PostgreSQL's library would hold in memory all together.
    either!(conn,
        sqlite(conn) => ended.load_iter::<_, DefaultLoadingMode>(conn)?.try_for_each(&mut each),
        postgres(conn) => ended.load_iter::<_, PgRowByRowLoadingMode>(conn)?.try_for_each(&mut each),
    )
}

/// Deletes lists whose sessions' tokens had all expired before `before`, but never the newest. Returns them.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<Vec<StatusListId>, Error> {
    let Some(newest) = all(conn)?.pop() else { return Ok(Vec::new()) };
    let over = status_lists::table.filter(status_lists::until.lt(before.0)).filter(status_lists::id.ne(newest.0));
    let gone: Vec<i64> = over.select(status_lists::id).load(conn)?;
    diesel::delete(status_lists::table.filter(status_lists::id.eq_any(&gone))).execute(conn)?;
    Ok(gone.into_iter().map(StatusListId).collect())
}
