//! The master keys that each node is given, under which the pepper and the rings of signing keys are sealed in the database. The first one
//! seals; the others open what was sealed before they were replaced.

use std::sync::Arc;

use super::derived::derived;
use super::error::OpenError;
use crate::config::Config;
use crate::domain::DatabaseUrl;
use crate::sealing::SealingKey;
use crate::store::shared_keys::{MasterKeyName, SealedKey};
use crate::tokens::fingerprint;

pub(super) struct MasterKeys {
    /// There is at least one. The first one seals.
    keys: Vec<(MasterKeyName, SealingKey)>,
    database: DatabaseUrl,
}

/// The master keys in the settings, the one that seals first.
pub fn master_key_names(config: &Config) -> Vec<MasterKeyName> {
    let name = |key: &crate::config::MasterKey| MasterKeyName {
        id: key.id.clone(),
        fingerprint: fingerprint(key.key.as_bytes()),
    };
    config.master_keys.iter().map(name).collect()
}

impl MasterKeys {
    /// `None`: none are given.
    pub(super) fn of(config: &Config) -> Result<Option<Arc<Self>>, OpenError> {
        if config.master_keys.is_empty() {
            return Ok(None);
        }
        let sealing = config.master_keys.iter().map(|given| {
            let key = derived(given.key.as_bytes(), b"portero master key")?;
            Ok::<_, OpenError>(SealingKey::new(&key))
        });
        let keys = master_key_names(config).into_iter().zip(sealing.collect::<Result<Vec<_>, _>>()?).collect();
        Ok(Some(Arc::new(Self { keys, database: config.database.clone() })))
    }

    /// The one that seals.
    pub(super) fn active(&self) -> &MasterKeyName {
        &self.keys.first().expect("there is at least one").0
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &MasterKeyName> {
        self.keys.iter().map(|(name, _)| name)
    }

    /// Seals a key. `file`: the name of the file that it would be in.
    pub(super) fn seal(&self, file: &str, text: &str) -> Result<SealedKey, OpenError> {
        let (under, key) = self.keys.first().expect("there is at least one");
        let sealed = key.seal(text.as_bytes(), &place(file, under)).map_err(|_| OpenError::Random)?;
        Ok(SealedKey { file: file.to_owned(), sealed, under: under.clone() })
    }

    /// The text that was sealed.
    pub(super) fn open(&self, row: &SealedKey) -> Result<String, OpenError> {
        let (database, id) = (self.database.clone(), row.under.id.clone());
        let Some((_, key)) = self.keys.iter().find(|(name, _)| *name == row.under) else {
            return Err(if self.names().any(|name| name.id == id) {
                OpenError::OtherMasterKey { database, id }
            } else {
                OpenError::MasterKeyIsMissing { database, id }
            });
        };
        let text = key.open(&row.sealed, &place(&row.file, &row.under)).and_then(|text| String::from_utf8(text).ok());
        text.ok_or_else(|| OpenError::SealedKeyIsBroken { database, file: row.file.clone() })
    }
}

/// What is sealed under one name, or under one master key, opens under no other.
fn place(file: &str, under: &MasterKeyName) -> String {
    format!("{file} under {under}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[(&str, u8)]) -> MasterKeys {
        let key = |(id, byte): &(&str, u8)| {
            let name = MasterKeyName { id: (*id).to_owned(), fingerprint: fingerprint(&[*byte; 32]) };
            (name, SealingKey::new(&[*byte; 32]))
        };
        let database = DatabaseUrl::Sqlite("portero.db".into());
        MasterKeys { keys: names.iter().map(key).collect(), database }
    }

    #[test]
    fn what_the_first_master_key_sealed_opens_as_long_as_that_is_among_them() {
        let sealed = keys(&[("old", 1)]).seal("pepper.key", "a pepper").unwrap();
        let both = keys(&[("new", 2), ("old", 1)]);
        assert_eq!(both.open(&sealed).unwrap(), "a pepper");
        let anew = both.seal("pepper.key", "a pepper").unwrap();
        assert_eq!((anew.under.id.as_str(), keys(&[("new", 2)]).open(&anew).unwrap().as_str()), ("new", "a pepper"));
    }

    #[test]
    fn a_master_key_that_is_missing_another_with_its_id_and_a_changed_row_are_told_apart() {
        let sealed = keys(&[("one", 1)]).seal("pepper.key", "a pepper").unwrap();
        let refused = |names: &[(&str, u8)], row: &SealedKey| keys(names).open(row).unwrap_err();
        assert!(matches!(refused(&[("two", 2)], &sealed), OpenError::MasterKeyIsMissing { id, .. } if id == "one"));
        assert!(matches!(refused(&[("one", 2)], &sealed), OpenError::OtherMasterKey { id, .. } if id == "one"));
        let mut changed = sealed.clone();
        changed.sealed[20] ^= 1;
        let exchanged = SealedKey { file: "factors.key".into(), ..sealed };
        for row in [changed, exchanged] {
            assert!(matches!(refused(&[("one", 1)], &row), OpenError::SealedKeyIsBroken { .. }));
        }
    }
}
