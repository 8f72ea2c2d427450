//! A Unix socket to listen on: the file that it is, who may connect, and that no server takes it from another that still runs.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A socket's file. Dropping it takes the file away, if it is still the same.
pub struct SocketFile {
    path: PathBuf,
    inode: u64,
    /// Whoever holds it may take away what is in its place. The system lets go of it when the process ends, however that ends.
    _lock: File,
}

/// Listens at this path, in the place of what a server has left there that runs no more. `mode`: who may connect, as the bits of the file.
/// An error of the kind `AddrInUse` if somebody answers there.
pub fn bind(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    let lock = lock(path)?;
    clear(path)?;
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    let inode = fs::metadata(path)?.ino();
    Ok((listener, SocketFile { path: path.to_owned(), inode, _lock: lock }))
}

/// Without it, of two servers that find an old socket at the same time one could take away what the other has just made.
fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    // A program that knows nothing of the lock may listen there.
    match UnixStream::connect(path) {
        Ok(_) => Err(in_use()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn in_use() -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            // What is left is taken for what it is by the next start.
            drop(fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_taken_over_from_a_server_that_is_gone_and_from_no_other() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("portero.sock");
        let (listener, file) = bind(&path, 0o660).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert_eq!(bind(&path, 0o660).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        assert!(UnixStream::connect(&path).is_ok(), "it is still the first one's");

        drop((listener, file));
        // As after a kill: the file is there, and nobody listens.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let (_listener, file) = bind(&path, 0o600).unwrap();
        drop(file);
        assert!(!path.exists(), "a clean stop leaves nothing");

        let other = UnixListener::bind(&path).unwrap();
        assert_eq!(bind(&path, 0o660).err().unwrap().kind(), io::ErrorKind::AddrInUse, "whoever that is");
        drop((other, fs::remove_file(&path)));
        fs::write(&path, "mine").unwrap();
        assert_eq!(bind(&path, 0o660).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }
}
