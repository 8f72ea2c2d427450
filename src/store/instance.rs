//! Facts about the database as a whole: the fingerprints of the keys that go with it, and how many of the commands' changes a
//! running server has taken up.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::schema::instance;
use crate::domain::UnixTime;

/// Fingerprint of the signing key, if the settings give it. (Keys that Portero keeps itself have rows in `signing_keys`.)
pub const SIGNING_KEY: &str = "signing_key";
/// Fingerprint of the pepper.
pub const PEPPER: &str = "pepper";
/// Fingerprint of the key that seals the secrets of second factors.
pub const FACTOR_KEY: &str = "factor_key";
/// When the first keys were about to be made for this database, in seconds since the epoch.
pub const BEGUN: &str = "begun";
/// When the last backup was made that was found whole, in seconds since the epoch.
pub const LAST_BACKUP: &str = "last_backup";
/// When the database was restored from a backup, in seconds since the epoch.
pub const RESTORED: &str = "restored";
/// Browsers that were trusted up to this moment are no longer, in seconds since the epoch.
pub(super) const BROWSERS_TRUSTED_SINCE: &str = "browsers_trusted_since";
/// Since when everything is counted by the hour, in seconds since the epoch: from before, only what was on record is. Not set if
/// everything was counted from the beginning.
pub const ALL_COUNTED_SINCE: &str = "all_counted_since";
/// How many changes were made by commands while a server was running.
const CHANGED: &str = "changed";
/// The number of the last audit event whose address was cleared because of its age.
pub(super) const AUDIT_CLEARED: &str = "audit_cleared";
/// How many of those changes a server enforces.
const TAKEN_UP: &str = "taken_up";
/// When the database last took a change that was made to see whether it does.
const PROBED: &str = "probed";

pub fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, Error> {
    Ok(instance::table.find(name.to_owned()).select(instance::value).get_result(conn).optional()?)
}

pub fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), Error> {
    let changed = diesel::update(instance::table.find(name.to_owned())).set(instance::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(instance::table)
            .values((instance::name.eq(name), instance::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}

/// Counts one more change by a command and returns the new count. The running server notes when it enforces that change
/// ([`taken_up`]).
pub fn note_change(conn: &mut Conn) -> Result<i64, Error> {
    let count = number(conn, CHANGED)? + 1;
    set(conn, CHANGED, &count.to_string())?;
    Ok(count)
}

/// How many changes commands have made. To be read before memory is loaded, and handed to [`note_taken_up`] afterwards.
pub fn changed(conn: &mut Conn) -> Result<i64, Error> {
    number(conn, CHANGED)
}

/// Notes that memory enforces the first `count` changes.
pub fn note_taken_up(conn: &mut Conn, count: i64) -> Result<(), Error> {
    if number(conn, TAKEN_UP)? == count { Ok(()) } else { set(conn, TAKEN_UP, &count.to_string()) }
}

/// How many of the commands' changes a server enforces.
pub fn taken_up(conn: &mut Conn) -> Result<i64, Error> {
    number(conn, TAKEN_UP)
}

/// Changes a row, to see whether the database takes it.
pub(super) fn note_probe(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    set(conn, PROBED, &now.0.to_string())
}

/// Tokens issued up to this moment are refused: their sessions may have begun after the backup that was restored then, so that
/// this database does not know them. The epoch if none ever was.
pub fn restored(conn: &mut Conn) -> Result<UnixTime, Error> {
    Ok(UnixTime(number(conn, RESTORED)?))
}

/// A fact that is a moment. `None`: it is not set.
pub fn moment(conn: &mut Conn, name: &str) -> Result<Option<UnixTime>, Error> {
    Ok(Some(number(conn, name)?).filter(|seconds| *seconds > 0).map(UnixTime))
}

pub(super) fn number(conn: &mut Conn, name: &str) -> Result<i64, Error> {
    match get(conn, name)? {
        None => Ok(0),
        Some(text) => known(text.parse().ok(), "count", &text),
    }
}
