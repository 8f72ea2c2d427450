//! What the database looks like before it is opened. To open one that is not whole would change it, and a `-wal` beside it that belongs to
//! another database would be written into it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::OpenError;
use super::files::{PEPPER_FILE, SIGNING_KEY_PREFIX, with_suffix};
use crate::config::Config;
use crate::store::DatabaseCheck;
use crate::store::wal::belongs_together;

/// How long the start waits for the check of the whole database. What takes longer goes on beside the server.
const CHECK_WAIT: Duration = Duration::from_secs(2);
/// SQLite changes both files at nearly the same time. A database that was changed so many seconds after its `-wal` was put there.
const REPLACED_AFTER: i64 = 10;

/// How the server that ran last came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastStop {
    Clean,
    /// It was killed, or the files were copied, perhaps while it ran.
    Unknown,
}

/// Reads it from the lock file, which a server empties when it stops.
pub(super) fn last_stop(database: &Path) -> LastStop {
    match fs::metadata(with_suffix(database, ".lock")) {
        Ok(lock) if lock.len() == 0 => LastStop::Clean,
        Ok(_) | Err(_) => LastStop::Unknown,
    }
}

/// Looks at the files without changing them. Unless it is known that the database is whole, this checks it, for two seconds at most; the
/// check that is returned may still be under way. Not to be called while a server runs.
pub(super) fn examine(config: &Config, database: &Path, last_stop: LastStop) -> Result<DatabaseCheck, OpenError> {
    let wal = with_suffix(database, "-wal");
    let found = |path: &Path| {
        let found = metadata(path).map_err(failed(path))?;
        Ok::<_, OpenError>(found.filter(|file| file.len() > 0))
    };
    // In this order: another process may be making an installation just now, and it begins with the database.
    let (keys, of_wal, of_database) = (refuse_keys_without_database(config), found(&wal)?, found(database)?);
    let Some(of_database) = of_database else {
        return match of_wal {
            // SQLite would delete it.
            Some(_) => Err(OpenError::WalWithoutDatabase { wal, database: database.to_owned() }),
            None => keys.map(|()| DatabaseCheck::unneeded()),
        };
    };
    let hint = match &of_wal {
        Some(of_wal) if last_change(&of_database) - last_change(of_wal) > REPLACED_AFTER => {
            Some(format!("; if both were copied here together, run `touch {}`", wal.display()))
        }
        Some(_) if !belongs_together(database, &wal).map_err(failed(database))? => Some(String::new()),
        Some(_) => None,
        None if last_stop == LastStop::Clean => return Ok(DatabaseCheck::unneeded()),
        None => None,
    };
    if let Some(hint) = hint {
        return Err(OpenError::OtherWal {
            wal,
            shm: with_suffix(database, "-shm"),
            database: database.to_owned(),
            hint,
        });
    }
    let check = DatabaseCheck::start(database, CHECK_WAIT).map_err(OpenError::CheckNotStarted)?;
    match check.fault() {
        Some(what) => Err(malformed(database, what, of_wal.is_some())),
        None => Ok(check),
    }
}

/// Keys that no database goes with: it was lost, or the settings name another folder for it. Keys that the settings give don't count.
pub(super) fn refuse_keys_without_database(config: &Config) -> Result<(), OpenError> {
    match keys(config).map_err(failed(&config.data_dir))?.into_iter().next() {
        Some(key) => Err(OpenError::KeysWithoutDatabase { key, database: config.database.clone() }),
        None => Ok(()),
    }
}

/// The key files in the data folder that the settings let Portero use and that every database needs which was ever used.
fn keys(config: &Config) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(&config.data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_pepper = config.pepper.is_none() && name == PEPPER_FILE;
        let signs = config.signing_key.is_none() && name.starts_with(SIGNING_KEY_PREFIX) && name.ends_with(".key");
        if is_pepper || signs {
            keys.push(path);
        }
    }
    keys.sort();
    Ok(keys)
}

/// What to do about a database that is not whole.
pub(super) fn malformed(database: &Path, what: &str, has_wal: bool) -> OpenError {
    let hint = if has_wal {
        let (wal, shm) = (with_suffix(database, "-wal"), with_suffix(database, "-shm"));
        format!(
            "If you have put a copy of the database here, the files {} and {} belong to the one that was here before: move them away. ",
            wal.display(),
            shm.display()
        )
    } else {
        String::new()
    };
    OpenError::Malformed { database: database.to_owned(), what: what.to_owned(), hint }
}

/// In seconds since the epoch. A copy that keeps the times of its original still has its own time of the last change of state.
fn last_change(file: &Metadata) -> i64 {
    file.mtime().max(file.ctime())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::Folder { path: path.to_owned(), source }
}

fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
