//! Restores a backup into an empty folder. Everything is checked, and made safe, in a folder of its own before anything gets its name:
//! an interrupted restore leaves nothing that looks like an installation.

use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, BackupError, DATABASE_FILE, Manifest, new_file};
use super::files::{give_to_the_folders_owner, with_suffix};
use super::open::Installation;
use super::temp_folder::TempFolder;
use crate::accounts::Operator;
use crate::accounts::people::after_restore::{RestoredAs, after_restore};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{DatabaseUrl, UnixTime};
use crate::store::audit::head::HeadFile;
use crate::store::find_damage;

const TEMP_PREFIX: &str = ".portero-restore-";

/// A backup that was checked and can be restored.
pub struct Restore {
    folder: PathBuf,
    restored: RestoredAs,
    manifest: Manifest,
    // In this order: the database is closed before its folder is removed.
    installation: Installation,
    temp: TempFolder,
    _made: MadeFolder,
}

/// Removes the folder again if nothing was put into it.
struct MadeFolder(Option<PathBuf>);

impl Drop for MadeFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            drop(fs::remove_dir(folder));
        }
    }
}

impl Restore {
    /// Reads and checks the backup; changes nothing that stays. `into`: where it becomes a copy to try out; `None` means where the settings
    /// look for the installation.
    pub fn check(config: &Config, clock: Clock, file: &Path, into: Option<&Path>) -> Result<Self, BackupError> {
        let folder = into.unwrap_or(&config.data_dir).to_owned();
        let restored = into.map_or(RestoredAs::Installation, |_| RestoredAs::Copy);
        if into.is_none() && config.database.file() != Some(&config.data_dir.join(DATABASE_FILE)) {
            return Err(BackupError::DatabaseElsewhere);
        }
        let failed = |source| BackupError::Write { path: folder.clone(), source };
        let made = MadeFolder(if folder.exists() { None } else { Some(folder.clone()) });
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        refuse_occupied(&folder)?;
        let temp = TempFolder::make(&folder, TEMP_PREFIX).map_err(failed)?;
        let manifest = archive::read(file, |name| new_file(&temp.path().join(name)))?;
        let database = temp.path().join(DATABASE_FILE);
        for setting in &manifest.not_included {
            let is_given = match setting.as_str() {
                "pepper" => config.pepper.is_some(),
                "factor_key" => config.factor_key.is_some(),
                _ => config.signing_key.is_some(),
            };
            if !is_given {
                return Err(BackupError::SettingMissing(setting.clone()));
            }
        }
        if let Some(what) = find_damage(&database).map_err(BackupError::Copy)? {
            return Err(BackupError::Damaged { path: file.to_owned(), what });
        }
        // As a server leaves it at a clean stop: the database was checked just now.
        new_file(&with_suffix(&database, ".lock")).map_err(failed)?;
        // This checks that the keys belong to the database, and brings that to this version's shape.
        let config =
            Config { data_dir: temp.path().to_owned(), database: DatabaseUrl::Sqlite(database), ..config.clone() };
        let installation = Installation::open_restored(&Arc::new(config), clock)?;
        Ok(Self { folder, restored, manifest, installation, temp, _made: made })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Changes made after this moment are not in the backup.
    pub fn made_at(&self) -> UnixTime {
        UnixTime(self.manifest.made_at)
    }

    /// Of the Portero that made the backup.
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// Restores it. Returns how many sessions ended.
    pub fn finish(self, by: Operator) -> Result<usize, BackupError> {
        let accounts = &self.installation.accounts;
        let ended = after_restore(accounts, by, self.restored, Some(self.made_at())).committed()?;
        // The last user of the database closes it.
        drop(self.installation);
        let database = self.temp.path().join(DATABASE_FILE);
        if fs::metadata(with_suffix(&database, "-wal")).is_ok_and(|wal| wal.len() > 0) {
            return Err(BackupError::NotWhole);
        }
        refuse_occupied(&self.folder)?;
        let keys = self.manifest.names().filter(|name| *name != DATABASE_FILE).map(str::to_owned);
        let audit_head = format!("{DATABASE_FILE}{}", HeadFile::SUFFIX);
        // The database is last: without it, keys are no installation.
        for name in keys.chain([audit_head, DATABASE_FILE.to_owned()]) {
            let path = self.folder.join(&name);
            let moved = File::open(self.temp.path().join(&name))
                .and_then(|file| file.sync_all())
                .and_then(|()| fs::rename(self.temp.path().join(&name), &path))
                .and_then(|()| give_to_the_folders_owner(&path));
            moved.map_err(|source| BackupError::Write { path, source })?;
        }
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| BackupError::Write { path: self.folder.clone(), source })?;
        Ok(ended)
    }
}

/// What has to be done after the database's own tools have put it back to an earlier moment; no server runs on it. Returns how many sessions
/// ended.
pub fn note_restore(config: &Arc<Config>, clock: Clock, by: Operator) -> Result<usize, BackupError> {
    let installation = Installation::open_put_back(config, clock)?;
    let _serving = installation.lock()?;
    Ok(after_restore(&installation.accounts, by, RestoredAs::Installation, None).committed()?)
}

fn refuse_occupied(folder: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(TEMP_PREFIX) {
            return Err(BackupError::Occupied { folder: folder.to_owned(), name });
        }
    }
    Ok(())
}
