//! When sessions were last seen, as memory notes it once a minute, of many at a time.

#[cfg(feature = "postgres")]
use diesel::PgConnection;
#[cfg(feature = "postgres")]
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryResult, RunQueryDsl, SqliteConnection};
#[cfg(feature = "postgres")]
use diesel::{QueryableByName, sql_query};

use super::connection::{Conn, Error, either};
use super::prepared::update;
use super::schema::sessions;
#[cfg(feature = "postgres")]
use super::sessions::sid;
use crate::domain::{SessionId, UnixTime};

/// When a session was last seen, and what that settles.
#[derive(Clone, Copy, Debug)]
pub struct LastUse {
    pub sid: SessionId,
    pub at: UnixTime,
    pub generation: i64,
    /// A token of this generation was seen in use so late that, if it was made before this moment, its browser must have written it to
    /// disk.
    pub settles_before: UnixTime,
}

/// Stores when each session was last seen, unless a later moment is stored already, and whether its current generation has settled.
/// Returns the sessions that somebody else is changing at the moment: of those, nothing is stored.
pub fn note(conn: &mut Conn, uses: &[LastUse]) -> Result<Vec<SessionId>, Error> {
    either!(conn,
        sqlite(conn) => {
            for last in uses {
                note_one(conn, last)?;
            }
            Ok(Vec::new())
        },
        postgres(conn) => on_postgres(conn, uses),
    )
}

fn note_one(conn: &mut SqliteConnection, last: &LastUse) -> QueryResult<()> {
    let earlier = sessions::sid.eq(last.sid.to_string()).and(sessions::last_seen_at.lt(last.at.0));
    update!(sessions::table, sessions::last_seen_at.eq(last.at.0), earlier).execute(conn)?;
    let unsettled = sessions::sid
        .eq(last.sid.to_string())
        .and(sessions::generation.eq(last.generation))
        .and(sessions::rotated_at.lt(last.settles_before.0))
        .and(sessions::settled.eq(false));
    update!(sessions::table, sessions::settled.eq(true), unsettled).execute(conn)?;
    Ok(())
}

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct Sid {
    #[diesel(sql_type = Text)]
    sid: String,
}

/// In a few statements, however many there are: each costs a round trip. It waits for no row while it holds others, as whoever ends many
/// sessions does.
#[cfg(feature = "postgres")]
fn on_postgres(conn: &mut PgConnection, uses: &[LastUse]) -> Result<Vec<SessionId>, Error> {
    let (mut sids, mut numbers) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for last in uses {
        sids.push(last.sid.to_string());
        for (column, number) in numbers.iter_mut().zip([last.at.0, last.generation, last.settles_before.0]) {
            column.push(number);
        }
    }
    let [at, generations, before] = numbers;
    let free = sql_query("SELECT sid FROM sessions WHERE sid = ANY($1) FOR NO KEY UPDATE SKIP LOCKED");
    let free: Vec<Sid> = free.bind::<Array<Text>, _>(&sids).load(conn)?;
    let free: Vec<String> = free.into_iter().map(|row| row.sid).collect();
    let seen = "UPDATE sessions SET last_seen_at = used.at FROM unnest($1, $2) AS used (sid, at) \
                WHERE sessions.sid = used.sid AND last_seen_at < used.at AND sessions.sid = ANY($3)";
    let seen = sql_query(seen).bind::<Array<Text>, _>(&sids).bind::<Array<BigInt>, _>(&at);
    seen.bind::<Array<Text>, _>(&free).execute(conn)?;
    let settled = "UPDATE sessions SET settled = TRUE FROM unnest($1, $2, $3) AS used (sid, gen, made_before) \
                   WHERE sessions.sid = used.sid AND sessions.gen = used.gen AND rotated_at < used.made_before AND NOT settled \
                   AND sessions.sid = ANY($4)";
    let settled = sql_query(settled).bind::<Array<Text>, _>(&sids).bind::<Array<BigInt>, _>(&generations);
    settled.bind::<Array<BigInt>, _>(&before).bind::<Array<Text>, _>(&free).execute(conn)?;
    if free.len() == uses.len() {
        return Ok(Vec::new());
    }
    // Of the others, some may not be there any more.
    let busy = sql_query("SELECT sid FROM sessions WHERE sid = ANY($1) AND sid <> ALL($2)");
    let busy: Vec<Sid> = busy.bind::<Array<Text>, _>(&sids).bind::<Array<Text>, _>(&free).load(conn)?;
    busy.iter().map(|row| sid(&row.sid)).collect()
}
