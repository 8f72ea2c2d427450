//! The tutorial in both languages, followed to the letter: its commands are run in one shell, beside a
//! running Portero, and have to answer what it says.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../support/database.rs"]
mod database;
mod document;
#[path = "../process/portero.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod portero;

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::document::{Document, difference};
use crate::portero::{Server, portero, text};

#[test]
fn every_command_of_the_tutorial_does_what_it_says() {
    follow(include_str!("../../docs/tutorial.md"));
}

#[test]
fn every_command_of_the_spanish_tutorial_does_what_it_says() {
    follow(include_str!("../../docs/tutorial.es.md"));
}

#[test]
fn both_tutorials_have_the_same_steps() {
    let english = Document::read(include_str!("../../docs/tutorial.md")).unwrap();
    let spanish = Document::read(include_str!("../../docs/tutorial.es.md")).unwrap();
    let shape = |document: &Document| -> Vec<_> {
        document.blocks.iter().map(|block| (block.step, block.commands.lines().count())).collect()
    };
    assert_eq!(shape(&english), shape(&spanish));
}

/// Printed on a line of its own after the output of each block.
const END: &str = "--- end of the block ---";

/// The only line of a tutorial that is not run as written: the reader's server has this port, that of the test a free one.
const BASE: &str = "PORTERO=http://localhost:8080\n";

fn follow(text: &str) {
    let document = Document::read(text).unwrap_or_else(|fault| panic!("{fault}"));
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());

    // Errors belong to the output, as in a terminal.
    let mut script = String::from("exec 2>&1\n");
    for block in &document.blocks {
        script += &format!("{}\nprintf '\\n%s\\n' '{END}'\n", block.commands);
    }
    assert!(!text.contains(END));
    assert_eq!(script.matches(BASE).count(), 1, "{BASE}");
    let script = script.replace(BASE, &format!("PORTERO=http://{}\n", server.address));

    let said = shell(folder.path(), &script);
    let outputs: Vec<_> = said.split_inclusive(END).collect();
    for (at, block) in document.blocks.iter().enumerate() {
        // Without `END`, this is what the shell printed before a command failed and it gave up.
        let output = outputs.get(at).copied().unwrap_or_default();
        let Some(output) = output.strip_suffix(END) else {
            panic!("line {}: a command failed:\n{}\n{output}", block.line, block.commands)
        };
        if let Some(difference) = difference(&block.expected, output) {
            panic!("line {}:\n{}\n{difference}", block.line, block.commands);
        }
    }
}

/// What this script prints in a shell that finds `portero` as the reader's does.
fn shell(folder: &Path, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_portero")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let mut shell = Command::new("sh");
    // The same data folder and the same cheap hashes as the server's, and no settings from the environment of the test.
    for (name, value) in portero(folder).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    // Otherwise curl might ask a proxy for the server, and a `~/.curlrc` might change what it prints.
    shell.env("no_proxy", "*").env("CURL_HOME", folder).env("HOME", folder).env("PATH", path);
    let output = shell.current_dir(folder).args(["-eu", "-c", script]).output().unwrap();
    text(&output.stdout)
}
