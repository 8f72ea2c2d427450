//! The kinds of file that users come in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Format;
use super::row::Row;
use crate::bom::without_bom;
use crate::cli::output::Failure;

/// What a file holds.
#[derive(Default)]
pub(super) struct Read {
    pub rows: Vec<Row>,
    /// The columns that are not looked at.
    pub left_out: Vec<String>,
}

/// An error if the file as a whole is not of this kind.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Read, Failure> {
    let bytes = without_bom(bytes);
    match format {
        Format::Csv => csv(bytes),
        Format::Json => json(bytes),
        Format::Htpasswd => htpasswd(bytes),
        Format::Authelia => authelia(bytes),
        Format::Django => django(bytes),
    }
}

/// A column of CSV or JSON, by the names that other systems have for it.
fn column(name: &str) -> Option<&'static str> {
    Some(match name.trim().to_lowercase().replace([' ', '-'], "_").as_str() {
        "username" | "user" | "user_name" | "login" => "username",
        "display_name" | "displayname" | "name" | "full_name" => "display_name",
        "mail" | "email" => "mail",
        "mail_verified" | "email_verified" | "mail_verified_at" => "mail_verified",
        "groups" => "groups",
        "role" => "role",
        "state" => "state",
        "password_hash" | "pw_hash" | "hash" | "password" => "hash",
        _ => return None,
    })
}

/// `groups`: their names, with semicolons, commas or spaces between them.
fn set(row: &mut Row, column: &str, value: &str) {
    let field = match column {
        "username" => &mut row.username,
        "display_name" => &mut row.display_name,
        "mail" => &mut row.mail,
        "mail_verified" => &mut row.mail_verified,
        "role" => &mut row.role,
        "state" => &mut row.state,
        "hash" => &mut row.hash,
        _ => {
            let names = value.split([';', ',', ' ']).map(str::trim).filter(|name| !name.is_empty());
            row.groups.extend(names.map(str::to_owned));
            return;
        }
    };
    value.clone_into(field);
}

fn csv(bytes: &[u8]) -> Result<Read, Failure> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).from_reader(bytes);
    let header = reader.headers().map_err(|error| csv_fault(&error))?.clone();
    let columns = columns(header.iter())?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_fault(&error))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let mut row = Row { place: format!("line {line}"), ..Row::default() };
        for (value, (_, column)) in record.iter().zip(&columns) {
            if let Some(column) = column {
                set(&mut row, column, value);
            }
        }
        rows.push(row);
    }
    Ok(Read { rows, left_out: left_out(&columns) })
}

fn csv_fault(error: &::csv::Error) -> String {
    let line = error.position().map_or(0, ::csv::Position::line);
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line} has another number of fields ({len}) than the first ({expected_len})")
        }
        ::csv::ErrorKind::Utf8 { .. } => format!("line {line} is no UTF-8"),
        _ => format!("the file is no CSV: {error}"),
    }
}

/// Each column with what it is; an error if two are the same, or nobody is named.
fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<(String, Option<&'static str>)>, Failure> {
    let mut seen = HashMap::new();
    let mut columns = Vec::new();
    for name in names {
        let column = column(name);
        if let Some(column) = column
            && let Some(other) = seen.insert(column, name.to_owned())
        {
            return Err(format!("the columns {other} and {name} mean the same").into());
        }
        columns.push((name.to_owned(), column));
    }
    if !seen.contains_key("username") {
        return Err("there is no column username: the first line has to name the columns".into());
    }
    Ok(columns)
}

fn left_out(columns: &[(String, Option<&'static str>)]) -> Vec<String> {
    columns.iter().filter(|(_, column)| column.is_none()).map(|(name, _)| name.clone()).collect()
}

fn json(bytes: &[u8]) -> Result<Read, Failure> {
    let objects: Vec<(String, Map<String, Value>)> = if bytes.trim_ascii_start().starts_with(b"[") {
        let all: Vec<Map<String, Value>> =
            serde_json::from_slice(bytes).map_err(|error| format!("this is no JSON array of objects: {error}"))?;
        all.into_iter().enumerate().map(|(nth, object)| (format!("entry {}", nth + 1), object)).collect()
    } else {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
        lines
            .map(|(nth, line)| {
                let object = serde_json::from_slice(line).map_err(|error| format!("line {}: {error}", nth + 1))?;
                Ok((format!("line {}", nth + 1), object))
            })
            .collect::<Result<_, String>>()?
    };
    let names: BTreeSet<&String> = objects.iter().flat_map(|(_, object)| object.keys()).collect();
    let columns = columns(names.into_iter().map(String::as_str))?;
    let known: BTreeMap<&str, &'static str> =
        columns.iter().filter_map(|(name, column)| Some((name.as_str(), (*column)?))).collect();
    let mut rows = Vec::new();
    for (place, object) in &objects {
        let mut row = Row { place: place.clone(), ..Row::default() };
        for (name, value) in object {
            let Some(column) = known.get(name.as_str()) else { continue };
            match value {
                Value::Null => {}
                Value::String(text) => set(&mut row, column, text),
                Value::Bool(yes) => set(&mut row, column, &yes.to_string()),
                Value::Array(names) if *column == "groups" && names.iter().all(Value::is_string) => {
                    row.groups.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => return Err(format!("{place}: {name} is no text").into()),
            }
        }
        rows.push(row);
    }
    Ok(Read { rows, left_out: left_out(&columns) })
}

/// `name:hash` in each line; what stands after a second colon, as some add to it, is left out.
fn htpasswd(bytes: &[u8]) -> Result<Read, Failure> {
    let text = str::from_utf8(bytes).map_err(|_| "the file is no UTF-8")?;
    let lines = text.lines().enumerate().map(|(nth, line)| (nth + 1, line.trim()));
    let mut rows = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_once(':').ok_or_else(|| format!("line {number} has no colon"))?;
        let hash = rest.split(':').next().unwrap_or_default();
        rows.push(Row { place: format!("line {number}"), username: name.into(), hash: hash.into(), ..Row::default() });
    }
    Ok(Read { rows, left_out: Vec::new() })
}

#[derive(Deserialize)]
struct Authelia {
    users: BTreeMap<String, AutheliaUser>,
}

#[derive(Deserialize)]
struct AutheliaUser {
    #[serde(default)]
    password: String,
    #[serde(default)]
    displayname: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    disabled: bool,
}

fn authelia(bytes: &[u8]) -> Result<Read, Failure> {
    let file: Authelia =
        serde_saphyr::from_slice(bytes).map_err(|error| format!("this is no users file of Authelia: {error}"))?;
    let rows = file.users.into_iter().map(|(username, user)| Row {
        place: format!("users.{username}"),
        username,
        display_name: user.displayname,
        mail: user.email.unwrap_or_default(),
        groups: user.groups.unwrap_or_default(),
        state: if user.disabled { "disabled" } else { "" }.into(),
        hash: user.password,
        ..Row::default()
    });
    Ok(Read { rows: rows.collect(), left_out: Vec::new() })
}

#[derive(Deserialize)]
struct DjangoObject {
    model: String,
    #[serde(default)]
    pk: Value,
    #[serde(default)]
    fields: Map<String, Value>,
}

/// Of a model of users of its own, those fields are read that are called as Django's.
fn django(bytes: &[u8]) -> Result<Read, Failure> {
    let objects: Vec<DjangoObject> = serde_json::from_slice(bytes)
        .map_err(|error| format!("this is nothing that Django's dumpdata writes: {error}"))?;
    let text = |fields: &Map<String, Value>, name: &str| {
        fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut groups = HashMap::new();
    for group in objects.iter().filter(|object| object.model == "auth.group") {
        groups.insert(group.pk.to_string(), text(&group.fields, "name"));
    }
    let is_user =
        |object: &&DjangoObject| object.fields.contains_key("username") && object.fields.contains_key("password");
    let mut rows = Vec::new();
    for user in objects.iter().filter(is_user) {
        let fields = &user.fields;
        let place = format!("{} {}", user.model, user.pk);
        let mut names = Vec::new();
        for group in fields.get("groups").and_then(Value::as_array).into_iter().flatten() {
            // With --natural-foreign, a group is written by its name in a list.
            let name = match group.get(0).and_then(Value::as_str) {
                Some(name) => Some(name.to_owned()),
                None => groups.get(&group.to_string()).cloned(),
            };
            names.push(
                name.ok_or_else(|| format!("{place}: the group {group} is not in the file: dump auth.group too"))?,
            );
        }
        let is = |name: &str| fields.get(name).and_then(Value::as_bool);
        let hash = text(fields, "password");
        rows.push(Row {
            username: text(fields, "username"),
            display_name: format!("{} {}", text(fields, "first_name"), text(fields, "last_name")).trim().to_owned(),
            mail: text(fields, "email"),
            groups: names,
            role: if is("is_superuser") == Some(true) { "admin" } else { "" }.into(),
            state: if is("is_active") == Some(false) { "disabled" } else { "" }.into(),
            // `!` begins what Django writes for somebody who has no password.
            hash: if hash.starts_with('!') { String::new() } else { hash },
            place,
            ..Row::default()
        });
    }
    Ok(Read { rows, left_out: Vec::new() })
}
