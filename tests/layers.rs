//! The lines that imports may not cross: between the parts, between the groups inside a part, and between any two files. And which part
//! alone may use which crate, or make which value. ARCHITECTURE.md says why.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each part, and which other parts it may import.
const PARTS: [(&str, &[&str]); 40] = [
    ("domain", &[]),
    ("bom", &[]),
    ("error_chain", &[]),
    ("unix_socket", &[]),
    ("listening", &["bounded_http", "config", "domain", "service_manager", "unix_socket"]),
    ("user_agent", &[]),
    ("counters", &[]),
    ("fair_queue", &[]),
    ("workers", &["counters", "fair_queue"]),
    ("connections", &[]),
    ("bounded_http", &["connections"]),
    ("descriptors", &[]),
    ("seldom", &[]),
    ("service_manager", &["error_chain"]),
    ("clock", &["domain"]),
    ("lease", &[]),
    ("tokens", &["domain"]),
    ("passwords", &["domain", "sealing"]),
    ("sealing", &[]),
    ("totp", &["domain"]),
    ("gate", &[]),
    ("outbound", &[]),
    ("texts", &[]),
    ("mail", &["accounts", "config", "domain", "store", "texts", "user_agent"]),
    ("mailing", &["accounts", "error_chain", "mail", "store"]),
    ("telling", &["accounts", "domain", "error_chain", "outbound", "store"]),
    ("passkeys", &[]),
    ("blocklist", &["domain", "lease"]),
    ("throttle", &["domain"]),
    ("store", &["counters", "domain", "blocklist", "lease", "error_chain"]),
    ("config", &["bom", "domain", "tokens"]),
    (
        "accounts",
        &[
            "domain",
            "user_agent",
            "clock",
            "error_chain",
            "tokens",
            "passwords",
            "sealing",
            "totp",
            "passkeys",
            "blocklist",
            "throttle",
            "store",
            "config",
            "gate",
            "counters",
        ],
    ),
    ("guards", &["domain", "tokens"]),
    ("doctor", &["domain", "store", "config"]),
    (
        "installation",
        &[
            "bom",
            "accounts",
            "domain",
            "clock",
            "error_chain",
            "tokens",
            "passwords",
            "sealing",
            "blocklist",
            "throttle",
            "store",
            "config",
        ],
    ),
    (
        "web",
        &[
            "accounts",
            "counters",
            "doctor",
            "guards",
            "domain",
            "user_agent",
            "error_chain",
            "seldom",
            "tokens",
            "passkeys",
            "workers",
            "blocklist",
            "throttle",
            "store",
            "config",
            "gate",
            "texts",
        ],
    ),
    ("metrics", &["counters", "domain", "error_chain", "store", "web"]),
    (
        "server",
        &[
            "bounded_http",
            "metrics",
            "descriptors",
            "blocklist",
            "outbound",
            "telling",
            "mail",
            "mailing",
            "texts",
            "seldom",
            "listening",
            "unix_socket",
            "passkeys",
            "web",
            "installation",
            "accounts",
            "domain",
            "clock",
            "error_chain",
            "workers",
            "store",
            "tokens",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "connections",
            "seldom",
            "service_manager",
            "bom",
            "user_agent",
            "server",
            "installation",
            "doctor",
            "accounts",
            "domain",
            "clock",
            "error_chain",
            "passwords",
            "store",
            "config",
            "gate",
            "mail",
            "texts",
        ],
    ),
    ("main", &["cli"]),
];

/// Inside a part: each group of files, and which other groups it may import. A file that stands directly in the part is a group too.
const GROUPS: [(&str, &[&str]); 17] = [
    ("accounts/mails", &["proof", "tries", "context"]),
    ("accounts/proof", &["same_place", "context", "keyed_ids"]),
    ("accounts/sessions", &["mails", "proof", "authority", "level", "same_place", "context"]),
    ("accounts/people", &["mails", "sessions", "proof", "authority", "context"]),
    ("accounts/factors", &["mails", "people", "sessions", "proof", "authority", "context", "keyed_ids"]),
    (
        "accounts/apps",
        &["accept_token", "tries", "upkeep", "people", "sessions", "proof", "authority", "level", "context"],
    ),
    ("accounts/upkeep", &["people", "sessions", "context"]),
    ("accounts/export", &["authority", "context", "json"]),
    ("web/app", &["http", "pages"]),
    ("web/http", &["app"]),
    ("web/browser", &["http", "app"]),
    ("web/pages", &["browser", "http", "app"]),
    ("web/rooms", &["pages", "browser", "http", "app"]),
    ("web/answers", &["pages", "http", "app"]),
    ("web/hooks", &["browser", "http", "app"]),
    ("web/openapi", &["rooms", "pages", "http", "app"]),
    ("web/routes", &["openapi", "rooms", "answers", "hooks", "browser", "http", "app"]),
];

/// Crates that belong to one kind of work, and the parts that do it.
const CRATES: [(&str, &[&str]); 10] = [
    ("actix", &["bounded_http", "guards", "metrics", "web", "server", "cli"]),
    ("diesel", &["store"]),
    ("jsonwebtoken", &["tokens"]),
    ("bcrypt::", &["passwords"]),
    ("webauthn_rs", &["passkeys"]),
    ("askama", &["mail", "web"]),
    ("lettre", &["mail"]),
    ("prometheus", &["metrics"]),
    ("ureq", &["outbound"]),
    ("rustls", &["cli", "mail", "outbound"]),
];

/// Values that only these files make: by what right somebody acts.
const MADE_ONLY_IN: [(&str, &[&str]); 3] = [
    ("Mandate::new(", &["cli/demo/cast.rs", "web/http/signed_in.rs"]),
    ("Operator::new(", &["cli/operator.rs"]),
    (
        "OwnToken {",
        &[
            "accounts/authority.rs",
            "cli/demo/cast.rs",
            "web/hooks.rs",
            "web/pages/signed_out.rs",
            "web/rooms/programs/refresh.rs",
        ],
    ),
];

struct Source {
    /// Beneath `src`, such as `web/http/error.rs`.
    path: String,
    /// As `crate::` names it: `["web", "http", "error"]`; a `mod.rs` by its folder.
    module: Vec<String>,
    /// Without comments and without what only tests see.
    code: String,
}

impl Source {
    fn part(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The part and the group inside it.
    fn group(&self) -> String {
        self.module.iter().take(2).cloned().collect::<Vec<_>>().join("/")
    }

    fn is_mod(&self) -> bool {
        self.path.ends_with("/mod.rs")
    }
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
                sources.push(read(&root, &path));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.len() > 150, "the search finds too few files");
    sources
}

fn read(root: &Path, file: &PathBuf) -> Source {
    let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
    Source { code: code(&std::fs::read_to_string(file).unwrap()), path, module }
}

fn code(text: &str) -> String {
    let shown = text.split("#[cfg(test)]\nmod ").next().unwrap();
    shown.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// A path that code names, from `crate` or `super` on.
type Named = Vec<String>;

/// Every path in the code that begins with `crate` or `super`, also inside braces.
fn paths(code: &str) -> Vec<Named> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let stands_alone = !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
            let is_visibility = code[..at].ends_with("(in ");
            if stands_alone && !is_visibility {
                let first = start.trim_end_matches("::").to_owned();
                tree(&code[at + start.len()..], vec![first], &mut found);
            }
        }
    }
    found
}

/// Reads one `a::b::{c, d}` and returns what stands behind it.
fn tree<'a>(text: &'a str, before: Named, found: &mut Vec<Named>) -> &'a str {
    let mut text = text.trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        text = inner.trim_start();
        while !text.is_empty() && !text.starts_with('}') {
            text = tree(text, before.clone(), found).trim_start();
            // An alias does not matter here.
            let end = text.find([',', '}']).unwrap_or(text.len());
            text = text[end..].trim_start_matches(',').trim_start();
        }
        return text.strip_prefix('}').unwrap_or(text);
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut path = before;
    if !word.is_empty() && word != "self" {
        path.push(word.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) => tree(rest, path, found),
        None => {
            found.push(path);
            rest
        }
    }
}

/// The path from the crate's root on.
fn absolute(source: &Source, named: &Named) -> Named {
    let mut base: Vec<String> = Vec::new();
    let mut rest = named.as_slice();
    if named.first().is_some_and(|first| first == "super") {
        base = source.module.clone();
        while let [first, more @ ..] = rest
            && first == "super"
        {
            base.pop();
            rest = more;
        }
    } else {
        rest = &rest[1..];
    }
    base.extend(rest.iter().cloned());
    base
}

/// Which file each path leads to, through what a `mod.rs` re-exports.
struct Files<'a> {
    by_module: BTreeMap<&'a [String], &'a Source>,
    re_exports: BTreeMap<Vec<String>, Vec<String>>,
}

impl<'a> Files<'a> {
    fn new(sources: &'a [Source]) -> Self {
        let by_module = sources.iter().map(|source| (source.module.as_slice(), source)).collect();
        let mut re_exports = BTreeMap::new();
        for source in sources.iter().filter(|source| source.is_mod()) {
            for statement in source.code.split("pub use ").skip(1) {
                let mut found = Vec::new();
                tree(statement.split(';').next().unwrap(), Vec::new(), &mut found);
                for path in found {
                    let mut shown = source.module.clone();
                    shown.push(path.last().unwrap().clone());
                    let mut meant = source.module.clone();
                    meant.extend(path);
                    re_exports.insert(shown, meant);
                }
            }
        }
        Self { by_module, re_exports }
    }

    fn file_of(&self, path: &[String]) -> Option<&'a Source> {
        for end in (1..=path.len()).rev() {
            // A file comes before a re-exported name: the two may be spelled alike.
            if let Some(source) = self.by_module.get(&path[..end]) {
                return Some(source);
            }
            if let Some(meant) = self.re_exports.get(&path[..end]) {
                return self.file_of(meant);
            }
        }
        None
    }

    /// The files that this one imports. The `mod` and `pub use` lines of a `mod.rs` don't count.
    fn imports(&self, source: &Source) -> BTreeSet<&'a str> {
        let mut code = source.code.clone();
        if source.is_mod() {
            code = code.split("pub use ").map(|text| text.split_once(';').map_or(text, |(_, rest)| rest)).collect();
        }
        let named = paths(&code);
        let files = named.iter().filter_map(|named| self.file_of(&absolute(source, named)));
        files.map(|file| file.path.as_str()).filter(|path| *path != source.path).collect()
    }
}

#[test]
fn imports_point_down() {
    for source in sources().iter().filter(|source| source.part() != "lib") {
        let (_, allowed) = PARTS.iter().find(|(part, _)| *part == source.part()).expect("every part has its line");
        for named in paths(&source.code) {
            let path = absolute(source, &named);
            let Some(part) = path.first().filter(|part| PARTS.iter().any(|(known, _)| known == part)) else { continue };
            let fits = part == source.part() || allowed.contains(&part.as_str());
            assert!(fits, "{} imports {part}", source.path);
        }
    }
}

#[test]
fn groups_inside_a_part_point_down() {
    let sources = sources();
    let files = Files::new(&sources);
    for source in &sources {
        let group = source.group();
        let Some((_, allowed)) = GROUPS.iter().find(|(known, _)| *known == group) else { continue };
        for import in files.imports(source) {
            let imported = sources.iter().find(|other| other.path == import).unwrap();
            let (same_part, name) = (imported.part() == source.part(), imported.module.get(1));
            let fits =
                !same_part || imported.group() == group || name.is_some_and(|name| allowed.contains(&name.as_str()));
            assert!(fits, "{} imports {import}", source.path);
        }
    }
    for (group, _) in GROUPS {
        assert!(sources.iter().any(|source| source.group() == group), "there is no {group}");
    }
}

#[test]
fn rooms_import_no_rooms_and_commands_no_web() {
    let sources = sources();
    let files = Files::new(&sources);
    for source in &sources {
        for (from, to) in [("web/rooms/", "web/rooms/"), ("cli/", "web/")] {
            let crossed = files
                .imports(source)
                .into_iter()
                .find(|import| source.path.starts_with(from) && import.starts_with(to));
            assert_eq!(crossed, None, "{} imports it", source.path);
        }
    }
}

#[test]
fn no_two_files_import_each_other_however_far_around() {
    let sources = sources();
    let files = Files::new(&sources);
    let graph: BTreeMap<&str, BTreeSet<&str>> =
        sources.iter().map(|source| (source.path.as_str(), files.imports(source))).collect();
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 700, "the search finds too few imports");
    let reached = |from: &str| {
        let (mut reached, mut next): (BTreeSet<&str>, Vec<&str>) =
            (BTreeSet::new(), graph[from].iter().copied().collect());
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(&graph[file]);
            }
        }
        reached
    };
    let in_circles: Vec<_> = graph.keys().filter(|file| reached(file).contains(*file)).collect();
    assert!(in_circles.is_empty(), "these import themselves by way of others: {in_circles:?}");
}

#[test]
fn a_crate_that_belongs_to_one_part_is_used_by_no_other() {
    for source in sources() {
        for (name, parts) in CRATES {
            let uses = source.code.lines().any(|line| {
                let line = line.trim_start();
                line.contains(&format!(" {name}")) && (line.starts_with("use ") || line.contains("::"))
                    || line.starts_with(name)
            });
            let fits = !uses || parts.contains(&source.part());
            assert!(fits, "{} uses {name}", source.path);
        }
    }
}

#[test]
fn authority_is_made_only_where_it_is_found() {
    for source in sources() {
        for (value, files) in MADE_ONLY_IN {
            let fits = !source.code.contains(value) || files.contains(&source.path.as_str());
            assert!(fits, "{} makes {value}…)", source.path);
        }
    }
}

/// `crate::` across folders, `super::` only beside; a part's `mod.rs` may re-export its face, and nothing else does.
#[test]
fn a_name_is_imported_from_one_place() {
    for source in sources() {
        let is_face = source.is_mod() && source.module.len() == 1;
        assert!(is_face || !source.code.contains("pub use "), "{} re-exports", source.path);
        assert!(!source.code.contains("super::super"), "{} imports from two folders above", source.path);
        let beside = format!("crate::{}::", source.module[..source.module.len() - 1].join("::"));
        let is_alone = source.module.len() == 1 || source.is_mod();
        for named in paths(&source.code).iter().filter(|named| named[0] == "crate" && !is_alone) {
            let path = format!("{}::", named.join("::"));
            let neighbour = path.starts_with(&beside) && named.len() == source.module.len() + 1;
            assert!(!neighbour, "{} names its neighbour {path} from the root", source.path);
        }
    }
}

#[test]
fn a_wrong_import_would_be_found() {
    let found = paths("use crate::web::{app::App, http::error::{self, Error}};\nlet x = super::store::Db::open();");
    let expected: [&[&str]; 4] = [
        &["crate", "web", "app", "App"],
        &["crate", "web", "http", "error"],
        &["crate", "web", "http", "error", "Error"],
        &["super", "store", "Db", "open"],
    ];
    assert_eq!(found, expected.map(|path| path.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()));
    let source = |path: &str, module: &[&str], code: &str| Source {
        path: path.into(),
        module: module.iter().map(|word| (*word).to_owned()).collect(),
        code: code.into(),
    };
    let sources = [
        source("a/mod.rs", &["a"], "mod b;\npub use b::Thing;"),
        source("a/b.rs", &["a", "b"], "use super::c::Other;"),
        source("a/c.rs", &["a", "c"], "use crate::a::Thing;"),
    ];
    let files = Files::new(&sources);
    assert_eq!(files.imports(&sources[1]), BTreeSet::from(["a/c.rs"]));
    assert_eq!(files.imports(&sources[2]), BTreeSet::from(["a/b.rs"]), "through the re-export: a circle");
    assert!(files.imports(&sources[0]).is_empty());
}
