//! `docs/events.md` lists every event of the log: operators search for these names, and programs read the fields.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Levels and fields of an event.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    levels: BTreeSet<String>,
    fields: BTreeSet<String>,
}

/// What stands between the parenthesis that has just been opened and the one that closes it.
fn arguments(text: &str) -> &str {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' | '[' | '{' if !in_string => depth += 1,
            ')' | ']' | '}' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    panic!("a parenthesis is not closed: {text}")
}

/// The arguments, split at the commas between them.
fn split(arguments: &str) -> Vec<&str> {
    let (mut depth, mut in_string, mut begin, mut parts) = (0, false, 0, Vec::new());
    for (at, c) in arguments.char_indices() {
        match c {
            '"' => in_string = !in_string,
            '(' | '[' | '{' if !in_string => depth += 1,
            ')' | ']' | '}' if !in_string => depth -= 1,
            ',' if depth == 0 && !in_string => {
                parts.push(arguments[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[begin..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The field that an argument adds; `None`: it is the message.
fn field(argument: &str) -> Option<&str> {
    if argument.starts_with('"') {
        return None;
    }
    Some(argument.split_once('=').map_or(argument, |(name, _)| name).trim().trim_start_matches(['%', '?']))
}

fn in_source() -> BTreeMap<String, Event> {
    let mut events: BTreeMap<String, Event> = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for call in source.split("tracing::").skip(1) {
                let Some((level, rest)) = call.split_once("!(") else { continue };
                if !["error", "warn", "info", "debug"].contains(&level) {
                    continue;
                }
                let fields: Vec<_> = split(arguments(rest)).into_iter().filter_map(field).collect();
                let name = rest.split_once("event = \"").and_then(|(_, rest)| rest.split_once('"'));
                let (name, _) = name.unwrap_or_else(|| panic!("{} logs something without a name", path.display()));
                let event = events.entry(name.to_owned()).or_default();
                event.levels.insert(level.to_owned());
                event.fields.extend(fields.into_iter().filter(|field| *field != "event").map(str::to_owned));
            }
        }
    }
    events
}

/// Rows are `| `name` | levels | fields | meaning |`.
fn in_docs() -> BTreeMap<String, Event> {
    let list = |text: &str| {
        let words = text.split(',').map(|word| word.trim().trim_matches('`').to_owned());
        words.filter(|word| !word.is_empty()).collect()
    };
    let rows = include_str!("../docs/events.md").lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        assert!(cells.len() >= 4 && !cells[3].trim().is_empty(), "{row}");
        let name = cells[0].trim().trim_matches('`').to_owned();
        (name, Event { levels: list(cells[1]), fields: list(cells[2]) })
    })
    .collect()
}

#[test]
fn every_event_is_listed_with_its_level_and_fields() {
    let (source, docs) = (in_source(), in_docs());
    assert!(source.len() > 35, "the search finds too few events: {source:?}");
    for (name, event) in &source {
        assert_eq!(docs.get(name), Some(event), "{name}");
    }
    for name in docs.keys() {
        assert!(source.contains_key(name), "nothing logs {name}");
    }
}
