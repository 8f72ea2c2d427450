//! The lock that makes one process the server of a database. In the locked file that server notes where it can be reached, for the
//! commands beside it. Whatever stands in a file that nobody has locked is stale.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use url::Url;

use super::error::OpenError;
use super::files::with_suffix;
use crate::domain::{DatabaseUrl, ListenAddress};

/// How long a start waits for the lock: a command that looks whether there is a server holds it for a moment.
const LOCK_WAIT: Duration = Duration::from_millis(500);
/// Longer than an address and a `public_url`.
const MOST_BYTES: u64 = 4096;

/// While this is there, no other process can serve the database.
pub struct Serving {
    file: File,
}

/// What a running server has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub listening: ListenAddress,
    /// Its setting.
    pub public_url: Option<Url>,
}

impl Serving {
    /// An error if another process of this machine serves the database. `beside`: the path that the files beside it begin with.
    pub(super) fn begin(database: &DatabaseUrl, beside: &Path) -> Result<Self, OpenError> {
        let path = lock_path(beside);
        let failed = |source| OpenError::LockFile { path: path.clone(), source };
        // For appending, so that what was written is not found behind a gap after the file was emptied.
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => {
                    // Not empty until a clean stop: see `examine`. If that can't be noted, on a full disk, a `-wal` that is left tells
                    // the same.
                    drop(
                        file.set_len(0).and_then(|()| (&file).write_all(b"starting\n")).and_then(|()| file.sync_all()),
                    );
                    return Ok(Self { file });
                }
                Err(fs::TryLockError::WouldBlock) if begin.elapsed() < LOCK_WAIT => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(fs::TryLockError::WouldBlock) => return Err(OpenError::Served { database: database.clone() }),
                Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Notes where this server can be reached. That it can't be noted, on a full disk, is no reason not to serve.
    pub fn note(&self, reached: &Reached) {
        let public_url = reached.public_url.as_ref().map(Url::as_str).unwrap_or_default();
        let text = format!("{}\n{public_url}\n", reached.listening);
        if let Err(error) = self.file.set_len(0).and_then(|()| (&self.file).write_all(text.as_bytes())) {
            tracing::warn!(
                event = "address_not_noted",
                error = %error,
                "commands beside this server take its address from their own settings"
            );
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // An empty file tells the next start that this stop was clean. If it can't be emptied, that one checks the database.
        drop(self.file.set_len(0));
    }
}

/// Whether a server runs on this database, and what it has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Running {
    No,
    Yes(Option<Reached>),
}

/// Looks whether a server of this machine runs on the database whose files begin with this path. Makes nothing.
pub fn running(beside: &Path) -> Result<Running, OpenError> {
    let path = lock_path(beside);
    let failed = |source| OpenError::LockFile { path: path.clone(), source };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Running::No),
        Err(source) => return Err(failed(source)),
    };
    // Shared, so that no command takes another that looks at the same time for a server.
    match file.try_lock_shared() {
        Ok(()) => Ok(Running::No),
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = Vec::new();
            Read::by_ref(&mut file).take(MOST_BYTES).read_to_end(&mut text).map_err(failed)?;
            Ok(Running::Yes(read(&String::from_utf8_lossy(&text))))
        }
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// `None`: the server has noted nothing yet.
fn read(text: &str) -> Option<Reached> {
    let mut lines = text.lines();
    let listening = lines.next()?.parse().ok()?;
    let public_url = lines.next().filter(|line| !line.is_empty()).and_then(|line| Url::parse(line).ok());
    Some(Reached { listening, public_url })
}

fn lock_path(beside: &Path) -> PathBuf {
    with_suffix(beside, ".lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(database: &Path) -> Result<Serving, OpenError> {
        Serving::begin(&DatabaseUrl::Sqlite(database.to_owned()), database)
    }

    #[test]
    fn what_a_server_noted_counts_only_while_it_runs() {
        let folder = tempfile::TempDir::new().unwrap();
        let database = folder.path().join("portero.db");
        assert_eq!(running(&database).unwrap(), Running::No);
        assert!(!lock_path(&database).exists(), "whoever only looks makes nothing");

        let serving = begin(&database).unwrap();
        assert_eq!(running(&database).unwrap(), Running::Yes(None));
        let public_url = Some(Url::parse("https://login.example").unwrap());
        for (listening, public_url) in [("127.0.0.1:8080", public_url), ("unix:/run/portero.sock", None)] {
            let reached = Reached { listening: listening.parse().unwrap(), public_url };
            serving.note(&reached);
            assert_eq!(running(&database).unwrap(), Running::Yes(Some(reached)));
        }
        assert!(matches!(begin(&database), Err(OpenError::Served { .. })));
        drop(serving);
        assert_eq!(running(&database).unwrap(), Running::No);
        assert_eq!(fs::read(lock_path(&database)).unwrap(), b"");

        fs::write(lock_path(&database), "127.0.0.1:9\n\n").unwrap();
        assert_eq!(running(&database).unwrap(), Running::No, "left by a server that was killed");
    }

    #[test]
    fn a_command_that_looks_keeps_no_server_from_starting() {
        let folder = tempfile::TempDir::new().unwrap();
        let database = folder.path().join("portero.db");
        let looking = File::create(lock_path(&database)).unwrap();
        looking.lock_shared().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                looking.unlock().unwrap();
            });
            assert!(begin(&database).is_ok());
        });
    }
}
