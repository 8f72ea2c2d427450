//! A check of the whole database on a connection of its own, which may take longer than anybody waits for it.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::sqlite_file::find_damage;
use crate::error_chain::chain;

/// The verdict of a check, which may still be under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct DatabaseCheck(Arc<OnceLock<Option<String>>>);

impl DatabaseCheck {
    /// For a database that needs no check.
    pub fn unneeded() -> Self {
        Self::default()
    }

    /// Starts to check the file and waits for the verdict, but no longer than `wait`. A bad verdict that comes later goes to the log.
    pub fn start(database: &Path, wait: Duration) -> std::io::Result<Self> {
        let check = Self::default();
        let (verdict, path) = (Arc::clone(&check.0), database.to_owned());
        let (sender, receiver) = sync_channel(1);
        std::thread::Builder::new().name("check".into()).spawn(move || {
            let damage = match find_damage(&path) {
                Ok(damage) => damage,
                Err(error) => {
                    tracing::warn!(event = "database_unchecked", error = %chain(&error));
                    None
                }
            };
            // Nobody else sets it.
            let damage = verdict.get_or_init(|| damage);
            if sender.send(()).is_err()
                && let Some(what) = damage
            {
                tracing::error!(event = "database_malformed", what, "stop the server and restore a backup");
            }
        })?;
        match receiver.recv_timeout(wait) {
            Ok(()) | Err(_) => Ok(check),
        }
    }

    /// What is wrong with the database, if that is known.
    pub fn fault(&self) -> Option<&str> {
        self.0.get()?.as_deref()
    }
}
