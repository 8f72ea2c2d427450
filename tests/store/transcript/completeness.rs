//! No function of the store is left out of the transcript.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is not in the transcript, by module or by function, and why.
const LEFT_OUT: [(&str, &str); 13] = [
    ("audit::head::beside", "names a file"),
    ("audit::seal::new", "takes keys that are elsewhere"),
    ("changes", "commits are told of on PostgreSQL alone: tests/store/changes.rs"),
    ("connection", "opening and judging connections"),
    ("database_check", "a thread that looks for damage in SQLite's file"),
    ("db", "opening the database and handing it jobs; each transcript does"),
    ("job", "what a job hands to memory, and how its answer is waited for"),
    ("move_rows", "from SQLite to PostgreSQL: tests/process/postgres/moving.rs"),
    ("passes::in_memory", "asks no database: what memory keeps of a pass"),
    ("sqlite_file", "SQLite's file: backups and damage"),
    ("tries", "written for two tables, under whose names each function is in it"),
    ("trouble", "the meaning of error messages, which each database has of its own, and room on the disk"),
    ("wal", "SQLite's file beside the database"),
];

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found
}

/// The functions that others can call, such as `audit::list::page`.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = BTreeSet::new();
    for file in files(&root, "rs") {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.split("#[cfg(test)]\nmod ").next().unwrap().lines().map(str::trim_start) {
            let named = ["pub fn ", "pub async fn ", "pub const fn "].iter().find_map(|begin| line.strip_prefix(begin));
            if let Some(named) = named {
                let end = named.find(['(', '<']).unwrap();
                found.insert(format!("{module}::{}", &named[..end]));
            }
        }
    }
    assert!(found.len() > 300, "the search finds too few functions: {}", found.len());
    found
}

/// The functions that the snapshots tell of.
fn told() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/transcript/snapshots");
    let lines = files(&root, "snap").into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    let lines: Vec<String> = lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter_map(|line| line.split_once('(')).map(|(function, _)| function.to_owned()).collect()
}

fn is_left_out(function: &str) -> bool {
    let covers = |name: &str| function == name || function.starts_with(&format!("{name}::"));
    LEFT_OUT.iter().any(|(name, _)| covers(name))
}

#[test]
fn every_function_of_the_store_is_in_the_transcript() {
    let told = told();
    let missing: Vec<_> = functions().into_iter().filter(|one| !told.contains(one) && !is_left_out(one)).collect();
    assert!(missing.is_empty(), "call these in tests/store/transcript/, or say in LEFT_OUT why not: {missing:#?}");
}

#[test]
fn what_is_left_out_is_there_and_is_not_told_of() {
    let (told, functions) = (told(), functions());
    for (name, why) in LEFT_OUT {
        let covered: Vec<_> =
            functions.iter().filter(|one| *one == name || one.starts_with(&format!("{name}::"))).collect();
        // One that a build leaves out still stands in the sources.
        assert!(!covered.is_empty(), "{name} is not there any more ({why})");
        assert!(covered.iter().all(|one| !told.contains(*one)), "{name} is in the transcript after all");
    }
}
