//! What can be seen on this machine: the folder, its files, the disk, the backup, the clock and the running server.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::faults::Fault;
use super::report::Report;
use crate::cli::caller::{Caller, Peer};
use crate::cli::health::on_this_machine;
use crate::cli::output::Failure;
use crate::config::Config;
use crate::domain::UnixTime;
use crate::installation::{Installation, Reached, Running, running};
use crate::store::audit::list;
use crate::store::instance::{self, BEGUN, LAST_BACKUP};

/// A backup may be so old, in seconds.
const BACKUP_AGE: i64 = 7 * 24 * 60 * 60;
/// A disk with less room than this is almost full, in bytes.
const LITTLE_ROOM: u64 = 100 * 1024 * 1024;
/// So is one with less than this and of which hardly a twentieth is free.
const SOME_ROOM: u64 = 2 * 1024 * 1024 * 1024;
/// By how much clocks may differ, in seconds: the codes of authenticator apps are good for half a minute.
pub(super) const CLOCK_DIFFERENCE: i64 = 10;

/// Looks at the files. Before the installation is opened, because that takes the rights of others away.
pub(super) fn look_at_files(config: &Config, report: &mut Report) -> Result<(), Failure> {
    let folder = &config.data_dir;
    let mode = mode(folder).map_err(|error| format!("can't look into {}: {error}", folder.display()))?;
    let public = (mode & 0o077 != 0).then(|| format!("{} has the mode {mode:o}", folder.display()));
    report.judge(Fault::FolderIsPublic, public);
    let mut public_files = Vec::new();
    for path in private_files(config)? {
        if let Ok(mode) = self::mode(&path)
            && mode & 0o077 != 0
        {
            public_files.push(format!("{} has the mode {mode:o}", path.display()));
        }
    }
    report.judge(Fault::FileIsPublic, (!public_files.is_empty()).then(|| public_files.join("; ")));
    let room = rustix::fs::statvfs(folder.as_path()).map_err(|error| format!("can't look at the disk: {error}"))?;
    let (free, whole) = (room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize);
    let is_little = free < LITTLE_ROOM || (free < SOME_ROOM && free < whole / 20);
    let seen = || format!("{} MB of {} MB are free where {} is", free >> 20, whole >> 20, folder.display());
    report.judge(Fault::Disk, is_little.then(seen));
    Ok(())
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

/// The keys in the data folder, and the database with the files beside it.
fn private_files(config: &Config) -> Result<Vec<PathBuf>, Failure> {
    let folder =
        std::fs::read_dir(&config.data_dir).map_err(|error| format!("can't look into the data folder: {error}"))?;
    let mut files = Vec::new();
    for entry in folder {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            files.push(path);
        }
    }
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

/// Looks at what the database says.
pub(super) fn look_at_database(installation: &Installation, now: UnixTime, report: &mut Report) -> Result<(), Failure> {
    let db = &installation.accounts.db;
    let backed_up = db.read(|conn| instance::moment(conn, LAST_BACKUP))?;
    let begun = db.read(|conn| instance::moment(conn, BEGUN))?;
    let since = backed_up.or(begun).unwrap_or(now);
    let seen = || match backed_up {
        Some(at) => format!("the last backup is {} days old", now.since(at) / 86_400),
        None => format!("there is none, and the first start was {} days ago", now.since(since) / 86_400),
    };
    report.judge(Fault::Backup, (now.since(since) > BACKUP_AGE).then(seen));
    Ok(())
}

/// When the newest event of the audit log was recorded.
pub(super) fn newest_event(installation: &Installation) -> Result<Option<UnixTime>, Failure> {
    Ok(installation.accounts.db.read(list::newest_at)?)
}

/// Asks the server that runs on this database whether it is ready.
pub(super) fn look_at_server(config: &Config, caller: &Caller, report: &mut Report) -> Result<(), Failure> {
    let listening = match running(&config.beside_database())? {
        Running::Yes(Some(Reached { listening, .. })) => listening,
        Running::Yes(None) => config.listen,
        // On a database server, others may serve it elsewhere.
        Running::No if config.database.file().is_none() => {
            report.leave_out(&[Fault::NotReady], "no node runs on this machine");
            return Ok(());
        }
        Running::No => {
            report.judge(Fault::NotReady, Some("no server runs on this data folder".into()));
            return Ok(());
        }
    };
    let address = on_this_machine(listening);
    let url = format!("http://{address}/").parse()?;
    let peer = Peer::of(&url).ok_or("that is no address of http")?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let wrong = match caller.send(&peer, request.as_bytes()) {
        Ok(Some(answer)) if answer.status == 200 => None,
        Ok(Some(answer)) => {
            let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
            Some(format!("/readyz says {}: {}", answer.status, body["reason"].as_str().unwrap_or("no reason")))
        }
        Ok(None) => Some(format!("the server at {address} does not answer")),
        Err(error) => Some(error.to_string()),
    };
    report.judge(Fault::NotReady, wrong);
    Ok(())
}
