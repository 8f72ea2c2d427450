//! The line that imports may not cross, and which part alone may use which crate. ARCHITECTURE.md says why.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each part, and what it may import of ours.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("user_agent", &[]),
    ("tokens", &["domain"]),
    ("password", &["domain"]),
    ("lane", &[]),
    ("blocklist", &["domain"]),
    ("throttle", &["domain"]),
    ("store", &["domain", "throttle"]),
    ("config", &["domain", "tokens"]),
    ("accounts", &["domain", "user_agent", "tokens", "password", "blocklist", "throttle", "store", "config"]),
    ("guards", &["domain", "tokens"]),
    ("installation", &["accounts", "domain", "tokens", "password", "blocklist", "throttle", "store", "config"]),
    (
        "web",
        &["accounts", "guards", "domain", "user_agent", "tokens", "lane", "blocklist", "throttle", "store", "config"],
    ),
    ("server", &["web", "installation", "accounts", "lane", "store", "config"]),
    ("cli", &["server", "web", "installation", "accounts", "domain", "password", "store", "config"]),
];

/// Crates that belong to one kind of work, and the parts that do it.
const MAY_USE: [(&str, &[&str]); 5] = [
    ("actix", &["guards", "web", "server", "cli"]),
    ("diesel", &["store"]),
    ("jsonwebtoken", &["tokens"]),
    ("bcrypt::", &["password"]),
    ("askama", &["web"]),
];

struct Source {
    part: String,
    path: PathBuf,
    /// Without comments and without what only tests see.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                let code: Vec<_> = code.lines().map(|line| line.split("//").next().unwrap()).collect();
                let part = path.strip_prefix(&root).unwrap().components().next().unwrap();
                let part = part.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
                sources.push(Source { part, path, code: code.join("\n") });
            }
        }
    }
    sources
}

fn imports(code: &str) -> BTreeSet<&str> {
    let words = code.split("crate::").skip(1);
    words.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()).collect()
}

#[test]
fn imports_point_down() {
    let sources = sources();
    assert!(sources.len() > 60, "the search finds too few files");
    for source in sources.iter().filter(|source| !matches!(source.part.as_str(), "lib" | "main")) {
        let (_, allowed) = MAY_IMPORT.iter().find(|(part, _)| *part == source.part).expect("every part has its line");
        for import in imports(&source.code) {
            let fits = import == source.part || allowed.contains(&import);
            assert!(fits, "{} imports {import}", source.path.display());
        }
    }
}

#[test]
fn a_crate_that_belongs_to_one_part_is_used_by_no_other() {
    for source in sources() {
        for (name, parts) in MAY_USE {
            let uses = source.code.lines().any(|line| {
                let line = line.trim_start();
                line.contains(&format!(" {name}")) && (line.starts_with("use ") || line.contains("::"))
                    || line.starts_with(name)
            });
            let fits = !uses || parts.contains(&source.part.as_str());
            assert!(fits, "{} uses {name}", source.path.display());
        }
    }
}

#[test]
fn a_wrong_import_would_be_found() {
    assert_eq!(imports("use crate::web::App;\nlet x = crate::store::Db::open();"), BTreeSet::from(["store", "web"]));
}
