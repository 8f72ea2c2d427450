//! How often what happened, by the hour. The writer gathers the counts of the jobs that it commits together and stores them with these:
//! what is undone is not counted, and a crash loses nothing.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, on};
use super::prepared::update;
use super::schema::hourly_counts;
use crate::domain::{Reason, UnixTime};

const AN_HOUR: i64 = 60 * 60;
const ENDED: &str = "ended_";
/// Between what was counted and the number of the lane that counted it.
const LANE: char = '/';

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    SignedIn,
    /// A wrong password was given for an account.
    SignInFailed,
    /// Somebody tried to sign in under a name that nobody bears.
    UnknownName,
    /// A session got new tokens.
    Renewed,
    /// A session ended.
    Ended(Reason),
}

impl Counted {
    fn spelled(self) -> String {
        match self {
            Self::SignedIn => "signed_in".into(),
            Self::SignInFailed => "sign_in_failed".into(),
            Self::UnknownName => "unknown_name".into(),
            Self::Renewed => "renewed".into(),
            Self::Ended(reason) => format!("{ENDED}{}", reason.as_str()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split(LANE).next().unwrap_or(text) {
            "signed_in" => Some(Self::SignedIn),
            "sign_in_failed" => Some(Self::SignInFailed),
            "unknown_name" => Some(Self::UnknownName),
            "renewed" => Some(Self::Renewed),
            other => other.strip_prefix(ENDED).and_then(Reason::parse).map(Self::Ended),
        }
    }
}

/// The beginning of the hour in which this moment lies. Hours are those of UTC, so that a change of the time zone moves no count.
pub fn hour_of(moment: UnixTime) -> UnixTime {
    UnixTime(moment.0 - moment.0.rem_euclid(AN_HOUR))
}

/// How often something happened in the hour that begins at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    pub hour: UnixTime,
    pub what: Counted,
    pub count: i64,
}

/// What jobs have counted and is not stored yet.
#[derive(Default)]
pub(super) struct Counts {
    counts: Vec<HourCount>,
    /// Beside the queue, each lane counts in rows of its own: with one for all, each would wait for the others' commits.
    lane: Option<usize>,
}

impl Counts {
    pub(super) fn add(&mut self, new: HourCount) {
        // A commit counts a handful of things, so looking through them is quicker than a map.
        match self.counts.iter_mut().find(|one| (one.hour, one.what) == (new.hour, new.what)) {
            Some(one) => one.count += new.count,
            None => self.counts.push(new),
        }
    }

    pub(super) fn add_all(&mut self, others: Self) {
        others.counts.into_iter().for_each(|one| self.add(one));
    }

    /// What was counted, whichever hour it belongs to.
    pub(super) fn each(&self) -> impl Iterator<Item = (Counted, i64)> {
        self.counts.iter().map(|one| (one.what, one.count))
    }

    pub(super) fn count_in_lane(&mut self, lane: usize) {
        self.lane = Some(lane);
    }

    fn spelled(&self, what: Counted) -> String {
        let what = what.spelled();
        self.lane.map_or_else(|| what.clone(), |lane| format!("{what}{LANE}{lane}"))
    }

    pub(super) fn store(&self, conn: &mut Conn) -> Result<(), Error> {
        for HourCount { hour, what, count } in &self.counts {
            let what = self.spelled(*what);
            let this = hourly_counts::hour.eq(hour.0).and(hourly_counts::what.eq(&what));
            let more = hourly_counts::count.eq(hourly_counts::count + *count);
            if on!(conn, c => update!(hourly_counts::table, more, this).execute(c))? == 0 {
                let first =
                    (hourly_counts::hour.eq(hour.0), hourly_counts::what.eq(&what), hourly_counts::count.eq(*count));
                diesel::insert_into(hourly_counts::table).values(first).execute(conn)?;
            }
        }
        Ok(())
    }
}

/// All counts of the hours that begin at this moment or later, in their order.
pub fn since(conn: &mut Conn, from: UnixTime) -> Result<Vec<HourCount>, Error> {
    let rows: Vec<(i64, String, i64)> = hourly_counts::table
        .filter(hourly_counts::hour.ge(from.0))
        .order((hourly_counts::hour, hourly_counts::what))
        .load(conn)?;
    // A word that this version does not know is one of a newer version, which ran on this database before.
    let mut counts: Vec<HourCount> = Vec::new();
    for (hour, what, count) in rows {
        let (hour, Some(what)) = (UnixTime(hour), Counted::parse(&what)) else { continue };
        // What the lanes have counted comes one after the other.
        match counts.iter_mut().rev().take_while(|one| one.hour == hour).find(|one| one.what == what) {
            Some(one) => one.count += count,
            None => counts.push(HourCount { hour, what, count }),
        }
    }
    Ok(counts)
}

/// Deletes the counts of hours that began before this moment. Returns how many rows went.
pub fn prune(conn: &mut Conn, before: UnixTime) -> Result<usize, Error> {
    Ok(diesel::delete(hourly_counts::table.filter(hourly_counts::hour.lt(before.0))).execute(conn)?)
}
