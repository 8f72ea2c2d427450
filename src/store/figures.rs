//! What metrics show of the database. Looked at once in a while and not for each scrape: the open sessions are counted in an index, which
//! takes longer the more there are.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error};
use super::instance::{self, LAST_BACKUP};
use super::schema::{apps, logout_deliveries, sessions};
use super::sessions::is_open;
use super::signing_keys::{self, KeyPurpose, KeyState};
use crate::domain::UnixTime;

#[derive(Clone, Debug)]
pub struct Figures {
    pub open_sessions: i64,
    pub last_backup: Option<UnixTime>,
    /// Since when the key signs that does, for each ring that has one.
    pub signing_since: Vec<(KeyPurpose, UnixTime)>,
    /// How many sign-outs apps are still to be told of.
    pub waiting_deliveries: i64,
}

pub fn look(conn: &mut Conn, now: UnixTime) -> Result<Figures, Error> {
    let keys = signing_keys::every(conn)?.into_iter().filter(|key| key.state == KeyState::Signing);
    let mut waiting_deliveries = 0;
    // App by app, because the index of what is due begins with the app.
    for app in apps::table.select(apps::id).load::<i64>(conn)? {
        let waiting = logout_deliveries::table
            .filter(logout_deliveries::app_id.eq(app))
            .filter(logout_deliveries::next_try_at.gt(0));
        waiting_deliveries += waiting.count().get_result::<i64>(conn)?;
    }
    Ok(Figures {
        open_sessions: sessions::table.filter(is_open(now.0)).count().get_result(conn)?,
        last_backup: instance::moment(conn, LAST_BACKUP)?,
        signing_since: keys.map(|key| (key.purpose, key.since)).collect(),
        waiting_deliveries,
    })
}
