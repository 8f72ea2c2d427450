//! The settings as plain values, for the rest of Portero.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use jiff::tz::TimeZone;
use url::Url;

use super::second_factor::SecondFactorPolicy;
use crate::domain::{DatabaseUrl, ListenAddress, Mail, PasswordRules, is_loopback};
use crate::tokens::options::{Options, Secret};

/// A key under which the pepper and the rings of signing keys are sealed in the database.
#[derive(Clone, Debug)]
pub struct MasterKey {
    /// What the operator calls it.
    pub id: String,
    pub key: Secret,
}

/// All settings, each valid in itself and together with the others.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: ListenAddress,
    /// Who may connect to a Unix socket, as the bits of its file.
    pub socket_mode: u32,
    /// Where metrics are shown. `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    /// Where people reach this server: scheme, host, port and nothing more. Links are made from it; see [`base_url`](Self::base_url).
    pub public_url: Option<Url>,
    pub database: DatabaseUrl,
    pub site_name: String,
    /// The operator's text behind "Can't sign in?"; `None`: a general one.
    pub sign_in_help: Option<String>,
    /// A folder with more catalogues, one file per language.
    pub languages_dir: Option<PathBuf>,
    /// The zone in which pages show times; its `iana_name()` is what the operator wrote.
    pub time_zone: TimeZone,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they tell whom they forward for.
    pub client_ip_header: ClientIpHeader,
    /// How long a connection stays open without a request.
    pub keep_alive: Duration,
    pub allow_plain_http: bool,
    pub allow_weak_secret: bool,
    /// Whether repeated wrong passwords are slowed down.
    pub throttle: bool,
    pub second_factor: SecondFactorPolicy,
    /// For how many seconds a browser can stand in for the second factor. 0: not at all.
    pub second_factor_remember: i64,
    pub foreign_tokens: ForeignTokens,
    /// Whether a foreign token needs a `jti`.
    pub require_jti: bool,
    pub subject: Subject,
    pub log: LogRules,
    pub audit: AuditRules,
    pub session: SessionRules,
    pub password: PasswordSettings,
    pub jwt: Options,
    /// A key given by the operator: a secret, or a private key in PEM form. `None`: the keys in the data folder, the first of which
    /// is made at the first start.
    pub signing_key: Option<Secret>,
    /// `None`: the pepper in the data folder, made at the first start.
    pub pepper: Option<Secret>,
    /// Seals the secrets of second factors. `None`: the key in the data folder, made when it is first needed.
    pub factor_key: Option<Secret>,
    /// For how many seconds each of several nodes may answer without having asked the database. `None`: there is one node.
    pub cluster_lease: Option<i64>,
    /// Under which the pepper and the other keys are sealed in the database; the first one seals. Empty: keys are in files of the data folder.
    pub master_keys: Vec<MasterKey>,
    /// Where apps that are told of sign-outs may be.
    pub app_addresses: AppAddresses,
    /// Certificates of authorities that are trusted besides the system's own when an app is called.
    pub apps_ca_file: Option<PathBuf>,
    /// Whether access tokens say where to look up if their session has ended, for apps that check them by themselves.
    pub status_list: bool,
    /// For how many seconds an app may keep what it looked up.
    pub status_list_ttl: i64,
    /// `None`: Portero sends no mail.
    pub mail: Option<MailSettings>,
}

/// Where an app may be that Portero calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppAddresses {
    /// On the internet.
    Public,
    /// There, or in a private network.
    Private,
    /// There, on this machine, or on its own wire.
    Any,
}

/// The header in which a trusted proxy tells the client's address. Only this one counts: others may be the client's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientIpHeader {
    /// A list to which each proxy appends.
    XForwardedFor,
    /// The same in the form of RFC 7239.
    Forwarded,
    /// A header with one address, which the proxy overwrites, by its name in lower case.
    Single(String),
}

impl ClientIpHeader {
    /// In lower case.
    pub fn name(&self) -> &str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
            Self::Single(name) => name,
        }
    }
}

/// What a token that has a good signature but no session is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignTokens {
    /// Nothing.
    Refuse,
    /// Plain access: never fresh, never admin, never refresh.
    Access,
    /// As with `Trust`, and the log tells of each that `Refuse` would have refused.
    Observe,
    /// Everything that flask-jwt-extended would allow it.
    Trust,
}

impl ForeignTokens {
    /// Whether such a token is taken for as much as one of ours.
    pub fn are_trusted(self) -> bool {
        match self {
            Self::Observe | Self::Trust => true,
            Self::Refuse | Self::Access => false,
        }
    }
}

/// What a token's identity claim says.
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

/// How long the audit log keeps what it knows, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditRules {
    pub retention: i64,
    /// How long an event keeps the address it came from.
    pub ip_retention: i64,
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

/// How long sessions last and how they renew. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// How long a session lives at most, if it is a program's or was begun with "keep me signed in".
    pub absolute: i64,
    /// How long any other session lives at most.
    pub short_absolute: i64,
    /// How long a session may go unused before it is over.
    pub idle: i64,
    /// How long an access token lives; `None`: as long as its session.
    pub access_lifetime: Option<i64>,
    /// How long a refresh token lives; `None`: as long as its session.
    pub refresh_lifetime: Option<i64>,
    /// How long tokens are fresh after a proof.
    pub fresh_for: i64,
    /// Whether claim `fresh` is a plain `true`, good for as long as its token lives, as in flask-jwt-extended. Checks of
    /// `auth_time` stay as they are.
    pub fresh_is_plain: bool,
    pub rotate: Rotate,
    /// How many open bearer sessions a user may have; with one more, the oldest ends.
    pub bearer_limit: i64,
    /// The same for cookie sessions.
    pub cookie_limit: i64,
    /// How long after a renewal the refresh token that it replaced, and the new one too, get the same new pair again.
    pub grace: i64,
}

/// Which sessions get a new refresh token at every renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    Cookies,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// The shortest password, in characters.
    pub min_length: usize,
    pub bcrypt_cost: u32,
    /// Words that a guesser would try first: the operator's own, the site's name and its host.
    pub context: Vec<String>,
}

/// How Portero sends mail.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: MailServer,
    /// Together with the server's `user`.
    pub password: Option<Secret>,
    pub from: Sender,
    /// Certificates of authorities that are trusted besides the system's own.
    pub ca_file: Option<PathBuf>,
}

/// The server that takes the mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    pub security: MailSecurity,
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// Who signs in there. `None`: nobody has to.
    pub user: Option<String>,
}

/// How the connection is kept from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte on. (RFC 8314, section 3.3)
    Tls,
    /// TLS before anything that matters is said; without it nothing is. (RFC 3207)
    StartTls,
    /// In clear, and never beyond this machine.
    Loopback,
}

/// Whom the mails are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// `None`: the site's name.
    pub name: Option<String>,
    pub address: Mail,
}

/// Settings from the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`: the settings file, which then has to exist.
    pub config: Option<PathBuf>,
    /// Each setting (`listen`, `session.idle`) with its value. If a setting is here twice, the last value counts.
    pub set: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<String>,
    /// Every setting, table by table, for showing them to people.
    pub shown: Vec<Setting>,
}

/// A setting as it is shown to people. The value of a secret is `(hidden)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The setting's name in the file, with its table: `session.idle`.
    pub key: &'static str,
    pub environment: String,
    pub value: String,
    pub source: Source,
}

/// Where a value comes from. A later variant overrides the earlier ones.
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

/// Everything that is wrong with the settings, one line each: which setting, where it was set, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .lines.join("\n"))]
pub struct Faults {
    pub lines: Vec<String>,
    /// As far as it can be known from settings that are wrong; otherwise text.
    pub log_format: LogFormat,
}

impl Config {
    /// The path whose name, with a suffix, is that of each file which goes with the database: that of SQLite's own file, or one in the
    /// data folder.
    pub fn beside_database(&self) -> PathBuf {
        match &self.database {
            DatabaseUrl::Sqlite(path) => path.clone(),
            DatabaseUrl::Postgres(_) => self.data_dir.join("postgres"),
        }
    }

    /// Whether people reach this server by https, according to `public_url`.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether people reach this server on this machine alone, for trying things out.
    pub fn is_local(&self) -> bool {
        match &self.public_url {
            Some(url) => is_loopback(url),
            None => self.listen.is_local(),
        }
    }

    /// Where people reach a server that listens on this address: by `public_url` or, without one, by the address itself. `None`: it is
    /// every address of the machine or a Unix socket, or the port is not known yet.
    pub fn base_url(&self, listening: &ListenAddress) -> Option<Url> {
        if self.public_url.is_some() {
            return self.public_url.clone();
        }
        if listening.is_one_address() { Url::parse(&format!("http://{listening}/")).ok() } else { None }
    }

    /// The prefix for the names of Portero's own cookies (path `/`, no domain). A browser takes a `__Host-` cookie only by https
    /// and only from this very host, so that no neighbouring host can plant one.
    pub fn cookie_prefix(&self) -> &'static str {
        cookie_prefix(self.is_https())
    }

    /// What a new password is checked against.
    pub fn password_rules(&self) -> PasswordRules<'_> {
        PasswordRules { min_length: self.password.min_length, context: &self.password.context }
    }

    /// How long any token lives at most, in seconds.
    pub fn longest_token_life(&self) -> i64 {
        let rules = &self.session;
        let bounded = |life: Option<i64>| life.unwrap_or(rules.absolute).min(rules.absolute);
        bounded(rules.access_lifetime).max(bounded(rules.refresh_lifetime))
    }
}

/// The prefix for a cookie's name: `__Host-` if only this very host may set the cookie, otherwise none.
pub(super) fn cookie_prefix(this_host_only: bool) -> &'static str {
    if this_host_only { "__Host-" } else { "" }
}
