//! The settings, as an operator sees them.

use std::ffi::OsString;
use std::path::Path;

use super::parse::DAY;
use super::{Config, Faults, Loaded, Overrides, Setting, Source};
use crate::domain::{DatabaseUrl, Role, UnixTime};
use crate::tokens::options::{Lifetime, Location, Options, SameSite, Secret};
use crate::tokens::{Algorithm, Key};

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
    read(file, &[], &[]).map(|_| ()).unwrap_err().lines
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
    assert_eq!(config.database.file(), Some(Path::new("portero-data/portero.db")));
    assert_eq!(
        (config.session.absolute, config.session.idle, config.session.short_absolute),
        (30 * DAY, 7 * DAY, DAY / 2)
    );
    assert_eq!((config.session.grace, config.session.fresh_for), (10, 600));
    assert!(config.throttle && !config.is_https() && config.signing_key.is_none());
    assert_eq!(config.time_zone.iana_name(), Some("UTC"));
}

#[test]
fn the_default_grace_is_at_most_half_of_an_access_tokens_life() {
    for (life, grace) in [("15m", 10), ("20s", 10), ("19s", 9), ("5s", 2), ("1s", 0), ("never", 10)] {
        let config = config(&format!("jwt.access_token_expires = '{life}'"));
        assert_eq!(config.session.grace, grace, "{life}");
    }
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
    let environment = [("PORTERO_PASSWORD_MIN_LENGTH", "6"), ("JWT_COOKIE_SECURE", "maybe"), ("PORTERO_TIME_ZONE", "")];
    let faults = read(file, &environment, &[("log.levle", "info")]).unwrap_err();
    let faults = faults.to_string();
    assert_eq!(faults.lines().count(), 9, "{faults}");
    for part in [
        "listen in portero.toml: \"here\" is not an address with a port",
        "site_nam in portero.toml: there is no such setting; did you mean site_name?",
        "session.idle in portero.toml: \"7 days\" is not a time from 1s to 3650d, such as 45s, 15m",
        "jwt.algorithm (default HS256) and jwt.private_key in portero.toml: HS256 takes a shared secret",
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
    let all =
        "public_url = 'https://a.example'\nthrottle = false\n[password]\nbcrypt_cost = 4\n[jwt]\ncookie_secure = false";
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
    let faults = Config::from_sources(None, environment, &Overrides::default()).unwrap_err().lines;
    assert_eq!(faults, ["PORTERO_SITE_NAME in the environment: is not valid UTF-8"]);
}

#[test]
fn a_broken_file_is_one_fault_and_hides_none_of_the_environment() {
    let faults = read("listen = \n", &[("PORTERO_LISTEN", "0.0.0.0:80"), ("PORTERO_THROTTLE", "perhaps")], &[])
        .unwrap_err()
        .lines;
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].starts_with("portero.toml: line 1 is not TOML"), "{}", faults[0]);
}

#[test]
fn a_file_that_was_asked_for_has_to_exist() {
    let overrides = Overrides { config: Some("/nowhere/portero.toml".into()), ..Overrides::default() };
    assert!(Config::load(&overrides).unwrap_err().lines[0].starts_with("/nowhere/portero.toml: can't be read"));
}

#[test]
fn times_read_as_people_write_them() {
    let access =
        |text: &str| read("", &[("JWT_ACCESS_TOKEN_EXPIRES", text)], &[]).map(|l| l.config.jwt.access_token_expires);
    for (text, seconds) in [("900", 900), ("45s", 45), ("15m", 900), ("12h", 43_200), ("30d", 30 * DAY)] {
        assert_eq!(access(text), Ok(Lifetime::Seconds(seconds)), "{text}");
    }
    assert_eq!((access("never"), access("False")), (Ok(Lifetime::Never), Ok(Lifetime::Never)));
    for text in ["-1", "1.5h", "15 m", "m", "1w", "99999999999999999999", "9223372036854775807d", "3651d", "True"] {
        assert!(access(text).is_err(), "{text}");
    }
    for zero in ["0", "0d"] {
        assert!(access(zero).unwrap_err().lines[0].contains("say never"), "{zero}");
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
fn a_second_factor_is_asked_of_whom_the_operator_names_from_the_day_on() {
    let policy = |file: &str| config(file).second_factor;
    let day = UnixTime(1_795_561_200);
    let before = day.plus(-1);
    for (file, user, admin, enrols) in [
        ("", false, false, true),
        ("second_factor = 'off'", false, false, false),
        ("second_factor = 'admins'", false, true, true),
        ("second_factor = 'everyone'", true, true, true),
    ] {
        let policy = policy(file);
        let found = (policy.asks(Role::User, day), policy.asks(Role::Admin, day), policy.allows_enrolment());
        assert_eq!(found, (user, admin, enrols), "{file}");
    }
    for written in ["'2026-11-25'", "2026-11-25", "'2026-11-25T00:00'", "2026-11-24T23:00:00Z", "1795561200"] {
        let dated =
            policy(&format!("time_zone = 'Europe/Madrid'\nsecond_factor = 'everyone'\nsecond_factor_from = {written}"));
        assert!(!dated.asks(Role::Admin, before) && dated.asks(Role::User, day), "{written}");
    }
    refused("second_factor = 'admins'\nsecond_factor_from = 'soon'", "\"soon\" is not a moment, such as 2026-11-25");
    refused("second_factor = 'all'", "is not one of off, optional, admins, everyone");
    let trusting = read("second_factor = 'everyone'\nforeign_tokens = 'trust'", &[], &[]).unwrap().warnings;
    assert!(trusting.len() == 1 && trusting[0].contains("tokens of peers"), "{trusting:?}");
}

#[test]
fn a_browser_is_remembered_for_thirty_days_at_most_and_not_at_all_unless_it_is_set() {
    for (file, seconds) in [("", 0), ("second_factor_remember = '30d'", 30 * 86_400), ("second_factor_remember = 0", 0)]
    {
        assert_eq!(config(file).second_factor_remember, seconds, "{file}");
    }
    refused("second_factor_remember = '31d'", "is not a time from 0s to 30d");
    refused("second_factor_remember = -1", "is not a time from 0s to 30d");
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
    refused("[session]\ngrace = 20\n[jwt]\naccess_token_expires = 15", "shorten the grace");
    refused("jwt.access_cookie_name = 'refresh_token_cookie'", "a name of its own");
    refused("jwt.access_cookie_name = '__Host-a'", "unless it is secure");
    refused(&format!("{HTTPS}jwt.access_cookie_name = '__Host-a'\njwt.access_cookie_path = '/a'"), "has the path /");
    refused("jwt.decode_issuer = 'someone'", "would refuse the tokens it makes");
    refused("jwt.decode_audience = 'a, b'\njwt.encode_audience = ['c']", "an audience in common");
    for second_factor in ["", "second_factor = 'off'\n", "second_factor = 'optional'\n"] {
        refused(&format!("{second_factor}second_factor_from = '2026-12-01'"), "nothing begins then");
    }
}

#[test]
fn what_a_good_start_needs_is_let_through() {
    refused("listen = '127.0.0.1:8080'\nmetrics_listen = '127.0.0.1:8080'", "metrics need a port of their own");
    config("metrics_listen = '127.0.0.1:9464'");
    config("listen = '0.0.0.0:8080'\nallow_plain_http = true");
    config("listen = '0.0.0.0:8080'\npublic_url = 'https://login.example.org'");
    config(
        "jwt.decode_audience = 'a, b'\njwt.encode_audience = ['b']\njwt.decode_issuer = 'i'\njwt.encode_issuer = 'i'",
    );
    assert_eq!(config("[session]\nabsolute = '1h'").session.idle, 3600);
    assert_eq!(config("trusted_proxies = ['10.1.2.3', 'fd00::/8']").trusted_proxies.len(), 2);
    let session = config("[session]\nfresh_for = 'token'").session;
    assert_eq!((session.fresh_is_plain, session.fresh_for), (true, 900));
    assert_eq!(
        config("[jwt]\ntoken_location = 'cookies,headers'").jwt.token_location,
        [Location::Cookies, Location::Headers]
    );
}

#[test]
fn what_this_version_cannot_do_is_never_ignored_in_silence() {
    for algorithm in ["ES256K", "ES512", "Ed448", "none"] {
        refused(
            &format!("jwt.algorithm = '{algorithm}'"),
            "is not available here; ES256, ES384 and EdDSA (Ed25519) are",
        );
    }
    refused("jwt.algorithm = 'HS1024'", "is not one of HS256");
    refused("database_url = 'mysql://ana:hunter22@db/portero'", "only sqlite: and postgres: are");
    assert!(!faults("database_url = 'mysql://ana:hunter22@db/portero'")[0].contains("hunter22"));
}

#[test]
fn keys_have_to_fit_the_algorithm_and_each_other() {
    let pem = |material: &Secret| String::from_utf8(material.as_bytes().to_vec()).unwrap();
    let p256 = pem(&Key::generate(Algorithm::ES256).unwrap());
    let with = |lines: &str| format!("[jwt]\n{lines}");
    let private = format!("private_key = \"\"\"{p256}\"\"\"");
    refused(
        &with(&format!("algorithm = 'RS256'\n{private}")),
        "it is not a private RSA (2048 bits or more) key in PEM form",
    );
    refused(&with(&private), "HS256 takes a shared secret (jwt.secret_key) and no key pair");
    refused(
        &with("algorithm = 'ES256'\nprivate_key = 'x'"),
        "it is not a private elliptic curve (P-256) key in PEM form",
    );
    let secret = format!("secret_key = '{GOOD_SECRET}'");
    refused(
        &with(&format!("algorithm = 'ES256'\n{secret}")),
        "ES256 takes a key pair (jwt.private_key) and no shared secret",
    );
    refused(&with("algorithm = 'ES256'\npublic_key = 'x'"), "Portero signs tokens, so it needs the private key");
    refused(
        &with(&format!("algorithm = 'ES256'\npublic_key = 'x'\n{private}")),
        "it is not a public elliptic curve (P-256) key",
    );
    let mixed = format!("algorithm = 'ES256'\ndecode_algorithms = ['HS256']\n{private}");
    refused(&with(&mixed), "no key here could verify such a token");
    refused(&with("secret_key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPcVzQ'"), "a public key is no secret");
    let good = config(&with(&format!("algorithm = 'ES256'\n{private}")));
    assert_eq!(good.signing_key.map(|key| pem(&key)).as_deref().map(str::trim), Some(p256.trim()));
    assert!(config("[jwt]\nalgorithm = 'ES256'").signing_key.is_none(), "one is made");
}

#[test]
fn a_bad_value_is_refused_with_what_would_be_right() {
    refused("public_url = 'https://ana:hunter22@a.example'", "without path, user name or ?");
    refused("public_url = 'https://a.example/login'", "without path");
    refused("public_url = 'ftp://a.example'", "such as https://");
    refused("time_zone = 'Mars/Olympus'", "Europe/Madrid");
    refused("trusted_proxies = ['10.0.0.0/8', 'proxy']", "\"proxy\" is not an address or network");
    refused("client_ip_header = 'X Real IP'", "a name for a header");
    refused("keep_alive = 0", "from 1s to 1h");
    refused("listen = 8080", "8080 is not text");
    refused("site_name = '\t'", "is not text");
    refused("[password]\nbcrypt_cost = 31", "from 4 to 16");
    refused("[session]\ngrace = '2m'", "from 0s to 1m");
    refused("[jwt]\ndecode_leeway = 301", "from 0s to 5m");
    refused("[jwt]\ncsrf_methods = ['post']", "write POST");
    refused("[jwt]\ncsrf_methods = []", "is empty");
    refused("[jwt]\ntoken_location = []", "is empty");
    for taken in ["exp", "sid", "transport"] {
        refused(&format!("[jwt]\nidentity_claim = '{taken}'"), "means something else");
    }
    refused("[jwt]\naccess_cookie_name = 'a;b'", "is not a name");
    refused("database_url = 'sqlite::memory:'", "is not the path of a file");
    refused("throttle = 1.5", "is a number with a fraction");
    assert!(!faults("public_url = 'https://ana:hunter22@a.example'")[0].contains("hunter22"));
}

#[test]
fn a_database_is_the_path_after_sqlite() {
    for (url, path) in
        [("sqlite:a.db", "a.db"), ("sqlite://b/a.db", "b/a.db"), ("sqlite:///b/a.db", "/b/a.db"), ("sqlite:/a", "/a")]
    {
        assert_eq!(config(&format!("database_url = '{url}'")).database.file(), Some(Path::new(path)), "{url}");
    }
}

#[test]
fn a_database_of_a_server_is_named_by_its_address_and_its_password_is_shown_nowhere() {
    let server = |text: &str| match config(text).database {
        DatabaseUrl::Postgres(url) => url,
        DatabaseUrl::Sqlite(path) => panic!("{}", path.display()),
    };
    let url = server("database_url = 'postgres://ana:hunter%2022@db.example:5433/log%20in'");
    let parts = (url.host.as_deref(), url.port, url.user.as_deref(), url.password.as_deref(), url.database.as_str());
    assert_eq!(parts, (Some("db.example"), Some(5433), Some("ana"), Some("hunter 22"), "log in"));
    assert_eq!(format!("{url} {url:?}"), "postgres://ana@db.example:5433/log in postgres://ana@db.example:5433/log in");
    let socket = server("database_url = 'postgresql:///portero?host=/run/postgresql'\ndatabase_ca_file = 'ca.pem'");
    assert_eq!((socket.host.as_deref(), socket.user, socket.password), (Some("/run/postgresql"), None, None));
    assert_eq!(socket.root_certificates.as_deref(), Some(Path::new("ca.pem")));
    assert_eq!(server("database_url = 'postgres://[::1]/portero'").to_string(), "postgres://[::1]/portero");
    assert_eq!(
        server("database_url = 'postgres://db/portero'\ndatabase_password = 'x'").password.as_deref(),
        Some("x")
    );

    let loaded = read("database_url = 'postgres://ana:hunter22@db/portero'", &[], &[]).unwrap();
    assert!(loaded.shown.iter().all(|setting| !setting.value.contains("hunter22")));
    for (text, says) in [
        ("database_url = 'postgres://ana:hunter22@db'", "is not an address such as"),
        ("database_url = 'postgres://ana:hunter22@db/portero?sslmode=disable'", "the option sslmode after ?"),
        ("database_url = 'postgres://db/portero?host=other'", "the option host after ?"),
        ("database_url = 'postgres://ana:hunter22@db/portero'\ndatabase_password = 'x'", "both contain a password"),
        ("database_password = 'hunter22'", "belongs to a PostgreSQL server"),
        ("database_ca_file = 'ca.pem'", "belongs to a PostgreSQL server"),
    ] {
        refused(text, says);
        assert!(!faults(text)[0].contains("hunter22"), "{:?}", faults(text));
    }
}

#[test]
fn several_nodes_need_a_database_that_all_of_them_reach() {
    let lease = |file: &str| read(file, &[], &[]).unwrap().config.cluster_lease;
    let on_server = |lease: &str| format!("database_url = 'postgres://db/portero'\n[cluster]\nlease = {lease}");
    assert_eq!((lease(""), lease("[cluster]\nlease = 'off'")), (None, None));
    assert_eq!((lease(&on_server("'5s'")), lease(&on_server("60"))), (Some(5), Some(60)));
    refused("[cluster]\nlease = '5s'", "name a PostgreSQL server in database_url, or leave the lease out");
    for wrong in ["'2m'", "true"] {
        refused(&on_server(wrong), "a time from 1s to 1m");
    }
}

#[test]
fn a_master_key_is_a_line_and_the_first_one_seals() {
    const A: &str = "2026-10 bG9uZyBlbm91Z2ggZm9yIGEgbWFzdGVyIGtleSAxMTE=";
    const B: &str = "next YW5vdGhlciBvbmUgdGhhdCBpcyBsb25nIGVub3VnaCAyMjI";
    let file = "database_url = 'postgres://db/portero'";
    let with = |keys: &str| read(file, &[("PORTERO_CLUSTER_MASTER_KEYS", keys)], &[]);
    let ids = |keys: &str| with(keys).unwrap().config.master_keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
    assert!(read(file, &[], &[]).unwrap().config.master_keys.is_empty());
    assert_eq!(ids(A), ["2026-10"]);
    assert_eq!(ids(&format!("# of last month\r\n{B}\r\n\n  {A}\n")), ["next", "2026-10"]);
    let loaded = with(A).unwrap();
    assert_eq!(loaded.config.master_keys[0].key.as_bytes(), b"long enough for a master key 111");
    assert_eq!(shown(&loaded, "cluster.master_keys"), ("(hidden)", Source::Environment));
    assert!(!format!("{loaded:?}").contains("bG9u"));
    for (keys, says) in [
        ("# none", "holds no key; this makes a good line"),
        ("bG9uZyBlbm91Z2ggZm9yIGEgbWFzdGVyIGtleSAxMTE=", "line 1 is not an id, a space and a key in base64"),
        (&format!("{A}\n{}", B.replace("next", "a:b")), "line 2 has an id that"),
        (&format!("{A}\none bG9u!"), "line 2 has a key that is not base64"),
        ("one bG9uZw==", "line 1 has a key that has 4 bytes and needs 32"),
        (&format!("{A}\n{}", B.replace("next", "2026-10")), "line 2 has an id that another line has"),
        (&format!("{A}\n{}", A.replace("2026-10", "b")), "line 2 has a key that another line has"),
    ] {
        let fault = with(keys).unwrap_err().to_string();
        assert!(fault.contains(says) && !fault.contains("bG9u"), "{fault}");
    }
    let alone = read("", &[("PORTERO_CLUSTER_MASTER_KEYS", A)], &[]).unwrap_err().to_string();
    assert!(alone.contains("name a PostgreSQL server in database_url, or leave them out"), "{alone}");
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
    let both = read("", &[("JWT_SECRET_KEY_FILE", name), ("JWT_SECRET_KEY", GOOD_SECRET)], &[]).unwrap_err().lines;
    let stronger =
        read(&format!("pepper_file = '{name}'"), &[("PORTERO_PEPPER", &GOOD_SECRET.to_lowercase())], &[]).unwrap();
    std::fs::write(&path, format!("\u{feff}{GOOD_SECRET}\r\n")).unwrap();
    let marked = read("", &[("JWT_SECRET_KEY_FILE", name)], &[]).unwrap();
    std::fs::write(&path, "super-secret").unwrap();
    let weak = read("", &[("PORTERO_PEPPER_FILE", name)], &[]).unwrap_err().lines;
    std::fs::remove_file(&path).unwrap();
    let gone = read("", &[("PORTERO_PEPPER_FILE", name)], &[]).unwrap_err().lines;
    assert_eq!(one.config.signing_key.as_ref().map(Secret::as_bytes), Some(GOOD_SECRET.as_bytes()));
    let key = marked.config.signing_key.unwrap();
    assert_eq!(key.as_bytes(), GOOD_SECRET.as_bytes(), "a byte order mark and a line end are no part of it");
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
    let all = sample.lines().map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
    let all = all.filter(|line| !line.starts_with("secret_key_file"));
    read(&all.collect::<Vec<_>>().join("\n"), &[], &[]).unwrap();
    assert!(sample.lines().count() <= 45);
}
