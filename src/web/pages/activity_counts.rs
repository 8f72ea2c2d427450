//! Counts by the hour as pages show them: sorted into the hours or days of a span, in the set time zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::bars::Count;
use crate::domain::{Reason, UnixTime};
use crate::store::hourly_counts::{Counted, HourCount, hour_of};

const AN_HOUR: i64 = 60 * 60;
/// How many hours and days are shown.
const HOURS: i64 = 24;
pub(in crate::web) const DAYS: i64 = 30;

/// What is shown beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Kind {
    SignedIn,
    Failed,
    Renewed,
    Ended,
}

impl Kind {
    pub(in crate::web) const ALL: [Self; 4] = [Self::SignedIn, Self::Failed, Self::Renewed, Self::Ended];

    fn of(what: Counted) -> Self {
        match what {
            Counted::SignedIn => Self::SignedIn,
            Counted::SignInFailed | Counted::UnknownName => Self::Failed,
            Counted::Renewed => Self::Renewed,
            Counted::Ended(_) => Self::Ended,
        }
    }
}

fn is_danger(what: Counted) -> bool {
    match what {
        Counted::Ended(reason) => reason.is_danger(),
        Counted::SignedIn | Counted::SignInFailed | Counted::UnknownName | Counted::Renewed => false,
    }
}

/// An hour or a day.
pub(in crate::web) struct Slot {
    pub(in crate::web) from: UnixTime,
    /// Its last second.
    pub(in crate::web) until: UnixTime,
    /// In the order of [`Kind::ALL`].
    pub(in crate::web) counts: [Count; 4],
}

impl Slot {
    fn new(from: UnixTime, until: UnixTime) -> Self {
        Self { from, until, counts: [Count::default(); 4] }
    }

    pub(in crate::web) fn count(&self, kind: Kind) -> Count {
        self.counts[kind as usize]
    }
}

/// The last 24 hours, the present one last.
pub(in crate::web) fn hours(counts: &[HourCount], now: UnixTime) -> Vec<Slot> {
    let this = hour_of(now);
    let slots = (0..HOURS).rev().map(|back| {
        let from = this.plus(-back * AN_HOUR);
        Slot::new(from, from.plus(AN_HOUR - 1))
    });
    sorted_into(slots.collect(), counts)
}

/// The last 30 days, today last. Where the zone is not whole hours from UTC, the hour in which a day begins counts for the day before.
pub(in crate::web) fn days(counts: &[HourCount], now: UnixTime, zone: &TimeZone) -> Vec<Slot> {
    let Ok(timestamp) = Timestamp::from_second(now.0) else { return Vec::new() };
    let today = timestamp.to_zoned(zone.clone()).date();
    let slots = (0..DAYS).rev().filter_map(|back| {
        let day = today.checked_sub(back.days()).ok()?;
        let from = first_hour(day, zone)?;
        let until = first_hour(day.tomorrow().ok()?, zone)?;
        Some(Slot::new(from, until.plus(-1)))
    });
    sorted_into(slots.collect(), counts)
}

/// The first whole hour of UTC in a day.
fn first_hour(day: Date, zone: &TimeZone) -> Option<UnixTime> {
    let begin = UnixTime(day.to_zoned(zone.clone()).ok()?.timestamp().as_second());
    Some(hour_of(begin.plus(AN_HOUR - 1)))
}

fn sorted_into(mut slots: Vec<Slot>, counts: &[HourCount]) -> Vec<Slot> {
    for one in counts {
        // The slots are in order and have no gaps.
        let after = slots.partition_point(|slot| slot.from <= one.hour);
        if let Some(slot) =
            after.checked_sub(1).and_then(|nth| slots.get_mut(nth)).filter(|slot| one.hour <= slot.until)
        {
            let count = &mut slot.counts[Kind::of(one.what) as usize];
            count.all += one.count;
            if is_danger(one.what) {
                count.danger += one.count;
            }
        }
    }
    slots
}

/// How often something happened from this moment on.
pub(in crate::web) fn total(counts: &[HourCount], what: Counted, since: UnixTime) -> i64 {
    counts.iter().filter(|one| one.what == what && one.hour >= since).map(|one| one.count).sum()
}

/// For which reasons how many sessions ended from this moment on, the most frequent first.
pub(in crate::web) fn ends(counts: &[HourCount], since: UnixTime) -> Vec<(Reason, i64)> {
    let mut ends: Vec<_> = Reason::ALL
        .iter()
        .map(|reason| (*reason, total(counts, Counted::Ended(*reason), since)))
        .filter(|(_, count)| *count > 0)
        .collect();
    ends.sort_by_key(|(_, count)| -count);
    ends
}

/// How many sign-ins failed in this hour and the last, if that is far more than usual: what an attack looks like.
pub(in crate::web) fn sudden_failures(counts: &[HourCount], now: UnixTime) -> Option<i64> {
    /// Fewer than these are people who mistype.
    const FEW: i64 = 50;
    /// So many times the usual is far more.
    const FAR_MORE: i64 = 10;
    let last = hour_of(now).plus(-AN_HOUR);
    let failures = counts.iter().filter(|one| Kind::of(one.what) == Kind::Failed);
    let (mut lately, mut before) = (0, 0);
    for one in failures {
        *(if one.hour >= last { &mut lately } else { &mut before }) += one.count;
    }
    // Two hours, beside all of them.
    let usual = before * 2 / (DAYS * HOURS);
    (lately >= FEW && lately >= usual * FAR_MORE).then_some(lately)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 19:05:06 UTC
    const NOW: UnixTime = UnixTime(1_795_374_306);

    fn count(hours_ago: i64, what: Counted, count: i64) -> HourCount {
        HourCount { hour: hour_of(NOW).plus(-hours_ago * AN_HOUR), what, count }
    }

    #[test]
    fn each_count_lies_in_its_hour_and_day() {
        let counts = [
            count(24, Counted::SignedIn, 1),
            count(23, Counted::SignedIn, 2),
            count(0, Counted::SignedIn, 4),
            count(0, Counted::Ended(Reason::Reuse), 8),
            count(0, Counted::Ended(Reason::Logout), 16),
        ];
        let hours = hours(&counts, NOW);
        let signed_in: Vec<_> = hours.iter().map(|slot| slot.count(Kind::SignedIn).all).collect();
        assert_eq!((signed_in.len(), signed_in[0], signed_in[23]), (24, 2, 4));
        assert_eq!(signed_in.iter().sum::<i64>(), 6, "what is older is not shown");
        assert_eq!(hours[23].count(Kind::Ended), Count { all: 24, danger: 8 });
        let days = days(&counts, NOW, &TimeZone::get("Europe/Madrid").unwrap());
        let signed_in: Vec<_> = days.iter().map(|slot| slot.count(Kind::SignedIn).all).collect();
        // It is eight in the evening in Madrid.
        assert_eq!((signed_in.len(), signed_in[28], signed_in[29]), (30, 3, 4));
    }

    #[test]
    fn days_have_no_gap_between_them_whatever_the_zone_and_its_changes() {
        for zone in ["UTC", "Europe/Madrid", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe"] {
            let days = days(&[], NOW, &TimeZone::get(zone).unwrap());
            assert_eq!(days.len(), 30, "{zone}");
            assert!(days.windows(2).all(|pair| pair[0].until.plus(1) == pair[1].from), "{zone}");
            assert!(days[29].from <= NOW && NOW <= days[29].until, "{zone}");
        }
    }

    #[test]
    fn an_attack_is_far_more_than_usual() {
        let usual: Vec<_> = (2..720).map(|hours_ago| count(hours_ago, Counted::SignInFailed, 20)).collect();
        let with = |lately| {
            let now = [count(0, Counted::UnknownName, lately), count(1, Counted::SignInFailed, 5)];
            sudden_failures(&usual.iter().chain(&now).copied().collect::<Vec<_>>(), NOW)
        };
        assert_eq!(with(300), None);
        assert_eq!(with(400), Some(405));
        assert_eq!(sudden_failures(&[count(0, Counted::SignInFailed, 49)], NOW), None);
        assert_eq!(sudden_failures(&[count(0, Counted::SignInFailed, 50)], NOW), Some(50));
    }
}
