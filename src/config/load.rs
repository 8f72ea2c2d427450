//! Reads the settings from the file, the environment and the command line, checks them as a whole and names every fault.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::jwt;
use super::mail;
use super::master_keys::master_keys;
use super::parse::{self, DAY, FreshFor, LONGEST, choice, human, list, seconds, switch, text, whole};
use super::reader::{LOG_FORMAT, Raw, Reader, UNSET};
use super::second_factor::{SecondFactor, SecondFactorPolicy};
use super::settings::{
    AppAddresses, AuditRules, Config, Faults, ForeignTokens, Loaded, LogFormat, LogLevel, LogRules, Overrides,
    PasswordSettings, Rotate, SessionRules, Subject,
};
use crate::domain::{DatabaseUrl, PostgresUrl};
use crate::tokens::options::{Options, Secret};
use jiff::tz::TimeZone;
use url::Url;

impl Config {
    /// Reads the file that `--config` or `PORTERO_CONFIG` names, or else `portero.toml` or `/etc/portero/portero.toml` if there is one; the
    /// environment overrides that, and the command line overrides both. Secrets on the command line are refused.
    pub fn load(overrides: &Overrides) -> Result<Loaded, Faults> {
        Self::read(Self::sources(overrides))
    }

    /// As [`load`](Self::load), for a move to the database at this address: password and certificates are those of its server.
    pub fn load_to_move(overrides: &Overrides, to: &str) -> Result<(Loaded, PostgresUrl), Faults> {
        let (loaded, target) = Self::read_with_target(Self::sources(overrides), Some(to))?;
        Ok((loaded, target.expect("an address without a fault gives a target")))
    }

    fn sources(overrides: &Overrides) -> Reader {
        let mut reader = Reader::new(std::env::vars_os(), &overrides.set).without_secret_flags();
        let asked_for = overrides.config.clone().or_else(|| std::env::var_os("PORTERO_CONFIG").map(PathBuf::from));
        let here = Path::new("portero.toml");
        // Beside a package's files, so that a command needs no option to find what the server has.
        let of_the_machine = || if here.exists() { here } else { Path::new("/etc/portero/portero.toml") };
        let path = asked_for.as_deref().unwrap_or_else(of_the_machine);
        match std::fs::read_to_string(path) {
            Ok(text) => reader.file(&path.display().to_string(), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked_for.is_none() => {}
            Err(error) => reader.broken_file(&path.display().to_string(), &format!("can't be read: {error}")),
        }
        reader
    }

    /// As [`load`](Self::load), but reads only the arguments (and the files that hold secrets). `file`: its name and text.
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

    fn read(r: Reader) -> Result<Loaded, Faults> {
        Self::read_with_target(r, None).map(|(loaded, _)| loaded)
    }

    /// `to`: the address to which the database is to move.
    fn read_with_target(mut r: Reader, to: Option<&str>) -> Result<(Loaded, Option<PostgresUrl>), Faults> {
        let listen = r.take("listen", "127.0.0.1:8080", parse::listen);
        let socket_mode = r.take("socket_mode", "660", parse::socket_mode);
        let metrics_listen = r.take_if_set("metrics_listen", UNSET, parse::address);
        let public_url = r.take_if_set("public_url", UNSET, parse::public_url);
        let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let data_dir = r.take("data_dir", "portero-data", |raw| text(raw).map(PathBuf::from));
        let database_shown = format!("sqlite:{}", data_dir.join("portero.db").display());
        let database = r.take_if_set("database_url", &database_shown, parse::database);
        let database = database.unwrap_or_else(|| DatabaseUrl::Sqlite(data_dir.join("portero.db")));
        let access = Access::take(&mut r);
        let (database, target) = match to {
            None => (access.database(&mut r, database), None),
            Some(to) => (database, access.target(&mut r, to)),
        };
        let jwt = jwt::options(&mut r, https);
        let allow_weak_secret = r.take("allow_weak_secret", "false", switch);
        let signing_key = jwt::signing_key(&mut r, &jwt, allow_weak_secret);
        let site_name = r.take("site_name", "Portero", parse::site_name);
        // Before the settings with a date, which may name no zone.
        let time_zone = r.take("time_zone", "UTC", parse::time_zone);
        let mut context = r.take("password.context_words", "", list(text));
        context.push(site_name.clone());
        context.extend(public_url.as_ref().and_then(|url: &Url| url.host_str()).map(str::to_owned));
        let config = Self {
            listen,
            socket_mode,
            metrics_listen,
            public_url,
            database,
            data_dir,
            site_name,
            sign_in_help: r.take_if_set("sign_in_help", UNSET, parse::long_text),
            languages_dir: r.take_if_set("languages_dir", UNSET, |raw| text(raw).map(PathBuf::from)),
            trusted_proxies: r.take("trusted_proxies", "", list(parse::network)),
            client_ip_header: r.take("client_ip_header", "X-Forwarded-For", parse::client_ip_header),
            keep_alive: Duration::from_secs(r.take("keep_alive", "75s", seconds(1..=3600)).unsigned_abs()),
            allow_plain_http: r.take("allow_plain_http", "false", switch),
            throttle: r.take("throttle", "on", switch),
            second_factor: second_factor(&mut r, &time_zone),
            second_factor_remember: r.take("second_factor_remember", "0s", seconds(0..=30 * DAY)),
            time_zone,
            foreign_tokens: r.take("foreign_tokens", "refuse", choice(FOREIGN_TOKENS)),
            subject: r.take("subject", "username", choice([("username", Subject::Username), ("id", Subject::Id)])),
            allow_weak_secret,
            signing_key,
            require_jti: r.take("require_jti", "on", switch),
            pepper: r.secret("pepper", "pepper_file", 32, allow_weak_secret),
            factor_key: r.secret("factor_key", "factor_key_file", 32, allow_weak_secret),
            log: LogRules {
                format: r.take(LOG_FORMAT, "text", choice([("text", LogFormat::Text), ("json", LogFormat::Json)])),
                level: r.take("log.level", "info", choice(LOG_LEVELS)),
            },
            audit: AuditRules {
                retention: r.take("audit.retention", "400d", seconds(DAY..=LONGEST)),
                ip_retention: r.take("audit.ip_retention", "90d", seconds(DAY..=LONGEST)),
            },
            session: session_rules(&mut r, &jwt),
            password: PasswordSettings {
                min_length: r.take("password.min_length", "12", whole(8..=64)) as usize,
                bcrypt_cost: r.take("password.bcrypt_cost", "12", whole(4..=16)),
                context,
            },
            cluster_lease: r.take("cluster.lease", "off", parse::lease),
            master_keys: master_keys(&mut r),
            app_addresses: r.take("app_addresses", "private", choice(APP_ADDRESSES)),
            apps_ca_file: r.take_if_set("apps_ca_file", UNSET, |raw| text(raw).map(PathBuf::from)),
            status_list: r.take("status_list", "false", switch),
            status_list_ttl: r.take("status_list_ttl", "1m", seconds(1..=DAY)),
            mail: mail::settings(&mut r),
            jwt,
        };
        config.cross_check(&mut r);
        let (shown, warnings) = r.finish()?;
        Ok((Loaded { config, warnings, shown }, target))
    }
}

/// What lets Portero into a database server: `database_password` and `database_ca_file`.
struct Access {
    /// With the name of the setting that it came from.
    password: Option<(&'static str, Secret)>,
    certificates: Option<PathBuf>,
}

impl Access {
    fn take(r: &mut Reader) -> Self {
        Self {
            password: r.given("database_password", "database_password_file", UNSET),
            certificates: r.take_if_set("database_ca_file", UNSET, |raw| text(raw).map(PathBuf::from)),
        }
    }

    fn database(self, r: &mut Reader, database: DatabaseUrl) -> DatabaseUrl {
        let url = match database {
            DatabaseUrl::Postgres(url) => url,
            DatabaseUrl::Sqlite(path) => {
                let text = "belongs to a PostgreSQL server; database_url names none";
                if let Some((key, _)) = self.password {
                    r.fault(&[key], text);
                }
                if self.certificates.is_some() {
                    r.fault(&["database_ca_file"], text);
                }
                return DatabaseUrl::Sqlite(path);
            }
        };
        if url.password.is_some() {
            if r.is_on_command_line("database_url") {
                r.fault(&["database_url"], PASSWORD_IN_SIGHT);
            }
            if let Some((key, _)) = &self.password {
                r.fault(&["database_url", key], "both contain a password");
            }
        }
        let url = self.added_to(r, *url);
        r.show_instead("database_url", &url.to_string());
        DatabaseUrl::Postgres(Box::new(url))
    }

    /// `None`: the address is none, and a fault says so.
    fn target(self, r: &mut Reader, to: &str) -> Option<PostgresUrl> {
        match parse::database(&Raw::Text(to.to_owned())) {
            Ok(DatabaseUrl::Postgres(url)) if url.password.is_some() => r.fault_of_option("--to", PASSWORD_IN_SIGHT),
            Ok(DatabaseUrl::Postgres(url)) => return Some(self.added_to(r, *url)),
            Ok(DatabaseUrl::Sqlite(_)) => {
                r.fault_of_option("--to", "names no PostgreSQL database; write postgres://user@host/database");
            }
            Err(text) => r.fault_of_option("--to", &text),
        }
        None
    }

    fn added_to(self, r: &mut Reader, mut url: PostgresUrl) -> PostgresUrl {
        if let Some((key, secret)) = self.password {
            match str::from_utf8(secret.as_bytes()) {
                Ok(password) => url.password = Some(password.to_owned()),
                Err(_) => r.fault(&[key], "is not valid UTF-8"),
            }
        }
        url.root_certificates = self.certificates;
        url
    }
}

const PASSWORD_IN_SIGHT: &str = "contains a password, which every user of this machine could read there (`ps`): put it into a file and \
                                 write --set database_password_file=PATH";
const FOREIGN_TOKENS: [(&str, ForeignTokens); 4] = [
    ("refuse", ForeignTokens::Refuse),
    ("access", ForeignTokens::Access),
    ("observe", ForeignTokens::Observe),
    ("trust", ForeignTokens::Trust),
];
const APP_ADDRESSES: [(&str, AppAddresses); 3] =
    [("public", AppAddresses::Public), ("private", AppAddresses::Private), ("any", AppAddresses::Any)];
const LOG_LEVELS: [(&str, LogLevel); 4] =
    [("error", LogLevel::Error), ("warn", LogLevel::Warn), ("info", LogLevel::Info), ("debug", LogLevel::Debug)];
const ROTATE: [(&str, Rotate); 3] =
    [("cookies", Rotate::Cookies), ("always", Rotate::Always), ("never", Rotate::Never)];

const SECOND_FACTOR: [(&str, SecondFactor); 4] = [
    ("off", SecondFactor::Off),
    ("optional", SecondFactor::Optional),
    ("admins", SecondFactor::Admins),
    ("everyone", SecondFactor::Everyone),
];

fn second_factor(r: &mut Reader, zone: &TimeZone) -> SecondFactorPolicy {
    SecondFactorPolicy {
        wanted: r.take("second_factor", "optional", choice(SECOND_FACTOR)),
        from: r.take_if_set("second_factor_from", UNSET, parse::moment(zone)),
    }
}

fn session_rules(r: &mut Reader, jwt: &Options) -> SessionRules {
    let absolute = r.take("session.absolute", "30d", seconds(1..=LONGEST));
    // Whoever shortens the session wants its other limits to follow: as defaults they must not contradict it.
    let within = |usual: i64| human(usual.min(absolute));
    let access_lifetime = jwt.access_token_expires.seconds();
    let usual_grace = access_lifetime.map_or(10, |access| (access / 2).min(10));
    let fresh_for = r.take("session.fresh_for", "10m", parse::fresh_for);
    SessionRules {
        absolute,
        idle: r.take("session.idle", &within(7 * DAY), seconds(1..=LONGEST)),
        short_absolute: r.take("session.short_absolute", &within(DAY / 2), seconds(1..=LONGEST)),
        access_lifetime,
        refresh_lifetime: jwt.refresh_token_expires.seconds(),
        fresh_for: match fresh_for {
            FreshFor::Seconds(seconds) => seconds,
            FreshFor::Token => access_lifetime.unwrap_or(absolute),
        },
        fresh_is_plain: fresh_for == FreshFor::Token,
        rotate: r.take("session.rotate", "cookies", choice(ROTATE)),
        grace: r.take("session.grace", &human(usual_grace), seconds(0..=60)),
        bearer_limit: r.take("session.bearer_limit", "50", whole(1..=10_000)).into(),
        cookie_limit: r.take("session.cookie_limit", "100", whole(1..=10_000)).into(),
    }
}
