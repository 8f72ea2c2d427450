//! Takes settings by name out of the file, the environment and the command line, one after the other, and gathers all faults.
//! Whatever is left at the end is no setting.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::io::Read;

use super::settings::{Faults, LogFormat, Setting, Source};
use crate::bom::without_bom;
use crate::tokens::options::Secret;

pub(super) const LOG_FORMAT: &str = "log.format";

/// `Setting::value` of a setting that has no value.
pub(super) const UNSET: &str = "(unset)";

/// A value as it was written. The environment and the command line know text only.
#[derive(Clone)]
pub(super) enum Raw {
    Text(String),
    Number(i64),
    Switch(bool),
    List(Vec<String>),
    /// Something that can't be a setting's value; the text says what it is.
    Other(&'static str),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::List(items) => write!(f, "{items:?}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

#[derive(Default)]
pub(super) struct Reader {
    file_name: String,
    file: BTreeMap<String, Raw>,
    /// The file could not be read or parsed, so nobody knows which settings it was to set.
    file_is_broken: bool,
    environment: BTreeMap<String, OsString>,
    flags: BTreeMap<String, String>,
    known: Vec<&'static str>,
    broken: BTreeSet<&'static str>,
    shown: Vec<Setting>,
    faults: Vec<String>,
    warnings: Vec<String>,
}

impl Reader {
    /// Keeps only those names of the environment that could be settings of Portero.
    pub(super) fn new<N: Into<OsString>, V: Into<OsString>>(
        environment: impl IntoIterator<Item = (N, V)>,
        flags: &[(String, String)],
    ) -> Self {
        let environment = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())))
            .filter(|(name, _)| name.starts_with("PORTERO_") || name.starts_with("JWT_"))
            // No setting: it says where the settings file is.
            .filter(|(name, _)| name != "PORTERO_CONFIG")
            .collect();
        Self { environment, flags: flags.iter().cloned().collect(), ..Self::default() }
    }

    /// Refuses secrets among the flags.
    pub(super) fn without_secret_flags(mut self) -> Self {
        for key in SECRETS {
            if self.flags.remove(key).is_some() {
                let environment = environment_name(key);
                self.faults.push(format!(
                    "{key} on the command line: every user of this machine could read it there (`ps`). Put it into a file and write \
                     --set {key}_file=PATH, or into the environment as {environment}"
                ));
            }
        }
        self
    }

    pub(super) fn file(&mut self, name: &str, text: &str) {
        self.file_name = name.to_owned();
        match text.parse::<toml::Table>() {
            Ok(table) => flatten(&mut self.file, "", table),
            Err(error) => {
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                self.broken_file(name, &format!("line {line} is not TOML: {}", error.message().replace('\n', ", ")));
            }
        }
    }

    pub(super) fn broken_file(&mut self, name: &str, why: &str) {
        self.file_is_broken = true;
        self.faults.push(format!("{name}: {why}"));
    }

    /// The setting `key`; if nobody has set it, or its value is wrong, the `default`, written as a person would write it.
    pub(super) fn take<T>(&mut self, key: &'static str, default: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> T {
        let shown = if default.is_empty() { "(none)" } else { default };
        self.take_if_set(key, shown, &parse)
            .unwrap_or_else(|| parse(&Raw::Text(default.into())).expect("every default passes its own parser"))
    }

    /// The setting `key`; `None` if nobody has set it, or its value is wrong. `shown` is what people see if nobody has set it.
    pub(super) fn take_if_set<T>(
        &mut self,
        key: &'static str,
        shown: &str,
        parse: impl Fn(&Raw) -> Result<T, String>,
    ) -> Option<T> {
        let Some((source, raw)) = self.find(key) else {
            self.show(key, shown, Source::Default);
            return None;
        };
        let text = match &raw {
            Raw::Text(text) => text.clone(),
            Raw::List(items) => items.join(", "),
            Raw::Number(_) | Raw::Switch(_) | Raw::Other(_) => raw.to_string(),
        };
        self.show(key, &text, source);
        // An empty variable is a mistake far more often than a wish for the default. A few settings have a meaning for it.
        let parsed = match raw {
            Raw::Text(text) if text.is_empty() && !EMPTY_MEANS_NONE.contains(&key) => {
                Err("is empty; leave it out to have the default".into())
            }
            Raw::Other(what) => Err(format!("is {what}")),
            raw => parse(&raw),
        };
        parsed.map_err(|text| self.fault(&[key], &text)).ok()
    }

    /// A secret, either written out under `key` or in the file that `key_file` names. It must have at least `least` bytes and be
    /// hard to guess, because whoever guesses it can pass for anybody; `allow_weak` turns that fault into a warning.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        key_file: &'static str,
        least: usize,
        allow_weak: bool,
    ) -> Option<Secret> {
        let (named, secret) = self.given(key, key_file, "(made at the first start)")?;
        match weakness(secret.as_bytes(), least) {
            Some(weakness) if allow_weak => {
                self.warn(named, &format!("WEAK SECRET: it {weakness}. Whoever guesses it can pass for anybody"));
            }
            Some(weakness) => {
                self.fault(&[named], &format!("the secret {weakness}; this makes a good one: openssl rand -base64 48"));
                return None;
            }
            None => {}
        }
        Some(secret)
    }

    /// A secret of any strength, either written out under `key` or in the file that `key_file` names, with the name of the setting
    /// it came from. People see `unset` if there is none.
    pub(super) fn given(
        &mut self,
        key: &'static str,
        key_file: &'static str,
        unset: &str,
    ) -> Option<(&'static str, Secret)> {
        let (direct, path) = (self.find(key), self.find(key_file));
        let source = |found: &Option<(Source, Raw)>| found.as_ref().map(|(source, _)| *source);
        let in_file = source(&path) > source(&direct);
        match source(&direct).max(source(&path)) {
            Some(source) => self.show(key, "(hidden)", source),
            None => self.show(key, unset, Source::Default),
        }
        match &path {
            Some((source, Raw::Text(file))) => self.show(key_file, file, *source),
            Some((source, raw)) => self.show(key_file, &raw.to_string(), *source),
            None => self.show(key_file, UNSET, Source::Default),
        }
        if path.is_some() && source(&path) == source(&direct) {
            self.fault(&[key, key_file], "only one of the two can be set");
            return None;
        }
        let read = match if in_file { path? } else { direct? } {
            (_, Raw::Text(text)) if text.is_empty() => Err("is empty; leave it out to have one made".into()),
            (_, Raw::Text(file)) if in_file => read_secret(&file),
            (_, Raw::Text(text)) => Ok(Secret::new(text)),
            (_, Raw::Other(what)) => Err(format!("is {what}")),
            (_, Raw::Number(_) | Raw::Switch(_) | Raw::List(_)) => Err("is not text; put it in quotes".into()),
        };
        let named = if in_file { key_file } else { key };
        match read {
            Ok(secret) => Some((named, secret)),
            Err(text) => {
                self.fault(&[named], &text);
                None
            }
        }
    }

    /// Adds one fault that names all `keys`, unless `holds`. Adds none if the value of one of them is broken, or may be in a broken
    /// file: its real value is unknown.
    pub(super) fn check(&mut self, keys: &[&'static str], holds: bool, text: &str) {
        let unknown = |key: &&'static str| self.broken.contains(key) || (self.file_is_broken && !self.is_set(key));
        if !holds && !keys.iter().any(unknown) {
            self.add_fault(keys, text);
        }
    }

    pub(super) fn warn(&mut self, key: &'static str, text: &str) {
        let name = self.name(key);
        self.warnings.push(format!("{name}: {text}"));
    }

    /// Whether anybody has set `key`, which was taken before.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.shown.iter().any(|setting| setting.key == key && setting.source != Source::Default)
    }

    /// The settings to show, and the warnings. Names that were never taken are unknown: a fault in the settings file and on the
    /// command line, but only a warning in the environment, where others may have put names that begin like Portero's
    /// (Kubernetes does).
    pub(super) fn finish(mut self) -> Result<(Vec<Setting>, Vec<String>), Faults> {
        for (key, raw) in &self.file {
            // An empty table with a known name is fine, such as `[jwt]` with all its lines commented out.
            let table = format!("{key}.");
            if !matches!(raw, Raw::Other(TABLE)) || !self.known.iter().any(|known| known.starts_with(&table)) {
                let hint = self.hint(key, str::to_owned);
                self.faults.push(format!("{key} in {}: there is no such setting{hint}", self.file_name));
            }
        }
        for key in self.flags.keys() {
            let hint = self.hint(key, str::to_owned);
            self.faults.push(format!("{key} on the command line: there is no such setting{hint}"));
        }
        for name in self.environment.keys() {
            let hint = self.hint(name, environment_name);
            self.warnings.push(format!("{name} in the environment: there is no such setting, it is ignored{hint}"));
        }
        // Table by table, the top level first; within a table, in the order in which settings were taken.
        self.shown.sort_by_key(|setting| setting.key.split_once('.').map(|(table, _)| table));
        if self.faults.is_empty() {
            Ok((self.shown, self.warnings))
        } else {
            let log_format = if self.asks_for_json() { LogFormat::Json } else { LogFormat::Text };
            Err(Faults { lines: self.faults, log_format })
        }
    }

    /// Whether the log is to be JSON, as far as that is known.
    fn asks_for_json(&self) -> bool {
        let format = self.shown.iter().find(|setting| setting.key == LOG_FORMAT);
        format.is_some_and(|format| format.value == "json") && !self.broken.contains(LOG_FORMAT)
    }

    /// The value from the source that overrides the others. Takes `key` out of all sources.
    fn find(&mut self, key: &'static str) -> Option<(Source, Raw)> {
        self.known.push(key);
        let file = self.file.remove(key).map(|raw| (Source::File, raw));
        let environment = self.environment.remove(&environment_name(key)).map(|value| {
            let raw = value.into_string().map_or(Raw::Other("not valid UTF-8"), Raw::Text);
            (Source::Environment, raw)
        });
        let flag = self.flags.remove(key).map(|text| (Source::Flag, Raw::Text(text)));
        flag.or(environment).or(file)
    }

    /// Has people see `value` instead of what was written for `key`, which was taken before.
    pub(super) fn show_instead(&mut self, key: &str, value: &str) {
        if let Some(setting) = self.shown.iter_mut().find(|setting| setting.key == key) {
            value.clone_into(&mut setting.value);
        }
    }

    /// Whether `key` stands on the command line, which every user of the machine can read.
    pub(super) fn is_on_command_line(&self, key: &str) -> bool {
        self.shown.iter().any(|setting| setting.key == key && setting.source == Source::Flag)
    }

    fn show(&mut self, key: &'static str, value: &str, source: Source) {
        self.shown.push(Setting { key, environment: environment_name(key), value: value.into(), source });
    }

    pub(super) fn fault(&mut self, keys: &[&'static str], text: &str) {
        self.broken.extend(keys);
        self.add_fault(keys, text);
    }

    /// As [`fault`](Self::fault), of an option of a command, which is no setting.
    pub(super) fn fault_of_option(&mut self, option: &str, text: &str) {
        self.faults.push(format!("{option}: {text}"));
    }

    fn add_fault(&mut self, keys: &[&'static str], text: &str) {
        let names: Vec<String> = keys.iter().map(|key| self.name(key)).collect();
        self.faults.push(format!("{}: {text}", names.join(" and ")));
    }

    /// `key` and where its value comes from, spelled as the operator spells it there.
    fn name(&self, key: &str) -> String {
        let setting = self.shown.iter().find(|setting| setting.key == key);
        let source = setting.map_or(Source::Default, |setting| setting.source);
        self.place(key, source, setting.map(|setting| setting.value.as_str()))
    }

    fn place(&self, key: &str, source: Source, value: Option<&str>) -> String {
        match source {
            Source::Default if value == Some(UNSET) => format!("{key} (unset)"),
            Source::Default => format!("{key} (default {})", value.unwrap_or_default()),
            Source::File => format!("{key} in {}", self.file_name),
            Source::Environment => format!("{} in the environment", environment_name(key)),
            Source::Flag => format!("{key} on the command line"),
        }
    }

    /// Suggests what `wrong` was probably meant to be: a setting with the same name in another table, or at most two letters off.
    fn hint(&self, wrong: &str, spell: fn(&str) -> String) -> String {
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let letters_off = |known: &&str| {
            let same = last(&spell(known)) == last(wrong) || environment_name(known) == last(wrong);
            if same { 0 } else { strsim::levenshtein(&spell(known), wrong) }
        };
        match self.known.iter().min_by_key(|known| letters_off(known)) {
            Some(near) if letters_off(near) <= 2 => format!("; did you mean {}?", spell(near)),
            Some(_) | None => String::new(),
        }
    }
}

/// The setting's name in the environment: `JWT_…` for flask-jwt-extended's options, `PORTERO_`, table and key for all others.
fn environment_name(key: &str) -> String {
    let name = key.replace('.', "_").to_uppercase();
    if key.starts_with("jwt.") { name } else { format!("PORTERO_{name}") }
}

/// Settings whose values are secrets. Each has a sister that names a file.
const SECRETS: [&str; 7] = [
    "pepper",
    "factor_key",
    "jwt.secret_key",
    "jwt.private_key",
    "database_password",
    "cluster.master_keys",
    "mail.password",
];

/// Settings for which an empty text is a value like any other.
const EMPTY_MEANS_NONE: [&str; 2] = ["jwt.header_type", "jwt.query_string_value_prefix"];

const TABLE: &str = "a table, not a value";

fn flatten(into: &mut BTreeMap<String, Raw>, prefix: &str, table: toml::Table) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        let raw = match value {
            toml::Value::Table(inner) if !inner.is_empty() => {
                flatten(into, &format!("{key}."), inner);
                continue;
            }
            toml::Value::Table(_) => Raw::Other(TABLE),
            toml::Value::String(text) => Raw::Text(text),
            toml::Value::Integer(number) => Raw::Number(number),
            toml::Value::Boolean(on) => Raw::Switch(on),
            toml::Value::Array(items) => {
                let texts = items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>();
                texts.map_or(Raw::Other("a list with something else than text in it"), Raw::List)
            }
            toml::Value::Float(_) => Raw::Other("a number with a fraction"),
            // With or without quotes.
            toml::Value::Datetime(moment) => Raw::Text(moment.to_string()),
        };
        into.insert(key, raw);
    }
}

fn read_secret(path: &str) -> Result<Secret, String> {
    const MAX_BYTES: u64 = 64 * 1024;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| format!("{path:?} can't be opened: {error}"))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| format!("{path:?} can't be read: {error}"))?;
    // Editors and shells add a byte order mark and a line end, which nobody means to be part of the secret.
    let bytes = without_bom(&bytes);
    let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    match bytes.len() {
        0 => Err(format!("{path:?} is empty")),
        length if length as u64 > MAX_BYTES => Err(format!("{path:?} is too long for a secret")),
        _ => Ok(Secret::new(bytes)),
    }
}

/// Why a secret is too easy to guess, in words that do not repeat it.
pub(super) fn weakness(secret: &[u8], least: usize) -> Option<String> {
    const PLACEHOLDERS: [&str; 7] =
        ["secret", "changeme", "change-me", "change_me", "password", "placeholder", "example"];
    let lower = String::from_utf8_lossy(secret).to_lowercase();
    if let Some(word) = PLACEHOLDERS.iter().find(|word| lower.contains(**word)) {
        return Some(format!("contains {word:?}, which stands in many an example"));
    }
    if secret.len() < least {
        return Some(format!("has {} bytes and needs {least}", secret.len()));
    }
    let distinct = secret.iter().collect::<BTreeSet<_>>().len();
    (distinct < 8).then(|| format!("is made of only {distinct} different bytes"))
}
