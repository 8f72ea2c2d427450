//! Moves an installation's database to a PostgreSQL server. The data folder stays where it is, and the old database as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::OpenError;
use super::files::{give_to_the_folders_owner, with_suffix};
use super::moved::marker_of;
use super::open::Installation;
use crate::accounts::Operator;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{DatabaseUrl, PostgresUrl};
use crate::store;
use crate::store::audit::event::{Event, What};
use crate::store::audit::head::HeadFile;
use crate::store::move_rows::{MoveError, MovedRows, move_rows};

/// A database that was moved.
pub struct Moved {
    pub rows: MovedRows,
    /// Why the move is not on record in the audit log.
    pub not_recorded: Option<NotRecorded>,
}

/// Why a database was not moved. The messages are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MoveFailure {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the database {0} is on PostgreSQL already; only an SQLite database can be moved")]
    NoFile(String),
    #[error("the audit log has no key")]
    NoSeal,
    #[error("nothing was moved, and {database} is as it was")]
    NotMoved { database: PathBuf, source: MoveError },
    #[error(
        "all rows are in {to}, but {path} could not be written. Run the same command again: without that file, somebody could serve the \
         old database by mistake"
    )]
    NotMarked { to: String, path: PathBuf, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum NotRecorded {
    Open(#[from] OpenError),
    Store(#[from] store::Error),
}

impl Installation {
    /// Moves all rows into the database of the server, which is empty. No server may run on either. `progress` is called with the name
    /// of a table, how many of its rows are there, and how many it has.
    pub fn move_to(
        self,
        by: Operator,
        to: &PostgresUrl,
        progress: impl FnMut(&str, u64, u64),
    ) -> Result<Moved, MoveFailure> {
        let config = Arc::clone(&self.accounts.config);
        let DatabaseUrl::Sqlite(from) = &config.database else {
            return Err(MoveFailure::NoFile(config.database.to_string()));
        };
        let serving = self.lock()?;
        let seal = self.accounts.db.seal().ok_or(MoveFailure::NoSeal)?;
        let rows = move_rows(from, to, seal, progress)
            .map_err(|source| MoveFailure::NotMoved { database: from.clone(), source })?;
        // From here on the new database is the one that counts.
        let there = Config { database: DatabaseUrl::Postgres(Box::new(to.clone())), ..(*config).clone() };
        seal.write_head();
        let not_marked =
            |path: &Path, source| MoveFailure::NotMarked { to: to.to_string(), path: path.to_owned(), source };
        let head = with_suffix(&there.beside_database(), HeadFile::SUFFIX);
        copy_head(&with_suffix(from, HeadFile::SUFFIX), &head).map_err(|source| not_marked(&head, source))?;
        let marker = marker_of(from);
        mark(&marker, &to.to_string()).map_err(|source| not_marked(&marker, source))?;
        drop(self);
        drop(serving);
        let not_recorded = record(there, by).err();
        Ok(Moved { rows, not_recorded })
    }
}

/// Puts what names the newest event of the audit log beside the new database. Without it, that log would look as if it had been cut off.
fn copy_head(from: &Path, to: &Path) -> io::Result<()> {
    match fs::copy(from, to) {
        Ok(_) => give_to_the_folders_owner(to),
        // Then no event was ever recorded.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn mark(marker: &Path, to: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(marker)?;
    writeln!(file, "{to}")?;
    file.sync_all()?;
    give_to_the_folders_owner(marker)?;
    match marker.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Records the move in the new database, by opening the installation as the next start will: what would keep it from starting is found
/// now.
fn record(there: Config, by: Operator) -> Result<(), NotRecorded> {
    let there = Installation::open_existing(&Arc::new(there), Clock::default())?;
    let accounts = &there.accounts;
    let recorded = accounts.db.write(by, accounts.now(), |tx, by| Event::new(What::DatabaseMoved, &by).record(tx));
    Ok(recorded.committed()?)
}
