//! Moments as people write them, in forms and on the command line.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::UnixTime;

/// Which second a date without a time of day stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareDate {
    /// The first second of that day.
    Begins,
    /// The last second of that day.
    Ends,
}

impl UnixTime {
    /// Reads `2026-11-25`, `2026-11-25T10:00` (seconds and a zone may follow), or seconds since the epoch. `zone` is for a text
    /// that names no zone. `None`: the text is none of these.
    pub fn read(text: &str, zone: &TimeZone, bare: BareDate) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self(seconds));
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self(timestamp.as_second()));
        }
        let local = |at: DateTime| at.to_zoned(zone.clone()).ok().map(|at| Self(at.timestamp().as_second()));
        // Looked for before a date with a time, because a date alone would parse as one too, at midnight.
        if let (Ok(day), false) = (text.parse::<Date>(), text.contains(':')) {
            let midnight = |day: Date| local(day.to_datetime(Time::midnight()));
            return match bare {
                BareDate::Begins => midnight(day),
                BareDate::Ends => midnight(day.checked_add(1.day()).ok()?).map(|next| next.plus(-1)),
            };
        }
        local(text.parse::<DateTime>().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_people_and_forms_write_it() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        let read = |text, bare| UnixTime::read(text, &madrid, bare).map(|at| at.0);
        assert_eq!(read("2026-11-25T10:00", BareDate::Begins), Some(1_795_597_200));
        assert_eq!(read("2026-11-25 10:00:30", BareDate::Begins), Some(1_795_597_230));
        assert_eq!(read("2026-11-25T09:00:00Z", BareDate::Begins), Some(1_795_597_200));
        assert_eq!(read("1795597200", BareDate::Begins), Some(1_795_597_200));
        assert_eq!(read("2026-11-25", BareDate::Begins), Some(1_795_561_200));
        assert_eq!(read("2026-11-25", BareDate::Ends), Some(1_795_561_200 + 24 * 3600 - 1));
        for text in ["", "yesterday", "2026-13-01", "10:00", "2026-11-25T25:00"] {
            assert_eq!(read(text, BareDate::Begins), None, "{text}");
        }
    }
}
