//! Programs from Debian: as installed, or else unpacked into a folder under `target`, which needs no root.

use std::path::Path;
use std::process::Command;

use crate::support::Failure;

/// A command that runs `program`. `packages`: the Debian packages with it and its libraries, in case it is not installed.
pub(crate) fn command(program: &str, packages: &[&str]) -> Result<Command, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(program).exists()) {
        return Ok(Command::new(program));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program);
    let found = folder.join("usr/bin").join(program);
    if !found.exists() {
        println!("unpacking {} from Debian", packages.join(", "));
        std::fs::create_dir_all(&folder)?;
        run(Command::new("apt-get").args(["download", "--quiet"]).args(packages).current_dir(&folder))?;
        for file in std::fs::read_dir(&folder)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "deb") {
                run(Command::new("dpkg").arg("--extract").arg(&file).arg(&folder))?;
            }
        }
    }
    let libraries = folder.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
    let mut command = Command::new(found);
    command.env("LD_LIBRARY_PATH", libraries);
    Ok(command)
}

/// Runs a command to its end. An error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    if command.status()?.success() { Ok(()) } else { Err(format!("failed: {command:?}").into()) }
}
