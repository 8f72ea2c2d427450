//! Why an installation could not be opened. The messages are for the operator.

use std::io;
use std::path::PathBuf;

use crate::domain::DatabaseUrl;
use crate::store;

/// Length of the secrets that Portero makes, in bytes. A key file with fewer is not one of Portero's.
pub(super) const KEY_BYTES: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("could not make or use the data folder {path}: is it writable for this user?")]
    Folder { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Database(#[from] store::OpenError),
    #[error("could not read the database")]
    Store(#[from] store::Error),
    #[error("could not read or write the key file {path}")]
    KeyFile { path: PathBuf, source: io::Error },
    #[error(
        "the file {path} can be read by others than its owner, and belongs to another user than this one: \
         run `chmod 600 {path}`"
    )]
    Public { path: PathBuf },
    #[error("could not find out who can read the file {path}, or take others' access away")]
    Private { path: PathBuf, source: io::Error },
    #[error("the key file {path} is not one of Portero's: it holds no base64 of at least {} bytes", KEY_BYTES)]
    KeyIsBroken { path: PathBuf },
    #[error("the key in {path} can't be used")]
    NoKey { path: String, source: crate::tokens::KeyError },
    #[error("this version does not know the algorithm {algorithm} of the key {kid}")]
    UnknownAlgorithm { kid: String, algorithm: String },
    #[error(
        "the key file {path} is missing, but the database {database} has been used with one. A new key would not fit it. \
         Put the file back from your backup{hint}"
    )]
    KeyIsMissing { path: PathBuf, database: DatabaseUrl, hint: &'static str },
    #[error(
        "the key in {path} is not the one that the database {database} was used with (its fingerprint is {found}, the \
         database expects {expected}). Put the right file back from your backup{hint}"
    )]
    OtherKey { path: String, database: DatabaseUrl, found: String, expected: String, hint: &'static str },
    #[error(
        "the key {file} is not among those that the database {database} holds sealed, but the database has been used with one. Put its row in \
         the table shared_keys back from a backup of the database{hint}"
    )]
    SealedKeyIsMissing { file: String, database: DatabaseUrl, hint: &'static str },
    #[error(
        "the keys in the database {database} are sealed under master keys, and this process is given none: set cluster.master_keys_file to \
         a copy of the file that the other nodes have"
    )]
    NoMasterKeys { database: DatabaseUrl },
    #[error(
        "keys in the database {database} are sealed under the master key {id}, which is not among those that are given: put its line back \
         into cluster.master_keys_file, behind the others, until `portero key seal` has sealed all keys anew; if the file is another \
         cluster's, give each cluster a database of its own"
    )]
    MasterKeyIsMissing { database: DatabaseUrl, id: String },
    #[error(
        "keys in the database {database} are sealed under another master key with the id {id} than the one that is given: if the file in \
         cluster.master_keys_file is another cluster's, name this one's own database in database_url, or else put the right file there"
    )]
    OtherMasterKey { database: DatabaseUrl, id: String },
    #[error(
        "the key {file} in the database {database} was changed or damaged, for the master key under which it was sealed does not open it: \
         put its row in the table shared_keys back from a backup of the database"
    )]
    SealedKeyIsBroken { database: DatabaseUrl, file: String },
    #[error(
        "the node {node} does not have the master key {id}: give it to all nodes, behind the others, and start them anew before any of \
         them has it in the first place"
    )]
    NodeLacksMasterKey { node: String, id: String },
    #[error(
        "the node {node} serves the database {database} without the master key {id}: to have the keys sealed in the database, stop all \
         nodes, and then start each of them with the same cluster.master_keys_file"
    )]
    NodeWithoutMasterKeys { node: String, database: DatabaseUrl, id: String },
    #[error(
        "there is no Portero in {folder}: is that the right data folder? `portero serve` and `portero user add` make a new one"
    )]
    NotThere { folder: PathBuf },
    #[error("could not make or read the lock file {path}")]
    LockFile { path: PathBuf, source: io::Error },
    #[error(
        "the database {database} is missing or empty, but the file {wal} beside it holds changes to one. Nothing was changed. Put the \
         database back, or restore a backup into another folder; for a new installation, move this file and the keys away"
    )]
    WalWithoutDatabase { wal: PathBuf, database: PathBuf },
    #[error(
        "there is the key file {key}, but {database} is no database that was used with it: it was lost, or it lies elsewhere. Put \
         it back, or restore a backup into another folder; for a new installation, move the keys away"
    )]
    KeysWithoutDatabase { key: PathBuf, database: DatabaseUrl },
    #[error(
        "the file {wal} does not belong to the database {database} but to another, which was here before. Nothing was changed. Move \
         {wal} and {shm} away and start again{hint}"
    )]
    OtherWal { wal: PathBuf, shm: PathBuf, database: PathBuf, hint: String },
    #[error(
        "the database {database} is damaged: {what}. Nothing was changed. {hint}Files that were copied while Portero was running do \
         not fit each other. What `portero backup` has made can be restored"
    )]
    Malformed { database: PathBuf, what: String, hint: String },
    #[error(
        "the database {database} was moved to {to}, and what has changed since is only there: set database_url to that. The file \
         {database} is as it was before the move; to go on with it all the same, remove {marker}"
    )]
    Moved { database: PathBuf, to: String, marker: PathBuf },
    #[error("could not start a thread to check the database")]
    CheckNotStarted(#[source] io::Error),
    #[error("the system has no random numbers")]
    Random,
    #[error("another Portero already serves the database {database}; one server owns a database")]
    Served { database: DatabaseUrl },
}

impl OpenError {
    /// Whether it says of one key alone that it can't be read, and nothing of the others.
    pub(super) fn is_of_one_key(&self) -> bool {
        !matches!(
            self,
            Self::Store(_) | Self::NoMasterKeys { .. } | Self::MasterKeyIsMissing { .. } | Self::OtherMasterKey { .. }
        )
    }
}
