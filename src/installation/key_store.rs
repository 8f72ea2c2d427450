//! Where the keys themselves are, by the names of their files: in the data folder or, with master keys, sealed in the database.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::OpenError;
use super::files;
use super::master_keys::MasterKeys;
use crate::config::Config;
use crate::domain::DatabaseUrl;
use crate::error_chain::chain;
use crate::sealing::SealingKey;
use crate::store::shared_keys::{self, SealedKey};
use crate::store::{self, Conn, nodes};

#[derive(Clone)]
pub(super) struct KeyStore {
    folder: PathBuf,
    database: DatabaseUrl,
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    /// In the data folder. `shared` seals the files of new keys for the other nodes. `None`: there is one node.
    InFolder {
        shared: Option<Arc<SealingKey>>,
    },
    InDatabase(Arc<MasterKeys>),
}

/// A key that was made, on its way into the database.
pub(super) enum NewKey {
    /// Nobody else needs it, or it is in each folder.
    InThisFolder,
    /// Sealed with the pepper, for the folders of the other nodes.
    ForFolders {
        file: String,
        sealed: Vec<u8>,
    },
    UnderMasterKey(SealedKey),
}

/// A key that was taken out of the ring. Its file, if it has one, may be deleted once no server uses the key any more.
pub struct Retired(Option<PathBuf>);

impl Retired {
    /// Deletes the file.
    pub fn delete(self) -> io::Result<()> {
        match self.0.map_or(Ok(()), fs::remove_file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

impl KeyStore {
    pub(super) fn in_folder(config: &Config, shared: Option<Arc<SealingKey>>) -> Self {
        Self { folder: config.data_dir.clone(), database: config.database.clone(), kept: Kept::InFolder { shared } }
    }

    pub(super) fn in_database(config: &Config, keys: Arc<MasterKeys>) -> Self {
        Self { folder: config.data_dir.clone(), database: config.database.clone(), kept: Kept::InDatabase(keys) }
    }

    /// The text of a key. `None`: it is not there.
    pub(super) fn find(&self, conn: &mut Conn, file: &str) -> Result<Option<String>, OpenError> {
        match &self.kept {
            Kept::InFolder { shared: None } => self.find_in_folder(file),
            Kept::InFolder { shared: Some(sealing) } => {
                let path = self.folder.join(file);
                if shared_keys::under_master_key(conn, file)?.is_some() {
                    // Another node has sealed the keys since this one started.
                    return Err(OpenError::NoMasterKeys { database: self.database.clone() });
                }
                if !path.exists() {
                    fetch(conn, &path, file, sealing)?;
                }
                self.find_in_folder(file)
            }
            Kept::InDatabase(keys) => match shared_keys::under_master_key(conn, file)? {
                Some(row) => keys.open(&row).map(Some),
                None => Ok(None),
            },
        }
    }

    /// The same without looking into the database.
    pub(super) fn find_in_folder(&self, file: &str) -> Result<Option<String>, OpenError> {
        let path = self.folder.join(file);
        match File::open(&path) {
            Ok(file) => files::read_key(file, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(OpenError::KeyFile { path, source }),
        }
    }

    /// For a key that is not there, though the database was used with it.
    pub(super) fn missing(&self, file: &str, hint: &'static str) -> OpenError {
        let database = self.database.clone();
        match &self.kept {
            Kept::InFolder { .. } => OpenError::KeyIsMissing { path: self.folder.join(file), database, hint },
            Kept::InDatabase(_) => OpenError::SealedKeyIsMissing { file: file.to_owned(), database, hint },
        }
    }

    /// Where a key is, for people.
    pub(super) fn place(&self, file: &str) -> String {
        match &self.kept {
            Kept::InFolder { .. } => self.folder.join(file).display().to_string(),
            Kept::InDatabase(_) => format!("the row {file} of the table shared_keys"),
        }
    }

    /// Puts a new key where keys are, for all nodes: a file is written at once, and [`NewKey::store`] does the rest.
    pub(super) fn put(&self, file: &str, text: &str) -> Result<NewKey, OpenError> {
        match &self.kept {
            Kept::InFolder { shared } => {
                files::write_key(&self.folder.join(file), text)?;
                let Some(sealing) = shared else { return Ok(NewKey::InThisFolder) };
                let sealed = sealing.seal(text.as_bytes(), file).map_err(|_| OpenError::Random)?;
                Ok(NewKey::ForFolders { file: file.to_owned(), sealed })
            }
            Kept::InDatabase(keys) => keys.seal(file, text).map(NewKey::UnderMasterKey),
        }
    }

    /// The same for the first key, which other nodes get with a copy of the folder.
    pub(super) fn put_first(&self, file: &str, text: &str) -> Result<NewKey, OpenError> {
        match &self.kept {
            Kept::InFolder { .. } => {
                files::write_key(&self.folder.join(file), text)?;
                Ok(NewKey::InThisFolder)
            }
            Kept::InDatabase(_) => self.put(file, text),
        }
    }

    /// What is left of a key that was taken out of the database.
    pub(super) fn left_of(&self, file: &str) -> Retired {
        match &self.kept {
            Kept::InFolder { .. } => Retired(Some(self.folder.join(file))),
            Kept::InDatabase(_) => Retired(None),
        }
    }
}

impl NewKey {
    /// Stores what belongs into the database, in the transaction that says that there is such a key.
    pub(super) fn store(&self, conn: &mut Conn) -> Result<(), OpenError> {
        match self {
            Self::InThisFolder => Ok(()),
            Self::ForFolders { file, sealed } => Ok(shared_keys::add(conn, file, sealed)?),
            Self::UnderMasterKey(key) => {
                refuse_unless_all_can_open(conn, key)?;
                Ok(shared_keys::add_under_master_key(conn, key)?)
            }
        }
    }
}

/// Refuses to seal what a node could not follow.
pub(super) fn refuse_unless_all_can_open(conn: &mut Conn, key: &SealedKey) -> Result<(), OpenError> {
    match nodes::lacks_master_key(conn, &key.under)? {
        Some(node) => Err(OpenError::NodeLacksMasterKey { node, id: key.under.id.clone() }),
        None => Ok(()),
    }
}

/// Writes the file of a key that another node has made. What does not work is noticed when it is read.
fn fetch(conn: &mut Conn, path: &Path, file: &str, sealing: &SealingKey) -> Result<(), store::Error> {
    let Some(sealed) = shared_keys::find(conn, file)? else { return Ok(()) };
    let opened = sealing.open(&sealed, file).and_then(|text| String::from_utf8(text).ok());
    match opened.map(|text| files::write_key(path, &text)) {
        Some(Ok(())) => tracing::info!(event = "key_fetched", file),
        Some(Err(error)) => tracing::error!(event = "key_not_fetched", file, error = %chain(&error)),
        None => tracing::error!(event = "key_not_fetched", file, error = "it was sealed with another pepper"),
    }
    Ok(())
}
