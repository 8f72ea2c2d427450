//! `docs/errors.md` lists every text that a program can be refused with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use actix_web::http::StatusCode;
use portero::tokens::Fault;

use crate::pages::ROOT;

fn source(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Rows are `| `text` | status | …`; a row whose text is in parentheses stands for many.
fn rows() -> Vec<Vec<String>> {
    let page = source("docs/errors.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Texts with their status.
fn in_docs() -> BTreeSet<(String, u16)> {
    let plain = rows().into_iter().filter(|row| !row[0].contains('…'));
    plain.map(|row| (row[0].trim_matches('`').to_owned(), row[1].parse().unwrap())).collect()
}

/// The status of a constant, such as `NOT_FOUND`.
fn status(name: &str) -> u16 {
    let spelled =
        |status: &StatusCode| status.canonical_reason().unwrap_or_default().to_uppercase().replace([' ', '-'], "_");
    let mut all = (400..600).filter_map(|number| StatusCode::from_u16(number).ok());
    all.find(|status| spelled(status) == name).unwrap_or_else(|| panic!("no status is called {name}")).as_u16()
}

/// What an enum says of its variants: `#[error("text")]`, by the variant's name.
fn variants(source: &str, name: &str) -> BTreeMap<String, String> {
    let body = source.split_once(&format!("enum {name} {{")).unwrap().1;
    let body = body.split_once("\n}").unwrap().0;
    let after = body.split("#[error(\"").skip(1);
    let texts = after.map(|rest| {
        let (text, rest) = rest.split_once('"').unwrap();
        let variant = rest.split_once(']').unwrap().1.trim_start();
        let variant = variant.split(|c: char| !c.is_alphanumeric()).next().unwrap();
        (variant.to_owned(), text.to_owned())
    });
    texts.filter(|(_, text)| !text.starts_with("{")).collect()
}

/// The status of each variant by `fn status`.
fn statuses(source: &str) -> Vec<(String, u16)> {
    let body = source.split_once("fn status(&self)").unwrap().1;
    let body = body.split_once("\n    }\n").unwrap().0;
    let arms = body.split("StatusCode::").collect::<Vec<_>>();
    arms.windows(2)
        .map(|pair| {
            let name: String = pair[1].chars().take_while(|c| c.is_uppercase() || *c == '_').collect();
            (pair[0].to_owned(), name)
        })
        .filter(|(_, name)| !name.is_empty())
        .map(|(left, name)| (left, status(&name)))
        .collect()
}

/// Texts that a handler gives by itself: `message(…, StatusCode::NAME, TEXT)`, where the text is there or a constant of the file.
fn messages(source: &str) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    for call in source.split("message(").skip(1) {
        // Not of what comes after the call.
        let own = call.split_once("StatusCode::").filter(|(before, _)| !before.contains(')'));
        let Some((name, rest)) = own.and_then(|(_, rest)| rest.split_once(", ")) else { continue };
        if !name.chars().all(|c| c.is_uppercase() || c == '_') || matches!(name, "OK" | "CREATED" | "ACCEPTED") {
            continue;
        }
        let literal = |text: &str| Some(text.strip_prefix('"')?.split_once('"')?.0.to_owned());
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let constant = || literal(source.split_once(&format!("const {word}: &str = "))?.1);
        if let Some(text) = literal(rest).or_else(constant) {
            found.push((text, status(name)));
        }
    }
    found
}

fn in_source() -> BTreeSet<(String, u16)> {
    let mut found = BTreeSet::new();
    let web = source("src/web/http/error.rs");
    let by_variant = statuses(&web);
    let status_of = |variant: &str| {
        let arm = by_variant.iter().find(|(left, _)| {
            left.split(|c: char| !c.is_alphanumeric() && c != ':').any(|word| word.ends_with(&format!("::{variant}")))
        });
        arm.unwrap_or_else(|| panic!("{variant} has no status")).1
    };
    for (variant, text) in
        variants(&web, "Error").into_iter().chain(variants(&source("src/guards/body.rs"), "BodyFault"))
    {
        found.insert((text.replace("{0}", "{}"), status_of(&variant)));
    }
    let wait = source("src/throttle/mod.rs");
    let wait = wait.split_once("#[error(\"").unwrap().1.split_once('"').unwrap().0;
    found.insert((wait.replace("{0}", "{}"), status_of("Throttled")));
    let codes = source("src/web/pages/factor_code.rs");
    let codes = codes.split_once("fn msg(self)").unwrap().1;
    found.extend(codes.split('"').skip(1).step_by(2).map(|text| (text.to_owned(), 401)));
    let second_step = source("src/web/rooms/signing_in/second_step.rs");
    let refused = second_step.split("refused(\"").skip(1).filter_map(|rest| rest.split_once("\")"));
    found.extend(refused.map(|(text, _)| (text.to_owned(), 401)));
    let mut folders = vec![Path::new(ROOT).join("src/web")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let source = std::fs::read_to_string(&path).unwrap();
                found.extend(messages(&source));
            }
        }
    }
    found
}

/// One of each fault of a token.
fn faults() -> Vec<Fault> {
    let level = portero::domain::Level::Two;
    vec![
        Fault::Missing("Missing JWT".into()),
        Fault::CsrfMissing,
        Fault::CsrfMismatch,
        Fault::Expired,
        Fault::NotFresh { max_age: 600 },
        Fault::BelowLevel { level, max_age: None },
        Fault::NotEnrolled,
        Fault::Revoked,
        Fault::Unwanted,
        Fault::UserGone("{}".into()),
        Fault::WrongTransport,
        Fault::NotYetValid("{}"),
        Fault::invalid("Not enough segments"),
    ]
}

#[test]
fn every_fault_of_a_token_is_listed_with_its_status_and_code() {
    let faults = faults();
    let variants = source("src/tokens/fault.rs");
    let body = variants.split_once("enum Fault {").unwrap().1.split_once("\n}").unwrap().0;
    assert_eq!(faults.len(), body.matches("#[error(").count(), "a fault is missing here");
    let page = source("docs/errors.md");
    for fault in faults {
        let (text, status, code) = (fault.to_string(), fault.status(), fault.code());
        let row = page.lines().find(|line| line.contains(&format!("| {status} | `{code}` |")));
        let row = row.unwrap_or_else(|| panic!("no row has {status} and {code}"));
        assert!(row.contains(&format!("`{text}`")) || row.contains(&format!("`{text} …`")), "{text}: {row}");
    }
}

#[test]
fn every_text_with_which_a_program_is_refused_is_listed_with_its_status() {
    let (docs, source) = (in_docs(), in_source());
    assert!(source.len() > 20, "the search finds too few texts: {source:?}");
    let of_tokens: BTreeSet<(String, u16)> = faults().iter().map(|fault| (fault.to_string(), fault.status())).collect();
    let missing: Vec<_> = source.difference(&docs).collect();
    let too_many: Vec<_> = docs.iter().filter(|row| !source.contains(row) && !of_tokens.contains(row)).collect();
    assert!(missing.is_empty() && too_many.is_empty(), "not listed: {missing:#?}\nnothing says: {too_many:#?}");
}
