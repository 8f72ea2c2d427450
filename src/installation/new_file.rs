//! A file that gets its name when it is whole, and never over another.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::archive::new_file;
use super::temp_folder::TempFolder;

/// A file that is being written, for its owner alone. Dropped before it is [`finished`](Self::finish), it is gone.
pub struct NewFile {
    temp: TempFolder,
    file: File,
    path: PathBuf,
}

impl NewFile {
    /// An error if there is a file of that name.
    pub fn begin(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let temp = TempFolder::make(folder_of(path), ".portero-new-")?;
        let file = new_file(&temp.path().join("file"))?;
        Ok(Self { temp, file, path: path.to_owned() })
    }

    /// Gives it its name, once it is on the disk.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        give_name(&self.temp.path().join("file"), &self.path)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The folder that the file is in.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Gives the finished file its name, unless another has it, and sees to it that the name is on the disk.
pub(super) fn give_name(whole: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(whole, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // Not every file system has links, such as that of a USB stick.
        Err(_) if fs::symlink_metadata(file).is_ok() => return Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(whole, file)?,
        Ok(()) => {}
    }
    File::open(folder_of(file))?.sync_all()
}
