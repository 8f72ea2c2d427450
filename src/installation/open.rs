//! Opens an installation: the data folder with its keys, and the database.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::{Duration, Instant};

use aws_lc_rs::rand;

use super::derived::derived;
use super::error::{KEY_BYTES, OpenError};
use super::examine::{LastStop, examine, last_stop, malformed, refuse_keys_without_database};
use super::files::{self, FACTOR_KEY_FILE, PEPPER_FILE};
use super::key_store::KeyStore;
use super::master_keys::MasterKeys;
use super::moved::refuse_moved;
use super::ring::{AppRings, KeyRing, was_used};
use super::serving::{Running, Serving, running};
use crate::accounts::apps::kept_assertions::Assertions;
use crate::accounts::apps::keys::AppKeys;
use crate::accounts::apps::signed_lists::SignedLists;
use crate::accounts::first_load::FirstLoad;
use crate::accounts::sessions::being_marked::BeingMarked;
use crate::accounts::sessions::last_seen::LastSeen;
use crate::accounts::sessions::sign_in_counts::SignInCounts;
use crate::accounts::{Accounts, KeyedIds};
use crate::blocklist::Blocklist;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{DatabaseUrl, UnixTime};
use crate::passwords::Passwords;
use crate::sealing::SealingKey;
use crate::store::audit::fit::{self, Fit};
use crate::store::audit::head::HeadFile;
use crate::store::audit::seal::Seal;
use crate::store::{self, ClusterRules, Conn, DatabaseCheck, Db, Upkeep, factors, instance, shared_keys};
use crate::throttle::Throttle;
use crate::tokens::options::Secret;
use crate::tokens::{Engine, fingerprint};

/// When a database server has noticed at the latest that the Portero that held its lock is gone.
const SERVER_GONE_AFTER: Duration = Duration::from_secs(6);

/// An open installation.
pub struct Installation {
    pub accounts: Arc<Accounts>,
    pub ring: KeyRing,
    pub app_rings: AppRings,
    /// Key for the browser session's cookie, derived from the pepper.
    pub browser_session_key: [u8; 64],
    /// Of the whole database, after an unclean stop.
    pub check: DatabaseCheck,
    /// Those that the settings give.
    pub(super) master_keys: Option<Arc<MasterKeys>>,
    /// Whether the pepper and the rings are sealed in the database under these.
    pub(super) keys_are_in_database: bool,
}

/// Since when the audit log may have changed without the file beside the database.
#[derive(Clone, Copy)]
enum LogSince {
    LastStart,
    Restored,
}

impl Installation {
    /// Opens an installation that exists: a command that is pointed at the wrong folder must not make a new one.
    pub fn open_existing(config: &Arc<Config>, clock: Clock) -> Result<Self, OpenError> {
        Self::refuse_absent(config)?;
        Self::open(config, clock)
    }

    /// The same if the database's own tools have put it back to an earlier moment.
    pub(super) fn open_put_back(config: &Arc<Config>, clock: Clock) -> Result<Self, OpenError> {
        Self::refuse_absent(config)?;
        Self::open_restored(config, clock)
    }

    fn refuse_absent(config: &Config) -> Result<(), OpenError> {
        if Db::exists(&config.database)? {
            return Ok(());
        }
        match &config.database {
            DatabaseUrl::Sqlite(path) => examine(config, path, LastStop::Unknown).map(drop)?,
            DatabaseUrl::Postgres(_) => refuse_keys_without_database(config)?,
        }
        Err(OpenError::NotThere { folder: config.data_dir.clone() })
    }

    /// Opens the installation, or makes a new one.
    pub fn open(config: &Arc<Config>, clock: Clock) -> Result<Self, OpenError> {
        Self::open_with(config, clock, LogSince::LastStart)
    }

    /// Opens an installation that was restored just now.
    pub(super) fn open_restored(config: &Arc<Config>, clock: Clock) -> Result<Self, OpenError> {
        Self::open_with(config, clock, LogSince::Restored)
    }

    fn open_with(config: &Arc<Config>, clock: Clock, log_since: LogSince) -> Result<Self, OpenError> {
        files::make_folder(&config.data_dir)?;
        let check = match &config.database {
            DatabaseUrl::Sqlite(path) => look_at_file(config, path)?,
            // Its server sees to that.
            DatabaseUrl::Postgres(_) => DatabaseCheck::unneeded(),
        };
        let db = open_database(config)?;
        let master_keys = MasterKeys::of(config)?;
        // Before anything is changed.
        let in_database = in_database(config, &db, master_keys.as_ref())?;
        begin(config, &db, clock.now())?;
        let given = Given { config, db: &db, now: clock.now(), in_database: in_database.as_deref() };
        let pepper = pepper_file(given).open()?;
        let pepper = pepper.as_bytes();
        let factor_key = factor_key_file(given).open()?;
        let (events, addresses) =
            (derived::<32>(pepper, b"portero audit")?, derived::<32>(pepper, b"portero audit addresses")?);
        let db = db.sealing(Seal::new(&events, &addresses, HeadFile::beside(&config.beside_database())));
        let take_up_audit = match log_since {
            LogSince::LastStart if in_database.is_some() => fit::take_up_on_any_machine,
            LogSince::LastStart => fit::take_up,
            LogSince::Restored => fit::take_up_restored,
        };
        warn_of_audit(&take_up_audit(&db, clock.now())?);
        let keys_are_in_database = in_database.is_some();
        let store = match (in_database, config.cluster_lease) {
            (Some(keys), _) => KeyStore::in_database(config, keys),
            (None, Some(_)) => {
                let shared = SealingKey::new(&derived(pepper, b"portero shared keys")?);
                KeyStore::in_folder(config, Some(Arc::new(shared)))
            }
            (None, None) => KeyStore::in_folder(config, None),
        };
        let ring = KeyRing::open(config, &db, store.clone(), clock.now())?;

        let engine = Engine::new(config.jwt.clone(), db.read(|conn| ring.load(conn))?).with_sessions();
        let accounts = Accounts {
            db,
            blocklist: Arc::new(Blocklist::default()),
            first_load: FirstLoad::default(),
            last_seen: LastSeen::default(),
            being_marked: BeingMarked::default(),
            sign_ins: SignInCounts::default(),
            throttle: Throttle::new(config.throttle),
            last_prune: AtomicI64::new(0),
            clock_doubted: AtomicBool::new(false),
            complete_since: AtomicI64::new(0),
            restored: AtomicI64::new(0),
            passwords: Passwords::new(pepper, &fingerprint(pepper), config.password.bcrypt_cost),
            engine,
            app_keys: AppKeys::default(),
            assertions: Assertions::default(),
            signed_lists: SignedLists::default(),
            apps_to_tell: Arc::default(),
            mails_to_send: Arc::default(),
            // Not derived from the signing key, which may be shared with apps and may change.
            keyed_ids: KeyedIds::new(&derived::<32>(pepper, b"portero token ids")?),
            attempt_key: SealingKey::new(&derived(pepper, b"portero sign-in attempts")?),
            gate_key: SealingKey::new(&derived(pepper, b"portero gate")?),
            doctor_key: SealingKey::new(&derived(pepper, b"portero doctor")?),
            openid_key: SealingKey::new(&derived(pepper, b"portero openid")?),
            mail_key: SealingKey::new(&derived(pepper, b"portero mails")?),
            factor_key: SealingKey::new(&derived(factor_key.as_bytes(), b"portero second factors")?),
            config: Arc::clone(config),
            clock,
        };
        Ok(Self {
            accounts: Arc::new(accounts),
            ring,
            app_rings: AppRings::of(config, &store),
            browser_session_key: derived::<64>(pepper, b"portero browser session")?,
            check,
            master_keys,
            keys_are_in_database,
        })
    }

    /// Makes this process the one that serves the database, until the returned value is dropped. An error if another already does.
    pub fn lock(&self) -> Result<Serving, OpenError> {
        let config = &self.accounts.config;
        let serving = Serving::begin(&config.database, &config.beside_database())?;
        // On another machine there may be one, too. One that was killed is let go of within five seconds.
        let begin = Instant::now();
        while !self.accounts.db.serve()? || self.nodes_may_answer()? {
            if begin.elapsed() > SERVER_GONE_AFTER {
                return Err(OpenError::Served { database: config.database.clone() });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(serving)
    }

    /// Whether this is to be the only one, and nodes may still answer that no act of its would wait for. Those that can't any more are
    /// struck off.
    fn nodes_may_answer(&self) -> Result<bool, OpenError> {
        Ok(self.accounts.config.cluster_lease.is_none()
            && !self.accounts.db.strike_off_silent_nodes(self.accounts.now())?)
    }

    /// Whether a server is running on this database.
    pub fn is_served(&self) -> Result<bool, OpenError> {
        let is_here = running(&self.accounts.config.beside_database())? != Running::No;
        Ok(is_here || self.accounts.db.is_served()?)
    }
}

/// The log of the program is where an operator looks; the event in the audit log stays.
fn warn_of_audit(fit: &Fit) {
    let what = match fit {
        Fit::Whole | Fit::NotSealed => return,
        Fit::NoFile => "the file is gone, or can't be read",
        Fit::Cut { .. } => {
            "the log is shorter than the file says: its end was cut off, or this is an older copy of the database"
        }
        Fit::Other { .. } => "the log has another event where the file names one",
        Fit::Beyond { .. } => "the log has events after the one that Portero recorded last",
    };
    tracing::error!(
        event = "audit_did_not_fit",
        what,
        "the audit log does not fit the file beside the database; this is on record in the log itself"
    );
}

/// Looks at an SQLite file before anything opens it, and makes it if it is not there.
fn look_at_file(config: &Config, path: &Path) -> Result<DatabaseCheck, OpenError> {
    refuse_moved(path)?;
    // First, because SQLite gives the files beside it the same mode.
    files::keep_database_private(path)?;
    let last_stop = last_stop(path);
    // A server that runs has looked at its start.
    let is_served = running(path)? != Running::No;
    let check = if is_served { DatabaseCheck::unneeded() } else { examine(config, path, last_stop)? };
    files::make_database_file(path)?;
    Ok(check)
}

fn open_database(config: &Config) -> Result<Db, OpenError> {
    let database = &config.database;
    let opened = match config.cluster_lease {
        None => Db::open(database),
        Some(seconds) => {
            let lease = Duration::from_secs(seconds.unsigned_abs());
            Db::open_in_cluster(database, ClusterRules { lease })
        }
    };
    opened.map_err(|error| match (error.damage(), database.file()) {
        (Some(what), Some(path)) => malformed(path, &what, false),
        _ => error.into(),
    })
}

/// Notes in a database that is new, before the first key is written, that keys are being made for it. Without the note, keys beside a
/// database that was never used belong to another, which is lost.
fn begin(config: &Config, db: &Db, now: UnixTime) -> Result<(), OpenError> {
    if db.read(|conn| Ok::<_, store::Error>(was_used(conn)? || instance::get(conn, instance::BEGUN)?.is_some()))? {
        return Ok(());
    }
    refuse_keys_without_database(config)?;
    let begun = db.write(Upkeep, now, move |tx, _| instance::set(tx.conn, instance::BEGUN, &now.0.to_string()));
    Ok(begun.committed()?)
}

/// The master keys, if the pepper and the rings are in the database, or are to be made there because it has none yet. An error if what is
/// sealed there can't be opened.
fn in_database(
    config: &Config,
    db: &Db,
    master_keys: Option<&Arc<MasterKeys>>,
) -> Result<Option<Arc<MasterKeys>>, OpenError> {
    let sealed = db.read(shared_keys::all_under_master_keys)?;
    let Some(keys) = master_keys else {
        return match sealed.is_empty() {
            true => Ok(None),
            false => Err(OpenError::NoMasterKeys { database: config.database.clone() }),
        };
    };
    sealed.iter().try_for_each(|row| keys.open(row).map(drop))?;
    let has_pepper = |conn: &mut Conn| Ok::<_, store::Error>(instance::get(conn, instance::PEPPER)?.is_some());
    let is_new = !db.read(was_used)? && !db.read(has_pepper)?;
    Ok((is_new || !sealed.is_empty()).then(|| Arc::clone(keys)))
}

/// What a key is looked for in.
#[derive(Clone, Copy)]
struct Given<'a> {
    config: &'a Config,
    db: &'a Db,
    now: UnixTime,
    /// The master keys under which it is in the database. `None`: it is in the data folder.
    in_database: Option<&'a MasterKeys>,
}

/// A key that the database was used with: in the settings, or else in its file, or sealed in the database under the name of that.
struct KeyFile<'a> {
    from: Given<'a>,
    /// What the settings give.
    given: Option<&'a Secret>,
    setting: &'static str,
    file: &'static str,
    /// Under which the database knows its fingerprint.
    name: &'static str,
    /// What it means if the key is lost.
    hint: &'static str,
    /// Whether a file that is missing must not be made anew, because the database has been used with one.
    was_used: fn(&mut Conn) -> Result<bool, store::Error>,
    /// Whether no other key can take the place of the one that the database knows.
    is_bound: fn(&mut Conn) -> Result<bool, store::Error>,
}

fn pepper_file(from: Given<'_>) -> KeyFile<'_> {
    KeyFile {
        from,
        given: from.config.pepper.as_ref(),
        setting: "pepper",
        file: PEPPER_FILE,
        name: instance::PEPPER,
        hint: "; without it no stored password can be checked",
        was_used,
        is_bound: |_| Ok(true),
    }
}

/// The key under which the secrets of second factors are sealed: a database alone, stolen, must not be enough to make codes.
fn factor_key_file(from: Given<'_>) -> KeyFile<'_> {
    KeyFile {
        from,
        given: from.config.factor_key.as_ref(),
        setting: "factor_key",
        file: FACTOR_KEY_FILE,
        name: instance::FACTOR_KEY,
        hint: "; without it nobody can use a second factor that they have",
        // As long as nothing is sealed with it, any key will do.
        was_used: factors::any_sealed,
        is_bound: factors::any_sealed,
    }
}

impl KeyFile<'_> {
    fn open(&self) -> Result<Secret, OpenError> {
        let Given { config, db, now, in_database } = self.from;
        let (name, is_bound) = (self.name, self.is_bound);
        let (known, is_bound) =
            db.read(move |conn| Ok::<_, store::Error>((instance::get(conn, name)?, is_bound(conn)?)))?;
        let (key, origin) = match (self.given, in_database) {
            (Some(secret), _) => (secret.clone(), format!("the setting `{}`", self.setting)),
            (None, Some(keys)) => (self.unseal(keys)?, format!("the row {} of the table shared_keys", self.file)),
            (None, None) => {
                let path = config.data_dir.join(self.file);
                (self.read(&path)?, path.display().to_string())
            }
        };
        let found = fingerprint(key.as_bytes());
        match known {
            Some(expected) if expected == found => Ok(key),
            Some(expected) if is_bound => Err(OpenError::OtherKey {
                path: origin,
                database: config.database.clone(),
                found,
                expected,
                hint: self.hint,
            }),
            Some(_) | None => {
                let set = db.write(Upkeep, now, move |tx, _| instance::set(tx.conn, name, &found));
                set.committed()?;
                Ok(key)
            }
        }
    }

    /// Reads the key from its file. Makes both if there is no file and this database has never been used with one.
    fn read(&self, path: &Path) -> Result<Secret, OpenError> {
        let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => files::decode(&files::read_key(file, path)?, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.from.db.read(self.was_used)? {
                    let database = self.from.config.database.clone();
                    return Err(OpenError::KeyIsMissing { path: path.to_owned(), database, hint: self.hint });
                }
                let key = new_key()?;
                files::write_key(path, &files::encode(&key))?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Opens the key's row. Makes both if there is no row and this database has never been used with one.
    fn unseal(&self, keys: &MasterKeys) -> Result<Secret, OpenError> {
        let Given { config, db, now, .. } = self.from;
        let file = self.file;
        let row = match db.read(|conn| shared_keys::under_master_key(conn, file))? {
            Some(row) => row,
            None if db.read(self.was_used)? => {
                let (file, database) = (file.to_owned(), config.database.clone());
                return Err(OpenError::SealedKeyIsMissing { file, database, hint: self.hint });
            }
            None => {
                let made = keys.seal(file, &files::encode(&new_key()?))?;
                let stored = db.write(Upkeep, now, move |tx, _| {
                    // Another node that starts for the first time at the same moment may have been quicker.
                    match shared_keys::under_master_key(tx.conn, file)? {
                        Some(others) => Ok::<_, store::Error>(others),
                        None => shared_keys::add_under_master_key(tx.conn, &made).map(|()| made),
                    }
                });
                stored.committed()?
            }
        };
        files::decode(&keys.open(&row)?, Path::new(file))
    }
}

fn new_key() -> Result<Secret, OpenError> {
    let mut key = [0; KEY_BYTES];
    rand::fill(&mut key).map_err(|_| OpenError::Random)?;
    Ok(Secret::new(key))
}
