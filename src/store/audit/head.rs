//! A file beside the database that names the newest event of the audit log: whoever puts an older state of the log in its place has to
//! think of this file too. It is written after the commit, at most once a second, and not synced: it may lag behind, but is never ahead.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error_chain::chain;

/// Length of a MAC, in bytes.
pub(super) const MAC_BYTES: usize = 32;
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// An event by its number and MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub n: i64,
    pub mac: Vec<u8>,
}

impl Head {
    pub(super) fn new(n: i64, mac: &[u8]) -> Self {
        Self { n, mac: mac.to_vec() }
    }

    /// Reads a number, with or without zeros before it, a colon, and the MAC in hexadecimal.
    pub fn parse(text: &str) -> Option<Self> {
        let (n, mac) = text.trim().split_once(':')?;
        let mac = hex::decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        Some(Self { n: n.parse().ok()?, mac })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.n, hex::encode(&self.mac))
    }
}

/// The file, and what it does not say yet.
pub struct HeadFile {
    path: PathBuf,
    database: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The newest event that this process has recorded.
    newest: Option<Head>,
    unwritten: Option<Head>,
    written: Option<Instant>,
}

impl HeadFile {
    /// What follows the database's name in the file's.
    pub const SUFFIX: &'static str = ".audit-head";

    /// The file beside this database.
    pub fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push(Self::SUFFIX);
        Self { path: path.into(), database: database.to_owned(), state: Mutex::default() }
    }

    /// `None`: there is no file, or it says nothing that could be read. An error: this user may not read it.
    pub(super) fn read(&self) -> io::Result<Option<Head>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Head::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The newest event that this process has recorded. `None`: none yet.
    pub(super) fn newest(&self) -> Option<Head> {
        self.state().newest.clone()
    }

    /// Writes the event down, unless another was within the last second: then later.
    pub(super) fn note(&self, head: Head) {
        let mut state = self.state();
        state.newest = Some(head.clone());
        state.unwritten = Some(head);
        if state.written.is_none_or(|written| written.elapsed() >= AT_MOST_EVERY) {
            self.write_unwritten(&mut state);
        }
    }

    /// Writes the event down at once.
    pub(super) fn write(&self, head: Head) {
        let mut state = self.state();
        state.newest = Some(head.clone());
        state.unwritten = Some(head);
        self.write_unwritten(&mut state);
    }

    /// Writes down what was put off.
    pub(super) fn write_rest(&self) {
        let mut state = self.state();
        self.write_unwritten(&mut state);
    }

    fn write_unwritten(&self, state: &mut State) {
        let Some(head) = state.unwritten.take() else { return };
        state.written = Some(Instant::now());
        // The event is stored; that it is not written down here too is for the operator to know, and no reason to fail.
        if let Err(error) = self.replace(&head) {
            tracing::warn!(event = "audit_head_not_written", path = %self.path.display(), error = %chain(&error));
            state.unwritten = Some(head);
        }
    }

    /// Over what is there and of the same length, so that a power cut leaves the old line or the new one, but no empty file.
    fn replace(&self, head: &Head) -> io::Result<()> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&self.path)?;
        let is_new = file.metadata()?.len() == 0;
        file.write_all_at(format!("{:020}:{}\n", head.n, hex::encode(&head.mac)).as_bytes(), 0)?;
        if is_new {
            // A command may be run by root, and the server by another user. Whoever isn't root has made a file of their own.
            // Of a database on a server there is only the folder.
            let owner = fs::metadata(&self.database).or_else(|_| fs::metadata(folder_of(&self.path)))?;
            drop(std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid())));
            file.sync_all()?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Drop for HeadFile {
    fn drop(&mut self) {
        self.write_rest();
    }
}
