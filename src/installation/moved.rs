//! A file beside a database that was moved to a server: the database is refused from then on, because what has changed since is not in it,
//! such as which sessions have ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::files::with_suffix;

/// Tells, beside a database, where it was moved to.
pub(super) fn marker_of(database: &Path) -> PathBuf {
    with_suffix(database, ".moved")
}

/// An error if this database was moved.
pub(super) fn refuse_moved(database: &Path) -> Result<(), OpenError> {
    let marker = marker_of(database);
    match fs::read_to_string(&marker) {
        Ok(to) => Err(OpenError::Moved { database: database.to_owned(), to: to.trim().to_owned(), marker }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(OpenError::Folder { path: marker, source }),
    }
}
