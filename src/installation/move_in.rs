//! Moves the keys from the data folder into the database, sealed under a master key, and seals them anew under another.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::OpenError;
use super::files::{FACTOR_KEY_FILE, PEPPER_FILE};
use super::key_store::{KeyStore, refuse_unless_all_can_open};
use super::master_keys::MasterKeys;
use super::open::Installation;
use crate::accounts::Operator;
use crate::blocklist::change::Change;
use crate::store::audit::event::{Details, Event, What};
use crate::store::shared_keys::{self, SealedKey};
use crate::store::{Conn, Upkeep, nodes};

/// What came of sealing all keys under the first master key.
pub struct SealedAnew {
    /// The id of that.
    pub under: String,
    /// How many keys were under another.
    pub anew: usize,
    /// How many were under it before.
    pub before: usize,
    /// The ids of the other master keys that are given, which no key needs any more.
    pub unneeded: Vec<String>,
}

/// Why keys were not sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    #[error(
        "the keys are in files of the data folder: cluster.master_keys_file has a server seal them in the database when it starts"
    )]
    InFolder,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl Installation {
    /// If master keys are given and the keys are still in the data folder, seals them in the database, from where they are read from now
    /// on. Only for the process that serves.
    pub fn move_in(&mut self) -> Result<(), OpenError> {
        let Some(keys) = self.master_keys.clone().filter(|_| !self.keys_are_in_database) else { return Ok(()) };
        let sealed = self.accounts.db.read(|conn| self.seal_all(conn, &keys))?;
        // Nothing is in the folder if the settings give everything.
        if !sealed.is_empty() {
            self.store_sealed(&keys, sealed)?;
        }
        let store = KeyStore::in_database(&self.accounts.config, keys);
        self.ring = self.ring.kept_in(&store);
        self.app_rings.es256 = self.app_rings.es256.kept_in(&store);
        self.app_rings.rs256 = self.app_rings.rs256.kept_in(&store);
        self.keys_are_in_database = true;
        Ok(())
    }

    /// Stores them, unless another node was quicker, whose keys have to open.
    fn store_sealed(&self, keys: &MasterKeys, sealed: Vec<SealedKey>) -> Result<(), OpenError> {
        let accounts = &self.accounts;
        let files: Vec<_> = sealed.iter().map(|key| key.file.clone()).collect();
        let (database, active) = (accounts.config.database.clone(), keys.active().clone());
        let moved = accounts.db.write(Upkeep, accounts.now(), move |tx, by| {
            if let Some(node) = nodes::lacks_master_key(tx.conn, &active)? {
                return Err(OpenError::NodeWithoutMasterKeys { node, database, id: active.id });
            }
            // Another node that starts at the same moment may have been quicker.
            let others = shared_keys::all_under_master_keys(tx.conn)?;
            if !others.is_empty() {
                return Ok(others);
            }
            shared_keys::remove_those_for_folders(tx.conn)?;
            sealed.iter().try_for_each(|key| shared_keys::add_under_master_key(tx.conn, key))?;
            tx.change(Change::KeysChanged);
            Event::new(What::KeysSealed, &by).details(Details::Key(active.id)).record(tx)?;
            Ok(Vec::new())
        });
        let others = moved.committed()?;
        others.iter().try_for_each(|key| keys.open(key).map(drop))?;
        if others.is_empty() {
            tracing::info!(
                event = "keys_moved_in",
                key = keys.active().id,
                files = files.join(" "),
                "the keys are sealed in the database now; once there is a backup, their files can be removed from every data folder"
            );
        }
        Ok(())
    }

    /// All keys that the settings don't give, from the data folder.
    fn seal_all(&self, conn: &mut Conn, keys: &MasterKeys) -> Result<Vec<SealedKey>, OpenError> {
        let config = &self.accounts.config;
        let folder = KeyStore::in_folder(config, None);
        let mut texts = Vec::new();
        for (is_given, file) in [(config.pepper.is_some(), PEPPER_FILE), (config.factor_key.is_some(), FACTOR_KEY_FILE)]
        {
            if !is_given && let Some(text) = folder.find_in_folder(file)? {
                texts.push((file.to_owned(), text));
            }
        }
        for ring in [&self.ring].into_iter().chain(self.app_rings.all()) {
            texts.extend(ring.texts(conn)?);
        }
        texts.iter().map(|(file, text)| keys.seal(file, text)).collect()
    }

    /// Seals every key in the database under the first master key that is given. Works beside running nodes, all of which have to have
    /// that.
    pub fn seal_anew(&self, by: Operator) -> Result<SealedAnew, NotSealed> {
        let keys = self.master_keys.clone().filter(|_| self.keys_are_in_database).ok_or(NotSealed::InFolder)?;
        let accounts = &self.accounts;
        let sealing = Arc::clone(&keys);
        let sealed = accounts.db.write(by, accounts.now(), move |tx, by| {
            let all = shared_keys::all_under_master_keys(tx.conn)?;
            let (before, old): (Vec<_>, Vec<_>) = all.into_iter().partition(|key| key.under == *sealing.active());
            for key in &old {
                let anew = sealing.seal(&key.file, &sealing.open(key)?)?;
                refuse_unless_all_can_open(tx.conn, &anew)?;
                shared_keys::replace(tx.conn, &anew)?;
            }
            if !old.is_empty() {
                let details = Details::Key(sealing.active().id.clone());
                Event::new(What::KeysSealed, &by).details(details).record(tx)?;
            }
            Ok::<_, NotSealed>((old.len(), before.len()))
        });
        let (anew, before) = sealed.committed()?;
        let unneeded = keys.names().skip(1).map(|name| name.id.clone()).collect();
        Ok(SealedAnew { under: keys.active().id.clone(), anew, before, unneeded })
    }

    /// How many keys are sealed under which master key, by its id, the one that seals first. Empty: the keys are in the data folder.
    pub fn sealed_under(&self) -> Result<Vec<(String, usize)>, OpenError> {
        let Some(keys) = self.master_keys.as_ref().filter(|_| self.keys_are_in_database) else { return Ok(Vec::new()) };
        let mut counts = BTreeMap::new();
        for key in self.accounts.db.read(shared_keys::all_under_master_keys)? {
            *counts.entry(key.under.id).or_insert(0) += 1;
        }
        let active = &keys.active().id;
        let under_active = counts.remove(active).unwrap_or(0);
        Ok([(active.clone(), under_active)].into_iter().chain(counts).collect())
    }
}
