//! What lies on disk: the data folder with its keys and its database. Made at the first start, found at every later one, and
//! never silently made anew.

mod files;
mod ring;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use aws_lc_rs::{hkdf, rand};

pub use ring::{KeyRing, Retired, RingError};

use crate::accounts::{Accounts, LastSeen, MintKeys, Rules};
use crate::blocklist::Blocklist;
use crate::config::{Config, FreshFor};
use crate::domain::UnixTime;
use crate::password::Passwords;
use crate::store::{self, Conn, Db, instance, signing_keys, users};
use crate::throttle::Throttle;
use crate::tokens::options::{Lifetime, Secret};
use crate::tokens::{Engine, fingerprint};

const PEPPER_FILE: &str = "pepper.key";

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
    #[error("the key file {path} can be read by others than its owner: run `chmod 600 {path}`")]
    KeyIsPublic { path: PathBuf },
    #[error("the key file {path} is not one of Portero's: it holds no base64 of at least {} bytes", files::KEY_BYTES)]
    KeyIsBroken { path: PathBuf },
    #[error("the key in {path} can't be used")]
    NoKey { path: String, source: crate::tokens::KeyError },
    #[error("this version does not know the algorithm {algorithm} of the key {kid}")]
    UnknownAlgorithm { kid: String, algorithm: String },
    #[error(
        "the key file {path} is missing, but the database {database} has been used with one. A new key would not fit it. \
         Put the file back from your backup{hint}"
    )]
    KeyIsMissing { path: PathBuf, database: PathBuf, hint: &'static str },
    #[error(
        "the key in {path} is not the one that the database {database} was used with (its fingerprint is {found}, the \
         database expects {expected}). Put the right file back from your backup{hint}"
    )]
    OtherKey { path: String, database: PathBuf, found: String, expected: String, hint: &'static str },
    #[error(
        "there is no Portero in {folder}: is that the right data folder? `portero serve` and `portero user add` make a new one"
    )]
    NotThere { folder: PathBuf },
    #[error("the system has no random numbers")]
    Random,
    #[error("another Portero already serves the database {database}; one server owns an SQLite database")]
    Served { database: PathBuf },
}

/// What it means when the pepper is in no backup.
const PEPPER_HINT: &str = "; without it no stored password can be checked";

/// An open installation.
pub struct Installation {
    pub accounts: Arc<Accounts>,
    pub ring: KeyRing,
    /// Keys for what is neither a token nor a password.
    pub browser_session_key: [u8; 64],
    pub database: PathBuf,
}

impl Installation {
    /// Opens one that is there: a command that is pointed at the wrong folder must not make another.
    pub fn open_existing(config: &Config, now: UnixTime) -> Result<Self, OpenError> {
        if config.database.exists() {
            Self::open(config, now)
        } else {
            Err(OpenError::NotThere { folder: config.data_dir.clone() })
        }
    }

    /// Opens it, or makes a new one.
    pub fn open(config: &Config, now: UnixTime) -> Result<Self, OpenError> {
        files::make_folder(&config.data_dir)?;
        files::make_database_file(&config.database)?;
        let db = Db::open(&config.database)?;
        let ring = KeyRing::open(config, &db, now)?;
        let pepper = Opened { config, db: &db }.pepper()?;
        let pepper = pepper.as_bytes();

        let engine = Engine::new(config.jwt.clone(), db.read(|conn| ring.load(conn))?).with_sessions();
        let accounts = Accounts {
            db,
            blocklist: Arc::new(Blocklist::default()),
            last_seen: LastSeen::default(),
            throttle: Throttle::new(config.throttle),
            last_prune: AtomicI64::new(0),
            complete_since: AtomicI64::new(0),
            passwords: Passwords::new(pepper, &fingerprint(pepper), config.password.bcrypt_cost),
            engine,
            // Not from the signing key: that one may be shared with peers, and change.
            mint_keys: MintKeys::new(&derived::<32>(pepper, b"portero token ids")?),
            rules: rules(config),
        };
        Ok(Self {
            accounts: Arc::new(accounts),
            ring,
            browser_session_key: derived::<64>(pepper, b"portero browser session")?,
            database: config.database.clone(),
        })
    }

    /// Seconds that a token lives at most.
    pub fn longest_life(&self) -> i64 {
        let rules = &self.accounts.rules;
        let bounded = |life: Option<i64>| life.unwrap_or(rules.absolute).min(rules.absolute);
        bounded(rules.access_lifetime).max(bounded(rules.refresh_lifetime))
    }

    /// Makes this process the one that serves the database, until the file is dropped.
    pub fn lock(&self) -> Result<File, OpenError> {
        match try_lock(&self.database)? {
            Some(lock) => Ok(lock),
            None => Err(OpenError::Served { database: self.database.clone() }),
        }
    }

    /// Whether a server runs beside this process.
    pub fn is_served(&self) -> Result<bool, OpenError> {
        Ok(try_lock(&self.database)?.is_none())
    }
}

fn try_lock(database: &Path) -> Result<Option<File>, OpenError> {
    let path = files::with_suffix(database, ".lock");
    let failed = |source| OpenError::KeyFile { path: path.clone(), source };
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

struct Opened<'a> {
    config: &'a Config,
    db: &'a Db,
}

impl Opened<'_> {
    fn pepper(&self) -> Result<Secret, OpenError> {
        let expected = self.db.read(|conn| instance::get(conn, instance::PEPPER))?;
        let (key, origin) = match &self.config.pepper {
            Some(secret) => (secret.clone(), "the setting `pepper`".to_owned()),
            None => {
                let path = self.config.data_dir.join(PEPPER_FILE);
                (self.pepper_file(&path)?, path.display().to_string())
            }
        };
        let found = fingerprint(key.as_bytes());
        match expected {
            Some(expected) if expected == found => Ok(key),
            Some(expected) => Err(OpenError::OtherKey {
                path: origin,
                database: self.config.database.clone(),
                found,
                expected,
                hint: PEPPER_HINT,
            }),
            None => {
                self.db.write(move |tx| instance::set(tx.conn, instance::PEPPER, &found))?;
                Ok(key)
            }
        }
    }

    /// The pepper in its file, made if this database has never been used.
    fn pepper_file(&self, path: &Path) -> Result<Secret, OpenError> {
        let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => files::decode(&files::read_key(file, path)?, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.db.read(was_used)? {
                    let database = self.config.database.clone();
                    return Err(OpenError::KeyIsMissing { path: path.to_owned(), database, hint: PEPPER_HINT });
                }
                let mut key = [0; files::KEY_BYTES];
                rand::fill(&mut key).map_err(|_| OpenError::Random)?;
                let key = Secret::new(key);
                files::write_key(path, &files::encode(&key))?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Whether the database has been used with a key and a pepper, or has anybody in it.
fn was_used(conn: &mut Conn) -> Result<bool, store::Error> {
    let has_key = instance::get(conn, instance::SIGNING_KEY)?.is_some() || !signing_keys::all(conn)?.is_empty();
    Ok((has_key && instance::get(conn, instance::PEPPER)?.is_some()) || users::any(conn)?)
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// A key of its own for each purpose. (RFC 5869)
fn derived<const N: usize>(secret: &[u8], purpose: &[u8]) -> Result<[u8; N], OpenError> {
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"portero").extract(secret);
    let mut key = [0; N];
    root.expand(&[purpose], Length(N)).and_then(|okm| okm.fill(&mut key)).map_err(|_| OpenError::Random)?;
    Ok(key)
}

fn rules(config: &Config) -> Rules {
    let seconds = |life| match life {
        Lifetime::Seconds(seconds) => Some(seconds),
        Lifetime::Never => None,
    };
    let host = config.public_url.as_ref().and_then(|url| url.host_str()).map(str::to_owned);
    let mut context = config.password.context_words.clone();
    context.push(config.site_name.clone());
    context.extend(host);
    // A plain `true` is fresh for as long as its token lives; what we ask of `auth_time` stays.
    let (fresh_for, plain_fresh) = match config.session.fresh_for {
        FreshFor::Seconds(seconds) => (seconds, false),
        FreshFor::Token => (seconds(config.jwt.access_token_expires).unwrap_or(config.session.absolute), true),
    };
    Rules {
        subject: config.subject,
        foreign_tokens: config.foreign_tokens,
        require_jti: config.require_jti,
        absolute: config.session.absolute,
        short_absolute: config.session.short_absolute,
        idle: config.session.idle,
        access_lifetime: seconds(config.jwt.access_token_expires),
        refresh_lifetime: seconds(config.jwt.refresh_token_expires),
        fresh_for,
        plain_fresh,
        rotate: config.session.rotate,
        bearer_limit: config.session.bearer_limit,
        grace: config.session.grace,
        min_password_length: config.password.min_length,
        password_context: context,
    }
}
