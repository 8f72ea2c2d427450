//! What apps are told of sessions that ended. The row is written in the transaction that ends the session. Whoever tries it claims it first,
//! and what the tries come to is noted in it afterwards.

use diesel::dsl::{count, count_star, max, min};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl,
    Queryable, RunQueryDsl, Selectable, SelectableHelper,
};

use super::among::among;
use super::connection::{Conn, Error, known, on};
use super::schema::{app_entries, apps, logout_deliveries, sessions, users};
use super::sessions::sid;
use super::text_order::sorted_by;
use super::tries::{self, tries};
use crate::domain::{AppId, SessionId, UnixTime, spelled};

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The app has taken note. (200 or 204)
    Acknowledged,
    /// The app takes no such sign-out. (400)
    Refused,
    /// The app answered something else.
    OtherAnswer,
    /// The app sends on to another address, which is not followed.
    Redirected,
    /// It answered nothing in time, or broke off.
    NoAnswer,
    /// Nothing took the connection, or its certificate is not good.
    NotReached,
    /// Its name leads to an address that Portero does not call.
    AddressRefused,
}

spelled!(Outcome {
    Acknowledged = "acknowledged",
    Refused = "refused",
    OtherAnswer = "other_answer",
    Redirected = "redirected",
    NoAnswer = "no_answer",
    NotReached = "not_reached",
    AddressRefused = "address_refused",
});

impl Outcome {
    /// Whether another try may come to something else.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Acknowledged | Self::Refused)
    }
}

/// A delivery that is to be tried.
#[derive(Clone, Debug)]
pub struct Due {
    pub id: i64,
    /// `None`: an admin tries out whether the app can be told.
    pub ended: Option<EndedSession>,
    pub made_at: UnixTime,
    pub accepted_until: UnixTime,
    /// How often it was tried already.
    pub tries: i64,
}

/// The session that an app is told of.
#[derive(Clone, Debug)]
pub struct EndedSession {
    pub sid: SessionId,
    /// What apps know its user by.
    pub uid: String,
}

/// Writes a delivery for each app that can be told and was entered in one of these sessions, which have just ended.
pub(super) fn add_for<'a>(
    conn: &mut Conn,
    sids: impl Iterator<Item = &'a str>,
    ended_at: UnixTime,
) -> Result<(), Error> {
    let sids: Vec<&str> = sids.collect();
    if sids.is_empty() {
        return Ok(());
    }
    let to_tell = app_entries::table
        .inner_join(apps::table.on(apps::id.eq(app_entries::app_id)))
        .inner_join(sessions::table.on(sessions::sid.eq(app_entries::sid)))
        .filter(among(app_entries::sid, sids)?)
        .filter(apps::backchannel_logout_uri.is_not_null())
        .order((app_entries::sid, app_entries::app_id))
        .select((app_entries::sid, apps::id, apps::name, sessions::access_until));
    let to_tell: Vec<(String, i64, String, i64)> = on!(conn, c => to_tell.load(c))?;
    for (sid, app, name, accepted_until) in to_tell {
        insert(conn, Some(&sid), AppId(app), &name, ended_at, UnixTime(accepted_until))?;
    }
    Ok(())
}

/// Writes a delivery that tells the app of no session: an admin tries out whether it can be told.
pub fn add_test(conn: &mut Conn, app: AppId, name: &str, now: UnixTime) -> Result<(), Error> {
    insert(conn, None, app, name, now, now)
}

fn insert(
    conn: &mut Conn,
    sid: Option<&str>,
    app: AppId,
    name: &str,
    made_at: UnixTime,
    accepted_until: UnixTime,
) -> Result<(), Error> {
    diesel::insert_into(logout_deliveries::table)
        .values((
            logout_deliveries::sid.eq(sid),
            logout_deliveries::app_id.eq(app.0),
            logout_deliveries::app_name.eq(name),
            logout_deliveries::made_at.eq(made_at.0),
            logout_deliveries::accepted_until.eq(accepted_until.0),
            logout_deliveries::tries.eq(0),
            logout_deliveries::next_try_at.eq(Some(0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// What is noted of a try.
pub type Tried = tries::Tried<Outcome>;

// Among others `claim` and `release_all`.
tries!(logout_deliveries, furthest: 60 * 60, claim: 30);

/// Drops what waits: the database is a copy, and the installation that it was made of tells its apps itself.
pub fn drop_waiting(conn: &mut Conn) -> Result<(), Error> {
    diesel::delete(logout_deliveries::table.filter(logout_deliveries::next_try_at.is_not_null())).execute(conn)?;
    Ok(())
}

/// When something of this app is to be tried next. `None`: nothing is.
pub fn next_at(conn: &mut Conn, app: AppId, now: UnixTime) -> Result<Option<UnixTime>, Error> {
    next_among(conn, || logout_deliveries::table.filter(logout_deliveries::app_id.eq(app.0)).into_boxed(), now)
}

/// What is to be tried at this app now, at most `limit`.
pub fn due(conn: &mut Conn, app: AppId, now: UnixTime, limit: i64) -> Result<Vec<Due>, Error> {
    let ids: Vec<i64> = logout_deliveries::table
        .filter(logout_deliveries::app_id.eq(app.0))
        .filter(is_due(now))
        .order((logout_deliveries::next_try_at, logout_deliveries::id))
        .limit(limit)
        .select(logout_deliveries::id)
        .load(conn)?;
    type Columns = (i64, Option<String>, Option<String>, i64, i64, i64);
    let rows: Vec<Columns> = logout_deliveries::table
        .left_join(sessions::table.on(logout_deliveries::sid.eq(sessions::sid.nullable())))
        .left_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(logout_deliveries::id.eq_any(ids))
        .order((logout_deliveries::next_try_at, logout_deliveries::id))
        .select((
            logout_deliveries::id,
            logout_deliveries::sid,
            users::uid.nullable(),
            logout_deliveries::made_at,
            logout_deliveries::accepted_until,
            logout_deliveries::tries,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, session, uid, made_at, accepted_until, tries)| {
            let ended = match (session, uid) {
                (Some(session), Some(uid)) => Some(EndedSession { sid: sid(&session)?, uid }),
                (Some(_), None) | (None, _) => None,
            };
            Ok(Due { id, ended, made_at: UnixTime(made_at), accepted_until: UnixTime(accepted_until), tries })
        })
        .collect()
}

/// Notes what a claimed try came to, and returns what is noted. `None`: its claim has lapsed, and another has it.
pub fn note(conn: &mut Conn, id: i64, claimed_until: UnixTime, tried: Tried) -> Result<Option<Tried>, Error> {
    let Some(tried) = note_try(conn, id, claimed_until, tried)? else { return Ok(None) };
    let this = logout_deliveries::table.find(id);
    if tried.status.is_some() {
        diesel::update(this).set(logout_deliveries::told_at.eq(tried.at.0)).execute(conn)?;
    }
    if tried.outcome == Outcome::Acknowledged {
        diesel::update(this).set(logout_deliveries::acknowledged_at.eq(tried.at.0)).execute(conn)?;
    }
    Ok(Some(tried))
}

/// Tries nothing more at this app: it is gone, or has no address any more.
pub(super) fn give_up(conn: &mut Conn, app: AppId) -> Result<(), Error> {
    let waiting = logout_deliveries::app_id.eq(app.0).and(logout_deliveries::next_try_at.is_not_null());
    diesel::update(logout_deliveries::table.filter(waiting))
        .set(logout_deliveries::next_try_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// Deletes tests from before `before`. (The others go with their sessions.) Returns how many.
pub fn prune_tests(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    let old = logout_deliveries::sid.is_null().and(logout_deliveries::made_at.lt(before.0));
    Ok(diesel::delete(logout_deliveries::table.filter(old)).execute(conn)?)
}

/// The deliveries to one app of some sessions that came to the same so far.
#[derive(Clone, Debug)]
pub struct Told {
    pub app: AppId,
    /// As the app was called then.
    pub name: String,
    /// What the last try came to, and the status of the app's answer. `None`: none was made.
    pub outcome: Option<Outcome>,
    pub status: Option<u16>,
    /// How many they are, and of how many another try is to be made.
    pub count: i64,
    pub waiting: i64,
    /// The first moment at which one is tried next; 0: at once.
    pub next_try_at: Option<UnixTime>,
    /// When the app last answered, and when it last acknowledged.
    pub told_at: Option<UnixTime>,
    pub acknowledged_at: Option<UnixTime>,
    pub accepted_until: UnixTime,
}

type Sums = (i64, String, Option<String>, Option<i64>, i64, i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Sums the deliveries that `$which` leaves, by app and outcome.
macro_rules! sums {
    ($conn:expr, $which:expr) => {{
        let rows: Vec<Sums> = $which
            .group_by((
                logout_deliveries::app_id,
                logout_deliveries::app_name,
                logout_deliveries::outcome,
                logout_deliveries::status,
            ))
            .select((
                logout_deliveries::app_id,
                logout_deliveries::app_name,
                logout_deliveries::outcome,
                logout_deliveries::status,
                count_star(),
                count(logout_deliveries::next_try_at),
                min(logout_deliveries::next_try_at),
                max(logout_deliveries::told_at),
                max(logout_deliveries::acknowledged_at),
                max(logout_deliveries::accepted_until),
            ))
            .load($conn)?;
        in_order(rows)
    }};
}

/// By name, what was not tried yet first.
fn in_order(rows: Vec<Sums>) -> Result<Vec<Told>, Error> {
    let rows =
        sorted_by(rows, |one, other| (&one.1, &one.2, one.3, one.0).cmp(&(&other.1, &other.2, other.3, other.0)));
    rows.into_iter().map(told).collect()
}

fn told(row: Sums) -> Result<Told, Error> {
    let (app, name, outcome, status, count, waiting, next, told_at, acknowledged_at, until) = row;
    let outcome = outcome.map(|text| known(Outcome::parse(&text), "outcome", &text)).transpose()?;
    Ok(Told {
        app: AppId(app),
        name,
        outcome,
        status: tries::status(status),
        count,
        waiting,
        next_try_at: next.map(UnixTime),
        told_at: told_at.map(UnixTime),
        acknowledged_at: acknowledged_at.map(UnixTime),
        accepted_until: UnixTime(until.unwrap_or(0)),
    })
}

/// What was told of the sessions that the act with this receipt ended.
pub fn of_receipt(conn: &mut Conn, receipt: &str) -> Result<Vec<Told>, Error> {
    let theirs = logout_deliveries::table
        .inner_join(sessions::table.on(logout_deliveries::sid.eq(sessions::sid.nullable())))
        .filter(sessions::receipt.eq(receipt.to_owned()));
    sums!(conn, theirs)
}

/// What was told of one session.
pub fn of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<Told>, Error> {
    sums!(conn, logout_deliveries::table.filter(logout_deliveries::sid.eq(session.to_string())))
}

/// What the app was told, tests left out.
pub fn of_app(conn: &mut Conn, app: AppId) -> Result<Vec<Told>, Error> {
    let of_app = logout_deliveries::table.filter(logout_deliveries::app_id.eq(app.0));
    sums!(conn, of_app.filter(logout_deliveries::sid.is_not_null()))
}

/// The last test of an app.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = logout_deliveries)]
struct TestRow {
    made_at: i64,
    next_try_at: Option<i64>,
    outcome: Option<String>,
    status: Option<i64>,
}

/// A sign-out that an admin sent to try out whether the app can be told.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    pub made_at: UnixTime,
    pub next_try_at: Option<UnixTime>,
    pub outcome: Option<Outcome>,
    pub status: Option<u16>,
}

/// The last test of the app. `None`: there was none.
pub fn last_test(conn: &mut Conn, app: AppId) -> Result<Option<Test>, Error> {
    let found: Option<TestRow> = logout_deliveries::table
        .filter(logout_deliveries::app_id.eq(app.0))
        .filter(logout_deliveries::sid.is_null())
        .order(logout_deliveries::id.desc())
        .select(TestRow::as_select())
        .first(conn)
        .optional()?;
    let Some(row) = found else { return Ok(None) };
    let outcome = row.outcome.map(|text| known(Outcome::parse(&text), "outcome", &text)).transpose()?;
    Ok(Some(Test {
        made_at: UnixTime(row.made_at),
        next_try_at: row.next_try_at.map(UnixTime),
        outcome,
        status: tries::status(row.status),
    }))
}

/// The apps that were entered in sessions which the act with this receipt ended, in how many of them each, as they were called then.
/// Ordered by name.
pub fn entered(conn: &mut Conn, receipt: &str) -> Result<Vec<(AppId, String, i64)>, Error> {
    let rows: Vec<(i64, Option<String>, i64)> = app_entries::table
        .inner_join(sessions::table.on(sessions::sid.eq(app_entries::sid)))
        .filter(sessions::receipt.eq(receipt.to_owned()))
        .group_by(app_entries::app_id)
        .select((app_entries::app_id, max(app_entries::app_name), count_star()))
        .load(conn)?;
    let named = rows.into_iter().map(|(app, name, count)| (AppId(app), name.unwrap_or_default(), count));
    Ok(sorted_by(named.collect(), |one, other| (&one.1, one.0).cmp(&(&other.1, other.0))))
}
