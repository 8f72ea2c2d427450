//! Makes a backup beside a running server: one file, which is read back before it gets its name.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::archive::{self, BackupError, DATABASE_FILE, Manifest, new_file};
use super::error::OpenError;
use super::files::{FACTOR_KEY_FILE, PEPPER_FILE};
use super::new_file::{folder_of, give_name};
use super::open::Installation;
use super::temp_folder::TempFolder;
use crate::accounts::Operator;
use crate::domain::{DatabaseUrl, UnixTime};
use crate::store::audit::event::{Details, Event, What};
use crate::store::{self, copy_database, find_damage, instance, read_file, signing_keys};

/// A backup that was made and read back.
pub struct Made {
    pub bytes: u64,
    /// Settings that gave a key or the pepper: these are not in it.
    pub not_included: Vec<String>,
    /// Why the database could not note that there is a backup.
    pub not_noted: Option<store::Error>,
}

impl Installation {
    /// Makes the file, which must not exist.
    pub fn back_up(&self, by: Operator, file: &Path) -> Result<Made, BackupError> {
        if fs::symlink_metadata(file).is_ok() {
            return Err(BackupError::Exists { path: file.to_owned() });
        }
        let failed = |source| BackupError::Write { path: file.to_owned(), source };
        let config = &self.accounts.config;
        let database = match &config.database {
            DatabaseUrl::Sqlite(path) => path,
            DatabaseUrl::Postgres(url) if self.keys_are_in_database => {
                return Err(BackupError::OfAServerWithKeys { name: url.database.clone() });
            }
            DatabaseUrl::Postgres(url) => {
                let (name, folder) = (url.database.clone(), config.data_dir.clone());
                return Err(BackupError::OfAServer { name, folder });
            }
        };
        let temp = TempFolder::make(folder_of(file), ".portero-backup-").map_err(failed)?;
        let now = self.accounts.now();
        let names = self.copy_into(database, temp.path()).map_err(|error| match error {
            BackupError::Write { source, .. } => failed(source),
            other => other,
        })?;
        let given = [
            (config.pepper.is_some(), "pepper"),
            (config.factor_key.is_some(), "factor_key"),
            (config.signing_key.is_some(), "jwt.secret_key or jwt.private_key"),
        ];
        let not_included =
            given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, name)| name.to_owned()).collect();
        let manifest = Manifest::of(temp.path(), &names, now.0, not_included).map_err(failed)?;
        let whole = temp.path().join("archive");
        archive::write(&whole, temp.path(), &manifest).map_err(failed)?;
        archive::read(&whole, |_| Ok(io::sink()))?;
        let bytes = fs::metadata(&whole).map_err(failed)?.len();
        give_name(&whole, file).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists { path: file.to_owned() },
            _ => failed(error),
        })?;
        let not_noted = self.note_backup(by, now).err();
        Ok(Made { bytes, not_included: manifest.not_included, not_noted })
    }

    /// Notes that a backup was made at this moment, by Portero or by the database's own tools.
    pub fn note_backup(&self, by: Operator, made_at: UnixTime) -> Result<(), store::Error> {
        let noted = self.accounts.db.write(by, self.accounts.now(), move |tx, by| {
            instance::set(tx.conn, instance::LAST_BACKUP, &made_at.0.to_string())?;
            Event::new(What::BackupMade, &by).details(Details::Backup(made_at)).record(tx)
        });
        noted.committed()
    }

    /// Copies the database and the keys that go with it; returns their names.
    fn copy_into(&self, database: &Path, folder: &Path) -> Result<Vec<String>, BackupError> {
        let failed = |source| BackupError::Write { path: folder.to_owned(), source };
        let copy = folder.join(DATABASE_FILE);
        // SQLite would follow the umask.
        new_file(&copy).map_err(failed)?;
        copy_database(database, &copy).map_err(BackupError::Copy)?;
        if let Some(what) = find_damage(&copy).map_err(BackupError::Copy)? {
            return Err(BackupError::DatabaseDamaged(what));
        }
        // By the copy, which stays as it is whatever happens to the ring meanwhile.
        let rows = read_file(&copy, signing_keys::every).map_err(BackupError::Copy)?;
        let mut names = self.ring.files(&rows)?;
        for ring in self.app_rings.all() {
            names.extend(ring.files(&rows)?);
        }
        if self.accounts.config.pepper.is_none() {
            names.push(PEPPER_FILE.to_owned());
        }
        if self.accounts.config.factor_key.is_none() {
            names.push(FACTOR_KEY_FILE.to_owned());
        }
        for name in &names {
            let path = self.accounts.config.data_dir.join(name);
            let mut key = File::open(&path).map_err(|source| OpenError::KeyFile { path, source })?;
            io::copy(&mut key, &mut new_file(&folder.join(name)).map_err(failed)?).map_err(failed)?;
        }
        names.push(DATABASE_FILE.to_owned());
        Ok(names)
    }
}
