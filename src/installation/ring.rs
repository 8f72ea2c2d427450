//! The ring of keys that sign and check tokens: the database lists them, and `key_store.rs` has the keys themselves. If the settings
//! give a key, that is the only one.

use std::path::Path;

use super::error::OpenError;
use super::files;
use super::key_store::{KeyStore, Retired};
use super::ring_error::RingError;
use super::ring_schedule::{Step, due};
use crate::blocklist::change::Change;
use crate::config::Config;
use crate::domain::{AppAlgorithm, By, DatabaseUrl, UnixTime};
use crate::error_chain::chain;
use crate::store::audit::event::{Details, Event, What};
use crate::store::signing_keys::{self, KeyPurpose, KeyRow, KeyState};
use crate::store::{self, Authority, Conn, Db, Tx, Upkeep, instance, shared_keys, users};
use crate::tokens::options::Secret;
use crate::tokens::{Algorithm, Family, Key, Keys, fingerprint};

/// File name of the first key. The names of later ones contain their `kid`.
const FIRST_FILE: &str = "signing.key";
/// What to do if a lost signing key is not in any backup.
const LOST_KEY_HINT: &str =
    "; if it is lost for good, set JWT_SECRET_KEY to a new secret: everybody will have to sign in again";

/// Where the keys are, and which algorithm new ones are for.
#[derive(Clone)]
pub struct KeyRing {
    purpose: KeyPurpose,
    store: KeyStore,
    database: DatabaseUrl,
    algorithm: Algorithm,
    given: Option<Secret>,
}

/// A key of the ring, or why it can't be read.
type ReadKey = (KeyRow, Result<Key, OpenError>);

/// The rings of what apps read.
#[derive(Clone)]
pub struct AppRings {
    pub es256: KeyRing,
    pub rs256: KeyRing,
}

impl AppRings {
    pub(super) fn of(config: &Config, store: &KeyStore) -> Self {
        let ring = |algorithm| KeyRing::for_apps(config, store.clone(), algorithm);
        Self { es256: ring(AppAlgorithm::ES256), rs256: ring(AppAlgorithm::RS256) }
    }

    pub fn get(&self, algorithm: AppAlgorithm) -> &KeyRing {
        match algorithm {
            AppAlgorithm::ES256 => &self.es256,
            AppAlgorithm::RS256 => &self.rs256,
        }
    }

    pub fn all(&self) -> [&KeyRing; 2] {
        [&self.es256, &self.rs256]
    }
}

impl KeyRing {
    /// Opens the ring, or begins it in a database that has no key yet.
    pub(super) fn open(config: &Config, db: &Db, store: KeyStore, now: UnixTime) -> Result<Self, OpenError> {
        let ring = Self {
            purpose: KeyPurpose::Sessions,
            store,
            database: config.database.clone(),
            algorithm: config.jwt.algorithm,
            given: config.signing_key.clone(),
        };
        match &ring.given {
            Some(given) => ring.note_given(db, given, now)?,
            None if db.read(|conn| ring.rows(conn))?.is_empty() => ring.begin(db, now)?,
            None => {}
        }
        Ok(ring)
    }

    /// The ring of what apps read that is signed by this algorithm. It has no key before one is needed.
    fn for_apps(config: &Config, store: KeyStore, algorithm: AppAlgorithm) -> Self {
        Self {
            purpose: KeyPurpose::for_apps(algorithm),
            store,
            database: config.database.clone(),
            algorithm: match algorithm {
                AppAlgorithm::RS256 => Algorithm::RS256,
                AppAlgorithm::ES256 => Algorithm::ES256,
            },
            given: None,
        }
    }

    /// The same ring, whose keys are somewhere else now.
    pub(super) fn kept_in(&self, store: &KeyStore) -> Self {
        Self { store: store.clone(), ..self.clone() }
    }

    fn rows(&self, conn: &mut Conn) -> Result<Vec<KeyRow>, store::Error> {
        signing_keys::all(conn, self.purpose)
    }

    /// The keys of the ring, oldest first, each as far as it can be read. An error: that can be said of none of them.
    fn each(&self, conn: &mut Conn) -> Result<Vec<ReadKey>, OpenError> {
        let rows = self.rows(conn)?;
        rows.into_iter()
            .map(|row| match self.read(conn, &row) {
                Err(error) if !error.is_of_one_key() => Err(error),
                read => Ok((row, read)),
            })
            .collect()
    }

    /// The texts of the keys that can be read, by the names of their files. Empty if the settings give the key.
    pub(super) fn texts(&self, conn: &mut Conn) -> Result<Vec<(String, String)>, OpenError> {
        let mut texts = Vec::new();
        for (row, read) in if self.given.is_some() { Vec::new() } else { self.each(conn)? } {
            if read.is_ok()
                && let Some(text) = self.store.find(conn, &row.file)?
            {
                texts.push((row.file, text));
            }
        }
        Ok(texts)
    }

    /// Reads the keys of the ring for apps. One whose file is lost is left out: what it signed lives for a minute, and another takes its
    /// place. `None`: no key signs.
    pub fn load_for_apps(&self, conn: &mut Conn) -> Result<Option<Keys>, OpenError> {
        let (mut older, mut signing, mut newer) = (Vec::new(), None, Vec::new());
        for (row, read) in self.each(conn)? {
            match (read, row.state) {
                (Ok(key), KeyState::VerifyOnly) => older.push(key),
                (Ok(key), KeyState::Signing) => signing = Some(key),
                (Ok(key), KeyState::Pending) => newer.push(key),
                (Err(error), _) => tracing::error!(event = "app_key_unreadable", kid = row.kid, error = %chain(&error)),
            }
        }
        Ok(signing.map(|signing| Keys::ring(older, signing, newer)))
    }

    /// Makes the first key of the ring for apps, and replaces each in time. Returns whether anything changed.
    pub fn follow_schedule(&self, db: &Db, now: UnixTime) -> Result<bool, RingError> {
        let mut changed = false;
        // More steps than there can be. What can't be done is tried again at the next call.
        for _ in 0..8 {
            let each = db.read(|conn| self.each(conn))?;
            let readable: Vec<_> = each.into_iter().map(|(row, read)| (read.is_ok(), row)).collect();
            let Some(step) = due(&readable, now) else { break };
            changed = true;
            match step {
                Step::Announce => drop(self.add(db, Upkeep, now)?),
                Step::Promote => drop(self.rotate(db, Upkeep, now)?),
                Step::Retire(kid) => {
                    if let Err(error) = self.retire(db, Upkeep, &kid, 0, true, now)?.delete() {
                        tracing::warn!(event = "app_key_not_deleted", kid, error = %error);
                    }
                }
            }
        }
        Ok(changed)
    }

    /// Reads the keys that are in the ring now.
    pub fn load(&self, conn: &mut Conn) -> Result<Keys, OpenError> {
        if let Some(given) = &self.given {
            return Ok(Keys::one(key(self.algorithm, given, "the settings".into())?));
        }
        let (mut older, mut signing, mut newer) = (Vec::new(), None, Vec::new());
        for (row, read) in self.each(conn)? {
            let key = match read {
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
        let signing = signing.ok_or_else(|| self.store.missing(FIRST_FILE, LOST_KEY_HINT))?;
        Ok(Keys::ring(older, signing, newer))
    }

    /// The names of the files with these keys, each of which was read. Empty if the settings give the key.
    pub(super) fn files(&self, rows: &[KeyRow]) -> Result<Vec<String>, OpenError> {
        let mut names = Vec::new();
        for row in rows.iter().filter(|row| self.given.is_none() && row.purpose == self.purpose) {
            let text = self.store.find_in_folder(&row.file)?;
            match self.key_of(row, text.as_deref()) {
                Ok(_) => names.push(row.file.clone()),
                // As when the ring is loaded.
                Err(_) if row.state == KeyState::Pending || self.purpose != KeyPurpose::Sessions => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names)
    }

    /// All keys, oldest first.
    pub fn list(&self, db: &Db) -> Result<Vec<KeyRow>, RingError> {
        self.refuse_given_key()?;
        Ok(db.read(|conn| self.rows(conn))?)
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
        let file = match self.purpose {
            KeyPurpose::Sessions => format!("signing-{kid}.key"),
            KeyPurpose::Apps | KeyPurpose::AppsRs256 => format!("signing-apps-{kid}.key"),
        };
        let text = text(self.algorithm, &material);
        let made = self.store.put(&file, &text)?;
        let row = row(self, kid.clone(), KeyState::Pending, file, now);
        let added = db.write(by, now, move |tx, by| {
            signing_keys::add(tx.conn, &row)?;
            made.store(tx.conn)?;
            tx.change(Change::KeysChanged);
            Ok(record(tx, What::KeyAdded, &by, &row.kid)?)
        });
        added.committed()?;
        Ok(kid)
    }

    /// Lets the key that has waited longest sign from now on and returns its `kid`. What its predecessor signed stays good. Blocks until
    /// every node knows the key, for as long as a lease at most.
    pub fn rotate(
        &self,
        db: &Db,
        by: impl Authority<RingError, Granted = By>,
        now: UnixTime,
    ) -> Result<String, RingError> {
        self.refuse_given_key()?;
        let waiting = db.read(|conn| self.rows(conn))?.into_iter().find(|key| key.state == KeyState::Pending);
        let kid = waiting.ok_or(RingError::NonePending)?.kid;
        // Whoever hears first that it signs signs with it, and no other node may refuse that.
        db.wait_for_nodes()?;
        let ring = self.clone();
        let rotated = db.write(by, now, move |tx, by| {
            let waiting = |(key, _): &ReadKey| key.kid == kid && key.state == KeyState::Pending;
            let next = ring.each(tx.conn)?.into_iter().find(waiting);
            if let (next, Err(source)) = next.ok_or(RingError::NonePending)? {
                return Err(RingError::Unreadable { kid: next.kid, source: Box::new(source) });
            }
            if !signing_keys::promote(tx.conn, ring.purpose, &kid, now)? {
                return Err(RingError::NonePending);
            }
            tx.change(Change::KeysChanged);
            record(tx, What::KeyRotated, &by, &kid)?;
            Ok(kid)
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
        let (kid, ring) = (kid.to_owned(), self.clone());
        let retired = db.write(by, now, move |tx, by| {
            let all = ring.rows(tx.conn)?;
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
            shared_keys::remove(tx.conn, &row.file)?;
            tx.change(Change::KeysChanged);
            record(tx, What::KeyRetired, &by, &kid)?;
            Ok(row.file)
        });
        Ok(self.store.left_of(&retired.committed()?))
    }

    /// If the key that signs is not for the algorithm in the settings, a key that is takes over: one that waits, or a new one. Only
    /// for the process that serves: a command beside it may have been started with other settings.
    pub fn follow_settings(&self, db: &Db, now: UnixTime) -> Result<(), RingError> {
        if self.given.is_some() {
            return Ok(());
        }
        let signs = |row: &KeyRow| row.state == KeyState::Signing && row.algorithm == self.algorithm.as_str();
        if db.read(|conn| self.rows(conn))?.iter().any(signs) {
            return Ok(());
        }
        loop {
            let fits = |row: &KeyRow| row.state == KeyState::Pending && row.algorithm == self.algorithm.as_str();
            let waiting = db.read(|conn| self.each(conn))?.into_iter().find(|(row, read)| fits(row) && read.is_ok());
            let kid = match waiting {
                Some((row, _)) => row.kid,
                None => self.add(db, Upkeep, now)?,
            };
            db.wait_for_nodes()?;
            let (promoted, purpose) = (kid.clone(), self.purpose);
            // The error rolls back what `promote` did to the key that signed, so that there is always one that signs.
            let signs =
                db.write(Upkeep, now, move |tx, _| match signing_keys::promote(tx.conn, purpose, &promoted, now)? {
                    true => {
                        tx.change(Change::KeysChanged);
                        Ok(())
                    }
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
        if before.is_some() || !db.read(|conn| self.rows(conn))?.is_empty() {
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
        let place = self.store.place(FIRST_FILE);
        let expected = db.read(|conn| instance::get(conn, instance::SIGNING_KEY))?;
        let (material, made) = match db.read(|conn| self.store.find(conn, FIRST_FILE))? {
            Some(text) => (material(self.algorithm, &text, &place)?, None),
            None => {
                if db.read(was_used)? {
                    return Err(self.store.missing(FIRST_FILE, LOST_KEY_HINT));
                }
                let material = Key::generate(self.algorithm).map_err(|_| OpenError::Random)?;
                let made = self.store.put_first(FIRST_FILE, &text(self.algorithm, &material))?;
                (material, Some(made))
            }
        };
        let kid = key(self.algorithm, &material, place.clone())?.kid().to_owned();
        if let Some(expected) = expected
            && expected != fingerprint(material.as_bytes())
        {
            return Err(self.other_key(place, kid, expected));
        }
        let row = row(self, kid, KeyState::Signing, FIRST_FILE.into(), now);
        let begun = db.write(Upkeep, now, move |tx, _| {
            // If two processes start for the first time at once, the other may have added the key: in the same file, or sealed.
            if !signing_keys::all(tx.conn, row.purpose)?.is_empty() {
                return Ok(());
            }
            made.map_or(Ok(()), |made| made.store(tx.conn))?;
            Ok::<_, OpenError>(signing_keys::add(tx.conn, &row)?)
        });
        begun.committed()
    }

    fn read(&self, conn: &mut Conn, row: &KeyRow) -> Result<Key, OpenError> {
        let text = self.store.find(conn, &row.file)?;
        self.key_of(row, text.as_deref())
    }

    /// The key of this row. `text`: what its file holds, if it is there.
    fn key_of(&self, row: &KeyRow, text: Option<&str>) -> Result<Key, OpenError> {
        let algorithm = Algorithm::parse(&row.algorithm)
            .ok_or_else(|| OpenError::UnknownAlgorithm { kid: row.kid.clone(), algorithm: row.algorithm.clone() })?;
        let text = text.ok_or_else(|| self.store.missing(&row.file, LOST_KEY_HINT))?;
        let place = self.store.place(&row.file);
        let key = key(algorithm, &material(algorithm, text, &place)?, place.clone())?;
        if key.kid() == row.kid { Ok(key) } else { Err(self.other_key(place, key.kid().into(), row.kid.clone())) }
    }

    fn other_key(&self, path: String, found: String, expected: String) -> OpenError {
        let database = self.database.clone();
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

fn material(algorithm: Algorithm, text: &str, place: &str) -> Result<Secret, OpenError> {
    match algorithm.family() {
        Family::Shared => files::decode(text, Path::new(place)),
        Family::Rsa | Family::P256 | Family::P384 | Family::Ed25519 => Ok(Secret::new(text)),
    }
}

fn row(ring: &KeyRing, kid: String, state: KeyState, file: String, now: UnixTime) -> KeyRow {
    let algorithm = ring.algorithm.as_str().into();
    KeyRow { purpose: ring.purpose, kid, algorithm, state, file, created_at: now, since: now }
}

fn record(tx: &mut Tx<'_>, what: What, by: &By, kid: &str) -> Result<(), store::Error> {
    Event::new(what, by).details(Details::Key(kid.to_owned())).record(tx)
}

/// Whether the database has been used: with a key and a pepper, or because it has users.
pub(super) fn was_used(conn: &mut Conn) -> Result<bool, store::Error> {
    let has_key = instance::get(conn, instance::SIGNING_KEY)?.is_some()
        || !signing_keys::all(conn, KeyPurpose::Sessions)?.is_empty();
    Ok((has_key && instance::get(conn, instance::PEPPER)?.is_some()) || users::any(conn)?)
}
