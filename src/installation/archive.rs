//! A backup as a file: a tar archive of the database, the keys and a manifest that says what has to be in it. Nothing in an archive is
//! trusted before its checksum was compared, and no name in it leads anywhere.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::error::OpenError;
use super::files::{FACTOR_KEY_FILE, PEPPER_FILE, SIGNING_KEY_PREFIX};
use crate::store;

/// Raised when an older version could not restore what this one makes.
const FORMAT: u32 = 1;
pub(super) const DATABASE_FILE: &str = "portero.db";
const MANIFEST: &str = "manifest.json";
const MANIFEST_SUM: &str = "manifest.json.sha256";
const MOST_MANIFEST_BYTES: u64 = 1024 * 1024;

/// Why a backup could not be made or restored. The messages are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path} exists already; nothing was changed")]
    Exists { path: PathBuf },
    #[error("could not write to {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("could not read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is no backup of Portero's: {why}")]
    NoBackup { path: PathBuf, why: String },
    #[error("the backup {path} is damaged: {what}; nothing was restored. Take another backup")]
    Damaged { path: PathBuf, what: String },
    #[error(
        "the backup {path} was made by a newer Portero ({version}); nothing was restored. Run that version, or a newer one"
    )]
    Newer { path: PathBuf, version: String },
    #[error(
        "this database is on a PostgreSQL server, whose own tools back it up: run `pg_dump --format=custom --file=FILE {name}`, keep the \
         keys in {folder} with that file, and then run `portero backup --note`"
    )]
    OfAServer { name: String, folder: PathBuf },
    #[error(
        "this database is on a PostgreSQL server, whose own tools back it up: run `pg_dump --format=custom --file=FILE {name}`, keep the \
         master keys somewhere else, for without them that file is of no use, and then run `portero backup --note`"
    )]
    OfAServerWithKeys { name: String },
    #[error("the database is damaged, and no backup was made of it: {0}")]
    DatabaseDamaged(String),
    #[error("could not copy the database")]
    Copy(#[source] store::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(
        "the folder {folder} is not empty (it holds {name}); a backup is restored only into an empty folder or a new one"
    )]
    Occupied { folder: PathBuf, name: String },
    #[error(
        "the settings put the database elsewhere (database_url); name a folder with --into, and move portero.db there afterwards"
    )]
    DatabaseElsewhere,
    #[error(
        "{0} is not in this backup, because the settings gave it when the backup was made: set it to the same value first"
    )]
    SettingMissing(String),
    #[error("could not bring the restored database up to date")]
    Accounts(#[from] crate::accounts::Error),
    #[error("the restored database could not be written into one file")]
    NotWhole,
}

/// What a backup consists of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// When the database was copied, in seconds since the epoch.
    pub(super) made_at: i64,
    /// Of the Portero that made it.
    pub(super) version: String,
    files: Vec<Sum>,
    /// Settings that gave a key or the pepper: these are not in the backup.
    pub(super) not_included: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sum {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Of these files in `folder`.
    pub(super) fn of(folder: &Path, names: &[String], made_at: i64, not_included: Vec<String>) -> io::Result<Self> {
        let sum = |name: &String| {
            let mut hashing = Hashing::new(io::sink());
            let bytes = io::copy(&mut File::open(folder.join(name))?, &mut hashing)?;
            Ok(Sum { name: name.clone(), bytes, sha256: hashing.sum() })
        };
        let files = names.iter().map(sum).collect::<io::Result<_>>()?;
        Ok(Self { format: FORMAT, made_at, version: env!("CARGO_PKG_VERSION").into(), files, not_included })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }
}

/// Writes the files in `folder` that the manifest names.
pub(super) fn write(archive: &Path, folder: &Path, manifest: &Manifest) -> io::Result<()> {
    let mut tar = tar::Builder::new(BufWriter::new(new_file(archive)?));
    let text = serde_json::to_vec_pretty(manifest)?;
    let mut hashing = Hashing::new(io::sink());
    hashing.write_all(&text)?;
    let sum = format!("{}  {MANIFEST}\n", hashing.sum());
    append(&mut tar, manifest, MANIFEST, text.len() as u64, text.as_slice())?;
    append(&mut tar, manifest, MANIFEST_SUM, sum.len() as u64, sum.as_bytes())?;
    for file in &manifest.files {
        append(&mut tar, manifest, &file.name, file.bytes, File::open(folder.join(&file.name))?)?;
    }
    tar.into_inner()?.into_inner()?.sync_all()
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    manifest: &Manifest,
    name: &str,
    bytes: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(manifest.made_at.unsigned_abs());
    tar.append_data(&mut header, name, content)
}

/// Reads the archive and compares every checksum; `keep` gives what each file is written to. Both the manifest and every file it
/// names have to be there, and nothing else.
pub(super) fn read<W: Write>(
    archive: &Path,
    mut keep: impl FnMut(&str) -> io::Result<W>,
) -> Result<Manifest, BackupError> {
    let unreadable = |source| BackupError::Read { path: archive.to_owned(), source };
    let no_backup = |why: &str| BackupError::NoBackup { path: archive.to_owned(), why: why.to_owned() };
    let damaged = |what: String| BackupError::Damaged { path: archive.to_owned(), what };
    let mut tar = tar::Archive::new(BufReader::new(File::open(archive).map_err(unreadable)?));
    let mut entries = tar.entries().map_err(unreadable)?;
    let mut begin = |name: &str| match entries.next() {
        Some(Ok(entry)) if is_named(&entry, name) => Ok(entry),
        Some(_) | None => Err(no_backup("it does not begin with a manifest")),
    };
    let mut text = Vec::new();
    begin(MANIFEST)?.take(MOST_MANIFEST_BYTES).read_to_end(&mut text).map_err(|error| damaged(error.to_string()))?;
    let mut sum = String::new();
    begin(MANIFEST_SUM)?.take(1024).read_to_string(&mut sum).map_err(|error| damaged(error.to_string()))?;
    let mut hashing = Hashing::new(io::sink());
    hashing.write_all(&text).map_err(unreadable)?;
    if sum.split_whitespace().next() != Some(&hashing.sum()) {
        return Err(damaged("the checksum of its manifest is another".into()));
    }
    check_format(archive, &text)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| no_backup(&error.to_string()))?;
    let mut missing: Vec<&Sum> = manifest.files.iter().collect();
    for entry in entries {
        let mut entry = entry.map_err(|error| damaged(error.to_string()))?;
        let found = missing.iter().position(|file| is_known(&file.name) && is_named(&entry, &file.name));
        let file = found.map(|at| missing.swap_remove(at));
        let file = file.ok_or_else(|| damaged("it holds a file that its manifest does not name".into()))?;
        let mut hashing = Hashing::new(keep(&file.name).map_err(|source| write_failed(&file.name, source))?);
        let bytes = copy(&mut entry, &mut hashing, &file.name, archive)?;
        if bytes != file.bytes || hashing.sum() != file.sha256 {
            return Err(damaged(format!("the checksum of {} is another", file.name)));
        }
    }
    match missing.first() {
        Some(file) => Err(damaged(format!("{} is missing", file.name))),
        None if manifest.names().any(|name| name == DATABASE_FILE) => Ok(manifest),
        None => Err(no_backup("it holds no database")),
    }
}

/// Looks only at the format, for a newer one may have other members.
fn check_format(archive: &Path, manifest: &[u8]) -> Result<(), BackupError> {
    #[derive(Deserialize)]
    struct Made {
        format: u32,
        version: String,
    }
    let path = archive.to_owned();
    match serde_json::from_slice::<Made>(manifest) {
        Ok(made) if made.format <= FORMAT => Ok(()),
        Ok(made) => Err(BackupError::Newer { path, version: made.version }),
        Err(error) => Err(BackupError::NoBackup { path, why: error.to_string() }),
    }
}

/// Tells a file that can't be read from one that can't be written.
fn copy(entry: &mut impl Read, to: &mut impl Write, name: &str, archive: &Path) -> Result<u64, BackupError> {
    let (mut buffer, mut bytes) = (vec![0; 64 * 1024], 0);
    loop {
        let read = entry.read(&mut buffer);
        let read = read.map_err(|error| BackupError::Damaged { path: archive.to_owned(), what: error.to_string() })?;
        let Some(some) = buffer.get(..read).filter(|some| !some.is_empty()) else { break };
        to.write_all(some).map_err(|source| write_failed(name, source))?;
        bytes += some.len() as u64;
    }
    to.flush().map_err(|source| write_failed(name, source))?;
    Ok(bytes)
}

fn write_failed(name: &str, source: io::Error) -> BackupError {
    BackupError::Write { path: name.into(), source }
}

/// Whether this is a plain file of exactly this name.
fn is_named(entry: &tar::Entry<'_, impl Read>, name: &str) -> bool {
    entry.header().entry_type().is_file() && entry.path_bytes()[..] == *name.as_bytes()
}

/// Whether a file of this name belongs into a data folder. No such name leads out of it.
fn is_known(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let is_signing_key = name.starts_with(SIGNING_KEY_PREFIX) && name.ends_with(".key");
    is_plain && (matches!(name, DATABASE_FILE | PEPPER_FILE | FACTOR_KEY_FILE) || is_signing_key)
}

/// A new file that only its owner can read, from the first byte on.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

struct Hashing<W> {
    to: W,
    context: Context,
}

impl<W> Hashing<W> {
    fn new(to: W) -> Self {
        Self { to, context: Context::new(&SHA256) }
    }

    /// In hexadecimal.
    fn sum(self) -> String {
        hex::encode(self.context.finish())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.context.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
