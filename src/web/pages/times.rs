//! Moments as pages show them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::UnixTime;

/// A moment, as text for people and as ISO 8601 for machines.
pub(in crate::web) struct Time {
    pub(in crate::web) iso: String,
    pub(in crate::web) text: String,
    /// How long ago it was, where pages say that instead.
    pub(in crate::web) ago: Option<String>,
}

/// How long ago something was, in the largest unit that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Ago {
    Seconds,
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

impl Ago {
    /// `None`: the moment is still to come, or so far back that its date says more.
    pub(in crate::web) fn between(moment: UnixTime, now: UnixTime) -> Option<Self> {
        const MINUTE: i64 = 60;
        const HOUR: i64 = 60 * MINUTE;
        const DAY: i64 = 24 * HOUR;
        match now.0.saturating_sub(moment.0) {
            0..MINUTE => Some(Self::Seconds),
            seconds @ MINUTE..HOUR => Some(Self::Minutes(seconds / MINUTE)),
            seconds @ HOUR..DAY => Some(Self::Hours(seconds / HOUR)),
            seconds if (DAY..30 * DAY).contains(&seconds) => Some(Self::Days(seconds / DAY)),
            _ => None,
        }
    }
}

pub(in crate::web) fn to_the_minute(zone: &TimeZone, moment: UnixTime) -> Time {
    formatted(zone, moment, "%Y-%m-%d %H:%M\u{a0}%Z")
}

pub(in crate::web) fn to_the_second(zone: &TimeZone, moment: UnixTime) -> Time {
    formatted(zone, moment, "%Y-%m-%d %H:%M:%S\u{a0}%Z")
}

/// The date and, to the minute, the time of day: for an axis, whose zone is named beside it.
pub(in crate::web) fn clock(zone: &TimeZone, moment: UnixTime) -> (String, String) {
    (formatted(zone, moment, "%Y-%m-%d").text, formatted(zone, moment, "%H:%M").text)
}

/// Year first: the one order that nobody reads the wrong way round. The zone is named, and never stands in a line of its own.
fn formatted(zone: &TimeZone, moment: UnixTime, format: &str) -> Time {
    let Ok(timestamp) = Timestamp::from_second(moment.0) else {
        // Beyond the year 9999, which a peer's token may name but no calendar has.
        return Time { iso: moment.0.to_string(), text: moment.0.to_string(), ago: None };
    };
    let local = timestamp.to_zoned(zone.clone());
    Time { iso: timestamp.to_string(), text: local.strftime(format).to_string(), ago: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(to_the_minute(&madrid, UnixTime(1_795_374_306)).text, "2026-11-22 20:05\u{a0}CET");
        assert_eq!(to_the_minute(&TimeZone::UTC, UnixTime(1_795_374_306)).iso, "2026-11-22T19:05:06Z");
        assert_eq!(to_the_minute(&TimeZone::UTC, UnixTime(i64::MAX)).text, i64::MAX.to_string());
    }

    #[test]
    fn what_was_long_ago_or_is_still_to_come_is_told_by_its_date() {
        let now = UnixTime(1_795_374_306);
        for (seconds, expected) in [
            (0, Some(Ago::Seconds)),
            (59, Some(Ago::Seconds)),
            (60, Some(Ago::Minutes(1))),
            (3_599, Some(Ago::Minutes(59))),
            (3_600, Some(Ago::Hours(1))),
            (86_399, Some(Ago::Hours(23))),
            (86_400, Some(Ago::Days(1))),
            (30 * 86_400 - 1, Some(Ago::Days(29))),
            (30 * 86_400, None),
            (-1, None),
            (i64::MAX, None),
        ] {
            assert_eq!(Ago::between(UnixTime(now.0.saturating_sub(seconds)), now), expected, "{seconds}");
        }
    }
}
