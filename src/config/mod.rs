//! Every setting: file, environment, command line. Read once at the start and checked whole; every fault is named at once.
//! `docs/settings.md` tells people about them, and a test sees to it that it leaves none out.

mod contradictions;
mod jwt;
mod parse;
mod reader;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use jiff::tz::TimeZone;
use url::Url;

use self::parse::{DAY, LONGEST, choice, human, list, seconds, switch, text, whole};
use self::reader::{Reader, UNSET};
use crate::tokens::options::{Lifetime, Options, Secret};

/// All settings, right in themselves and with each other.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    /// Where people reach this server: scheme, host, port and nothing more. Links are made from it alone.
    pub public_url: Option<Url>,
    /// The SQLite file.
    pub database: PathBuf,
    pub site_name: String,
    /// What "Can't sign in?" leads to; `None`: a general word.
    pub sign_in_help: Option<String>,
    /// A folder of more catalogues, one file each.
    pub languages_dir: Option<PathBuf>,
    /// In which pages show times; `iana_name()` is what the operator wrote.
    pub time_zone: TimeZone,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub allow_plain_http: bool,
    pub allow_weak_secret: bool,
    /// Whether repeated wrong passwords are slowed down.
    pub throttle: bool,
    pub foreign_tokens: ForeignTokens,
    /// Whether a foreign token needs a `jti`.
    pub require_jti: bool,
    pub subject: Subject,
    pub log: LogRules,
    pub session: SessionRules,
    pub password: PasswordSettings,
    pub jwt: Options,
    /// Given by hand: a secret, or a private key in PEM form. `None`: those in the data folder, the first one made at the first
    /// start.
    pub signing_key: Option<Secret>,
    /// `None`: the one in the data folder, made at the first start.
    pub pepper: Option<Secret>,
}

/// What a token with the right key but without a session is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignTokens {
    /// Nothing.
    Refuse,
    /// Plain access: never fresh, never admin, never refresh.
    Access,
    /// All that flask-jwt-extended would let it do.
    Trust,
}

/// What stands in a token's identity claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Username,
    Id,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRules {
    pub format: LogFormat,
    pub level: LogLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// How long sessions last, in seconds, and how they renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    pub absolute: i64,
    pub idle: i64,
    /// `absolute` for sessions without "keep me signed in".
    pub short_absolute: i64,
    pub fresh_for: FreshFor,
    pub rotate: Rotate,
    /// How many open sessions of programs a user may have; one more, and the oldest ends.
    pub bearer_limit: i64,
    /// How long a refresh token that was just replaced still gets its successor.
    pub grace: i64,
}

/// Until when a token from a login or a confirmation is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshFor {
    Seconds(i64),
    /// As long as the token lives: `fresh` is plain `true`, as in flask-jwt-extended.
    Token,
}

/// Which sessions get a new refresh token with every renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    Cookies,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// In characters.
    pub min_length: usize,
    pub bcrypt_cost: u32,
    /// The operator's words that no password may be built on, beside the ones Portero knows itself.
    pub context_words: Vec<String>,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`: this file, which then has to exist.
    pub config: Option<PathBuf>,
    /// Setting (`listen`, `session.idle`) and value. Of two for one setting, the last one counts.
    pub set: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<String>,
    /// For `config show`: every setting, table by table.
    pub shown: Vec<Setting>,
}

/// A setting as people see it. Secrets are `(hidden)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As in the file, with its table: `session.idle`.
    pub key: &'static str,
    pub environment: String,
    pub value: String,
    pub source: Source,
}

/// Where a value comes from; a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "command line",
        })
    }
}

/// All that is wrong with the settings, one line each: which one, where it was set, what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Faults(pub Vec<String>);

impl Config {
    /// Reads `--config`, `PORTERO_CONFIG` or, if it is there, `portero.toml`; then the environment, then the command line.
    pub fn load(overrides: &Overrides) -> Result<Loaded, Faults> {
        let mut reader = Reader::new(std::env::vars_os(), &overrides.set);
        let asked_for = overrides.config.clone().or_else(|| std::env::var_os("PORTERO_CONFIG").map(PathBuf::from));
        let path = asked_for.as_deref().unwrap_or(Path::new("portero.toml"));
        match std::fs::read_to_string(path) {
            Ok(text) => reader.file(&path.display().to_string(), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked_for.is_none() => {}
            Err(error) => reader.broken_file(&path.display().to_string(), &format!("can't be read: {error}")),
        }
        Self::read(reader)
    }

    /// The same without looking anywhere but at the arguments (and at the files that hold secrets). `file`: its name and text.
    pub fn from_sources<N: Into<OsString>, V: Into<OsString>>(
        file: Option<(&str, &str)>,
        environment: impl IntoIterator<Item = (N, V)>,
        overrides: &Overrides,
    ) -> Result<Loaded, Faults> {
        let mut reader = Reader::new(environment, &overrides.set);
        if let Some((name, text)) = file {
            reader.file(name, text);
        }
        Self::read(reader)
    }

    /// Whether people reach this server by https, by its own word (`public_url`).
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// What the names of our own cookies (path `/`, no domain) begin with. A browser takes a `__Host-` cookie from this very
    /// host by https only, so no neighbour can plant one.
    pub fn cookie_prefix(&self) -> &'static str {
        jwt::cookie_prefix(self.is_https())
    }

    fn read(mut r: Reader) -> Result<Loaded, Faults> {
        let listen = r.take("listen", "127.0.0.1:8080", parse::address);
        let public_url = r.take_if_set("public_url", UNSET, parse::public_url);
        let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let data_dir = r.take("data_dir", "portero-data", |raw| text(raw).map(PathBuf::from));
        let database_shown = format!("sqlite:{}", data_dir.join("portero.db").display());
        let database = r.take_if_set("database_url", &database_shown, parse::database);
        let jwt = jwt::options(&mut r, https);
        let allow_weak_secret = r.take("allow_weak_secret", "false", switch);
        let signing_key = jwt::signing_key(&mut r, &jwt, allow_weak_secret);
        let config = Self {
            listen,
            public_url,
            database: database.unwrap_or_else(|| data_dir.join("portero.db")),
            data_dir,
            site_name: r.take("site_name", "Portero", parse::site_name),
            sign_in_help: r.take_if_set("sign_in_help", UNSET, parse::long_text),
            languages_dir: r.take_if_set("languages_dir", UNSET, |raw| text(raw).map(PathBuf::from)),
            time_zone: r.take("time_zone", "UTC", parse::time_zone),
            trusted_proxies: r.take("trusted_proxies", "", list(parse::network)),
            allow_plain_http: r.take("allow_plain_http", "false", switch),
            throttle: r.take("throttle", "on", switch),
            foreign_tokens: r.take("foreign_tokens", "refuse", choice(FOREIGN_TOKENS)),
            subject: r.take("subject", "username", choice([("username", Subject::Username), ("id", Subject::Id)])),
            allow_weak_secret,
            signing_key,
            require_jti: r.take("require_jti", "on", switch),
            pepper: r.secret("pepper", "pepper_file", 32, allow_weak_secret),
            log: LogRules {
                format: r.take("log.format", "text", choice([("text", LogFormat::Text), ("json", LogFormat::Json)])),
                level: r.take("log.level", "info", choice(LOG_LEVELS)),
            },
            session: session_rules(&mut r, jwt.access_token_expires),
            password: PasswordSettings {
                min_length: r.take("password.min_length", "12", whole(8..=64)) as usize,
                bcrypt_cost: r.take("password.bcrypt_cost", "12", whole(4..=16)),
                context_words: r.take("password.context_words", "", list(text)),
            },
            jwt,
        };
        config.cross_check(&mut r);
        let (shown, warnings) = r.finish()?;
        Ok(Loaded { config, warnings, shown })
    }
}

const FOREIGN_TOKENS: [(&str, ForeignTokens); 3] =
    [("refuse", ForeignTokens::Refuse), ("access", ForeignTokens::Access), ("trust", ForeignTokens::Trust)];
const LOG_LEVELS: [(&str, LogLevel); 4] =
    [("error", LogLevel::Error), ("warn", LogLevel::Warn), ("info", LogLevel::Info), ("debug", LogLevel::Debug)];
const ROTATE: [(&str, Rotate); 3] =
    [("cookies", Rotate::Cookies), ("always", Rotate::Always), ("never", Rotate::Never)];

fn session_rules(r: &mut Reader, access: Lifetime) -> SessionRules {
    let absolute = r.take("session.absolute", "30d", seconds(1..=LONGEST));
    // Whoever shortens the session means its other limits to follow, not to stand in the way.
    let within = |usual: i64| human(usual.min(absolute));
    let usual_grace = match access {
        Lifetime::Seconds(access) => (access / 2).min(10),
        Lifetime::Never => 10,
    };
    SessionRules {
        absolute,
        idle: r.take("session.idle", &within(7 * DAY), seconds(1..=LONGEST)),
        short_absolute: r.take("session.short_absolute", &within(DAY / 2), seconds(1..=LONGEST)),
        fresh_for: r.take("session.fresh_for", "10m", parse::fresh_for),
        rotate: r.take("session.rotate", "cookies", choice(ROTATE)),
        grace: r.take("session.grace", &human(usual_grace), seconds(0..=60)),
        bearer_limit: r.take("session.bearer_limit", "50", whole(1..=10_000)).into(),
    }
}

#[cfg(test)]
mod tests;
