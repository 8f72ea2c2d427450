//! What the overview needs to know of the database, in one look. It takes as long with a million users as with ten: all of it is found in
//! an index or by its key, and counted at most up to a bound, except that the open sessions are counted in an index.

use diesel::{Connection, ExpressionMethods, QueryDsl, RunQueryDsl};

use super::audit::admin_acts;
use super::audit::event::What;
use super::audit::list::AuditEvent;
use super::connection::{Conn, Error};
use super::hourly_counts::{self, HourCount};
use super::instance::{self, ALL_COUNTED_SINCE, LAST_BACKUP};
use super::schema::{audit_events, sessions, users};
use super::sessions::is_open;
use super::signing_keys::{self, KeyPurpose, KeyState};
use super::users::{enabled_admins, without_factor};
use crate::domain::UnixTime;

/// Up to so many open sessions are looked at one by one.
const MOST_LOOKED_AT: i64 = 5_000;
/// Up to so many unusual sessions are counted.
pub const MOST_ODD: usize = 1_000;
/// Up to so many users without a second factor are counted.
pub const MOST_WITHOUT_FACTOR: i64 = 1_000;
const LATEST_ACTS: i64 = 6;

pub struct Overview {
    pub open_sessions: i64,
    /// `None`: there are too many sessions to look at each.
    pub details: Option<OpenDetails>,
    /// Open sessions with something unusual, up to [`MOST_ODD`].
    pub odd: usize,
    /// How many admins can let people in.
    pub admins: i64,
    /// Whether there is a second user.
    pub has_others: bool,
    /// When the first user was added.
    pub begun: Option<UnixTime>,
    pub last_backup: Option<UnixTime>,
    /// Since when the signing key signs, if Portero keeps it.
    pub key_since: Option<UnixTime>,
    /// How many users can sign in without a second factor, of those that were asked for; up to [`MOST_WITHOUT_FACTOR`].
    pub without_factor: usize,
    /// How often the audit log did not fit its file in the time that was asked for.
    pub audit_faults: i64,
    pub counts: Vec<HourCount>,
    /// From before this moment only a part was counted.
    pub all_counted_since: Option<UnixTime>,
    /// The newest acts of admins and operators.
    pub acts: Vec<AuditEvent>,
}

pub struct OpenDetails {
    /// Whose sessions they are.
    pub people: usize,
    /// Sessions that were used lately.
    pub active: usize,
}

/// What is asked for besides what holds now.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub now: UnixTime,
    /// From when on counts and events are wanted.
    pub since: UnixTime,
    /// A session used since then is active.
    pub active_since: UnixTime,
    /// Whose second factors matter: all users' or the admins'. `None`: nobody's.
    pub factors_of: Option<FactorsOf>,
}

/// Whose second factors matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorsOf {
    Admins,
    Everyone,
}

pub fn look(conn: &mut Conn, asked: Asked) -> Result<Overview, Error> {
    conn.transaction(|conn| look_in(conn, asked))
}

fn look_in(conn: &mut Conn, Asked { now, since, active_since, factors_of }: Asked) -> Result<Overview, Error> {
    let open_sessions = sessions::table.filter(is_open(now.0)).count().get_result(conn)?;
    let details = if open_sessions > MOST_LOOKED_AT { None } else { Some(open_details(conn, now, active_since)?) };
    let odd: Vec<i64> = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::odd)
        // Or SQLite would look for them among all that are open.
        .order((sessions::created_at.desc(), sessions::sid.desc()))
        .limit(i64::try_from(MOST_ODD).unwrap_or(i64::MAX))
        .select(sessions::expires_at)
        .load(conn)?;
    let first_users: Vec<i64> = users::table.order(users::id).limit(2).select(users::created_at).load(conn)?;
    let audit_faults = audit_events::table
        .filter(audit_events::what.eq(What::AuditDidNotFit.as_str()))
        .filter(audit_events::at.ge(since.0))
        .count()
        .get_result(conn)?;
    let signing = signing_keys::all(conn, KeyPurpose::Sessions)?.into_iter().find(|key| key.state == KeyState::Signing);
    let without_factor = match factors_of {
        Some(whose) => without_factor(conn, whose == FactorsOf::Admins, MOST_WITHOUT_FACTOR, now)?,
        None => 0,
    };
    Ok(Overview {
        without_factor,
        open_sessions,
        details,
        odd: odd.into_iter().filter(|expires_at| *expires_at > now.0).count(),
        admins: enabled_admins(conn, None)?,
        has_others: first_users.len() > 1,
        begun: first_users.first().copied().map(UnixTime),
        last_backup: instance::moment(conn, LAST_BACKUP)?,
        key_since: signing.map(|key| key.since),
        audit_faults,
        counts: hourly_counts::since(conn, since)?,
        all_counted_since: instance::moment(conn, ALL_COUNTED_SINCE)?,
        acts: admin_acts::latest(conn, LATEST_ACTS)?,
    })
}

fn open_details(conn: &mut Conn, now: UnixTime, active_since: UnixTime) -> Result<OpenDetails, Error> {
    let rows: Vec<(i64, i64)> = sessions::table
        .filter(is_open(now.0))
        .select((sessions::user_id, sessions::last_seen_at))
        .limit(MOST_LOOKED_AT)
        .load(conn)?;
    let active = rows.iter().filter(|(_, last_seen)| *last_seen >= active_since.0).count();
    let people = rows.into_iter().map(|(user, _)| user).collect::<std::collections::HashSet<_>>().len();
    Ok(OpenDetails { people, active })
}
