//! A folder for what is not finished: only its owner can read it, and it is gone in the end, at the latest when the next one is made
//! at the same place.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

pub struct TempFolder {
    path: PathBuf,
    /// Locked for as long as the folder is used.
    _lock: File,
}

impl TempFolder {
    /// Makes one inside `place`, and removes those with this prefix that a killed process has left there.
    pub fn make(place: &Path, prefix: &str) -> io::Result<Self> {
        for entry in fs::read_dir(place)? {
            let entry = entry?;
            let is_ours = entry.file_name().to_string_lossy().starts_with(prefix) && entry.file_type()?.is_dir();
            // What can't be opened or removed is another user's, who may have put it there to be in the way.
            if is_ours && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
                drop(fs::remove_dir_all(entry.path()));
            }
        }
        let path = place.join(format!("{prefix}{}", Uuid::new_v4().simple()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = File::open(&path)?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What can't be removed now is removed by the next one.
        drop(fs::remove_dir_all(&self.path));
    }
}
