//! The ring of keys that sign and check tokens: the database lists them, and files in the data folder hold them. If the settings
//! give a key, that is the only one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::files;
use crate::config::Config;
use crate::domain::{By, DatabaseUrl, UnixTime};
use crate::error_chain::chain;
use crate::store::audit::event::{Details, Event, What};
use crate::store::signing_keys::{self, KeyRow, KeyState};
use crate::store::{self, Authority, Conn, Db, Tx, Upkeep, instance, users};
use crate::tokens::options::Secret;
use crate::tokens::{Algorithm, Family, Key, KeyError, Keys, fingerprint};

/// File name of the first key. The names of later ones contain their `kid`.
const FIRST_FILE: &str = "signing.key";
/// What to do if a lost signing key is not in any backup.
const LOST_KEY_HINT: &str =
    "; if it is lost for good, set JWT_SECRET_KEY to a new secret: everybody will have to sign in again";

/// Where the keys are, and which algorithm new ones are for.
#[derive(Clone)]
pub struct KeyRing {
    folder: PathBuf,
    database: DatabaseUrl,
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

/// A key that was taken out of the ring. Its file may be deleted once no server uses the key any more.
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
    /// Opens the ring, or begins it in a database that has no key yet.
    pub(super) fn open(config: &Config, db: &Db, now: UnixTime) -> Result<Self, OpenError> {
        let ring = Self {
            folder: config.data_dir.clone(),
            database: config.database.clone(),
            algorithm: config.jwt.algorithm,
            given: config.signing_key.clone(),
        };
        match &ring.given {
            Some(given) => ring.note_given(db, given, now)?,
            None if db.read(signing_keys::all)?.is_empty() => ring.begin(db, now)?,
            None => {}
        }
        Ok(ring)
    }

    /// Reads the keys that are in the ring now.
    pub fn load(&self, conn: &mut Conn) -> Result<Keys, OpenError> {
        if let Some(given) = &self.given {
            return Ok(Keys::one(key(self.algorithm, given, "the settings".into())?));
        }
        let (mut older, mut signing, mut newer) = (Vec::new(), None, Vec::new());
        for row in signing_keys::all(conn)? {
            let key = match self.read(&row) {
                Ok(key) => key,
                // Nothing has been signed with it yet, so leaving it out shuts nobody out.
                Err(error) if row.state == KeyState::Pending => {
                    tracing::error!(event = "pending_key_unreadable", kid = row.kid, error = %chain(&error));
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
        let signing = signing.ok_or_else(|| self.missing_key(self.folder.join(FIRST_FILE)))?;
        Ok(Keys::ring(older, signing, newer))
    }

    /// The names of the files with these keys, each of which was read. Empty if the settings give the key.
    pub(super) fn files(&self, rows: &[KeyRow]) -> Result<Vec<String>, OpenError> {
        let mut names = Vec::new();
        for row in rows.iter().filter(|_| self.given.is_none()) {
            match self.read(row) {
                Ok(_) => names.push(row.file.clone()),
                // As when the ring is loaded.
                Err(_) if row.state == KeyState::Pending => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names)
    }

    /// All keys, oldest first.
    pub fn list(&self, db: &Db) -> Result<Vec<KeyRow>, RingError> {
        self.refuse_given_key()?;
        Ok(db.read(signing_keys::all)?)
    }

    /// Makes a key that waits to sign until [`rotate`](Self::rotate) and returns its `kid`. Apps can read the key from now on,
    /// unless it is a shared secret.
    pub fn add(
        &self,
        db: &Db,
        by: impl Authority<RingError, Granted = By>,
        now: UnixTime,
    ) -> Result<String, RingError> {
        self.refuse_given_key()?;
        let material = Key::generate(self.algorithm)?;
        let kid = key(self.algorithm, &material, "memory".into())?.kid().to_owned();
        let file = format!("signing-{kid}.key");
        files::write_key(&self.folder.join(&file), &text(self.algorithm, &material))?;
        let row = row(kid.clone(), self.algorithm, KeyState::Pending, file, now);
        let added = db.write(by, now, move |tx, by| {
            signing_keys::add(tx.conn, &row)?;
            Ok(record(tx, What::KeyAdded, &by, &row.kid)?)
        });
        added.committed()?;
        Ok(kid)
    }

    /// Lets the key that has waited longest sign from now on and returns its `kid`. What its predecessor signed stays good.
    pub fn rotate(
        &self,
        db: &Db,
        by: impl Authority<RingError, Granted = By>,
        now: UnixTime,
    ) -> Result<String, RingError> {
        self.refuse_given_key()?;
        let ring = self.clone();
        let rotated = db.write(by, now, move |tx, by| {
            let waiting = signing_keys::all(tx.conn)?.into_iter().find(|key| key.state == KeyState::Pending);
            let next = waiting.ok_or(RingError::NonePending)?;
            if let Err(source) = ring.read(&next) {
                return Err(RingError::Unreadable { kid: next.kid, source: Box::new(source) });
            }
            if !signing_keys::promote(tx.conn, &next.kid, now)? {
                return Err(RingError::NonePending);
            }
            record(tx, What::KeyRotated, &by, &next.kid)?;
            Ok(next.kid)
        });
        rotated.committed()
    }

    /// Takes a key out of the ring. `life`: how long a token lives at most, in seconds. For that long after it stopped signing, a
    /// key is still needed and is taken out only if `at_once`.
    pub fn retire(
        &self,
        db: &Db,
        by: impl Authority<RingError, Granted = By>,
        kid: &str,
        life: i64,
        at_once: bool,
        now: UnixTime,
    ) -> Result<Retired, RingError> {
        self.refuse_given_key()?;
        let kid = kid.to_owned();
        let retired = db.write(by, now, move |tx, by| {
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
            record(tx, What::KeyRetired, &by, &kid)?;
            Ok(row.file)
        });
        Ok(Retired(self.folder.join(retired.committed()?)))
    }

    /// If the key that signs is not for the algorithm in the settings, a key that is takes over: one that waits, or a new one. Only
    /// for the process that serves: a command beside it may have been started with other settings.
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
                None => self.add(db, Upkeep, now)?,
            };
            let promoted = kid.clone();
            // The error rolls back what `promote` did to the key that signed, so that there is always one that signs.
            let signs = db.write(Upkeep, now, move |tx, _| match signing_keys::promote(tx.conn, &promoted, now)? {
                true => Ok(()),
                false => Err(RingError::NonePending),
            });
            let signs = signs.committed();
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

    fn refuse_given_key(&self) -> Result<(), RingError> {
        if self.given.is_some() { Err(RingError::Given) } else { Ok(()) }
    }

    /// Remembers the key in the settings by its fingerprint. It may differ from the one before, but that is logged.
    fn note_given(&self, db: &Db, given: &Secret, now: UnixTime) -> Result<(), OpenError> {
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
        let set = db.write(Upkeep, now, move |tx, _| instance::set(tx.conn, instance::SIGNING_KEY, &found));
        Ok(set.committed()?)
    }

    /// Adds the first key: the one whose file exists, or a new one if the database has never been used.
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
                    return Err(self.missing_key(path));
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
            return Err(self.other_key(&path, kid, expected));
        }
        let row = row(kid, algorithm, KeyState::Signing, FIRST_FILE.into(), now);
        let begun = db.write(Upkeep, now, move |tx, _| {
            // If two processes start for the first time at once, the other may have added the key, which is in the same file.
            if signing_keys::all(tx.conn)?.is_empty() { signing_keys::add(tx.conn, &row) } else { Ok(()) }
        });
        Ok(begun.committed()?)
    }

    fn read(&self, row: &KeyRow) -> Result<Key, OpenError> {
        let path = self.folder.join(&row.file);
        let algorithm = Algorithm::parse(&row.algorithm)
            .ok_or_else(|| OpenError::UnknownAlgorithm { kid: row.kid.clone(), algorithm: row.algorithm.clone() })?;
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.missing_key(path.clone()),
            _ => OpenError::KeyFile { path: path.clone(), source: error },
        })?;
        let material = material(algorithm, &files::read_key(file, &path)?, &path)?;
        let key = key(algorithm, &material, path.display().to_string())?;
        if key.kid() == row.kid { Ok(key) } else { Err(self.other_key(&path, key.kid().into(), row.kid.clone())) }
    }

    fn missing_key(&self, path: PathBuf) -> OpenError {
        OpenError::KeyIsMissing { path, database: self.database.clone(), hint: LOST_KEY_HINT }
    }

    fn other_key(&self, path: &Path, found: String, expected: String) -> OpenError {
        let (path, database) = (path.display().to_string(), self.database.clone());
        OpenError::OtherKey { path, database, found, expected, hint: LOST_KEY_HINT }
    }
}

fn key(algorithm: Algorithm, material: &Secret, path: String) -> Result<Key, OpenError> {
    Key::new(algorithm, material).map_err(|source| OpenError::NoKey { path, source })
}

/// A key as the text of its file: PEM as it is, a shared secret in base64.
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

fn record(tx: &mut Tx<'_>, what: What, by: &By, kid: &str) -> Result<(), store::Error> {
    Event::new(what, by).details(Details::Key(kid.to_owned())).record(tx)
}

/// Whether the database has been used: with a key and a pepper, or because it has users.
pub(super) fn was_used(conn: &mut Conn) -> Result<bool, store::Error> {
    let has_key = instance::get(conn, instance::SIGNING_KEY)?.is_some() || !signing_keys::all(conn)?.is_empty();
    Ok((has_key && instance::get(conn, instance::PEPPER)?.is_some()) || users::any(conn)?)
}
