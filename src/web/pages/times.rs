//! Moments as pages show them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::UnixTime;

/// A moment, as text for people and as ISO 8601 for machines.
pub(in crate::web) struct Time {
    pub(in crate::web) iso: String,
    pub(in crate::web) text: String,
}

pub(in crate::web) fn to_the_minute(zone: &TimeZone, moment: UnixTime) -> Time {
    formatted(zone, moment, "%Y-%m-%d %H:%M %Z")
}

pub(in crate::web) fn to_the_second(zone: &TimeZone, moment: UnixTime) -> Time {
    formatted(zone, moment, "%Y-%m-%d %H:%M:%S %Z")
}

/// Year first: the one order that nobody reads the wrong way round. The zone is named.
fn formatted(zone: &TimeZone, moment: UnixTime, format: &str) -> Time {
    let Ok(timestamp) = Timestamp::from_second(moment.0) else {
        // Beyond the year 9999, which a peer's token may name but no calendar has.
        return Time { iso: moment.0.to_string(), text: moment.0.to_string() };
    };
    let local = timestamp.to_zoned(zone.clone());
    Time { iso: timestamp.to_string(), text: local.strftime(format).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(to_the_minute(&madrid, UnixTime(1_795_374_306)).text, "2026-11-22 20:05 CET");
        assert_eq!(to_the_minute(&TimeZone::UTC, UnixTime(1_795_374_306)).iso, "2026-11-22T19:05:06Z");
        assert_eq!(to_the_minute(&TimeZone::UTC, UnixTime(i64::MAX)).text, i64::MAX.to_string());
    }
}
