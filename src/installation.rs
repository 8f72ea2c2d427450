//! What lies on disk: the data folder with its keys and its database. Made at the first start, found at every later one, and
//! never silently made anew.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::accounts::{Accounts, LastSeen, MintKeys, Rules};
use crate::blocklist::Blocklist;
use crate::config::{Config, FreshFor};
use crate::password::Passwords;
use crate::store::{self, Db, instance, users};
use crate::tokens::options::Lifetime;
use crate::tokens::{Engine, Key, Keys, fingerprint};

const SIGNING_KEY_FILE: &str = "signing.key";
const PEPPER_FILE: &str = "pepper.key";
/// Enough for every HMAC algorithm (RFC 7518 §3.2).
const KEY_BYTES: usize = 64;

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
    #[error("the key file {path} is not one of Portero's: it holds no base64 of at least {least} bytes")]
    KeyIsBroken { path: PathBuf, least: usize },
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

/// What to do when a lost signing key is not in any backup.
const SIGNING_HINT: &str =
    "; if it is lost for good, set JWT_SECRET_KEY to a new secret: everybody will have to sign in again";
/// And the same for the pepper.
const PEPPER_HINT: &str = "; without it no stored password can be checked";

/// An open installation.
pub struct Installation {
    pub accounts: Arc<Accounts>,
    /// Keys for what is neither a token nor a password.
    pub browser_session_key: [u8; 64],
    pub database: PathBuf,
}

impl Installation {
    /// Opens one that is there: a command that is pointed at the wrong folder must not make another.
    pub fn open_existing(config: &Config) -> Result<Self, OpenError> {
        if config.database.exists() {
            Self::open(config)
        } else {
            Err(OpenError::NotThere { folder: config.data_dir.clone() })
        }
    }

    /// Opens it, or makes a new one.
    pub fn open(config: &Config) -> Result<Self, OpenError> {
        make_folder(&config.data_dir)?;
        make_database_file(&config.database)?;
        let db = Db::open(&config.database)?;
        let opened = Opened { config, db: &db };
        let signing = opened.signing_key()?;
        let pepper = opened.pepper()?;

        let engine = Engine::new(config.jwt.clone(), Keys::one(Key::hmac(config.jwt.algorithm, &signing)));
        let accounts = Accounts {
            db,
            blocklist: Arc::new(Blocklist::default()),
            last_seen: LastSeen::default(),
            passwords: Passwords::new(&pepper, &fingerprint(&pepper), config.password.bcrypt_cost),
            engine,
            // Not from the signing key: that one may be shared with peers, and change.
            mint_keys: MintKeys::new(&derived::<32>(&pepper, b"portero token ids")?),
            rules: rules(config),
        };
        Ok(Self {
            accounts: Arc::new(accounts),
            browser_session_key: derived::<64>(&pepper, b"portero browser session")?,
            database: config.database.clone(),
        })
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
    let path = with_suffix(database, ".lock");
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
    fn signing_key(&self) -> Result<Vec<u8>, OpenError> {
        let expected = self.db.read(|conn| instance::get(conn, instance::SIGNING_KEY))?;
        let (key, origin) = match &self.config.secret_key {
            Some(secret) => (secret.as_bytes().to_vec(), None),
            None => {
                let path = self.config.data_dir.join(SIGNING_KEY_FILE);
                (self.key_file(&path, SIGNING_HINT)?, Some(path))
            }
        };
        let found = fingerprint(&key);
        match (expected, origin) {
            (Some(expected), _) if expected == found => return Ok(key),
            (Some(expected), Some(path)) => {
                return Err(self.other_key(path.display().to_string(), found, expected, SIGNING_HINT));
            }
            // Given by hand, so meant.
            (Some(_), None) => tracing::warn!(
                event = "signing_key_changed",
                "the signing key is another than before: tokens from before are refused, everybody has to sign in again"
            ),
            (None, _) => {}
        }
        self.note(instance::SIGNING_KEY, found)?;
        Ok(key)
    }

    fn pepper(&self) -> Result<Vec<u8>, OpenError> {
        let expected = self.db.read(|conn| instance::get(conn, instance::PEPPER))?;
        let (key, origin) = match &self.config.pepper {
            Some(secret) => (secret.as_bytes().to_vec(), "the setting `pepper`".to_owned()),
            None => {
                let path = self.config.data_dir.join(PEPPER_FILE);
                (self.key_file(&path, PEPPER_HINT)?, path.display().to_string())
            }
        };
        let found = fingerprint(&key);
        match expected {
            Some(expected) if expected == found => Ok(key),
            Some(expected) => Err(self.other_key(origin, found, expected, PEPPER_HINT)),
            None => {
                self.note(instance::PEPPER, found)?;
                Ok(key)
            }
        }
    }

    /// The key in a file of ours, made if this database has never been used.
    fn key_file(&self, path: &Path, hint: &'static str) -> Result<Vec<u8>, OpenError> {
        let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => read_key(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.was_used()? {
                    let database = self.config.database.clone();
                    return Err(OpenError::KeyIsMissing { path: path.to_owned(), database, hint });
                }
                make_key(path)?;
                read_key(File::open(path).map_err(failed)?, path)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn was_used(&self) -> Result<bool, store::Error> {
        self.db.read(|conn| {
            let has_key = instance::get(conn, instance::SIGNING_KEY)?.is_some()
                && instance::get(conn, instance::PEPPER)?.is_some();
            Ok(has_key || users::any(conn)?)
        })
    }

    fn other_key(&self, path: String, found: String, expected: String, hint: &'static str) -> OpenError {
        OpenError::OtherKey { path, database: self.config.database.clone(), found, expected, hint }
    }

    fn note(&self, name: &'static str, value: String) -> Result<(), store::Error> {
        self.db.write(move |tx| instance::set(tx.conn, name, &value))
    }
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Folder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    // Tells now, and by its name, what would fail later and elsewhere.
    let probe = path.join(".probe");
    File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(failed)
}

/// SQLite would make it as the umask says; its journal takes the file's mode.
fn make_database_file(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::Folder { path: path.to_owned(), source }),
    }
}

/// Written beside and linked into place: the file is there whole or not at all, and never in another's stead.
fn make_key(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
    let mut key = [0; KEY_BYTES];
    rand::fill(&mut key).map_err(|_| OpenError::Random)?;
    let beside = with_suffix(path, ".new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        writeln!(file, "{}", STANDARD_NO_PAD.encode(key))?;
        file.sync_all()?;
        fs::hard_link(&beside, path)?;
        fs::remove_file(&beside)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(failed)
}

fn read_key(mut file: File, path: &Path) -> Result<Vec<u8>, OpenError> {
    let failed = |source| OpenError::KeyFile { path: path.to_owned(), source };
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(OpenError::KeyIsPublic { path: path.to_owned() });
    }
    let mut text = String::new();
    let broken = || OpenError::KeyIsBroken { path: path.to_owned(), least: KEY_BYTES };
    file.read_to_string(&mut text).map_err(failed)?;
    let key = STANDARD_NO_PAD.decode(text.trim()).map_err(|_| broken())?;
    if key.len() < KEY_BYTES { Err(broken()) } else { Ok(key) }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
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
