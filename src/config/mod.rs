//! Every setting: file, environment, command line. Read once at the start and checked whole; every fault is named at once.
//! `docs/settings.md` tells people about them, and a test below sees to it that it leaves none out.

mod reader;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use jiff::tz::TimeZone;
use url::{Host, Url};

use self::reader::{
    DAY, LONGEST, Raw, Reader, UNSET, choice, http_name, human, lifetime, list, seconds, switch, text, whole,
};
use crate::tokens::options::{Algorithm, Lifetime, Location, Options, SameSite, Secret};

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
    /// In which pages show times; `iana_name()` is what the operator wrote.
    pub time_zone: TimeZone,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub allow_plain_http: bool,
    pub allow_weak_secret: bool,
    /// Whether repeated wrong passwords are slowed down.
    pub throttle: bool,
    pub foreign_tokens: ForeignTokens,
    pub subject: Subject,
    pub log: LogRules,
    pub session: SessionRules,
    pub password: PasswordSettings,
    pub jwt: Options,
    /// `None`: the one in the data folder, made at the first start.
    pub secret_key: Option<Secret>,
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
        cookie_prefix(self.is_https())
    }

    fn read(mut r: Reader) -> Result<Loaded, Faults> {
        let listen = r.take("listen", "127.0.0.1:8080", address);
        let public_url = r.take_if_set("public_url", UNSET, public_url);
        let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let data_dir = r.take("data_dir", "portero-data", |raw| text(raw).map(PathBuf::from));
        let database_shown = format!("sqlite:{}", data_dir.join("portero.db").display());
        let database = r.take_if_set("database_url", &database_shown, database);
        let jwt = jwt_options(&mut r, https);
        let allow_weak_secret = r.take("allow_weak_secret", "false", switch);
        let key_length = jwt.algorithm.min_shared_key().unwrap_or(32);
        let secret_key = r.secret("jwt.secret_key", "jwt.secret_key_file", key_length, allow_weak_secret);
        let config = Self {
            listen,
            public_url,
            database: database.unwrap_or_else(|| data_dir.join("portero.db")),
            data_dir,
            site_name: r.take("site_name", "Portero", site_name),
            time_zone: r.take("time_zone", "UTC", time_zone),
            trusted_proxies: r.take("trusted_proxies", "", list(network)),
            allow_plain_http: r.take("allow_plain_http", "false", switch),
            throttle: r.take("throttle", "on", switch),
            foreign_tokens: r.take("foreign_tokens", "refuse", choice(FOREIGN_TOKENS)),
            subject: r.take("subject", "username", choice([("username", Subject::Username), ("id", Subject::Id)])),
            allow_weak_secret,
            secret_key,
            pepper: r.secret("pepper", "pepper_file", 32, allow_weak_secret),
            log: LogRules {
                format: r.take("log.format", "text", choice([("text", LogFormat::Text), ("json", LogFormat::Json)])),
                level: r.take("log.level", "info", choice(LOG_LEVELS)),
            },
            session: session_rules(&mut r),
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

    /// What only two settings together can get wrong.
    fn cross_check(&self, r: &mut Reader) {
        let (https, jwt, session) = (self.is_https(), &self.jwt, &self.session);
        r.check(
            &["listen", "public_url", "allow_plain_http"],
            self.listen.ip().is_loopback() || https || self.allow_plain_http,
            "people on the network would send passwords and tokens as plain http, for anyone on the way to read; set public_url \
             to the https:// address of the proxy in front, or listen on 127.0.0.1, or set allow_plain_http = true",
        );
        r.check(
            &["throttle", "public_url"],
            self.throttle || !https,
            "throttling can be off for tests only, not behind https",
        );
        r.check(
            &["password.bcrypt_cost", "public_url"],
            self.password.bcrypt_cost >= 10 || !https,
            "a cost under 10 is for tests only, not behind https",
        );
        let lifetime = |length| format!("nothing can last longer than the session; {} or less is right", human(length));
        let fits = |length: i64| length <= session.absolute;
        let absolute = "session.absolute";
        r.check(&["session.idle", absolute], fits(session.idle), &lifetime(session.absolute));
        r.check(&["session.short_absolute", absolute], fits(session.short_absolute), &lifetime(session.absolute));
        let access = match jwt.access_token_expires {
            Lifetime::Seconds(length) => length,
            Lifetime::Never => 0,
        };
        r.check(&["jwt.access_token_expires", absolute], fits(access), &lifetime(session.absolute));
        if let FreshFor::Seconds(..=60) = session.fresh_for {
            r.warn(
                "session.fresh_for",
                "pages ask for the password again when under 60 s are left, so with this they always do",
            );
        }
        if self.trusted_proxies.iter().any(|net| net.prefix_len() == 0) {
            r.warn("trusted_proxies", "every peer is believed whatever address it claims to forward for");
        }

        r.check(
            &["jwt.decode_issuer", "jwt.encode_issuer"],
            jwt.decode_issuer.is_none() || jwt.decode_issuer == jwt.encode_issuer,
            "Portero would refuse the tokens it makes; both have to be the same",
        );
        r.check(
            &["jwt.decode_audience", "jwt.encode_audience"],
            jwt.decode_audience.is_empty()
                || jwt.decode_audience.iter().any(|wanted| jwt.encode_audience.contains(wanted)),
            "Portero would refuse the tokens it makes; they need an audience in common",
        );
        r.check(
            &["jwt.cookie_samesite", "jwt.cookie_secure"],
            jwt.cookie_samesite != Some(SameSite::None) || jwt.cookie_secure,
            "browsers drop a cookie with SameSite=None that is not secure; set jwt.cookie_secure = true",
        );
        r.check(
            &["jwt.cookie_secure", "public_url"],
            jwt.cookie_secure || !https,
            "with https, cookies have to be secure; leave jwt.cookie_secure out",
        );
        if let (Some(domain), Some(url)) = (&jwt.cookie_domain, &self.public_url) {
            let host = url.host_str().unwrap_or_default();
            let covers = host == domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
            let text =
                format!("browsers drop cookies for {domain} that come from {host}; set that host or a domain it is in");
            r.check(&["jwt.cookie_domain", "public_url"], covers, &text);
        }
        let cookies = [
            ("jwt.access_cookie_name", &jwt.access_cookie_name, "jwt.access_cookie_path", &jwt.access_cookie_path),
            ("jwt.refresh_cookie_name", &jwt.refresh_cookie_name, "jwt.refresh_cookie_path", &jwt.refresh_cookie_path),
            (
                "jwt.access_csrf_cookie_name",
                &jwt.access_csrf_cookie_name,
                "jwt.access_csrf_cookie_path",
                &jwt.access_csrf_cookie_path,
            ),
            (
                "jwt.refresh_csrf_cookie_name",
                &jwt.refresh_csrf_cookie_name,
                "jwt.refresh_csrf_cookie_path",
                &jwt.refresh_csrf_cookie_path,
            ),
        ];
        for (i, (key, name, path_key, path)) in cookies.into_iter().enumerate() {
            for (other_key, other, ..) in cookies.into_iter().skip(i + 1) {
                r.check(&[key, other_key], name != other, "each cookie needs a name of its own");
            }
            let lower = name.to_lowercase();
            let secure = ["jwt.cookie_secure", "jwt.cookie_domain", path_key];
            r.check(
                &[key, secure[0], secure[1], secure[2]],
                !lower.starts_with("__host-") || (jwt.cookie_secure && jwt.cookie_domain.is_none() && path == "/"),
                "browsers drop a __Host- cookie unless it is secure, has the path / and no domain",
            );
            r.check(
                &[key, secure[0]],
                !lower.starts_with("__secure-") || jwt.cookie_secure,
                "browsers drop a __Secure- cookie that is not secure",
            );
        }
    }
}

const FOREIGN_TOKENS: [(&str, ForeignTokens); 3] =
    [("refuse", ForeignTokens::Refuse), ("access", ForeignTokens::Access), ("trust", ForeignTokens::Trust)];
const LOG_LEVELS: [(&str, LogLevel); 4] =
    [("error", LogLevel::Error), ("warn", LogLevel::Warn), ("info", LogLevel::Info), ("debug", LogLevel::Debug)];
const ROTATE: [(&str, Rotate); 3] =
    [("cookies", Rotate::Cookies), ("always", Rotate::Always), ("never", Rotate::Never)];

fn cookie_prefix(secure_host_only: bool) -> &'static str {
    if secure_host_only { "__Host-" } else { "" }
}

fn session_rules(r: &mut Reader) -> SessionRules {
    let absolute = r.take("session.absolute", "30d", seconds(1..=LONGEST));
    // Whoever shortens the session means its other limits to follow, not to stand in the way.
    let within = |usual: i64| human(usual.min(absolute));
    SessionRules {
        absolute,
        idle: r.take("session.idle", &within(7 * DAY), seconds(1..=LONGEST)),
        short_absolute: r.take("session.short_absolute", &within(DAY / 2), seconds(1..=LONGEST)),
        fresh_for: r.take("session.fresh_for", "10m", fresh_for),
        rotate: r.take("session.rotate", "cookies", choice(ROTATE)),
        grace: r.take("session.grace", "10s", seconds(0..=60)),
    }
}

/// flask-jwt-extended's options, with the server's defaults where those differ from the library's.
fn jwt_options(r: &mut Reader, https: bool) -> Options {
    let cookie_secure = r.take("jwt.cookie_secure", if https { "true" } else { "false" }, switch);
    let cookie_domain = r.take_if_set("jwt.cookie_domain", UNSET, domain);
    let access_cookie_path = r.take("jwt.access_cookie_path", "/", cookie_path);
    let refresh_cookie_path = r.take("jwt.refresh_cookie_path", "/", cookie_path);
    let access_csrf_cookie_path = r.take("jwt.access_csrf_cookie_path", "/", cookie_path);
    let refresh_csrf_cookie_path = r.take("jwt.refresh_csrf_cookie_path", "/", cookie_path);
    let this_host_only = https && cookie_secure && cookie_domain.is_none();
    let named = |name: &str, path: &str| format!("{}{name}", cookie_prefix(this_host_only && path == "/"));

    // They belong to what this version can't do yet; a setting that does nothing would promise it.
    r.refuse("jwt.decode_algorithms");
    r.refuse("jwt.private_key");
    r.refuse("jwt.private_key_file");
    r.refuse("jwt.public_key");
    r.refuse("jwt.public_key_file");
    r.refuse("jwt.query_string_name");
    r.refuse("jwt.query_string_value_prefix");
    r.refuse("jwt.json_key");
    r.refuse("jwt.refresh_json_key");

    Options {
        access_token_expires: r.take("jwt.access_token_expires", "15m", lifetime),
        refresh_token_expires: r.take("jwt.refresh_token_expires", "30d", lifetime),
        algorithm: r.take("jwt.algorithm", "HS256", algorithm),
        decode_leeway: r.take("jwt.decode_leeway", "0", seconds(0..=300)),
        decode_issuer: r.take_if_set("jwt.decode_issuer", UNSET, text),
        encode_issuer: r.take_if_set("jwt.encode_issuer", UNSET, text),
        decode_audience: r.take("jwt.decode_audience", "", list(text)),
        encode_audience: r.take("jwt.encode_audience", "", list(text)),
        encode_nbf: r.take("jwt.encode_nbf", "true", switch),
        error_message_key: r.take("jwt.error_message_key", "msg", text),
        identity_claim: r.take("jwt.identity_claim", "sub", identity_claim),
        verify_sub: r.take("jwt.verify_sub", "true", switch),
        token_location: r.take("jwt.token_location", "headers, cookies", locations),
        header_name: r.take("jwt.header_name", "Authorization", http_name),
        header_type: r.take("jwt.header_type", "Bearer", header_type),
        access_cookie_name: r.take(
            "jwt.access_cookie_name",
            &named("access_token_cookie", &access_cookie_path),
            http_name,
        ),
        refresh_cookie_name: r.take(
            "jwt.refresh_cookie_name",
            &named("refresh_token_cookie", &refresh_cookie_path),
            http_name,
        ),
        cookie_csrf_protect: r.take("jwt.cookie_csrf_protect", "true", switch),
        cookie_samesite: Some(r.take(
            "jwt.cookie_samesite",
            "Lax",
            choice(SameSite::ALL.map(|same| (same.as_str(), same))),
        )),
        session_cookie: r.take_if_set("jwt.session_cookie", UNSET, switch),
        csrf_in_cookies: r.take("jwt.csrf_in_cookies", "true", switch),
        csrf_methods: r.take("jwt.csrf_methods", "POST, PUT, PATCH, DELETE", csrf_methods),
        csrf_check_form: r.take("jwt.csrf_check_form", "true", switch),
        access_csrf_cookie_name: r.take(
            "jwt.access_csrf_cookie_name",
            &named("csrf_access_token", &access_csrf_cookie_path),
            http_name,
        ),
        refresh_csrf_cookie_name: r.take(
            "jwt.refresh_csrf_cookie_name",
            &named("csrf_refresh_token", &refresh_csrf_cookie_path),
            http_name,
        ),
        access_csrf_header_name: r.take("jwt.access_csrf_header_name", "X-CSRF-TOKEN", http_name),
        refresh_csrf_header_name: r.take("jwt.refresh_csrf_header_name", "X-CSRF-TOKEN", http_name),
        access_csrf_field_name: r.take("jwt.access_csrf_field_name", "csrf_token", text),
        refresh_csrf_field_name: r.take("jwt.refresh_csrf_field_name", "csrf_token", text),
        access_cookie_path,
        refresh_cookie_path,
        access_csrf_cookie_path,
        refresh_csrf_cookie_path,
        cookie_domain,
        cookie_secure,
    }
}

fn address(raw: &Raw) -> Result<SocketAddr, String> {
    let text = text(raw)?;
    text.parse().map_err(|_| format!("{text:?} is not an address with a port, such as 127.0.0.1:8080 or [::1]:8080"))
}

fn public_url(raw: &Raw) -> Result<Url, String> {
    // The value is not repeated: it may hold a password.
    let right = || "is not an address such as https://login.example.org, without path, user name or ?".to_owned();
    let url = Url::parse(&text(raw)?).map_err(|_| right())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && bare && nobody { Ok(url) } else { Err(right()) }
}

fn database(raw: &Raw) -> Result<PathBuf, String> {
    let text = text(raw)?;
    let (scheme, rest) =
        text.split_once(':').ok_or("has no scheme; only sqlite: is supported, as in sqlite:/var/lib/portero.db")?;
    // No more of it is repeated: it may hold a password.
    if scheme != "sqlite" {
        return Err(format!("{scheme}: is not available; only sqlite: is supported"));
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains([':', '?', '#']) {
        return Err(format!("{rest:?} is not the path of a file; :memory: and options after ? are not supported"));
    }
    Ok(path.into())
}

fn site_name(raw: &Raw) -> Result<String, String> {
    let name = text(raw)?;
    if name.chars().count() <= 60 { Ok(name) } else { Err("is longer than 60 characters".into()) }
}

fn time_zone(raw: &Raw) -> Result<TimeZone, String> {
    let name = text(raw)?;
    let found = TimeZone::get(&name).ok().filter(|zone| !zone.is_unknown());
    found.ok_or_else(|| format!("{name:?} is not a known time zone; use a name such as UTC or Europe/Madrid"))
}

fn network(raw: &Raw) -> Result<IpNet, String> {
    let text = text(raw)?;
    let bare = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| bare())
        .map_err(|_| format!("{text:?} is not an address or network, such as 10.0.0.1 or 10.0.0.0/8"))
}

fn fresh_for(raw: &Raw) -> Result<FreshFor, String> {
    match raw {
        Raw::Text(text) if text == "token" => Ok(FreshFor::Token),
        raw => seconds(1..=LONGEST)(raw).map(FreshFor::Seconds).map_err(|text| format!("{text}; or say token")),
    }
}

fn algorithm(raw: &Raw) -> Result<Algorithm, String> {
    let algorithm = choice(Algorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm)))(raw)?;
    match algorithm.min_shared_key() {
        Some(_) => Ok(algorithm),
        None => Err(format!(
            "{} is not available yet: needs a key pair, which this version can't manage; HS256, HS384 and HS512 are",
            algorithm.as_str()
        )),
    }
}

fn identity_claim(raw: &Raw) -> Result<String, String> {
    const TAKEN: [&str; 12] =
        ["exp", "iat", "nbf", "jti", "iss", "aud", "type", "fresh", "csrf", "sid", "gen", "auth_time"];
    let claim = text(raw)?;
    if TAKEN.contains(&claim.as_str()) { Err(format!("{claim:?} means something else in a token")) } else { Ok(claim) }
}

fn locations(raw: &Raw) -> Result<Vec<Location>, String> {
    let locations = list(choice(Location::ALL.map(|location| (location.as_str(), location))))(raw)?;
    for (i, location) in locations.iter().enumerate() {
        match location {
            Location::Headers | Location::Cookies => {}
            Location::QueryString | Location::Json => {
                return Err(format!("{} is not available yet; headers and cookies are", location.as_str()));
            }
        }
        if locations.iter().skip(i + 1).any(|other| other == location) {
            return Err(format!("{} stands there twice", location.as_str()));
        }
    }
    if locations.is_empty() { Err("is empty; headers and cookies are right".into()) } else { Ok(locations) }
}

fn header_type(raw: &Raw) -> Result<String, String> {
    match raw {
        Raw::Text(word) if word.chars().all(|c| c.is_ascii_graphic() && c != ',') => Ok(word.clone()),
        _ => Err(format!("{raw} is not one word such as Bearer, or empty for none")),
    }
}

fn cookie_path(raw: &Raw) -> Result<String, String> {
    let path = text(raw)?;
    let fits = path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic() && c != ';');
    if fits { Ok(path) } else { Err(format!("{path:?} is not a path that begins with /")) }
}

/// Without the dot that old cookies had in front (Werkzeug takes it off too).
fn domain(raw: &Raw) -> Result<String, String> {
    let text = text(raw)?;
    match Host::parse(text.strip_prefix('.').unwrap_or(&text)) {
        Ok(Host::Domain(domain)) => Ok(domain),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => Err(format!("{text:?} is not a domain such as example.org")),
    }
}

fn csrf_methods(raw: &Raw) -> Result<Vec<String>, String> {
    let methods = list(http_name)(raw)?;
    if methods.is_empty() {
        return Err("is empty; to demand no CSRF value from programs, set jwt.cookie_csrf_protect = false".into());
    }
    match methods.iter().find(|method| method.contains(|c: char| c.is_ascii_lowercase())) {
        Some(method) => Err(format!("{method:?} would match no request; write {}", method.to_uppercase())),
        None => Ok(methods),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD_SECRET: &str = "9bYv0S2mTqf7XJd1LrW5aKc8uHnZ3pEo6GiR4tVxQsMyBwDk";

    fn read(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, Faults> {
        let set = flags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let file = (!file.is_empty()).then_some(("portero.toml", file));
        Config::from_sources(file, environment.iter().copied(), &Overrides { config: None, set })
    }

    fn config(file: &str) -> Config {
        read(file, &[], &[]).unwrap().config
    }

    fn faults(file: &str) -> Vec<String> {
        read(file, &[], &[]).map(|_| ()).unwrap_err().0
    }

    #[track_caller]
    fn refused(file: &str, text: &str) {
        let faults = faults(file);
        assert!(faults.len() == 1 && faults[0].contains(text), "{file}\nwanted: {text}\nfound: {faults:#?}");
    }

    fn shown<'a>(loaded: &'a Loaded, key: &str) -> (&'a str, Source) {
        let setting = loaded.shown.iter().find(|setting| setting.key == key).unwrap();
        (&setting.value, setting.source)
    }

    #[test]
    fn nothing_is_mandatory() {
        let Loaded { config, warnings, .. } = read("", &[], &[]).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(config.database, Path::new("portero-data/portero.db"));
        assert_eq!(
            (config.session.absolute, config.session.idle, config.session.short_absolute),
            (30 * DAY, 7 * DAY, DAY / 2)
        );
        assert_eq!((config.session.grace, config.session.fresh_for), (10, FreshFor::Seconds(600)));
        assert!(config.throttle && !config.is_https() && config.secret_key.is_none());
        assert_eq!(config.time_zone.iana_name(), Some("UTC"));
    }

    #[test]
    fn the_server_differs_from_the_library_only_where_it_says_so() {
        let profile = Options {
            token_location: vec![Location::Headers, Location::Cookies],
            cookie_samesite: Some(SameSite::Lax),
            csrf_check_form: true,
            session_cookie: None,
            ..Options::default()
        };
        assert_eq!(config("").jwt, profile);
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = "site_name = 'File'\n[session]\nidle = '1d'\n[jwt]\naccess_token_expires = 60";
        let environment = [("PORTERO_SITE_NAME", "Environment"), ("PORTERO_SESSION_IDLE", "2d")];
        let loaded = read(file, &environment, &[("site_name", "Flag")]).unwrap();
        assert_eq!(shown(&loaded, "site_name"), ("Flag", Source::Flag));
        assert_eq!(shown(&loaded, "session.idle"), ("2d", Source::Environment));
        assert_eq!(shown(&loaded, "jwt.access_token_expires"), ("60", Source::File));
        assert_eq!(shown(&loaded, "jwt.algorithm"), ("HS256", Source::Default));
        assert_eq!(loaded.config.site_name, "Flag");
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let file =
            "listen = 'here'\nsite_nam = 'x'\n[session]\nidle = '7 days'\n[jwt]\nprivate_key = 'x'\nheader_name = ''";
        let environment =
            [("PORTERO_PASSWORD_MIN_LENGTH", "6"), ("JWT_COOKIE_SECURE", "maybe"), ("PORTERO_TIME_ZONE", "")];
        let faults = read(file, &environment, &[("log.levle", "info")]).unwrap_err();
        let faults = faults.to_string();
        assert_eq!(faults.lines().count(), 9, "{faults}");
        for part in [
            "listen in portero.toml: \"here\" is not an address with a port",
            "site_nam in portero.toml: there is no such setting; did you mean site_name?",
            "session.idle in portero.toml: \"7 days\" is not a time from 1s to 3650d, such as 45s, 15m",
            "jwt.private_key in portero.toml: not available yet",
            "jwt.header_name in portero.toml: is empty",
            "PORTERO_PASSWORD_MIN_LENGTH in the environment: \"6\" is not a whole number from 8 to 64",
            "JWT_COOKIE_SECURE in the environment: \"maybe\" is not true or false",
            "PORTERO_TIME_ZONE in the environment: is empty",
            "log.levle on the command line: there is no such setting; did you mean log.level?",
        ] {
            assert!(faults.lines().any(|line| line.starts_with(part)), "{part}\nnot in\n{faults}");
        }
    }

    #[test]
    fn every_contradiction_with_one_setting_is_named() {
        let all = "public_url = 'https://a.example'\nthrottle = false\n[password]\nbcrypt_cost = 4\n[jwt]\ncookie_secure = false";
        assert_eq!(faults(all).len(), 3, "{:#?}", faults(all));
    }

    #[test]
    fn a_typo_in_the_file_names_the_key_it_could_be() {
        refused("[jwt]\nacess_token_expires = 5", "did you mean jwt.access_token_expires?");
        refused(
            "[session]\nlisten = '127.0.0.1:1'",
            "session.listen in portero.toml: there is no such setting; did you mean listen?",
        );
        refused("JWT_ALGORITHM = 'HS256'", "did you mean jwt.algorithm?");
        refused("[sesion]\n", "sesion in portero.toml: there is no such setting");
        refused("colour = 'blue'", "colour in portero.toml: there is no such setting");
    }

    #[test]
    fn strange_names_in_the_environment_only_warn() {
        let environment =
            [("PORTERO_PORT", "tcp://10.0.0.1:80"), ("JWT_ALGORITM", "HS256"), ("PORTERO_CONFIG", "x"), ("HOME", "/")];
        let warnings = read("", &environment, &[]).unwrap().warnings;
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].ends_with("did you mean JWT_ALGORITHM?")
                && warnings[1].starts_with("PORTERO_PORT in the environment")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_of_ours_that_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let environment = [("PORTERO_SITE_NAME", OsString::from_vec(vec![0xff]))];
        let faults = Config::from_sources(None, environment, &Overrides::default()).unwrap_err().0;
        assert_eq!(faults, ["PORTERO_SITE_NAME in the environment: is not valid UTF-8"]);
    }

    #[test]
    fn a_broken_file_is_one_fault_and_hides_none_of_the_environment() {
        let faults = read("listen = \n", &[("PORTERO_LISTEN", "0.0.0.0:80"), ("PORTERO_THROTTLE", "perhaps")], &[])
            .unwrap_err()
            .0;
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert!(faults[0].starts_with("portero.toml: line 1 is not TOML"), "{}", faults[0]);
    }

    #[test]
    fn a_file_that_was_asked_for_has_to_exist() {
        let overrides = Overrides { config: Some("/nowhere/portero.toml".into()), ..Overrides::default() };
        assert!(Config::load(&overrides).unwrap_err().0[0].starts_with("/nowhere/portero.toml: can't be read"));
    }

    #[test]
    fn times_read_as_people_write_them() {
        let access = |text: &str| {
            read("", &[("JWT_ACCESS_TOKEN_EXPIRES", text)], &[]).map(|l| l.config.jwt.access_token_expires)
        };
        for (text, seconds) in [("900", 900), ("45s", 45), ("15m", 900), ("12h", 43_200), ("30d", 30 * DAY)] {
            assert_eq!(access(text), Ok(Lifetime::Seconds(seconds)), "{text}");
        }
        assert_eq!((access("never"), access("False")), (Ok(Lifetime::Never), Ok(Lifetime::Never)));
        for text in ["-1", "1.5h", "15 m", "m", "1w", "99999999999999999999", "9223372036854775807d", "3651d", "True"] {
            assert!(access(text).is_err(), "{text}");
        }
        for zero in ["0", "0d"] {
            assert!(access(zero).unwrap_err().0[0].contains("say never"), "{zero}");
        }
    }

    #[test]
    fn an_empty_header_type_means_none() {
        assert_eq!(read("", &[("JWT_HEADER_TYPE", "")], &[]).unwrap().config.jwt.header_type, "");
        assert_eq!(config("[jwt]\nheader_type = ''").jwt.header_type, "");
    }

    #[test]
    fn https_makes_cookies_that_no_neighbour_can_plant() {
        let config = config(
            "public_url = 'https://login.example.org'\n[jwt]\nrefresh_cookie_path = '/refresh'\naccess_csrf_cookie_name = 'mine'",
        );
        assert_eq!(config.cookie_prefix(), "__Host-");
        assert!(config.jwt.cookie_secure);
        assert_eq!(config.jwt.access_cookie_name, "__Host-access_token_cookie");
        assert_eq!(config.jwt.refresh_cookie_name, "refresh_token_cookie");
        assert_eq!(config.jwt.access_csrf_cookie_name, "mine");
        assert_eq!(config.jwt.refresh_csrf_cookie_name, "__Host-csrf_refresh_token");
    }

    #[test]
    fn with_a_cookie_domain_names_stay_plain() {
        let config = config("public_url = 'https://login.example.org'\njwt.cookie_domain = '.example.org'");
        assert_eq!(config.jwt.access_cookie_name, "access_token_cookie");
        assert_eq!(config.jwt.cookie_domain.as_deref(), Some("example.org"));
        assert_eq!(config.cookie_prefix(), "__Host-");
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        const HTTPS: &str = "public_url = 'https://login.example.org'\n";
        refused("listen = '0.0.0.0:8080'", "as plain http, for anyone on the way to read");
        refused("listen = '[::]:8080'\npublic_url = 'http://a.example'", "allow_plain_http = true");
        refused(&format!("{HTTPS}throttle = 'off'"), "throttle in portero.toml and public_url in portero.toml: ");
        refused(&format!("{HTTPS}password.bcrypt_cost = 4"), "under 10");
        refused(&format!("{HTTPS}jwt.cookie_secure = false"), "cookies have to be secure");
        refused(&format!("{HTTPS}jwt.cookie_domain = 'example.com'"), "browsers drop cookies for example.com");
        refused("jwt.cookie_samesite = 'none'", "jwt.cookie_secure = true");
        refused(
            "[session]\nabsolute = '1d'\nidle = '2d'",
            "session.idle in portero.toml and session.absolute in portero.toml: nothing can last longer",
        );
        refused(
            "[session]\nabsolute = '5m'",
            "jwt.access_token_expires (default 15m) and session.absolute in portero.toml",
        );
        refused("jwt.access_cookie_name = 'refresh_token_cookie'", "a name of its own");
        refused("jwt.access_cookie_name = '__Host-a'", "unless it is secure");
        refused(
            &format!("{HTTPS}jwt.access_cookie_name = '__Host-a'\njwt.access_cookie_path = '/a'"),
            "has the path /",
        );
        refused("jwt.decode_issuer = 'someone'", "would refuse the tokens it makes");
        refused("jwt.decode_audience = 'a, b'\njwt.encode_audience = ['c']", "an audience in common");
    }

    #[test]
    fn what_a_good_start_needs_is_let_through() {
        config("listen = '0.0.0.0:8080'\nallow_plain_http = true");
        config("listen = '0.0.0.0:8080'\npublic_url = 'https://login.example.org'");
        config(
            "jwt.decode_audience = 'a, b'\njwt.encode_audience = ['b']\njwt.decode_issuer = 'i'\njwt.encode_issuer = 'i'",
        );
        assert_eq!(config("[session]\nabsolute = '1h'").session.idle, 3600);
        assert_eq!(config("trusted_proxies = ['10.1.2.3', 'fd00::/8']").trusted_proxies.len(), 2);
        assert_eq!(config("[session]\nfresh_for = 'token'").session.fresh_for, FreshFor::Token);
        assert_eq!(
            config("[jwt]\ntoken_location = 'cookies,headers'").jwt.token_location,
            [Location::Cookies, Location::Headers]
        );
    }

    #[test]
    fn what_this_version_cannot_do_is_never_ignored_in_silence() {
        refused("jwt.algorithm = 'RS256'", "not available yet: needs a key pair");
        refused("jwt.algorithm = 'none'", "is not one of HS256");
        refused("jwt.token_location = ['headers', 'json']", "json is not available yet");
        for key in
            ["decode_algorithms", "private_key", "public_key", "query_string_name", "json_key", "refresh_json_key"]
        {
            refused(&format!("jwt.{key} = 'x'"), &format!("jwt.{key} in portero.toml: not available yet"));
        }
        refused("database_url = 'postgres://ana:hunter22@db/portero'", "only sqlite: is supported");
        assert!(!faults("database_url = 'postgres://ana:hunter22@db/portero'")[0].contains("hunter22"));
    }

    #[test]
    fn a_bad_value_is_refused_with_what_would_be_right() {
        refused("public_url = 'https://ana:hunter22@a.example'", "without path, user name or ?");
        refused("public_url = 'https://a.example/login'", "without path");
        refused("public_url = 'ftp://a.example'", "such as https://");
        refused("time_zone = 'Mars/Olympus'", "Europe/Madrid");
        refused("trusted_proxies = ['10.0.0.0/8', 'proxy']", "\"proxy\" is not an address or network");
        refused("listen = 8080", "8080 is not text");
        refused("site_name = '\t'", "is not text");
        refused("[password]\nbcrypt_cost = 31", "from 4 to 16");
        refused("[session]\ngrace = '2m'", "from 0s to 1m");
        refused("[jwt]\ndecode_leeway = 301", "from 0s to 5m");
        refused("[jwt]\ncsrf_methods = ['post']", "write POST");
        refused("[jwt]\ncsrf_methods = []", "is empty");
        refused("[jwt]\ntoken_location = []", "is empty");
        refused("[jwt]\nidentity_claim = 'exp'", "means something else");
        refused("[jwt]\naccess_cookie_name = 'a;b'", "is not a name");
        refused("database_url = 'sqlite::memory:'", "is not the path of a file");
        refused("throttle = 1.5", "is a number with a fraction");
        assert!(!faults("public_url = 'https://ana:hunter22@a.example'")[0].contains("hunter22"));
    }

    #[test]
    fn a_database_is_the_path_after_sqlite() {
        for (url, path) in [
            ("sqlite:a.db", "a.db"),
            ("sqlite://b/a.db", "b/a.db"),
            ("sqlite:///b/a.db", "/b/a.db"),
            ("sqlite:/a", "/a"),
        ] {
            assert_eq!(config(&format!("database_url = '{url}'")).database, Path::new(path), "{url}");
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_comes_with_a_command_that_makes_a_good_one() {
        for weak in ["super-secret", "tooshort", &"ab".repeat(32), &format!("changeme{GOOD_SECRET}")] {
            let fault = read("", &[("JWT_SECRET_KEY", weak)], &[]).unwrap_err().to_string();
            assert!(
                fault.starts_with("JWT_SECRET_KEY in the environment: ") && fault.ends_with("openssl rand -base64 48"),
                "{fault}"
            );
            assert!(!fault.contains(weak), "{fault}");
            let loaded = read("allow_weak_secret = true", &[("JWT_SECRET_KEY", weak)], &[]).unwrap();
            assert!(loaded.warnings[0].contains("WEAK SECRET"), "{:?}", loaded.warnings);
        }
        assert!(read("", &[("JWT_SECRET_KEY", GOOD_SECRET)], &[]).is_ok());
        let longer = read("", &[("JWT_SECRET_KEY", GOOD_SECRET), ("JWT_ALGORITHM", "HS512")], &[]).unwrap_err();
        assert!(longer.to_string().contains("has 48 bytes and needs 64"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let loaded = read("", &[("JWT_SECRET_KEY", GOOD_SECRET), ("PORTERO_PEPPER", GOOD_SECRET)], &[]).unwrap();
        assert_eq!(shown(&loaded, "jwt.secret_key"), ("(hidden)", Source::Environment));
        assert!(!format!("{loaded:?}").contains(GOOD_SECRET));
    }

    #[test]
    fn a_secret_can_lie_in_a_file() {
        let path = std::env::temp_dir().join(format!("portero-secret-{}", std::process::id()));
        let name = path.to_str().unwrap();
        std::fs::write(&path, format!("{GOOD_SECRET}\n")).unwrap();
        let one = read("", &[("JWT_SECRET_KEY_FILE", name)], &[]).unwrap();
        let both = read("", &[("JWT_SECRET_KEY_FILE", name), ("JWT_SECRET_KEY", GOOD_SECRET)], &[]).unwrap_err().0;
        let stronger =
            read(&format!("pepper_file = '{name}'"), &[("PORTERO_PEPPER", &GOOD_SECRET.to_lowercase())], &[]).unwrap();
        std::fs::write(&path, "super-secret").unwrap();
        let weak = read("", &[("PORTERO_PEPPER_FILE", name)], &[]).unwrap_err().0;
        std::fs::remove_file(&path).unwrap();
        let gone = read("", &[("PORTERO_PEPPER_FILE", name)], &[]).unwrap_err().0;
        assert_eq!(one.config.secret_key.as_ref().map(Secret::as_bytes), Some(GOOD_SECRET.as_bytes()));
        assert_eq!(shown(&one, "jwt.secret_key"), ("(hidden)", Source::Environment));
        assert!(both.len() == 1 && both[0].contains("only one of the two"), "{both:?}");
        assert_eq!(stronger.config.pepper.unwrap().as_bytes(), GOOD_SECRET.to_lowercase().as_bytes());
        assert!(weak[0].starts_with("PORTERO_PEPPER_FILE in the environment: the secret contains"), "{weak:?}");
        assert!(
            gone[0].starts_with("PORTERO_PEPPER_FILE in the environment:") && gone[0].contains("can't be opened"),
            "{gone:?}"
        );
    }

    #[test]
    fn every_setting_stands_in_the_manual_with_its_default() {
        let manual = include_str!("../../docs/settings.md");
        let rows = manual.lines().filter(|line| line.contains("` | `PORTERO_") || line.contains("` | `JWT_"));
        let rows = rows.map(|line| line.splitn(4, " | ").take(3).collect::<Vec<_>>().join(" | "));
        let known = read("", &[], &[]).unwrap().shown.into_iter().map(|Setting { key, environment, value, .. }| {
            let value = if value.starts_with('(') { value } else { format!("`{value}`") };
            format!("| `{key}` | `{environment}` | {value}")
        });
        let (mut rows, mut known) = (rows.collect::<Vec<_>>(), known.collect::<Vec<_>>());
        rows.sort();
        known.sort();
        assert_eq!(rows, known);
    }

    #[test]
    fn the_sample_is_right_as_it_is_and_line_by_line() {
        let sample = include_str!("../../portero.sample.toml");
        assert!(read(sample, &[], &[]).unwrap().warnings.is_empty());
        let all =
            sample.lines().map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
        let all = all.filter(|line| !line.starts_with("secret_key_file"));
        read(&all.collect::<Vec<_>>().join("\n"), &[], &[]).unwrap();
        assert!(sample.lines().count() <= 45);
    }
}
