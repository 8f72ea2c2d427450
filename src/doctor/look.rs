//! The looking. Each returns what is wrong; `None`: nothing is. What touches files or the database blocks.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Seen;
use crate::config::Config;
use crate::domain::UnixTime;
use crate::store::instance::{self, BEGUN, LAST_BACKUP};
use crate::store::outbox::State;
use crate::store::{Conn, Error};

/// A backup may be so old, in seconds.
const BACKUP_AGE: i64 = 7 * 24 * 60 * 60;
/// A disk with less room than this is almost full, in bytes.
const LITTLE_ROOM: u64 = 100 * 1024 * 1024;
/// So is one with less than this and of which hardly a twentieth is free.
const SOME_ROOM: u64 = 2 * 1024 * 1024 * 1024;
/// By how much clocks may differ, in seconds: the codes of authenticator apps are good for half a minute.
pub const CLOCK_DIFFERENCE: i64 = 10;
/// How long a mail may wait, in seconds. By then it was tried some six times.
const MAIL_WAIT: i64 = 10 * 60;

#[derive(Debug, thiserror::Error)]
pub enum NotLookedAt {
    #[error("can't look into {}", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("can't look at the disk")]
    Disk(#[source] io::Error),
}

/// Whether other users of the machine can look into the data folder.
pub fn folder(config: &Config) -> Result<Option<Seen>, NotLookedAt> {
    let folder = &config.data_dir;
    let mode = mode(folder).map_err(|source| NotLookedAt::Folder { path: folder.clone(), source })?;
    Ok(is_public(mode).then(|| Seen::Folder { folder: folder.clone(), mode }))
}

/// Whether they could read the keys in it, or the database and the files beside it.
pub fn files(config: &Config) -> Result<Option<Seen>, NotLookedAt> {
    let failed = |source| NotLookedAt::Folder { path: config.data_dir.clone(), source };
    let private = private_files(config).map_err(failed)?;
    // Not all are always there.
    let modes = private.into_iter().filter_map(|path| mode(&path).ok().map(|mode| (path, mode)));
    let public: Vec<_> = modes.filter(|(_, mode)| is_public(*mode)).collect();
    Ok((!public.is_empty()).then_some(Seen::Files(public)))
}

/// Whether the disk that the data folder is on is almost full.
pub fn disk(config: &Config) -> Result<Option<Seen>, NotLookedAt> {
    let folder = &config.data_dir;
    let room = rustix::fs::statvfs(folder.as_path()).map_err(|error| NotLookedAt::Disk(error.into()))?;
    let (free, whole) = (room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize);
    let is_little = free < LITTLE_ROOM || (free < SOME_ROOM && free < whole / 20);
    let seen = || Seen::LittleRoom { free_mb: free >> 20, whole_mb: whole >> 20, folder: folder.clone() };
    Ok(is_little.then(seen))
}

/// Whether there is no backup from the last seven days, nor was the first start in them.
pub fn backup(conn: &mut Conn, now: UnixTime) -> Result<Option<Seen>, Error> {
    let backed_up = instance::moment(conn, LAST_BACKUP)?;
    let since = backed_up.or(instance::moment(conn, BEGUN)?).unwrap_or(now);
    let days = now.since(since) / 86_400;
    let seen = || if backed_up.is_some() { Seen::OldBackup { days } } else { Seen::NoBackup { days } };
    Ok((now.since(since) > BACKUP_AGE).then(seen))
}

/// Whether the clock is behind the newest event of the audit log.
pub fn clock(newest: Option<UnixTime>, now: UnixTime) -> Option<Seen> {
    let seconds = newest?.since(now);
    (seconds > CLOCK_DIFFERENCE).then_some(Seen::ClockBehind { seconds })
}

/// Whether mails wait for longer than a mail server that works lets them.
pub fn mails(state: &State, now: UnixTime) -> Option<Seen> {
    let waits = now.since(state.oldest?);
    let outcome = state.trouble.map(|(outcome, _)| outcome);
    (waits > MAIL_WAIT).then_some(Seen::MailsWait { count: state.waiting, minutes: waits / 60, outcome })
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

fn is_public(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// The keys in the data folder.
pub fn key_files(config: &Config) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&config.data_dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The keys in the data folder, and the database with the files beside it.
fn private_files(config: &Config) -> io::Result<Vec<PathBuf>> {
    let mut files = key_files(config)?;
    if let Some(database) = config.database.file() {
        files.push(database.to_owned());
        for suffix in ["-wal", "-shm"] {
            let mut name = database.as_os_str().to_owned();
            name.push(suffix);
            files.push(name.into());
        }
    }
    files.sort();
    Ok(files)
}
