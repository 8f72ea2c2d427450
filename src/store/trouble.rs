//! What is wrong with the database, in words for the operator, by what SQLite or the system says of it.

use std::error::Error;
use std::path::Path;

use diesel::result::DatabaseErrorInformation;

/// What is told of a damaged database.
pub const MALFORMED: &str = "the database is malformed: restore a backup";

/// What the messages say, and what that means. The first that fits counts.
const MEANINGS: [(&str, &str); 20] = [
    ("database or disk is full", "the disk is full"),
    ("No space left on device", "the disk is full"),
    ("is locked", "another process holds the database"),
    ("is not a database", "the file is not a database"),
    ("is malformed", MALFORMED),
    ("malformed database schema", MALFORMED),
    ("*** in database", MALFORMED),
    ("disk I/O error", "the disk failed to read or write"),
    ("readonly database", "the database can't be written to by this user"),
    ("unable to open database file", "the database's file can't be opened"),
    ("password authentication failed", "the server does not know this user or password"),
    ("no password supplied", "the server asks for a password: set database_password_file"),
    (
        "\" does not exist",
        "there is no database or user of that name on the server: make it with createdb or createuser",
    ),
    ("Connection refused", "no server listens there, or it is starting"),
    ("could not translate host name", "the server's name has no address"),
    ("no pg_hba.conf entry", "the server lets nobody in from here: see its pg_hba.conf"),
    ("certificate verify failed", "the server's certificate is not one that database_ca_file vouches for"),
    ("too many clients", "the server has no connection left: raise its max_connections"),
    ("read-only transaction", "the server takes no changes: it is a replica, or set so"),
    ("lock timeout", "another process holds the database"),
];

/// What PostgreSQL says of a statement or a value that it will never take, as far as it says so without naming a place in the statement.
const FAULTS: [&str; 5] =
    ["out of range", "invalid byte sequence", "invalid input syntax", "index row", "current transaction is aborted"];

/// Whether an error that Diesel has no name for is a fault of ours, which trying again does not mend. Diesel does not pass on PostgreSQL's
/// code of the error. But only a statement that the server does not understand has a place where it stops doing so.
pub(super) fn is_fault(error: &dyn DatabaseErrorInformation) -> bool {
    error.statement_position().is_some() || FAULTS.iter().any(|says| error.message().contains(says))
}

/// What is wrong, if this text says one of the things that happen to databases.
pub fn meaning(text: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(says, _)| text.contains(says)).map(|(_, meaning)| *meaning)
}

/// The same as the end of a sentence: `: the disk is full`, or nothing.
pub(super) fn named(error: &dyn Error) -> String {
    named_in(&error.to_string())
}

pub(super) fn named_in(text: &str) -> String {
    meaning(text).map_or_else(String::new, |meaning| format!(": {meaning}"))
}

/// Less room than this is none: one change can take as much.
const LEAST_ROOM: u64 = 64 * 1024;

/// Less room than this is little, however small the database is.
const LITTLE_ROOM: u64 = 200 * 1024 * 1024;

/// Whether there is no room left on the disk of this file. `false` if that can't be found out.
pub(super) fn is_full(path: &Path) -> bool {
    room(path).is_some_and(|room| room < LEAST_ROOM)
}

/// The room that is left on the disk of this database, in bytes, if it is little: a backup needs as much as the database itself. `None`:
/// there is enough, or that can't be found out.
pub fn little_room(database: &Path) -> Option<u64> {
    let size = std::fs::metadata(database).ok()?.len();
    room(database).filter(|room| *room < LITTLE_ROOM.max(size))
}

/// The room that is left on the disk of this file, in bytes. `None`: that can't be found out.
fn room(path: &Path) -> Option<u64> {
    // Some file systems don't count.
    let disk = rustix::fs::statvfs(path).ok().filter(|disk| disk.f_blocks > 0)?;
    // What is kept back for root is room for root.
    let blocks = if rustix::process::geteuid().is_root() { disk.f_bfree } else { disk.f_bavail };
    Some(blocks.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_named_and_others_are_left_as_they_are() {
        assert_eq!(named_in("database disk image is malformed"), ": the database is malformed: restore a backup");
        assert_eq!(named_in("database is locked"), ": another process holds the database");
        assert_eq!(named_in("UNIQUE constraint failed: users.canonical"), "");
    }
}
