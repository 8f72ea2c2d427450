//! Tells `portero --version` the commit of a release build. A build that is not a release says so instead: were it to follow every
//! commit, each commit would build everything again.

use std::path::Path;
use std::process::Command;

fn main() {
    // Without such a line, any change in the package would count.
    println!("cargo:rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let built = if is_release { commit() } else { Some("debug build".to_owned()) };
    let version = env!("CARGO_PKG_VERSION");
    let version = built.map_or_else(|| version.to_owned(), |built| format!("{version} ({built})"));
    println!("cargo:rustc-env=PORTERO_VERSION={version}");
}

/// The commit that is checked out. `None`: these are sources without a repository, or there is no git.
fn commit() -> Option<String> {
    // The sources may lie inside another repository, whose commit says nothing about them.
    let top = Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if top != Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().ok()? {
        return None;
    }
    // Git writes a line into it at every commit and checkout. A file that is not there would make every build start anew.
    let moves = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&moves).is_file() {
        println!("cargo:rerun-if-changed={moves}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
