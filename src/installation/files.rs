//! The data folder's files: only their owner can read them, they are written whole, and key files are never overwritten.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::error::{KEY_BYTES, OpenError};
use crate::bom::without_bom;
use crate::tokens::options::Secret;

pub(super) const PEPPER_FILE: &str = "pepper.key";
pub(super) const FACTOR_KEY_FILE: &str = "factors.key";
/// How the names of files with signing keys begin; they end with `.key`.
pub(super) const SIGNING_KEY_PREFIX: &str = "signing";

pub(super) fn make_folder(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Folder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    // A folder that can't be written to is reported here, by name; otherwise something else would fail later.
    let probe = path.join(".probe");
    File::create(&probe).map_err(failed)?;
    match fs::remove_file(&probe) {
        // A command that began at the same moment has removed it: it can write here, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed),
    }
}

/// Makes the database's file with mode 0600: SQLite would follow the umask, and its journal takes the mode of the file.
pub(super) fn make_database_file(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::Folder { path: path.to_owned(), source }),
    }
}

/// Takes away everybody's access but the owner's to the database and the files beside it, as [`read_key`] does to a key.
pub(super) fn keep_database_private(path: &Path) -> Result<(), OpenError> {
    [path.to_owned(), with_suffix(path, "-wal"), with_suffix(path, "-shm")]
        .iter()
        .try_for_each(|path| keep_private(path))
}

/// Takes away everybody's access but the owner's, and says so in the log. An error if the file belongs to somebody else.
fn keep_private(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Private { path: path.to_owned(), source };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    let mode = found.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(OpenError::Public { path: path.to_owned() });
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).map_err(failed)?;
    tracing::warn!(event = "file_was_public", path = %path.display(), "others could read this file; now only its owner can");
    Ok(())
}

/// Writes a key to a file beside `path` and links it into place: the file is there whole or not at all, and never replaces another.
pub(super) fn write_key(path: &Path, text: &str) -> Result<(), OpenError> {
    let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
    let beside = with_suffix(path, ".new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        writeln!(file, "{}", text.trim_end())?;
        file.sync_all()?;
        give_to_the_folders_owner(&beside)?;
        fs::hard_link(&beside, path)?;
        fs::remove_file(&beside)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(failed)
}

/// Gives the file to the owner of its folder: the server has to read it even if a command made it as root.
pub(super) fn give_to_the_folders_owner(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let (folder, own) = (fs::metadata(folder)?, fs::metadata(file)?);
    if (folder.uid(), folder.gid()) == (own.uid(), own.gid()) {
        return Ok(());
    }
    match std::os::unix::fs::chown(file, Some(folder.uid()), Some(folder.gid())) {
        // Only root may do this, and only root needs to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

/// Reads a key file, to which only its owner has access afterwards.
pub(super) fn read_key(mut file: File, path: &Path) -> Result<String, OpenError> {
    let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
    keep_private(path)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    let text = without_bom(&text).to_vec();
    String::from_utf8(text).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error.utf8_error())))
}

/// A secret as the text of its key file.
pub(super) fn encode(secret: &Secret) -> String {
    STANDARD_NO_PAD.encode(secret.as_bytes())
}

/// The reverse of [`encode`]. A secret shorter than Portero makes them is an error: the file is not one of its own.
pub(super) fn decode(text: &str, path: &Path) -> Result<Secret, OpenError> {
    match STANDARD_NO_PAD.decode(text.trim()) {
        Ok(bytes) if bytes.len() >= KEY_BYTES => Ok(Secret::new(bytes)),
        Ok(_) | Err(_) => Err(OpenError::KeyIsBroken { path: path.to_owned() }),
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_begin_at_the_same_moment_do_not_stumble_over_each_other() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("data");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| make_folder(&path).unwrap()));
            }
        });
    }
}
