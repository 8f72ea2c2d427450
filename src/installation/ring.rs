//! The ring of keys: rows in the database, the keys in files beside it. Unless the operator gives one key by the settings, which is
//! then the only one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{OpenError, files, was_used};
use crate::config::Config;
use crate::domain::UnixTime;
use crate::store::audit::{self, What};
use crate::store::signing_keys::{self, KeyRow, KeyState};
use crate::store::{self, Conn, Db, instance};
use crate::tokens::options::Secret;
use crate::tokens::{Algorithm, Family, Key, KeyError, Keys, fingerprint};

/// The name of the first key's file; a later one's has its `kid` in it.
const FIRST_FILE: &str = "signing.key";
/// What to do when a lost signing key is not in any backup.
const HINT: &str = "; if it is lost for good, set JWT_SECRET_KEY to a new secret: everybody will have to sign in again";

/// Where the keys are, and how new ones are to be.
#[derive(Clone)]
pub struct KeyRing {
    folder: PathBuf,
    database: PathBuf,
    algorithm: Algorithm,
    given: Option<Secret>,
}

/// Why a change to the ring was not made.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error(
        "the key is given by the settings (JWT_SECRET_KEY or JWT_PRIVATE_KEY), so it is changed there; without it, Portero keeps \
         keys of its own"
    )]
    Given,
    #[error("no key waits to sign; `portero key new` makes one")]
    NonePending,
    #[error("the key {kid} waits to sign but can't be read; `portero key retire {kid}` takes it out")]
    Unreadable { kid: String, source: Box<OpenError> },
    #[error("there is no key {0}")]
    NoSuchKey(String),
    #[error("the key {0} signs; `portero key rotate` puts another in its place first")]
    Signs(String),
    #[error("tokens signed with {kid} may live until {}", .until.0)]
    StillNeeded { kid: String, until: UnixTime },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A key that is out of the ring; its file goes when every server has let go of it.
pub struct Retired(PathBuf);

impl Retired {
    /// Deletes the file.
    pub fn delete(self) -> io::Result<()> {
        match fs::remove_file(self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

impl KeyRing {
    /// Finds it, or begins it in a database that has never been used.
    pub(super) fn open(config: &Config, db: &Db, now: UnixTime) -> Result<Self, OpenError> {
        let ring = Self {
            folder: config.data_dir.clone(),
            database: config.database.clone(),
            algorithm: config.jwt.algorithm,
            given: config.signing_key.clone(),
        };
        match &ring.given {
            Some(given) => ring.note_given(db, given)?,
            None if db.read(signing_keys::all)?.is_empty() => ring.begin(db, now)?,
            None => {}
        }
        Ok(ring)
    }

    /// The keys of this moment.
    pub fn load(&self, conn: &mut Conn) -> Result<Keys, OpenError> {
        if let Some(given) = &self.given {
            return Ok(Keys::one(key(self.algorithm, given, "the settings".into())?));
        }
        let (mut older, mut signing, mut newer) = (Vec::new(), None, Vec::new());
        for row in signing_keys::all(conn)? {
            let key = match self.read(&row) {
                Ok(key) => key,
                // Nothing was signed with it yet, so nobody is shut out without it.
                Err(error) if row.state == KeyState::Pending => {
                    tracing::error!(event = "pending_key_unreadable", kid = row.kid, error = %store::chain(&error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            match row.state {
                KeyState::VerifyOnly => older.push(key),
                KeyState::Signing => signing = Some(key),
                KeyState::Pending => newer.push(key),
            }
        }
        let signing = signing.ok_or_else(|| self.is_missing(self.folder.join(FIRST_FILE)))?;
        Ok(Keys::ring(older, signing, newer))
    }

    /// Every key, oldest first.
    pub fn list(&self, db: &Db) -> Result<Vec<KeyRow>, RingError> {
        self.is_ours()?;
        Ok(db.read(signing_keys::all)?)
    }

    /// Makes a key that will sign after the next [`rotate`](Self::rotate); peers can read it from now on.
    pub fn add(&self, db: &Db, now: UnixTime) -> Result<String, RingError> {
        self.is_ours()?;
        let material = Key::generate(self.algorithm)?;
        let kid = key(self.algorithm, &material, "memory".into())?.kid().to_owned();
        let file = format!("signing-{kid}.key");
        files::write_key(&self.folder.join(&file), &text(self.algorithm, &material))?;
        let row = row(kid.clone(), self.algorithm, KeyState::Pending, file, now);
        db.write(move |tx| {
            signing_keys::add(tx.conn, &row)?;
            note(tx.conn, What::KeyAdded, &row.kid, now)
        })?;
        Ok(kid)
    }

    /// Has the key that waited longest sign from now on. What the one before it signed stays good.
    pub fn rotate(&self, db: &Db, now: UnixTime) -> Result<String, RingError> {
        self.is_ours()?;
        let ring = self.clone();
        db.write(move |tx| {
            let waiting = signing_keys::all(tx.conn)?.into_iter().find(|key| key.state == KeyState::Pending);
            let next = waiting.ok_or(RingError::NonePending)?;
            if let Err(source) = ring.read(&next) {
                return Err(RingError::Unreadable { kid: next.kid, source: Box::new(source) });
            }
            if !signing_keys::promote(tx.conn, &next.kid, now)? {
                return Err(RingError::NonePending);
            }
            note(tx.conn, What::KeyRotated, &next.kid, now)?;
            Ok(next.kid)
        })
    }

    /// Takes a key out. `life`: seconds that a token lives at most; before they have passed, only `at_once`.
    pub fn retire(&self, db: &Db, kid: &str, life: i64, at_once: bool, now: UnixTime) -> Result<Retired, RingError> {
        self.is_ours()?;
        let kid = kid.to_owned();
        let file = db.write(move |tx| {
            let all = signing_keys::all(tx.conn)?;
            let Some(row) = all.into_iter().find(|row| row.kid == kid) else { return Err(RingError::NoSuchKey(kid)) };
            let needed_until = row.since.plus(life);
            match row.state {
                KeyState::Signing => return Err(RingError::Signs(kid)),
                KeyState::VerifyOnly if needed_until > now && !at_once => {
                    return Err(RingError::StillNeeded { kid, until: needed_until });
                }
                KeyState::VerifyOnly | KeyState::Pending => {}
            }
            if !signing_keys::remove(tx.conn, &kid)? {
                return Err(RingError::NoSuchKey(kid));
            }
            note(tx.conn, What::KeyRetired, &kid, now)?;
            Ok(row.file)
        })?;
        Ok(Retired(self.folder.join(file)))
    }

    /// Where the settings ask for another algorithm than the one that signs, a new key takes over. Only for the process that serves:
    /// a command beside it may have been started with other settings.
    pub fn follow_settings(&self, db: &Db, now: UnixTime) -> Result<(), RingError> {
        if self.given.is_some() {
            return Ok(());
        }
        let signs = |row: &KeyRow| row.state == KeyState::Signing && row.algorithm == self.algorithm.as_str();
        if db.read(signing_keys::all)?.iter().any(signs) {
            return Ok(());
        }
        loop {
            let fits = |row: &KeyRow| row.state == KeyState::Pending && row.algorithm == self.algorithm.as_str();
            let waits = |row: &KeyRow| fits(row) && self.read(row).is_ok();
            let kid = match db.read(signing_keys::all)?.into_iter().find(waits) {
                Some(row) => row.kid,
                None => self.add(db, now)?,
            };
            let promoted = kid.clone();
            // Rolled back unless it signs then: there is never none that does.
            let signs = db.write(move |tx| match signing_keys::promote(tx.conn, &promoted, now)? {
                true => Ok(()),
                false => Err(RingError::NonePending),
            });
            if !matches!(signs, Err(RingError::NonePending)) {
                signs?;
                tracing::warn!(
                    event = "algorithm_changed",
                    kid,
                    algorithm = self.algorithm.as_str(),
                    "a key of another algorithm signs now; tokens from before stay good only if JWT_DECODE_ALGORITHMS names theirs"
                );
                return Ok(());
            }
        }
    }

    fn is_ours(&self) -> Result<(), RingError> {
        if self.given.is_some() { Err(RingError::Given) } else { Ok(()) }
    }

    /// A key given by hand may be another than before, but that is said.
    fn note_given(&self, db: &Db, given: &Secret) -> Result<(), OpenError> {
        let found = fingerprint(given.as_bytes());
        let before = db.read(|conn| instance::get(conn, instance::SIGNING_KEY))?;
        if before.as_ref() == Some(&found) {
            return Ok(());
        }
        if before.is_some() || !db.read(signing_keys::all)?.is_empty() {
            tracing::warn!(
                event = "signing_key_changed",
                "the signing key is another than before: tokens from before are refused, everybody has to sign in again"
            );
        }
        Ok(db.write(move |tx| instance::set(tx.conn, instance::SIGNING_KEY, &found))?)
    }

    /// The first key: the file that is there, or a new one beside a database that has never been used.
    fn begin(&self, db: &Db, now: UnixTime) -> Result<(), OpenError> {
        let path = self.folder.join(FIRST_FILE);
        let expected = db.read(|conn| instance::get(conn, instance::SIGNING_KEY))?;
        let (algorithm, material) = match File::open(&path) {
            Ok(file) => {
                let text = files::read_key(file, &path)?;
                (self.algorithm, material(self.algorithm, &text, &path)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if db.read(was_used)? {
                    return Err(self.is_missing(path));
                }
                let material = Key::generate(self.algorithm).map_err(|_| OpenError::Random)?;
                files::write_key(&path, &text(self.algorithm, &material))?;
                (self.algorithm, material)
            }
            Err(source) => return Err(OpenError::KeyFile { path, source }),
        };
        let kid = key(algorithm, &material, path.display().to_string())?.kid().to_owned();
        if let Some(expected) = expected
            && expected != fingerprint(material.as_bytes())
        {
            return Err(self.is_another(&path, kid, expected));
        }
        let row = row(kid, algorithm, KeyState::Signing, FIRST_FILE.into(), now);
        Ok(db.write(move |tx| {
            // Two first starts at once: the other one's key, which lies in the same file, is there already.
            if signing_keys::all(tx.conn)?.is_empty() { signing_keys::add(tx.conn, &row) } else { Ok(()) }
        })?)
    }

    fn read(&self, row: &KeyRow) -> Result<Key, OpenError> {
        let path = self.folder.join(&row.file);
        let algorithm = Algorithm::parse(&row.algorithm)
            .ok_or_else(|| OpenError::UnknownAlgorithm { kid: row.kid.clone(), algorithm: row.algorithm.clone() })?;
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.is_missing(path.clone()),
            _ => OpenError::KeyFile { path: path.clone(), source: error },
        })?;
        let material = material(algorithm, &files::read_key(file, &path)?, &path)?;
        let key = key(algorithm, &material, path.display().to_string())?;
        if key.kid() == row.kid { Ok(key) } else { Err(self.is_another(&path, key.kid().into(), row.kid.clone())) }
    }

    fn is_missing(&self, path: PathBuf) -> OpenError {
        OpenError::KeyIsMissing { path, database: self.database.clone(), hint: HINT }
    }

    fn is_another(&self, path: &Path, found: String, expected: String) -> OpenError {
        let (path, database) = (path.display().to_string(), self.database.clone());
        OpenError::OtherKey { path, database, found, expected, hint: HINT }
    }
}

fn key(algorithm: Algorithm, material: &Secret, path: String) -> Result<Key, OpenError> {
    Key::new(algorithm, material).map_err(|source| OpenError::NoKey { path, source })
}

/// As it lies in its file: PEM as it is, a secret in base64.
fn text(algorithm: Algorithm, material: &Secret) -> String {
    match algorithm.family() {
        Family::Shared => files::encode(material),
        Family::Rsa | Family::P256 | Family::P384 | Family::Ed25519 => {
            String::from_utf8_lossy(material.as_bytes()).into_owned()
        }
    }
}

fn material(algorithm: Algorithm, text: &str, path: &Path) -> Result<Secret, OpenError> {
    match algorithm.family() {
        Family::Shared => files::decode(text, path),
        Family::Rsa | Family::P256 | Family::P384 | Family::Ed25519 => Ok(Secret::new(text)),
    }
}

fn row(kid: String, algorithm: Algorithm, state: KeyState, file: String, now: UnixTime) -> KeyRow {
    KeyRow { kid, algorithm: algorithm.as_str().into(), state, file, created_at: now, since: now }
}

fn note(conn: &mut Conn, what: What, kid: &str, now: UnixTime) -> Result<(), store::Error> {
    let event = audit::Event { at: now, what, user: None, by: None, sid: None, ip: None, details: Some(kid) };
    audit::add(conn, &event)
}
