//! Turns what was written into a valid value, or into a sentence that says what would be valid.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use url::Url;

use super::reader::Raw;
use super::settings::ClientIpHeader;
use crate::domain::{BareDate, DatabaseUrl, ListenAddress, ListenFault, PostgresUrl, UnixTime};
use crate::tokens::options::Lifetime;

pub(super) fn address(raw: &Raw) -> Result<SocketAddr, String> {
    let text = text(raw)?;
    text.parse().map_err(|_| format!("{text:?} is not an address with a port, such as 127.0.0.1:8080 or [::1]:8080"))
}

pub(super) fn listen(raw: &Raw) -> Result<ListenAddress, String> {
    let text = text(raw)?;
    text.parse().map_err(|fault: ListenFault| format!("{text:?} {fault}"))
}

/// Three octal digits. Whoever may write to a socket's file may connect.
pub(super) fn socket_mode(raw: &Raw) -> Result<u32, String> {
    let text = text(raw)?;
    let bits = u32::from_str_radix(&text, 8).ok().filter(|_| text.len() == 3);
    bits.filter(|bits| bits & 0o600 == 0o600)
        .ok_or_else(|| format!("{text:?} is not a mode such as 660, with which the owner can read and write"))
}

pub(super) fn public_url(raw: &Raw) -> Result<Url, String> {
    // The message does not repeat the value, which may contain a password.
    let right = || "is not an address such as https://login.example.org, without path, user name or ?".to_owned();
    let url = Url::parse(&text(raw)?).map_err(|_| right())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && bare && nobody { Ok(url) } else { Err(right()) }
}

pub(super) fn database(raw: &Raw) -> Result<DatabaseUrl, String> {
    let text = text(raw)?;
    let (scheme, rest) = text.split_once(':').ok_or(
        "has no scheme; write sqlite: and the path of a file, as in sqlite:/var/lib/portero.db, or postgres://user@host/database",
    )?;
    match scheme {
        "sqlite" => sqlite(rest).map(DatabaseUrl::Sqlite),
        "postgres" | "postgresql" => postgres(&text).map(|url| DatabaseUrl::Postgres(Box::new(url))),
        // The message repeats only the scheme: the rest may contain a password.
        _ => Err(format!("{scheme}: is not available; only sqlite: and postgres: are")),
    }
}

fn sqlite(rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains([':', '?', '#']) {
        return Err(format!("{rest:?} is not the path of a file; :memory: and options after ? are not supported"));
    }
    Ok(path.into())
}

/// The messages do not repeat the value, which may contain a password.
fn postgres(text: &str) -> Result<PostgresUrl, String> {
    let right = || "is not an address such as postgres://user@host:5432/database".to_owned();
    let url = Url::parse(text).map_err(|_| right())?;
    let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(Cow::into_owned).map_err(|_| right());
    let given = |part: &str| if part.is_empty() { Ok(None) } else { decoded(part).map(Some) };
    let mut host = given(url.host_str().unwrap_or_default().trim_matches(['[', ']']))?;
    for (name, value) in url.query_pairs() {
        match &*name {
            // The folder of a socket has no place before the path.
            "host" if host.is_none() => host = Some(value.into_owned()),
            _ => {
                return Err(format!(
                    "has the option {name} after ?, which is not supported; only host is, without one before"
                ));
            }
        }
    }
    let database = decoded(url.path().trim_start_matches('/'))?;
    if database.is_empty() || url.fragment().is_some() {
        return Err(right());
    }
    let password = url.password().map(decoded).transpose()?;
    Ok(PostgresUrl {
        host,
        port: url.port(),
        user: given(url.username())?,
        password,
        database,
        root_certificates: None,
    })
}

pub(super) fn site_name(raw: &Raw) -> Result<String, String> {
    let name = text(raw)?;
    if name.chars().count() <= 60 { Ok(name) } else { Err("is longer than 60 characters".into()) }
}

pub(super) fn time_zone(raw: &Raw) -> Result<TimeZone, String> {
    let name = text(raw)?;
    let found = TimeZone::get(&name).ok().filter(|zone| !zone.is_unknown());
    found.ok_or_else(|| format!("{name:?} is not a known time zone; use a name such as UTC or Europe/Madrid"))
}

/// A date, from its first second on, or a moment. `zone`: for one that names no zone.
pub(super) fn moment(zone: &TimeZone) -> impl Fn(&Raw) -> Result<UnixTime, String> {
    const MOMENT: &str = "a moment, such as 2026-11-25 or 2026-11-25T10:00";
    |raw| match raw {
        Raw::Number(seconds) => Ok(UnixTime(*seconds)),
        Raw::Text(text) => UnixTime::read(text.trim(), zone, BareDate::Begins).map_or_else(|| wrong(raw, MOMENT), Ok),
        Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => wrong(raw, MOMENT),
    }
}

pub(super) fn network(raw: &Raw) -> Result<IpNet, String> {
    let text = text(raw)?;
    let bare = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| bare())
        .map_err(|_| format!("{text:?} is not an address or network, such as 10.0.0.1 or 10.0.0.0/8"))
}

pub(super) fn client_ip_header(raw: &Raw) -> Result<ClientIpHeader, String> {
    let name = http_name(raw)?.to_ascii_lowercase();
    Ok(match name.as_str() {
        "x-forwarded-for" => ClientIpHeader::XForwardedFor,
        "forwarded" => ClientIpHeader::Forwarded,
        _ => ClientIpHeader::Single(name),
    })
}

/// How long a token from a sign-in or a confirmation is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FreshFor {
    Seconds(i64),
    /// As long as the token lives.
    Token,
}

pub(super) fn fresh_for(raw: &Raw) -> Result<FreshFor, String> {
    match raw {
        Raw::Text(text) if text == "token" => Ok(FreshFor::Token),
        raw => seconds(1..=LONGEST)(raw).map(FreshFor::Seconds).map_err(|text| format!("{text}; or say token")),
    }
}

fn wrong<T>(raw: &Raw, right: &str) -> Result<T, String> {
    Err(format!("{raw} is not {right}"))
}

/// Text of one line or more, at most 4,000 characters.
pub(super) fn long_text(raw: &Raw) -> Result<String, String> {
    const MOST: usize = 4000;
    match raw {
        Raw::Text(text) if !text.trim().is_empty() && text.chars().count() <= MOST => Ok(text.clone()),
        _ => wrong(raw, &format!("text of 1 to {MOST} characters (in the file: in quotes)")),
    }
}

/// Text on one line that is not empty and has no space around it.
pub(super) fn text(raw: &Raw) -> Result<String, String> {
    match raw {
        Raw::Text(text) if text.trim() == text && !text.is_empty() && !text.contains(char::is_control) => {
            Ok(text.clone())
        }
        _ => wrong(raw, "text (in the file: in quotes), on one line and without space around it"),
    }
}

pub(super) fn switch(raw: &Raw) -> Result<bool, String> {
    match raw {
        Raw::Switch(on) => Ok(*on),
        Raw::Text(text) => match text.to_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(true),
            "false" | "off" | "no" | "0" => Ok(false),
            _ => wrong(raw, "true or false"),
        },
        Raw::Number(_) | Raw::List(_) | Raw::Other(_) => wrong(raw, "true or false"),
    }
}

pub(super) fn whole(range: RangeInclusive<u32>) -> impl Fn(&Raw) -> Result<u32, String> {
    move |raw| {
        let number = match raw {
            Raw::Number(number) => u32::try_from(*number).ok(),
            Raw::Text(text) => text.parse().ok(),
            Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => None,
        };
        let right = || format!("a whole number from {} to {}", range.start(), range.end());
        number.filter(|number| range.contains(number)).map_or_else(|| wrong(raw, &right()), Ok)
    }
}

pub(super) const DAY: i64 = 24 * 60 * 60;
/// Ten years, in seconds. Whoever wants longer wants `never`.
pub(super) const LONGEST: i64 = 3650 * DAY;

/// A length of time in seconds: a plain number, or one with `s`, `m`, `h` or `d` after it.
pub(super) fn seconds(range: RangeInclusive<i64>) -> impl Fn(&Raw) -> Result<i64, String> {
    move |raw| {
        let found = match raw {
            Raw::Number(number) => Some(*number),
            Raw::Text(text) => span(text),
            Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => None,
        };
        let (least, most) = (range.start(), human(*range.end()));
        found.filter(|seconds| range.contains(seconds)).map_or_else(
            || {
                wrong(
                    raw,
                    &format!("a time from {least}s to {most}, such as 45s, 15m, 12h or 30d; a plain number is seconds"),
                )
            },
            Ok,
        )
    }
}

/// How long a node of a cluster may answer without having asked the database, in seconds. `off`: there is no cluster.
pub(super) fn lease(raw: &Raw) -> Result<Option<i64>, String> {
    match switch(raw) {
        Ok(false) => Ok(None),
        Ok(true) | Err(_) => seconds(1..=60)(raw).map(Some),
    }
}

/// The seconds of a length of time as people write it: `45s`, `15m`, `12h`, `30d`, or a plain number.
pub fn span(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

/// A length of time as a person would write it, and as settings have it.
pub fn human(seconds: i64) -> String {
    match seconds {
        0 => "0s".into(),
        days if days % DAY == 0 => format!("{}d", days / DAY),
        hours if hours % 3600 == 0 => format!("{}h", hours / 3600),
        minutes if minutes % 60 == 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}

/// A token's lifetime. `never` or, as flask-jwt-extended has it, `False`: the token has no end of its own.
pub(super) fn lifetime(raw: &Raw) -> Result<Lifetime, String> {
    match raw {
        Raw::Switch(false) => Ok(Lifetime::Never),
        Raw::Text(text) if ["never", "false"].contains(&text.to_lowercase().as_str()) => Ok(Lifetime::Never),
        Raw::Number(0) => Err(NO_ZERO.into()),
        Raw::Text(text) if span(text) == Some(0) => Err(NO_ZERO.into()),
        raw => seconds(1..=LONGEST)(raw).map(Lifetime::Seconds).map_err(|text| format!("{text}; or say never")),
    }
}

const NO_ZERO: &str =
    "0 would mean a token that never expires to flask-jwt-extended; say never if that is what you want";

/// One of `choices` by its name, in any letter case.
pub(super) fn choice<T: Copy>(
    choices: impl IntoIterator<Item = (&'static str, T)>,
) -> impl Fn(&Raw) -> Result<T, String> {
    let choices: Vec<(&str, T)> = choices.into_iter().collect();
    move |raw| {
        let chosen = match raw {
            Raw::Text(text) => choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)),
            Raw::Number(_) | Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => None,
        };
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        chosen.map_or_else(|| wrong(raw, &format!("one of {}", names())), |(_, value)| Ok(*value))
    }
}

/// A list: one text with commas or, in the file, also an array. An empty text is the empty list.
pub(super) fn list<T>(item: impl Fn(&Raw) -> Result<T, String>) -> impl Fn(&Raw) -> Result<Vec<T>, String> {
    move |raw| match raw {
        Raw::Text(text) if text.is_empty() => Ok(Vec::new()),
        Raw::Text(text) => text.split(',').map(|part| item(&Raw::Text(part.trim().into()))).collect(),
        Raw::List(items) => items.iter().map(|part| item(&Raw::Text(part.clone()))).collect(),
        Raw::Number(_) | Raw::Switch(_) | Raw::Other(_) => wrong(raw, "a list"),
    }
}

/// A name that a header or a cookie may have (RFC 9110, `token`).
pub(super) fn http_name(raw: &Raw) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match raw {
        Raw::Text(text) if !text.is_empty() && text.chars().all(allowed) => Ok(text.clone()),
        _ => wrong(raw, "a name for a header or cookie: letters, digits, - and _"),
    }
}
