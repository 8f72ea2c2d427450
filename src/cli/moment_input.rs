//! Reads a moment that the operator wrote.

use super::output::Failure;
use crate::config::Config;
use crate::domain::{BareDate, UnixTime};

/// In the setting `time_zone`, if the text names no zone. `bare`: which second a date without a time of day stands for.
pub(super) fn read_moment(config: &Config, text: &str, bare: BareDate) -> Result<UnixTime, Failure> {
    let read = UnixTime::read(text, &config.time_zone, bare);
    read.ok_or_else(|| "that is no moment; write 2026-11-25, 2026-11-25T10:00 or seconds since the epoch".into())
}
