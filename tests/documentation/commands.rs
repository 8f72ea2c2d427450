//! Commands that the pages show: each exists, with the options that are shown, and some test runs it. And the list of all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tempfile::TempDir;

use crate::pages::{self, ROOT};
use crate::portero::{run, text};

/// What separates one command of a line from the next, or from what is not for it.
const BETWEEN: [&str; 9] = ["|", "&&", "||", ";", ">", "<", ">>", "2>", "#"];

/// What reads like a command and is none: a purpose of a key, and the command that each command has.
const NO_COMMANDS: [&str; 2] = ["audit addresses", "help"];

/// What the program says of itself: each command's own commands, and the options that its help names.
struct Known {
    folder: TempDir,
    helps: BTreeMap<Vec<String>, String>,
}

impl Known {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), helps: BTreeMap::new() }
    }

    fn help(&mut self, path: &[String]) -> String {
        if !self.helps.contains_key(path) {
            let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
            let output = run(self.folder.path(), &arguments, "");
            assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
            self.helps.insert(path.to_vec(), text(&output.stdout));
        }
        self.helps[path].clone()
    }

    /// The commands below this one, without `help`.
    fn below(&mut self, path: &[String]) -> Vec<String> {
        let help = self.help(path);
        let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
        let names = list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    }

    /// The command that these words begin with, or what is wrong with them.
    fn find(&mut self, words: &[String]) -> Result<Vec<String>, String> {
        let mut path = Vec::new();
        for word in words {
            let below = self.below(&path);
            if below.is_empty() {
                break;
            }
            if below.contains(word) {
                path.push(word.clone());
            } else if word.starts_with('-') || word == "…" {
                break;
            } else {
                return Err(format!("there is no command {word}"));
            }
        }
        let help = self.help(&path);
        for option in words.iter().filter_map(|word| word.strip_prefix("--")) {
            let name = option.split('=').next().unwrap_or_default().trim_end_matches([',', '.']);
            let is_known =
                help.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == format!("--{name}"));
            if !name.is_empty() && !is_known {
                return Err(format!("{path:?} has no option --{name}"));
            }
        }
        Ok(path)
    }
}

/// Words as a shell would see them, near enough: quotes hold together, and signs between commands stand alone.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for c in line.replace("; ", " ; ").chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.push(c),
            None if matches!(c, '"' | '\'') => (quote, begun) = (Some(c), true),
            None if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            None => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// The arguments of each call of `portero` in this line.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = words(line);
    let mut calls = Vec::new();
    for command in words.split(|word| BETWEEN.contains(&word.as_str())) {
        let is_program = |word: &String| word == "portero" || word.ends_with("/portero");
        let begins = |at: usize| {
            let before: Vec<&str> = command[..at].iter().map(String::as_str).collect();
            let is_setting = |word: &&str| word.split_once('=').is_some_and(|(name, _)| name == name.to_uppercase());
            matches!(before.as_slice(), ["sudo", "-u", "portero"] | ["podman", "exec", "portero"] | ["$"])
                || before.iter().all(is_setting)
        };
        if let Some(at) = command.iter().enumerate().position(|(at, word)| is_program(word) && begins(at)) {
            calls.push(command[at + 1..].to_vec());
        }
    }
    calls
}

/// All calls that pages show, with where they stand.
fn shown() -> Vec<(String, Vec<String>)> {
    let mut shown = Vec::new();
    for page in pages::all() {
        let at = page.path.display().to_string();
        for block in page.blocks().iter().filter(|block| matches!(block.kind.as_str(), "" | "sh" | "console")) {
            for line in block.text.replace("\\\n", " ").lines() {
                shown.extend(calls(line).into_iter().map(|call| (at.clone(), call)));
            }
        }
        let spans = page.code_spans();
        for span in spans.iter().filter(|span| span.starts_with("portero ")) {
            shown.extend(calls(span).into_iter().map(|call| (at.clone(), call)));
        }
    }
    let is_command = |call: &Vec<String>| !NO_COMMANDS.contains(&call.join(" ").as_str());
    // A line of Cargo.toml begins with the name, too.
    shown.retain(|(_, call)| is_command(call) && call.first().is_none_or(|word| word != "="));
    shown
}

#[test]
fn every_command_shown_exists_with_its_options() {
    let (mut known, shown) = (Known::new(), shown());
    assert!(shown.len() > 100, "the search finds only {} commands", shown.len());
    let wrong: Vec<String> = shown
        .iter()
        .filter_map(|(page, call)| Some(format!("{page}: portero {}: {}", call.join(" "), known.find(call).err()?)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut is_wrong = |line: &str| calls(line).iter().any(|call| known.find(call).is_err());
    assert!(is_wrong("portero user ad ana") && is_wrong("sudo -u portero portero user add ana --amin"));
}

#[test]
fn every_command_shown_is_run_by_a_test() {
    let mut known = Known::new();
    let paths: BTreeSet<Vec<String>> = shown().iter().filter_map(|(_, call)| known.find(call).ok()).collect();
    let (mut sources, mut folders) = (String::new(), vec![Path::new(ROOT).join("tests")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("documentation") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    // What two tests follow to the letter.
    for page in ["docs/tutorial.md", "docs/first-ten-minutes.md"] {
        sources.push_str(&std::fs::read_to_string(Path::new(ROOT).join(page)).unwrap());
    }
    let sources = sources.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_run = |path: &Vec<String>| {
        let quoted = path.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        sources.contains(&quoted) || sources.contains(&format!("portero {}", path.join(" ")))
    };
    let never: Vec<_> = paths.iter().filter(|path| !path.is_empty() && !is_run(path)).collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn every_command_is_in_the_list() {
    let mut known = Known::new();
    let list = std::fs::read_to_string(Path::new(ROOT).join("docs/commands.md")).unwrap();
    for name in known.below(&[]) {
        let row = list.lines().find(|line| line.starts_with("| ") && line.contains(&format!("`portero {name}`")));
        let row = row.unwrap_or_else(|| panic!("{name} is not in docs/commands.md"));
        for below in known.below(std::slice::from_ref(&name)) {
            assert!(row.contains(&format!("`{below}")) || row.contains(&format!("[`{below}`]")), "{name} {below}");
        }
    }
}
