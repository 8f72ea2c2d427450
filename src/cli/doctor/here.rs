//! What can be seen on this machine: the folder, its files, the disk, the backup, the clock and the running server.

use super::faults::Fault;
use super::report::Report;
use crate::cli::health;
use crate::cli::output::Failure;
use crate::config::Config;
use crate::doctor::{self, Seen};
use crate::domain::UnixTime;
use crate::installation::{Installation, Reached, Running, running};
use crate::store::audit::list;

/// Looks at the files. Before the installation is opened, because that takes the rights of others away.
pub(super) fn look_at_files(config: &Config, report: &mut Report) -> Result<(), Failure> {
    report.judge(Fault::FolderIsPublic, in_words(doctor::folder(config)?));
    report.judge(Fault::FileIsPublic, in_words(doctor::files(config)?));
    report.judge(Fault::Disk, in_words(doctor::disk(config)?));
    Ok(())
}

fn in_words(seen: Option<Seen>) -> Option<String> {
    seen.map(|seen| seen.to_string())
}

/// Looks at the keys, if they are sealed in the database.
pub(super) fn look_at_sealed_keys(installation: &Installation, report: &mut Report) -> Result<(), Failure> {
    let under = installation.sealed_under()?;
    if under.is_empty() {
        return Ok(());
    }
    let left = doctor::key_files(&installation.accounts.config)?;
    let seen = || left.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    report.judge(Fault::KeysInFolder, (!left.is_empty()).then(seen));
    let old: Vec<_> = under.iter().skip(1).map(|(id, count)| format!("{count} are under {id}")).collect();
    report.judge(Fault::OldMasterKey, (!old.is_empty()).then(|| old.join(", ")));
    Ok(())
}

/// Looks at what the database says.
pub(super) fn look_at_database(installation: &Installation, now: UnixTime, report: &mut Report) -> Result<(), Failure> {
    let found = installation.accounts.db.read(|conn| doctor::backup(conn, now))?;
    report.judge(Fault::Backup, in_words(found));
    Ok(())
}

/// When the newest event of the audit log was recorded.
pub(super) fn newest_event(installation: &Installation) -> Result<Option<UnixTime>, Failure> {
    Ok(installation.accounts.db.read(list::newest_at)?)
}

/// Asks the server that runs on this database whether it is ready.
pub(super) fn look_at_server(config: &Config, report: &mut Report) -> Result<(), Failure> {
    let listening = match running(&config.beside_database())? {
        Running::Yes(Some(Reached { listening, .. })) => listening,
        Running::Yes(None) => config.listen.clone(),
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
    let address = listening.on_this_machine();
    let wrong = match health::ask(&address, "/readyz") {
        Ok(Some((200, _))) => None,
        Ok(Some((status, body))) => {
            Some(format!("/readyz says {status}: {}", body["reason"].as_str().unwrap_or("no reason")))
        }
        Ok(None) => Some(format!("the server at {address} does not answer")),
        Err(error) => Some(format!("the server at {address} does not answer: {error}")),
    };
    report.judge(Fault::NotReady, wrong);
    Ok(())
}
