//! The crates that Portero is built from: all have licences that anyone can live with, and none is one
//! that there is a reason to leave out.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::process::Command;

/// Each package of the program with its licence, without those that only tests use.
fn packages() -> Vec<(String, String)> {
    packages_with(&[])
}

fn packages_with(features: &[&str]) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter_map(|line| line.split_once('|'));
    let mut packages: Vec<_> =
        rows.map(|(name, licence)| (name.to_owned(), licence.trim_end_matches(" (*)").to_owned())).collect();
    packages.sort();
    packages.dedup();
    packages
}

const ALLOWED: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "MIT-0",
];

/// Of another licence, and by name. MPL-2.0 binds whoever changes these files, and Portero takes them as they are; what is linked with them
/// stays under its own licence. The last one is by the same authors, for the others.
const EXCEPTIONS: [(&str, &str); 5] = [
    ("webauthn-rs", "MPL-2.0"),
    ("webauthn-rs-core", "MPL-2.0"),
    ("webauthn-rs-proto", "MPL-2.0"),
    ("webauthn-attestation-ca", "MPL-2.0"),
    ("crypto-glue", "MPL-2.0"),
];

fn is_excepted((package, licence): &(String, String)) -> bool {
    EXCEPTIONS.iter().any(|(name, known)| package.starts_with(&format!("{name} v")) && licence == known)
}

/// Whether one can choose so that only allowed licences apply. (SPDX: OR gives a choice, AND binds to both)
fn may_be_used(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ");
    let bound_by_all = |part: &str| {
        part.split(" AND ").all(|one| {
            let one = one.trim().trim_matches(['(', ')']);
            one.split(" OR ").any(|choice| ALLOWED.contains(&choice.trim()))
        })
    };
    // `A AND (B OR C)` and `A OR B AND C`: parentheses bind first, then AND.
    if licence.contains('(') { bound_by_all(&licence) } else { licence.split(" OR ").any(bound_by_all) }
}

/// The same of a program that knows PostgreSQL, too.
fn packages_with_postgres() -> Vec<(String, String)> {
    packages_with(&["--features", "postgres"])
}

#[test]
fn libpq_is_asked_for_only_where_postgresql_is_built_in() {
    let has_libpq = |packages: Vec<(String, String)>| packages.iter().any(|(name, _)| name.starts_with("pq-sys v"));
    assert!(has_libpq(packages_with_postgres()) && !has_libpq(packages()));
}

#[test]
fn every_licence_is_one_that_anyone_can_live_with() {
    let packages = packages_with_postgres();
    assert!(packages.len() > 100, "{}", packages.len());
    let refused: Vec<_> = packages.iter().filter(|one| !may_be_used(&one.1) && !is_excepted(one)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    for (name, _) in EXCEPTIONS {
        assert!(packages.iter().any(|one| one.0.starts_with(&format!("{name} v"))), "{name} is no longer there");
    }
}

#[test]
fn what_could_blow_up_a_small_body_or_is_unpatched_is_not_there() {
    let names: Vec<String> = packages_with_postgres().into_iter().map(|(name, _)| name).collect();
    // `openssl-probe` only knows where systems keep their certificates.
    for left_out in ["h2 v", "brotli", "zstd", "openssl v", "openssl-sys", "libsqlite3-sys v0.34"] {
        assert!(!names.iter().any(|name| name.starts_with(left_out)), "{left_out}");
    }
}

#[test]
fn without_the_server_there_is_no_database_no_hashing_and_no_page() {
    let (all, library) = (packages(), packages_with(&["--no-default-features"]));
    let has = |packages: &[(String, String)], name: &str| packages.iter().any(|(package, _)| package.starts_with(name));
    for name in
        ["diesel", "libsqlite3-sys", "bcrypt", "askama", "actix-session", "clap", "zxcvbn", "fluent", "jiff", "toml"]
    {
        let exact = format!("{name} v");
        let is_there = |packages: &[_]| has(packages, &exact) || (name == "fluent" && has(packages, "fluent-bundle v"));
        assert!(is_there(&all), "{name} is not even in the server");
        assert!(!is_there(&library), "{name} is in the library's tree");
    }
    assert!(has(&library, "jsonwebtoken v") && has(&library, "actix-web v"));
}

#[test]
fn a_licence_that_binds_too_much_would_be_found() {
    assert!(may_be_used("MIT OR GPL-3.0") && may_be_used("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!may_be_used("GPL-3.0") && !may_be_used("MIT AND MPL-2.0") && !may_be_used(""));
}
